"""Which clocks a complaint still owes: by its state, and by whether there is anybody a letter may go to."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from api.complaints.parties import can_be_reached, may_act, only_claims, parties
from api.complaints.states import RECEIPTS, TOLD_TO_SOMEBODY, owes
from api.complaints.tables import ComplaintRow


def somebody_to_write_to(session: Session, complaint_key: int, *, on: date) -> bool:
    """Tell whether anybody can be reached whom the complainant's letters may go to on the local day ``on``."""
    known = parties(session, complaint_key).values()
    return any(can_be_reached(one) and may_act(one, on=on) for one in known)


def told_to_nobody(session: Session, complaint_key: int, *, on: date) -> frozenset[str]:
    """Return the clocks of what is only said to somebody, and may be said to nobody who can be reached on the local day ``on``.

    A representative whose authority nobody has confirmed is told that we have the complaint, and nothing else.
    """
    if somebody_to_write_to(session, complaint_key, on=on):
        return frozenset()
    known = parties(session, complaint_key).values()
    is_received = any(can_be_reached(one) and only_claims(one) for one in known)
    return TOLD_TO_SOMEBODY - RECEIPTS if is_received else TOLD_TO_SOMEBODY


def owed(session: Session, complaint: ComplaintRow, clock: str, *, on: date) -> bool:
    """Tell whether anybody is owed what the clock ``clock`` of this complaint asks for, on the local day ``on``."""
    nobody = told_to_nobody(session, complaint.key, on=on)
    return owes(complaint.state, clock, nobody, closed_at=complaint.closed_at)
