"""Writing a letter of a complaint: its facts filled in, its text frozen, by mail or by hand to whoever it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.complaints import extensions
from api.complaints.clock_rows import open_clocks
from api.complaints.clocks import CaseClocks, Desk
from api.complaints.errand import Tools
from api.complaints.evidence import meet_each
from api.complaints.extensions import new_date
from api.complaints.facts import clock_dates, letter_facts, neutral_facts
from api.complaints.letter_links import STATUS_LINK
from api.complaints.letters import LEAVES_ON, Letters, Written, in_words
from api.complaints.letters_owed import Unsent, keep
from api.complaints.links import revoke_of
from api.complaints.parties import (
    BY_HAND,
    EXPIRED,
    WAYS,
    Way,
    can_be_reached,
    goes_by_mail,
    lapsed,
    may_act,
    may_decide,
    parties,
    speaks,
    way_to,
)
from api.complaints.policies import second_look
from api.complaints.tables import ComplaintRow, LetterRow, PartyRow
from engine import feel
from engine.deadlines.errors import EvidenceRefused
from engine.deadlines.state import Evidence
from engine.zones import local_date

COMPLAINANT = "complainant"
OF_THE_COMPLAINT = frozenset({COMPLAINANT, "representative"})  # whose letters need an address
NOBODY_LEFT = "way-needed"  # the message that has somebody look for a way to the complainant
TO_DELIVER = "letter-by-hand"  # the message that has somebody post a letter, or ring and tell it
DELIVERED = (
    "letter-settled"  # the message that nobody has to any more: it has left, or another took its place
)
NO_LONGER = "It is addressed to somebody we no longer deal with in this complaint."


class Carrier(Protocol):
    """How a letter gets away from here."""

    @property
    def holds(self) -> bool:
        """Tell whether letters are written and stay, until a colleague sends them."""

    def mail(self, letter: LetterRow) -> int:
        """Give it to the postman, and return its key in the outbox."""

    def throw(self, message: str, key: str, variables: Mapping[str, Any]) -> None:
        """Throw a message at the complaint's case under the correlation key ``key``, whether or not anything waits for it."""


def write(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    letter: str,
    *,
    party: PartyRow | None,
    variables: Mapping[str, Any],
    meets: str = "",
) -> Written:
    """Return ``letter`` to ``party`` with the complaint's facts in it; only its own people (None: others) get a link to it.

    Whoever may not act for the complaint gets neutral facts only, whatever the letter asks for. Dates are those that hold once
    the letter has left and answered the clocks in ``meets``. Raises ``LetterNotFound``, ``LetterIncomplete``.
    """
    facts = _facts(tools, desk, complaint, letter, party, variables, meets)
    return _written(tools, desk, letter, facts)


def _written(tools: Tools, desk: Desk, letter: str, facts: Mapping[str, Any]) -> Written:
    return tools.letters.write(
        letter,
        {name: feel.inward(value) for name, value in facts.items()},
        moment=desk.moment,
        zone=tools.settings.time_zone,
    )


def _facts(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    letter: str,
    party: PartyRow | None,
    variables: Mapping[str, Any],
    meets: str,
) -> dict[str, Any]:
    if party is not None and not may_act(party, on=today_at(desk)):
        waits = variables.get("waits")
        neutral = neutral_facts(desk.session, complaint, tools.organisation, to=party, waits=waits)
        return _with_its_day(tools, desk, letter, neutral)
    link = None
    if party is not None:
        link = STATUS_LINK if goes_by_mail(party) else _on_paper(tools, complaint, party)
    zone = tools.settings.time_zone
    facts = letter_facts(
        desk.session,
        complaint,
        tools.organisation,
        to=party,
        link=link,
        zone=zone,
        at=desk.moment.now,
        variables=variables,
    )
    facts["secondStage"] = second_look(desk.session, complaint.regime, desk.moment)
    if waiting := _waiting(desk.session, complaint.key):
        coming = _dates_once_sent(tools.clocks, desk, complaint, waiting)
        facts["clocks"] = coming | {name: due for name, due in facts["clocks"].items() if due is not None}
    if meets:
        facts["clocks"] = _dates_once_sent(tools.clocks, desk, complaint, [(meets, desk.moment.now)])
    facts["clocks"] = _still_to_come(facts["clocks"], on=today_at(desk))
    facts["newDate"] = new_date(tools.clocks, desk, complaint, letter) or facts.get("newDate")
    return _with_its_day(tools, desk, letter, facts)


def _with_its_day(tools: Tools, desk: Desk, letter: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Return ``facts`` with the day from which a letter counts whose head names one."""
    known = {name: feel.inward(value) for name, value in facts.items()}
    leaves_on = tools.letters.leaves_on(letter, known, moment=desk.moment)
    return facts if leaves_on is None else facts | {LEAVES_ON: leaves_on}


def _waiting(session: Session, complaint_key: int) -> list[tuple[str, datetime]]:
    """Return the letters that wait to leave: the clocks each answers, and when it was written."""
    query = select(LetterRow.meets, LetterRow.queued_at).where(
        LetterRow.complaint_key == complaint_key,
        LetterRow.meets.is_not(None),
        LetterRow.dispatched_at.is_(None),
        LetterRow.replaced_at.is_(None),
        LetterRow.copy_of.is_(None),
    )
    return [(meets, at) for meets, at in session.execute(query.order_by(LetterRow.key)) if meets]


def _still_to_come(dates: Mapping[str, date | None], *, on: date) -> dict[str, date | None]:
    """Return the dates that a letter of the day ``on`` may promise: one that is over promises nothing."""
    return {name: due if due is not None and due >= on else None for name, due in dates.items()}


class _Tried(Exception):
    """Carries the dates out of a trial, and so ends it."""


def _dates_once_sent(
    clocks: CaseClocks, desk: Desk, complaint: ComplaintRow, letters: Sequence[tuple[str, datetime]]
) -> dict[str, Any]:
    """Return the due dates as they are when letters have left now, of each the clocks it answers and when it was written.

    Nothing of it is kept.
    """
    left = Evidence("message_accepted", "to come", desk.act.at)
    try:
        with desk.session.begin_nested():
            for meets, written_at in letters:
                meet_each(clocks, desk, complaint, meets, left, counted_from=written_at)
            raise _Tried(clock_dates(desk.session, complaint.key))
    except _Tried as tried:
        dates: dict[str, Any] = tried.args[0]
        return dates
    except EvidenceRefused:  # a rule wants another proof: the dates are those of today
        return clock_dates(desk.session, complaint.key)


def day_over(tools: Tools, desk: Desk, complaint: ComplaintRow, letter: LetterRow) -> str | None:
    """Return why a letter written earlier may not leave now: it was to leave before, or promises a day that is over; else None.

    Judged are the days that the letter computes, as they are for one written then, and that stand in it.
    """
    leaves_on = to_leave_on(letter)
    if leaves_on is not None and leaves_on < today_at(desk):
        words = in_words(leaves_on, zone=tools.settings.time_zone)
        return f"What it says counts from the day it leaves, which was to be {words} at the latest."
    written = replace(desk, moment=replace(desk.moment, now=letter.queued_at))
    party = desk.session.get(PartyRow, letter.party_key) if letter.party_key is not None else None
    known = {name: feel.unpack(value) for name, value in (letter.given or {}).items()}
    if until := (letter.extends or {}).get("until"):
        known["newDate"] = date.fromisoformat(until)
    facts = _facts(tools, written, complaint, letter.template, party, known, letter.meets or "")
    over = tools.letters.days_over(
        letter.template,
        {name: feel.inward(value) for name, value in facts.items()},
        moment=written.moment,
        zone=tools.settings.time_zone,
        today=today_at(desk),
    )
    named = next((day for day in over if day in letter.text), None)
    return None if named is None else f"It names a day that is over, {named}."


def to_leave_on(letter: LetterRow) -> date | None:
    """Return the last day on which a letter may leave as it was written, from which its text counts; None: it names none."""
    day: date | None = feel.outward(feel.unpack((letter.given or {}).get(LEAVES_ON)))
    return day


def today_at(desk: Desk) -> date:
    """Return the date at the desk."""
    return local_date(desk.moment.now, desk.moment.zone_info)


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
    copies: int | None = None,
) -> list[LetterRow]:
    """Write ``letter`` to everybody it is for and keep the copies; [] when nobody can be written to, which a line says.

    ``carrier`` gets them away unless it holds them: by the postman, or by hand of whoever hears that there is one to deliver.
    ``meets`` names the clocks that the dispatch (not the writing) of the first copy to leave answers. ``copies`` is the first of
    those that others got before: nobody gets it twice. Raises ``LetterNotFound``, ``LetterIncomplete``.
    """
    having = _having(desk.session, complaint.key, copies)
    people = addressees(tools.letters, desk, complaint, letter, to)
    return _write_to(
        tools,
        desk,
        complaint,
        letter,
        people=[party for party in people if party.key not in having],
        to=to,
        variables=variables,
        carrier=carrier,
        meets=meets,
    )


def _having(session: Session, complaint_key: int, copies: int | None) -> frozenset[int | None]:
    if copies is None:
        return frozenset()
    of_them = or_(LetterRow.key == copies, LetterRow.copy_of == copies)
    rows = select(LetterRow.party_key).where(LetterRow.complaint_key == complaint_key, of_them)
    return frozenset(session.scalars(rows))


def _write_to(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    letter: str,
    *,
    people: Sequence[PartyRow],
    to: str,
    variables: Mapping[str, Any],
    carrier: Carrier,
    meets: str | None,
) -> list[LetterRow]:
    names = tools.letters.names(letter) | {"waits"}
    given = {name: feel.pack(feel.inward(value)) for name, value in variables.items() if name in names}
    rows: list[LetterRow] = []
    for party, way in ((party, way_to(party)) for party in people):
        if way is None:
            continue
        facts = _facts(tools, desk, complaint, letter, party, variables, meets or "")
        written = _written(tools, desk, letter, facts)
        row = _keep(desk, complaint, written, to=to, party=party, way=way, carrier=carrier, meets=meets)
        leaves = {name: feel.pack(feel.inward(facts[name])) for name in (LEAVES_ON,) if name in facts}
        row.given, row.copy_of = given | leaves, rows[0].key if rows else None
        rows.append(row)
    if not rows:
        nobody_to_write_to(desk, complaint, letter)
    if to == COMPLAINANT and not _reached(tools.letters, letter, people if rows else ()):
        keep(complaint, Unsent(letter, meets, given, rows[0].key if rows else None))
        if parties(desk.session, complaint.key):
            carrier.throw(NOBODY_LEFT, str(complaint.key), case_of(complaint))
    return rows


def _reached(letters: Letters, letter: str, people: Sequence[PartyRow]) -> bool:
    """Tell whether somebody gets their letter, and one that asks for an answer somebody who may give it."""
    return bool(people) and (not letters.asks(letter) or any(map(may_decide, people)))


def write_anew(
    tools: Tools, desk: Desk, complaint: ComplaintRow, letter: LetterRow, *, why: str, carrier: Carrier
) -> tuple[str, ...]:
    """Write a letter that may not leave anew to whom it concerns today, unless they have their copy; its owner is told why.

    Returns the names of clocks that moved. Raises what ``write_out`` raises.
    """
    people = addressees(tools.letters, desk, complaint, letter.template, letter.to_role)
    due = {party.key for party in people}
    copies = [row for row in _copies(desk.session, letter) if row.party_key in due]
    having = {row.party_key for row in copies}
    known = {name: feel.unpack(value) for name, value in (letter.given or {}).items()}
    letter.replaced_at, asked = desk.act.at, letter.extends
    letter.extends = None
    new = [party for party in people if party.key not in having]
    if new or not copies:
        copies += _write_to(
            tools,
            desk,
            complaint,
            letter.template,
            people=new,
            to=letter.to_role,
            variables=known,
            carrier=carrier,
            meets=letter.meets,
        )
    moved: tuple[str, ...] = ()
    if asked and copies:
        heir = copies[0]
        heir.extends = heir.extends or asked
        moved = extensions.begin(tools.clocks, desk, complaint, heir)
    _tell_why(desk, complaint, letter, why, copies)
    return moved


def _copies(session: Session, letter: LetterRow) -> list[LetterRow]:
    """Return the other copies of this letter that have left or still may."""
    first = letter.copy_of or letter.key
    rows = session.scalars(
        select(LetterRow)
        .where(
            LetterRow.complaint_key == letter.complaint_key,
            or_(LetterRow.key == first, LetterRow.copy_of == first),
            LetterRow.key != letter.key,
            LetterRow.replaced_at.is_(None),
        )
        .order_by(LetterRow.key)
    )
    return list(rows)


def _tell_why(
    desk: Desk, complaint: ComplaintRow, letter: LetterRow, why: str, copies: Sequence[LetterRow]
) -> None:
    instead = "It was written anew to whom it concerns." if copies else "There is nobody left to write to."
    subject = f"Letter did not leave: {letter.subject}"
    desk.notify_owner(complaint, subject, f"{why} {instead}", otherwise="complaints-managers")
    facts = {"letter": str(letter.key), "instead": [str(row.key) for row in copies]}
    desk.tell(complaint.key, "letter-replaced", f"{subject}. {why} {instead}", facts=facts)


def addressees(letters: Letters, desk: Desk, complaint: ComplaintRow, letter: str, to: str) -> list[PartyRow]:
    """Return who gets ``letter``, written to ``to``, today; [] when nobody can be written to.

    The complainant's letters go to a representative only while their authority is confirmed and its days are not over; that
    they are is noted here. One that asks for an answer goes to everybody who may give one, too. Letters to the
    ``representative`` themselves need no authority: they hold neutral facts only until it is there.
    """
    today = today_at(desk)
    _note_lapse(desk, complaint, on=today)
    return _addressees(letters, desk.session, complaint.key, letter, to, on=today)


def _addressees(
    letters: Letters, session: Session, complaint_key: int, letter: str, to: str, *, on: date
) -> list[PartyRow]:
    known = parties(session, complaint_key)
    if to != COMPLAINANT:
        return [party for party in (known.get(to),) if party is not None and can_be_reached(party)]
    speaker = speaks(session, complaint_key, on=on)
    people = [speaker] if speaker is not None else []
    if letters.asks(letter) and not any(map(may_decide, people)):
        people += [one for one in known.values() if one not in people and may_act(one, on=on)]
    return [party for party in people if can_be_reached(party)]


def why_not_leave(letters: Letters, session: Session, letter: LetterRow, *, on: date) -> str | None:
    """Return why a letter written earlier may not leave on the day ``on``: it is for somebody we no longer deal with.

    Mail of the service itself, such as a link somebody asked for, may leave while that person may act.
    """
    if letter.to_role not in OF_THE_COMPLAINT:
        return None
    party = session.get(PartyRow, letter.party_key) if letter.party_key is not None else None
    if letter.template not in letters.ids:
        return None if party is None or may_act(party, on=on) else NO_LONGER
    due = _addressees(letters, session, letter.complaint_key, letter.template, letter.to_role, on=on)
    for one in due:
        recipient = getattr(one, WAYS[letter.channel])
        theirs = letter.party_key in (None, one.key) and letter.recipient == recipient is not None
        if theirs and (letter.neutral or may_act(one, on=on)):
            return None
    return NO_LONGER


def _on_paper(tools: Tools, complaint: ComplaintRow, party: PartyRow | None) -> str:
    """Return how to go on without a link: paper passes through the hands of staff, so that no secret is printed on it."""
    way = f"call {tools.organisation.phone} or write to us, and name the reference {complaint.reference}"
    mailed = f"; a link comes to your e-mail address from {tools.settings.base_url}/lost-link"
    return way + (mailed if party is not None and party.email else "")


def _keep(
    desk: Desk,
    complaint: ComplaintRow,
    written: Written,
    *,
    to: str,
    party: PartyRow,
    way: Way,
    carrier: Carrier,
    meets: str | None,
) -> LetterRow:
    row = LetterRow(
        key=desk.next_key(),
        complaint_key=complaint.key,
        template=written.template,
        template_version=written.version,
        to_role=to,
        party_key=party.key,
        neutral=not may_act(party, on=today_at(desk)),
        recipient=way.recipient,
        channel=way.channel,
        subject=written.subject,
        text=written.text,
        html=written.html,
        queued_at=desk.act.at,
        meets=meets,
    )
    row.held = way.channel in BY_HAND and carrier.holds
    desk.session.add(row)
    if not carrier.holds:
        get_away(desk, complaint, row, carrier)
    waits = " (held)" if carrier.holds else _WAITS[way.channel]
    text = f"Letter written: {written.subject}{waits}"
    desk.tell(complaint.key, "letter-written", text, facts={"letter": str(row.key)})
    return row


def get_away(desk: Desk, complaint: ComplaintRow, letter: LetterRow, carrier: Carrier) -> None:
    """Give a letter to the postman, or to whoever delivers it by hand."""
    letter.held = False
    if letter.channel in BY_HAND:
        carrier.throw(TO_DELIVER, str(letter.key), _errand_of(desk, complaint, letter))
    else:
        letter.outbox_key = carrier.mail(letter)


_WAITS = {"e-mail": "", "post": " (to be posted)", "phone": " (to be told by phone)"}


def _errand_of(desk: Desk, complaint: ComplaintRow, letter: LetterRow) -> dict[str, Any]:
    """Return what whoever delivers a letter by hand has to know: nothing of what it says, or to whom."""
    met = {name.strip() for name in (letter.meets or "").split(",")}
    bounds = [row.bound_at for row in open_clocks(desk.session, complaint.key) if row.name in met]
    return case_of(complaint) | {
        "letterKey": str(letter.key),
        "way": letter.channel,
        "answerBy": min((bound for bound in bounds if bound is not None), default=None),
    }


def case_of(complaint: ComplaintRow) -> dict[str, Any]:
    """Return what a process that begins beside a complaint's case knows of it."""
    return {
        "complaintKey": str(complaint.key),
        "reference": complaint.reference,
        "priority": complaint.priority,
        "regime": complaint.regime,
    }


def nobody_to_write_to(desk: Desk, complaint: ComplaintRow, letter: str) -> None:
    """Note in the timeline that a letter was not written, because nobody can be written to."""
    desk.tell(complaint.key, "letter-not-sent", f"No address to send {letter!r} to", facts={"letter": letter})


def _note_lapse(desk: Desk, complaint: ComplaintRow, *, on: date) -> None:
    """Note that a representative's days are over, end their links, and say why letters go elsewhere from here on."""
    party = lapsed(desk.session, complaint.key, on=on)
    if party is None:
        return
    party.authority = EXPIRED
    revoke_of(desk.session, party.key, at=desk.act.at)
    why = f"The authority of the representative ended on {party.authority_until}: letters go to the complainant."
    subject = "Authority of a representative has ended"
    desk.notify_owner(complaint, subject, why, otherwise="complaints-managers")
    desk.tell(complaint.key, "authority-ended", why, facts={"party": str(party.key)})
