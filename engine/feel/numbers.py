"""Arithmetic: 34 exact decimal digits, and which operator joins which kinds."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from engine.feel import temporal
from engine.feel.budget import Budget
from engine.feel.notes import Fault, Severity
from engine.feel.temporal import DateTime, Offset, Time
from engine.feel.values import TEMPORAL, Value, kind_of

CONTEXT: Final = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[])
ONE: Final = Decimal(1)


def finite(number: Decimal) -> Decimal:
    """Return the number. Raises ``Fault`` if it is infinite or not a number."""
    if number.is_finite():
        return number
    raise Fault("number_overflow")


def weight(value: Value) -> int:
    """Return how many steps it takes to reckon or compare with the value: named zones take long."""
    if type(value) is DateTime or type(value) is Time:
        return 8 if value.zone is None or type(value.zone) is Offset else 25
    return 4 if type(value) in TEMPORAL else 1


def _refuse(sign: str, a: Value, b: Value) -> Fault:
    left, right = kind_of(a), kind_of(b)
    if a is None or b is None:
        return Fault("wrong_type", severity="warning", operator=sign, left=left, right=right)
    if left == right and type(a) in TEMPORAL and sign == "-":
        return Fault("zone_mismatch", operator=sign, left=left, right=right)
    return Fault("wrong_type", operator=sign, left=left, right=right)


def add(a: Value, b: Value, budget: Budget) -> Value:
    """Return ``a + b``. Raises ``Fault``."""
    kind = type(a)
    if kind is Decimal and type(b) is Decimal:
        return finite(a + b)
    if kind is str and type(b) is str:
        budget.write(len(a) + len(b))
        return a + b
    return _temporal("+", a, b, temporal.add, budget)


def subtract(a: Value, b: Value, budget: Budget) -> Value:
    """Return ``a - b``. Raises ``Fault``."""
    if type(a) is Decimal and type(b) is Decimal:
        return finite(a - b)
    return _temporal("-", a, b, temporal.subtract, budget)


def multiply(a: Value, b: Value, budget: Budget) -> Value:
    """Return ``a * b``. Raises ``Fault``."""
    if type(a) is Decimal and type(b) is Decimal:
        return finite(a * b)
    return _temporal("*", a, b, temporal.multiply, budget)


def divide(a: Value, b: Value, budget: Budget) -> Value:
    """Return ``a / b``. Raises ``Fault``."""
    if type(b) is Decimal and b == 0 and a is not None:
        raise Fault("division_by_zero")
    if type(a) is Decimal and type(b) is Decimal:
        return finite(a / b)
    return _temporal("/", a, b, temporal.divide, budget)


def power(a: Value, b: Value, budget: Budget) -> Value:
    """Return ``a ** b``. Raises ``Fault``."""
    if type(a) is not Decimal or type(b) is not Decimal:
        raise _refuse("**", a, b)
    budget.charge(20 if b == b.to_integral_value() else 200)
    return ONE if b == 0 else finite(a**b)


def negate(a: Value) -> Value:
    """Return ``-a``. Raises ``Fault``."""
    if type(a) is Decimal:
        return -a
    result = temporal.negate(a) if type(a) in TEMPORAL else None
    if result is None:
        severity: Severity = "warning" if a is None else "error"
        raise Fault("wrong_type", severity=severity, operator="-", operand=kind_of(a))
    return result


def _temporal(
    sign: str, a: Value, b: Value, operation: Callable[[Value, Value], Value], budget: Budget
) -> Value:
    budget.charge(weight(a) + weight(b))
    kinds = (type(a), type(b))
    if not any(kind in TEMPORAL for kind in kinds) or not all(
        kind in TEMPORAL or kind is Decimal for kind in kinds
    ):
        raise _refuse(sign, a, b)
    result = operation(a, b)
    if result is None:
        raise _refuse(sign, a, b)
    return finite(result) if type(result) is Decimal else result


OPERATORS: Final[dict[str, Callable[[Value, Value, Budget], Value]]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "**": power,
}


def plain(number: Decimal) -> str:
    """Return the number without exponent and without needless zeros."""
    if number == 0:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
