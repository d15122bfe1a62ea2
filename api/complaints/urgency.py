"""A complaint that is urgent comes first: each of its tasks, open or opened later, ranks at least as high as the complaint."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.complaints.of_case import complaint_of_root, roots_of_complaints
from api.complaints.tables import ComplaintRow
from engine.commands.house import StepReport
from engine.execution.changes import TaskOpened
from engine.store.tables import task_candidates, tasks

_TOLD = "complaints_made_urgent"
URGENT = 90  # the least priority of a complaint that is urgent or tells of danger


def make_urgent(session: Session, complaint: ComplaintRow) -> None:
    """Let the complaint come first, and its open tasks once the step is over; what ranks higher keeps its place."""
    complaint.priority = max(complaint.priority, URGENT)
    session.info.setdefault(_TOLD, set()).add(complaint.key)


def rank_tasks(session: Session, report: StepReport) -> None:
    """Let every open task of a complaint that was told to be urgent in this step, and those opened in it, rank like theirs."""
    for key in session.info.pop(_TOLD, ()):
        complaint = session.get(ComplaintRow, key)
        if complaint is not None:
            roots = roots_of_complaints().where(ComplaintRow.key == key)
            _raise(session, tasks.c.root_key.in_(roots), complaint.priority)
    opened: dict[int, list[int]] = {}
    for instance, change in report.changes:
        if isinstance(change, TaskOpened):
            opened.setdefault(report.roots[instance], []).append(change.key)
    for root, keys in opened.items():
        complaint_key = complaint_of_root(session, root)
        complaint = session.get(ComplaintRow, complaint_key) if complaint_key is not None else None
        if complaint is not None and complaint.priority >= URGENT:
            _raise(session, tasks.c.key.in_(keys), complaint.priority)


def _raise(session: Session, which: sa.ColumnElement[bool], priority: int) -> None:
    lower = sa.and_(which, tasks.c.state == "CREATED", tasks.c.priority < priority)
    keys: Collection[int] = session.scalars(sa.select(tasks.c.key).where(lower)).all()
    if not keys:
        return
    session.execute(
        sa.update(tasks).where(tasks.c.key.in_(keys)).values(priority=priority, revision=tasks.c.revision + 1)
    )
    session.execute(
        sa.update(task_candidates).where(task_candidates.c.task_key.in_(keys)).values(priority=priority)
    )
