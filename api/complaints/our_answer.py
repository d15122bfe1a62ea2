"""Our answer on its way: until the letter that tells it has left, nothing of it is shown, and no reply to it is taken."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import letters_owed
from api.complaints.clock_rows import clocks_in, open_clocks
from api.complaints.letter_addressees import counts, set_of
from api.complaints.letters import Letters
from api.complaints.parties import COMPLAINANT
from api.complaints.tables import ComplaintRow, LetterRow, PartyRow
from engine.errors import Conflict

SOUGHT = "sought"  # how it goes while somebody looks for a way to who is to get it
_TELLING = frozenset(
    {
        *("decision", "stage-two-decision", "early-resolution", "enquiry-answer", "forwarding"),
        *("award", "outside-decision"),
    }
)
_TURNING_AWAY = "not-accepted-"


class AnswerOnItsWay(Conflict):
    """Our answer has not left yet, so nobody can reply to it. Post, tell or send the letter that waits, then try again."""

    code = "answer_on_its_way"


def answer_letter(letters: Letters, session: Session, complaint_key: int) -> LetterRow | None:
    """Return the newest letter that told whoever may answer a decision, None when none has left (or nobody can be written to)."""
    rows = _letters(letters, session, complaint_key)
    return next((row for row in rows if _is_out(session, row)), None)


def way_of_answer(letters: Letters, session: Session, complaint: ComplaintRow) -> dict[str, str]:
    """Return how our newest answer is to reach those who get it while it has not: role → a channel of letters, or ``SOUGHT``.

    Of one that asks whether they accept, those who may say so. Empty when it has left, with the first of its copies, and when
    there is none. Mail that came back is on no way any more, and what lies on file for somebody who left no address answers its
    clocks there.
    """
    rows = _letters(letters, session, complaint.key)
    newest = max((set_of(row) for row in rows), default=0)
    awaited = {row.name for row in open_clocks(session, complaint.key)}
    kept = [
        unsent
        for unsent in letters_owed.kept(complaint)
        if _tells(unsent.letter) and awaited & clocks_in(unsent.meets)
    ]
    if later := {one.person: SOUGHT for one in kept if one.copies is None or one.copies > newest}:
        return later
    copies = [row for row in rows if set_of(row) == newest]
    if any(_is_out(session, row) for row in copies):
        return {}
    sought = {one.person: SOUGHT for one in kept if one.copies == newest}
    return sought | {_role(session, row): row.channel for row in copies}


def refuse_reply(letters: Letters, session: Session, complaint: ComplaintRow) -> None:
    """Raise ``AnswerOnItsWay`` while what would be replied to has not left."""
    for way in way_of_answer(letters, session, complaint).values():
        raise AnswerOnItsWay(complaint=complaint.reference, way=way)


def _letters(letters: Letters, session: Session, complaint_key: int) -> list[LetterRow]:
    """Return the letters that tell an answer, newest first: of what asks for a reply the copies of those who may give it."""
    query = select(LetterRow).where(LetterRow.complaint_key == complaint_key, LetterRow.replaced_at.is_(None))
    rows = session.scalars(query.order_by(LetterRow.key.desc()))
    return [row for row in rows if _tells(row.template) and counts(letters, session, row)]


def _tells(letter: str) -> bool:
    return letter in _TELLING or letter.startswith(_TURNING_AWAY)


def _role(session: Session, letter: LetterRow) -> str:
    party = None if letter.party_key is None else session.get(PartyRow, letter.party_key)
    return COMPLAINANT if party is None else party.role


def _is_out(session: Session, letter: LetterRow) -> bool:
    """Tell whether a letter is ours no more: it has left, or the postman gave it up."""
    return letter.dispatched_at is not None or letters_owed.given_up(session, letter)
