"""What every command on a task does first: lock its case, find it, ask the guard."""

from __future__ import annotations

from engine.actors import Actor
from engine.commands.errors import StaleTask, TaskAlreadyCompleted, TaskCanceled, TaskNotFound
from engine.commands.house import TaskAction, TaskFacts
from engine.commands.step import Step
from engine.store import tasks
from engine.store.tasks import TaskRow


def open_task(
    step: Step,
    key: int,
    action: TaskAction,
    *,
    revision: int | None = None,
    assignee: str | None = None,
    timers_first: bool = False,
) -> TaskRow:
    """Return the open task, its family locked and the guard asked.

    With ``timers_first`` whatever is due in the family takes effect before, and may take the task away.
    Raises ``TaskNotFound``, ``TaskAlreadyCompleted``, ``TaskCanceled``, ``StaleTask`` if it is no longer at
    ``revision``, and what the guard raises.
    """
    found = tasks.lock(step.session, key)
    if found is None:
        raise TaskNotFound(task=key)
    root, task = found
    step.holds(root)
    if timers_first and task.next_timer_at is not None and task.next_timer_at <= step.now:
        step.fire_due_timers(task.root_key)
        task = _read(step, key)
    ask_guard(step, task, action, step.actor, assignee=assignee)
    if task.state == "COMPLETED":
        raise TaskAlreadyCompleted(task=key)
    if task.state != "CREATED":
        raise TaskCanceled(task=key)
    if revision is not None and revision != task.revision:
        raise StaleTask(task=key, revision=task.revision, seen=revision)
    step.rows.saw_task(key, task.revision)
    return task


def ask_guard(
    step: Step, task: TaskRow, action: TaskAction, actor: Actor, *, assignee: str | None = None
) -> None:
    """Ask the guard whether ``actor`` may do this. Raises what it raises."""
    step.house.guard.check(action, session=step.session, task=facts_of(task), actor=actor, assignee=assignee)


def facts_of(task: TaskRow) -> TaskFacts:
    """Return what the guard may know of a task."""
    return TaskFacts(
        key=task.key,
        element_id=task.element_id,
        process_id=task.process_id,
        instance_key=task.instance_key,
        root_key=task.root_key,
        assignee=task.assignee,
        candidate_groups=tuple(task.candidate_groups),
        candidate_users=tuple(task.candidate_users),
        headers=task.headers,
    )


def _read(step: Step, key: int) -> TaskRow:
    task = tasks.read(step.session, key)
    if task is None:
        raise TaskNotFound(task=key)
    return task
