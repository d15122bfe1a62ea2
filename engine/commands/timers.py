"""Timers: firing what is due, and people moving or firing a waiting one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from engine.actors import Actor
from engine.commands import start, start_events
from engine.commands.errors import FenceLost, ReasonMissing, TimerNotFound
from engine.commands.house import House
from engine.commands.step import Step
from engine.errors import Invalid
from engine.store import dialects, jobs
from engine.store.columns import MICROSECOND
from engine.store.jobs import Claim, JobRow
from engine.store.tables import jobs as jobs_table
from engine.timers import Armed


def fire_claimed(house: House, session: Session, claim: Claim, *, by: Actor) -> None:
    """Let a timer that is due take effect, once.

    Raises ``FenceLost`` when the job is no longer this worker's.
    """
    step = Step(house, session, actor=by, command="fire_timer")
    if claim.instance_key is None:
        _fire_start(step, claim)
        return
    step.lock("job", claim.key)
    if not jobs.settle(session, claim, now=step.now):
        raise FenceLost(job=claim.key)
    step.now = max(step.now, claim.due_at + MICROSECOND)
    step.fire(claim.key, claim.instance_key, claim.element_instance_key or 0)
    step.finish()


def fire_timer(house: House, session: Session, job_key: int, *, reason: str, by: Actor) -> None:
    """Fire a waiting timer now, whenever it would be due. Raises ``TimerNotFound``, ``ReasonMissing``."""
    _need(reason)
    step = Step(house, session, actor=by, command="fire_timer")
    job = _waiting(step, job_key)
    instance = job.instance_key or 0
    step.rows.tell(step.head(instance), "timer_fired_by_hand", {"job": job_key, "reason": reason})
    jobs.take_timer(session, job_key, now=step.now)
    step.fire(job_key, instance, job.element_instance_key or 0)
    step.finish()


def move_timer(
    house: House, session: Session, job_key: int, due_at: datetime, *, reason: str, by: Actor
) -> None:
    """Give a waiting timer another due moment (aware).

    Raises ``TimerNotFound``, ``ReasonMissing``, ``Invalid``.
    """
    _need(reason)
    if due_at.tzinfo is None:
        raise Invalid("A due moment needs a time zone.")
    step = Step(house, session, actor=by, command="move_timer")
    job = _waiting(step, job_key)
    jobs.change(session, job_key, now=step.now, due_at=due_at)
    step.rows.tell(
        step.head(job.instance_key or 0),
        "timer_moved",
        {"job": job_key, "from": job.due_at.isoformat(), "to": due_at.isoformat(), "reason": reason},
    )
    step.due_now()
    step.finish()


def _waiting(step: Step, job_key: int) -> JobRow:
    if step.lock("job", job_key) is None:
        raise TimerNotFound(job=job_key)
    job = jobs.read(step.session, job_key)
    if job is None or job.kind != "timer" or job.status != "ready" or job.instance_key is None:
        raise TimerNotFound(job=job_key)
    return job


def _need(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing


def _fire_start(step: Step, claim: Claim) -> None:
    """Start an instance at its timer, and arm the next occurrence."""
    house, session = step.house, step.session
    if not jobs.settle(session, claim, now=step.now):
        raise FenceLost(job=claim.key)
    again = Armed.from_json(claim.rule or {}).next_due(step.now)
    definition = house.catalogue.row(session, "process", claim.definition_key or 0)
    if again is not None:
        row = start_events.start_timer(
            house, definition.key, definition.identity, claim.element_id or "", again
        )
        session.execute(dialects.insert(session, jobs_table).values(row).on_conflict_do_nothing())
    start.start_timed(house, session, definition.key, claim.element_id or "")
