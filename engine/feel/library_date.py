"""Built-in functions on the calendar and the present moment."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from engine.feel import temporal
from engine.feel.library import BuiltIn, builtin
from engine.feel.logic import equal
from engine.feel.run import Run
from engine.feel.temporal import Date, DateTime, month_length
from engine.feel.values import TEMPORAL, Function, Range, Value

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def day_of(value: Date | DateTime) -> Date:
    """Return the day of a date or date and time."""
    return value.date if isinstance(value, DateTime) else value


@builtin("day of year(date: date|date and time)")
def day_of_year(run: Run, date: Date | DateTime) -> Value:
    """Return 1 for the first of January."""
    run.budget.charge(1)
    return Decimal(temporal.day_of_year(date))


@builtin("day of week(date: date|date and time)")
def day_of_week(run: Run, date: Date | DateTime) -> Value:
    """Return the English name of the weekday."""
    run.budget.charge(1)
    return _DAYS[temporal.weekday(date) - 1]


@builtin("month of year(date: date|date and time)")
def month_of_year(run: Run, date: Date | DateTime) -> Value:
    """Return the English name of the month."""
    run.budget.charge(1)
    return _MONTHS[day_of(date).month - 1]


@builtin("week of year(date: date|date and time)")
def week_of_year(run: Run, date: Date | DateTime) -> Value:
    """Return the week of ISO 8601."""
    run.budget.charge(1)
    return Decimal(temporal.iso_week(date))


@builtin("last day of month(date: date|date and time)")
def last_day_of_month(run: Run, date: Date | DateTime) -> Value:
    """Return the last date of the month."""
    run.budget.charge(1)
    day = day_of(date)
    return Date(day.year, day.month, month_length(day.year, day.month))


@builtin("now()")
def now(run: Run) -> Value:
    """Return the moment of the evaluation in its zone."""
    run.budget.charge(1)
    return temporal.from_python(run.moment.now.astimezone(run.moment.zone_info))


@builtin("today()")
def today(run: Run) -> Value:
    """Return the day of the evaluation in its zone."""
    run.budget.charge(1)
    return temporal.from_python(run.moment.now.astimezone(run.moment.zone_info).date())


@builtin("is(value1, value2)")
def same(run: Run, value1: Value, value2: Value) -> Value:
    """Say whether two values are the same: kind and all fields, the zone as written included."""
    run.budget.charge(1)
    return _same(run, value1, value2)


def _same(run: Run, a: Value, b: Value) -> bool:
    if type(a) is not type(b):
        return False
    if type(a) in TEMPORAL:
        return temporal.same(a, b)
    if type(a) is list:
        run.budget.charge(len(a))
        return len(a) == len(b) and all(_same(run, x, y) for x, y in zip(a, b, strict=True))
    if type(a) is dict:
        run.budget.charge(len(a))
        return a.keys() == b.keys() and all(_same(run, x, b[key]) for key, x in a.items())
    if type(a) in (Function, BuiltIn):
        return a is b
    if type(a) is Range:
        return equal(a, b, run.budget) is True and _same(run, a.start, b.start) and _same(run, a.end, b.end)
    return equal(a, b, run.budget) is True
