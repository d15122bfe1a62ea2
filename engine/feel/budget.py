"""How much an expression, or all expressions of a decision, may cost: counters that end in
``BudgetExceeded``.
"""

from __future__ import annotations

from typing import Final

from engine.feel.notes import BudgetExceeded

TEXT_LENGTH: Final = 4_096
PARSE_DEPTH: Final = 60
DATA_DEPTH: Final = 64


class Budget:
    """Steps, cells and characters left; one per expression, or one shared by a whole decision request.

    Counted, not timed: the same data ends alike on every machine, however busy it is.
    """

    __slots__ = ("calls", "cells", "characters", "steps")

    def __init__(
        self,
        *,
        steps: int = 200_000,
        cells: int = 100_000,
        characters: int = 1_000_000,
        calls: int = 100,
    ) -> None:
        """The defaults are those of one expression."""
        self.steps = steps
        self.cells = cells
        self.characters = characters
        self.calls = calls

    @classmethod
    def of_decision(cls) -> Budget:
        """Return the budget of one decision request, shared by all its expressions."""
        return cls(steps=2_000_000, cells=500_000, characters=5_000_000)

    def charge(self, steps: int) -> None:
        """Pay for ``steps`` before they are taken."""
        self.steps -= steps
        if self.steps < 0:
            raise BudgetExceeded(limit="steps")

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
