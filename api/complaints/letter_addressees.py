"""Whom a letter of a complaint is for today, whether they can be reached or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from api.complaints import letters_owed
from api.complaints.clock_rows import Desk
from api.complaints.history import in_order
from api.complaints.letters import Letters
from api.complaints.letters_owed import Unsent, came_back
from api.complaints.links import revoke_of
from api.complaints.parties import (
    COMPLAINANT,
    EXPIRED,
    REPRESENTATIVE,
    WAYS,
    Way,
    lapsed,
    may_act,
    may_decide,
    only_claims,
    parties,
    person_of,
    speaks_no_more,
    way_to,
)
from api.complaints.tables import ComplaintRow, LetterRow, PartyRow, oldest_first

OF_THE_COMPLAINT = frozenset({COMPLAINANT, REPRESENTATIVE})  # whose letters need an address
NO_LONGER = "It is addressed to somebody we no longer deal with in this complaint."


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody of a complaint whom a letter is owed to; ``party`` None: nobody on file has this ``role``."""

    role: str
    party: PartyRow | None
    dead: frozenset[str] = frozenset()  # the addresses that mail to them came back from

    @property
    def way(self) -> Way | None:
        """Return how letters go to them, None while no way is known."""
        return None if self.party is None else way_to(self.party)

    @property
    def is_reached(self) -> bool:
        """Tell whether letters reach them, as far as we know: mail that came back shows that its address is no way in."""
        return self.way is not None and self.way.recipient not in self.dead


def addressees(letters: Letters, desk: Desk, complaint: ComplaintRow, to: str) -> list[Addressee]:
    """Return whom a letter written to ``to`` is owed to today; that an authority has ended is noted here.

    The complainant's letters go to a representative only while their authority is confirmed and its days are not over. The
    complainant gets them too where the representative decides nothing, and where they cannot be reached, also as mail came back
    from where they go.

    Letters to the ``representative`` themselves need no authority: they hold neutral facts
    only until it is there. [] for letters to nobody of the complaint.
    """
    note_lapse(desk, complaint)
    return _addressees(letters, desk.session, complaint.key, to, on=desk.today)


def _addressees(
    letters: Letters, session: Session, complaint_key: int, to: str, *, on: date
) -> list[Addressee]:
    known = parties(session, complaint_key)
    if to != COMPLAINANT:
        party = known.get(to)
        return [] if party is None else [_addressee(letters, session, to, party)]
    return _of_complainant(letters, session, known, on=on)


def _of_complainant(
    letters: Letters, session: Session, known: dict[str, PartyRow], *, on: date
) -> list[Addressee]:
    own, other = known.get(COMPLAINANT), known.get(REPRESENTATIVE)
    complainant = []
    if own is None or may_act(own, on=on):
        complainant = [_addressee(letters, session, COMPLAINANT, own)]
    if other is None or not may_act(other, on=on):
        return complainant
    speaker = _addressee(letters, session, REPRESENTATIVE, other)
    enough = speaker.is_reached and may_decide(other)
    return [speaker] if enough else [speaker, *complainant]


def _addressee(letters: Letters, session: Session, role: str, party: PartyRow | None) -> Addressee:
    back = [] if party is None else came_back(session, party, letters)
    return Addressee(role, party, frozenset(one.recipient for one in back if one.recipient))


def missed(letters: Letters, session: Session, complaint_key: int, *, on: date) -> list[str]:
    """Return the roles of those who are owed letters on the day ``on``, and whom these do not reach.

    No way to them is known, or mail to them came back.
    """
    known = parties(session, complaint_key)
    owed = _of_complainant(letters, session, known, on=on)
    other = known.get(REPRESENTATIVE)
    if other is not None and only_claims(other):
        owed.append(_addressee(letters, session, REPRESENTATIVE, other))
    return [one.role for one in owed if one.way is None or one.dead]


def counts(letters: Letters, session: Session, letter: LetterRow) -> bool:
    """Tell whether this copy is for somebody who may give the answer that the letter asks for, or it asks for none.

    Whose authority is over gives none any more.
    """
    if letter.template not in letters.ids or not letters.asks(letter.template):
        return True
    party = person_of(session, letter)
    return may_decide(party) and not speaks_no_more(party)


def set_of(letter: LetterRow) -> int:
    """Return the set of copies that this letter belongs to: what was written as one, and whatever took the place of it."""
    return letter.copy_of or letter.key


def written_after(letter: LetterRow) -> ColumnElement[bool]:
    """Return the condition under which a letter was written after this one."""
    at_once = and_(LetterRow.queued_at == letter.queued_at, LetterRow.key > letter.key)
    return or_(LetterRow.queued_at > letter.queued_at, at_once)


def newest_set(
    session: Session, complaint_key: int, letters: Iterable[LetterRow], kept: Iterable[Unsent]
) -> tuple[int | None, list[Unsent]]:
    """Return the set of ``letters`` that was written last, None where there is none, and what of ``kept`` was written after it."""
    written = {set_of(row): row.template for row in letters}
    waiting = list(kept)
    sets = {one.copies: one.letter for one in waiting if one.copies is not None} | written
    order = in_order(session, complaint_key, sets)
    newest = max((order.index(one) for one in written), default=-1)
    later = [one for one in waiting if one.copies is None or order.index(one.copies) > newest]
    return (order[newest] if written else None), later


def copies_of(session: Session, complaint_key: int, copies: int) -> list[LetterRow]:
    """Return the copies of this set that have left or still may, in the order they were written."""
    rows = session.scalars(
        select(LetterRow)
        .where(
            LetterRow.complaint_key == complaint_key,
            or_(LetterRow.key == copies, LetterRow.copy_of == copies),
            LetterRow.replaced_at.is_(None),
        )
        .order_by(*oldest_first(LetterRow))
    )
    return list(rows)


def why_not_leave(letters: Letters, session: Session, letter: LetterRow, *, on: date) -> str | None:
    """Return why a letter written earlier may not leave on the day ``on``: it is for somebody we no longer deal with.

    Who got a copy because somebody else could not be reached keeps it, once that one has theirs. Mail of the service itself,
    such as a link somebody asked for, may leave while that person may act.
    """
    if letter.to_role not in OF_THE_COMPLAINT:
        return None
    party = person_of(session, letter)
    if letter.template not in letters.ids:
        return None if party is None or may_act(party, on=on) else NO_LONGER
    due = _addressees(letters, session, letter.complaint_key, letter.to_role, on=on)
    people = [one.party for one in due if one.party is not None]
    if letter.to_role == REPRESENTATIVE and party is not None:  # theirs, whoever acts by now
        people = [party]
    having = {one.party_key for one in copies_of(session, letter.complaint_key, set_of(letter))}
    if party is not None and all(one.key in having for one in people):
        people.append(party)
    for one in people:
        recipient = getattr(one, WAYS[letter.channel])
        theirs = letter.party_key in (None, one.key) and letter.recipient == recipient is not None
        if theirs and (letter.neutral or may_act(one, on=on)):
            return None
    return NO_LONGER


def note_lapse(desk: Desk, complaint: ComplaintRow) -> None:
    """Note that a representative's days are over, end their links, and say why letters go elsewhere from here on."""
    party = lapsed(desk.session, complaint.key, on=desk.today)
    if party is None:
        return
    party.authority = EXPIRED
    letters_owed.give_up(complaint, REPRESENTATIVE)
    revoke_of(desk.session, party.key, at=desk.act.at)
    why = f"The authority of the representative ended on {party.authority_until}: letters go to the complainant."
    subject = "Authority of a representative has ended"
    desk.notify_owner(complaint, subject, why, otherwise="complaints-managers")
    desk.tell(complaint.key, "authority-ended", why, facts={"party": str(party.key)})
