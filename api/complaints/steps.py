"""What the register learns from each step of a case: who did which duty, and the private answers of forms."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.agreement import refuse_ending
from api.complaints.eligibility import release_barred
from api.complaints.of_case import complaint_of_root
from api.complaints.tables import ComplaintRow, DutyRow, EventRow
from engine.commands.house import Sensitive, StepReport
from engine.execution.changes import Change, TaskClosed, TaskOpened
from engine.store.tables import tasks


class Listener:
    """Called inside the transaction of every step, with what changed."""

    def __init__(self, next_key: Callable[[], int]) -> None:
        """``next_key`` hands out keys."""
        self._next_key = next_key

    def __call__(self, session: Session, report: StepReport) -> None:
        """Note finished duties in the timeline, and keep private answers with the complaint. Raises ``ComplaintStillOpen``."""
        refuse_ending(session, report)
        closed: dict[int, int] = {
            change.key: report.roots[instance]
            for instance, change in report.changes
            if isinstance(change, TaskClosed) and not change.canceled
        }
        mine = [key for key, root in closed.items() if complaint_of_root(session, root) is not None]
        if mine:
            self._note_duties(session, report, mine)
        moved = {report.roots[instance] for instance, change in report.changes if _may_bar_a_holder(change)}
        roots = [root for root in moved if complaint_of_root(session, root) is not None]
        if roots:
            session.flush()
            release_barred(session, roots, at=report.now, next_key=self._next_key)
        for sensitive in report.sensitive:
            self._keep_private(session, sensitive)

    def _note_duties(self, session: Session, report: StepReport, closed: list[int]) -> None:
        rows = session.execute(
            select(
                tasks.c.key,
                tasks.c.name,
                tasks.c.headers,
                tasks.c.element_id,
                ComplaintRow.key.label("complaint"),
            )
            .join(ComplaintRow, ComplaintRow.instance_key == tasks.c.root_key)
            .where(tasks.c.key.in_(closed))
        )
        for row in rows:
            duty = (row.headers or {}).get("duty") or row.element_id
            session.add(
                DutyRow(
                    key=self._next_key(),
                    complaint_key=row.complaint,
                    task_key=row.key,
                    duty=duty,
                    person_name=report.actor.name,
                    at=report.now,
                )
            )
            session.add(
                EventRow(
                    key=self._next_key(),
                    complaint_key=row.complaint,
                    at=report.now,
                    by=report.actor.name,
                    kind="task-done",
                    text=row.name,
                    facts={"task": str(row.key), "duty": duty},
                )
            )

    def _keep_private(self, session: Session, sensitive: Sensitive) -> None:
        complaint = session.scalar(
            select(ComplaintRow).where(ComplaintRow.instance_key == sensitive.root_key)
        )
        if complaint is not None:
            private = dict(complaint.private)
            private.update(sensitive.values)
            complaint.private = private


def _may_bar_a_holder(change: Change) -> bool:
    """Tell whether somebody may hold a task since this change that a rule keeps from them."""
    return (isinstance(change, TaskClosed) and not change.canceled) or (
        isinstance(change, TaskOpened) and bool(change.assignee)
    )


class Private:
    """Where private answers are found again when a form shows them."""

    def load(self, session: Session, root_key: int) -> dict[str, object]:
        """Return the private values of the case, by dotted path made nested."""
        stored = (
            session.scalar(select(ComplaintRow.private).where(ComplaintRow.instance_key == root_key)) or {}
        )
        nested: dict[str, object] = {}
        for path, value in stored.items():
            *parents, name = path.split(".")
            place = nested
            for parent in parents:
                inner = place.setdefault(parent, {})
                place = inner if isinstance(inner, dict) else {}
            place[name] = value
        return nested
