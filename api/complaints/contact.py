"""An address that somebody found: laid onto the person it was looked for, and no letter goes where it came back from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.complaints.clocks import CaseClocks, Desk
from api.complaints.errand import Errand
from api.complaints.letters import Letters
from api.complaints.letters_held import that_wait
from api.complaints.letters_owed import came_back
from api.complaints.links import revoke_of
from api.complaints.owed import told_to_nobody
from api.complaints.parties import (
    BY_MAIL,
    COMPLAINANT,
    REPRESENTATIVE,
    WAYS,
    parties,
    somebody_answers,
    somebody_else_there,
)
from api.complaints.tables import ComplaintRow, LetterRow, PartyRow

_ANSWERS = {COMPLAINANT: "new", REPRESENTATIVE: "representative"}
"""Role → how the private answers with an address of theirs begin: two people can be looked for at once."""
IN_WORDS = {COMPLAINANT: "the complainant", REPRESENTATIVE: "their representative"}
MEMBERS = frozenset(
    {
        *("found", "person"),
        *(f"{start}{each.capitalize()}" for start in _ANSWERS.values() for each in WAYS.values()),
    }
)  # what is read of the data of such a record, and of the answers before it


def person_of(data: Mapping[str, Any]) -> str:
    """Return the role of the person that a search was for; one begun before persons were named was for the complainant."""
    return REPRESENTATIVE if data.get("person") == REPRESENTATIVE else COMPLAINANT


def whom(data: Mapping[str, Any]) -> str:
    """Return in words whom a search was for."""
    return IN_WORDS[person_of(data)]


def lay(errand: Errand, data: Mapping[str, Any]) -> None:
    """Lay an address that was found onto its person; it came by a private answer and stands in the register only.

    An address that mail came back from is not used again, whatever was found. Diagrams know from here on whether there is
    anybody to write to who may answer (``complainantKnown``). Where nobody could be written to before, the clocks begin here of
    what is only said to somebody.
    """
    complaint, role, field = errand.complaint, person_of(data), str(data.get("found") or "")
    before = told_to_nobody(errand.session, complaint.key, on=errand.today)
    party = parties(errand.session, complaint.key).get(role)
    mailbox = None if party is None else party.email
    if party is not None and party.email in {
        row.recipient for row in came_back(errand.session, party, errand.tools.letters)
    }:
        party.email = None
    private = dict(complaint.private)
    given = str(private.pop(f"{_ANSWERS[role]}{field.capitalize()}", None) or "").strip()
    other = somebody_else_there(errand.session, complaint.key, role, field, given) if given else None
    if other is not None:
        words = f"What was found is how {IN_WORDS[other.role]} is reached: it is not used"
        errand.tell("way-not-used", words)
        subject = f"No way to reach {IN_WORDS[role]}"
        errand.desk.notify_owner(complaint, subject, f"{words}.", otherwise="complaints-managers")
    if field in WAYS.values() and given and other is None:
        if party is None:
            party = PartyRow(key=errand.next_key(), complaint_key=complaint.key, role=role, authority="none")
            errand.session.add(party)
        setattr(party, field, given)
        complaint.private = private
        complaint.anonymous = complaint.anonymous and role != COMPLAINANT
    errand.session.flush()
    if (
        party is not None
        and mailbox not in (None, party.email)
        and _was_read_at(errand.session, party, mailbox)
    ):
        leave_mailbox(errand.session, errand.tools.letters, party, mailbox, at=errand.now)
    note_in_step(errand, before=before)


def leave_mailbox(session: Session, letters: Letters, party: PartyRow, email: str, *, at: datetime) -> None:
    """Make every link of somebody useless who is not at ``email`` any more: whoever reads there sees nothing more.

    No link leaves that was asked for there, either.
    """
    revoke_of(session, party.key, at=at)
    session.execute(
        update(LetterRow)
        .where(
            LetterRow.party_key == party.key,
            LetterRow.template.not_in(letters.ids),
            LetterRow.recipient == email,
            that_wait(),
        )
        .values(replaced_at=at)
    )


def strike_out(
    session: Session, letters: Letters, party: PartyRow, letter: LetterRow, *, at: datetime
) -> None:
    """Use the address or number of ``party`` no more that ``letter`` does not reach them at; the letter keeps it.

    What was corrected meanwhile stays.
    """
    field = WAYS[letter.channel]
    if getattr(party, field) != letter.recipient:
        return
    setattr(party, field, None)
    session.flush()
    if letter.channel == BY_MAIL and _was_read_at(session, party, letter.recipient):
        leave_mailbox(session, letters, party, letter.recipient or "", at=at)


def _was_read_at(session: Session, party: PartyRow, email: str | None) -> bool:
    """Tell whether mail of ours has reached them there: links in it are known to whoever reads it."""
    came = select(LetterRow.key).where(
        LetterRow.party_key == party.key,
        LetterRow.channel == BY_MAIL,
        LetterRow.recipient == email,
        LetterRow.dispatched_at.is_not(None),
        LetterRow.replaced_at.is_(None),
    )
    return session.scalar(came.limit(1)) is not None


def note_who_is_known(
    clocks: CaseClocks,
    desk: Desk,
    complaint: ComplaintRow,
    *,
    before: frozenset[str],
    overwrite: Callable[[str, bool], None],
) -> tuple[str, ...]:
    """Tell diagrams whether anybody who may answer can be reached now, and start what can be told to somebody, of the clocks that
    could be told to nobody ``before``; return the names of those that moved. ``overwrite`` gives a variable of the case a value."""
    moved = clocks.start_with_somebody_found(desk, complaint, before=before)
    overwrite("complainantKnown", somebody_answers(desk.session, complaint.key, on=desk.today))
    return moved


def note_in_step(errand: Errand, *, before: frozenset[str]) -> None:
    """``note_who_is_known`` as part of a step of the case."""
    context = errand.context
    overwrite = partial(context.overwrite, in_case=context.case_key)
    clocks, desk = errand.tools.clocks, errand.desk
    errand.moved(note_who_is_known(clocks, desk, errand.complaint, before=before, overwrite=overwrite))
