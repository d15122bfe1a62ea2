"""Writing a letter of a complaint: its facts filled in, its text frozen, by mail or on paper to whoever it is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from api.complaints.clocks import Desk
from api.complaints.errand import Tools
from api.complaints.extensions import new_date
from api.complaints.facts import letter_facts, neutral_facts
from api.complaints.letters import Written
from api.complaints.links import new_link, revoke_of
from api.complaints.parties import EXPIRED, can_be_reached, lapsed, may_act, parties, speaks
from api.complaints.tables import ComplaintRow, EventRow, LetterRow, NoticeRow, PartyRow
from engine import feel
from engine.zones import local_date

ON_PAPER = frozenset({"post", "phone"})  # preferred channels of people who do not want e-mail
Send = Callable[[LetterRow], int]


def write(
    tools: Tools, desk: Desk, complaint: ComplaintRow, letter: str, *, to: str, variables: Mapping[str, Any]
) -> Written:
    """Return ``letter`` with the complaint's facts in it; only its own people get a link to it. Raises ``LetterNotFound``.

    Whoever may not act for the complaint gets neutral facts only, whatever the letter asks for.
    """
    today = today_at(desk)
    _note_lapse(desk, complaint, on=today)
    party = addressee(desk.session, complaint.key, to, on=today)
    if party is not None and not may_act(party, on=today):
        facts = neutral_facts(
            desk.session, complaint, tools.organisation, to=party, waits=variables.get("waits")
        )
    else:
        facts = _whole_facts(tools, desk, complaint, letter, party, variables)
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
) -> dict[str, Any]:
    link = None
    if party is not None:
        token = new_link(desk.session, complaint.key, purpose="follow", party_key=party.key, at=desk.act.at)
        link = f"{tools.settings.base_url}/t/{token}"
    facts = letter_facts(
        desk.session, complaint, tools.organisation, to=party, link=link, variables=variables
    )
    if facts["clocks"].get("referral_window") is None:  # it starts when this very letter has left
        facts["clocks"]["referral_window"] = tools.clocks.preview(desk, complaint, "referral_window")
    facts["newDate"] = new_date(tools.clocks, desk, complaint, letter)
    return facts


def today_at(desk: Desk) -> date:
    """Return the date at the desk."""
    return local_date(desk.moment.now, desk.moment.zone_info)


def addressee(session: Session, complaint_key: int, to: str, *, on: date) -> PartyRow | None:
    """Return who gets a letter to ``to`` on the day ``on``; None when nobody can be written to.

    The complainant's letters go to a representative only while their authority is confirmed and its days are not over.
    Letters to the ``representative`` themselves need no authority: they hold neutral facts only until it is there.
    """
    party = (
        speaks(session, complaint_key, on=on)
        if to == "complainant"
        else parties(session, complaint_key).get(to)
    )
    return party if can_be_reached(party) else None


def why_not_leave(session: Session, letter: LetterRow, *, on: date) -> str | None:
    """Return why a letter written earlier may not leave on the day ``on``: it is for somebody we no longer deal with."""
    if letter.to_role != "complainant":
        return None
    party = addressee(session, letter.complaint_key, "complainant", on=on)
    reached = {party.email, party.address, party.phone} if party is not None else set()
    if letter.recipient in reached:
        return None
    return "it is addressed to somebody we no longer deal with in this complaint. Write it anew to whom it concerns"


def keep(
    desk: Desk,
    complaint: ComplaintRow,
    written: Written,
    *,
    to: str,
    party: PartyRow | None,
    send: Send,
    meets: str | None = None,
) -> LetterRow | None:
    """Store the letter; ``send`` puts a mailed one into the outbox, one on paper waits to be posted.

    ``meets`` names the clocks that its dispatch (not its writing) answers. Nobody to write to: a line says so, and None.
    """
    if party is None:
        _tell(
            desk,
            complaint,
            "letter-not-sent",
            f"No address to send {written.template!r} to",
            {"letter": written.template},
        )
        return None
    by_mail = bool(party.email) and party.preferred_channel not in ON_PAPER
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
    if by_mail:
        row.outbox_key = send(row)
    desk.session.add(row)
    waits = "" if by_mail else " (to be posted)"
    _tell(
        desk,
        complaint,
        "letter-written",
        f"Letter written: {written.subject}{waits}",
        {"letter": str(row.key)},
    )
    return row


def _note_lapse(desk: Desk, complaint: ComplaintRow, *, on: date) -> None:
    """Note that a representative's days are over, end their links, and say why letters go elsewhere from here on."""
    party = lapsed(desk.session, complaint.key, on=on)
    if party is None:
        return
    party.authority = EXPIRED
    revoke_of(desk.session, party.key, at=desk.act.at)
    why = f"The authority of the representative ended on {party.authority_until}: letters go to the complainant."
    desk.session.add(
        NoticeRow(
            key=desk.next_key(),
            complaint_key=complaint.key,
            person_name=complaint.owner,
            group_name=None if complaint.owner else "complaints-managers",
            subject="Authority of a representative has ended",
            text=why,
            at=desk.act.at,
        )
    )
    _tell(desk, complaint, "authority-ended", why, {"party": str(party.key)})


def _tell(desk: Desk, complaint: ComplaintRow, kind: str, text: str, facts: dict[str, Any]) -> None:
    desk.session.add(
        EventRow(
            key=desk.next_key(),
            complaint_key=complaint.key,
            at=desk.act.at,
            by=desk.act.by,
            kind=kind,
            text=text,
            facts=facts,
        )
    )
