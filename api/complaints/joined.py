"""Which complaints joined which, as the lines of their timelines say."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.tables import ComplaintRow, EventRow

INTO, FROM = "into", "duplicate"  # facts of the lines that say which complaint joined which


def joined_by(session: Session, complaint_key: int) -> dict[int, str]:
    """Return the references of the complaints that joined this one, by key."""
    told = session.scalars(select(EventRow.facts).where(EventRow.complaint_key == complaint_key))
    references = {str(facts[FROM]) for facts in told if FROM in (facts or {})}
    rows = select(ComplaintRow.key, ComplaintRow.reference).where(ComplaintRow.reference.in_(references))
    return {row.key: row.reference for row in session.execute(rows)} if references else {}
