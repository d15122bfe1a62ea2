"""Complaints that no clock watches: whatever the reason, managers hear of each, once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.clock_start import PROMISING
from api.complaints.states import ENDED
from api.complaints.tables import ClockRow, ComplaintRow, NoticeRow

if TYPE_CHECKING:
    from api.wiring import Redress

EVERY = timedelta(minutes=1)
AT_ONCE = 500
SUBJECT = "A complaint has no deadline"
TEXT = (
    "Nothing says by when it is acknowledged or answered, so nobody would be reminded. Look for it among the stuck steps; "
    "the usual cause is a regime or a day of receipt that no row of the table of deadlines is for."
)


def tell(service: Redress) -> int:
    """Tell the managers of every open complaint that has no such clock and was not told of yet; return how many."""

    def work(session: Session) -> int:
        promised = select(ClockRow.key).where(
            ClockRow.complaint_key == ComplaintRow.key, ClockRow.name.in_(PROMISING)
        )
        told = select(NoticeRow.key).where(
            NoticeRow.complaint_key == ComplaintRow.key, NoticeRow.subject == SUBJECT
        )
        silent = select(ComplaintRow.key).where(
            ComplaintRow.state.not_in(ENDED), ~promised.exists(), ~told.exists()
        )
        keys = session.scalars(silent.order_by(ComplaintRow.key).limit(AT_ONCE)).all()
        for key in keys:
            session.add(
                NoticeRow(
                    key=service.database.keys.next(),
                    complaint_key=key,
                    group_name="complaints-managers",
                    subject=SUBJECT,
                    text=TEXT,
                    at=service.clock.now(),
                )
            )
        return len(keys)

    return service.engine.write(work)
