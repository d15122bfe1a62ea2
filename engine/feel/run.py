"""One evaluation under way: its moment, its budget and the notes it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from engine.feel.notes import Fault, Note, Place, Severity

if TYPE_CHECKING:
    from engine.calendars import Calendars
    from engine.feel.budget import Budget
    from engine.feel.patterns import Pattern

MOST_NOTES: Final = 100


@dataclass(frozen=True)
class Moment:
    """All that an expression may know of the world: when, where, which calendars, and which dice.

    ``now`` must be aware; ``zone`` is the zone of ``now()`` and ``today()``. ``calendar`` is the id of the
    calendar
    meant when an expression names none. Equal seeds give equal ``uuid()`` and ``random number()``; without a
    seed the moment itself is the seed.
    """

    now: datetime
    zone: ZoneInfo | str = "UTC"
    calendars: Calendars | None = None
    calendar: str | None = None
    random_seed: str | int | None = None

    def __post_init__(self) -> None:
        """Refuse a moment without a zone: ``ValueError``."""
        if self.now.tzinfo is None:
            raise ValueError("a moment needs a time zone")

    @cached_property
    def zone_info(self) -> ZoneInfo:
        """The zone as an object. Raises ``zoneinfo.ZoneInfoNotFoundError`` for a name nobody knows."""
        return self.zone if isinstance(self.zone, ZoneInfo) else ZoneInfo(self.zone)

    def dice(self) -> Random:
        """Return a fresh source of random numbers, the same whenever this moment is replayed."""
        seed = self.now.isoformat() if self.random_seed is None else str(self.random_seed)
        return Random(seed)  # noqa: S311 - no secret: a replayed step must draw the same


class Run:
    """What the nodes of an expression share while they are evaluated."""

    __slots__ = ("_dice", "_noted", "budget", "moment", "notes", "patterns")

    def __init__(self, moment: Moment, budget: Budget) -> None:
        """``budget`` may be shared with other runs. What most runs never need is made when asked for."""
        self.moment = moment
        self.budget = budget
        self.notes: list[Note] = []

    def __getattr__(self, name: str) -> Any:
        """Make what is asked for the first time. Raises ``AttributeError`` for what a run does not have."""
        if name == "_dice":
            self._dice: Random = self.moment.dice()
            return self._dice
        if name == "_noted":
            self._noted: set[tuple[str, int]] = set()
            return self._noted
        if name == "patterns":
            self.patterns: dict[tuple[str, str], Pattern] = {}
            return self.patterns
        raise AttributeError(name)

    @property
    def dice(self) -> Random:
        """The random source of this run."""
        return self._dice

    def note(self, code: str, place: Place, severity: Severity = "error", **facts: Any) -> None:
        """Write down why something is null. Always returns None, which is FEEL's null.

        Only the first note of a kind at one place is kept, and a hundred in all.
        """
        if self.is_news(code, place):
            self._noted.add((code, id(place)))
            self.notes.append(
                Note(code, place.start, place.end, place.line, place.column, facts, severity, place.text)
            )

    def is_news(self, code: str, place: Place) -> bool:
        """Say whether such a note would be kept: looking for facts is in vain otherwise."""
        self.budget.charge(1)
        return len(self.notes) < MOST_NOTES and (code, id(place)) not in self._noted

    def fault(self, fault: Fault, place: Place) -> None:
        """Turn a fault into a note. Always returns None, which is FEEL's null."""
        self.note(fault.code, place, fault.severity, **fault.facts)
