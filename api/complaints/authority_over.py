"""An authority that is over, or was limited: an answer of ours that only its representative has goes to who may reply to it now."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Select, and_, or_, select

from api.complaints.clock_rows import Desk
from api.complaints.letter_addressees import note_lapse
from api.complaints.letters_follow import ASK_AGAIN, BESIDES, letters_follow, only_they_have
from api.complaints.parties import CONFIRMED, EXPIRED, FORMER, RECEIVE, REPRESENTATIVE, lapsed
from api.complaints.tables import ComplaintRow, PartyRow
from engine.actors import SYSTEM
from engine.deadlines.clocks import Act

if TYPE_CHECKING:
    from api.wiring import Redress

EVERY = timedelta(minutes=10)


def settle(service: Redress) -> int:
    """Note every authority that is over, and have letters follow (``letters_follow``); return how many answers were written. A
    chore."""
    today = service.today()
    found = service.engine.read(lambda session: session.scalars(_over(today)).all())
    written = 0

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        nonlocal written
        gone = lapsed(desk.session, complaint.key, on=desk.today)
        note_lapse(desk, complaint)
        is_written, moved = letters_follow(service, desk, complaint)
        written += is_written
        if gone is not None and (alone := only_they_have(service, desk.session, gone)):
            subject = f"What only a representative has of {complaint.reference}"
            text = ASK_AGAIN.format("; ".join(alone))
            desk.notify_owner(complaint, subject, text, otherwise="complaints-managers")
        return moved

    for key in found:
        act = Act(at=service.clock.now(), by=SYSTEM.name, reason=BESIDES)
        service.move_clocks(key, change, act=act, by=SYSTEM)
    return written


def _over(today: date) -> Select[int]:
    """Return the open complaints of a representative who may not reply on this day of the service's zone: their authority is
    over, somebody limited it, or somebody else took their place."""
    has_lapsed = and_(PartyRow.authority == CONFIRMED, PartyRow.authority_until < today)
    decides_nothing = and_(PartyRow.authority == CONFIRMED, PartyRow.authority_scope == RECEIVE)
    return (
        select(ComplaintRow.key)
        .join(PartyRow, PartyRow.complaint_key == ComplaintRow.key)
        .where(
            ComplaintRow.closed_at.is_(None),
            ComplaintRow.instance_key.is_not(None),
            or_(
                PartyRow.role == FORMER,
                and_(
                    PartyRow.role == REPRESENTATIVE,
                    or_(
                        PartyRow.ended_at.is_not(None),
                        PartyRow.authority == EXPIRED,
                        has_lapsed,
                        decides_nothing,
                    ),
                ),
            ),
        )
        .distinct()
        .order_by(ComplaintRow.key)
    )
