"""When one step runs away: everything is rolled back, and the case gets an incident where it stood (P7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from engine.actors import SYSTEM
from engine.commands.house import House
from engine.commands.step import Step
from engine.execution.case import StepBudgetSpent
from engine.store import incidents, instances
from engine.store.unit_of_work import write

T = TypeVar("T")


def guarded(
    house: House, work: Callable[[Session], T], *, kind: str = "instance", key: int | None = None
) -> T:
    """Run ``work`` in one transaction; ``kind`` and ``key`` name what the command is about, if it is one
    case.

    Raises ``StepBudgetSpent`` after noting it as an incident: of the instance that ran away, at the element where the step took
    hold of it; if it is too new to be stored, of the family's root; if there is none (an event starts it), of its process.
    """
    try:
        return write(house.database, work)
    except StepBudgetSpent as spent:
        problem = spent
        write(house.database, lambda session: _note(house, session, kind, key, problem))
        raise


def _note(house: House, session: Session, kind: str, key: int | None, problem: StepBudgetSpent) -> None:
    step = Step(house, session, actor=SYSTEM, command="step_budget_spent")
    root = None if key is None else step.lock(kind, key) or step.lock("instance", key)
    facts = problem.facts
    instance: int = facts["instance"]
    if instances.root_of(session, instance) is not None:
        where = step.head(instance)
    elif root is not None:
        where = root
    else:
        _note_process(step, problem)
        return
    here = where.key == instance
    step.rows.open_incident(
        where,
        error_type="UNKNOWN",
        code=problem.code,
        message=problem.message,
        element_id=facts.get("element") if here else None,
        element_key=facts.get("element_key") if here else None,
        facts=problem.about,
    )
    step.finish()


def _note_process(step: Step, problem: StepBudgetSpent) -> None:
    process_id = str(problem.facts["process"])
    row = incidents.new_row(
        key=step.house.keys.next(),
        now=step.now,
        place=f"process:{process_id}",
        error_type="UNKNOWN",
        code=problem.code,
        message=problem.message,
        process_id=process_id,
        facts=problem.about,
    )
    incidents.open_one(step.session, row)
