"""Job types that tell people something: letters to complainants and staff, notices to colleagues, messages to cases."""

from __future__ import annotations

from sqlalchemy import select

from api.complaints.errand import Errand
from api.complaints.letter_writing import addressee, keep, write
from api.complaints.letters import Written
from api.complaints.tables import LetterRow, NoticeRow, PartyRow
from api.identity import people


def send_letter(errand: Errand) -> None:
    """``redress:send-letter``: write the letter of header ``letter`` and let it go to input ``to``, or to the template's addressee.

    By e-mail where there is an address and the person does not prefer paper; otherwise it waits on the complaint's page to be
    posted. Header ``meets`` names the clock that its dispatch (not its writing) answers. Nobody to write to: a line says so.
    """
    complaint, letter = errand.complaint, errand.header("letter")
    to = errand.text("to") or errand.tools.letters.addressee(letter)
    written = write(errand.tools, errand.desk, complaint, letter, to=to, variables=errand.context.variables)
    if to.startswith("department:"):
        _to_department(errand, written, to.removeprefix("department:"))
        return
    if to == "staff-concerned":
        _to_staff(errand, written)
        return
    keep(
        errand.desk,
        complaint,
        written,
        to=to,
        party=addressee(errand.session, complaint.key, to),
        send=lambda row: _send(errand, row),
        meets=errand.context.headers.get("meets"),
    )


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


def _send(errand: Errand, row: LetterRow) -> int:
    return errand.context.queue_letter(
        recipient=row.recipient or "", subject=row.subject, text=row.text, html=row.html, letter=str(row.key)
    )


def _to_department(errand: Errand, written: Written, department: str) -> None:
    errand.session.add(
        NoticeRow(
            key=errand.next_key(),
            complaint_key=errand.complaint.key,  # so that nobody complained about reads it in their department
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
        select(PartyRow).where(
            PartyRow.complaint_key == errand.complaint.key, PartyRow.role == "staff-concerned"
        )
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
