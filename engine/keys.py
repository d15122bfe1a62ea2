"""Keys: 64-bit numbers for every entity, from one sequence shared by all processes, taken in blocks."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.errors import Broken

FIRST_KEY = 2251799813685249  # 2^51 + 1: what clients of the /v2 interface are used to


class KeysSpent(Broken):
    """The keys set aside for this transaction are used up; more are reserved before it is repeated."""

    code = "keys_spent"


class Keys:
    """Hands out keys of one process. Safe to share between threads.

    Blocks are reserved between transactions only: a block reserved inside a transaction would be given out
    twice when that transaction rolls back, and SQLite has a single writer. A process that dies loses the rest
    of its block, so keys have gaps.
    """

    def __init__(self, reserve: Callable[[int], int], *, block: int = 10_000, low_water: int = 3_000) -> None:
        """``reserve(n)`` durably sets ``n`` keys aside and returns the first of them."""
        self._reserve = reserve
        self._block, self._low_water = block, low_water
        self._ranges: list[tuple[int, int]] = []
        self._lock = threading.Lock()

    def next(self) -> int:
        """Return a key never used before. Raises ``KeysSpent`` when the reserved blocks are used up."""
        with self._lock:
            if not self._ranges:
                raise KeysSpent
            first, last = self._ranges[0]
            if first == last:
                self._ranges.pop(0)
            else:
                self._ranges[0] = (first + 1, last)
            return first

    def prepare(self) -> None:
        """Reserve a block if few keys are left. Call it outside transactions."""
        with self._lock:
            if self._left() < self._low_water:
                self._add(self._block)

    def prepare_more(self) -> None:
        """Reserve a larger block, because a transaction used more keys than were set aside."""
        with self._lock:
            self._low_water *= 2
            self._block = max(self._block, 2 * self._low_water)
            self._add(self._block)

    def _left(self) -> int:
        return sum(last - first + 1 for first, last in self._ranges)

    def _add(self, size: int) -> None:
        first = self._reserve(size)
        self._ranges.append((first, first + size - 1))
