"""Our answer on its way: until the letter that tells it has left, nothing of it is shown, and no reply to it is taken."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import letters_owed
from api.complaints.clock_rows import open_clocks
from api.complaints.tables import ComplaintRow, LetterRow
from engine.errors import Conflict
from engine.store import outbox

SOUGHT = "sought"  # how it goes while somebody looks for a way to the complainant
_TELLING = frozenset(
    {"decision", "stage-two-decision", "early-resolution", "enquiry-answer", "forwarding", "award"}
    | {"outside-decision"}
)
_TURNING_AWAY = "not-accepted-"


class AnswerOnItsWay(Conflict):
    """Our answer has not left yet, so nobody can reply to it. Post, tell or send the letter that waits, then try again."""

    code = "answer_on_its_way"


def answer_letter(session: Session, complaint_key: int) -> LetterRow | None:
    """Return the newest letter that told the complainant a decision, None when none has left (or there is nobody to write to)."""
    return next((row for row in _letters(session, complaint_key) if _is_out(session, row)), None)


def way_of_answer(session: Session, complaint: ComplaintRow) -> str | None:
    """Return how our newest answer is to reach the complainant while it has not: a channel of letters, or ``SOUGHT``.

    None when it has left, with the first of its copies, and when there is none. Mail that came back is on no way any more, and
    what lies on file for somebody who left no address answers its clocks there.
    """
    awaited = {row.name for row in open_clocks(session, complaint.key)}
    for unsent in letters_owed.kept(complaint):
        meets = {name.strip() for name in (unsent.meets or "").split(",")}
        if _tells(unsent.letter) and meets & awaited:
            return SOUGHT
    rows = _letters(session, complaint.key)
    if not rows:
        return None
    first = rows[0].copy_of or rows[0].key
    copies = [row for row in rows if first in (row.key, row.copy_of)]
    return None if any(_is_out(session, row) for row in copies) else copies[0].channel


def refuse_reply(session: Session, complaint: ComplaintRow) -> None:
    """Raise ``AnswerOnItsWay`` while what would be replied to has not left."""
    if way := way_of_answer(session, complaint):
        raise AnswerOnItsWay(complaint=complaint.reference, way=way)


def _letters(session: Session, complaint_key: int) -> list[LetterRow]:
    query = select(LetterRow).where(LetterRow.complaint_key == complaint_key, LetterRow.replaced_at.is_(None))
    rows = session.scalars(query.order_by(LetterRow.key.desc()))
    return [row for row in rows if _tells(row.template)]


def _tells(letter: str) -> bool:
    return letter in _TELLING or letter.startswith(_TURNING_AWAY)


def _is_out(session: Session, letter: LetterRow) -> bool:
    """Tell whether a letter is ours no more: it has left, or the postman gave it up."""
    if letter.dispatched_at is not None:
        return True
    return letter.outbox_key is not None and outbox.state_of(session, letter.outbox_key) == "dead"
