"""The door between Python and FEEL: what comes in, what goes out, and how a value is shown as JSON."""

from __future__ import annotations

import datetime as python
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import orjson

from engine.feel import temporal
from engine.feel.budget import DATA_DEPTH
from engine.feel.display import text_of
from engine.feel.library import BuiltIn
from engine.feel.notes import BudgetExceeded
from engine.feel.numbers import CONTEXT, plain
from engine.feel.values import TEMPORAL, Function, Range, Value

_MOST_NODES: Final = 100_000
PLAIN_DIGITS: Final = 40
_SIXTY_FOUR_BITS: Final = 2**63


def inward(value: Any, *, depth: int = 0) -> Value:
    """Return the FEEL value for plain Python data; FEEL values pass unchanged.

    Takes None, bool, int, float (read as it prints), Decimal, str, date, datetime, time, timedelta, lists,
    tuples and
    mappings with text keys. Raises ``TypeError`` for anything else, ``BudgetExceeded`` beyond 64 levels: a
    cycle.
    """
    kind = type(value)
    if value is None or kind is str or kind is bool or kind in TEMPORAL:
        return value
    if depth > DATA_DEPTH:
        raise BudgetExceeded(limit="depth")
    if kind is int or kind is float or kind is Decimal:
        number = CONTEXT.create_decimal(repr(value) if kind is float else value)
        return number if number.is_finite() else None
    if isinstance(value, Mapping):
        if not all(type(key) is str for key in value):
            raise TypeError("the keys of a context are texts")
        return {key: inward(item, depth=depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [inward(item, depth=depth + 1) for item in value]
    if kind in (Range, Function, BuiltIn):
        return value
    if isinstance(value, (python.date, python.time, python.timedelta)):
        return temporal.from_python(value)
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{kind.__name__} cannot become a FEEL value")


def outward(value: Value) -> Any:
    """Return plain Python: int if integral else Decimal, date, datetime, time, timedelta, list, dict, Range.

    What Python cannot hold (far years, months durations, times in named zones, functions) comes out as text.
    """
    return _walked(value, _leaf_outward, [0], 0)


def to_json(value: Value) -> Any:
    """Return what REST and pages show: text, int, Decimal, bool, None, list or dict.

    Temporals and ranges as text.
    """
    return _walked(value, _leaf_json, [0], 0)


def json_default(value: Any) -> Any:
    """Let orjson write what ``to_json`` leaves to it: a Decimal becomes a JSON number with all its digits."""
    if type(value) is Decimal:
        return orjson.Fragment(plain(value) if abs(value.adjusted()) < PLAIN_DIGITS else str(value))
    raise TypeError(f"{type(value).__name__} is not JSON")


def _walked(value: Value, leaf: Any, nodes: list[int], depth: int) -> Any:
    nodes[0] += 1
    if nodes[0] > _MOST_NODES or depth > DATA_DEPTH:
        raise BudgetExceeded(limit="depth" if depth > DATA_DEPTH else "cells")
    if type(value) is list:
        return [_walked(item, leaf, nodes, depth + 1) for item in value]
    if type(value) is dict:
        return {key: _walked(item, leaf, nodes, depth + 1) for key, item in value.items()}
    return leaf(value)


def _number(value: Decimal) -> int | Decimal:
    if value.adjusted() <= CONTEXT.prec and value == value.to_integral_value(context=CONTEXT):
        return int(value)
    return value


def _leaf_outward(value: Value) -> Any:
    if type(value) is Decimal:
        return _number(value)
    if type(value) in TEMPORAL:
        held = temporal.to_python(value)
        return str(value) if held is None else held
    return "function" if type(value) in (Function, BuiltIn) else value


def _leaf_json(value: Value) -> Any:
    if type(value) is Decimal:
        number = _number(value)
        return value if type(number) is int and abs(number) >= _SIXTY_FOUR_BITS else number
    if value is None or type(value) in (str, bool):
        return value
    return text_of(value)
