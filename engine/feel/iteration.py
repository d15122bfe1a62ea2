"""Over what ``for``, ``some`` and ``every`` go round: lists, numbers in steps of one, dates in steps of a
day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from engine.feel.notes import Fault, Severity
from engine.feel.numbers import ONE
from engine.feel.temporal import Date, date_of_days, days_of
from engine.feel.values import Range, Value, kind_of


def rounds_of(domain: Value) -> Iterable[Value]:
    """Return the items of a list or range; any other value stands for a list of itself. Raises ``Fault``."""
    if type(domain) is list:
        return domain
    if type(domain) is Range:
        return _rounds_in(domain)
    if domain is None:
        raise Fault("wrong_type", severity="warning", expected="list", found="null")
    return (domain,)


def rounds_between(start: Value, end: Value) -> Iterator[Value]:
    """Return ``start..end``, counting down if ``end`` is the lesser. Raises ``Fault``."""
    if type(start) is Decimal and type(end) is Decimal:
        return _numbers(start, end, Decimal(1 if start <= end else -1))
    if type(start) is Date and type(end) is Date:
        first, last = days_of(start), days_of(end)
        return _dates(first, last, 1 if first <= last else -1)
    severity: Severity = "warning" if start is None or end is None else "error"
    raise Fault("wrong_type", severity=severity, start=kind_of(start), end=kind_of(end))


def _rounds_in(interval: Range) -> Iterator[Value]:
    start, end = interval.start, interval.end
    if interval.negated or start is None or end is None:
        raise Fault("wrong_type", expected="range with two ends")
    if type(start) is Decimal:
        if start > end:
            raise Fault("wrong_arguments", reason="the range ends before it starts")
        first = start if interval.start_included else start + ONE
        return _numbers(first, end, ONE, open_end=not interval.end_included)
    if type(start) is Date:
        first_day, last_day = days_of(start), days_of(end)
        if first_day > last_day:
            raise Fault("wrong_arguments", reason="the range ends before it starts")
        return _dates(first_day + (not interval.start_included), last_day - (not interval.end_included), 1)
    raise Fault("wrong_type", expected="range of numbers or dates", found=kind_of(start))


def _numbers(value: Decimal, end: Decimal, step: Decimal, *, open_end: bool = False) -> Iterator[Decimal]:
    up = step > 0
    while (value < end or (value == end and not open_end)) if up else value >= end:
        yield value
        value += step


def _dates(day: int, last: int, step: int) -> Iterator[Date]:
    while (day <= last) if step > 0 else (day >= last):
        date = date_of_days(day)
        if date is not None:
            yield date
        day += step
