"""Changing a task: its dates, its candidates, its priority."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from typing import Any, Final

from sqlalchemy.orm import Session

from engine.actors import Actor
from engine.commands.errors import DueDateOfClock, TaskRefused
from engine.commands.house import House
from engine.commands.step import Step
from engine.commands.tasks import facts_of, open_task
from engine.store import tasks
from engine.store.batch import offers_of
from engine.store.columns import FAR


class Keep(Enum):
    """The value that means: leave it as it is."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP
HIGHEST_PRIORITY = 100


@dataclass(frozen=True, slots=True)
class TaskChanges:
    """New values; a date of None clears it. Moments must be aware."""

    due_at: datetime | Keep | None = KEEP
    follow_up_at: datetime | Keep | None = KEEP
    candidate_users: Sequence[str] | Keep = KEEP
    candidate_groups: Sequence[str] | Keep = KEEP
    priority: int | Keep = KEEP

    def given(self) -> dict[str, Any]:
        """Return the values that are to change."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            name: list(value) if name.startswith("candidate") else value
            for name, value in values.items()
            if value is not KEEP
        }


def update_task(house: House, session: Session, key: int, changes: TaskChanges, *, by: Actor) -> None:
    """Change an open task. Raises ``TaskRefused``, ``DueDateOfClock`` and what ``open_task`` does."""
    given = changes.given()
    _check(key, given)
    step = Step(house, session, actor=by, command="update_task")
    task = open_task(step, key, "update")
    if task.clock is not None and given.get("due_at", task.due_at) != task.due_at:
        raise DueDateOfClock(task=key, clock=task.clock)
    if by.kind != "system":
        house.guard.offer(
            session=session,
            task=facts_of(task),
            users=set(given.get("candidate_users", ())) - set(task.candidate_users),
            groups=set(given.get("candidate_groups", ())) - set(task.candidate_groups),
        )
    if given:
        tasks.change(session, task, **given)
        due = given.get("due_at", task.due_at)
        offers = offers_of(
            {
                "key": key,
                "candidate_groups": given.get("candidate_groups", task.candidate_groups),
                "candidate_users": given.get("candidate_users", task.candidate_users),
                "due_sort": due or FAR,
                "priority": given.get("priority", task.priority),
            }
        )
        tasks.offer(session, offers, key)
        told = {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in given.items()
        }
        step.rows.tell(step.head(task.instance_key), "task_changed", {"task": key, **told})
    step.finish()


def _check(key: int, given: dict[str, Any]) -> None:
    for name, value in given.items():
        if isinstance(value, datetime) and value.tzinfo is None:
            raise TaskRefused("A date needs a time zone.", task=key, field=name)
        if name == "priority" and not 0 <= value <= HIGHEST_PRIORITY:
            raise TaskRefused("A priority is a number from 0 to 100.", task=key)
        if name.startswith("candidate") and not all(isinstance(one, str) and one for one in value):
            raise TaskRefused("Candidates are names.", task=key, field=name)
