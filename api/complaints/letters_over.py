"""Letters that wait and that nobody is owed any more: kept back, with the reason in the timeline and no work left for them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from api.complaints.clock_rows import open_clocks
from api.complaints.errand import Errand
from api.complaints.letter_addressees import OF_THE_COMPLAINT
from api.complaints.letter_carrying import DELIVERED
from api.complaints.letters_owed import kept, settle
from api.complaints.parties import BY_HAND, REPRESENTATIVE
from api.complaints.states import staff_words
from api.complaints.tables import LetterRow


def keep_all_back(errand: Errand, *, why: str) -> None:
    """Let nothing leave any more that was written about the complaint and still waits; ``why`` ends the line that says so."""
    _keep_back(errand, _waiting(errand), why)


def keep_back_unowed(errand: Errand) -> None:
    """Let no letter leave that its head does not name the new state of the complaint for.

    One that answers a clock which is still open matters whatever the state is, as does one that an extension waits for.
    """
    complaint, letters = errand.complaint, errand.tools.letters
    unowed = [
        letter
        for letter in _waiting(errand)
        if letter.template in letters.ids
        and not letters.owed(letter.template, complaint.state)
        and not letter.extends
    ]
    if not unowed:
        return
    awaited = {row.name for row in open_clocks(errand.session, complaint.key)}
    over = [
        letter
        for letter in unowed
        if not awaited & {name.strip() for name in (letter.meets or "").split(",")}
    ]
    _keep_back(errand, over, f"as it is not owed any more ({staff_words(complaint.state).lower()})")


def keep_back_asking_for_authority(errand: Errand) -> None:
    """Let nothing leave any more that was written to the representative before their authority was decided."""
    waiting = [letter for letter in _waiting(errand) if letter.to_role == REPRESENTATIVE]
    _keep_back(
        errand,
        [letter for letter in waiting if letter.template in errand.tools.letters.ids],
        "as their authority is decided",
    )
    for one in kept(errand.complaint):
        if one.to == REPRESENTATIVE:
            settle(errand.complaint, one.letter, one.person)


def _waiting(errand: Errand) -> list[LetterRow]:
    query = select(LetterRow).where(
        LetterRow.complaint_key == errand.complaint.key,
        LetterRow.to_role.in_(OF_THE_COMPLAINT),
        LetterRow.dispatched_at.is_(None),
        LetterRow.replaced_at.is_(None),
    )
    return list(errand.session.scalars(query.order_by(LetterRow.key)))


def _keep_back(errand: Errand, letters: Iterable[LetterRow], why: str) -> None:
    for letter in letters:
        letter.replaced_at = errand.now
        if letter.channel in BY_HAND:
            errand.context.publish(DELIVERED, str(letter.key), {})
        facts = {"letter": str(letter.key)}
        errand.tell("letter-kept-back", f"Not sent, {why}: {letter.subject}", facts=facts)
