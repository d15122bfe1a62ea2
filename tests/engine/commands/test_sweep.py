"""Nothing is silently stuck: every kind of damage is found once, a healthy case never (P6)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.engine import Engine
from engine.store.tables import incidents, instances, jobs, subscriptions, task_candidates, tasks
from tests.engine.diagrams import END, START, bpmn, chain, service_task, small, user_task


def change(engine, statement):
    engine.write(lambda session: session.execute(statement))


def stuck(engine, clock):
    """Start a case, let a minute pass, and see that nothing is found."""
    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": False})
    clock.advance(timedelta(minutes=2))
    assert engine.sweep() == ()
    return case.key


def tasks_gone(engine, key):
    change(engine, sa.update(tasks).values(state="CANCELED"))
    change(engine, sa.update(jobs).values(status="cancelled"))
    return "instance_without_next_step"


def job_dead(engine, key):
    change(engine, sa.update(jobs).values(status="dead"))
    return "job_dead"


def job_claimed_too_often(engine, key):
    change(engine, sa.update(jobs).values(claims=5))
    return "job_kills_worker"


def job_late(engine, key):
    change(engine, sa.update(jobs).values(due_at=engine.clock.now() - timedelta(minutes=6)))
    return "job_overdue"


def letter_orphaned(engine, key):
    from engine.store.outbox import queue_letter

    def work(session):
        queue_letter(
            session, engine.database.keys, case_key=key, recipient="a@b", subject="", text="", html="", dedup="x",
            now=engine.clock.now(),
        )  # fmt: skip
        session.execute(sa.update(jobs).where(jobs.c.kind == "mail").values(status="done"))

    engine.write(work)
    return "letter_without_job"


def work_left_over(engine, key):
    engine.cancel(key)
    change(engine, sa.update(tasks).values(state="CREATED"))
    return "work_of_ended_instance"


DAMAGE = [tasks_gone, job_dead, job_claimed_too_often, job_late, letter_orphaned, work_left_over]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda one: one.__name__)
def test_each_kind_of_damage_is_found_exactly_once(engine, clock, damage):
    key = stuck(engine, clock)
    code = damage(engine, key)
    clock.advance(timedelta(seconds=59))
    assert [one.code for one in engine.sweep()] == [code]
    assert engine.sweep() == ()
    assert [one.code for one in engine.incidents().items] == [code]


def test_a_late_job_that_ran_closes_its_incident(engine, clock):
    stuck(engine, clock)
    job_late(engine, 0)
    engine.sweep()
    engine.run_due_jobs()
    engine.sweep()
    assert [one.state for one in engine.incidents().items] == ["RESOLVED"]
    assert not engine.instances().items[0].has_incident


def test_a_task_nobody_may_take_is_found(database, clock):
    def orphans(session):
        return list(
            session.execute(
                sa.select(tasks.c.key).where(
                    tasks.c.assignee.is_(None), ~sa.exists().where(task_candidates.c.task_key == tasks.c.key)
                )
            ).scalars()
        )

    engine = Engine(database, clock=clock, orphaned_tasks=orphans)
    stuck(engine, clock)
    change(engine, sa.delete(task_candidates))
    assert [one.code for one in engine.sweep()] == ["nobody_eligible"]


def test_cases_that_wait_for_anything_are_left_alone(engine, clock):
    waiting = bpmn(
        "waiting",
        START + '<intermediateCatchEvent id="wait"><conditionalEventDefinition>'
        '<condition xsi:type="tFormalExpression">=done = true</condition></conditionalEventDefinition>'
        "</intermediateCatchEvent>" + END + chain("start", "wait", "end"),
    )  # fmt: skip
    job = bpmn("job", START + service_task("work", "x") + END + chain("start", "work", "end"))
    engine.deploy([("a.bpmn", waiting), ("b.bpmn", job)])
    case = engine.start("waiting")
    engine.start("job")
    clock.advance(timedelta(hours=3))
    assert engine.sweep() == ()
    engine.set_variables(case.key, {"done": True})
    assert engine.instance(case.key).state == "COMPLETED"


def test_states_and_rows_are_compared(engine, clock):
    from tests.engine.commands.test_messages import waiter

    key = stuck(engine, clock)
    job = bpmn("job", START + service_task("work", "x") + END + chain("start", "work", "end"))
    engine.deploy([("waiter.bpmn", waiter()), ("job.bpmn", job)])
    engine.start("waiter", {"caseId": "A"})
    engine.start("job")
    assert engine.verify() == ()
    change(engine, sa.update(tasks).values(state="CANCELED"))
    assert [one.instance_key for one in engine.verify()] == [key]
    assert engine.incidents().items[0].code == "state_and_rows_differ"


MESSAGE = (
    '<message id="m" name="reply"><extensionElements><zeebe:subscription correlationKey="=1"/></extensionElements></message>'
    '<signal id="s" name="alarm"/>'
)


def caught(definition):
    return f'<intermediateCatchEvent id="wait">{definition}</intermediateCatchEvent>'


ONLY_WAITS = {
    "task": (user_task("wait"), tasks, {"state": "CANCELED"}),
    "timer": (
        caught(
            '<timerEventDefinition><timeDuration xsi:type="tFormalExpression">P9D</timeDuration></timerEventDefinition>'
        ),
        jobs,
        {"status": "cancelled"},
    ),
    "job": (service_task("wait", "x"), jobs, {"status": "cancelled"}),
    "message": (caught('<messageEventDefinition messageRef="m"/>'), subscriptions, {"state": "DELETED"}),
    "signal": (caught('<signalEventDefinition signalRef="s"/>'), subscriptions, {"state": "DELETED"}),
    "incident": (
        '<scriptTask id="wait"><extensionElements><zeebe:script expression="=1 + &quot;a&quot;" resultVariable="r"/>'
        "</extensionElements></scriptTask>",
        incidents,
        {"state": "RESOLVED"},
    ),
}


@pytest.mark.parametrize("wait", ONLY_WAITS)
def test_one_thing_to_wait_for_is_enough_and_its_loss_is_found(engine, clock, wait):
    node, table, loss = ONLY_WAITS[wait]
    engine.deploy(
        [("one.bpmn", bpmn("one", START + node + END + chain("start", "wait", "end"), extra=MESSAGE))]
    )
    case = engine.start("one")
    clock.advance(timedelta(minutes=2))
    assert engine.sweep() == ()
    change(engine, sa.update(table).values(**loss))
    change(engine, sa.update(instances).values(open_incidents=0))
    assert [(one.code, one.instance_key) for one in engine.sweep()] == [
        ("instance_without_next_step", case.key)
    ]
    assert engine.sweep() == ()


def test_a_caller_waits_for_its_called_case_and_the_loss_of_that_is_found(engine, clock):
    call = '<callActivity id="call"><extensionElements><zeebe:calledElement processId="small"/></extensionElements>'
    outer = START + call + "</callActivity>" + END + chain("start", "call", "end")
    engine.deploy([("small.bpmn", small()), ("outer.bpmn", bpmn("outer", outer))])
    case = engine.start("outer")
    clock.advance(timedelta(minutes=2))
    assert engine.sweep() == ()
    change(engine, sa.update(instances).where(instances.c.key != case.key).values(state="TERMINATED"))
    found = [(one.code, one.instance_key) for one in engine.sweep()]
    assert ("instance_without_next_step", case.key) in found
    assert {code for code, key in found if key != case.key} == {"work_of_ended_instance"}
    assert engine.sweep() == ()
