"""How facts become a clock's status, its breaches and the lines of its history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from engine.calendars import Calendar
from engine.deadlines.errors import ClockEnded, ClockNotRunning, ReasonNeeded, WrongCalendar
from engine.deadlines.state import Breach, ClockState, Status, deadline, with_time_left
from engine.zones import in_utc

ChangeKind = Literal[
    "started",
    "projected",
    "paused",
    "resumed",
    "extended",
    "met",
    "reopened",
    "unextended",
    "breached",
    "missed",
    "breach_superseded",
    "re_anchored",
    "recategorised",
    "calendar_changed",
    "calendar_change_held",
    "calendar_change_declined",
    "cancelled",
    "superseded",
    "ruled_out",
]


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something to a clock, when (UTC), and why."""

    at: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ClockChange:
    """One line of a clock's history."""

    kind: ChangeKind
    at: datetime
    by: str
    reason: str
    status_before: Status | None
    status: Status
    due_before: date | None
    due: date | None
    bound_before: datetime | None
    bound: datetime | None


@dataclass(frozen=True, slots=True)
class Moved:
    """A clock after a transition, and what to write into its history; no changes means nothing happened."""

    state: ClockState
    changes: tuple[ClockChange, ...] = ()


def judged(
    before: ClockState | None, new: ClockState, calendar: Calendar, act: Act, kind: ChangeKind
) -> Moved:
    """Count ``new`` from its facts, decide its status at the moment of the act, and write the history."""
    if before is None or before.anchor != new.anchor:
        new = replace(new, ahead_since=_ahead_since(new, calendar, act))
    if new.open_pauses:
        new = with_time_left(replace(new, status="paused"), calendar)
    else:
        due = deadline(new, calendar)
        new = replace(new, due_on=due.on, bound_at=due.bound_at, days_left=None, time_left=None)
        over = due.bound_at <= (new.evidence.sent_at if new.evidence else in_utc(act.at))
        new = replace(new, status=_status(new, passed=over and new.counts))
    return with_breaches(before, new, act, kind)


def _ahead_since(state: ClockState, calendar: Calendar, act: Act) -> datetime | None:
    noted_at = in_utc(act.at)
    return noted_at if state.anchor_known and state.anchor.moment(calendar) > noted_at else None


def _status(state: ClockState, *, passed: bool) -> Status:
    if state.evidence is not None:
        return "met_late" if passed else "met"
    if not state.anchor_known and not passed:
        return "projected"
    return "breached" if passed else "running"


def with_breaches(
    before: ClockState | None, new: ClockState, act: Act, kind: ChangeKind = "breached"
) -> Moved:
    """Add a breach once, or supersede one that no longer stands, with a line of history for each."""
    kinds = [kind]
    broken, known = new.status in ("breached", "met_late"), new.breach
    if known is not None and (not broken or known.bound_at != new.bound_at):
        past = tuple(replace(each, superseded=True) for each in new.breaches)
        new, known = replace(new, breaches=past), None
        kinds.append("breach_superseded")
    if broken and known is None and new.due_on is not None and new.bound_at is not None:
        fresh = Breach(new.due_on, new.bound_at, in_utc(act.at))
        new = replace(new, breaches=(*new.breaches, fresh))
        kinds.append("breached")
    return Moved(new, tuple(change(before, new, act, each) for each in dict.fromkeys(kinds)))


def change(before: ClockState | None, new: ClockState, act: Act, kind: ChangeKind) -> ClockChange:
    """Return the line of history for a clock that went from ``before`` to ``new``."""
    return ClockChange(
        kind,
        in_utc(act.at),
        act.by,
        act.reason,
        before.status if before else None,
        new.status,
        before.due_on if before else None,
        new.due_on,
        before.bound_at if before else None,
        new.bound_at,
    )


def require(state: ClockState, calendar: Calendar, *statuses: Status) -> None:
    """Raise ``ClockEnded``, ``ClockNotRunning`` or ``WrongCalendar`` unless the clock may be moved so."""
    if not state.is_open and state.status not in statuses:
        raise ClockEnded(clock=state.name, status=state.status)
    if state.status not in statuses:
        raise ClockNotRunning(clock=state.name, status=state.status)
    if (calendar.id, calendar.version) != (state.calendar_id, state.calendar_version):
        raise WrongCalendar(
            clock=state.name,
            needed=f"{state.calendar_id} v{state.calendar_version}",
            given=f"{calendar.id} v{calendar.version}",
        )


def require_reason(state: ClockState, act: Act) -> None:
    """Raise ``ReasonNeeded`` if the act gives none."""
    if not act.reason.strip():
        raise ReasonNeeded(clock=state.name)
