"""Nothing is silently stuck: every kind of damage is found once, a healthy case never (P6)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.engine import Engine
from engine.store.tables import jobs, task_candidates, tasks
from tests.engine.diagrams import END, START, bpmn, chain, service_task, small


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
