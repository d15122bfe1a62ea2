"""Jobs of outside workers and of our own: leases, retries, incidents, savepoints."""

import threading
from datetime import timedelta

import pytest

from engine.commands.errors import JobAlreadySettled, JobNotFound
from engine.engine import Engine
from engine.jobs.types import BpmnError, JobType
from tests.engine.diagrams import END, START, bpmn, chain, service_task, user_task

MINUTE = timedelta(minutes=1)


def working(job_type="look-up", retries=3):
    return bpmn(
        "small",
        START + service_task("work", job_type, retries=retries, extension='<zeebe:taskHeaders><zeebe:header key="region" '
        'value="north"/></zeebe:taskHeaders>') + user_task("after") + END + chain("start", "work", "after", "end"),
    )  # fmt: skip


def take(engine, limit=10, **more):
    return engine.activate_jobs("look-up", worker="w1", timeout=MINUTE, limit=limit, **more)


def test_a_worker_leases_completes_and_moves_the_case(engine):
    engine.deploy([("w.bpmn", working())])
    case = engine.start("small", {"a": 1, "b": [1.5, "x"]})
    (job,) = take(engine)
    assert (job.element_id, job.custom_headers, job.retries) == ("work", {"region": "north"}, 3)
    assert job.variables == {"a": "1", "b": '[1.5,"x"]'}
    assert take(engine) == ()
    engine.complete_job(job.job_key, {"c": 2})
    assert engine.open_task_names(case.key) == ["After"]
    assert engine.values(case.key)["c"] == 2
    assert engine.job(job.job_key).state == "COMPLETED"
    with pytest.raises(JobAlreadySettled):
        engine.complete_job(job.job_key)
    with pytest.raises(JobNotFound):
        engine.complete_job(1)


def test_a_lapsed_lease_frees_the_job_without_costing_a_retry(engine, clock):
    engine.deploy([("w.bpmn", working())])
    engine.start("small")
    (job,) = take(engine, fetch=["none"])
    assert job.variables == {}
    clock.advance(MINUTE + timedelta(seconds=1))
    (again,) = take(engine)
    assert (again.job_key, again.retries) == (job.job_key, 3)


def test_a_failed_job_comes_back_after_its_back_off_and_ends_as_an_incident(engine, clock):
    engine.deploy([("w.bpmn", working())])
    case = engine.start("small")
    (job,) = take(engine)
    engine.fail_job(job.job_key, retries=1, message="first", back_off=MINUTE, variables={"seen": True})
    assert take(engine) == ()
    clock.advance(MINUTE)
    (job,) = take(engine)
    engine.fail_job(job.job_key, retries=0, message="out of luck")
    assert take(engine) == ()
    (incident,) = engine.incidents().items
    assert (incident.error_type, incident.error_message) == ("JOB_NO_RETRIES", "out of luck")
    with pytest.raises(JobAlreadySettled):
        engine.complete_job(job.job_key)
    engine.update_job(job.job_key, retries=2)
    engine.resolve_incident(incident.incident_key)
    assert not engine.instance(case.key).has_incident
    (job,) = take(engine)
    assert job.retries == 2


def test_jobs_are_handed_out_by_priority_then_age(engine):
    engine.deploy([("w.bpmn", working())])
    for _ in range(3):
        engine.start("small")
    keys = [one.job_key for one in engine.jobs().items]
    engine.update_job(keys[2], priority=9)
    assert [one.job_key for one in take(engine)] == [keys[2], keys[0], keys[1]]


def test_a_waiting_poll_is_answered_when_a_job_opens(engine):
    engine.deploy([("w.bpmn", working())])
    found = []
    thread = threading.Thread(target=lambda: found.extend(take(engine, wait=timedelta(seconds=20))))
    thread.start()
    engine.start("small")
    thread.join(timeout=15)
    assert len(found) == 1


def own(database, clock, handler, **more):
    return Engine(database, clock=clock, job_types=[JobType("redress:note", handler, **more)])


def test_our_own_job_runs_inside_the_step(database, clock):
    seen = []

    def handler(context):
        seen.append((context.headers["region"], context.instance_key, context.now))
        return {"noted": 7}

    engine = own(database, clock, handler)
    engine.deploy([("w.bpmn", working("redress:note"))])
    case = engine.start("small", {"a": 1})
    assert engine.open_task_names(case.key) == ["After"]
    assert engine.values(case.key) == {"a": 1, "noted": 7}
    assert seen == [("north", case.key, clock.now())]
    assert engine.jobs().total == 0


def test_what_a_failing_handler_wrote_is_taken_back_and_tried_again(database, clock):
    import sqlalchemy as sa

    from engine.store.tables import models

    broken = [True]

    def handler(context):
        context.session.execute(
            sa.insert(models).values(
                key=context.next_key(), name="n", content=b"", sha256="", kept_at=context.now, kept_by="x"
            )
        )
        if broken:
            raise RuntimeError("no luck")
        return {"noted": 1}

    def notes():
        return engine.read(
            lambda session: session.execute(sa.select(sa.func.count()).select_from(models)).scalar()
        )

    engine = own(database, clock, handler)
    engine.deploy([("w.bpmn", working("redress:note"))])
    case = engine.start("small")
    assert engine.open_task_names(case.key) == []
    assert notes() == 0
    (job,) = engine.jobs().items
    assert (job.state, job.retries, "no luck" in job.error_message) == ("FAILED", 2, False)
    assert engine.run_due_jobs() == 0
    clock.advance(timedelta(seconds=12))
    assert engine.run_due_jobs() == 1
    clock.advance(timedelta(minutes=2))
    assert engine.run_due_jobs() == 1
    (incident,) = engine.incidents().items
    assert incident.error_type == "JOB_NO_RETRIES"
    assert notes() == 0
    broken.clear()
    engine.resolve_incident(incident.incident_key)
    assert engine.run_due_jobs() == 1
    assert engine.open_task_names(case.key) == ["After"]
    assert notes() == 1
    assert not engine.instance(case.key).has_incident


def test_a_handler_may_throw_a_bpmn_error(database, clock):
    def handler(context):
        raise BpmnError("E1", "refused")

    engine = own(database, clock, handler)
    engine.deploy([("w.bpmn", working("redress:note"))])
    engine.start("small")
    assert engine.incidents().items[0].error_type == "UNHANDLED_ERROR_EVENT"


@pytest.mark.parametrize("outside", [False, True])
def test_an_asynchronous_handler_runs_from_the_queue(database, clock, outside):
    def handler(context):
        assert (context.in_transaction is None) is outside
        return {"noted": context.variables["a"]}

    engine = own(database, clock, handler, execution="async", outside=outside)
    engine.deploy([("w.bpmn", working("redress:note"))])
    case = engine.start("small", {"a": 5})
    assert engine.open_task_names(case.key) == []
    assert engine.activate_jobs("redress:note", worker="w", timeout=MINUTE, limit=1) == ()
    assert engine.run_due_jobs() == 1
    assert engine.values(case.key)["noted"] == 5
    assert engine.open_task_names(case.key) == ["After"]
