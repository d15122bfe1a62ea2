"""Job types that tell people something: letters to complainants and staff, notices to colleagues, messages to cases."""

from __future__ import annotations

from sqlalchemy import select

from api.complaints.errand import Errand
from api.complaints.extensions import new_date
from api.complaints.facts import letter_facts, parties
from api.complaints.letters import Written
from api.complaints.links import new_link
from api.complaints.tables import ComplaintRow, LetterRow, NoticeRow, PartyRow
from api.identity import people
from engine import feel

BY_MAIL = frozenset({"web", "e-mail", "social", None})


def send_letter(errand: Errand) -> None:
    """``redress:send-letter``: write the letter of header ``letter`` and let it go to input ``to``, or to the template's addressee.

    By e-mail where there is an address and the person does not prefer paper; otherwise it waits on the complaint's page to be
    posted. Header ``meets`` names the clock that its dispatch (not its writing) answers. Nobody to write to: a line says so.
    """
    complaint = errand.complaint
    written = _written(errand, complaint)
    to = errand.text("to") or written.to
    if to.startswith("department:"):
        _to_department(errand, written, to.removeprefix("department:"))
        return
    if to == "staff-concerned":
        _to_staff(errand, written)
        return
    party = _addressee(errand, complaint, to)
    if party is None or not (party.email or party.address or party.phone):
        errand.tell("letter-not-sent", f"No address to send {written.template!r} to", facts={"letter": written.template})
        return
    paper = party.preferred_channel in ("post", "phone") or not party.email
    _queue(errand, written, to, recipient=party.email or party.address or party.phone or "", paper=paper)


def notify(errand: Errand) -> None:
    """``redress:notify``: a notice to a group (header or input ``group``), a person (input ``user``), and a ``copy`` group."""
    headers = errand.context.headers
    groups = {headers.get("group") or errand.text("group"), headers.get("copy")}
    for group in sorted(name for name in groups if name):
        _notice(errand, group=group)
    person = errand.text("user")
    if person and person != errand.actor:
        _notice(errand, person=person)


def publish_message(errand: Errand) -> None:
    """``redress:publish-message``: to whatever waits for header ``name`` under input ``correlationKey``."""
    variables = errand.context.variables.get("variables") or {}
    errand.context.publish(errand.header("name"), errand.text("correlationKey") or "", variables)


def _written(errand: Errand, complaint: ComplaintRow) -> Written:
    settings = errand.tools.settings
    token = new_link(errand.session, complaint.key, purpose="follow", at=errand.now)
    facts = letter_facts(
        errand.session,
        complaint,
        errand.tools.organisation,
        link=f"{settings.base_url}/t/{token}",
        variables=errand.context.variables,
    )
    if facts["clocks"].get("referral_window") is None:  # it starts when this very letter has left
        facts["clocks"]["referral_window"] = errand.tools.clocks.preview(errand.desk, complaint, "referral_window")
    letter = errand.header("letter")
    facts["newDate"] = new_date(errand.tools.clocks, errand.desk, complaint, letter)
    return errand.tools.letters.write(
        letter,
        {name: feel.inward(value) for name, value in facts.items()},
        moment=errand.context.moment,
        zone=settings.time_zone,
    )


def _addressee(errand: Errand, complaint: ComplaintRow, to: str) -> PartyRow | None:
    known = parties(errand.session, complaint.key)
    if to == "complainant":
        return known.get("representative") or known.get("complainant")
    return known.get(to)


def _queue(errand: Errand, written: Written, to: str, *, recipient: str, paper: bool) -> None:
    row = LetterRow(
        key=errand.next_key(),
        complaint_key=errand.complaint.key,
        template=written.template,
        template_version=written.version,
        to_role=to,
        recipient=recipient,
        channel="post" if paper else "e-mail",
        subject=written.subject,
        text=written.text,
        html=written.html,
        queued_at=errand.now,
        meets=errand.context.headers.get("meets"),
    )
    if not paper:
        row.outbox_key = errand.context.queue_letter(
            recipient=recipient, subject=written.subject, text=written.text, html=written.html, letter=str(row.key)
        )
    errand.session.add(row)
    waits = " (to be posted)" if paper else ""
    errand.tell("letter-written", f"Letter written: {written.subject}{waits}", facts={"letter": str(row.key)})


def _to_department(errand: Errand, written: Written, department: str) -> None:
    errand.session.add(
        NoticeRow(
            key=errand.next_key(),
            complaint_key=None,  # departments see their request, not the complaint
            group_name=department,
            subject=written.subject,
            text=written.text,
            at=errand.now,
        )
    )
    name = errand.tools.organisation.department(department)
    errand.tell("contribution-requested", f"Facts requested from {name}", facts={"department": department})


def _to_staff(errand: Errand, written: Written) -> None:
    """Tell colleagues complained about: they may explain, so they get the letter though they may not see the complaint."""
    rows = errand.session.scalars(
        select(PartyRow).where(PartyRow.complaint_key == errand.complaint.key, PartyRow.role == "staff-concerned")
    )
    for party in rows:
        errand.session.add(
            NoticeRow(
                key=errand.next_key(),
                complaint_key=None,
                person_name=party.person_name,
                subject=written.subject,
                text=written.text,
                at=errand.now,
            )
        )
        errand.tell("staff-told", "Colleague concerned was told and may explain")


def _notice(errand: Errand, *, group: str | None = None, person: str | None = None) -> None:
    if person is not None and people.find(errand.session, person) is None:
        return
    complaint = errand.known
    errand.session.add(
        NoticeRow(
            key=errand.next_key(),
            complaint_key=complaint.key if complaint else None,
            group_name=group,
            person_name=person,
            subject=errand.header("subject"),
            text=errand.text("text") or "",
            at=errand.now,
        )
    )

