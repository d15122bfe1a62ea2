"""How much an expression, or all expressions of a decision, may cost: counters that end in
``BudgetExceeded``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from engine.clock import Clock
from engine.feel.notes import BudgetExceeded

TEXT_LENGTH: Final = 4_096
PARSE_DEPTH: Final = 60
DATA_DEPTH: Final = 64
LOOK_EVERY: Final = 4_096


class Budget:
    """Steps, cells and characters left; one per expression, or one shared by a whole decision request.

    Counted first, timed last: the same data ends alike on every machine. A ``clock``, if given, is a
    backstop only.
    """

    __slots__ = ("_clock", "_ends_at", "_look_at", "calls", "cells", "characters", "steps")

    def __init__(
        self,
        *,
        steps: int = 200_000,
        cells: int = 100_000,
        characters: int = 1_000_000,
        calls: int = 100,
        clock: Clock | None = None,
        seconds: float = 0.5,
    ) -> None:
        """The defaults are those of one expression."""
        self.steps = steps
        self.cells = cells
        self.characters = characters
        self.calls = calls
        self._clock = clock
        self._look_at = 0
        if clock is not None:
            self._ends_at = clock.now() + timedelta(seconds=seconds)
            self._look_at = steps - LOOK_EVERY

    @classmethod
    def of_decision(cls, clock: Clock | None = None) -> Budget:
        """Return the budget of one decision request, shared by all its expressions."""
        return cls(steps=2_000_000, cells=500_000, characters=5_000_000, clock=clock, seconds=2)

    def charge(self, steps: int) -> None:
        """Pay for ``steps`` before they are taken."""
        self.steps -= steps
        if self.steps < self._look_at:
            self._look()

    def _look(self) -> None:
        if self.steps < 0:
            raise BudgetExceeded(limit="steps")
        if self._clock is not None:
            if self._clock.now() > self._ends_at:
                raise BudgetExceeded(limit="time")
            self._look_at = max(0, self.steps - LOOK_EVERY)

    def make(self, cells: int) -> None:
        """Pay for list items and context entries before they are made or copied.

        Making one is a step as well.
        """
        self.cells -= cells
        if self.cells < 0:
            raise BudgetExceeded(limit="cells")
        self.charge(cells)

    def write(self, characters: int) -> None:
        """Pay for text before it is made."""
        self.characters -= characters
        if self.characters < 0:
            raise BudgetExceeded(limit="characters")
        self.charge(1 + (characters >> 6))

    def read(self, characters: int) -> None:
        """Pay for looking through text."""
        self.charge(1 + (characters >> 6))

    def enter(self) -> None:
        """Pay for one more nested call; ``leave`` gives it back."""
        self.calls -= 1
        if self.calls < 0:
            raise BudgetExceeded(limit="calls")

    def leave(self) -> None:
        """Give back the nested call taken by ``enter``."""
        self.calls += 1
