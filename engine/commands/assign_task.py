"""Who does a task: claiming it, giving it back, giving it to someone."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine.actors import Actor
from engine.commands.errors import TaskHeld, TaskRefused
from engine.commands.house import House
from engine.commands.step import Step
from engine.commands.tasks import facts_of, open_task
from engine.store import tasks
from engine.store.tasks import TaskRow

LONGEST_NAME = 256


def claim_task(house: House, session: Session, key: int, *, by: Actor, revision: int | None = None) -> None:
    """Take a task for oneself; claiming one's own again changes nothing.

    Raises ``TaskHeld`` and what ``open_task`` does.
    """
    step = Step(house, session, actor=by, command="claim_task")
    task = open_task(step, key, "claim", revision=revision)
    if task.assignee not in (None, by.name):
        raise TaskHeld(task=key, holder=task.assignee)
    _give(step, task, by.name)


def unclaim_task(house: House, session: Session, key: int, *, by: Actor) -> None:
    """Give a task back. Raises what ``open_task`` does."""
    step = Step(house, session, actor=by, command="unclaim_task")
    task = open_task(step, key, "unclaim")
    if by.kind == "person" and task.assignee not in (None, by.name):
        house.guard.check("assign", session=session, task=facts_of(task), actor=by, assignee=None)
    _give(step, task, None)


def assign_task(
    house: House, session: Session, key: int, assignee: str, *, allow_override: bool, by: Actor
) -> None:
    """Give a task to someone.

    Raises ``TaskRefused``, ``TaskHeld`` without ``allow_override``, and what ``open_task`` does.
    """
    if not assignee or len(assignee) > LONGEST_NAME:
        raise TaskRefused("An assignee needs a name of 1 to 256 characters.", task=key)
    step = Step(house, session, actor=by, command="assign_task")
    task = open_task(step, key, "assign", assignee=assignee)
    if not allow_override and task.assignee not in (None, assignee):
        raise TaskHeld(task=key, holder=task.assignee)
    _give(step, task, assignee)


def _give(step: Step, task: TaskRow, assignee: str | None) -> None:
    if task.assignee != assignee:
        tasks.change(step.session, task, assignee=assignee)
        kind = "task_assigned" if assignee else "task_released"
        step.rows.tell(
            step.head(task.instance_key), kind, {"task": task.key, "from": task.assignee, "to": assignee}
        )
    step.finish()
