"""Dates, times and durations of FEEL: the door to their values, texts, arithmetic and properties."""

from __future__ import annotations

import datetime as python
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from engine.feel.temporal_arithmetic import (
    absolute,
    add,
    at_zone,
    compare,
    divide,
    equal,
    months_between,
    multiply,
    negate,
    same,
    subtract,
)
from engine.feel.temporal_text import (
    at_moment,
    parse_date,
    parse_date_time,
    parse_duration,
    parse_literal,
    parse_time,
)
from engine.feel.temporal_values import (
    DAY_SECONDS,
    NANOS,
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Temporal,
    Time,
    date_of_days,
    days_of,
    make_date,
    make_days_duration,
    make_months_duration,
    make_time,
    month_length,
)
from engine.feel.zones import Offset, Region, Zone, known, zone_named

__all__ = [
    "MISSING",
    "NANOS",
    "Date",
    "DateTime",
    "DaysDuration",
    "MonthsDuration",
    "Offset",
    "Region",
    "Temporal",
    "Time",
    "Zone",
    "absolute",
    "add",
    "at_moment",
    "at_zone",
    "compare",
    "date_of_days",
    "day_of_year",
    "days_of",
    "divide",
    "equal",
    "from_python",
    "is_temporal",
    "iso_week",
    "make_date",
    "make_days_duration",
    "make_months_duration",
    "make_time",
    "month_length",
    "months_between",
    "multiply",
    "negate",
    "parse_date",
    "parse_date_time",
    "parse_duration",
    "parse_literal",
    "parse_time",
    "property_of",
    "same",
    "subtract",
    "to_python",
    "weekday",
    "zone_named",
]


class _Missing:
    """The answer for a property that a value does not have."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


def is_temporal(value: object) -> bool:
    """Say whether ``value`` is one of the five temporal kinds."""
    return isinstance(value, Temporal)


def weekday(value: Date | DateTime) -> int:
    """Return 1 for Monday to 7 for Sunday."""
    return (days_of(_day(value)) + 3) % 7 + 1


def day_of_year(value: Date | DateTime) -> int:
    """Return 1 for the first of January."""
    date = _day(value)
    return days_of(date) - days_of(Date(date.year, 1, 1)) + 1


def iso_week(value: Date | DateTime) -> int:
    """Return the ISO 8601 week: week 1 is the one with the year's first Thursday."""
    date = _day(value)
    thursday = days_of(date) - weekday(date) + 4
    year = date.year
    for candidate in (year + 1, year, year - 1):
        first_of_january = days_of(Date(candidate, 1, 1))
        if thursday >= first_of_january:
            return (thursday - first_of_january) // 7 + 1
    raise AssertionError("a day belongs to a week")


def _day(value: Date | DateTime) -> Date:
    return value.date if isinstance(value, DateTime) else value


def property_of(value: object, name: str) -> Any:
    """Return a property by its FEEL name: a number, string, duration, or None where it is FEEL's null.

    ``MISSING`` says that the kind has no such property; a duration of the other kind answers None.
    """
    read = _PROPERTIES.get(type(value))
    return MISSING if read is None else read(value, name)


def _date_property(date: Date, name: str) -> Any:
    parts = {"year": date.year, "month": date.month, "day": date.day, "weekday": weekday(date)}
    return Decimal(parts[name]) if name in parts else MISSING


def _time_property(time: Time | DateTime, name: str) -> Any:
    clock = time.time if isinstance(time, DateTime) else time
    parts = {"hour": clock.hour, "minute": clock.minute, "second": clock.second}
    if name in parts:
        return Decimal(parts[name])
    if name == "time offset":
        offset = time.offset
        return None if offset is None else DaysDuration(offset * NANOS)
    if name == "timezone":
        return clock.zone.name if isinstance(clock.zone, Region) else None
    return MISSING


def _date_time_property(value: DateTime, name: str) -> Any:
    found = _date_property(value.date, name)
    return _time_property(value, name) if found is MISSING else found


def _days_property(value: DaysDuration, name: str) -> Any:
    if name in ("years", "months"):
        return None
    seconds = abs(value.nanoseconds) // NANOS
    parts = {
        "days": seconds // DAY_SECONDS,
        "hours": seconds // 3600 % 24,
        "minutes": seconds // 60 % 60,
        "seconds": seconds % 60,
    }
    if name not in parts:
        return MISSING
    return Decimal(-parts[name] if value.nanoseconds < 0 else parts[name])


def _months_property(value: MonthsDuration, name: str) -> Any:
    if name in ("days", "hours", "minutes", "seconds"):
        return None
    years, months = divmod(abs(value.months), 12)
    part = {"years": years, "months": months}.get(name)
    if part is None:
        return MISSING
    return Decimal(-part if value.months < 0 else part)


_PROPERTIES: dict[type, Any] = {
    Date: _date_property,
    Time: _time_property,
    DateTime: _date_time_property,
    DaysDuration: _days_property,
    MonthsDuration: _months_property,
}


def from_python(value: python.date | python.time | python.timedelta) -> Temporal:
    """Return the FEEL value of a ``date``, ``time``, ``datetime`` or ``timedelta``; a named zone stays named.

    Raises ``ValueError`` for a zone that is neither fixed nor of the IANA database.
    """
    if isinstance(value, python.datetime):
        zone = _zone_of(value)
        later = isinstance(zone, Region) and bool(value.fold) and _repeats(value)
        clock = Time(value.hour, value.minute, value.second, value.microsecond * 1000, zone)
        return DateTime(Date(value.year, value.month, value.day), clock, later)
    if isinstance(value, python.date):
        return Date(value.year, value.month, value.day)
    if isinstance(value, python.time):
        return Time(value.hour, value.minute, value.second, value.microsecond * 1000, _zone_of(value))
    return DaysDuration(((value.days * DAY_SECONDS + value.seconds) * 1_000_000 + value.microseconds) * 1000)


def _repeats(value: python.datetime) -> bool:
    return value.replace(fold=0).utcoffset() != value.utcoffset()


def _zone_of(value: python.datetime | python.time) -> Zone | None:
    if value.tzinfo is None:
        return None
    if isinstance(value.tzinfo, ZoneInfo) and value.tzinfo.key:
        return Region(value.tzinfo.key)
    offset = value.utcoffset()
    if offset is None:
        raise ValueError("a zone must be fixed or of the IANA database")
    return Offset(int(offset.total_seconds()))


def to_python(value: object) -> python.date | python.time | python.timedelta | None:
    """Return the ``date``, ``time``, ``datetime`` or ``timedelta``; None where Python cannot hold all of it.

    That is: years outside 1 to 9999, parts of a microsecond, months durations, a time with a named zone.
    """
    try:
        return _in_python(value)
    except (OverflowError, ValueError):
        return None


def _in_python(value: object) -> python.date | python.time | python.timedelta | None:
    if isinstance(value, Date):
        return python.date(value.year, value.month, value.day)
    if isinstance(value, DaysDuration):
        microseconds, rest = divmod(value.nanoseconds, 1000)
        return None if rest else python.timedelta(microseconds=microseconds)
    if isinstance(value, Time):
        return None if isinstance(value.zone, Region) else _python_clock(value)
    if isinstance(value, DateTime):
        clock = _python_clock(value.time)
        if clock is None:
            return None
        date = python.date(value.date.year, value.date.month, value.date.day)
        return python.datetime.combine(date, clock).replace(fold=int(value.later))
    return None


def _python_clock(value: Time) -> python.time | None:
    microsecond, rest = divmod(value.nanosecond, 1000)
    if rest:
        return None
    return python.time(value.hour, value.minute, value.second, microsecond, tzinfo=_python_zone(value.zone))


def _python_zone(zone: Zone | None) -> python.tzinfo | None:
    if zone is None:
        return None
    if isinstance(zone, Region):
        return known(zone.name)
    return python.UTC if zone.seconds == 0 else python.timezone(python.timedelta(seconds=zone.seconds))
