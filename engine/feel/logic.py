"""Three-valued logic: equality, order and membership, which answer True, False or None for null."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from engine.feel import temporal
from engine.feel.budget import DATA_DEPTH, Budget
from engine.feel.notes import BudgetExceeded
from engine.feel.numbers import weight
from engine.feel.values import TEMPORAL, Range, Value, kind_of

LONG_TEXT: Final = 256


def equal(a: Value, b: Value, budget: Budget, depth: int = 0) -> bool | None:
    """Compare by value; different kinds give None, null equals only null.

    Lists and contexts compare by parts.
    """
    if a is None or b is None:
        return a is b
    kind = type(a)
    if kind is not type(b):
        kind_of(a), kind_of(b)
        return None
    if kind is Decimal or kind is bool:
        return bool(a == b)
    if kind is str:
        if len(a) > LONG_TEXT:
            budget.read(len(a))
        return bool(a == b)
    if kind in TEMPORAL:
        budget.charge(weight(a) + weight(b))
        return temporal.equal(a, b)
    if a is b:
        return True
    if depth > DATA_DEPTH:
        raise BudgetExceeded(limit="depth")
    return _equal_parts(a, b, budget, depth + 1)


def _equal_parts(a: Value, b: Value, budget: Budget, depth: int) -> bool:
    if type(a) is list:
        if len(a) != len(b):
            return False
        budget.charge(4 + 4 * len(a))
        return all(equal(x, y, budget, depth) is True for x, y in zip(a, b, strict=True))
    if type(a) is dict:
        if a.keys() != b.keys():
            return False
        budget.charge(4 + 4 * len(a))
        return all(equal(x, b[key], budget, depth) is True for key, x in a.items())
    if type(a) is Range:
        return (
            (a.start_included, a.end_included, a.negated) == (b.start_included, b.end_included, b.negated)
            and equal(a.start, b.start, budget, depth) is True
            and equal(a.end, b.end, budget, depth) is True
        )
    return False


def compare(a: Value, b: Value) -> int | None:
    """Return a number below, at or above 0, or None if the two have no order."""
    kind = type(a)
    if kind is not type(b):
        return None
    if kind is Decimal or kind is str:
        return -1 if a < b else int(a > b)
    if kind in TEMPORAL:
        return temporal.compare(a, b)
    return None


def within(value: Value, interval: Range) -> bool | None:
    """Say whether the value lies in the range; None if it cannot be compared with an end of it."""
    if value is None:
        return None
    if interval.negated:
        order = compare(value, interval.start)
        return None if order is None else order != 0
    result: bool | None = True
    for bound, included, side in (
        (interval.start, interval.start_included, 1),
        (interval.end, interval.end_included, -1),
    ):
        if bound is None:
            continue
        order = compare(value, bound)
        if order is None:
            return None
        if order * side < 0 or (order == 0 and not included):
            result = False
    return result if interval.start is not None or interval.end is not None else None


def member(value: Value, test: Value, budget: Budget) -> bool | None:
    """Say whether ``value in test``: an equal value, a range that holds it, a list with such a member."""
    if type(test) is Range:
        return equal(value, test, budget) if type(value) is Range else within(value, test)
    if type(test) is list:
        if type(value) is list and equal(value, test, budget) is True:
            return True
        budget.charge(len(test))
        for item in test:
            if equal(value, item, budget) is True:
                return True
            if type(item) is Range and within(value, item) is True:
                return True
        return False
    return equal(value, test, budget)


def negation(value: Value) -> bool | None:
    """Return the opposite of a boolean; anything else gives null."""
    return (not value) if type(value) is bool else None
