"""What 10,000 timers cost: arming, moving and firing them, and how little a million armed ones cost while nothing is due."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.clock import FrozenClock
from engine.engine import Engine
from engine.store.database import Database, connect
from engine.store.migrations import upgrade
from engine.store.search import Query
from engine.store.tables import jobs
from tests.bench.ground import postgres_url, sqlite
from tests.bench.report import Report
from tests.engine.diagrams import END, START, bpmn, chain

TIMERS, FEWER = 10_000, 1_500  # with --long, and without
CHUNK = 50_000
BEGIN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def measure(report: Report) -> None:
    """Measure on both databases."""
    with sqlite() as database, report.section("Timers, SQLite"):
        _timers(report, database, TIMERS if report.long else FEWER)
    with postgres_url() as url, report.section("Timers, PostgreSQL"):
        if url is None:
            report.say("skipped: no PostgreSQL server is reachable at REDRESS_TEST_POSTGRES_URL")
            return
        database = connect(url)
        upgrade(database)
        try:
            _timers(report, database, TIMERS if report.long else FEWER)
        finally:
            database.dispose()


def waiting_case(process_id: str = "waits") -> bytes:
    """Return start → timer at the moment in variable ``at`` → end."""
    catch = (
        '<intermediateCatchEvent id="wait"><timerEventDefinition>'
        '<timeDate xsi:type="tFormalExpression">=at</timeDate></timerEventDefinition></intermediateCatchEvent>'
    )
    return bpmn(process_id, START + catch + END + chain("start", "wait", "end"))


def _timers(report: Report, database: Database, count: int) -> None:
    clock = FrozenClock(BEGIN)
    engine = Engine(database, clock=clock)
    engine.deploy([("waits.bpmn", waiting_case())])
    tomorrow, later = BEGIN + timedelta(days=1), BEGIN + timedelta(days=2)

    begun = time.perf_counter()
    for number in range(count):
        engine.start("waits", {"at": (tomorrow + timedelta(seconds=number)).isoformat()})
    report.add(
        f"arming {count:,} timers, a case each",
        count / (time.perf_counter() - begun),
        "timers/s",
        better="more",
    )

    keys = _keys(engine)
    begun = time.perf_counter()
    for key in keys:
        engine.move_timer(key, later, reason="measured")
    report.add(
        f"moving {count:,} timers", len(keys) / (time.perf_counter() - begun), "timers/s", better="more"
    )

    clock.set(later + timedelta(hours=1))
    begun = time.perf_counter()
    done = engine.run_due_jobs()
    report.add(
        f"firing {count:,} timers, each ending its case",
        done / (time.perf_counter() - begun),
        "timers/s",
        better="more",
    )
    if done != count:
        report.say(f"{done} timers fired instead of {count}")
    _idle(report, engine)


def _idle(report: Report, engine: Engine) -> None:
    """Measure the quickest tick of a worker with nothing due, among a thousand and a million armed timers."""
    engine.write(lambda session: session.execute(sa.delete(jobs)) and None)
    few = _tick(engine, 1_000)
    many = _tick(engine, 1_000_000)
    report.add("idle tick among 1,000 armed timers", few * 1000, "ms")
    report.add("idle tick among 1,000,000 armed timers", many * 1000, "ms", target=5.0)
    report.add("idle tick, a million against a thousand", many / few, "times", target=3.0)


def _tick(engine: Engine, armed: int) -> float:
    arm_idle(engine, armed)
    with engine.database.writer.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("ANALYZE jobs"))
    worker, times = engine.worker("idle"), []
    for _ in range(60):
        begun = time.perf_counter()
        worker.run_once()
        times.append(time.perf_counter() - begun)
    return min(times)  # the rest is what else the machine does


def arm_idle(engine: Engine, count: int) -> None:
    """Arm timers of nobody, far in the future, in a few large statements."""
    for first in range(0, count, CHUNK):
        engine.write(partial(_arm, first=first, count=min(CHUNK, count - first), name=f"idle:{count}:"))


def _arm(session: Session, *, first: int, count: int, name: str) -> None:
    number = sa.select(sa.literal(1).label("n")).cte("number", recursive=True)
    number = number.union_all(sa.select(number.c.n + 1).where(number.c.n < count))
    moment = sa.literal(BEGIN + timedelta(days=3650), jobs.c.due_at.type)
    place = number.c.n + sa.literal(first, sa.BigInteger)
    columns = {
        "key": place + sa.literal(10**15 + len(name) * 10**9, sa.BigInteger),
        "kind": sa.literal("timer"),
        "type": sa.literal("wait"),
        "dedup_key": sa.literal(name) + sa.cast(place, sa.Text),
        "due_at": moment,
        "created_at": moment,
        "updated_at": moment,
    }
    session.execute(sa.insert(jobs).from_select(list(columns), sa.select(*columns.values())))


def _keys(engine: Engine) -> list[int]:
    keys: list[int] = []
    while True:
        page = engine.timers(Query(limit=1_000, offset=len(keys)))
        keys += [timer.job_key for timer in page.items]
        if not page.items or not page.more:
            return keys
