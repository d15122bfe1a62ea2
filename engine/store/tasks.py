"""Rows of user tasks: one at a time, and who they are offered to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store.columns import FAR
from engine.store.errors import VersionConflict
from engine.store.instances import HEAD, InstanceRow
from engine.store.tables import instances, jobs, task_candidates, tasks

NEXT_TIMER = (
    sa.select(sa.func.min(jobs.c.due_at))
    .where(jobs.c.root_key == tasks.c.root_key, jobs.c.kind == "timer", jobs.c.status == "ready")
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as commands need it; ``next_timer_at`` is when the next timer of its family is due."""

    key: int
    instance_key: int
    root_key: int
    process_id: str
    element_id: str
    state: str
    revision: int
    assignee: str | None
    candidate_groups: Sequence[str]
    candidate_users: Sequence[str]
    priority: int
    due_at: datetime | None
    due_sort: datetime
    follow_up_at: datetime | None
    clock: str | None
    form_key: int | None
    headers: Mapping[str, str]
    next_timer_at: datetime | None


COLUMNS = [tasks.c[name] for name in TaskRow.__slots__ if name != "next_timer_at"]
_READ = sa.select(*COLUMNS, NEXT_TIMER.label("next_timer_at")).where(tasks.c.key == sa.bindparam("task"))
_SEEN = instances.alias("seen")
_LOCK = (
    sa.select(
        *(column.label(f"case_{column.name}") for column in HEAD),
        *COLUMNS,
        NEXT_TIMER.label("next_timer_at"),
        _SEEN.c.revision.label("seen_revision"),
    )
    .select_from(tasks)
    .join(instances, instances.c.key == tasks.c.root_key)
    .join(_SEEN, _SEEN.c.key == tasks.c.root_key)
    .where(tasks.c.key == sa.bindparam("task"))
    .with_for_update(of=instances)
)


def lock(session: Session, key: int) -> tuple[InstanceRow, TaskRow] | None:
    """Lock the family of a task; return its root and the task, or None.

    One statement. If it had to wait for the lock, PostgreSQL shows the root as it is now but the task as it
    was: the root then has another revision than the same row read without lock, and the question is asked
    again. What does not count the root's revision up (claiming) shows in the task's own revision.
    """
    row = session.execute(_LOCK, {"task": key}).first()
    if row is not None and row.seen_revision != row.case_revision:
        row = session.execute(_LOCK, {"task": key}).first()
    if row is None:
        return None
    found = row._mapping
    root = InstanceRow(**{column.name: found[f"case_{column.name}"] for column in HEAD})
    return root, TaskRow(**{name: found[name] for name in TaskRow.__slots__})


def read(session: Session, key: int) -> TaskRow | None:
    """Return a task, or None; lock its family first when it is to be changed."""
    row = session.execute(_READ, {"task": key}).first()
    return None if row is None else TaskRow(**row._mapping)


def assignees(session: Session, keys: Sequence[int]) -> dict[int, str]:
    """Return who holds each of these tasks, without those nobody holds."""
    held = sa.select(tasks.c.key, tasks.c.assignee).where(
        tasks.c.key.in_(keys), tasks.c.assignee.is_not(None)
    )
    return dict(session.execute(held).all()) if keys else {}


def change(session: Session, task: TaskRow, **values: Any) -> None:
    """Change an open task that has not changed since it was read. Raises ``VersionConflict``."""
    if "due_at" in values:
        values["due_sort"] = values["due_at"] or FAR
    done: Any = session.execute(
        sa.update(tasks)
        .where(tasks.c.key == task.key, tasks.c.revision == task.revision, tasks.c.state == "CREATED")
        .values(revision=task.revision + 1, **values)
    )
    if done.rowcount != 1:
        raise VersionConflict(task=task.key)


def offer(session: Session, rows: Sequence[Mapping[str, Any]], task_key: int) -> None:
    """Replace the candidates of a task."""
    session.execute(sa.delete(task_candidates).where(task_candidates.c.task_key == task_key))
    if rows:
        session.execute(sa.insert(task_candidates), [dict(row) for row in rows])


def purge_offers(session: Session, limit: int = 10_000) -> int:
    """Remove the candidate rows of tasks that are closed; return how many there were."""
    closed = (
        sa.select(task_candidates.c.task_key)
        .join(tasks, tasks.c.key == task_candidates.c.task_key)
        .where(tasks.c.state != "CREATED")
        .limit(limit)
    )
    done: Any = session.execute(sa.delete(task_candidates).where(task_candidates.c.task_key.in_(closed)))
    return int(done.rowcount)
