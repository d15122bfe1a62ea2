"""Writing a letter of a complaint: its facts filled in, its text frozen, by mail or on paper to whoever it is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.complaints import extensions
from api.complaints.clocks import CaseClocks, Desk
from api.complaints.errand import Tools
from api.complaints.evidence import meet_each
from api.complaints.extensions import new_date
from api.complaints.facts import clock_dates, letter_facts, neutral_facts
from api.complaints.letter_links import STATUS_LINK
from api.complaints.letters import Letters, Written, day_in_words
from api.complaints.links import revoke_of
from api.complaints.parties import EXPIRED, can_be_reached, lapsed, may_act, may_decide, parties, speaks
from api.complaints.policies import second_look
from api.complaints.tables import ComplaintRow, LetterRow, PartyRow
from engine import feel
from engine.deadlines.errors import EvidenceRefused
from engine.deadlines.state import Evidence
from engine.zones import local_date

ON_PAPER = frozenset({"post", "phone"})  # preferred channels of people who do not want e-mail
OF_THE_COMPLAINT = frozenset({"complainant", "representative"})  # whose letters need an address
NOBODY_LEFT = "nobody-to-write-to"  # the message that has somebody look for a way to the complainant
NO_LONGER = "It is addressed to somebody we no longer deal with in this complaint."
Send = Callable[[LetterRow], int]


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
    if party is not None and not may_act(party, on=today_at(desk)):
        waits = variables.get("waits")
        facts = neutral_facts(desk.session, complaint, tools.organisation, to=party, waits=waits)
    else:
        facts = _whole_facts(tools, desk, complaint, letter, party, variables, meets)
    return tools.letters.write(
        letter,
        {name: feel.inward(value) for name, value in facts.items()},
        moment=desk.moment,
        zone=tools.settings.time_zone,
    )


def _whole_facts(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    letter: str,
    party: PartyRow | None,
    variables: Mapping[str, Any],
    meets: str,
) -> dict[str, Any]:
    link = None
    if party is not None:
        link = STATUS_LINK if goes_by_mail(party) else _on_paper(tools, complaint, party)
    zone = tools.settings.time_zone
    facts = letter_facts(
        desk.session, complaint, tools.organisation, to=party, link=link, zone=zone, variables=variables
    )
    facts["secondStage"] = second_look(desk.session, complaint.regime, desk.moment)
    if meets:
        facts["clocks"] = _dates_once_sent(tools.clocks, desk, complaint, meets, written_at=desk.act.at)
    facts["clocks"] = _still_to_come(facts["clocks"], on=today_at(desk))
    facts["newDate"] = new_date(tools.clocks, desk, complaint, letter) or facts.get("newDate")
    return facts


def _still_to_come(dates: Mapping[str, date | None], *, on: date) -> dict[str, date | None]:
    """Return the dates that a letter of the day ``on`` may promise: one that is over promises nothing."""
    return {name: due if due is not None and due >= on else None for name, due in dates.items()}


class _Tried(Exception):
    """Carries the dates out of a trial, and so ends it."""


def _dates_once_sent(
    clocks: CaseClocks, desk: Desk, complaint: ComplaintRow, meets: str, *, written_at: datetime
) -> dict[str, Any]:
    """Return the due dates as they are when a letter that answers ``meets`` has left now; nothing of it is kept."""
    left = Evidence("message_accepted", "to come", desk.act.at)
    try:
        with desk.session.begin_nested():
            meet_each(clocks, desk, complaint, meets, left, counted_from=written_at)
            raise _Tried(clock_dates(desk.session, complaint.key))
    except _Tried as tried:
        dates: dict[str, Any] = tried.args[0]
        return dates
    except EvidenceRefused:  # a rule wants another proof: the dates are those of today
        return clock_dates(desk.session, complaint.key)


def day_over(
    clocks: CaseClocks, letters: Letters, desk: Desk, complaint: ComplaintRow, letter: LetterRow
) -> str | None:
    """Return why a letter written earlier may not leave now: it names a day of a clock that is over. None when it names none."""
    named = letters.clocks_named(letter.template)
    if not named:
        return None
    dates = _dates_once_sent(clocks, desk, complaint, letter.meets or "", written_at=letter.queued_at)
    for name in sorted(named):
        due = dates.get(name)
        if due is not None and due < today_at(desk) and day_in_words(due) in letter.text:
            return f"It names a day that is over, {day_in_words(due)}."
    return None


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
    send: Send | None,
    meets: str | None = None,
) -> list[LetterRow]:
    """Write ``letter`` to everybody it is for and keep the copies; [] when nobody can be written to, which a line says.

    ``send`` puts a mailed one into the outbox (None: it is held), one on paper waits to be posted. ``meets`` names the clocks
    that the dispatch (not the writing) of the first copy to leave answers. Raises ``LetterNotFound``, ``LetterIncomplete``.
    """
    return _write_to(
        tools,
        desk,
        complaint,
        letter,
        people=addressees(tools.letters, desk, complaint, letter, to),
        to=to,
        variables=variables,
        send=send,
        meets=meets,
    )


def _write_to(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    letter: str,
    *,
    people: Sequence[PartyRow],
    to: str,
    variables: Mapping[str, Any],
    send: Send | None,
    meets: str | None,
) -> list[LetterRow]:
    names = tools.letters.names(letter) | {"waits"}
    given = {name: feel.pack(feel.inward(value)) for name, value in variables.items() if name in names}
    rows: list[LetterRow] = []
    for party in people:
        written = write(tools, desk, complaint, letter, party=party, variables=variables, meets=meets or "")
        row = _keep(desk, complaint, written, to=to, party=party, send=send, meets=meets)
        row.given, row.copy_of = given, rows[0].key if rows else None
        rows.append(row)
    if not rows:
        nobody_to_write_to(desk, complaint, letter)
    return rows


def write_anew(
    tools: Tools, desk: Desk, complaint: ComplaintRow, letter: LetterRow, *, why: str, send: Send
) -> tuple[list[LetterRow], tuple[str, ...]]:
    """Write a letter that may not leave anew to whom it concerns today, unless they have their copy; its owner is told why.

    Returns whoever's letters took its place ([]: nobody can be written to) and the names of clocks that moved. Raises what
    ``write_out`` raises.
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
            send=send,
            meets=letter.meets,
        )
    moved: tuple[str, ...] = ()
    if asked and copies:
        heir = copies[0]
        heir.extends = heir.extends or asked
        moved = extensions.begin(tools.clocks, desk, complaint, heir)
    _tell_why(desk, complaint, letter, why, copies)
    return copies, moved


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
    if to != "complainant":
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
        theirs = letter.party_key in (None, one.key) and letter.recipient in (
            one.email,
            one.address,
            one.phone,
        )
        if theirs and (letter.neutral or may_act(one, on=on)):
            return None
    return NO_LONGER


def goes_by_mail(party: PartyRow | None) -> bool:
    """Tell whether letters reach this person by e-mail."""
    return party is not None and bool(party.email) and party.preferred_channel not in ON_PAPER


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
    send: Send | None,
    meets: str | None,
) -> LetterRow:
    by_mail = goes_by_mail(party)
    row = LetterRow(
        key=desk.next_key(),
        complaint_key=complaint.key,
        template=written.template,
        template_version=written.version,
        to_role=to,
        party_key=party.key,
        neutral=not may_act(party, on=today_at(desk)),
        recipient=party.email if by_mail else party.address or party.phone or party.email,
        channel="e-mail" if by_mail else "post",
        subject=written.subject,
        text=written.text,
        html=written.html,
        queued_at=desk.act.at,
        meets=meets,
    )
    if by_mail and send is not None:
        row.outbox_key = send(row)
    desk.session.add(row)
    waits = "" if row.outbox_key else " (held)" if send is None else " (to be posted)"
    text = f"Letter written: {written.subject}{waits}"
    desk.tell(complaint.key, "letter-written", text, facts={"letter": str(row.key)})
    return row


def nobody_to_write_to(desk: Desk, complaint: ComplaintRow, letter: str) -> None:
    """Note in the timeline that a letter was not written, because nobody can be written to."""
    desk.tell(complaint.key, "letter-not-sent", f"No address to send {letter!r} to", facts={"letter": letter})


def note_unreachable(
    letters: Letters,
    session: Session,
    complaint: ComplaintRow,
    letter: str,
    to: str,
    copies: Sequence[LetterRow],
) -> bool:
    """Note once that the complainant cannot be reached, and tell whether that is new: then ``NOBODY_LEFT`` is to be published.

    Nobody got the ``copies`` of their letter, or nobody who may give the answer that it asks for, though people are on file.
    """
    if to != "complainant" or complaint.facts.get("unreachable") is True:
        return False
    got = [session.get(PartyRow, row.party_key) for row in copies]
    if got and not (letters.asks(letter) and not any(map(may_decide, got))):
        return False
    if not parties(session, complaint.key):
        return False
    complaint.facts = complaint.facts | {"unreachable": True}
    return True


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
