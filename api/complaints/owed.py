"""Which clocks a complaint still owes: by its state, and by whether there is anybody to write to."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.complaints.states import owes
from api.complaints.tables import ComplaintRow, PartyRow


def somebody_to_write_to(session: Session, complaint_key: int) -> bool:
    """Tell whether the complainant, or who speaks for them, left an address of any kind."""
    reached = or_(PartyRow.email.is_not(None), PartyRow.address.is_not(None), PartyRow.phone.is_not(None))
    found = select(PartyRow.key).where(
        PartyRow.complaint_key == complaint_key,
        PartyRow.role != "staff-concerned",
        PartyRow.ended_at.is_(None),
        reached,
    )
    return session.scalar(found.limit(1)) is not None


def owed(session: Session, complaint: ComplaintRow, clock: str) -> bool:
    """Tell whether anybody is owed what the clock ``clock`` of this complaint asks for."""
    return owes(complaint.state, clock, reachable=somebody_to_write_to(session, complaint.key))
