"""Letters that wait and that nobody is owed any more: kept back, with the reason in the timeline and no work left for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import letters_owed
from api.complaints.clock_rows import Desk, clocks_in, open_clocks
from api.complaints.errand import Errand
from api.complaints.extensions import is_awaited
from api.complaints.letter_addressees import OF_THE_COMPLAINT
from api.complaints.letter_carrying import DELIVERED
from api.complaints.letters import Letters
from api.complaints.letters_held import that_wait
from api.complaints.our_answer import older_answers, recalls_answer
from api.complaints.parties import BY_HAND
from api.complaints.states import TOLD_TO_SOMEBODY, staff_words
from api.complaints.tables import ComplaintRow, LetterRow, oldest_first
from engine.dialect.model import names_in

Thrower = Callable[[str, str, Mapping[str, Any]], None]
"""Throws a message (its name, its key, what it brings) at the complaint's case."""


def keep_all_back(errand: Errand, *, why: str) -> None:
    """Let nothing leave any more that was written about the complaint and still waits; ``why`` ends the line that says so."""
    keep_back_of(errand.desk, waiting_letters(errand.session, errand.complaint), why, errand.context.publish)


def answers_to_come(
    session: Session, complaint: ComplaintRow, letters: Letters, *, state: str
) -> frozenset[str]:
    """Return the clocks that a letter still answers once the complaint is in ``state``.

    It waits to leave, or is kept for somebody who is looked for: then it answers all but what is only said to somebody who can be
    reached.
    """
    leaving = {
        name
        for row in waiting_letters(session, complaint)
        if not _is_unowed(session, row, letters, state)
        for name in clocks_in(row.meets)
    }
    kept = {
        name
        for one in letters_owed.kept(complaint)
        if one.sought and one.letter in letters.ids and letters.owed(one.letter, state)
        for name in clocks_in(one.meets)
    }
    return frozenset(leaving | (kept - TOLD_TO_SOMEBODY))


def keep_letter_back(errand: Errand) -> None:
    """``redress:keep-letter-back``: the letters of header ``letter`` (parted by commas) ask for what nobody waits for any more.

    Those that still wait to leave stay here, as does what was kept until somebody can be reached; what has left is left alone.
    """
    over = {*names_in(errand.header("letter"))}
    letters_owed.forget(errand.complaint, over)
    asking = [
        letter for letter in waiting_letters(errand.session, errand.complaint) if letter.template in over
    ]
    why = "as nobody waits for an answer to it any more"
    keep_back_of(errand.desk, asking, why, errand.context.publish)


def keep_back_unowed(letters: Letters, desk: Desk, complaint: ComplaintRow, *, throw: Thrower) -> None:
    """Let no letter leave that its head does not name the state of the complaint for: as that changes, and as our answer leaves.

    One that answers a clock which is still open matters whatever the state is, unless a letter answers it that waits as well and
    is owed; as does one that an extension of a clock waits for which is still open.
    """
    waiting = waiting_letters(desk.session, complaint)
    unowed = [letter for letter in waiting if _is_unowed(desk.session, letter, letters, complaint.state)]
    if not unowed:
        return
    answered = {name for letter in waiting if letter not in unowed for name in clocks_in(letter.meets)}
    awaited = {row.name for row in open_clocks(desk.session, complaint.key)} - answered
    over = [letter for letter in unowed if not awaited & clocks_in(letter.meets)]
    why = f"as it is not owed any more ({staff_words(complaint.state).lower()})"
    keep_back_of(desk, over, why, throw)


def keep_back_older(
    letters: Letters, desk: Desk, complaint: ComplaintRow, copies: int, *, meets: str, throw: Thrower
) -> None:
    """Let no older answer leave once a newer one was written, the set ``copies``, that answers the clocks in ``meets``.

    Two answers that ask the same would leave nobody knowing which to reply to. One that answers a clock which is still open, and
    which the newer one does not answer, matters all the same.
    """
    waiting, kept = older_answers(letters, desk.session, complaint, copies)
    awaited = {row.name for row in open_clocks(desk.session, complaint.key)} - clocks_in(meets)
    why = "as a newer answer was written"
    keep_back_of(desk, [one for one in waiting if not awaited & clocks_in(one.meets)], why, throw)
    for one in kept:
        if not awaited & clocks_in(one.meets):
            letters_owed.settle(complaint, one.letter, one.person)
            text = f"Letter not owed any more, {why}: {one.letter}"
            desk.tell(complaint.key, "letter-not-owed", text, facts={"letter": one.letter})


def keep_back_asking(letters: Letters, desk: Desk, complaint: ComplaintRow, *, throw: Thrower) -> None:
    """Let nothing leave that asks for a reply to an answer of ours which came back: nobody has it who could reply."""
    over = {one.id for one in letters if recalls_answer(letters, one.id)}
    letters_owed.forget(complaint, over)
    asking = [letter for letter in waiting_letters(desk.session, complaint) if letter.template in over]
    keep_back_of(desk, asking, "as our answer came back", throw)


def _is_unowed(session: Session, letter: LetterRow, letters: Letters, state: str) -> bool:
    if letter.template not in letters.ids or letters.owed(letter.template, state):
        return False
    return not is_awaited(session, letter)


def waiting_letters(session: Session, complaint: ComplaintRow) -> list[LetterRow]:
    """Return the letters to the complainant and their representative that wait, in the order they were written."""
    query = select(LetterRow).where(
        LetterRow.complaint_key == complaint.key,
        LetterRow.to_role.in_(OF_THE_COMPLAINT),
        that_wait(),
    )
    return list(session.scalars(query.order_by(*oldest_first(LetterRow))))


def keep_back_of(desk: Desk, letters: Iterable[LetterRow], why: str, throw: Thrower) -> None:
    """Let none of these letters leave any more; ``why`` ends the line that says so."""
    for letter in letters:
        letter.replaced_at = desk.act.at
        if letter.channel in BY_HAND:
            throw(DELIVERED, str(letter.key), {})
        text, facts = f"Not sent, {why}: {letter.subject}", {"letter": str(letter.key)}
        desk.tell(letter.complaint_key, "letter-kept-back", text, facts=facts)
