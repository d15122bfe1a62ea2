"""How values are kept: tagged JSON that gives back an equal value of the same kind."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import orjson

from engine.feel import temporal
from engine.feel.budget import DATA_DEPTH
from engine.feel.notes import BudgetExceeded
from engine.feel.numbers import CONTEXT
from engine.feel.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from engine.feel.values import Range, Value

TAG: Final = "$feel"
SAFE_INTEGER: Final = 2**53
MOST_NODES: Final = 100_000
_TEMPORAL_TAGS: Final[dict[type, str]] = {
    Date: "date",
    Time: "time",
    DateTime: "date and time",
    DaysDuration: "days and time duration",
    MonthsDuration: "years and months duration",
}
_READERS: Final[dict[str, Callable[[str], Value]]] = {
    "number": CONTEXT.create_decimal,
    "date": temporal.parse_date,
    "time": temporal.parse_time,
    "date and time": temporal.parse_date_time,
    "days and time duration": temporal.parse_duration,
    "years and months duration": temporal.parse_duration,
}


def dump(value: Value) -> bytes:
    """Return the value as tagged JSON in UTF-8.

    Raises ``TypeError`` for a function, ``BudgetExceeded`` for more than 100,000 parts or 64 levels.
    """
    return orjson.dumps(pack(value))


def load(data: bytes | str) -> Value:
    """Return the value that ``dump`` wrote. Raises ``ValueError`` if the data is not such JSON."""
    return unpack(orjson.loads(data))


def pack(value: Value) -> Any:
    """Return the value as data that any JSON writer can write. Raises as ``dump`` does."""
    return _packed(value, [MOST_NODES], 0)


def _packed(value: Value, left: list[int], depth: int) -> Any:
    kind = type(value)
    left[0] -= 1
    if left[0] < 0 or depth > DATA_DEPTH:
        raise BudgetExceeded(limit="cells" if left[0] < 0 else "depth")
    if value is None or kind is bool or kind is str:
        return value
    if kind is Decimal:
        return _number(value)
    if kind is list:
        return [_packed(item, left, depth + 1) for item in value]
    if kind is dict:
        packed = {key: _packed(item, left, depth + 1) for key, item in value.items()}
        return {TAG: "context", "value": packed} if TAG in packed else packed
    if kind in _TEMPORAL_TAGS:
        return {TAG: _TEMPORAL_TAGS[kind], "value": str(value)}
    if kind is Range:
        return {TAG: "range", "value": _range(value, left, depth)}
    raise TypeError(f"{kind.__name__} cannot be stored")


def _number(value: Decimal) -> Any:
    if abs(value) < SAFE_INTEGER and value == value.to_integral_value(context=CONTEXT):
        return int(value)
    return {TAG: "number", "value": str(value)}


def _range(value: Range, left: list[int], depth: int) -> dict[str, Any]:
    return {
        "start": _packed(value.start, left, depth + 1),
        "end": _packed(value.end, left, depth + 1),
        "start included": value.start_included,
        "end included": value.end_included,
        "negated": value.negated,
    }


def unpack(data: Any) -> Value:
    """Return the value that ``pack`` made.

    Raises ``ValueError`` if the data is nothing that ``pack`` makes.
    """
    if data is None or isinstance(data, (bool, str)):
        return data
    if isinstance(data, (int, float)):
        return CONTEXT.create_decimal(repr(data))
    if isinstance(data, list):
        return [unpack(item) for item in data]
    if not isinstance(data, dict):
        raise ValueError(f"{type(data).__name__} is no stored value")
    if TAG not in data:
        return {key: unpack(item) for key, item in data.items()}
    return _untagged(data)


def _untagged(data: dict[str, Any]) -> Value:
    tag, inner = data[TAG], data.get("value")
    if tag == "context" and isinstance(inner, dict):
        return {key: unpack(item) for key, item in inner.items()}
    if tag == "range" and isinstance(inner, dict):
        return Range(
            unpack(inner["start"]),
            unpack(inner["end"]),
            inner["start included"],
            inner["end included"],
            inner["negated"],
        )
    value = _READERS[tag](inner) if tag in _READERS and isinstance(inner, str) else None
    if value is None:
        raise ValueError(f"no stored value is tagged {tag!r} like this")
    return value
