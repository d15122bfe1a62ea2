"""What is known of one clock: its state, its facts, and when these facts make it due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from engine.calendars import Calendar
from engine.deadlines.codec import dump, load
from engine.deadlines.compute import Anchor, Due, add, count, on_day
from engine.deadlines.policy import DeadlinePolicy, Unit
from engine.zones import in_utc, local_date

Status = Literal[
    "projected",
    "running",
    "paused",
    "met",
    "breached",
    "met_late",
    "cancelled",
    "missed",
    "superseded",
    "not_applicable",
]
_LATEST = datetime.max.replace(tzinfo=UTC)
LATE: tuple[Status, ...] = ("breached", "met_late", "missed")
SHOWN = ("state", "due", "bound", "round", "warnAt", "endedAt")  # what a diagram may ask of ``clock("…")``
MET: tuple[Status, ...] = ("met", "met_late")
OPEN: tuple[Status, ...] = ("projected", "running", "paused", "breached")


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch for which a pausable clock stood still; ``ended_at`` None while it lasts."""

    category: str
    reason: str
    by: str
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Extended:
    """An extension that was granted: its letter went out at ``sent_at``, before the bound."""

    policy_id: str
    amount: int
    unit: Unit
    counts_from: Literal["due", "anchor"]
    reason: str
    letter: str
    by: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows that the message left for the complainant: kind, reference of letter or message, moment."""

    kind: str
    reference: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Breach:
    """A bound that passed without evidence; never deleted, only superseded when the facts are corrected."""

    due_on: date
    bound_at: datetime
    discovered_at: datetime
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A calendar change that would shorten the promise and waits for approval."""

    calendar_version: int
    due_on: date
    bound_at: datetime


@dataclass(frozen=True, slots=True)
class ClockState:
    """One clock of one complaint: everything a register stores about it.

    ``due_on`` (local date) and ``bound_at`` (UTC) are None while paused; then ``days_left`` counts days of
    the policy's unit, or ``time_left`` the time of a clock that counts hours. ``expected_on`` is the date on
    which the anchor was due, for a clock that is or once was projected; ``at_latest``: it cannot have happened
    after that day. ``ahead_since`` is the moment (UTC) at which a day it counts from was noted that lay ahead then,
    such as one agreed for the answer. ``number`` counts updates from 1.
    """

    name: str
    policy: DeadlinePolicy
    calendar_id: str
    calendar_version: int
    status: Status
    anchor: Anchor
    expected_on: date | None = None
    at_latest: bool = False
    ahead_since: datetime | None = None
    due_on: date | None = None
    bound_at: datetime | None = None
    days_left: int | None = None
    time_left: timedelta | None = None
    number: int = 1
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extended, ...] = ()
    evidence: Evidence | None = None
    breaches: tuple[Breach, ...] = ()
    held: Held | None = None

    @property
    def is_open(self) -> bool:
        """Whether evidence is still awaited."""
        return self.status in OPEN

    @property
    def anchor_known(self) -> bool:
        """Whether the anchor has happened; if not, the clock is projected from ``expected_on``."""
        return self.anchor.at is not None or self.anchor.on is not None

    @property
    def counts(self) -> bool:
        """Whether it is missed once its bound has passed: the anchor has happened, or can only make it due sooner."""
        return self.anchor_known or self.at_latest or self.policy.anchor_rule == "earliest"

    @property
    def open_pauses(self) -> tuple[Pause, ...]:
        """The pauses that last."""
        return tuple(pause for pause in self.pauses if pause.ended_at is None)

    @property
    def breach(self) -> Breach | None:
        """The breach that stands, if one does."""
        return next((breach for breach in self.breaches if not breach.superseded), None)

    def to_json(self) -> dict[str, Any]:
        """Return the clock as plain JSON values."""
        stored: dict[str, Any] = dump(self)
        return stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ClockState:
        """Return the clock that ``to_json`` wrote. Raises ``StoredValueUnreadable``."""
        return load(cls, stored)


def counted_anchor(state: ClockState, calendar: Calendar) -> Anchor:
    """Return the anchor that counts: the actual one, the expected one.

    Or the earlier if the policy says so.
    """
    expected = Anchor(state.anchor.event, on=state.expected_on)
    if not state.anchor_known:
        return expected
    earlier = state.expected_on is not None and state.expected_on < state.anchor.day(calendar)
    return expected if earlier and state.policy.anchor_rule == "earliest" else state.anchor


def deadline(state: ClockState, calendar: Calendar, *, until: datetime | None = None) -> Due:
    """Return when the clock is due by its policy, extensions and pauses, taken in the order they happened.

    Overlapping pauses count once. A pause counts if it began before the deadline of that time, and never
    leaves a bound that has passed when it ends. ``until`` ends the open pauses for this calculation; without
    it they do not count.
    """
    anchor = counted_anchor(state, calendar)
    granted = [extended for extended in state.extensions if extended.policy_id == state.policy.id]
    anew = next((extended for extended in reversed(granted) if extended.counts_from == "anchor"), None)
    due = count(state.policy, anchor, calendar, amount=anew.amount if anew else None)
    events: list[tuple[datetime, datetime | Extended]] = [
        (extended.sent_at, extended) for extended in granted if extended.counts_from == "due"
    ]
    events += stretches(state.pauses, until=until) if state.policy.pausable else []
    for began_at, event in sorted(events, key=lambda each: each[0]):
        if isinstance(event, Extended):
            due = add(due, event.amount, event.unit, state.policy, calendar)
        elif began_at < due.bound_at:
            due = _after_pause(due, began_at, event, state.policy, calendar, anchor)
    return due


def stretches(pauses: tuple[Pause, ...], *, until: datetime | None = None) -> list[tuple[datetime, datetime]]:
    """Return the pauses as separate stretches in order, overlapping ones joined.

    Open ones end at ``until``.
    """
    joined: list[tuple[datetime, datetime]] = []
    for pause in sorted(pauses, key=lambda each: each.began_at):
        ended_at = pause.ended_at or until
        if ended_at is None:
            continue
        if joined and pause.began_at <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ended_at))
        else:
            joined.append((pause.began_at, ended_at))
    return joined


def with_time_left(state: ClockState, calendar: Calendar) -> ClockState:
    """Return a paused clock with no due date but with what is left of it, as of the moment it stopped."""
    stopped_at, _ = stretches(state.pauses, until=_LATEST)[-1]
    before = tuple(pause for pause in state.pauses if pause.began_at < stopped_at)
    due = deadline(replace(state, pauses=before), calendar)
    if state.policy.unit in ("hours", "business_hours"):
        left = (
            due.bound_at - stopped_at
            if state.policy.unit == "hours"
            else calendar.working_time_between(stopped_at, due.bound_at)
        )
        return replace(state, due_on=None, bound_at=None, days_left=None, time_left=left)
    days = _days_between(local_date(stopped_at, calendar.zone), due.on, state.policy.unit, calendar)
    return replace(state, due_on=None, bound_at=None, days_left=days, time_left=None)


def _after_pause(
    due: Due,
    began_at: datetime,
    ended_at: datetime,
    policy: DeadlinePolicy,
    calendar: Calendar,
    anchor: Anchor,
) -> Due:
    """Return ``due`` moved by one stretch of pause (rule 8).

    Resuming never leaves a bound that has passed.
    """
    began_at = max(began_at, anchor.moment(calendar))
    if ended_at <= began_at:
        return due
    if policy.unit == "hours":
        bound_at = due.bound_at + (ended_at - began_at)
        return Due(local_date(bound_at, calendar.zone), bound_at)
    if policy.unit == "business_hours":
        stood = calendar.working_time_between(began_at, ended_at)
        bound_at = in_utc(calendar.add_working_time(due.bound_at, 0, stood))
        return Due(local_date(bound_at, calendar.zone), bound_at)
    day = local_date(ended_at, calendar.zone)
    days = _days_between(local_date(began_at, calendar.zone), day, policy.unit, calendar)
    unit: Unit = "business_days" if policy.unit == "business_days" else "calendar_days"
    moved = add(due, days, unit, policy, calendar) if days else due
    while moved.bound_at <= ended_at:
        day = calendar.next_working_day(day) if policy.unit == "business_days" else day
        moved, day = on_day(day, policy, calendar), day + timedelta(days=1)
    return moved


def _days_between(a: date, b: date, unit: Unit, calendar: Calendar) -> int:
    return calendar.working_days_between(a, b) if unit == "business_days" else (b - a).days
