"""Getting a letter of a complaint written: a copy to each person it is owed to, its text frozen, and kept for whom no way leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import extensions, letters_owed
from api.complaints.clocks import Desk
from api.complaints.contact import IN_WORDS
from api.complaints.errand import Tools
from api.complaints.extensions import new_date
from api.complaints.history import first_written
from api.complaints.letter_addressees import Addressee, addressees, copies_of, counts, set_of
from api.complaints.letter_carrying import Carrier, get_away, look_for
from api.complaints.letter_contents import facts_of, fill, one_day_for_all
from api.complaints.letters import LEAVES_ON, LetterIncomplete, Letters
from api.complaints.letters_held import tell_held
from api.complaints.letters_over import keep_back_older
from api.complaints.letters_owed import Unsent
from api.complaints.our_answer import is_answer
from api.complaints.parties import (
    BY_HAND,
    COMPLAINANT,
    REPRESENTATIVE,
    Way,
    may_act,
    may_decide,
    parties,
    person_of,
)
from api.complaints.tables import ComplaintRow, EventRow, LetterRow, PartyRow
from engine import feel


def write_out(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    letter: str,
    *,
    to: str,
    variables: Mapping[str, Any],
    carrier: Carrier,
    meets: str | None = None,
) -> list[LetterRow]:
    """Write ``letter`` to everybody it is owed to and return the copies; for whom no way leads to it is kept, and a line says so.

    ``carrier`` gets them away unless it holds them: by the postman, or by hand of whoever hears that there is one to deliver.
    ``meets`` names the clocks that the dispatch (not the writing) of the first copy to leave answers, of a letter that asks for
    an answer the first to somebody who may give it. An answer of ours takes the place of older ones that still wait.
    One that extends a clock keeps the day it names: written anew, when the limit may be over, it tells that day again.
    Raises ``LetterNotFound``, ``LetterIncomplete``.
    """
    names = tools.letters.names(letter) | {"waits"}
    day = new_date(tools.clocks, desk, complaint, letter) if "newDate" in names else None
    told = {**variables} if day is None else {**variables, "newDate": day}
    given = {name: feel.pack(feel.inward(value)) for name, value in told.items() if name in names}
    people = addressees(tools.letters, desk, complaint, to)
    if not people:
        text = f"No address to send {letter!r} to"
        desk.tell(complaint.key, "letter-not-sent", text, facts={"letter": letter})
    rows = _to_each(tools, desk, complaint, Unsent(letter, meets, given, None, to=to), people, carrier)
    kept = [one.copies for one in letters_owed.kept(complaint) if one.letter == letter and one.copies]
    written = next((set_of(row) for row in rows), kept[-1] if kept else None)
    if written is not None and is_answer(tools.letters, letter):
        throw = carrier.throw
        keep_back_older(tools.letters, desk, complaint, written, meets=meets or "", throw=throw)
    return rows


def _to_each(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    letter: Unsent,
    people: Sequence[Addressee],
    carrier: Carrier,
) -> list[LetterRow]:
    """Write a copy of ``letter`` to each of ``people``, or keep it for them, whosever it was; return the copies."""
    asks, copies = tools.letters.asks(letter.letter), letter.copies
    reached = [(one.party, one.way) for one in people]
    is_told = not asks or any(way is not None and may_decide(party) for party, way in reached)
    is_told = is_told or (copies is not None and _is_told(tools.letters, desk, complaint, copies))
    getting = [(party, way) for party, way in reached if party is not None and way is not None]
    given = {name: feel.unpack(value) for name, value in letter.given.items()}
    leaves_on = one_day_for_all(tools, desk, complaint, letter.letter, [party for party, _ in getting], given)
    rows: list[LetterRow] = []
    for party, way in getting:
        meets = letter.meets if not asks or may_decide(party) else None
        theirs = replace(letter, copies=copies, meets=meets)
        counted = letter.meets or "" if is_told else ""
        row = _copy(tools, desk, complaint, theirs, party, way, carrier, counted=counted, leaves_on=leaves_on)
        letters_owed.settle(complaint, letter.letter, party.role)
        copies = row.copy_of or row.key
        rows.append(row)
    if copies is None:
        copies = desk.next_key()
    for one in people:
        if one.way is None:
            meets = letter.meets if not asks or may_decide(one.party) else None
            sought = not _is_nobody(one.party)
            unsent = replace(letter, copies=copies, person=one.role, meets=meets, sought=sought)
            _keep(desk, complaint, unsent, carrier)
    return rows


def _is_told(letters: Letters, desk: Desk, complaint: ComplaintRow, copies: int) -> bool:
    """Tell whether somebody who may give the answer that the letter asks for gets a copy of this set."""
    return any(counts(letters, desk.session, one) for one in copies_of(desk.session, complaint.key, copies))


def _keep(desk: Desk, complaint: ComplaintRow, unsent: Unsent, carrier: Carrier) -> None:
    letters_owed.keep(complaint, unsent)
    whom = IN_WORDS[unsent.person]
    facts = {"letter": unsent.letter, "person": unsent.person}
    desk.tell(complaint.key, "letter-not-sent", f"No way to send {unsent.letter!r} to {whom}", facts=facts)
    if unsent.sought and parties(desk.session, complaint.key):
        carrier.throw(*look_for(complaint, unsent.person))


def _is_nobody(party: PartyRow | None) -> bool:
    """Tell whether this is a representative who gave no name: nobody can be looked for."""
    return party is not None and party.role == REPRESENTATIVE and not party.name


def write_anew(
    tools: Tools, desk: Desk, complaint: ComplaintRow, letter: LetterRow, *, why: str, carrier: Carrier
) -> tuple[str, ...]:
    """Write a letter anew that may not leave, or came back (``write_owed`` says to whom); its owner is told why.

    Returns the names of clocks that moved. Raises what ``write_out`` raises.
    """
    letter.replaced_at, asked, letter.extends = desk.act.at, letter.extends, None
    rows = write_owed(tools, desk, complaint, unsent_of(desk.session, letter), carrier=carrier)
    live = copies_of(desk.session, complaint.key, set_of(letter))
    moved = hand_on(tools, desk, complaint, asked, live, copies=set_of(letter))
    _tell_why(desk, complaint, letter, why, rows, live)
    return moved


def write_besides(
    tools: Tools, desk: Desk, complaint: ComplaintRow, letter: LetterRow, *, carrier: Carrier
) -> tuple[str, ...]:
    """Write a letter to whom it is owed besides its person: mail that came back, or an answer that they may not reply to; it stays
    theirs.

    Returns the names of clocks that moved. Raises what ``write_out`` raises.
    """
    rows = write_owed(tools, desk, complaint, unsent_of(desk.session, letter), carrier=carrier, besides=True)
    if not rows:
        return ()
    asked, letter.extends = letter.extends, None
    return hand_on(tools, desk, complaint, asked, rows, copies=set_of(letter))


def hand_on(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    asked: Mapping[str, Any] | None,
    rows: Sequence[LetterRow],
    *,
    copies: int | None,
) -> tuple[str, ...]:
    """Let what was ``asked`` for begin with the first of ``rows`` for somebody who may answer, else with what is kept of the set
    ``copies``.

    Returns the names of the clocks that moved already.
    """
    if not asked:
        return ()
    heir = next((one for one in rows if counts(tools.letters, desk.session, one)), None)
    if heir is None:
        if copies is not None:
            letters_owed.begin_with(complaint, copies, asked)
        return ()
    heir.extends = heir.extends or dict(asked)
    return extensions.begin(tools.clocks, desk, complaint, heir)


def unsent_of(session: Session, letter: LetterRow) -> Unsent:
    """Return what a copy that does not leave leaves owed to its person; one for nobody in particular, to the complainant."""
    party = person_of(session, letter)
    return Unsent(
        letter.template,
        letter.meets,
        {name: value for name, value in (letter.given or {}).items() if name != LEAVES_ON},
        set_of(letter),
        person=COMPLAINANT if party is None else party.role,
        to=letter.to_role,
    )


def write_owed(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    letter: Unsent,
    *,
    carrier: Carrier,
    besides: bool = False,
) -> list[LetterRow]:
    """Write ``letter`` to its person, and return the copies; where it is not owed to them today or does not reach them, and where
    it is to go ``besides``, to whomever else it is owed.

    Whoever has a copy of its set is left alone, and while they cannot be reached who is looked for already to get one. Raises
    what ``write_out`` raises.
    """
    desk.session.flush()
    copies = letter.copies
    live = [] if copies is None else copies_of(desk.session, complaint.key, copies)
    having = {one.party_key for one in live}
    waiting = {
        one.person
        for one in letters_owed.kept(complaint)
        if (one.letter, one.copies) == (letter.letter, copies)
    }
    due = addressees(tools.letters, desk, complaint, letter.to)
    theirs = [one for one in due if one.role == letter.person and one.is_reached and not besides]
    people = [
        one
        for one in theirs or due
        if (one.party is None or one.party.key not in having)
        and (one.way is not None or one.role not in waiting)
    ]
    return _to_each(tools, desk, complaint, letter, people, carrier)


NOT_WRITTEN = "letter-not-written"  # the kind of the timeline's line


def tell_not_written(desk: Desk, complaint: ComplaintRow, letter: LetterRow, why: str) -> None:
    """Tell whoever looks after the complaint, and the timeline, that nothing could be written in place of ``letter``, or besides."""
    _tell_unwritten(desk, complaint, letter.subject, letter.key, why)


def unless_incomplete(
    desk: Desk, complaint: ComplaintRow, subject: str, key: int | None, write: Callable[[], tuple[str, ...]]
) -> tuple[str, ...] | None:
    """Write something in place of the letter ``key``, besides it, or of a set of copies; None, and nothing is done, where it cannot be
    written, which is told once for each key."""
    try:
        with desk.session.begin_nested():
            return write()
    except LetterIncomplete as problem:
        lines = select(EventRow).where(EventRow.complaint_key == complaint.key, EventRow.kind == NOT_WRITTEN)
        told = {(line.facts or {}).get("letter") for line in desk.session.scalars(lines)}
        if str(key) not in told:
            _tell_unwritten(desk, complaint, subject, key, problem.message)
        return None


def _tell_unwritten(desk: Desk, complaint: ComplaintRow, subject: str, key: int | None, why: str) -> None:
    desk.notify_owner(complaint, f"Letter not written: {subject}", why, otherwise="complaints-managers")
    desk.tell(complaint.key, NOT_WRITTEN, why, facts={"letter": str(key)})


def _tell_why(
    desk: Desk,
    complaint: ComplaintRow,
    letter: LetterRow,
    why: str,
    rows: Sequence[LetterRow],
    live: Sequence[LetterRow],
) -> None:
    kept = any(one.copies == set_of(letter) for one in letters_owed.kept(complaint))
    said = {
        "It was written anew to whom it concerns.": bool(rows),
        "It is kept until there is a way to reach them.": kept,
        "Whoever it concerns has their copy.": bool(live) and not rows and not kept,
    }
    instead = " ".join(words for words, true in said.items() if true) or "There is nobody left to write to."
    happened = "did not leave" if letter.dispatched_at is None else "came back"
    subject = f"Letter {happened}: {letter.subject}"
    desk.notify_owner(complaint, subject, f"{why} {instead}", otherwise="complaints-managers")
    facts = {"letter": str(letter.key), "instead": [str(row.key) for row in rows]}
    desk.tell(complaint.key, "letter-replaced", f"{subject}. {why} {instead}", facts=facts)


_WAITS = {"e-mail": "", "post": " (to be posted)", "phone": " (to be told by phone)"}


def _copy(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    letter: Unsent,
    party: PartyRow,
    way: Way,
    carrier: Carrier,
    *,
    counted: str,
    leaves_on: date | None,
) -> LetterRow:
    """Write the copy of ``party``; its dates are those once the clocks in ``counted`` are answered.

    ``leaves_on`` is the last day on which it may leave as it is, None for any.
    """
    variables = {name: feel.unpack(value) for name, value in letter.given.items()}
    first = first_written(desk.session, complaint.key, letter.letter, letter.copies)
    facts = facts_of(
        tools,
        desk,
        complaint,
        letter.letter,
        party,
        variables,
        counted,
        first=first,
        leaves_on=leaves_on,
    )
    written = fill(tools, desk, letter.letter, facts)
    leaves = {} if leaves_on is None else {LEAVES_ON: feel.pack(feel.inward(leaves_on))}
    row = LetterRow(
        key=desk.next_key(),
        complaint_key=complaint.key,
        template=written.template,
        template_version=written.version,
        to_role=letter.to,
        party_key=party.key,
        copy_of=letter.copies,
        neutral=not may_act(party, on=desk.today),
        recipient=way.recipient,
        channel=way.channel,
        subject=written.subject,
        text=written.text,
        html=written.html,
        queued_at=desk.act.at,
        meets=letter.meets,
        given=dict(letter.given) | leaves,
    )
    holds = carrier.holds
    row.held = way.channel in BY_HAND and holds
    desk.session.add(row)
    if holds:
        tell_held(desk, complaint, row)
    else:
        get_away(desk, complaint, row, carrier)
    waits = " (held)" if holds else _WAITS[way.channel]
    text = f"Letter written: {written.subject}{waits}"
    desk.tell(complaint.key, "letter-written", text, facts={"letter": str(row.key)})
    return row
