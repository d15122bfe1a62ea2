"""How fast the inbox is among many open tasks, and how fast due timers are worked off."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actors import Actor
from engine.clock import FrozenClock
from engine.commands.start import Start
from engine.engine import Engine
from engine.store import tables
from engine.store.database import Database
from tests.bench.ground import OFFERED, sqlite
from tests.bench.report import Report, per_call
from tests.engine.diagrams import END, START, bpmn, chain, flow, user_task

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ANNA = Actor("anna", groups=frozenset({"handlers", "intake"}), roles=frozenset({"handler"}))
TIMERS = 5_000
SIZES = (1_000, 100_000)


def measure(report: Report) -> None:
    """Measure the inbox among 1,000 and 100,000 tasks, then the draining of timers."""
    for size in SIZES:
        with sqlite() as database, report.section(f"Inbox among {size:,} open tasks, SQLite"):
            _inbox(report, database, size)
    with sqlite() as database, report.section("Due timers, SQLite"):
        _timers(report, database)


def _inbox(report: Report, database: Database, size: int) -> None:
    engine = Engine(database, clock=FrozenClock(NOW))
    engine.deploy(
        [("one.bpmn", bpmn("one", START + user_task("ask", OFFERED) + END + chain("start", "ask", "end")))]
    )
    case = engine.start("one", {})
    _fill(database, case.key, size)
    for box in ("mine", "groups", "unassigned", "overdue"):
        spent = per_call(lambda box=box: engine.inbox(box, by=ANNA), rounds=3, seconds=0.1)
        report.add(f"first page of “{box}”", spent * 1e3, "ms")
    spent = per_call(lambda: engine.inbox("groups", by=ANNA, text="letter 77"), rounds=2, seconds=0.05)
    report.add("search in “groups”", spent * 1e3, "ms")
    report.add(
        "counts of all boxes", per_call(lambda: engine.inbox_counts(ANNA), rounds=3, seconds=0.1) * 1e3, "ms"
    )


def _fill(database: Database, case: int, size: int) -> None:
    """Copy the one open task many times: a hundredth is Anna's, half is offered to her groups, some late."""
    with database.writer.begin() as connection:
        pattern = connection.execute(sa.select(tables.tasks)).mappings().one()
        rows: list[dict[str, Any]] = []
        offers: list[dict[str, Any]] = []
        for number in range(size):
            key, due = 10**15 + number, NOW + timedelta(minutes=7 * (number % 9_000) - 9_000)
            group = "handlers" if number % 2 else "quality"
            rows.append(
                {**pattern, "key": key, "name": f"Read letter {number}", "due_at": due, "due_sort": due}
                | {"priority": number % 100, "assignee": "anna" if number % 100 == 1 else None}
                | {"candidate_groups": [group]}
            )
            offer = {
                "task_key": key,
                "kind": "group",
                "name": group,
                "due_sort": due,
                "priority": number % 100,
            }
            offers.append(offer)
        for begin in range(0, size, 5_000):
            connection.execute(sa.insert(tables.tasks), rows[begin : begin + 5_000])
            connection.execute(sa.insert(tables.task_candidates), offers[begin : begin + 5_000])
    with database.writer.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def _timers(report: Report, database: Database) -> None:
    clock = FrozenClock(NOW)
    engine = Engine(database, clock=clock)
    body = (
        START
        + user_task("ask", OFFERED)
        + (
            '<boundaryEvent id="late" attachedToRef="ask"><timerEventDefinition><timeDuration '
            'xsi:type="tFormalExpression">PT1H</timeDuration></timerEventDefinition></boundaryEvent>'
        )
    )
    body += END + '<endEvent id="gone"/>' + chain("start", "ask", "end") + flow("late", "gone")
    engine.deploy([("slow.bpmn", bpmn("slow", body))])

    asked = Start(process_id="slow")

    def hundred(session: Session) -> None:
        for _ in range(100):
            engine.start_within(session, asked, {})

    for _ in range(TIMERS // 100):
        engine.write(hundred)
    clock.advance(timedelta(hours=2))
    began = time.perf_counter()
    done = 0
    while finished := engine.run_due_jobs():
        done += finished
    spent = time.perf_counter() - began
    report.add(f"draining {done:,} due timers", spent, "s")
    report.add("timers per second", done / spent, "timers/s", better="more")
