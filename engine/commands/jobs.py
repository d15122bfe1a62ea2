"""Jobs of outside workers: completing, failing, throwing an error, changing; the first settlement wins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actors import Actor
from engine.commands.data import accept
from engine.commands.errors import JobAlreadySettled, JobNotFound, JobRefused, OurOwnJob
from engine.commands.house import House
from engine.commands.step import Step
from engine.store import incidents, instances, jobs
from engine.store.jobs import JobRow
from engine.store.tables import incidents as incidents_table

OWN = "own"  # a job of our own handlers
SERVICE = ("service", OWN)


def open_job(step: Step, key: int) -> JobRow:
    """Return the open service job, its family locked. Raises ``JobNotFound``, ``JobAlreadySettled``."""
    if step.lock("job", key) is None:
        raise JobNotFound(job=key)
    job = jobs.read(step.session, key)
    if job is None or job.kind not in SERVICE:
        raise JobNotFound(job=key)
    if job.status != "ready":
        raise JobAlreadySettled(job=key, state=job.state)
    return job


def job_to_do(step: Step, key: int) -> JobRow:
    """Return the open service job somebody outside does. Raises what ``open_job`` does, and ``OurOwnJob``."""
    job = open_job(step, key)
    case_key = step.head(job.instance_key or 0).case_key
    if job.kind == OWN and step.house.access.is_conducted(step.session, case_key):
        raise OurOwnJob(job=key, type=job.type)
    return job


def _refuse_setting(step: Step, job: JobRow, values: Mapping[str, Any]) -> None:
    """Raise ``DecidesWhoActs`` for a result that nobody who may not read the case may give.

    What the step's own output mappings make of a service account's result was decided in the diagram.
    """
    case = step.case(job.instance_key or 0)
    element = case.definition.elements.get(job.element_id or "")
    if step.actor.kind == "service" and element is not None and element.outputs:
        return
    step.refuse_setting(case.row.case_key, values)


def complete_job(
    house: House, session: Session, key: int, variables: Mapping[str, Any] | None, *, by: Actor
) -> None:
    """Complete a job and move the case on.

    Raises ``JobNotFound``, ``JobAlreadySettled``, ``OurOwnJob``, ``ValueRefused``,
    ``DecidesWhoActs``.
    """
    values = accept(variables)
    step = Step(house, session, actor=by, command="complete_job")
    job = job_to_do(step, key)
    if job.root_key is not None and step.fire_due_timers(job.root_key):
        job = job_to_do(step, key)
    _refuse_setting(step, job, values)
    element = job.element_instance_key or 0
    step.move(step.case(job.instance_key or 0), lambda execution: execution.complete_job(element, values))
    step.finish()


def throw_job_error(
    house: House,
    session: Session,
    key: int,
    code: str,
    message: str,
    variables: Mapping[str, Any] | None,
    *,
    by: Actor,
) -> None:
    """End a job with a BPMN error.

    Raises ``JobRefused`` without a code, ``JobNotFound``, ``JobAlreadySettled``, ``OurOwnJob``, ``DecidesWhoActs``.
    """
    if not code:
        raise JobRefused("An error needs a code.", job=key)
    values = accept(variables)
    step = Step(house, session, actor=by, command="throw_job_error")
    job = job_to_do(step, key)
    _refuse_setting(step, job, values)
    jobs.change(session, key, now=step.now, error_code=code, error_message=message)
    element = job.element_instance_key or 0
    step.move(
        step.case(job.instance_key or 0),
        lambda execution: execution.throw_error(element, code, message, values),
    )
    step.finish()


def fail_job(
    house: House,
    session: Session,
    key: int,
    *,
    retries: int,
    message: str,
    back_off: timedelta,
    variables: Mapping[str, Any] | None,
    by: Actor,
) -> None:
    """Note that a worker failed: offered again after ``back_off``, or an incident when no retries are left.

    Raises ``JobNotFound``, ``JobAlreadySettled``, ``JobRefused``, ``ValueRefused``,
    ``DecidesWhoActs``.
    """
    if retries < 0 or back_off < timedelta(0):
        raise JobRefused("Retries and back-off cannot be negative.", job=key)
    values = accept(variables)
    step = Step(house, session, actor=by, command="fail_job")
    job = open_job(step, key)
    _refuse_setting(step, job, values)
    jobs.change(
        session,
        key,
        now=step.now,
        status="ready" if retries else "dead",
        state="FAILED",
        retries=retries,
        tries=job.tries + 1,
        due_at=step.now + back_off,
        deadline=None,
        error_message=message[:10_000],
    )
    if values:
        element = job.element_instance_key or 0
        step.move(step.case(job.instance_key or 0), lambda execution: execution.fail_job(element, values))
    if retries == 0:
        out_of_retries(step, job, message)
    step.rows.tell(
        step.head(job.instance_key or 0), "job_failed", {"job": key, "retries": retries, "message": message}
    )
    step.due_now()
    step.finish()


def out_of_retries(step: Step, job: JobRow, message: str) -> None:
    """Open the incident of a job that has no tries left."""
    step.rows.open_incident(
        step.head(job.instance_key or 0),
        error_type="JOB_NO_RETRIES",
        message=message or "The job failed and has no retries left.",
        element_id=job.element_id,
        element_key=job.element_instance_key,
        job_key=job.key,
    )


def update_job(
    house: House,
    session: Session,
    key: int,
    *,
    retries: int | None,
    timeout: timedelta | None,
    priority: int | None,
    by: Actor,
) -> None:
    """Change retries, the lease (counted from now) or priority of an open job.

    A job out of retries is given some here; its incident still waits to be resolved.
    Raises ``JobNotFound``, ``JobAlreadySettled``, ``JobRefused``.
    """
    if retries is not None and retries < 1:
        raise JobRefused("A job needs at least one retry.", job=key)
    step = Step(house, session, actor=by, command="update_job")
    if step.lock("job", key) is None:
        raise JobNotFound(job=key)
    job = jobs.read(session, key)
    if job is None or job.kind not in SERVICE:
        raise JobNotFound(job=key)
    if job.status not in ("ready", "dead"):
        raise JobAlreadySettled(job=key, state=job.state)
    values: dict[str, Any] = {}
    if retries is not None:
        values |= {"retries": retries, "state": "RETRIES_UPDATED"}
    if timeout is not None:
        if job.deadline is None:
            raise JobRefused("No worker holds this job, so it has no timeout.", job=key)
        values["deadline"] = step.now + timeout
    if priority is not None:
        values["priority"] = priority
    if values:
        jobs.change(session, key, now=step.now, **values)
    step.finish()


def grant_retry(step: Step, key: int) -> None:
    """Make a dead job ready again, with at least one retry, and resolve its incident."""
    job = jobs.read(step.session, key)
    if job is None:
        raise JobNotFound(job=key)
    if job.status == "dead":
        jobs.change(
            step.session,
            key,
            now=step.now,
            status="ready",
            state="RETRIES_UPDATED",
            retries=max(job.retries, 1),
            due_at=step.now,
            claims=0,
            deadline=None,
        )
        step.due_now()
    here = sa.and_(incidents_table.c.job_key == key)
    gone = incidents.close(step.session, here, now=step.now, by=step.actor.name)
    if gone and job.instance_key is not None:
        instances.count_incidents(step.session, step.head(job.instance_key), -gone)
