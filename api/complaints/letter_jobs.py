"""Job types that tell people something: letters to complainants and staff, notices to colleagues, messages to cases."""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence

from sqlalchemy import select

from api.complaints.content import open_words
from api.complaints.errand import Errand
from api.complaints.evidence import meet_each
from api.complaints.letter_links import disarmed
from api.complaints.letter_writing import NOBODY_LEFT, OF_THE_COMPLAINT, note_unreachable, write, write_out
from api.complaints.letters import Written
from api.complaints.owed import somebody_to_write_to
from api.complaints.search import facts_for
from api.complaints.separation import is_excluded
from api.complaints.tables import LetterRow, NoticeRow, PartyRow
from api.identity import people
from api.identity.decide import may
from api.identity.people import Person
from engine.deadlines.policy import NOBODY
from engine.deadlines.state import Evidence

CONTRIBUTION = (
    "contribution-requested"  # the line of the timeline; its fact ``notice`` is what the department reads
)


def send_letter(errand: Errand) -> None:
    """``redress:send-letter``: write the letter of header ``letter`` and let it go to input ``to``, or to the template's addressee.

    One that asks for an answer goes to everybody who may give one.

    By e-mail where there is an address and the person does not prefer paper; otherwise it waits on the complaint's page to be
    posted. Header ``meets`` names the clock that its dispatch (not its writing) answers. Nobody to write to: a line says so,
    and what the letter would have answered is met by the decision that lies on file.
    Of a complaint whose letters are held only those leave that follow from what a colleague did; the others wait to be sent.
    """
    complaint, letter = errand.complaint, errand.header("letter")
    to = errand.text("to") or errand.tools.letters.addressee(letter)
    meets = errand.context.headers.get("meets") or ""
    variables = errand.context.variables
    if to.startswith("department:") or to == "staff-concerned":
        written = write(errand.tools, errand.desk, complaint, letter, party=None, variables=variables)
        if to == "staff-concerned":
            _to_staff(errand, written)
        else:
            _to_department(errand, written, to.removeprefix("department:"))
        return
    held = complaint.letters_held and errand.context.actor.kind != "person"
    copies = write_out(
        errand.tools,
        errand.desk,
        complaint,
        letter,
        to=to,
        variables=variables,
        send=None if held else lambda row: _send(errand, row),
        meets=meets or None,
    )
    if not copies and to in OF_THE_COMPLAINT:
        _answer_on_file(errand, meets)
    if note_unreachable(errand.tools.letters, errand.session, complaint, letter, to, copies):
        errand.context.publish(NOBODY_LEFT, str(complaint.key), {"letter": letter})


def _answer_on_file(errand: Errand, meets: str) -> None:
    """Meet the clocks a letter to nobody would have answered by the decision that lies on file."""
    if meets and not somebody_to_write_to(errand.session, errand.complaint.key):
        on_file = Evidence(NOBODY, "decided, nobody to write to", errand.now)
        errand.moved(meet_each(errand.tools.clocks, errand.desk, errand.complaint, meets, on_file))


def notify(errand: Errand) -> None:
    """``redress:notify``: a notice to a group (header or input ``group``), a person (input ``user``), and a ``copy`` group.

    Header ``otherwise`` names the groups next in line, told while nobody before them can be: nobody active, nobody who may read
    of this complaint, and with header ``mail`` set to ``yes`` nobody with an e-mail address. With that header everybody told
    who has one is mailed as well, in this step and at any hour.
    """
    headers = errand.context.headers
    by_mail = headers.get("mail") == "yes"
    line = [headers.get("group") or errand.text("group") or "", *headers.get("otherwise", "").split(",")]
    groups = {*_in_line(errand, [name.strip() for name in line], by_mail=by_mail), headers.get("copy")}
    if by_mail:
        _mail_groups(errand, {name for name in groups if name})
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
    key = errand.next_key()
    errand.session.add(
        NoticeRow(
            key=key,
            complaint_key=errand.complaint.key,  # so that nobody complained about reads it in their department
            group_name=department,
            subject=written.subject,
            text=written.text,
            at=errand.now,
        )
    )
    name = errand.tools.organisation.department(department)
    facts = {"department": department, "notice": str(key)}
    errand.tell(CONTRIBUTION, f"Facts requested from {name}", facts=facts)


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


def _in_line(errand: Errand, line: Sequence[str], *, by_mail: bool) -> list[str]:
    """Return the groups to tell: the first, and while nobody in them can be reached, the next with somebody to read it."""
    told: list[str] = []
    for group in line:
        readers = _readers(errand, {group}) if group else []
        if readers:
            told.append(group)
        if any(person.email or not by_mail for person in readers):
            return told
    return told or list(line[:1])


def _readers(errand: Errand, groups: Collection[str]) -> list[Person]:
    """Return the active members of ``groups`` without those in conflict of interest."""
    complaint = errand.known
    return [
        person
        for person in people.eligible(errand.session, groups)
        if complaint is None or not is_excluded(errand.session, complaint.key, person.name)
    ]


def _mail_groups(errand: Errand, groups: Collection[str]) -> None:
    """Mail the notice to the members of ``groups``, without those in conflict of interest.

    Who may not read the complaint gets its text only where that says nothing people wrote: then it is the subject alone.
    """
    subject, whole = disarmed(errand.header("subject")), errand.text("text") or ""
    link = f"{errand.tools.settings.base_url}/staff"
    for person in _readers(errand, groups):
        if not person.email:
            continue
        text = disarmed(whole if _may_be_told(errand, person, whole) else errand.header("subject"))
        errand.context.queue_letter(
            recipient=person.email,
            subject=subject,
            text=f"{text}\n\n{link}\n",
            html=f"<p>{html.escape(text)}</p><p>{html.escape(link)}</p>",
            letter=f"notice:{errand.next_key()}",
        )


def _may_be_told(errand: Errand, person: Person, text: str) -> bool:
    complaint = errand.known
    if complaint is None or may(person, "complaint.read", facts_for(errand.session, person, complaint)):
        return True
    return open_words(errand.session, errand.context.house.catalogue, person).open(text)


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
