"""Letters follow who speaks for a complainant: what waits, what is kept, and our answer go to whom they concern now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import letters_owed
from api.complaints.channels import KINDS
from api.complaints.clock_rows import Desk
from api.complaints.evidence import meet_each
from api.complaints.from_complainant import ANSWERS, waited_for
from api.complaints.letter_addressees import addressees, copies_of, set_of, why_not_leave
from api.complaints.letter_carrying import Carrier
from api.complaints.letter_desk import DeskCarrier, tools_of
from api.complaints.letter_leaving import put_another_in_its_place
from api.complaints.letter_writing import hand_on, unless_incomplete, unsent_of, write_besides, write_owed
from api.complaints.letters_held import is_held
from api.complaints.letters_over import keep_back_asking, keep_back_of, waiting_letters
from api.complaints.letters_owed import Unsent, given_up
from api.complaints.letters_that_came_back import have_looked_up
from api.complaints.lines import said_by
from api.complaints.our_answer import had_by_nobody_else, newest_copies
from api.complaints.parties import COMPLAINANT, REPRESENTATIVE, may_act, may_decide, parties, person_of
from api.complaints.tables import ComplaintRow, EventRow, LetterRow, PartyRow, oldest_first
from api.complaints.unfinished import unread
from engine.deadlines.state import Evidence

if TYPE_CHECKING:
    from api.wiring import Redress

BESIDES = "The representative who has our answer may not reply to it any more"
ASK_AGAIN = "They alone were sent: {}. Send again, or ask again, what the complainant still needs."
_SETTLED = "Who speaks for the complainant has changed."
Moved = tuple[str, ...]


def letters_follow(service: Redress, desk: Desk, complaint: ComplaintRow) -> tuple[bool, Moved]:
    """Let every letter to the complainant go to who speaks now; tell whether our answer was written to somebody who had none, and
    the names of the clocks that moved.

    What waits for somebody it is not for is written anew, and what is kept for them to whom it is owed; of what waits or is kept
    everybody it is owed to has a copy. Our answer, while a reply is waited for, goes to who may reply and has no copy: where
    nobody who may reply had it, they have the whole time, once what the representative sent since it left is read, which may be
    the reply. What a letter is to answer is answered by a copy for somebody who may decide. Letters to a representative
    themselves stay theirs, and mean nothing once they may act.

    Safe to repeat: whoever is owed something is written to once, and that a letter cannot be written is told once.
    """
    carrier = DeskCarrier(service, desk, complaint, holds=complaint.letters_held)
    _keep_back_to_who_acts(desk, complaint, carrier)
    moved = _waiting_anew(service, desk, complaint, carrier)
    moved += _kept_anew(service, desk, complaint, carrier)
    moved += _to_each(service, desk, complaint, carrier)
    moved += _answered_by_who_decides(service, desk, complaint)
    written, more = _answer_goes_on(service, desk, complaint, carrier)
    return written, (*moved, *more)


def only_they_have(service: Redress, session: Session, party: PartyRow) -> list[str]:
    """Return the subjects of the letters that have left to this person and to nobody else who may act, newest first."""
    rows = session.scalars(
        select(LetterRow)
        .where(
            LetterRow.complaint_key == party.complaint_key,
            LetterRow.to_role == COMPLAINANT,
            LetterRow.dispatched_at.is_not(None),
            LetterRow.replaced_at.is_(None),
        )
        .order_by(*oldest_first(LetterRow))
    ).all()
    by_set: dict[int, set[int | None]] = {}
    for row in rows:
        by_set.setdefault(set_of(row), set()).add(row.party_key)
    alone = [
        row.subject
        for row in rows
        if by_set[set_of(row)] == {party.key} and row.template in service.letters.ids
    ]
    return list(dict.fromkeys(reversed(alone)))


def _keep_back_to_who_acts(desk: Desk, complaint: ComplaintRow, carrier: Carrier) -> None:
    party = parties(desk.session, complaint.key).get(REPRESENTATIVE)
    if party is not None and may_act(party, on=desk.today):
        theirs = [
            row
            for row in waiting_letters(desk.session, complaint)
            if (row.to_role, row.party_key) == (REPRESENTATIVE, party.key)
        ]
        keep_back_of(desk, theirs, "as they may act now", carrier.throw)
        for one in letters_owed.kept(complaint):
            if one.to == REPRESENTATIVE:
                letters_owed.settle(complaint, one.letter, one.person)


def _that_may_move(service: Redress, session: Session, complaint: ComplaintRow) -> list[LetterRow]:
    return [
        row
        for row in waiting_letters(session, complaint)
        if row.template in service.letters.ids and not given_up(session, row) and not is_held(row)
    ]


def _waiting_anew(service: Redress, desk: Desk, complaint: ComplaintRow, carrier: Carrier) -> Moved:
    moved: Moved = ()
    for row in _that_may_move(service, desk.session, complaint):
        if why_not_leave(service.letters, desk.session, row, on=desk.today) is not None:
            anew = partial(
                put_another_in_its_place, tools_of(service), desk, complaint, row, carrier, why=_SETTLED
            )
            moved += unless_incomplete(desk, complaint, row.subject, row.key, anew) or ()
    return moved


def _kept_anew(service: Redress, desk: Desk, complaint: ComplaintRow, carrier: Carrier) -> Moved:
    """Write what is kept for somebody it is not owed to any more to whom it is."""
    moved: Moved = ()
    due = {each.role for each in addressees(service.letters, desk, complaint, COMPLAINANT)}
    for one in letters_owed.kept(complaint) if due else ():
        if one.to == COMPLAINANT and one.person not in due:
            anew = partial(_hand_over, service, desk, complaint, one, carrier)
            moved += unless_incomplete(desk, complaint, one.letter, one.copies, anew) or ()
    return moved


def _hand_over(service: Redress, desk: Desk, complaint: ComplaintRow, one: Unsent, carrier: Carrier) -> Moved:
    letters_owed.settle(complaint, one.letter, one.person)
    if not service.letters.owed(one.letter, complaint.state):
        return ()
    return _owed(service, desk, complaint, one, carrier)


def _owed(
    service: Redress,
    desk: Desk,
    complaint: ComplaintRow,
    one: Unsent,
    carrier: Carrier,
    *,
    besides: bool = False,
) -> Moved:
    tools = tools_of(service)
    rows = write_owed(tools, desk, complaint, one, carrier=carrier, besides=besides)
    return hand_on(tools, desk, complaint, one.extends, rows, copies=one.copies) if rows else ()


def _to_each(service: Redress, desk: Desk, complaint: ComplaintRow, carrier: Carrier) -> Moved:
    """Write what waits or is kept to everybody else it is owed to."""
    sets = {
        set_of(row): unsent_of(desk.session, row)
        for row in sorted(
            _that_may_move(service, desk.session, complaint), key=lambda one: one.meets is not None
        )
        if row.to_role == COMPLAINANT
    }
    for one in letters_owed.kept(complaint):
        if one.to == COMPLAINANT and one.copies is not None:
            sets.setdefault(one.copies, one)
    moved: Moved = ()
    for one in sets.values():
        besides = partial(_owed, service, desk, complaint, one, carrier, besides=True)
        moved += unless_incomplete(desk, complaint, one.letter, one.copies, besides) or ()
    return moved


def _answered_by_who_decides(service: Redress, desk: Desk, complaint: ComplaintRow) -> Moved:
    """Have what a letter that asks is to answer answered by a copy for somebody who may decide now, also by one that has left."""
    moved: Moved = ()
    session, letters = desk.session, service.letters
    asking = [
        row
        for row in _that_may_move(service, session, complaint)
        if row.to_role == COMPLAINANT and letters.asks(row.template)
    ]
    for one in dict.fromkeys(set_of(row) for row in asking):
        copies = copies_of(session, complaint.key, one)
        meets = next((row.meets for row in copies if row.meets), None)
        if meets is None:
            continue
        for row in copies:
            decides = may_decide(person_of(session, row))
            if row.dispatched_at is None:
                row.meets = meets if decides else None
            elif decides and not row.meets:
                row.meets = meets
                evidence = Evidence(KINDS[row.channel], str(row.key), desk.act.at)
                moved += meet_each(
                    service.case_clocks, desk, complaint, meets, evidence, counted_from=desk.act.at
                )
    return moved


def _answer_goes_on(
    service: Redress, desk: Desk, complaint: ComplaintRow, carrier: Carrier
) -> tuple[bool, Moved]:
    """Write our answer, while its reply is waited for, to who may reply to it and has no copy."""
    session, letters = desk.session, service.letters
    if ANSWERS not in waited_for(session, complaint.key):
        return False, ()
    only = had_by_nobody_else(letters, session, complaint)
    letter = only or next(
        (row for row in newest_copies(letters, session, complaint) if row.dispatched_at), None
    )
    if letter is None or (only and any(_may_be_reply(line, only) for line in unread(session, complaint))):
        return False, ()
    having = {row.party_key for row in copies_of(session, complaint.key, set_of(letter))}
    due = addressees(letters, desk, complaint, letter.to_role)
    if all(one.party is None or one.party.key in having for one in due) and not only:
        return False, ()
    besides = partial(write_besides, tools_of(service), desk, complaint, letter, carrier=carrier)
    moved = unless_incomplete(desk, complaint, letter.subject, letter.key, besides)
    if moved is None or only is None:
        return moved is not None, moved or ()
    keep_back_asking(letters, desk, complaint, throw=carrier.throw)
    have_looked_up(service, session, complaint)
    text = f"{BESIDES}: it goes to who may"
    desk.tell(complaint.key, "answer-written-besides", text, facts={"letter": str(letter.key)})
    return True, moved


def _may_be_reply(line: EventRow, letter: LetterRow) -> bool:
    """Tell whether what a representative sent may be the reply to an answer of ours: it came after that left."""
    return said_by(line) == REPRESENTATIVE and line.at > (letter.dispatched_at or letter.queued_at)
