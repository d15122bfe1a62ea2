"""Keys: 64-bit numbers for every entity, from one sequence shared by all processes, taken in blocks."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.errors import Unavailable

FIRST_KEY = 2251799813685249  # 2^51 + 1: what clients of the /v2 interface are used to


class KeysSpent(Unavailable):
    """The keys set aside for this transaction are used up; more are reserved before it is repeated."""

    code = "keys_spent"


class Keys:
    """Hands out keys of one process. Safe to share between threads.

    Blocks are reserved between transactions only: a block reserved inside a transaction would be given out
    twice when that transaction rolls back, and SQLite has a single writer. A process that dies loses the rest
    of its block, so keys have gaps.

    Nothing is held while a block is being reserved: the reservation may be waiting for the very connection
    whose holder asks for its next key.
    """

    def __init__(self, reserve: Callable[[int], int], *, block: int = 10_000, low_water: int = 5_000) -> None:
        """``reserve(n)`` durably sets ``n`` keys aside and returns the first of them."""
        self._reserve = reserve
        self._block, self._low_water = block, low_water
        self._ranges: list[tuple[int, int]] = []
        self._reserving = False
        self._state = threading.Condition()  # guards the fields above, for moments only

    def next(self) -> int:
        """Return a key never used before, at once. Raises ``KeysSpent`` when the reserved blocks are used up."""
        with self._state:
            if not self._ranges:
                raise KeysSpent
            first, last = self._ranges[0]
            if first == last:
                self._ranges.pop(0)
            else:
                self._ranges[0] = (first + 1, last)
            return first

    def take(self) -> int:
        """Return a key never used before, reserving more if none is left. Call it outside transactions."""
        while True:
            few = self.prepare()
            try:
                return self.next()
            except KeysSpent:
                self.prepare_more(few)

    def prepare(self) -> int:
        """Reserve a block if few keys are left and nobody else is at it; return what counts as few now.

        Call it outside transactions. It waits for somebody else's reservation only while there is no key at
        all.
        """
        with self._state:
            few = self._low_water
            if self._left() >= few:
                return few
            if self._reserving:
                if not self._ranges:
                    self._state.wait_for(self._is_settled)
                return few
            self._reserving = True
        self._add(self._block)
        return few

    def prepare_more(self, few: int) -> None:
        """Reserve a larger block, because a transaction used more keys than were set aside.

        Call it outside transactions, with what ``prepare`` returned before that transaction. Of several that
        were short of keys together one reserves, the others wait for it.
        """
        with self._state:
            self._state.wait_for(self._is_settled)
            if self._low_water == few:
                self._low_water = 2 * few
            elif self._left() >= self._low_water:
                return
            self._block = max(self._block, 2 * self._low_water)
            self._reserving = True
        self._add(self._block)

    def _left(self) -> int:
        return sum(last - first + 1 for first, last in self._ranges)

    def _is_settled(self) -> bool:
        return not self._reserving

    def _add(self, size: int) -> None:
        """Reserve ``size`` keys for everybody; only the one thread that set ``_reserving`` comes here."""
        new: list[tuple[int, int]] = []
        try:
            first = self._reserve(size)
            new.append((first, first + size - 1))
        finally:
            with self._state:
                self._ranges += new
                self._reserving = False
                self._state.notify_all()
