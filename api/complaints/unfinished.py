"""What must come to its end before a complaint's case may: danger nobody has acted on, diagrams that still run."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.errand import Errand
from api.complaints.from_complainant import ADDITION
from api.complaints.tables import ComplaintRow, EventRow, RecordRow, oldest_first
from engine.dialect.model import names_in

WAITS = "closing-waits"  # the kind of the timeline's line


def unfinished(errand: Errand) -> dict[str, Any]:
    """``redress:unfinished``: which of the called diagrams in header ``processes`` (parted by commas) still run in this case.

    Returns ``unfinished``, their ids; also those that are stuck. The timeline says once that the closing waits.
    """
    asked = {*names_in(errand.header("processes"))}
    found = sorted(asked & errand.context.running())
    told = select(EventRow.key).where(EventRow.complaint_key == errand.complaint.key, EventRow.kind == WAITS)
    if found and errand.session.scalar(told.limit(1)) is None:
        errand.tell(WAITS, "The closing waits for what must be finished first", facts={"unfinished": found})
    return {"unfinished": found}


def unread(session: Session, complaint: ComplaintRow) -> list[EventRow]:
    """Return the lines of what the complainant sent and nobody has said to have read, oldest first.

    A record of a reading names what was read; one from before they did, whatever came first.
    """
    sent = session.scalars(
        select(EventRow)
        .where(EventRow.complaint_key == complaint.key, EventRow.kind == ADDITION)
        .order_by(*oldest_first(EventRow))
    )
    kept = select(RecordRow).where(RecordRow.complaint_key == complaint.key, RecordRow.kind == "information")
    read = [
        one.data.get("addition") for one in session.scalars(kept) if one.data.get("from") == "complainant"
    ]
    return [one for one in sent if str(one.key) not in read][read.count(None) :]
