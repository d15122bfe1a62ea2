"""The two ends of a range as things that can be compared, those that are open to infinity included."""

from __future__ import annotations

from dataclasses import dataclass

from engine.feel.logic import compare
from engine.feel.notes import Fault
from engine.feel.values import Range, Value, kind_of


def order(a: Value, b: Value) -> int:
    """Return a number below, at or above 0. Raises ``Fault`` if the two have no order."""
    found = compare(a, b)
    if found is None:
        raise Fault("not_comparable", left=kind_of(a), right=kind_of(b))
    return found


@dataclass(frozen=True, slots=True)
class Edge:
    """A point, or an end of a range; ``side`` is -1 or 1 for an end at infinity, else 0."""

    value: Value
    included: bool = True
    side: int = 0

    def order(self, other: Edge) -> int:
        """Compare the places of two edges. Raises ``Fault`` if they have no order."""
        if self.side or other.side:
            return self.side - other.side
        return order(self.value, other.value)

    def same(self, other: Edge) -> bool:
        """Say whether both edges are at one place and both in or both out."""
        return self.order(other) == 0 and self.included is other.included

    def starts_before(self, other: Edge) -> bool:
        """Say whether a range starting here starts earlier than one starting there."""
        found = self.order(other)
        return found < 0 or (found == 0 and self.included and not other.included)

    def ends_before(self, other: Edge) -> bool:
        """Say whether a range ending here ends earlier than one ending there."""
        found = self.order(other)
        return found < 0 or (found == 0 and other.included and not self.included)


def start_of(interval: Range) -> Edge:
    """Return the lower edge. Raises ``Fault`` for a range that is everything but a point."""
    if interval.negated:
        raise Fault("value_not_allowed", reason="not an interval")
    return Edge(interval.start, interval.start_included, -1 if interval.start is None else 0)


def end_of(interval: Range) -> Edge:
    """Return the upper edge. Raises ``Fault`` for a range that is everything but a point."""
    if interval.negated:
        raise Fault("value_not_allowed", reason="not an interval")
    return Edge(interval.end, interval.end_included, 1 if interval.end is None else 0)
