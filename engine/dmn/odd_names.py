"""Names inside data that are no plain identifiers: what an expression means depends on them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.feel import Budget, is_plain
from engine.feel.values import Value

NO_NAMES: Final[frozenset[str]] = frozenset()


class OddNames:
    """Finds the names, once per list or context however often it is shared, and pays for the search.

    Values never change once they are made, so each is remembered by its identity and kept alive with it.
    """

    __slots__ = ("_budget", "_known")

    def __init__(self, budget: Budget) -> None:
        """``budget`` is that of the request."""
        self._budget = budget
        self._known: dict[int, tuple[Value, frozenset[str]]] = {}

    def inside(self, value: Value) -> frozenset[str]:
        """Return the keys inside the value, at any depth, that are no plain identifiers."""
        if type(value) is not dict and type(value) is not list:
            return NO_NAMES
        known = self._known.get(id(value))
        if known is not None:
            return known[1]
        self._budget.charge(1 + len(value))
        if type(value) is dict:
            names = frozenset(key for key in value if not is_plain(key))
            found = self.inside_all(value.values())
            found = names | found if names else found
        else:
            found = self.inside_all(value)
        self._known[id(value)] = (value, found)
        return found

    def inside_all(self, values: Iterable[Value]) -> frozenset[str]:
        """Return those of all the values."""
        found = NO_NAMES
        for value in values:
            if type(value) is dict or type(value) is list:
                inner = self.inside(value)
                if inner:
                    found |= inner
        return found
