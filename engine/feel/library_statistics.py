"""Built-in functions that make one value of many: of a list, or of their arguments."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from engine.feel.library import builtin
from engine.feel.logic import compare
from engine.feel.notes import Fault, Severity
from engine.feel.numbers import ONE, finite, weight
from engine.feel.run import Run
from engine.feel.values import Value, kind_of


def _numbers(run: Run, items: list[Value]) -> list[Decimal]:
    run.budget.charge(len(items))
    for item in items:
        if type(item) is not Decimal:
            raise Fault("wrong_type", expected="list of numbers", found=kind_of(item))
    return items


def _some(items: list[Decimal]) -> list[Decimal]:
    if not items:
        raise Fault("value_not_allowed", severity="warning", reason="the list is empty")
    return items


def _spread(items: list[Value]) -> list[Value]:
    """Return the items given one by one; no items at all is a mistake."""
    if not items:
        raise Fault("wrong_arguments", found=0)
    return items


@builtin("count(list: list)")
def count(run: Run, list: list[Value]) -> Value:
    """Count the items."""
    run.budget.charge(1)
    return Decimal(len(list))


def _extreme(run: Run, items: list[Value], side: int) -> Value:
    run.budget.charge(sum(map(weight, items)))
    if not items:
        raise Fault("value_not_allowed", severity="warning", reason="the list is empty")
    best = items[0]
    for item in items:
        order = compare(item, best)
        if order is None:
            raise Fault("not_comparable", left=kind_of(item), right=kind_of(best))
        if order * side > 0:
            best = item
    return best


@builtin("min(list: list)")
def least(run: Run, list: list[Value]) -> Value:
    """Return the least item."""
    return _extreme(run, list, -1)


@builtin("min(*item)")
def least_of(run: Run, item: list[Value]) -> Value:
    """Return the least argument."""
    return _extreme(run, _spread(item), -1)


@builtin("max(list: list)")
def greatest(run: Run, list: list[Value]) -> Value:
    """Return the greatest item."""
    return _extreme(run, list, 1)


@builtin("max(*item)")
def greatest_of(run: Run, item: list[Value]) -> Value:
    """Return the greatest argument."""
    return _extreme(run, _spread(item), 1)


@builtin("sum(list: list)")
def total(run: Run, list: list[Value]) -> Value:
    """Add up numbers."""
    return finite(sum(_some(_numbers(run, list)), Decimal(0)))


@builtin("sum(*n)")
def total_of(run: Run, n: list[Value]) -> Value:
    """Add up the arguments."""
    return total(run, _spread(n))


@builtin("product(list: list)")
def product(run: Run, list: list[Value]) -> Value:
    """Multiply numbers."""
    result = ONE
    for number in _some(_numbers(run, list)):
        result *= number
    return finite(result)


@builtin("product(*n)")
def product_of(run: Run, n: list[Value]) -> Value:
    """Multiply the arguments."""
    return product(run, _spread(n))


@builtin("mean(list: list)")
def mean(run: Run, list: list[Value]) -> Value:
    """Return the arithmetic mean."""
    numbers = _some(_numbers(run, list))
    return finite(sum(numbers, Decimal(0)) / len(numbers))


@builtin("mean(*n)")
def mean_of(run: Run, n: list[Value]) -> Value:
    """Return the arithmetic mean of the arguments."""
    return mean(run, _spread(n))


@builtin("median(list: list)")
def median(run: Run, list: list[Value]) -> Value:
    """Return the middle number, or the mean of the two in the middle."""
    numbers = sorted(_some(_numbers(run, list)))
    half, odd = divmod(len(numbers), 2)
    return numbers[half] if odd else finite((numbers[half - 1] + numbers[half]) / 2)


@builtin("median(*n)")
def median_of(run: Run, n: list[Value]) -> Value:
    """Return the median of the arguments."""
    return median(run, _spread(n))


@builtin("stddev(list: list)")
def standard_deviation(run: Run, list: list[Value]) -> Value:
    """Return the standard deviation of a sample of two numbers or more."""
    numbers = _numbers(run, list)
    if len(numbers) < 2:
        raise Fault("value_not_allowed", severity="warning", reason="fewer than two numbers")
    middle = sum(numbers, Decimal(0)) / len(numbers)
    squares = sum(((number - middle) * (number - middle) for number in numbers), Decimal(0))
    return finite((squares / (len(numbers) - 1)).sqrt())


@builtin("stddev(*n)")
def standard_deviation_of(run: Run, n: list[Value]) -> Value:
    """Return the standard deviation of the arguments."""
    return standard_deviation(run, _spread(n))


@builtin("mode(list: list)")
def mode(run: Run, list: list[Value]) -> Value:
    """Return the most frequent numbers in ascending order; none of an empty list."""
    counted = Counter(_numbers(run, list))
    most = max(counted.values(), default=0)
    run.budget.make(len(counted))
    return sorted(number for number, times in counted.items() if times == most)


@builtin("mode(*n)")
def mode_of(run: Run, n: list[Value]) -> Value:
    """Return the most frequent arguments."""
    return mode(run, _spread(n))


def _joined(run: Run, items: list[Value], *, decisive: bool) -> bool:
    """Join by ``and`` or ``or``; an item that is no boolean leaves it open."""
    run.budget.charge(len(items))
    if any(item is decisive for item in items):
        return decisive
    for item in items:
        if type(item) is not bool:
            severity: Severity = "warning" if item is None else "error"
            raise Fault("wrong_type", severity=severity, expected="list of booleans", found=kind_of(item))
    return not decisive


@builtin("all(list: list)", "and(list: list)")
def every_one(run: Run, list: list[Value]) -> Value:
    """Say whether all items are true."""
    return _joined(run, list, decisive=False)


@builtin("all(*b)", "and(*b)")
def every_argument(run: Run, b: list[Value]) -> Value:
    """Say whether all arguments are true."""
    return _joined(run, _spread(b), decisive=False)


@builtin("any(list: list)", "or(list: list)")
def some_one(run: Run, list: list[Value]) -> Value:
    """Say whether some item is true."""
    return _joined(run, list, decisive=True)


@builtin("any(*b)", "or(*b)")
def some_argument(run: Run, b: list[Value]) -> Value:
    """Say whether some argument is true."""
    return _joined(run, _spread(b), decisive=True)
