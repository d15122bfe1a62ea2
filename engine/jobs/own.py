"""Jobs of our own handlers taken from the queue: in a transaction, or outside with the settling
afterwards.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine import feel
from engine.actors import Actor
from engine.commands.context import StepContext
from engine.commands.errors import FenceLost
from engine.commands.family import running
from engine.commands.house import House, JobType
from engine.commands.step import Case, Step
from engine.commands.world import kind_of, said
from engine.errors import Broken, Invalid
from engine.execution.run import ElementNotFound, ElementNotWaiting
from engine.execution.world import BpmnError
from engine.keys import KeysSpent
from engine.store import jobs
from engine.store.errors import VersionConflict
from engine.store.jobs import Claim
from engine.store.unit_of_work import read, write

LOG = logging.getLogger(__name__)


class HandlerMissing(Broken):
    """This service has no handler for the job's type."""

    code = "handler_missing"


class HandlerFailed(Exception):
    """A handler raised something that is no BPMN error; the job is tried again."""


class HandlerRefused(HandlerFailed):
    """A handler refused what it was given; trying again without a change is pointless."""

    def __init__(self, refusal: Invalid, variables: Mapping[str, Any]) -> None:
        """``refusal`` says what is wrong with ``variables``, or the job, and what to do."""
        super().__init__(said(refusal, variables))
        self.code = refusal.code


def run_own(house: House, claim: Claim, *, by: Actor) -> None:
    """Run the handler of a claimed job and move its case on.

    Raises ``FenceLost``, ``HandlerFailed``, ``HandlerRefused``, ``HandlerMissing``.
    """
    job_type = house.job_types.get(claim.type)
    if job_type is None:
        raise HandlerMissing(type=claim.type)
    if not job_type.outside:
        write(house.database, lambda session: _inside(house, session, claim, job_type, by))
        return
    context = read(house.database, lambda session: _look(house, session, claim, by))
    if context is None:
        write(house.database, lambda session: _drop(house, session, claim))
        return
    answer: Mapping[str, Any] | BpmnError
    try:
        answer = feel.inward(dict(job_type.handler(context) or {}))
    except BpmnError as error:
        answer = error
    except Exception as problem:
        LOG.warning("%s at %s failed: %s", claim.type, claim.element_id, kind_of(problem), exc_info=True)
        raise HandlerFailed(said(problem, context.variables)) from problem
    write(house.database, lambda session: _settle(house, session, claim, answer, by))


def _inside(house: House, session: Session, claim: Claim, job_type: JobType, by: Actor) -> None:
    step, case = _locked(house, session, claim, by)
    if case is None:
        step.finish()
        return
    context = _context(house, case, step, claim, by, session)
    answer: Mapping[str, Any] | BpmnError
    try:
        with session.begin_nested():
            answer = feel.inward(dict(job_type.handler(context) or {}))
    except BpmnError as error:
        answer = error
    except (DBAPIError, KeysSpent, VersionConflict):
        raise
    except Invalid as refusal:
        raise HandlerRefused(refusal, context.variables) from refusal
    except Exception as problem:
        LOG.warning("%s at %s failed: %s", claim.type, claim.element_id, kind_of(problem), exc_info=True)
        raise HandlerFailed(said(problem, context.variables)) from problem
    step.throw(context.requests)
    _move(step, case, claim, answer)
    step.finish()


def _settle(
    house: House, session: Session, claim: Claim, answer: Mapping[str, Any] | BpmnError, by: Actor
) -> None:
    step, case = _locked(house, session, claim, by)
    if case is not None:
        _move(step, case, claim, answer)
    step.finish()


def _locked(house: House, session: Session, claim: Claim, by: Actor) -> tuple[Step, Case | None]:
    """Return the step with the job settled and overdue timers fired; no case if it moved on without this
    job.
    """
    step = Step(house, session, actor=by, command="run_job")
    step.lock("job", claim.key)
    if not jobs.settle(session, claim, now=step.now):
        raise FenceLost(job=claim.key)
    if claim.root_key is not None:
        step.fire_due_timers(claim.root_key)
    if claim.instance_key is None or not step.head(claim.instance_key).is_open:
        return step, None
    case = step.case(claim.instance_key)
    try:
        case.execution.locals(claim.element_instance_key or 0)
    except ElementNotFound:
        return step, None
    return step, case


def _move(step: Step, case: Case, claim: Claim, answer: Mapping[str, Any] | BpmnError) -> None:
    element = claim.element_instance_key or 0
    step.line = case.execution.line_at(element)  # our own work is no wait
    if isinstance(answer, BpmnError):
        error = answer
        step.move(
            case,
            lambda execution: execution.throw_error(
                element, error.code, error.message, feel.inward(dict(error.variables))
            ),
        )
    else:
        variables = answer
        step.move(case, lambda execution: execution.complete_job(element, variables))


def _look(house: House, session: Session, claim: Claim, by: Actor) -> StepContext | None:
    """Return what a handler that acts outside is given, or None if its element is gone."""
    step = Step(house, session, actor=by, command="look")
    step.locked.add(claim.root_key or 0)  # only looking: nothing is locked, nothing written
    if claim.instance_key is None or not step.head(claim.instance_key).is_open:
        return None
    case = step.case(claim.instance_key)
    try:
        return _context(house, case, step, claim, by, None)
    except (ElementNotFound, ElementNotWaiting):
        return None


def _context(
    house: House, case: Case, step: Step, claim: Claim, by: Actor, session: Session | None
) -> StepContext:
    element = claim.element_instance_key or 0
    return StepContext(
        house=house,
        job_type=claim.type,
        headers=claim.headers,
        variables=case.execution.variables(element),
        element_id=claim.element_id or "",
        element_instance_key=element,
        instance_key=case.row.key,
        root_key=case.row.root_key,
        case_key=case.row.case_key,
        business_id=case.row.business_id,
        moment=step.world(case.row, case.definition).moment,
        now=step.now,
        actor=by,
        job_key=claim.key,
        in_transaction=session,
        family=partial(running, step, case.row.root_key),
    )


def _drop(house: House, session: Session, claim: Claim) -> None:
    if not jobs.settle(session, claim, now=house.clock.now(), state="CANCELED"):
        raise FenceLost(job=claim.key)
