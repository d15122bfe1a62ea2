"""How a frozen dataclass becomes plain JSON values and the same dataclass again, by its type hints."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from engine.durations import Duration, read_duration
from engine.errors import Broken

T = TypeVar("T")


class StoredValueUnreadable(Broken):
    """What was stored does not fit the shape it should have."""

    code = "stored_value_unreadable"


def dump(value: Any) -> Any:
    """Return dataclasses as objects, tuples as lists, temporal values as ISO text, the rest as it is."""
    if is_dataclass(value):
        return {field.name: dump(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [dump(item) for item in value]
    if isinstance(value, (date, time)):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(Duration(time=abs(value), negative=value < timedelta()))
    return value


def load(shape: type[T], stored: Any) -> T:
    """Return the ``shape`` that ``dump`` wrote; members with defaults may be missing.

    Raises ``StoredValueUnreadable`` for anything unknown, missing or of another type.
    """
    try:
        loaded: T = _load(shape, stored)
    except (TypeError, ValueError, KeyError) as error:
        raise StoredValueUnreadable(shape=shape.__name__, because=str(error)[:200]) from error
    return loaded


def _load(shape: Any, stored: Any) -> Any:
    origin = get_origin(shape)
    if origin in (Union, UnionType):
        rest = [option for option in get_args(shape) if option is not NoneType]
        return None if stored is None else _load(rest[0], stored)
    if origin is Literal:
        if stored not in get_args(shape):
            raise ValueError(f"{stored!r} is none of {get_args(shape)}")
        return stored
    if origin is tuple:
        return tuple(_load(get_args(shape)[0], item) for item in stored)
    if isinstance(shape, type) and is_dataclass(shape):
        hints = _hints(shape)
        return shape(**{name: _load(hints[name], item) for name, item in stored.items()})
    if shape in (datetime, date, time):
        return shape.fromisoformat(stored)
    if shape is timedelta:
        said = read_duration(stored)
        span = said.time + timedelta(said.days)
        return -span if said.negative else span
    if not isinstance(stored, shape) or (shape is int and isinstance(stored, bool)):
        raise TypeError(f"{stored!r} is no {shape.__name__}")
    return stored


@lru_cache(maxsize=64)
def _hints(shape: Any) -> dict[str, Any]:
    return get_type_hints(shape)
