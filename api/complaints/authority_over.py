"""An authority that is over, or was limited: an answer of ours that only its representative has goes to who may reply to it now."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import Desk
from api.complaints.from_complainant import ANSWERS, waited_for
from api.complaints.letter_addressees import note_lapse
from api.complaints.letter_desk import DeskCarrier, tools_of
from api.complaints.letter_writing import NOT_WRITTEN, tell_not_written, write_besides
from api.complaints.letters import LetterIncomplete
from api.complaints.letters_over import keep_back_asking
from api.complaints.letters_that_came_back import have_looked_up
from api.complaints.our_answer import had_by_nobody_else
from api.complaints.parties import CONFIRMED, EXPIRED, RECEIVE, REPRESENTATIVE
from api.complaints.tables import ComplaintRow, EventRow, LetterRow, PartyRow
from api.complaints.unfinished import unread
from engine.actors import SYSTEM
from engine.deadlines.clocks import Act

if TYPE_CHECKING:
    from api.wiring import Redress

EVERY = timedelta(minutes=10)
_WHY = "The representative who has our answer may not reply to it any more"


def settle(service: Redress) -> int:
    """Note every authority that is over, and write an answer that waits for a reply to who may give it now; return how many
    answers were written. A chore."""
    today = service.today()
    found = service.engine.read(lambda session: session.scalars(_over(today)).all())
    written = 0

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        nonlocal written
        note_lapse(desk, complaint)
        is_written, moved = answer_goes_on(service, desk, complaint)
        written += is_written
        return moved

    for key in found:
        act = Act(at=service.clock.now(), by=SYSTEM.name, reason=_WHY)
        service.move_clocks(key, change, act=act, by=SYSTEM)
    return written


def answer_goes_on(service: Redress, desk: Desk, complaint: ComplaintRow) -> tuple[bool, tuple[str, ...]]:
    """Write an answer that waits for a reply, and that only who may not give it has, to who may; tell whether it was written, and
    the names of the clocks that moved.

    What was sent while their authority held may be the reply: until somebody has read it, nobody else is written to. The time to
    reply counts from the copy. Safe to repeat: whoever may reply is written to once, and that a letter cannot be written is told
    once.
    """
    if ANSWERS not in waited_for(desk.session, complaint.key) or unread(desk.session, complaint):
        return False, ()
    letter = had_by_nobody_else(service.letters, desk.session, complaint)
    if letter is None:
        return False, ()
    carrier = DeskCarrier(service, desk, complaint)
    try:
        with desk.session.begin_nested():
            moved = write_besides(tools_of(service), desk, complaint, letter, carrier=carrier)
    except LetterIncomplete as problem:
        if not _is_told(desk.session, letter):
            tell_not_written(desk, complaint, letter, problem.message)
        return False, ()
    keep_back_asking(service.letters, desk, complaint, throw=carrier.throw)
    have_looked_up(service, desk.session, complaint)
    facts = {"letter": str(letter.key)}
    desk.tell(complaint.key, "answer-written-besides", f"{_WHY}: it goes to the complainant", facts=facts)
    return True, moved


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
