"""Writing a letter of a complaint: its facts filled in, its text frozen, by mail or on paper to whoever it is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from api.complaints.clocks import CaseClocks, Desk
from api.complaints.errand import Tools
from api.complaints.evidence import meet_each
from api.complaints.extensions import new_date
from api.complaints.facts import clock_dates, letter_facts, neutral_facts
from api.complaints.letter_links import STATUS_LINK
from api.complaints.letters import Letters, Written, day_in_words
from api.complaints.links import revoke_of
from api.complaints.parties import EXPIRED, can_be_reached, lapsed, may_act, parties, speaks
from api.complaints.policies import second_look
from api.complaints.tables import ComplaintRow, LetterRow, PartyRow
from engine import feel
from engine.deadlines.errors import EvidenceRefused
from engine.deadlines.state import Evidence
from engine.zones import local_date

ON_PAPER = frozenset({"post", "phone"})  # preferred channels of people who do not want e-mail
OF_THE_COMPLAINT = frozenset({"complainant", "representative"})  # whose letters need an address
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
            return f"it names a day that is over, {day_in_words(due)}. Write it anew"
    return None


def today_at(desk: Desk) -> date:
    """Return the date at the desk."""
    return local_date(desk.moment.now, desk.moment.zone_info)


def addressee(desk: Desk, complaint: ComplaintRow, to: str) -> PartyRow | None:
    """Return who gets a letter to ``to`` today; None when nobody can be written to.

    The complainant's letters go to a representative only while their authority is confirmed and its days are not over; that
    they are is noted here. Letters to the ``representative`` themselves need no authority: they hold neutral facts only until
    it is there.
    """
    _note_lapse(desk, complaint, on=today_at(desk))
    return _addressee(desk.session, complaint.key, to, on=today_at(desk))


def _addressee(session: Session, complaint_key: int, to: str, *, on: date) -> PartyRow | None:
    if to == "complainant":
        party = speaks(session, complaint_key, on=on)
    else:
        party = parties(session, complaint_key).get(to)
    return party if can_be_reached(party) else None


def why_not_leave(session: Session, letter: LetterRow, *, on: date) -> str | None:
    """Return why a letter written earlier may not leave on the day ``on``: it is for somebody we no longer deal with."""
    if letter.to_role != "complainant":
        return None
    party = _addressee(session, letter.complaint_key, "complainant", on=on)
    reached = {party.email, party.address, party.phone} if party is not None else set()
    if letter.recipient in reached:
        return None
    return "it is addressed to somebody we no longer deal with in this complaint. Write it anew to whom it concerns"


def goes_by_mail(party: PartyRow | None) -> bool:
    """Tell whether letters reach this person by e-mail."""
    return party is not None and bool(party.email) and party.preferred_channel not in ON_PAPER


def _on_paper(tools: Tools, complaint: ComplaintRow, party: PartyRow | None) -> str:
    """Return how to go on without a link: paper passes through the hands of staff, so that no secret is printed on it."""
    way = f"call {tools.organisation.phone} or write to us, and name the reference {complaint.reference}"
    mailed = f"; a link comes to your e-mail address from {tools.settings.base_url}/lost-link"
    return way + (mailed if party is not None and party.email else "")


def keep(
    desk: Desk,
    complaint: ComplaintRow,
    written: Written,
    *,
    to: str,
    party: PartyRow | None,
    send: Send | None,
    meets: str | None = None,
) -> LetterRow | None:
    """Store the letter; ``send`` puts a mailed one into the outbox (None: it is held), one on paper waits to be posted.

    ``meets`` names the clocks that its dispatch (not its writing) answers. Nobody to write to: a line says so, and None.
    """
    if party is None:
        nobody_to_write_to(desk, complaint, written.template)
        return None
    by_mail = goes_by_mail(party)
    row = LetterRow(
        key=desk.next_key(),
        complaint_key=complaint.key,
        template=written.template,
        template_version=written.version,
        to_role=to,
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
