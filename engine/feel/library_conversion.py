"""Built-in functions that make one kind of value out of another."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from engine.feel import temporal
from engine.feel.display import string_of
from engine.feel.library import builtin
from engine.feel.notes import Fault
from engine.feel.numbers import CONTEXT, finite
from engine.feel.run import Run
from engine.feel.temporal import (
    NANOS,
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Offset,
    Time,
    make_date,
    make_time,
    zone_named,
)
from engine.feel.values import Value

_PLAIN_NUMBER: Final = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_LONGEST_NUMBER: Final = 10_000


def whole(number: Decimal) -> int:
    """Return the number cut to an integer. Raises ``Fault`` if it is too large to be meant."""
    if number.adjusted() > 18:
        raise Fault("value_not_allowed", reason="too large")
    return int(number)


def made(value: Value) -> Value:
    """Return the value. Raises ``Fault`` if it is None: the parts make no date, time or duration."""
    if value is None:
        raise Fault("invalid_temporal")
    return value


@builtin("string(from)")
def string(run: Run, from_: Value) -> Value:
    """Return the canonical text, null for null."""
    return None if from_ is None else string_of(from_, run.budget)


@builtin(
    "number(from: string)",
    "number(from: string, grouping separator: string?, decimal separator: string?)",
)
def number(
    run: Run, from_: str, grouping_separator: str | None = None, decimal_separator: str | None = None
) -> Value:
    """Read a number; the separators are a blank, comma or point, and differ."""
    run.budget.read(len(from_))
    if grouping_separator not in (" ", ",", ".", None) or decimal_separator not in (",", ".", None):
        raise Fault("value_not_allowed", reason="not a separator")
    if grouping_separator is not None and grouping_separator == decimal_separator:
        raise Fault("value_not_allowed", reason="the separators are equal")
    text = from_ if grouping_separator is None else from_.replace(grouping_separator, "")
    if decimal_separator == ",":
        if "." in text:
            raise Fault("value_not_allowed", reason="not a number")
        text = text.replace(",", ".")
    if len(text) > _LONGEST_NUMBER or _PLAIN_NUMBER.fullmatch(text) is None:
        raise Fault("value_not_allowed", reason="not a number")
    return finite(CONTEXT.create_decimal(text))


@builtin("date(from: string|date|date and time)")
def date(run: Run, from_: Value) -> Value:
    """Read a date, or take the day out of a date and time."""
    run.budget.charge(8)
    if type(from_) is str:
        return made(temporal.parse_date(from_))
    return from_.date if type(from_) is DateTime else from_


@builtin("date(year: number, month: number, day: number)")
def date_of_parts(run: Run, year: Decimal, month: Decimal, day: Decimal) -> Value:
    """Make a date."""
    run.budget.charge(8)
    return made(make_date(whole(year), whole(month), whole(day)))


@builtin("time(from: string|time|date and time|date)")
def time(run: Run, from_: Value) -> Value:
    """Read a time, or take it out of a date and time; the time of a date is midnight UTC."""
    run.budget.charge(8)
    if type(from_) is str:
        return made(temporal.parse_time(from_))
    if type(from_) is DateTime:
        return from_.time
    return Time(0, 0, 0, 0, Offset(0)) if type(from_) is Date else from_


@builtin("time(hour: number, minute: number, second: number, offset?: days duration?)")
def time_of_parts(
    run: Run, hour: Decimal, minute: Decimal, second: Decimal, offset: DaysDuration | None = None
) -> Value:
    """Make a time; the second may have a fraction."""
    run.budget.charge(8)
    return made(_time(hour, minute, second, None if offset is None else _offset(offset)))


def _offset(offset: DaysDuration) -> Offset:
    seconds, rest = divmod(offset.nanoseconds, NANOS)
    if rest or abs(seconds) > 18 * 3600:
        raise Fault("invalid_temporal", reason="not an offset")
    return Offset(seconds)


def _time(hour: Decimal, minute: Decimal, second: Decimal, zone: temporal.Zone | None) -> Time | None:
    whole_second = whole(second)
    nanosecond = int((second - whole_second) * NANOS)
    return make_time(whole(hour), whole(minute), whole_second, nanosecond, zone)


@builtin("date and time(from: string|date|date and time)")
def date_and_time(run: Run, from_: Value) -> Value:
    """Read a date and time; a date is its midnight, in UTC if it is a value."""
    run.budget.charge(8)
    if type(from_) is str:
        return made(temporal.parse_date_time(from_))
    return DateTime(from_, Time(0, 0, 0, 0, Offset(0))) if type(from_) is Date else from_


@builtin("date and time(date: date|date and time, time: time)")
def date_with_time(run: Run, date: Date | DateTime, time: Time) -> Value:
    """Join a day and a time of day."""
    run.budget.charge(8)
    return DateTime(date.date if type(date) is DateTime else date, time)  # type: ignore[arg-type]


@builtin("date and time(date: date and time, timezone: string)")
def date_and_time_in_zone(run: Run, date: DateTime, timezone: str) -> Value:
    """Return the same moment on the wall of another zone; a local value is read as standing there."""
    run.budget.charge(8)
    zone = zone_named(timezone)
    if zone is None:
        raise Fault("invalid_temporal", reason="not a time zone")
    return made(temporal.at_zone(date, zone))


@builtin(
    "date and time(year: number, month: number, day: number, hour: number, minute: number, second: number, "
    "offset?: days duration?)"
)
def date_and_time_of_parts(
    run: Run, year: Decimal, month: Decimal, day: Decimal, hour: Decimal, minute: Decimal, second: Decimal,
    offset: DaysDuration | None = None,
) -> Value:  # fmt: skip
    """Make a date and time at an offset from UTC, or a local one."""
    run.budget.charge(8)
    clock = made(_time(hour, minute, second, None if offset is None else _offset(offset)))
    return DateTime(made(make_date(whole(year), whole(month), whole(day))), clock)


@builtin(
    "date and time(year: number, month: number, day: number, hour: number, minute: number, second: number, "
    "timezone: string?)"
)
def date_and_time_of_parts_in_zone(
    run: Run, year: Decimal, month: Decimal, day: Decimal, hour: Decimal, minute: Decimal, second: Decimal,
    timezone: str | None,
) -> Value:  # fmt: skip
    """Make a date and time in a named zone, or a local one."""
    run.budget.charge(8)
    zone = None if timezone is None else zone_named(timezone)
    if timezone is not None and zone is None:
        raise Fault("invalid_temporal", reason="not a time zone")
    clock = made(_time(hour, minute, second, zone))
    return DateTime(made(make_date(whole(year), whole(month), whole(day))), clock)


@builtin("duration(from: string)")
def duration(run: Run, from_: str) -> Value:
    """Read a duration of either kind."""
    run.budget.charge(8)
    return made(temporal.parse_duration(from_))


@builtin("years and months duration(from: date|date and time, to: date|date and time)")
def years_and_months_duration(run: Run, from_: Date | DateTime, to: Date | DateTime) -> MonthsDuration:
    """Return the whole months between two days."""
    run.budget.charge(8)
    start, end = (value.date if type(value) is DateTime else value for value in (from_, to))
    return made(temporal.months_between(start, end))  # type: ignore[no-any-return]
