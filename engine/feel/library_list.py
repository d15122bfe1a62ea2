"""Built-in functions on lists; positions count from 1, negative ones from the end."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from engine.feel.budget import DATA_DEPTH, Budget
from engine.feel.calls import call
from engine.feel.library import builtin
from engine.feel.library_conversion import whole
from engine.feel.logic import equal
from engine.feel.notes import BudgetExceeded, Fault
from engine.feel.run import Run
from engine.feel.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from engine.feel.values import Value, kind_of

Items = list[Value]
_HASHED = frozenset((Decimal, str, bool, type(None), Date, DaysDuration, MonthsDuration))


def _position(position: Decimal, length: int) -> int:
    """Return the index, from 0, of a position inside the list. Raises ``Fault``."""
    at = whole(position)
    if at == 0 or abs(at) > length:
        raise Fault("value_not_allowed", parameter="position")
    return at - 1 if at > 0 else length + at


@builtin("list contains(list: list, element)")
def list_contains(run: Run, list: list[Value], element: Value) -> Value:
    """Say whether an equal item is in the list."""
    run.budget.charge(len(list))
    return any(equal(item, element, run.budget) is True for item in list)


@builtin("list replace(list: list, position: number, newItem)")
def list_replace(run: Run, list: list[Value], position: Decimal, newItem: Value) -> Value:  # noqa: N803
    """Return the list with another item at the position."""
    run.budget.make(len(list))
    at = _position(position, len(list))
    return [*list[:at], newItem, *list[at + 1 :]]


@builtin("list replace(list: list, match: function, newItem)")
def list_replace_matching(run: Run, list: list[Value], match: Value, newItem: Value) -> Value:  # noqa: N803
    """Return the list with another item wherever ``match(item, newItem)`` is true."""
    run.budget.make(len(list))
    result = []
    for item in list:
        answer = call(run, match, (item, newItem))
        if type(answer) is not bool:
            raise Fault("wrong_type", expected="boolean", found=kind_of(answer))
        result.append(newItem if answer else item)
    return result


@builtin("sublist(list: list, start position: number, length?: number)")
def sublist(run: Run, list: list[Value], start_position: Decimal, length: Decimal | None = None) -> Value:
    """Return a part of the list."""
    first = _position(start_position, len(list))
    count = len(list) - first if length is None else whole(length)
    if not 1 <= count <= len(list) - first:
        raise Fault("value_not_allowed", parameter="length")
    run.budget.make(count)
    return list[first : first + count]


@builtin("append(list: list, *item)")
def append(run: Run, list: list[Value], item: list[Value] | None = None) -> Value:
    """Return the list with more items at its end."""
    run.budget.make(len(list) + len(item or ()))
    return [*list, *(item or ())]


def _joined(run: Run, lists: list[list[Value]]) -> list[Value]:
    if not lists:
        raise Fault("wrong_arguments", found=0)
    run.budget.make(sum(map(len, lists)))
    return [item for items in lists for item in items]


@builtin("concatenate(*list: list)")
def concatenate(run: Run, list: list[Value]) -> Value:
    """Return the items of all lists."""
    return _joined(run, list)


@builtin("union(*list: list)")
def union(run: Run, list: list[Value]) -> Value:
    """Return the items of all lists, each once."""
    return distinct(_joined(run, list), run.budget)


@builtin("insert before(list: list, position: number, newItem)")
def insert_before(run: Run, list: list[Value], position: Decimal, newItem: Value) -> Value:  # noqa: N803
    """Return the list with one more item before the position."""
    run.budget.make(len(list) + 1)
    at = _position(position, len(list))
    return [*list[:at], newItem, *list[at:]]


@builtin("remove(list: list, position: number)")
def remove(run: Run, list: list[Value], position: Decimal) -> Value:
    """Return the list without the item at the position."""
    run.budget.make(len(list))
    at = _position(position, len(list))
    return [*list[:at], *list[at + 1 :]]


@builtin("reverse(list: list)")
def reverse(run: Run, list: list[Value]) -> Value:
    """Return the list from its end to its beginning."""
    run.budget.make(len(list))
    return list[::-1]


@builtin("index of(list: list, match)")
def index_of(run: Run, list: list[Value], match: Value) -> Value:
    """Return the positions of all equal items."""
    run.budget.make(len(list))
    return [Decimal(at) for at, item in enumerate(list, 1) if equal(item, match, run.budget) is True]


@builtin("distinct values(list: list)")
def distinct_values(run: Run, list: list[Value]) -> Value:
    """Return the items, each once, in the order of their first appearance."""
    run.budget.make(len(list))
    return distinct(list, run.budget)


@builtin("duplicate values(list: list)")
def duplicate_values(run: Run, list: list[Value]) -> Value:
    """Return the items that occur more than once, each once."""
    run.budget.make(len(list))
    return distinct([item for item, first in _judged(list, run.budget) if not first], run.budget)


def distinct(items: list[Value], budget: Budget) -> list[Value]:
    """Return the items, each once: looked up by hash first, compared only with those that share it."""
    return [item for item, first in _judged(items, budget) if first]


def _judged(items: list[Value], budget: Budget) -> Iterator[tuple[Value, bool]]:
    seen: dict[object, list[Value]] = {}
    for item in items:
        alike = seen.setdefault(_hash_key(item), [])
        budget.charge(1 + len(alike))
        known = any(equal(item, other, budget) is True for other in alike)
        if not known:
            alike.append(item)
        yield item, not known


def _hash_key(value: Value) -> object:
    """Return something hashable that is equal for equal values; unequal values rarely share it."""
    kind = type(value)
    if kind is list:
        return kind, len(value), *(_hash_key(item) for item in value[:8] if type(item) in _HASHED)
    if kind is dict:
        return kind, *(
            (key, _hash_key(item)) for key, item in sorted(value.items())[:8] if type(item) in _HASHED
        )
    if kind is Time or kind is DateTime:
        return kind, value.moment
    return (kind, value) if kind in _HASHED else kind


@builtin("flatten(list: list)")
def flatten(run: Run, list: list[Value]) -> Value:
    """Return the items of all nested lists in one list."""
    result: Items = []
    _flatten(list, result, run.budget, 0)
    return result


def _flatten(items: list[Value], result: list[Value], budget: Budget, depth: int) -> None:
    if depth > DATA_DEPTH:
        raise BudgetExceeded(limit="depth")
    budget.make(len(items))
    for item in items:
        if type(item) is list:
            _flatten(item, result, budget, depth + 1)
        else:
            result.append(item)


class _Ordered:
    """An item that is less than another if the comparing function says so."""

    __slots__ = ("item", "precedes", "run")

    def __init__(self, item: Value, precedes: Value, run: Run) -> None:
        self.item = item
        self.precedes = precedes
        self.run = run

    def __lt__(self, other: _Ordered) -> bool:
        answer = call(self.run, self.precedes, (self.item, other.item))
        if type(answer) is not bool:
            raise Fault("wrong_type", expected="boolean", found=kind_of(answer))
        return answer


@builtin("sort(list: list, precedes: function)")
def sort(run: Run, list: list[Value], precedes: Value) -> Value:
    """Return the list ordered by a function that says whether one item precedes another.

    Equals stay in order.
    """
    run.budget.make(len(list))
    return [ordered.item for ordered in sorted(_Ordered(item, precedes, run) for item in list)]


@builtin("is empty(list: list)")
def is_empty(run: Run, list: list[Value]) -> Value:
    """Say whether the list has no items."""
    run.budget.charge(1)
    return not list


@builtin("partition(list: list, size: number)")
def partition(run: Run, list: list[Value], size: Decimal) -> Value:
    """Return lists of at most ``size`` items each."""
    step = whole(size)
    if step < 1:
        raise Fault("value_not_allowed", parameter="size")
    run.budget.make(2 * len(list))
    return [list[at : at + step] for at in range(0, len(list), step)]
