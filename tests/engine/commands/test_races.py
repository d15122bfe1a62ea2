"""Of many who try the same, one succeeds (P3), and every command is repeatable without harm."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.actors import Actor
from engine.commands.errors import JobAlreadySettled, TaskAlreadyCompleted, TaskCanceled, TaskHeld
from engine.errors import RedressError
from engine.store.tables import history
from tests.engine.diagrams import END, START, bpmn, chain, flow, small, user_task

THREADS = 8


def race(count, work):
    """Run ``work(n)`` in ``count`` threads at once; return the answers and the errors."""
    ready, answers, errors = threading.Barrier(count), [], []

    def run(number):
        ready.wait()
        try:
            answers.append(work(number))
        except RedressError as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers, errors


def told(engine, kind):
    return engine.read(
        lambda session: session.execute(
            sa.select(sa.func.count()).select_from(history).where(history.c.kind == kind)
        ).scalar()
    )


def test_one_of_many_completes_a_task(engine):
    engine.deploy([("small.bpmn", small())])
    for round_number in range(1, 6):
        case = engine.start("small", {"severe": True})
        (task,) = engine.open_tasks(case.key)
        answers, errors = race(
            THREADS, lambda n, key=task.user_task_key: engine.complete_task(key, {"winner": n})
        )
        assert len(answers) == 1
        assert {type(error) for error in errors} == {TaskAlreadyCompleted}
        assert engine.open_task_names(case.key) == ["Answer"]
        assert told(engine, "task_completed") == round_number


def test_one_of_many_claims_a_task(engine):
    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": True})
    (task,) = engine.open_tasks(case.key)
    people = [Actor(f"p{n}", frozenset({"handlers"})) for n in range(THREADS)]
    answers, errors = race(THREADS, lambda n: engine.claim_task(task.user_task_key, by=people[n]))
    assert len(answers) == 1
    assert {type(error) for error in errors} == {TaskHeld}


def timed():
    return bpmn(
        "timed",
        START + user_task("answer")
        + '<boundaryEvent id="late" attachedToRef="answer"><timerEventDefinition>'
        '<timeDuration xsi:type="tFormalExpression">PT1H</timeDuration></timerEventDefinition></boundaryEvent>'
        + user_task("reminder") + END + '<endEvent id="end2"/>'
        + chain("start", "answer", "end") + chain("late", "reminder", "end2"),
    )  # fmt: skip


def test_an_overdue_timer_beats_the_person_who_comes_too_late(engine, clock):
    engine.deploy([("timed.bpmn", timed())])
    case = engine.start("timed")
    (task,) = engine.open_tasks(case.key)
    clock.advance(timedelta(hours=1))
    with pytest.raises(TaskCanceled):
        engine.complete_task(task.user_task_key)
    assert engine.run_due_jobs() == 1
    assert engine.open_task_names(case.key) == ["Reminder"]


def test_a_person_and_a_timer_never_both_win(engine, clock):
    engine.deploy([("timed.bpmn", timed())])
    for _ in range(5):
        case = engine.start("timed")
        (task,) = engine.open_tasks(case.key)
        (timer,) = engine.timers().items
        acts = [
            lambda key=task.user_task_key: engine.complete_task(key),
            lambda key=timer.job_key: engine.fire_timer(key, reason="test"),
        ]
        answers, errors = race(2, lambda n, acts=acts: acts[n]())
        assert (len(answers), len(errors)) == (1, 1)
        names = engine.open_task_names(case.key)
        assert names in ([], ["Reminder"])
        if names:
            engine.cancel(case.key)
    assert told(engine, "task_completed") + told(engine, "timer_fired") == 5


def test_an_overdue_event_gateway_takes_one_branch(engine, clock):
    gateway = bpmn(
        "gate",
        START + '<eventBasedGateway id="gw"/>'
        '<intermediateCatchEvent id="message"><messageEventDefinition messageRef="M"/></intermediateCatchEvent>'
        '<intermediateCatchEvent id="timer"><timerEventDefinition>'
        '<timeDuration xsi:type="tFormalExpression">PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>'
        + user_task("a") + user_task("b") + END + '<endEvent id="end2"/>'
        + chain("start", "gw", "message", "a", "end") + flow("gw", "timer") + chain("timer", "b", "end2"),
        extra='<message id="M" name="reply"><extensionElements><zeebe:subscription correlationKey="=&quot;k&quot;"/>'
        "</extensionElements></message>",
    )  # fmt: skip
    engine.deploy([("gate.bpmn", gateway)])
    case = engine.start("gate")
    clock.advance(timedelta(hours=2))
    engine.publish_message("reply", "k")
    assert engine.open_task_names(case.key) == ["B"]


def test_a_job_is_settled_once(engine):
    from tests.engine.commands.test_jobs import take, working

    engine.deploy([("w.bpmn", working())])
    engine.start("small")
    (job,) = take(engine)
    answers, errors = race(THREADS, lambda n: engine.complete_job(job.job_key, {"n": n}))
    assert len(answers) == 1
    assert {type(error) for error in errors} == {JobAlreadySettled}


def test_many_messages_with_one_key_start_one_case(engine):
    from tests.engine.commands.test_messages import starter

    engine.deploy([("s.bpmn", starter())])
    answers, _ = race(THREADS, lambda n: engine.publish_message("complaint", "K"))
    assert len(answers) == THREADS
    assert engine.instances().total == 1


def test_a_message_and_its_catcher_never_miss_each_other(engine):
    from tests.engine.commands.test_messages import HOUR, waiter

    engine.deploy([("waiter.bpmn", waiter())])
    for number in range(6):
        key = f"k{number}"
        acts = [
            lambda key=key: engine.start("waiter", {"caseId": key}),
            lambda key=key: engine.publish_message("reply", key, time_to_live=HOUR),
        ]
        _, errors = race(2, lambda n, acts=acts: acts[n]())
        assert errors == []
    assert engine.tasks().total == 6
