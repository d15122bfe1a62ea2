"""Letters that found nobody: kept with what was known then, and written once somebody can be reached and still is owed them."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from api.complaints.letters import Letters
from api.complaints.tables import ComplaintRow

_KEPT = "unsent"  # the member of a complaint's facts


@dataclass(frozen=True, slots=True)
class Unsent:
    """A letter to the complainant that somebody who is owed it did not get."""

    letter: str
    meets: str | None  # the clocks its dispatch answers, parted by commas
    given: Mapping[str, Any]  # what else it wants to know, ``feel.pack`` by name
    copies: int | None  # the first of the copies that others got; None: nobody got one


def keep(complaint: ComplaintRow, unsent: Unsent) -> None:
    """Keep a letter until its addressee can be reached. The same letter written again takes the place of the older one."""
    others = [one for one in complaint.facts.get(_KEPT, ()) if one["letter"] != unsent.letter]
    complaint.facts = complaint.facts | {_KEPT: [*others, asdict(unsent)]}


def kept(complaint: ComplaintRow) -> tuple[Unsent, ...]:
    """Return the letters that wait for somebody to be reached, in the order they were written."""
    return tuple(Unsent(**one) for one in complaint.facts.get(_KEPT, ()))


def forget(complaint: ComplaintRow, letters: Container[str]) -> None:
    """Forget the kept ones of these ``letters``: nobody is owed them, whatever the state."""
    rest = [one for one in complaint.facts.get(_KEPT, ()) if one["letter"] not in letters]
    if rest != complaint.facts.get(_KEPT, []):
        complaint.facts = complaint.facts | {_KEPT: rest}


def take(complaint: ComplaintRow, letters: Letters) -> tuple[tuple[Unsent, ...], tuple[Unsent, ...]]:
    """Return the kept letters that are owed in the state the complaint is in, and those that are not any more; forget all."""
    found = kept(complaint)
    complaint.facts = {name: value for name, value in complaint.facts.items() if name != _KEPT}
    owed = tuple(one for one in found if letters.owed(one.letter, complaint.state))
    return owed, tuple(one for one in found if one not in owed)
