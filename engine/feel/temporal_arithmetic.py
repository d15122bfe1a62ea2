"""What FEEL's operators do with dates, times and durations; an undefined combination is None, FEEL's null."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from engine.feel.temporal_text import at_moment
from engine.feel.temporal_values import (
    DAY_NANOS,
    MAX_LENGTH,
    NANOS,
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Temporal,
    Time,
    date_of_days,
    date_time_of_wall,
    days_of,
    make_date,
    make_days_duration,
    make_months_duration,
    month_length,
    time_of_nanoseconds,
)
from engine.feel.zones import Offset, Zone

_NUMBERS = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[])
_EXACT = Context(prec=120, rounding=ROUND_DOWN, Emin=-999_999, Emax=999_999, traps=[])
_LARGEST = Decimal(MAX_LENGTH) * NANOS + NANOS

Operation = Callable[[Any, Any], Any]


def add(a: object, b: object) -> Temporal | None:
    """Return ``a + b`` for two durations of one kind, or a date or time and a duration in either order."""
    operation = _ADD.get((type(a), type(b)))
    if operation is not None:
        return operation(a, b)  # type: ignore[no-any-return]
    operation = _ADD.get((type(b), type(a)))
    return operation(b, a) if operation is not None else None


def subtract(a: object, b: object) -> Temporal | None:
    """Return ``a - b``: a difference in days and time, or a date or time moved back by a duration."""
    if isinstance(b, DaysDuration | MonthsDuration):
        operation = _ADD.get((type(a), type(b)))
        return operation(a, _negated(b)) if operation is not None else None
    operation = _SUBTRACT.get((type(a), type(b)))
    return operation(a, b) if operation is not None else None


def multiply(a: object, b: object) -> DaysDuration | MonthsDuration | None:
    """Return number by duration in either order, cut toward zero to whole months or nanoseconds."""
    if isinstance(a, Decimal):
        a, b = b, a
    if not isinstance(b, Decimal):
        return None
    if isinstance(a, DaysDuration):
        return _days(_EXACT.multiply(Decimal(a.nanoseconds), b))
    if isinstance(a, MonthsDuration):
        return _months(_EXACT.multiply(Decimal(a.months), b))
    return None


def divide(a: object, b: object) -> DaysDuration | MonthsDuration | Decimal | None:
    """Return duration ÷ number, or duration ÷ duration of one kind as a number; divisor 0 is None."""
    if isinstance(b, Decimal):
        if not b:
            return None
        if isinstance(a, DaysDuration):
            return _days(_EXACT.divide(Decimal(a.nanoseconds), b))
        return _months(_EXACT.divide(Decimal(a.months), b)) if isinstance(a, MonthsDuration) else None
    if isinstance(a, DaysDuration) and isinstance(b, DaysDuration) and b.nanoseconds:
        return _NUMBERS.divide(Decimal(a.nanoseconds), Decimal(b.nanoseconds))
    if isinstance(a, MonthsDuration) and isinstance(b, MonthsDuration) and b.months:
        return _NUMBERS.divide(Decimal(a.months), Decimal(b.months))
    return None


def negate(value: object) -> DaysDuration | MonthsDuration | None:
    """Return the duration with the other sign; None for anything else."""
    return _negated(value) if isinstance(value, DaysDuration | MonthsDuration) else None


def absolute(value: Any) -> DaysDuration | MonthsDuration | None:
    """Return the duration without its sign; None for anything else."""
    length = _length(value)
    return None if length is None else _negated(value) if length < 0 else value


def compare(a: Any, b: Any) -> int | None:
    """Return -1, 0 or 1 for two values of one kind, both zoned or both local; otherwise None."""
    if type(a) is not type(b):
        return None
    if isinstance(a, Date):
        return _order((a.year, a.month, a.day), (b.year, b.month, b.day))
    if isinstance(a, Time | DateTime):
        return _order(a.moment, b.moment) if (a.zone is None) is (b.zone is None) else None
    length = _length(a)
    return None if length is None else _order(length, _length(b))


def equal(a: Any, b: Any) -> bool | None:
    """Return whether two values of one kind are equal, None for different kinds; zoned never equals local."""
    if type(a) is not type(b) or not isinstance(a, Temporal):
        return None
    return compare(a, b) == 0


def same(a: object, b: object) -> bool:
    """Return whether kind and all fields agree, the zone as written included (``Z`` is ``+00:00``)."""
    return type(a) is type(b) and bool(a == b)


def months_between(start: Any, end: Any) -> MonthsDuration | None:
    """Return the whole months from ``start`` to ``end``, two dates or two date-times, by their days alone."""
    if type(start) is not type(end):
        return None
    if isinstance(start, DateTime):
        start, end = start.date, end.date
    if not isinstance(start, Date):
        return None
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day:
        months -= 1
    elif months < 0 and end.day > start.day:
        months += 1
    return MonthsDuration(months)


def at_zone(value: DateTime, zone: Zone) -> DateTime | None:
    """Return the same moment on the wall of ``zone``; a local value is read as standing there."""
    if value.zone is None:
        return DateTime(value.date, Time(*_clock(value.time), zone))
    return at_moment(value.moment, zone)


def _clock(time: Time) -> tuple[int, int, int, int]:
    return time.hour, time.minute, time.second, time.nanosecond


def _order(a: Any, b: Any) -> int:
    return int(a > b) - int(a < b)


def _length(value: object) -> int | None:
    if isinstance(value, DaysDuration):
        return value.nanoseconds
    return value.months if isinstance(value, MonthsDuration) else None


def _negated(value: DaysDuration | MonthsDuration) -> DaysDuration | MonthsDuration:
    return (
        DaysDuration(-value.nanoseconds) if isinstance(value, DaysDuration) else MonthsDuration(-value.months)
    )


def _days(nanoseconds: Decimal) -> DaysDuration | None:
    if not nanoseconds.is_finite() or abs(nanoseconds) > _LARGEST:
        return None
    return make_days_duration(int(nanoseconds))


def _months(months: Decimal) -> MonthsDuration | None:
    if not months.is_finite() or abs(months) > MAX_LENGTH:
        return None
    return make_months_duration(int(months))


def _add_days(a: DaysDuration, b: DaysDuration) -> DaysDuration | None:
    return make_days_duration(a.nanoseconds + b.nanoseconds)


def _add_months(a: MonthsDuration, b: MonthsDuration) -> MonthsDuration | None:
    return make_months_duration(a.months + b.months)


def _date_plus_days(date: Date, length: DaysDuration) -> Date | None:
    """Count from midnight and cut back to the date the clock then shows."""
    return date_of_days(days_of(date) + length.nanoseconds // DAY_NANOS)


def _date_plus_months(date: Date, length: MonthsDuration) -> Date | None:
    """Move whole months; a day the target month lacks becomes its last day."""
    years, month = divmod(date.year * 12 + date.month - 1 + length.months, 12)
    return make_date(years, month + 1, min(date.day, month_length(years, month + 1)))


def _time_plus_days(time: Time, length: DaysDuration) -> Time:
    return time_of_nanoseconds(time.nanoseconds + length.nanoseconds, time.zone)


def _date_time_plus_days(value: DateTime, length: DaysDuration) -> DateTime | None:
    """Add physical time: with a named zone a change of clocks in between moves the wall clock."""
    if value.zone is None or isinstance(value.zone, Offset):
        return date_time_of_wall(value.wall + length.nanoseconds, value.zone)
    return at_moment(value.moment + length.nanoseconds, value.zone)


def _date_time_plus_months(value: DateTime, length: MonthsDuration) -> DateTime | None:
    """Move whole months; wall time and zone stay."""
    if not length.months:
        return value
    date = _date_plus_months(value.date, length)
    return None if date is None else DateTime(date, value.time)


def _between_dates(a: Date, b: Date) -> DaysDuration:
    return DaysDuration((days_of(a) - days_of(b)) * DAY_NANOS)


def _between_clocks(a: Time | DateTime, b: Time | DateTime) -> DaysDuration | None:
    if (a.zone is None) is not (b.zone is None):
        return None
    return DaysDuration(a.moment - b.moment)


def _date_from_date_time(a: DateTime, b: Date) -> DaysDuration | None:
    """Against a zoned date-time a date counts as its midnight in UTC; a local one cannot be placed."""
    return None if a.zone is None else DaysDuration(a.moment - days_of(b) * DAY_NANOS)


def _date_time_from_date(a: Date, b: DateTime) -> DaysDuration | None:
    return None if b.zone is None else DaysDuration(days_of(a) * DAY_NANOS - b.moment)


_ADD: dict[tuple[type, type], Operation] = {
    (DaysDuration, DaysDuration): _add_days,
    (MonthsDuration, MonthsDuration): _add_months,
    (Date, DaysDuration): _date_plus_days,
    (Date, MonthsDuration): _date_plus_months,
    (Time, DaysDuration): _time_plus_days,
    (DateTime, DaysDuration): _date_time_plus_days,
    (DateTime, MonthsDuration): _date_time_plus_months,
}
_SUBTRACT: dict[tuple[type, type], Operation] = {
    (Date, Date): _between_dates,
    (Time, Time): _between_clocks,
    (DateTime, DateTime): _between_clocks,
    (DateTime, Date): _date_from_date_time,
    (Date, DateTime): _date_time_from_date,
}
