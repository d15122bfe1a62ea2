"""From an anchor to a due date and the exact bound: the arithmetic of one policy on one calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from engine.calendars import Calendar
from engine.deadlines.errors import AnchorNeedsTime
from engine.deadlines.policy import DeadlinePolicy, Unit
from engine.durations import SpanTooLong, add_months
from engine.zones import in_utc, local_date, start_of_day

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The event a clock counts from: a moment (UTC), or only a local date when the time is not known."""

    event: str
    at: datetime | None = None
    on: date | None = None

    def day(self, calendar: Calendar) -> date:
        """Return the local date in the calendar's zone. Raises ``ValueError`` if neither is known."""
        if self.at is not None:
            return local_date(self.at, calendar.zone)
        if self.on is None:
            raise ValueError("an anchor needs a moment or a date")
        return self.on

    def moment(self, calendar: Calendar) -> datetime:
        """Return the moment (UTC); midnight when only the date is known."""
        return in_utc(self.at) if self.at is not None else start_of_day(self.day(calendar), calendar.zone)


@dataclass(frozen=True, slots=True)
class Due:
    """A local due date and its bound: the first UTC moment that is too late."""

    on: date
    bound_at: datetime


def count(policy: DeadlinePolicy, anchor: Anchor, calendar: Calendar, *, amount: int | None = None) -> Due:
    """Return when something anchored there is due under ``policy``, or after another ``amount`` of its unit.

    Rules 1, 3, 4 and 13 of `deadlines.md` §3. Raises ``AnchorNeedsTime``, ``SpanTooLong``.
    """
    anchor = after_cutoff(policy, anchor, calendar)
    due = _count(policy, anchor, calendar, policy.amount if amount is None else amount, policy.unit)
    if policy.second is None or amount is not None:
        return due
    other = _count(policy, anchor, calendar, policy.second.amount, policy.second.unit)
    pick = min if policy.second.combine == "earliest" else max
    return pick(due, other, key=lambda each: each.bound_at)


def add(due: Due, amount: int, unit: Unit, policy: DeadlinePolicy, calendar: Calendar) -> Due:
    """Return ``due`` moved later by an amount, rolled and bounded as the policy says.

    Raises ``SpanTooLong``.
    """
    if unit in ("hours", "business_hours"):
        return _at(_later(due.bound_at, amount, unit, calendar), policy, calendar)
    return on_day(_day_after(due.on, amount, unit, calendar), policy, calendar)


def on_day(day: date, policy: DeadlinePolicy, calendar: Calendar) -> Due:
    """Return the due date that ``day`` rolls to, with its bound: local midnight or closing time.

    Close of business on a day nobody works means midnight.
    """
    if policy.roll == "next":
        day = calendar.next_working_day(day)
    elif policy.roll == "previous":
        day = calendar.previous_working_day(day)
    if policy.end == "close_of_business" and calendar.is_working_day(day):
        return Due(day, in_utc(calendar.end_of_working_day(day)))
    return Due(day, start_of_day(day + _ONE_DAY, calendar.zone))


def after_cutoff(policy: DeadlinePolicy, anchor: Anchor, calendar: Calendar) -> Anchor:
    """Return the anchor that counts.

    Later than the cut-off, or on a day off, means the next working day's opening.
    """
    if policy.cutoff is None:
        return anchor
    day = anchor.day(calendar)
    if calendar.is_working_day(day):
        closing = (
            in_utc(calendar.end_of_working_day(day))
            if policy.cutoff == "closing"
            else datetime.combine(day, time.fromisoformat(policy.cutoff), calendar.zone)
        )
        if anchor.at is None or in_utc(anchor.at) <= in_utc(closing):
            return anchor
        day += _ONE_DAY
    opening = calendar.start_of_working_day(day)
    return Anchor(anchor.event, at=in_utc(opening) if anchor.at is not None else None, on=opening.date())


def _count(policy: DeadlinePolicy, anchor: Anchor, calendar: Calendar, amount: int, unit: Unit) -> Due:
    if unit in ("hours", "business_hours"):
        if anchor.at is None:
            raise AnchorNeedsTime(policy=policy.id, anchor=anchor.event)
        return _at(_later(in_utc(anchor.at), amount, unit, calendar), policy, calendar)
    day = anchor.day(calendar)
    if policy.day_zero == "include" and amount > 0:
        if unit != "business_days":
            return on_day(_day_after(day, amount, unit, calendar) - _ONE_DAY, policy, calendar)
        if calendar.is_working_day(day):
            amount -= 1
    return on_day(_day_after(day, amount, unit, calendar), policy, calendar)


def _at(moment: datetime, policy: DeadlinePolicy, calendar: Calendar) -> Due:
    """Return a bound counted in hours; only a roll to another day turns it into that day's bound."""
    day = local_date(moment, calendar.zone)
    rolled = on_day(day, policy, calendar)
    return Due(day, moment) if rolled.on == day else rolled


def _later(moment: datetime, amount: int, unit: Unit, calendar: Calendar) -> datetime:
    span = timedelta(hours=amount)
    return moment + span if unit == "hours" else in_utc(calendar.add_working_time(moment, 0, span))


def _day_after(day: date, amount: int, unit: Unit, calendar: Calendar) -> date:
    if unit == "business_days":
        return calendar.add_working_days(day, amount)
    try:
        if unit == "months":
            return add_months(day, amount)
        return day + timedelta(weeks=amount) if unit == "weeks" else day + timedelta(days=amount)
    except OverflowError as error:
        raise SpanTooLong(start=day.isoformat(), amount=amount, unit=unit) from error
