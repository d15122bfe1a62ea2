"""Register and case agree: nobody ends the case of an open complaint by hand, and one that ended all the same is told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from api.complaints.tables import ComplaintRow, EventRow, NoticeRow
from engine.commands.house import StepReport
from engine.errors import Conflict
from engine.store import incidents
from engine.store import instances as instance_rows
from engine.store.tables import instances

if TYPE_CHECKING:
    from api.wiring import Redress

EVERY = timedelta(minutes=1)
CODE = "case_ended_complaint_open"
TOLD = "case-ended"  # the kind of the timeline's line; a complaint that has it was told of
AT_ONCE = 100
_WORK = frozenset({"start", "complete_task"})  # what people do along a diagram; all else they do to it


class ComplaintStillOpen(Conflict):
    """This would end the case while its complaint is open. Move it to a step that leads to closing, or let it be withdrawn."""

    code = "complaint_still_open"


def refuse_ending(session: Session, report: StepReport) -> None:
    """Raise ``ComplaintStillOpen`` if somebody steers a case to its end that has not closed its complaint.

    Work along the diagram is never refused for what the diagram forgets: that is told (``note_ended``).
    """
    if report.actor.kind != "person" or report.command in _WORK or not report.ended_roots:
        return
    still_open = session.scalar(
        select(ComplaintRow.key)
        .where(ComplaintRow.instance_key.in_(report.ended_roots), ComplaintRow.closed_at.is_(None))
        .limit(1)
    )
    if still_open is not None:
        raise ComplaintStillOpen(complaint=str(still_open))


def note_ended(service: Redress) -> int:
    """Tell the complaints managers of every open complaint whose case has ended, once; return how many. A chore."""
    found = service.engine.read(lambda session: session.scalars(_ended().limit(AT_ONCE)).all())
    for key in found:
        service.engine.write(lambda session, key=key: _tell(service, session, key))  # type: ignore[misc]
    return len(found)


def _ended() -> Select[int]:
    told = select(EventRow.complaint_key).where(EventRow.kind == TOLD)
    return (
        select(ComplaintRow.key)
        .join(instances, instances.c.key == ComplaintRow.instance_key)
        .where(
            ComplaintRow.closed_at.is_(None),
            instances.c.state.in_(("COMPLETED", "TERMINATED")),
            ComplaintRow.key.not_in(told),
        )
        .order_by(ComplaintRow.key)
    )


def _tell(service: Redress, session: Session, key: int) -> None:
    complaint = session.get(ComplaintRow, key, with_for_update=True)
    still = session.scalar(_ended().where(ComplaintRow.key == key))
    if complaint is None or complaint.instance_key is None or still is None:
        return
    now, next_key = service.clock.now(), service.database.keys.next
    text = f"The case of complaint {complaint.reference} has ended, but the complaint is still open. Nobody works on it."
    session.add(
        EventRow(key=next_key(), complaint_key=key, at=now, by="system", kind=TOLD, text=text, facts={})
    )
    session.add(
        NoticeRow(
            key=next_key(),
            complaint_key=key,
            group_name="complaints-managers",
            subject="A case ended, its complaint did not",
            text=text,
            at=now,
        )
    )
    case = instance_rows.read(session, complaint.instance_key)
    if case is None:
        return
    row = incidents.new_row(
        key=next_key(),
        now=now,
        place=f"instance:{case.key}",
        error_type="UNKNOWN",
        code=CODE,
        message="The case ended without a step of type redress:close, so its complaint is still open.",
        instance_key=case.key,
        root_key=case.root_key,
        definition_key=case.definition_key,
        process_id=case.process_id,
    )
    if incidents.open_one(session, row):
        instance_rows.count_incidents(session, case, 1)
