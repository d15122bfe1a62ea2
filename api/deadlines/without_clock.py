"""Complaints that no clock watches, which wait for our answer or stand still at a step: managers hear of each, once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import CHANCES, WINDOWS
from api.complaints.states import AWAITED, ENDED
from api.complaints.steps import WRITE
from api.complaints.tables import ClockRow, ComplaintRow, NoticeRow
from engine.deadlines.state import OPEN
from engine.store.tables import incidents, instances, jobs

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
STANDS_STILL = "A complaint stands still"
WHERE_IT_STANDS = (
    "A step of it failed, and no deadline runs that somebody would be reminded of. It stands among the stuck steps, which say "
    "what failed; mend the cause, and repeat the step there."
)


def tell(service: Redress) -> int:
    """Tell the managers of every complaint that no open clock watches, and that was not told of yet: once, where our answer is
    awaited; in any other state in which it is open, once for each step of it that failed.

    Returns how many were told of. A clock that ended, or a time that only somebody may use, watches nothing.
    """

    def work(session: Session) -> int:
        awaited = session.scalars(_silent().limit(AT_ONCE)).all()
        stuck = session.scalars(_standing_still().limit(AT_ONCE)).all()
        for key, subject, text in (
            *((key, SUBJECT, TEXT) for key in awaited),
            *((key, STANDS_STILL, WHERE_IT_STANDS) for key in stuck),
        ):
            session.add(
                NoticeRow(
                    key=service.database.keys.next(),
                    complaint_key=key,
                    group_name="complaints-managers",
                    subject=subject,
                    text=text,
                    at=service.clock.now(),
                )
            )
        return len(awaited) + len(stuck)

    return service.engine.write(work)


def _silent() -> Select[int]:
    """Return the query of the complaints whose answer is awaited without a clock, and that nobody was told of."""
    told = select(NoticeRow.key).where(
        NoticeRow.complaint_key == ComplaintRow.key, NoticeRow.subject == SUBJECT
    )
    return _unwatched().where(ComplaintRow.state.in_(AWAITED), ~told.exists())


def _standing_still() -> Select[int]:
    """Return the query of the other open complaints without a clock of which a step failed that nobody was told of.

    Of a letter that could not be written they hear as it fails.
    """
    told = select(NoticeRow.key).where(
        NoticeRow.complaint_key == ComplaintRow.key,
        NoticeRow.subject == STANDS_STILL,
        NoticeRow.at >= incidents.c.created_at,
    )
    letter = select(jobs.c.key).where(jobs.c.key == incidents.c.job_key, jobs.c.type.in_(WRITE))
    return (
        _unwatched()
        .join(instances, instances.c.case_key == ComplaintRow.instance_key)
        .join(incidents, incidents.c.instance_key == instances.c.key)
        .where(
            incidents.c.state == "ACTIVE",
            ComplaintRow.state.not_in(AWAITED | ENDED),
            ~told.exists(),
            ~letter.exists(),
        )
        .distinct()
    )


def _unwatched() -> Select[int]:
    watched = select(ClockRow.key).where(
        ClockRow.complaint_key == ComplaintRow.key,
        ClockRow.state.in_(OPEN),
        ClockRow.name.not_in(WINDOWS | CHANCES),
    )
    return select(ComplaintRow.key).where(~watched.exists()).order_by(ComplaintRow.key)
