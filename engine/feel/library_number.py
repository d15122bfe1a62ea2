"""Built-in functions on numbers and booleans."""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
)
from typing import Final

from engine.feel import temporal
from engine.feel.library import builtin
from engine.feel.library_conversion import whole
from engine.feel.notes import Fault
from engine.feel.numbers import finite
from engine.feel.run import Run
from engine.feel.values import Value

_ZERO: Final = Decimal(0)
SCALES: Final = range(-6111, 6177)


def _rounded(run: Run, n: Decimal, scale: Decimal, rounding: str) -> Decimal:
    """Round to ``scale`` decimals, cut to an integer.

    A number with no more decimals than that stays as it is.
    """
    run.budget.charge(1)
    places = whole(scale)
    if places not in SCALES:
        raise Fault("value_not_allowed", parameter="scale")
    exponent = n.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= places:
        return n
    return finite(n.quantize(Decimal((0, (1,), -places)), rounding=rounding))


@builtin("decimal(n: number, scale: number)")
def decimal(run: Run, n: Decimal, scale: Decimal) -> Value:
    """Round half to even."""
    return _rounded(run, n, scale, ROUND_HALF_EVEN)


@builtin("floor(n: number, scale?: number)")
def floor(run: Run, n: Decimal, scale: Decimal = _ZERO) -> Value:
    """Round towards minus infinity."""
    return _rounded(run, n, scale, ROUND_FLOOR)


@builtin("ceiling(n: number, scale?: number)")
def ceiling(run: Run, n: Decimal, scale: Decimal = _ZERO) -> Value:
    """Round towards plus infinity."""
    return _rounded(run, n, scale, ROUND_CEILING)


@builtin("round up(n: number, scale?: number)")
def round_up(run: Run, n: Decimal, scale: Decimal = _ZERO) -> Value:
    """Round away from zero."""
    return _rounded(run, n, scale, ROUND_UP)


@builtin("round down(n: number, scale?: number)")
def round_down(run: Run, n: Decimal, scale: Decimal = _ZERO) -> Value:
    """Round towards zero."""
    return _rounded(run, n, scale, ROUND_DOWN)


@builtin("round half up(n: number, scale?: number)")
def round_half_up(run: Run, n: Decimal, scale: Decimal = _ZERO) -> Value:
    """Round to the nearest, a half away from zero."""
    return _rounded(run, n, scale, ROUND_HALF_UP)


@builtin("round half down(n: number, scale?: number)")
def round_half_down(run: Run, n: Decimal, scale: Decimal = _ZERO) -> Value:
    """Round to the nearest, a half towards zero."""
    return _rounded(run, n, scale, ROUND_HALF_DOWN)


@builtin("abs(n: number|duration)")
def absolute(run: Run, n: Value) -> Value:
    """Return the number or duration without its sign."""
    run.budget.charge(1)
    return abs(n) if type(n) is Decimal else temporal.absolute(n)


@builtin("modulo(dividend: number, divisor: number)")
def modulo(run: Run, dividend: Decimal, divisor: Decimal) -> Value:
    """Return the remainder, with the sign of the divisor."""
    run.budget.charge(10)
    if divisor == 0:
        raise Fault("division_by_zero")
    rest = finite(dividend % divisor)
    return rest + divisor if rest and (rest < 0) != (divisor < 0) else rest


@builtin("sqrt(number: number)")
def square_root(run: Run, number: Decimal) -> Value:
    """Return the square root of a number not below 0."""
    run.budget.charge(10)
    if number < 0:
        raise Fault("value_not_allowed", parameter="number")
    return number.sqrt()


@builtin("log(number: number)")
def logarithm(run: Run, number: Decimal) -> Value:
    """Return the natural logarithm of a number above 0."""
    run.budget.charge(100)
    if number <= 0:
        raise Fault("value_not_allowed", parameter="number")
    return number.ln()


@builtin("exp(number: number)")
def exponential(run: Run, number: Decimal) -> Value:
    """Return e to the power of the number."""
    run.budget.charge(100)
    return finite(number.exp())


@builtin("odd(number: number)")
def odd(run: Run, number: Decimal) -> Value:
    """Say whether an integer is odd; no other number is."""
    run.budget.charge(1)
    return _last_digit(number) in (1, 3, 5, 7, 9)


@builtin("even(number: number)")
def even(run: Run, number: Decimal) -> Value:
    """Say whether an integer is even; no other number is."""
    run.budget.charge(1)
    return _last_digit(number) in (0, 2, 4, 6, 8)


def _last_digit(number: Decimal) -> int | None:
    """Return the last digit of an integer, however long; None for any other number."""
    if number != number.to_integral_value():
        return None
    return 0 if number.adjusted() > 40 else int(abs(number)) % 10


@builtin("not(negand: boolean)")
def negated(run: Run, negand: bool) -> Value:
    """Return the opposite."""
    run.budget.charge(1)
    return not negand
