"""Our answer on its way: until the letter that tells it has left, nothing of it is shown, and no reply to it is taken.

Whoever replies to it all the same has it, and what its letter would have answered is answered by the reply.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import letters_owed
from api.complaints.clock_rows import Desk, clocks_in, open_clocks
from api.complaints.clocks import CaseClocks
from api.complaints.evidence import meet_each
from api.complaints.history import REACHED_BY_REPLY, Place, first_written, in_order, replied
from api.complaints.letter_addressees import copies_of, counts, newest_set, set_of
from api.complaints.letters import Letters
from api.complaints.letters_held import that_wait
from api.complaints.letters_owed import Unsent
from api.complaints.parties import COMPLAINANT, may_decide, person_of, speaks_no_more
from api.complaints.states import RECEIPTS
from api.complaints.tables import ComplaintRow, LetterRow, newest_first
from engine.deadlines.policy import REPLIED
from engine.deadlines.state import Evidence
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


def told_in_vain(letters: Letters, session: Session, complaint: ComplaintRow, named: Collection[str]) -> bool:
    """Tell whether our answer came back, or went to who else may reply to it, after the newest of the letters ``named`` was first
    written.

    A copy of it that has left to somebody else who may answer, and did not come back, was theirs to reply to all the time.
    """
    query = select(LetterRow).where(
        LetterRow.complaint_key == complaint.key, LetterRow.template.in_(sorted(named))
    )
    asking = {
        one.copies: one.letter for one in letters_owed.kept(complaint) if one.letter in named and one.copies
    }
    asking |= {set_of(row): row.template for row in session.scalars(query)}
    out = select(LetterRow).where(
        LetterRow.complaint_key == complaint.key, LetterRow.dispatched_at.is_not(None)
    )
    sets = {
        set_of(row)
        for row in session.scalars(out)
        if is_answer(letters, row.template) and (row.replaced_at is not None or _is_over(session, row))
    }
    rows = _letters(letters, session, complaint.key)
    answers = [row for row in rows if is_answer(letters, row.template)]
    kept = [
        one
        for one in letters_owed.kept(complaint)
        if is_answer(letters, one.letter) and one.meets and one.copies
    ]
    newest, later = newest_set(session, complaint.key, answers, kept)
    newest = later[-1].copies if later else newest
    if newest not in sets:
        return False
    left = [
        Place(row.queued_at, row.key)
        for row in rows
        if set_of(row) == newest and row.dispatched_at is not None
    ]
    order = in_order(session, complaint.key, asking)
    last = first_written(session, complaint.key, asking[order[-1]], order[-1]) if order else None
    return not left or last is None or min(left) > last


def copy_for(session: Session, letter: LetterRow, party_key: int | None) -> LetterRow:
    """Return the copy of ``letter`` that this person got, the letter itself where they got none."""
    own = (one for one in copies_of(session, letter.complaint_key, set_of(letter)) if one.dispatched_at)
    return next((one for one in own if one.party_key == party_key), letter)


def way_of_answer(letters: Letters, session: Session, complaint: ComplaintRow) -> dict[str, str]:
    """Return how our newest answer is to reach those who get it while it has not: role → a channel of letters, or ``SOUGHT``.

    Of one that asks whether they accept, those who may say so. Empty when it has left, with the first of its copies, when
    somebody replied to it, and when there is none. Mail that came back is on no way any more, and what lies on file for somebody
    who left no address answers its clocks there.
    """
    rows = _letters(letters, session, complaint.key)
    awaited = {row.name for row in open_clocks(session, complaint.key)}
    kept = [
        unsent
        for unsent in letters_owed.kept(complaint)
        if _tells(unsent.letter) and awaited & clocks_in(unsent.meets)
    ]
    newest, later = newest_set(session, complaint.key, rows, kept)
    if later:
        return {one.person: SOUGHT for one in later}
    copies = [row for row in rows if set_of(row) == newest]
    if any(_is_out(session, row) for row in copies) or _has_reply(session, copies):
        return {}
    sought = {one.person: SOUGHT for one in kept if one.copies == newest}
    return sought | {_role(session, row): row.channel for row in copies}


def is_with_them(letters: Letters, session: Session, complaint: ComplaintRow, place: Place) -> bool | None:
    """Tell whether our newest answer had left at ``place``, or been replied to; None: none was written by then."""
    rows = _letters(letters, session, complaint.key, and_back=True)
    sets = {
        one.copies: one.letter for one in letters_owed.kept(complaint) if one.copies and _tells(one.letter)
    }
    sets |= {set_of(row): row.template for row in rows}
    places = ((first_written(session, complaint.key, letter, one), one) for one, letter in sets.items())
    first, newest = max(((at, one) for at, one in places if at and at <= place), default=(None, None))
    if first is None:
        return None
    if any(_was_out(session, row, place.at) for row in rows if set_of(row) == newest):
        return True
    return replied(session, complaint.key, first, until=place)


def left_at(
    letters: Letters, session: Session, complaint_key: int, said: Sequence[datetime], *, party_key: int | None
) -> dict[datetime, datetime]:
    """Return when the answer left that each of the moments ``said`` tells of (aware UTC, oldest first): moment → moment.

    Of several copies the one for this person counts, else the first that left. An answer that was written after the moment before
    is the one it tells of; a moment is left out while that has not left, and where no letter tells it.
    """
    rows = _letters(letters, session, complaint_key)
    written = [(row, _written_at(session, row)) for row in rows] if said else []
    found, before = dict[datetime, datetime](), datetime.min.replace(tzinfo=UTC)
    for moment in said:
        told = [row for row, at in written if before < at <= moment]
        newest = [row for row in told if set_of(row) == set_of(told[0])]
        left = sorted(
            (row.party_key != party_key, row.dispatched_at) for row in newest if row.dispatched_at is not None
        )
        if left:
            found[moment] = left[0][1]
        before = moment
    return found


def refuse_reply(letters: Letters, session: Session, complaint: ComplaintRow) -> None:
    """Raise ``AnswerOnItsWay`` while what would be replied to has not left."""
    for way in way_of_answer(letters, session, complaint).values():
        raise AnswerOnItsWay(complaint=complaint.reference, way=way)


def reached_by_reply(
    clocks: CaseClocks, letters: Letters, desk: Desk, complaint: ComplaintRow, *, at: datetime
) -> tuple[str, ...]:
    """Note that somebody replied to our answer ``at`` a moment (aware UTC): it has reached them, whatever became of its letter.

    What a letter of it that has not left would have answered is answered by the reply, unless another copy has done so; none
    answers that again as it leaves after all. A receipt that was owed to nobody yet is still its to give. Returns the names of
    the clocks that moved.
    """
    session = desk.session
    rows = _letters(letters, session, complaint.key)
    left = {set_of(row) for row in rows if row.dispatched_at is not None}
    waiting = [row for row in rows if row.dispatched_at is None and row.meets]
    kept = [one for one in letters_owed.kept(complaint) if _tells(one.letter) and one.meets]
    unreached = [
        *((row.template, set_of(row), row.meets) for row in waiting if set_of(row) not in left),
        *((one.letter, one.copies, one.meets) for one in kept if one.copies not in left),
    ]
    places = [first_written(session, complaint.key, letter, copies) for letter, copies, _ in unreached]
    to_come = RECEIPTS - {row.name for row in open_clocks(session, complaint.key)}
    for row in waiting:
        row.meets = ", ".join(sorted(clocks_in(row.meets) & to_come)) or None
    letters_owed.answered(complaint, {one.letter for one in kept}, but=to_come)
    if not unreached:
        return ()
    desk.tell(complaint.key, REACHED_BY_REPLY, "Our answer has reached them: they replied to it")
    names = ", ".join(sorted({name for *_, meets in unreached for name in clocks_in(meets)}))
    evidence = Evidence(REPLIED, complaint.reference, max([at, *(place.at for place in places if place)]))
    written_at = max((row.queued_at for row in waiting), default=None)
    return meet_each(clocks, desk, complaint, names, evidence, counted_from=written_at)


def had_by_nobody_else(letters: Letters, session: Session, complaint: ComplaintRow) -> LetterRow | None:
    """Return the copy of our newest answer that only a representative has who may not reply to it; None: it is another's too.

    Whoever may reply to it has a copy, gets one, or is looked for to get one.
    """
    copies = newest_copies(letters, session, complaint)
    if any(counts(letters, session, row) for row in copies):
        return None
    if {one.copies for one in letters_owed.kept(complaint)} & {set_of(row) for row in copies}:
        return None
    return next(
        (row for row in copies if row.dispatched_at is not None and _may_not_reply(session, row)), None
    )


def newest_copies(letters: Letters, session: Session, complaint: ComplaintRow) -> list[LetterRow]:
    """Return the copies of our newest answer that asks for a reply, nothing having taken their place; [] where a newer one is kept."""
    query = select(LetterRow).where(LetterRow.complaint_key == complaint.key, LetterRow.replaced_at.is_(None))
    rows = [row for row in session.scalars(query) if is_answer(letters, row.template)]
    kept = [one for one in letters_owed.kept(complaint) if is_answer(letters, one.letter)]
    newest, later = newest_set(session, complaint.key, rows, kept)
    return [] if later else [row for row in rows if set_of(row) == newest]


def is_answer(letters: Letters, letter: str) -> bool:
    """Tell whether this letter tells an answer of ours and asks whether they accept it: a newer one takes its place."""
    return _tells(letter) and letter in letters.ids and letters.asks_about_answer(letter)


def recalls_answer(letters: Letters, letter: str) -> bool:
    """Tell whether this letter asks about an answer of ours that another one tells, such as a reminder."""
    return letters.asks_about_answer(letter) and not _tells(letter)


def older_answers(
    letters: Letters, session: Session, complaint: ComplaintRow, copies: int
) -> tuple[list[LetterRow], list[Unsent]]:
    """Return what waits and what is kept of answers written before the set ``copies``."""
    query = select(LetterRow).where(
        LetterRow.complaint_key == complaint.key,
        that_wait(),
    )
    rows = [row for row in session.scalars(query) if is_answer(letters, row.template)]
    kept = [one for one in letters_owed.kept(complaint) if is_answer(letters, one.letter)]
    return [row for row in rows if set_of(row) != copies], [one for one in kept if one.copies != copies]


def _letters(
    letters: Letters, session: Session, complaint_key: int, *, and_back: bool = False
) -> list[LetterRow]:
    """Return the letters that tell an answer, newest first: of what asks for a reply the copies of those who may give it.

    Those that something took the place of, as that they came back, only with ``and_back``.
    """
    query = select(LetterRow).where(LetterRow.complaint_key == complaint_key)
    if not and_back:
        query = query.where(LetterRow.replaced_at.is_(None))
    rows = session.scalars(query.order_by(*newest_first(LetterRow)))
    return [row for row in rows if _tells(row.template) and counts(letters, session, row)]


def _tells(letter: str) -> bool:
    return letter in _TELLING or letter.startswith(_TURNING_AWAY)


def _has_reply(session: Session, copies: Iterable[LetterRow]) -> bool:
    """Tell whether somebody replied to the answer of which these are copies."""
    for row in copies:
        first = first_written(session, row.complaint_key, row.template, set_of(row))
        return first is not None and replied(session, row.complaint_key, first)
    return False


def _role(session: Session, letter: LetterRow) -> str:
    party = person_of(session, letter)
    return COMPLAINANT if party is None else party.role


def _may_not_reply(session: Session, letter: LetterRow) -> bool:
    """Tell whether a letter is to a representative whose authority is over, or was never, or is not any more, to decide."""
    party = person_of(session, letter)
    return speaks_no_more(party) or not may_decide(party)


def _is_over(session: Session, letter: LetterRow) -> bool:
    """Tell whether a letter is to a representative who might reply to it, and may not any more."""
    return _may_not_reply(session, letter) and (
        bool(letter.meets) or speaks_no_more(person_of(session, letter))
    )


def _was_out(session: Session, letter: LetterRow, at: datetime) -> bool:
    """Tell whether a letter was ours no more at a moment, and nothing had taken its place."""
    stood = letter.replaced_at is None or letter.replaced_at > at
    left_by_then = letter.dispatched_at is not None and letter.dispatched_at <= at
    return stood and (left_by_then or letters_owed.given_up(session, letter))


def _written_at(session: Session, letter: LetterRow) -> datetime:
    """Return when the set of copies that a letter belongs to was first written."""
    first = first_written(session, letter.complaint_key, letter.template, set_of(letter))
    return letter.queued_at if first is None else first.at


def _is_out(session: Session, letter: LetterRow) -> bool:
    """Tell whether a letter is ours no more: it has left, or the postman gave it up."""
    return letter.dispatched_at is not None or letters_owed.given_up(session, letter)
