"""Steering by hand: variables, tokens, timers, clocks; every act in the history with its reason."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from engine.actors import Actor
from engine.calendars import Calendar, CalendarSet, Opening
from engine.commands.errors import (
    CallerLeftWaiting,
    IncidentAlreadyResolved,
    ReasonMissing,
    ScopeNotFound,
    StartRefused,
    TimerNotFound,
)
from engine.commands.house import NoClocks
from engine.commands.update_task import TaskChanges
from engine.engine import Engine
from engine.execution.modifying import Modification
from engine.execution.run import Activation, Move
from engine.execution.world import CaseClock
from engine.store.tables import jobs
from engine.values import ValueRefused
from tests.engine.diagrams import END, START, bpmn, chain, flow, one_task, small, user_task

LEAD = Actor("lea", roles=frozenset({"admin"}))


def test_variables_go_outward_or_stay_local(engine):
    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": False})
    (task,) = engine.open_tasks(case.key)
    engine.set_variables(task.user_task_key, {"severe": True})
    engine.set_variables(task.user_task_key, {"hint": [1, {"a": None}]}, local=True)
    assert engine.values(case.key) == {"severe": True}
    effective = {one.name: one.value for one in engine.effective_variables(task.user_task_key)}
    assert effective == {"severe": "true", "hint": '[1,{"a":null}]'}
    with pytest.raises(ScopeNotFound):
        engine.set_variables(17, {"a": 1})
    for bad in ({"a": float("nan")}, {"a": "x\x00"}, {"typename": 1}, {"_a": 1}, {"a": 2**60}):
        with pytest.raises(ValueRefused):
            engine.set_variables(case.key, bad)


def test_tokens_are_moved_activated_and_ended_by_hand(engine):
    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": True})
    (task,) = engine.open_tasks(case.key)
    engine.modify(
        case.key, Modification(move=(Move(task.user_task_key, "answer"),)), reason="skip it", by=LEAD
    )
    assert engine.open_task_names(case.key) == ["Answer"]
    engine.modify(case.key, Modification(activate=(Activation("assess"),), terminate_elements=("answer",)))
    assert engine.open_task_names(case.key) == ["Assess"]
    told = [one for one in engine.history(case.key) if one.kind == "instance_modified"]
    assert [(one.actor, one.facts["reason"]) for one in told] == [("lea", "skip it"), ("system", None)]


def test_a_called_process_is_not_emptied_by_hand_because_its_caller_would_wait_for_ever(engine):
    call = '<callActivity id="call"><extensionElements><zeebe:calledElement processId="small"/></extensionElements>'
    outer = bpmn("outer", START + call + "</callActivity>" + END + chain("start", "call", "end"))
    engine.deploy([("small.bpmn", small()), ("outer.bpmn", outer)])
    case = engine.start("outer", {"severe": True})
    (task,) = engine.open_tasks(case.key)
    called = task.process_instance_key
    with pytest.raises(CallerLeftWaiting):
        engine.modify(called, Modification(terminate=(task.user_task_key,)))
    assert engine.open_task_names(case.key) == ["Assess"]
    engine.modify(called, Modification(move=(Move(task.user_task_key, "answer"),)))
    assert engine.open_task_names(case.key) == ["Answer"]


def test_a_case_may_begin_and_stop_anywhere_sensible(engine):
    engine.deploy([("small.bpmn", small())])
    case = engine.start(
        "small", {"severe": True}, at=["assess"], stop_after=["assess"], tags=["test", "test"]
    )
    (task,) = engine.open_tasks(case.key)
    assert task.tags == ["test"]
    assert engine.complete_task(task.user_task_key).ended
    assert engine.instance(case.key).state == "TERMINATED"
    assert engine.element_instances().items[0].state == "COMPLETED"
    for bad in (
        {"at": ["start"]},
        {"at": ["nothing"]},
        {"stop_after": ["nothing"]},
        {"tags": ["1x"]},
        {"business_id": ""},
    ):
        with pytest.raises(StartRefused):
            engine.start("small", **bad)


def test_a_waiting_timer_is_moved_and_fired_by_people(engine, clock):
    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": False})
    (timer,) = engine.timers().items
    assert timer.due_date == clock.now() + timedelta(days=3)
    with pytest.raises(ReasonMissing):
        engine.move_timer(timer.job_key, clock.now(), reason=" ")
    engine.move_timer(timer.job_key, clock.now() + timedelta(days=9), reason="holidays", by=LEAD)
    clock.advance(timedelta(days=5))
    assert engine.run_due_jobs() == 0
    engine.fire_timer(timer.job_key, reason="enough waiting", by=LEAD)
    assert engine.open_task_names(case.key) == ["Assess", "Hurry"]
    with pytest.raises(TimerNotFound):
        engine.fire_timer(timer.job_key, reason="again")
    kinds = [one.kind for one in engine.history(case.key)]
    assert "timer_moved" in kinds
    assert "timer_fired_by_hand" in kinds


class Clocks(NoClocks):
    """Case clocks of one case, moved by the test."""

    def __init__(self):
        self.bounds = {}

    def due(self, session, instance_key, name):
        return self.bounds.get((instance_key, name))

    def view(self, session, instance_key, name):
        bound = self.due(session, instance_key, name)
        return bound and CaseClock("running", bound.date(), bound, lambda share: None, 1, lambda number: None)


def clocked():
    properties = '<zeebe:properties><zeebe:property name="redress.clock" value="respond"/></zeebe:properties>'
    return bpmn(
        "clocked",
        START
        + user_task("answer", properties)
        + '<boundaryEvent id="late" attachedToRef="answer" cancelActivity="false"><extensionElements>' + properties
        + "</extensionElements><timerEventDefinition>"
        '<timeDuration xsi:type="tFormalExpression">P30D</timeDuration></timerEventDefinition></boundaryEvent>'
        + user_task("alarm") + END + '<endEvent id="end2"/>'
        + chain("start", "answer", "end") + chain("late", "alarm", "end2"),
    )  # fmt: skip


def test_an_armed_timer_tells_which_calendar_it_was_computed_by(database, clock):
    office = ((Opening(time(9), time(17)),),) * 5 + ((), ())
    calendars = CalendarSet([Calendar("town", 7, "Town", ZoneInfo("UTC"), office)], default="town")
    engine = Engine(database, clock=clock, calendars=calendars)

    def timed(boundary_id, kind, text):
        return (
            f'<boundaryEvent id="{boundary_id}" attachedToRef="check"><timerEventDefinition>'
            f'<{kind} xsi:type="tFormalExpression">{text}</{kind}></timerEventDefinition></boundaryEvent>'
            f'<endEvent id="{boundary_id}-end"/>' + flow(boundary_id, f"{boundary_id}-end")
        )

    body = START + user_task("check") + END + chain("start", "check", "end")
    body += timed("working", "timeDate", "=endOfWorkingDay(addWorkingDays(today(), 3))") + timed(
        "plain", "timeDuration", "P1D"
    )
    engine.deploy([("due.bpmn", bpmn("due", body))])
    case = engine.start("due")
    told = {one.element_id: one.facts for one in engine.history(case.key) if one.kind == "timer_armed"}
    assert told["working"]["calendars"] == {"town": 7}
    assert told["working"]["due_at"] == "2026-11-26T17:00:00+00:00"
    assert "calendars" not in told["plain"]
    rules = engine.read(
        lambda session: dict(session.execute(sa.select(jobs.c.element_id, jobs.c.rule)).all())
    )
    assert rules["working"]["calendars"] == {"town": 7}
    assert "calendars" not in rules["plain"]


def test_timers_and_tasks_follow_their_case_clock(database, clock):
    clocks = Clocks()
    engine = Engine(database, clock=clock, case_clocks=clocks)
    engine.deploy([("clocked.bpmn", clocked())])
    case = engine.start("clocked")
    assert engine.timers().items[0].due_date == clock.now() + timedelta(days=30)
    for day in (12, 10):
        clocks.bounds[case.key, "respond"] = datetime(2026, 12, day, 16, 0, tzinfo=UTC)
        engine.rearm_clock(case.key, "respond")
        (timer,) = engine.timers().items
        assert timer.due_date == datetime(2026, 12, day, 16, 0, tzinfo=UTC)
        assert engine.open_tasks(case.key)[0].due_date == datetime(2026, 12, day, 16, 0, tzinfo=UTC)
    assert timer.occurrence == 3
    clock.set(datetime(2026, 12, 10, 16, 0, tzinfo=UTC))
    assert engine.run_due_jobs() == 1
    assert engine.open_task_names(case.key) == ["Answer", "Alarm"]


def test_of_several_clocks_the_earliest_bound_counts_and_each_of_them_is_followed(database, clock):
    clocks = Clocks()
    engine = Engine(database, clock=clock, case_clocks=clocks)
    engine.deploy([("clocked.bpmn", clocked().replace(b'"respond"', b'"aim, respond"'))])
    case = engine.start("clocked")
    aim, respond = (datetime(2026, 12, day, 16, 0, tzinfo=UTC) for day in (4, 10))
    after = respond + timedelta(days=1)
    moves = (
        ("respond", respond, respond),
        ("aim", aim, aim),
        ("aim", after, respond),
        ("aim", None, respond),
    )
    for name, bound, due in moves:
        clocks.bounds[case.key, name] = bound
        engine.rearm_clock(case.key, name)
        assert engine.timers().items[0].due_date == due
        assert engine.open_tasks(case.key)[0].due_date == due


def test_a_task_is_changed_and_its_offers_with_it(engine, clock):
    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": False})
    (task,) = engine.open_tasks(case.key)
    due = clock.now() + timedelta(days=1)
    engine.update_task(task.user_task_key, TaskChanges(due_at=due, candidate_groups=["leads"], priority=90))
    changed = engine.task(task.user_task_key)
    assert (changed.due_date, changed.candidate_groups, changed.priority) == (due, ["leads"], 90)
    lead = Actor("leo", frozenset({"leads"}))
    assert [one.user_task_key for one in engine.inbox("groups", by=lead).items] == [task.user_task_key]
    assert engine.inbox("groups", by=Actor("ana", frozenset({"handlers"}))).items == ()


def test_a_runaway_step_leaves_the_case_where_it_was(engine):
    looping = bpmn(
        "loop",
        START + user_task("go") + '<exclusiveGateway id="back"/><exclusiveGateway id="turn" default="turn-back"/>' + END
        + chain("start", "go", "back", "turn") + flow("turn", "end", "=stop = true")
        + '<sequenceFlow id="turn-back" sourceRef="turn" targetRef="back"/>',
    )  # fmt: skip
    engine.deploy([("loop.bpmn", looping)])
    case = engine.start("loop", {"stop": False})
    (task,) = engine.open_tasks(case.key)
    from engine.execution.case import StepBudgetSpent

    with pytest.raises(StepBudgetSpent):
        engine.complete_task(task.user_task_key)
    assert engine.open_task_names(case.key) == ["Go"]
    (incident,) = engine.incidents().items
    assert (incident.error_type, incident.code) == ("UNKNOWN", "endless_loop")
    engine.set_variables(case.key, {"stop": True})
    engine.resolve_incident(incident.incident_key)
    with pytest.raises(IncidentAlreadyResolved):
        engine.resolve_incident(incident.incident_key)
    assert engine.complete_task(task.user_task_key).ended


def test_a_start_that_runs_away_is_an_instance_with_an_incident(engine):
    looping = bpmn(
        "loop",
        START + '<exclusiveGateway id="back"/><exclusiveGateway id="turn" default="turn-back"/>' + END
        + chain("start", "back", "turn") + flow("turn", "end", "=stop = true")
        + '<sequenceFlow id="turn-back" sourceRef="turn" targetRef="back"/>',
    )  # fmt: skip
    engine.deploy([("loop.bpmn", looping)])
    case = engine.start("loop", {"stop": False})
    assert not case.ended
    assert engine.instance(case.key).has_incident
    (incident,) = engine.incidents().items
    from engine.execution.case import StepBudgetSpent

    with pytest.raises(StepBudgetSpent):
        engine.resolve_incident(incident.incident_key)
    engine.cancel(case.key)
    assert engine.instance(case.key).state == "TERMINATED"
    assert not engine.instance(case.key).has_incident


def test_a_listener_sees_the_step_inside_its_transaction(database, clock):
    reports = []

    def on_step(session, report):
        reports.append(report)
        if report.command == "complete_task":
            raise RuntimeError("the register refuses")

    engine = Engine(database, clock=clock, on_step=on_step)
    engine.deploy([("one.bpmn", one_task())])
    case = engine.start("small")
    assert reports[0].roots == {case.key: case.key}
    (task,) = engine.open_tasks(case.key)
    with pytest.raises(RuntimeError):
        engine.complete_task(task.user_task_key)
    assert engine.task(task.user_task_key).state == "CREATED"


def test_what_a_listener_raises_takes_nothing_from_the_next_try(database, clock):
    broken = [True]

    def on_step(session, report):
        if broken and report.command == "complete_task":
            raise RuntimeError("the register refuses")

    engine = Engine(database, clock=clock, on_step=on_step)
    engine.deploy([("one.bpmn", one_task())])
    case = engine.start("small")
    (task,) = engine.open_tasks(case.key)
    with pytest.raises(RuntimeError):
        engine.complete_task(task.user_task_key)
    broken.clear()
    assert engine.complete_task(task.user_task_key).ended
