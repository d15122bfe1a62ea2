"""The engine's clock: timers once and in order after downtime, cycles caught up, changes of the clock, idle for free."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.clock import SystemClock
from engine.engine import Engine
from engine.jobs.scheduler import Metronome
from engine.store import dialects
from engine.store.search import Query
from engine.store.tables import history
from engine.store.tables import jobs as jobs_table
from tests.bench.timers import arm_idle
from tests.engine.diagrams import END, START, bpmn, chain, service_task, user_task


def timed(process_id, kind, text, *, zone=None):
    """Return start → timer catch event → end; the text is that of the timer."""
    extension = (
        f'<zeebe:properties><zeebe:property name="redress.timeZone" value="{zone}"/></zeebe:properties>'
        if zone
        else ""
    )
    catch = (
        '<intermediateCatchEvent id="wait"><timerEventDefinition>'
        f'<time{kind} xsi:type="tFormalExpression">{text}</time{kind}></timerEventDefinition></intermediateCatchEvent>'
    )
    return bpmn(process_id, START + catch + END + chain("start", "wait", "end"), extension=extension)


def repeated(process_id, text, *, zone=None):
    """Return a task with a non-interrupting boundary cycle; each firing makes one job of type ``tick``."""
    extension = (
        f'<zeebe:properties><zeebe:property name="redress.timeZone" value="{zone}"/></zeebe:properties>'
        if zone
        else ""
    )
    ticks = (
        '<boundaryEvent id="tick" attachedToRef="stay" cancelActivity="false"><timerEventDefinition>'
        f'<timeCycle xsi:type="tFormalExpression">{text}</timeCycle></timerEventDefinition></boundaryEvent>'
    )
    body = START + user_task("stay") + END + ticks + service_task("effect", "tick") + '<endEvent id="done"/>'
    return bpmn(
        process_id,
        body + chain("start", "stay", "end") + chain("tick", "effect", "done"),
        extension=extension,
    )


def fired(engine):
    """Return when timers fired, in the order they did."""
    query = sa.select(history.c.at).where(history.c.kind == "timer_fired").order_by(history.c.number)
    return engine.read(lambda session: list(session.scalars(query)))


def due(engine):
    return [timer.due_date for timer in engine.timers(Query()).items]


def ended(engine):
    query = (
        sa.select(history.c.instance_key).where(history.c.kind == "instance_ended").order_by(history.c.number)
    )
    return engine.read(lambda session: list(session.scalars(query)))


def live_on(engine, clock, until, step=None):
    """Let time go on, from one due moment to the next."""
    while (moment := engine.next_due_at()) is not None and moment <= until:
        clock.set(max(moment, clock.now()))
        engine.run_due_jobs()
    clock.set(until)


def test_after_downtime_every_timer_fires_once_in_the_order_of_its_due_moment(engine, clock):
    engine.deploy([("a.bpmn", timed("a", "Date", "=at"))])
    moments = [clock.now() + timedelta(hours=hours) for hours in (5, 1, 9, 3, 7)]
    keys = {engine.start("a", {"at": moment.isoformat()}).key: moment for moment in moments}

    clock.advance(timedelta(days=10))
    assert engine.run_due_jobs() == 5
    assert engine.run_due_jobs() == 0

    assert ended(engine) == sorted(keys, key=keys.get)
    assert len(fired(engine)) == 5


def test_an_overdue_timer_fires_before_a_younger_one_that_is_due_now(engine, clock):
    engine.deploy([("a.bpmn", timed("a", "Date", "=at"))])
    old = engine.start("a", {"at": (clock.now() + timedelta(days=1)).isoformat()}).key
    clock.advance(timedelta(days=3))
    new = engine.start("a", {"at": (clock.now() - timedelta(hours=1)).isoformat()}).key

    engine.run_due_jobs()

    assert ended(engine) == [old, new]


@pytest.mark.parametrize(
    ("text", "in_all"),
    [("R/PT1H", None), ("R3/PT1H", 3), ("R2/2026-11-23T10:00:00Z/P1D", 2), ("@hourly", None)],
)
def test_a_cycle_missed_for_ten_days_is_caught_up_once_and_goes_on_as_often_as_it_was_to_be(
    engine, clock, text, in_all
):
    engine.deploy([("a.bpmn", repeated("a", text))])
    engine.start("a")

    clock.advance(timedelta(days=10))
    engine.run_due_jobs()
    assert len(fired(engine)) == 1
    assert all(moment > clock.now() for moment in due(engine))

    live_on(engine, clock, clock.now() + timedelta(days=3))
    assert len(fired(engine)) == (in_all or 1 + 3 * 24)


@pytest.mark.parametrize(
    ("start", "zone", "expected"),
    [
        # spring: 02:30 does not exist on 28 March 2027 in Berlin and moves to 03:30
        ("2027-03-26T12:00", "Europe/Berlin", ["2027-03-27T01:30", "2027-03-28T01:30", "2027-03-29T00:30"]),
        # autumn: 02:30 occurs twice on 31 October 2027; the first counts, once
        ("2027-10-29T12:00", "Europe/Berlin", ["2027-10-30T00:30", "2027-10-31T00:30", "2027-11-01T01:30"]),
        (
            "2027-03-12T12:00",
            "America/New_York",
            ["2027-03-13T07:30", "2027-03-14T07:30", "2027-03-15T06:30"],
        ),
        (
            "2027-11-05T12:00",
            "America/New_York",
            ["2027-11-06T06:30", "2027-11-07T07:30", "2027-11-08T07:30"],
        ),
    ],
)
def test_a_daily_timer_fires_once_a_day_over_both_changes_of_the_clock(engine, clock, start, zone, expected):
    clock.set(datetime.fromisoformat(start).replace(tzinfo=UTC))
    engine.deploy([("a.bpmn", repeated("a", "0 30 2 * * *", zone=zone))])
    engine.start("a")

    live_on(engine, clock, clock.now() + timedelta(days=3))

    assert [moment.strftime("%Y-%m-%dT%H:%M") for moment in fired(engine)] == expected


def test_a_clock_set_back_fires_nothing_early_and_nothing_again(engine, clock):
    engine.deploy([("a.bpmn", timed("a", "Date", "=at")), ("b.bpmn", repeated("b", "R/PT1H"))])
    engine.start("a", {"at": (clock.now() + timedelta(hours=2)).isoformat()})
    engine.start("b")
    clock.advance(timedelta(minutes=90))
    engine.run_due_jobs()
    assert len(fired(engine)) == 1

    clock.advance(-timedelta(hours=1))
    assert engine.run_due_jobs() == 0
    clock.advance(timedelta(hours=1))
    assert engine.run_due_jobs() == 0
    clock.advance(timedelta(hours=1))
    engine.run_due_jobs()
    assert len(fired(engine)) == 3


def test_a_clock_that_jumps_ahead_and_back_leaves_no_lease_that_blocks(engine, clock):
    engine.deploy([("a.bpmn", timed("a", "Date", "=at"))])
    engine.start("a", {"at": (clock.now() + timedelta(hours=1)).isoformat()})
    clock.advance(timedelta(days=10))
    assert len(engine.worker("dies").claim(5)) == 1  # leased until ten days from now, on SQLite by this clock

    clock.advance(-timedelta(days=9))
    if not engine.database.is_remote:
        assert engine.run_due_jobs() == 1


@pytest.mark.slow
def test_a_million_armed_timers_cost_nothing_while_nothing_is_due(database):
    engine = Engine(database, clock=SystemClock())
    worker = engine.worker("idle")

    def tick():
        begun = time.perf_counter()
        assert worker.run_once() == 0
        worker._until_due()
        return time.perf_counter() - begun

    for _ in range(5):
        tick()
    before = min(tick() for _ in range(40))
    arm_idle(engine, 1_000_000)
    with database.writer.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("ANALYZE jobs"))
    for _ in range(5):
        tick()
    after = min(tick() for _ in range(40))

    assert "ix_jobs_due" in plan(engine)
    assert after < 3 * before + 0.001
    engine.write(lambda session: session.execute(sa.delete(jobs_table)) and None)


def plan(engine):
    """Return how the database looks for what is due."""
    query = sa.select(jobs_table.c.key).where(
        jobs_table.c.status == "ready", jobs_table.c.due_at <= SystemClock().now()
    )
    query = query.order_by(jobs_table.c.due_at).limit(20)

    def explain(session):
        word = "EXPLAIN QUERY PLAN " if dialects.is_sqlite(session) else "EXPLAIN "
        text = str(query.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
        return "\n".join(str(row) for row in session.execute(sa.text(word + text.replace(":", "\\:"))))

    return engine.read(explain)


@pytest.mark.slow
def test_on_an_idle_machine_a_timer_fires_within_a_second_of_its_due_moment(database):
    engine = Engine(database, clock=SystemClock())
    engine.deploy([("a.bpmn", timed("a", "Date", "=at"))])
    metronome = Metronome(engine)
    metronome.start()
    try:
        threading.Event().wait(1.5)  # the metronome is in the middle of its waiting
        moments = [SystemClock().now() + timedelta(seconds=1 + 0.7 * number) for number in range(4)]
        for moment in moments:
            engine.start("a", {"at": moment.isoformat()})
        for _ in range(100):
            if len(fired(engine)) == 4:
                break
            threading.Event().wait(0.1)
        late = [at - moment for at, moment in zip(fired(engine), moments, strict=True)]
    finally:
        metronome.stop()
    assert all(timedelta(0) <= each < timedelta(seconds=1) for each in late), late
