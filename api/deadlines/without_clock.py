"""Complaints that wait for our answer and that no clock watches: whatever the reason, managers hear of each, once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import CHANCES, WINDOWS
from api.complaints.states import AWAITED
from api.complaints.tables import ClockRow, ComplaintRow, NoticeRow
from engine.deadlines.state import OPEN

if TYPE_CHECKING:
    from api.wiring import Redress

EVERY = timedelta(minutes=1)
AT_ONCE = 500
SUBJECT = "A complaint has no deadline"
TEXT = (
    "It waits for our answer, and nothing says by when, so nobody would be reminded. Look for it among the stuck steps; the "
    "usual cause is a regime or a day of receipt that no row of the table of deadlines is for, or an answer due on a day that "
    "nobody has noted yet."
)


def tell(service: Redress) -> int:
    """Tell the managers of every complaint whose answer is awaited without an open clock, and that was not told of yet.

    Returns how many. A clock that ended, or a time that only somebody may use, watches nothing.
    """

    def work(session: Session) -> int:
        watched = select(ClockRow.key).where(
            ClockRow.complaint_key == ComplaintRow.key,
            ClockRow.state.in_(OPEN),
            ClockRow.name.not_in(WINDOWS | CHANCES),
        )
        told = select(NoticeRow.key).where(
            NoticeRow.complaint_key == ComplaintRow.key, NoticeRow.subject == SUBJECT
        )
        silent = select(ComplaintRow.key).where(
            ComplaintRow.state.in_(AWAITED), ~watched.exists(), ~told.exists()
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
