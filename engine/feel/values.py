"""The kinds of value FEEL knows and the two that Python lacks: ranges and functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from engine.feel.temporal import MISSING, Date, DateTime, DaysDuration, MonthsDuration, Time

if TYPE_CHECKING:
    from engine.feel.run import Run
    from engine.feel.types import Type

__all__ = [
    "KINDS",
    "MISSING",
    "TEMPORAL",
    "Function",
    "Parameter",
    "Range",
    "Value",
    "kind_of",
]

Value = Any
"""Decimal, str, bool, None, a temporal, list, dict, Range or a function: nothing else ever is a FEEL
value.
"""


@dataclass(frozen=True, slots=True)
class Range:
    """An interval; an end of None is open to that side, ``negated`` is everything but the single point
    ``start``.
    """

    start: Value
    end: Value
    start_included: bool = True
    end_included: bool = True
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A formal parameter; a type of None accepts everything."""

    name: str
    type: Type | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function made by an expression or a knowledge model; it keeps the scope it was made in.

    ``body`` takes the running evaluation and exactly one value per parameter, and returns a value.
    ``result`` is the declared type of the result, None if there is none.
    """

    parameters: tuple[Parameter, ...]
    body: Callable[[Run, list[Value]], Value]
    name: str = ""
    result: Type | None = None


KINDS: dict[type, str] = {
    Decimal: "number",
    str: "string",
    bool: "boolean",
    type(None): "null",
    list: "list",
    dict: "context",
    Range: "range",
    Function: "function",
    Date: "date",
    Time: "time",
    DateTime: "date and time",
    DaysDuration: "days and time duration",
    MonthsDuration: "years and months duration",
}
TEMPORAL: Final = frozenset((Date, Time, DateTime, DaysDuration, MonthsDuration))


def kind_of(value: Value) -> str:
    """Return the FEEL name of the value's kind.

    Raises ``TypeError`` for what is no FEEL value: a mistake of ours.
    """
    try:
        return KINDS[type(value)]
    except KeyError:
        raise TypeError(f"{type(value).__name__} is no FEEL value; pass it through feel.inward") from None
