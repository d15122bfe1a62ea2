"""A clock's rule in a sentence: what it counts, from when, by which calendar, and what moved it."""

from __future__ import annotations

from datetime import date, timedelta

from engine.calendars import Calendar
from engine.deadlines.compute import after_cutoff
from engine.deadlines.policy import Unit
from engine.deadlines.state import ClockState, counted_anchor, stretches
from engine.zones import local_date

_MOST_LISTED = 10
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS: dict[Unit, tuple[str, str]] = {
    "business_days": ("business day", "business days"),
    "calendar_days": ("day", "days"),
    "weeks": ("week", "weeks"),
    "months": ("month", "months"),
    "hours": ("hour", "hours"),
    "business_hours": ("business hour", "business hours"),
}


def explain(state: ClockState, calendar: Calendar) -> str:
    """Return the rule behind the date, for a countdown, a task page or an ``.ics`` entry, in English.

    “5 business days after 18 Dec 2026, England & Wales calendar v7: 21, 22, 23, 24, 29”. Up to ten business
    days are listed; a longer count names the holidays it skips. Extensions and pauses follow in brackets.
    """
    return "".join([_rule(state, calendar), _days(state, calendar), *_moves(state, calendar)])


def long_date(day: date) -> str:
    """Return ``18 Dec 2026``."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _rule(state: ClockState, calendar: Calendar) -> str:
    policy = state.policy
    day = after_cutoff(policy, counted_anchor(state, calendar), calendar).day(calendar)
    anew = [each for each in state.extensions if each.policy_id == policy.id and each.counts_from == "anchor"]
    length = _amount(anew[-1].amount if anew else policy.amount, policy.unit)
    if policy.second is not None:
        length += f" or {_amount(policy.second.amount, policy.second.unit)}, the {policy.second.combine},"
    link = "from and including" if policy.day_zero == "include" else "after"
    expected = "" if state.anchor_known else " (expected)"
    return f"{length} {link} {long_date(day)}{expected}, {calendar.name} calendar v{calendar.version}"


def _days(state: ClockState, calendar: Calendar) -> str:
    if state.due_on is None:
        if state.time_left is not None:
            return f": paused with {state.time_left} left"
        return f": paused with {_amount(state.days_left or 0, state.policy.unit, left=True)} left"
    start = after_cutoff(state.policy, counted_anchor(state, calendar), calendar).day(calendar)
    if state.policy.unit != "business_days":
        return f": {long_date(state.due_on)}"
    first = start if state.policy.day_zero == "include" else start + timedelta(days=1)
    if state.policy.amount > _MOST_LISTED or stretches(state.pauses) or state.extensions:
        return f": {long_date(state.due_on)}{_skipped(first, state.due_on, calendar)}"
    span = (first + timedelta(n) for n in range((state.due_on - first).days + 1))
    return ": " + _listed([day for day in span if calendar.is_working_day(day)], start)


def _listed(days: list[date], start: date) -> str:
    """Return the days' numbers, the month named when it is no longer that of the day before."""
    texts, month = [], start.month
    for day in days:
        texts.append(f"{day.day}" if day.month == month else f"{day.day} {_MONTHS[day.month - 1]}")
        month = day.month
    return ", ".join(texts)


def _skipped(first: date, last: date, calendar: Calendar) -> str:
    span = (first + timedelta(n) for n in range((last - first).days + 1))
    names = [f"{day.day} {_MONTHS[day.month - 1]} {why}" for day in span if (why := calendar.why_closed(day))]
    return f", skipping {', '.join(names)}" if names else ""


def _moves(state: ClockState, calendar: Calendar) -> list[str]:
    granted = [each for each in state.extensions if each.policy_id == state.policy.id]
    moves = []
    for each in granted:
        sent_on = long_date(local_date(each.sent_at, calendar.zone))
        more = _amount(each.amount, each.unit) + (" more" if each.counts_from == "due" else "")
        moves.append(f" ({more} by letter of {sent_on})")
    for began_at, ended_at in stretches(state.pauses) if state.policy.pausable else []:
        began_on, ended_on = local_date(began_at, calendar.zone), local_date(ended_at, calendar.zone)
        moves.append(f" (paused {long_date(began_on)} to {long_date(ended_on)})")
    return moves


def _amount(amount: int, unit: Unit, *, left: bool = False) -> str:
    """Return “5 business days”; what is ``left`` of weeks and months is told in days."""
    names = _UNITS["calendar_days" if left and unit in ("weeks", "months") else unit]
    return f"{amount} {names[0] if amount == 1 else names[1]}"
