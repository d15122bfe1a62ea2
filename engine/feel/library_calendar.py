"""Built-in functions on working days, computed by the business calendars of the moment."""

from __future__ import annotations

import datetime as python
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from engine.calendars import Calendar
from engine.errors import RedressError
from engine.feel import temporal
from engine.feel.library import builtin
from engine.feel.library_date import day_of
from engine.feel.notes import Fault
from engine.feel.run import Run
from engine.feel.temporal import NANOS, Date, DateTime, DaysDuration
from engine.feel.values import Value
from engine.quoted import quoted

MOST_DAYS: Final = 10_000
_DAY_NANOS: Final = 86_400 * NANOS


def _calendar(run: Run, calendar: str | None) -> Calendar:
    run.budget.charge(50)
    wanted = run.moment.calendar if calendar is None else calendar
    if run.moment.calendars is None:
        raise Fault("unknown_calendar", calendar=quoted(wanted))
    try:
        return run.moment.calendars.get(wanted)
    except RedressError as error:
        raise Fault("unknown_calendar", calendar=quoted(wanted), reason=error.code) from None


def _asked(question: Callable[[], Any]) -> Any:
    """Ask a calendar; what it cannot answer, because the years run out, is a fault."""
    try:
        return question()
    except RedressError as error:
        raise Fault("value_not_allowed", reason=error.code) from None


def _python_day(value: Date | DateTime) -> python.date:
    held = temporal.to_python(day_of(value))
    if not isinstance(held, python.date):
        raise Fault("value_not_allowed", reason="no calendar reaches that far")
    return held


def _on(value: Date | DateTime, day: python.date) -> Value:
    """Return the day as the kind that was asked about: a date, or a date and time at the same wall time."""
    date = Date(day.year, day.month, day.day)
    return DateTime(date, value.time) if isinstance(value, DateTime) else date


@builtin(
    "addWorkingDays(from: date|date and time, n: number, calendar?: string?)",
    "add working days(date: date|date and time, n: number, calendar?: string?)",
)
def add_working_days(
    run: Run,
    from_: Date | DateTime | None = None,
    n: Decimal = Decimal(0),
    calendar: str | None = None,
    date: Date | DateTime | None = None,
) -> Value:
    """Return the n-th working day after ``from``, which is day 0; 0 rolls forward to a working day."""
    start = from_ or date
    if n != n.to_integral_value() or abs(n) > MOST_DAYS:
        raise Fault("value_not_allowed", parameter="n")
    found = _calendar(run, calendar)
    day = _python_day(start)  # type: ignore[arg-type]
    return _on(start, _asked(lambda: found.add_working_days(day, int(n))))  # type: ignore[arg-type]


@builtin(
    "addWorkingTime(from: date and time, duration: days duration, calendar?: string?)",
    "add working time(from: date and time, duration: days duration, calendar?: string?)",
)
def add_working_time(run: Run, from_: DateTime, duration: DaysDuration, calendar: str | None = None) -> Value:
    """Return ``from`` moved on: the day part in working days, the time part in opening hours."""
    found = _calendar(run, calendar)
    moment = _python_moment(run, from_)
    length = abs(duration.nanoseconds)
    sign = -1 if duration.nanoseconds < 0 else 1
    days, rest = divmod(length, _DAY_NANOS)
    if days > MOST_DAYS:
        raise Fault("value_not_allowed", parameter="duration")
    time = python.timedelta(microseconds=rest // 1000)
    result = _asked(lambda: found.add_working_time(moment, sign * days, sign * time))
    if from_.zone is None:
        return temporal.from_python(result.astimezone(run.moment.zone_info).replace(tzinfo=None, fold=0))
    return temporal.from_python(result)


def _python_moment(run: Run, value: DateTime) -> python.datetime:
    held = temporal.to_python(value)
    if not isinstance(held, python.datetime):
        raise Fault("value_not_allowed", reason="no calendar reaches that far")
    return held if held.tzinfo is not None else held.replace(tzinfo=run.moment.zone_info)


@builtin(
    "workingDaysBetween(a: date|date and time, b: date|date and time, calendar?: string?)",
    "working days between(a: date|date and time, b: date|date and time, calendar?: string?)",
)
def working_days_between(
    run: Run, a: Date | DateTime, b: Date | DateTime, calendar: str | None = None
) -> Value:
    """Return the number of working days d with a < d ≤ b, negative if b < a."""
    found = _calendar(run, calendar)
    return Decimal(found.working_days_between(_python_day(a), _python_day(b)))


@builtin(
    "isWorkingDay(d: date|date and time, calendar?: string?)",
    "is working day(d: date|date and time, calendar?: string?)",
)
def is_working_day(run: Run, d: Date | DateTime, calendar: str | None = None) -> Value:
    """Say whether the calendar is open on that day."""
    return _calendar(run, calendar).is_working_day(_python_day(d))


@builtin(
    "nextWorkingDay(d: date|date and time, calendar?: string?)",
    "next working day(d: date|date and time, calendar?: string?)",
)
def next_working_day(run: Run, d: Date | DateTime, calendar: str | None = None) -> Value:
    """Return the first working day on or after ``d``."""
    found, day = _calendar(run, calendar), _python_day(d)
    return _on(d, _asked(lambda: found.next_working_day(day)))


@builtin(
    "previousWorkingDay(d: date|date and time, calendar?: string?)",
    "previous working day(d: date|date and time, calendar?: string?)",
)
def previous_working_day(run: Run, d: Date | DateTime, calendar: str | None = None) -> Value:
    """Return the last working day on or before ``d``."""
    found, day = _calendar(run, calendar), _python_day(d)
    return _on(d, _asked(lambda: found.previous_working_day(day)))


@builtin(
    "startOfWorkingDay(d: date|date and time, calendar?: string?)",
    "start of working day(d: date|date and time, calendar?: string?)",
)
def start_of_working_day(run: Run, d: Date | DateTime, calendar: str | None = None) -> Value:
    """Return the opening of ``d`` or the next working day."""
    found, day = _calendar(run, calendar), _python_day(d)
    return temporal.from_python(_asked(lambda: found.start_of_working_day(day)))


@builtin(
    "endOfWorkingDay(d: date|date and time, calendar?: string?)",
    "end of working day(d: date|date and time, calendar?: string?)",
)
def end_of_working_day(run: Run, d: Date | DateTime, calendar: str | None = None) -> Value:
    """Return the closing of ``d`` or the next working day."""
    found, day = _calendar(run, calendar), _python_day(d)
    return temporal.from_python(_asked(lambda: found.end_of_working_day(day)))
