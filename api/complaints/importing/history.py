"""History comes in silently: a complaint that is over is kept as it ended, with no case, no clock, no letter and no link."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from api.complaints.intake import NewComplaint, free_reference, store
from api.complaints.tables import ComplaintRow, EventRow, IssueRow
from engine.actors import Actor

if TYPE_CHECKING:
    from api.wiring import Redress

ENDED_AT = time(17, 0)  # a file knows the day alone


def keep_closed(service: Redress, complaint: NewComplaint, *, by: Actor) -> str:
    """Store a complaint that has an ``ending``, and return its reference. Raises ``ComplaintRefused``."""
    now = service.clock.now()

    def work(session: Session) -> str:
        row = store(
            session,
            complaint,
            free_reference(session),
            instance_key=None,
            by=by,
            now=now,
            zone=service.settings.time_zone,
            next_key=service.database.keys.next,
        )
        _end(service, session, row, complaint, by=by, now=now)
        return row.reference

    return service.engine.write(work)


def _end(
    service: Redress, session: Session, row: ComplaintRow, new: NewComplaint, *, by: Actor, now: datetime
) -> None:
    ending = new.ending
    if ending is None:
        raise ValueError("only a complaint that is over is kept closed")
    row.state, row.outcome, row.closing_reason = "closed", ending.outcome, ending.reason
    if ending.on is not None:
        row.closed_at = min(datetime.combine(ending.on, ENDED_AT, service.settings.time_zone), now)
    for issue in session.query(IssueRow).where(IssueRow.complaint_key == row.key):
        issue.outcome = ending.outcome
    session.add(
        EventRow(
            key=service.database.keys.next(),
            complaint_key=row.key,
            at=now,
            by=by.name,
            kind="imported",
            text="Imported as a complaint that was already closed",
            facts={"source": new.source, "row": new.source_key},
        )
    )
