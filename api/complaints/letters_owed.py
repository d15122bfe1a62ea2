"""Letters that did not reach whom they are owed to: kept for that person, or come back from the address we had."""

from __future__ import annotations

from collections.abc import Container, Mapping, Set
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import clocks_in
from api.complaints.letters import Letters
from api.complaints.letters_held import that_wait
from api.complaints.parties import BY_MAIL, COMPLAINANT
from api.complaints.tables import ComplaintRow, LetterRow, PartyRow, oldest_first
from engine.store import outbox

WAY_SOUGHT = (
    "waySought"  # the variable by which diagrams know that somebody looks for a way to who may answer
)
_KEPT = "unsent"  # the member of a complaint's facts


@dataclass(frozen=True, slots=True)
class Unsent:
    """A letter that somebody who is owed it did not get. One kept before persons were named is the complainant's."""

    letter: str
    meets: str | None  # the clocks that its dispatch to them answers, parted by commas
    given: Mapping[str, Any]  # what else it wants to know, ``feel.pack`` by name
    copies: (
        int | None
    )  # the set of copies it belongs to; None: kept before every letter had one, and nobody got one
    person: str = COMPLAINANT  # the role of who is owed it
    to: str = COMPLAINANT  # whom it is written to
    sought: bool = True  # whether somebody looks for a way to them; False once a search has ended with none
    extends: Mapping[str, Any] | None = None  # what begins as it leaves (``LetterRow.extends``)


def keep(complaint: ComplaintRow, unsent: Unsent) -> None:
    """Keep a letter until its person can be reached. The same letter to them written again takes the place of the older one."""
    _hold(complaint, [*_but(complaint, unsent.letter, unsent.person), unsent])


def settle(complaint: ComplaintRow, letter: str, person: str) -> None:
    """Note that nothing of this letter is owed to the person any more."""
    rest = _but(complaint, letter, person)
    if len(rest) < len(kept(complaint)):
        _hold(complaint, rest)


def kept(complaint: ComplaintRow) -> tuple[Unsent, ...]:
    """Return the letters that wait for somebody to be reached, in the order they were written."""
    return tuple(Unsent(**one) for one in complaint.facts.get(_KEPT, ()))


def begin_with(complaint: ComplaintRow, copies: int, asked: Mapping[str, Any]) -> None:
    """Have what was ``asked`` for with a letter begin with the first copy of its set ``copies`` that is kept; none: with nothing."""
    everything = kept(complaint)
    heir = next((one for one in everything if one.copies == copies), None)
    if heir is not None:
        begun = replace(heir, extends=dict(asked))
        _hold(complaint, [begun if one is heir else one for one in everything])


def give_up(complaint: ComplaintRow, person: str) -> None:
    """Note that nobody looks any more for a way to the person, though letters are kept for them."""
    if any(one.person == person and one.sought for one in kept(complaint)):
        _hold(
            complaint,
            [replace(one, sought=False) if one.person == person else one for one in kept(complaint)],
        )


def is_sought(complaint: ComplaintRow, letters: Letters) -> bool:
    """Tell whether somebody looks for a way to a person for whom a letter is kept that asks for an answer."""
    return any(one.sought and letters.asks(one.letter) for one in kept(complaint))


def answered(complaint: ComplaintRow, letters: Container[str], *, but: Set[str]) -> None:
    """Note that what the kept ones of these ``letters`` would have answered is answered: they are owed, and answer no clock any
    more ``but`` those."""

    def left(one: Unsent) -> Unsent:
        rest = ", ".join(sorted(clocks_in(one.meets) & but)) or None
        return replace(one, meets=rest) if one.letter in letters else one

    if any(left(one) != one for one in kept(complaint)):
        _hold(complaint, [left(one) for one in kept(complaint)])


def forget(complaint: ComplaintRow, letters: Container[str]) -> None:
    """Forget the kept ones of these ``letters``: nobody is owed them, whatever the state."""
    rest = [one for one in complaint.facts.get(_KEPT, ()) if one["letter"] not in letters]
    if rest != complaint.facts.get(_KEPT, []):
        complaint.facts = complaint.facts | {_KEPT: rest}


def _but(complaint: ComplaintRow, letter: str, person: str) -> list[Unsent]:
    return [one for one in kept(complaint) if (one.letter, one.person) != (letter, person)]


def _hold(complaint: ComplaintRow, unsent: list[Unsent]) -> None:
    rest = {name: value for name, value in complaint.facts.items() if name != _KEPT}
    complaint.facts = rest | ({_KEPT: [asdict(one) for one in unsent]} if unsent else {})


def came_back(session: Session, party: PartyRow, letters: Letters) -> list[LetterRow]:
    """Return the letters to ``party`` that the postman gave up and that nothing took the place of, oldest first."""
    rows = session.scalars(
        select(LetterRow)
        .where(
            LetterRow.complaint_key == party.complaint_key,
            LetterRow.party_key == party.key,
            LetterRow.channel == BY_MAIL,
            LetterRow.outbox_key.is_not(None),
            that_wait(),
        )
        .order_by(*oldest_first(LetterRow))
    )
    return [row for row in rows if row.template in letters.ids and given_up(session, row)]


def given_up(session: Session, letter: LetterRow) -> bool:
    """Tell whether the postman gave this letter up."""
    return letter.outbox_key is not None and outbox.state_of(session, letter.outbox_key) == "dead"
