"""Which complaint a case is about: asked by several rules within one step, looked up once."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.tables import ComplaintRow
from engine.store.tables import instances

_ASKED = "complaint_of_case"


def complaint_of_case(session: Session, root_key: int) -> int | None:
    """Return the complaint's key by the key of its root instance; None for a process without a complaint.

    The answer holds for the transaction: a complaint is registered together with its case, never afterwards.
    """
    known: dict[int, int | None] = session.info.setdefault(_ASKED, {})
    if root_key not in known:
        known[root_key] = session.scalar(
            select(ComplaintRow.key).where(ComplaintRow.instance_key == root_key)
        )
    return known[root_key]


def complaint_served(session: Session, root_key: int) -> int | None:
    """Return the complaint whose case this is, or for which a message began it beside the case (the survey); else None."""
    own = complaint_of_case(session, root_key)
    if own is not None:
        return own
    begun_for = session.scalar(select(instances.c.start_key).where(instances.c.key == root_key)) or ""
    if not begun_for.isdecimal():
        return None
    return session.scalar(select(ComplaintRow.key).where(ComplaintRow.key == int(begun_for)))
