"""Which of our promises hang on a yes of the complainant: a limit of the rules that counts from it is for those alone."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.reading import standing_remedies
from api.complaints.tables import RecordRow
from engine.deadlines.policy import DeadlinePolicy

_YES = "offer_accepted"
_CARRIED_OUT = "commitment"  # the clock of what we carry out


def kept_in_any_case(session: Session, key: int) -> frozenset[str]:
    """Return the marks of what our decisions promise whatever the complainant says of them."""
    decided = session.scalars(
        select(RecordRow).where(RecordRow.complaint_key == key, RecordRow.kind == "decision")
    )
    return frozenset(
        str(one.get("id"))
        for record in decided
        for one in record.data.get("commitments") or ()
        if one.get("keepAnyway") is True
    )


def begins(session: Session, key: int, limit: DeadlinePolicy) -> bool:
    """Tell whether a limit of the table has anything to be for: one that counts from the yes, something to do that hangs on it.

    Where nothing that was promised is on record, the limit is all that is known.
    """
    counts = limit.clock != _CARRIED_OUT or limit.anchor != _YES
    return counts or not standing_remedies(session, key) or is_left(session, key, limit)


def is_left(session: Session, key: int, limit: DeadlinePolicy) -> bool:
    """Tell whether something that a limit of the table is for is still to be carried out."""
    kept = kept_in_any_case(session, key)
    return any(
        row.corrected_at is None and is_for(limit, kept=row.mark in kept)
        for row in standing_remedies(session, key)
    )


def is_for(limit: DeadlinePolicy, *, kept: bool) -> bool:
    """Tell whether a limit of the table is for a promise: one that counts from the yes is for none that is ``kept`` in any case."""
    return not kept or limit.clock != _CARRIED_OUT or limit.anchor != _YES
