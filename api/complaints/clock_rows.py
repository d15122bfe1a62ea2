"""Clocks as rows of the register: found, written with their history and timeline, and when each wants attention next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.complaints.tables import ClockChangeRow, ClockRow, ComplaintRow, EventRow, NoticeRow
from engine import feel
from engine.calendars import Calendar
from engine.deadlines.clocks import Act, ClockChange, Moved
from engine.deadlines.state import OPEN, ClockState
from engine.deadlines.warn import warnings_of, warnings_to_come
from engine.dialect.model import names_in
from engine.errors import NotFound
from engine.zones import local_date

LABELS = {
    "acknowledgement": "Acknowledgement",
    "update": "Next update",
    "final_response": "Final response",
    "early_resolution": "Early resolution",
    "holding_notice": "Holding notice",
    "target": "Internal target",
    "stage": "Stage",
    "contribution": "Contribution",
    "referral_window": "Time to go outside",
    "commitment": "Promised remedy",
    "assessment": "Assessment",
    "outcome_letter": "Letter of outcome",
    "data_protection_acknowledgement": "Data-protection acknowledgement",
    "internal_review": "Internal review",
    "explanation": "Letter explaining the delay",
    "promised_answer": "Promised answer",
    "plan_agreed": "Date of the answer agreed",
    "our_answer": "Our answer",
    "missing_day": "A missing day",
}
WINDOWS = frozenset({"referral_window"})  # time the complainant has: nobody is late when it is over
CHANCES = frozenset({"early_resolution"})  # time we may use: one not used in time is over without a word
OF_REJECTIONS = frozenset(
    {"internal_review"}
)  # what we reject, wholly or partly, is reviewed by then; nothing else is
MISSING_DAY = "missing_day"  # for diagrams: the clock due first whose day is only expected, as nobody noted what it counts from
OUR_ANSWER = "our_answer"  # what work on our answer is due with: the earliest of these
ANSWERING = frozenset({"target", "final_response", "outcome_letter", "internal_review", "promised_answer"})
NAMES_OF_SEVERAL = frozenset(
    {OUR_ANSWER, MISSING_DAY}
)  # whichever clock counts now: no clocks of the table or the register

_TOLD = {
    "paused": "paused",
    "resumed": "runs again",
    "extended": "extended",
    "met": "met",
    "breached": "breached",
    "breach_superseded": "breach superseded",
    "re_anchored": "counted anew",
    "reopened": "open again",
    "unextended": "not extended any more",
    "recategorised": "under another rule",
    "calendar_changed": "moved by a calendar change",
    "calendar_change_held": "a calendar change would shorten it; kept until somebody approves",
    "calendar_change_declined": "kept in spite of a calendar change",
    "cancelled": "no longer needed",
    "missed": "missed, and nothing more is owed",
    "superseded": "left out",
    "ruled_out": "does not apply any more",
}


class ClockNotFound(NotFound):
    """This complaint has no such clock."""

    code = "clock_not_found"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where clocks are moved and people told of it: the transaction, who acts, when, and how new keys are made."""

    session: Session
    act: Act
    moment: feel.Moment
    next_key: Callable[[], int]

    @property
    def today(self) -> date:
        """Return the local date at the desk."""
        return local_date(self.moment.now, self.moment.zone_info)

    def tell(
        self,
        complaint_key: int,
        kind: str,
        text: str,
        *,
        public: bool = False,
        facts: Mapping[str, Any] | None = None,
    ) -> EventRow:
        """Add a line to a complaint's timeline, and return it; a ``public`` one is shown to the complainant."""
        line = EventRow(
            key=self.next_key(),
            complaint_key=complaint_key,
            at=self.act.at,
            by=self.act.by,
            kind=kind,
            text=text,
            public=public,
            facts=dict(facts or {}),
        )
        self.session.add(line)
        return line

    def notify_owner(self, complaint: ComplaintRow, subject: str, text: str, *, otherwise: str) -> None:
        """Leave a notice for whoever looks after a complaint, for the group ``otherwise`` while nobody does."""
        self.session.add(
            NoticeRow(
                key=self.next_key(),
                complaint_key=complaint.key,
                person_name=complaint.owner,
                group_name=None if complaint.owner else otherwise,
                subject=subject,
                text=text,
                at=self.act.at,
            )
        )


def label(name: str) -> str:
    """Return the name of a clock as people read it."""
    return LABELS.get(name, name.replace("_", " ").capitalize())


def late_as_it_came(complaint: ComplaintRow, row: ClockRow) -> bool:
    """Tell whether this time was over when an import brought the complaint in: that is told once for the whole import."""
    return complaint.source is not None and row.bound_at is not None and row.bound_at <= complaint.recorded_at


def is_late(row: ClockRow, *, now: datetime) -> bool:
    """Tell whether an open clock is over. A day that is only expected, and time that is the complainant's, make nobody late."""
    over = row.bound_at is not None and row.bound_at <= now and row.name not in WINDOWS
    return over and row.state in ("running", "breached")


def is_only_expected(row: ClockRow, *, now: datetime) -> bool:
    """Tell whether the day of a clock has passed and counts for nothing: what it counts from is not known yet."""
    return row.state == "projected" and row.bound_at is not None and row.bound_at <= now


def followed_as(name: str) -> tuple[str, ...]:
    """Return the names under which diagrams follow a clock: its own, ``OUR_ANSWER`` where work on our answer serves it, and
    ``MISSING_DAY``, as any may count from a day that nobody has noted."""
    return (name, OUR_ANSWER, MISSING_DAY) if name in ANSWERING else (name, MISSING_DAY)


def clocks_in(meets: str | None) -> frozenset[str]:
    """Return the names of the clocks that a letter answers as it leaves, of their text parted by commas."""
    return frozenset(names_in(meets))


def open_clocks(session: Session, complaint_key: int) -> list[ClockRow]:
    """Return the clocks of a complaint for which evidence is still awaited."""
    return list(
        session.scalars(
            select(ClockRow)
            .where(ClockRow.complaint_key == complaint_key, ClockRow.state.in_(OPEN))
            .order_by(ClockRow.name, ClockRow.number)
        )
    )


def newest(session: Session, complaint_key: int, name: str) -> ClockRow | None:
    """Return the latest round of a clock, open or not; None when there never was one."""
    return session.scalar(
        select(ClockRow)
        .where(ClockRow.complaint_key == complaint_key, ClockRow.name == name)
        .order_by(ClockRow.number.desc())
        .limit(1)
    )


def next_number(session: Session, complaint_key: int, name: str) -> int:
    """Return the number of the round of a clock that begins next, counted from 1."""
    row = newest(session, complaint_key, name)
    return 1 if row is None else row.number + 1


def wanted(session: Session, complaint_key: int, name: str) -> ClockRow:
    """Return the latest round of a clock. Raises ``ClockNotFound``."""
    row = newest(session, complaint_key, name)
    if row is None:
        raise ClockNotFound(clock=name)
    return row


def add(desk: Desk, complaint: ComplaintRow, moved: Moved, calendar: Calendar) -> None:
    """Write a new clock."""
    row = ClockRow(key=desk.next_key(), complaint_key=complaint.key, name=moved.state.name, calendar_seen=0)
    desk.session.add(row)
    keep(desk, row, moved, calendar)


def keep(desk: Desk, row: ClockRow, moved: Moved, calendar: Calendar) -> None:
    """Write the clock as it is now, counted by ``calendar``, and a line of history for each change."""
    if moved.state.status == "breached" and not _wanted_by_anybody(desk, row):
        moved = _passed(moved)
    state, waiting = moved.state, row.next_at
    told_late = row.state == "breached" and (waiting is None or waiting > desk.act.at)
    unmoved = waiting is not None and (row.bound_at, row.state) == (state.bound_at, state.status)
    row.number, row.state, row.saved = state.number, state.status, state.to_json()
    row.due_on, row.bound_at = state.due_on, state.bound_at
    row.calendar_id, row.calendar_version = state.calendar_id, state.calendar_version
    row.calendar_seen = max(row.calendar_seen, state.calendar_version)
    row.next_at = waiting if unmoved else _attention_at(state, calendar, now=desk.act.at, told_late=told_late)
    desk.session.flush()
    for change in moved.changes:
        _write(desk, row, change)


def last_changed_at(session: Session, row: ClockRow) -> datetime:
    """Return the moment (aware UTC) of the last change of a clock."""
    at = session.scalar(select(func.max(ClockChangeRow.at)).where(ClockChangeRow.clock_key == row.key))
    if at is None:
        raise ClockNotFound(clock=row.name)
    return at


def ended_at(session: Session, complaint_key: int, name: str, number: int) -> datetime | None:
    """Return the moment (aware UTC) since which a round of a clock awaits nothing; None while it is open or there is none."""
    row = session.scalar(
        select(ClockRow).where(
            ClockRow.complaint_key == complaint_key, ClockRow.name == name, ClockRow.number == number
        )
    )
    return None if row is None or row.state in OPEN else last_changed_at(session, row)


def _wanted_by_anybody(desk: Desk, row: ClockRow) -> bool:
    """Tell whether somebody is late when this clock is over: not with a chance, nor with the review of what nobody rejected."""
    if row.name in OF_REJECTIONS:
        return desk.session.get_one(ComplaintRow, row.complaint_key).outcome not in (None, "upheld")
    return row.name not in CHANCES


def _passed(moved: Moved) -> Moved:
    """Return a clock that nobody wanted: it does not apply any more, and nobody is late."""
    state = replace(moved.state, status="not_applicable", breaches=())
    kept = [change for change in moved.changes if change.kind != "breached"]
    last = moved.changes[-1]
    return Moved(state, (*kept, replace(last, kind="ruled_out", status="not_applicable")))


def next_event_at(state: ClockState, calendar: Calendar, *, after: datetime) -> datetime | None:
    """Return the next moment (UTC) at which the clock warns, expected or not, or is missed; None while nothing is to come."""
    if not state.is_open or state.bound_at is None or state.name in WINDOWS:
        return None
    moments = [moment for moment, _ in warnings_to_come(state, calendar, after=after)]
    if state.counts and state.status != "breached":
        moments.append(state.bound_at)
    return min(moments, default=None)


def _attention_at(
    state: ClockState, calendar: Calendar, *, now: datetime, told_late: bool
) -> datetime | None:
    """Return when a clock that has moved wants attention: one that has come to be late is told of now, by its last warning.

    One that was late before is not: it was ``told_late``.
    """
    coming = next_event_at(state, calendar, after=now)
    if coming is None and state.status == "breached" and not told_late and state.name not in WINDOWS:
        return max((moment for moment, _ in warnings_of(state, calendar)), default=None)
    return coming


def _write(desk: Desk, row: ClockRow, change: ClockChange) -> None:
    desk.session.add(
        ClockChangeRow(
            key=desk.next_key(),
            clock_key=row.key,
            complaint_key=row.complaint_key,
            at=change.at,
            by=change.by,
            change=change.kind,
            reason=change.reason,
            state_after=change.status,
            due_before=change.due_before,
            due_after=change.due,
        )
    )
    if change.kind in _TOLD:
        kind, text = f"clock-{change.kind.replace('_', '-')}", f"{label(row.name)}: {_TOLD[change.kind]}"
        desk.tell(row.complaint_key, kind, text, facts=_facts(change))


def _facts(change: ClockChange) -> Mapping[str, Any]:
    dates = {"from": change.due_before, "to": change.due}
    facts = {name: day.isoformat() for name, day in dates.items() if day is not None}
    return facts | ({"reason": change.reason} if change.reason else {})
