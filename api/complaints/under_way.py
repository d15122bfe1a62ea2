"""Which complaints somebody still works on: those not closed, and those an outside body has taken up since."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_

from api.complaints.states import ENDED, is_outside_again
from api.complaints.tables import ComplaintRow


def is_under_way(complaint: ComplaintRow) -> bool:
    """Tell whether somebody works on the complaint."""
    return complaint.closed_at is None or is_outside_again(complaint.state, complaint.closed_at)


def under_way() -> ColumnElement[bool]:
    """Return the condition of ``is_under_way`` for queries."""
    return or_(ComplaintRow.closed_at.is_(None), ComplaintRow.state.not_in(ENDED))
