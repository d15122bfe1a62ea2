"""A case from start to end: tasks open, close, time out; everything is written once, in one commit."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.actors import Actor
from engine.commands.errors import (
    DefinitionNotFound,
    InstanceEnded,
    NotYetEnded,
    NotYourTask,
    TaskAlreadyCompleted,
    TaskCanceled,
    TaskHeld,
    TaskNotFound,
)
from tests.engine.diagrams import one_task, small

ANA = Actor("ana", frozenset({"handlers"}))
BEN = Actor("ben", frozenset({"handlers"}))
EVE = Actor("eve", frozenset({"others"}))


def test_a_case_runs_from_task_to_task_to_its_end(engine):
    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": True})
    assert engine.open_task_names(case.key) == ["Assess"]

    (assess,) = engine.open_tasks(case.key)
    done = engine.complete_task(assess.user_task_key, {"note": "é"}, by=ANA)

    assert [task.name for task in done.opened] == ["Answer"]
    assert not done.ended
    assert engine.complete_task(done.opened[0].key, by=ANA).ended
    assert engine.instance(case.key).state == "COMPLETED"
    assert engine.values(case.key) == {"severe": True, "note": "é"}
    assert engine.task(assess.user_task_key).completed_by == "ana"
    assert engine.timers().items == ()
    states = {one.element_id: one.state for one in engine.element_instances().items}
    assert states == {
        "start": "COMPLETED",
        "assess": "COMPLETED",
        "which": "COMPLETED",
        "answer": "COMPLETED",
        "end": "COMPLETED",
    }


def test_what_a_caller_does_alongside_stands_or_falls_with_the_completion(engine):
    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": True})
    (assess,) = engine.open_tasks(case.key)

    def fails(session, done):
        assert [task.name for task in done.opened] == ["Answer"]
        raise TaskHeld

    with pytest.raises(TaskHeld):
        engine.complete_task(assess.user_task_key, by=ANA, alongside=fails)
    assert engine.open_task_names(case.key) == ["Assess"]
    seen = []
    engine.complete_task(assess.user_task_key, by=ANA, alongside=lambda session, done: seen.append(done))
    assert [done.instance_key for done in seen] == [case.key]
    assert engine.open_task_names(case.key) == ["Answer"]


def test_who_may_wait_no_longer_gets_no_result(engine):
    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": True})
    engine.cancel(case.key)
    stop = threading.Event()
    assert engine.await_end(case.key, timeout=timedelta(seconds=1), stop=stop) == {"severe": True}
    stop.set()
    with pytest.raises(NotYetEnded):
        engine.await_end(case.key, timeout=timedelta(seconds=1), stop=stop)


def test_a_timer_fires_once_when_it_is_due_and_not_before(engine, clock):
    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": False})
    clock.advance(timedelta(days=2))
    assert engine.run_due_jobs() == 0
    clock.advance(timedelta(days=1, seconds=1))
    assert engine.run_due_jobs() == 1
    assert engine.open_task_names(case.key) == ["Assess", "Hurry"]
    assert engine.run_due_jobs() == 0


def test_the_last_task_ends_the_case_and_closes_what_was_open(engine):
    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": False})
    (assess,) = engine.open_tasks(case.key)
    assert engine.complete_task(assess.user_task_key).ended
    with pytest.raises(TaskAlreadyCompleted):
        engine.complete_task(assess.user_task_key)
    with pytest.raises(InstanceEnded):
        engine.cancel(case.key)


def test_canceling_closes_tasks_and_timers(engine):
    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": False})
    (assess,) = engine.open_tasks(case.key)
    engine.cancel(case.key, reason="withdrawn")
    assert engine.instance(case.key).state == "TERMINATED"
    assert engine.task(assess.user_task_key).state == "CANCELED"
    assert engine.timers().items == ()
    with pytest.raises(TaskCanceled):
        engine.complete_task(assess.user_task_key)
    assert engine.history(case.key)[-1].kind == "instance_ended"


def test_tasks_are_taken_given_back_and_refused(engine):
    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": False})
    (task,) = engine.open_tasks(case.key)
    key = task.user_task_key
    with pytest.raises(NotYourTask):
        engine.claim_task(key, by=EVE)
    engine.claim_task(key, by=ANA)
    engine.claim_task(key, by=ANA)
    with pytest.raises(TaskHeld):
        engine.claim_task(key, by=BEN)
    with pytest.raises(TaskHeld):
        engine.complete_task(key, by=BEN)
    engine.unclaim_task(key, by=ANA)
    engine.assign_task(key, "ben")
    with pytest.raises(TaskHeld):
        engine.assign_task(key, "ana", allow_override=False)
    assert engine.complete_task(key, by=BEN).ended
    with pytest.raises(TaskNotFound):
        engine.claim_task(17, by=ANA)


def test_starting_what_is_not_deployed_is_refused(engine):
    with pytest.raises(DefinitionNotFound):
        engine.start("nothing")


def test_a_case_survives_a_new_process(engine, database, clock):
    """Another engine over the same database revives the case from its row."""
    from engine.engine import Engine

    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": True})
    other = Engine(database, clock=clock)
    (assess,) = other.open_tasks(case.key)
    opened = other.complete_task(assess.user_task_key).opened
    assert engine.complete_task(opened[0].key).ended


def test_one_completion_is_one_commit_and_few_statements(engine):
    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": True})
    (assess,) = engine.open_tasks(case.key)
    statements, commits = [], []
    writer = engine.database.writer

    def count(conn, cursor, statement, *rest):
        statements.append(statement)

    def commit(conn):
        commits.append(1)

    sa.event.listen(writer, "before_cursor_execute", count)
    sa.event.listen(writer, "commit", commit)
    engine.complete_task(assess.user_task_key, {"note": "x"}, by=ANA)
    sa.event.remove(writer, "before_cursor_execute", count)
    sa.event.remove(writer, "commit", commit)
    real = [one for one in statements if not one.startswith("BEGIN")]
    assert len(commits) == 1
    assert len(real) <= (11 if engine.database.is_remote else 10), "\n".join(real)


def test_a_task_without_candidates_is_open_to_everybody(engine):
    engine.deploy([("one.bpmn", one_task())])
    case = engine.start("small")
    (task,) = engine.open_tasks(case.key)
    assert engine.complete_task(task.user_task_key, by=EVE).ended
