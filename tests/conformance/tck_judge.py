"""Whether an answer is the one the compatibility kit expects, by the rules of the kit."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

from engine.feel.temporal import DateTime, Time

DECIMAL128 = Context(prec=34)
ROUNDED = -8
TOLERANCE = Decimal("1e-8")


def same(got: Any, expected: Any) -> bool:
    """Say whether ``got`` is the expected value; kinds count, a list of one is not its item."""
    if expected is None or got is None:
        return got is expected
    if type(got) is not type(expected):
        return False
    if isinstance(expected, Decimal):
        return same_number(got, expected)
    if isinstance(expected, list):
        return len(got) == len(expected) and all(same(a, b) for a, b in zip(got, expected, strict=True))
    if isinstance(expected, dict):
        return all(same(got.get(key), expected.get(key)) for key in {*got, *expected})
    if isinstance(expected, Time):
        return same_clock(got, expected) and got.offset == expected.offset
    if isinstance(expected, DateTime):
        return (
            got.date == expected.date
            and same_clock(got.time, expected.time)
            and got.offset == expected.offset
        )
    return bool(got == expected)


def same_clock(got: Time, expected: Time) -> bool:
    """Compare what stands on the wall."""
    return got.nanoseconds == expected.nanoseconds


def same_number(got: Decimal, expected: Decimal) -> bool:
    """Compare at 34 digits; an expectation written with 8 decimals or more is itself rounded."""
    if not got.is_finite():
        return False
    if DECIMAL128.plus(got) == DECIMAL128.plus(expected):
        return True
    exponent = expected.as_tuple().exponent
    return isinstance(exponent, int) and exponent <= ROUNDED and abs(got - expected) <= TOLERANCE
