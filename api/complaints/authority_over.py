"""An authority that is over, or was limited: an answer of ours that only its representative has goes to who may reply to it now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import Desk
from api.complaints.from_complainant import ANSWERS, waited_for
from api.complaints.letter_addressees import note_lapse, why_not_leave
from api.complaints.letter_desk import DeskCarrier, tools_of
from api.complaints.letter_leaving import put_another_in_its_place
from api.complaints.letter_writing import NOT_WRITTEN, tell_not_written, write_besides
from api.complaints.letters import LetterIncomplete, Letters
from api.complaints.letters_held import is_held, that_wait
from api.complaints.letters_over import keep_back_asking
from api.complaints.letters_owed import given_up
from api.complaints.letters_that_came_back import have_looked_up
from api.complaints.lines import said_by
from api.complaints.our_answer import had_by_nobody_else
from api.complaints.parties import CONFIRMED, EXPIRED, RECEIVE, REPRESENTATIVE
from api.complaints.tables import ComplaintRow, EventRow, LetterRow, PartyRow, oldest_first
from api.complaints.unfinished import unread
from engine.actors import SYSTEM
from engine.deadlines.clocks import Act

if TYPE_CHECKING:
    from api.wiring import Redress

EVERY = timedelta(minutes=10)
_WHY = "The representative who has our answer may not reply to it any more"
_SETTLED = "Who speaks for the complainant has changed."


def settle(service: Redress) -> int:
    """Note every authority that is over, and have letters follow (``letters_follow``); return how many answers were written. A
    chore."""
    today = service.today()
    found = service.engine.read(lambda session: session.scalars(_over(today)).all())
    written = 0

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        nonlocal written
        note_lapse(desk, complaint)
        is_written, moved = letters_follow(service, desk, complaint)
        written += is_written
        return moved

    for key in found:
        act = Act(at=service.clock.now(), by=SYSTEM.name, reason=_WHY)
        service.move_clocks(key, change, act=act, by=SYSTEM)
    return written


def letters_follow(service: Redress, desk: Desk, complaint: ComplaintRow) -> tuple[bool, tuple[str, ...]]:
    """Write what waits for somebody it is not for any more anew, and an answer that only who may not reply to it has to who may;
    tell whether such an answer was written, and the names of the clocks that moved.

    What was sent while their authority held may be the reply: until somebody has read it, nobody else is written to. The time to
    reply counts from the copy. Safe to repeat: whoever may reply is written to once, and that a letter cannot be written is told
    once.
    """
    session, letters, tools = desk.session, service.letters, tools_of(service)
    carrier = DeskCarrier(service, desk, complaint)
    moved: tuple[str, ...] = ()
    for row in _waiting(session, complaint.key):
        apart = row.template not in letters.ids or given_up(session, row) or is_held(row)
        if apart or why_not_leave(letters, session, row, on=desk.today) is None:
            continue
        anew = partial(put_another_in_its_place, tools, desk, complaint, row, carrier, why=_SETTLED)
        moved += _unless_incomplete(desk, complaint, row, anew) or ()
    letter = _to_go_on(letters, session, complaint)
    if letter is None:
        return False, moved
    written = _unless_incomplete(
        desk, complaint, letter, partial(write_besides, tools, desk, complaint, letter, carrier=carrier)
    )
    if written is None:
        return False, moved
    keep_back_asking(letters, desk, complaint, throw=carrier.throw)
    have_looked_up(service, session, complaint)
    facts = {"letter": str(letter.key)}
    desk.tell(complaint.key, "answer-written-besides", f"{_WHY}: it goes to the complainant", facts=facts)
    return True, (*moved, *written)


def _waiting(session: Session, complaint_key: int) -> Sequence[LetterRow]:
    return session.scalars(
        select(LetterRow)
        .where(LetterRow.complaint_key == complaint_key, that_wait())
        .order_by(*oldest_first(LetterRow))
    ).all()


def _to_go_on(letters: Letters, session: Session, complaint: ComplaintRow) -> LetterRow | None:
    """Return our answer where only who may not reply to it has it, and nothing that could be their reply is unread."""
    if ANSWERS not in waited_for(session, complaint.key):
        return None
    letter = had_by_nobody_else(letters, session, complaint)
    if letter is None or any(_may_be_reply(line, letter) for line in unread(session, complaint)):
        return None
    return letter


def _may_be_reply(line: EventRow, letter: LetterRow) -> bool:
    """Tell whether what a representative sent may be the reply to an answer of ours: it came after that left."""
    return said_by(line) == REPRESENTATIVE and line.at > (letter.dispatched_at or letter.queued_at)


def _unless_incomplete(
    desk: Desk, complaint: ComplaintRow, letter: LetterRow, write: Callable[[], tuple[str, ...]]
) -> tuple[str, ...] | None:
    """Write something in place of ``letter``, or besides; None where it cannot be written, which is told once."""
    try:
        with desk.session.begin_nested():
            return write()
    except LetterIncomplete as problem:
        if not _is_told(desk.session, letter):
            tell_not_written(desk, complaint, letter, problem.message)
        return None


def _is_told(session: Session, letter: LetterRow) -> bool:
    lines = select(EventRow).where(
        EventRow.complaint_key == letter.complaint_key, EventRow.kind == NOT_WRITTEN
    )
    return any((line.facts or {}).get("letter") == str(letter.key) for line in session.scalars(lines))


def _over(today: date) -> Select[int]:
    """Return the open complaints of a representative who may not reply on this day of the service's zone: their authority is
    over, or somebody limited it."""
    has_lapsed = and_(PartyRow.authority == CONFIRMED, PartyRow.authority_until < today)
    decides_nothing = and_(PartyRow.authority == CONFIRMED, PartyRow.authority_scope == RECEIVE)
    return (
        select(ComplaintRow.key)
        .join(PartyRow, PartyRow.complaint_key == ComplaintRow.key)
        .where(
            ComplaintRow.closed_at.is_(None),
            ComplaintRow.instance_key.is_not(None),
            PartyRow.role == REPRESENTATIVE,
            or_(PartyRow.ended_at.is_not(None), PartyRow.authority == EXPIRED, has_lapsed, decides_nothing),
        )
        .order_by(ComplaintRow.key)
    )
