"""When to warn about a clock: a share of its time, or days before it is due, waiting for office hours."""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.calendars import Calendar
from engine.deadlines.policy import WarningRule
from engine.deadlines.state import ClockState, counted_anchor, stretches
from engine.zones import in_utc

Stretch = tuple[datetime, datetime]


def warn_at(state: ClockState, share: float, calendar: Calendar) -> datetime | None:
    """Return the moment (UTC) at which ``share`` (0 to 1) of the clock's time is used.

    None while there is no bound. Its time begins with what it counts from, and where that lay ahead when it was noted, as a day
    agreed for the answer does, with the noting. Clocks in business days or hours use opening time, the others elapsed time;
    pauses are left out. The moment waits for office hours, except where waiting would reach the bound; a
    share of 1 is the bound, waiting.
    """
    if state.bound_at is None:
        return None
    if share >= 1:
        return in_utc(calendar.next_opening(state.bound_at))
    anchored = counted_anchor(state, calendar).moment(calendar)
    start = anchored if state.ahead_since is None else min(anchored, state.ahead_since)
    running = _running(start, state.bound_at, stretches(state.pauses))
    in_hours = state.policy.unit in ("business_days", "business_hours")
    lengths = [calendar.working_time_between(a, b) if in_hours else b - a for a, b in running]
    left = sum(lengths, timedelta()) * share
    for (begins, _), length in zip(running, lengths, strict=True):
        if left <= length and length:
            moment = in_utc(calendar.add_working_time(begins, 0, left)) if in_hours else begins + left
            return _in_office_hours(moment, state.bound_at, calendar)
        left -= length
    return _in_office_hours(start, state.bound_at, calendar)


def warning_at(state: ClockState, rule: WarningRule, calendar: Calendar) -> datetime | None:
    """Return the moment (UTC) a policy's warning is meant for, None while there is no bound."""
    if state.bound_at is None or state.due_on is None:
        return None
    if rule.days is None:
        return warn_at(state, 1.0 if rule.share is None else rule.share, calendar)
    return in_utc(calendar.start_of_working_day(calendar.add_working_days(state.due_on, -rule.days)))


def warnings_of(state: ClockState, calendar: Calendar) -> tuple[tuple[datetime, WarningRule], ...]:
    """Return the policy's warnings with their moments (UTC), in order; none while there is no bound."""
    moments = [(warning_at(state, rule, calendar), rule) for rule in state.policy.warnings]
    dated = [(moment, rule) for moment, rule in moments if moment is not None]
    return tuple(sorted(dated, key=lambda each: each[0]))


def warnings_to_come(
    state: ClockState, calendar: Calendar, *, after: datetime
) -> tuple[tuple[datetime, WarningRule], ...]:
    """Return the policy's warnings later than ``after``, in order."""
    return tuple(each for each in warnings_of(state, calendar) if each[0] > in_utc(after))


def _running(start: datetime, end: datetime, pauses: list[Stretch]) -> list[Stretch]:
    """Return the stretches between two moments that no pause covers."""
    running: list[Stretch] = []
    for began_at, ended_at in pauses:
        if began_at > start:
            running.append((start, min(began_at, end)))
        start = max(start, ended_at)
    return [(a, b) for a, b in [*running, (start, end)] if a < b]


def _in_office_hours(moment: datetime, bound_at: datetime, calendar: Calendar) -> datetime:
    waiting = in_utc(calendar.next_opening(moment))
    return waiting if waiting < bound_at else moment
