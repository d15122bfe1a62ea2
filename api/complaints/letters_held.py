"""Letters held since an import brought their complaint in: until a colleague has one leave, and never without somebody told."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import Desk, clocks_in
from api.complaints.parties import BY_HAND, BY_MAIL
from api.complaints.states import RECEIPTS
from api.complaints.tables import ComplaintRow, LetterRow, oldest_first

_LOOK = "Look at it on the page of the complaint's papers, and let it leave there if it still fits."


def waits(letter: LetterRow) -> bool:
    """Tell whether a letter has not left, and no other took its place."""
    return letter.dispatched_at is None and letter.replaced_at is None


def that_wait() -> ColumnElement[bool]:
    """Return the condition of ``waits`` for queries."""
    return and_(LetterRow.dispatched_at.is_(None), LetterRow.replaced_at.is_(None))


def is_held(letter: LetterRow) -> bool:
    """Tell whether a letter was never given to the postman, or to whoever delivers it by hand."""
    stays = letter.outbox_key is None if letter.channel == BY_MAIL else letter.held
    return stays and waits(letter)


def held() -> ColumnElement[bool]:
    """Return the condition of ``is_held`` for queries."""
    stays = or_(
        and_(LetterRow.channel == BY_MAIL, LetterRow.outbox_key.is_(None)),
        and_(LetterRow.channel.in_(BY_HAND), LetterRow.held.is_(True)),
    )
    return and_(stays, that_wait())


def tell_held(desk: Desk, complaint: ComplaintRow, letter: LetterRow) -> None:
    """Tell whoever looks after the complaint that a letter of it is held.

    Of a receipt nobody is told here: every case writes one as it comes in, and the notice of the import tells of them all.
    """
    if clocks_in(letter.meets) & RECEIPTS:
        return
    text = (
        f"Complaint {complaint.reference} was imported, and what its case writes by itself is held until somebody here has had "
        f"a letter of it leave. {_LOOK}"
    )
    desk.notify_owner(complaint, f"A letter is held: {letter.subject}", text, otherwise="complaints-managers")


def release(desk: Desk, complaint: ComplaintRow) -> None:
    """Hold nothing more of a complaint, as a letter of it leaves that somebody here let leave; safe to repeat.

    What is held already stays, and whoever looks after the complaint is told of it.
    """
    if not complaint.letters_held:
        return
    complaint.letters_held = False
    text = "A letter leaves: what the case of this imported complaint writes from now on leaves too"
    desk.tell(complaint.key, "letters-released", text)
    for letter in _held_of(desk.session, complaint.key):
        subject = f"A letter is still held: {letter.subject}"
        reason = f"Complaint {complaint.reference} was imported. What its case writes from now on leaves by itself, this does not."
        desk.notify_owner(complaint, subject, f"{reason} {_LOOK}", otherwise="complaints-managers")


def _held_of(session: Session, complaint_key: int) -> list[LetterRow]:
    query = select(LetterRow).where(LetterRow.complaint_key == complaint_key, held())
    return list(session.scalars(query.order_by(*oldest_first(LetterRow))))
