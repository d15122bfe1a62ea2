"""When one step runs away: everything is rolled back, and the case gets an incident where it stood (P7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from engine.actors import SYSTEM
from engine.commands.house import House
from engine.commands.step import Step
from engine.execution.case import StepBudgetSpent
from engine.store.unit_of_work import write

T = TypeVar("T")


def guarded(house: House, kind: str, key: int, work: Callable[[Session], T]) -> T:
    """Run ``work`` in one transaction.

    Raises ``StepBudgetSpent`` after noting it as an incident of the family's root.
    """
    try:
        return write(house.database, work)
    except StepBudgetSpent as spent:
        problem = spent
        write(house.database, lambda session: _note(house, session, kind, key, problem))
        raise


def _note(house: House, session: Session, kind: str, key: int, problem: StepBudgetSpent) -> None:
    step = Step(house, session, actor=SYSTEM, command="step_budget_spent")
    root = step.lock(kind, key) or step.lock("instance", key)
    if root is None:
        return
    step.rows.open_incident(root, error_type="UNKNOWN", code=problem.code, message=str(problem))
    step.finish()
