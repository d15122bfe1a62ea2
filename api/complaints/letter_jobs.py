"""Job types that tell people something: letters to complainants and staff, notices to colleagues, messages to cases."""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from api.complaints import letters_owed
from api.complaints.clock_rows import late_as_it_came, newest
from api.complaints.content import open_words
from api.complaints.errand import Errand, as_day
from api.complaints.evidence import meet_by_step
from api.complaints.from_complainant import UNREAD
from api.complaints.letter_addressees import OF_THE_COMPLAINT, counts, newest_set, set_of
from api.complaints.letter_contents import write
from api.complaints.letter_leaving import counts_from, delivered, is_by_hand, not_reached
from api.complaints.letter_links import disarmed
from api.complaints.letter_writing import write_out
from api.complaints.letters import LetterUnknown, Written
from api.complaints.letters_caught_up import send_owed
from api.complaints.letters_owed import WAY_SOUGHT
from api.complaints.on_file import DECIDED, lies_on_file, on_file_since, put_on_file
from api.complaints.our_answer import told_in_vain
from api.complaints.parties import COMPLAINANT, can_be_reached, parties
from api.complaints.search import facts_for
from api.complaints.separation import is_excluded
from api.complaints.tables import LetterRow, NoticeRow, PartyRow
from api.complaints.unfinished import unread
from api.identity import people
from api.identity.decide import may
from api.identity.people import Person
from engine.deadlines.policy import NOBODY
from engine.deadlines.state import Evidence
from engine.dialect.model import names_in

CONTRIBUTION = (
    "contribution-requested"  # the line of the timeline; its fact ``notice`` is what the department reads
)


def send_letter(errand: Errand) -> None:
    """``redress:send-letter``: write the letter of header ``letter`` and let it go to input ``to``, or to the template's addressee.

    One that asks for an answer goes to everybody who may give one, and each of those it is for is owed a copy of their own.

    By e-mail where there is an address and the person does not prefer paper; otherwise the message ``TO_DELIVER`` has somebody
    post it, or ring and tell it. Header ``meets`` names the clock that its dispatch (not its writing) answers. For whom no way
    leads to a line says so and the letter is kept until they can be reached. Nobody to write to, or of a letter that asks for an
    answer nobody who may give it: what it would have answered is met by the decision that lies on file.
    Of a complaint whose letters are held only those leave that follow from what a colleague did, and with the first of them all
    that come after it; the others wait to be sent.
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
    copies = write_out(
        errand.tools,
        errand.desk,
        complaint,
        letter,
        to=to,
        variables=variables,
        carrier=_Carrier(errand),
        meets=meets or None,
    )
    if meets and to in OF_THE_COMPLAINT and lies_on_file(errand, letter, copies):
        on_file = Evidence(NOBODY, DECIDED, errand.now)
        errand.moved(meet_by_step(errand.tools.clocks, errand.desk, errand.complaint, meets, on_file))


@dataclass(frozen=True, slots=True)
class _Carrier:
    """Gets letters away with the step that writes them."""

    errand: Errand

    @property
    def holds(self) -> bool:
        """Tell whether letters of this complaint wait, but those that follow from what a colleague did."""
        return self.errand.complaint.letters_held and self.errand.context.actor.kind != "person"

    def mail(self, letter: LetterRow) -> int:
        """Give it to the postman, and return its key in the outbox."""
        return self.errand.context.queue_letter(
            recipient=letter.recipient or "",
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            letter=str(letter.key),
        )

    def throw(self, message: str, key: str, variables: Mapping[str, Any]) -> None:
        """Throw a message, right after this job."""
        self.errand.context.publish(message, key, variables)


def deliver_letter(errand: Errand) -> None:
    """``redress:deliver-letter``: what came of delivering the letter of input ``letter`` (its key) by hand.

    Input ``reached``: true once it was posted or told, which answers its clocks; false where that address or number reaches
    nobody: it goes another way, or somebody looks for one. Input ``deliveredOn``: the local day on which it was posted or told,
    today where there is none. One that does not wait any more is left as it is. Raises ``LetterUnknown``, ``DayImpossible``.
    """
    key = errand.text("letter") or ""
    letter = errand.session.get(LetterRow, int(key)) if key.isdecimal() else None
    if letter is None or letter.complaint_key != errand.complaint.key:
        raise LetterUnknown(letter=key)
    if not is_by_hand(letter):
        return
    tools, desk, carrier = errand.tools, errand.desk, _Carrier(errand)
    if errand.value("reached") is True:
        on = as_day(errand.value("deliveredOn"))
        errand.moved(delivered(tools, desk, errand.complaint, letter, carrier, on=on)[1])
    else:
        errand.moved(not_reached(tools, desk, errand.complaint, letter, carrier))


def send_owed_letters(errand: Errand) -> None:
    """``redress:send-owed-letters``: write what the person of input ``person`` (a role) is still owed, if they can be reached now.

    That is what found no way to them, and mail to them that came back: where there is no way to them, who is owed it besides gets
    it. What others are owed is kept. A letter is owed in the
    states its head names, every letter without such a line always. Without the input it is the complainant. Where the search
    ends with no way, and nobody looks for anybody else who may get it, what was decided lies on file from the day it was
    written. Raises what ``write_out`` raises.
    """
    person, carrier = errand.text("person") or COMPLAINANT, _Carrier(errand)
    errand.moved(send_owed(errand.tools, errand.desk, errand.complaint, person, carrier))
    if not can_be_reached(parties(errand.session, errand.complaint.key).get(person)):
        _end_the_search(errand, person)


def _end_the_search(errand: Errand, person: str) -> None:
    """Note that no way was found to the person of this role. Diagrams that wait for one know it at once (``waySought``)."""
    letters_owed.give_up(errand.complaint, person)
    put_on_file(errand)
    sought = letters_owed.is_sought(errand.complaint, errand.tools.letters)
    errand.context.overwrite(WAY_SOUGHT, sought, in_case=errand.context.case_key)


def answer_left(errand: Errand) -> dict[str, Any]:
    """``redress:answer-left``: when our answer left, as ``leftOn`` (a date in the service's zone); null while it has not.

    ``waySought`` is true while it is kept for somebody who may answer and somebody looks for a way to them, ``unread`` while nobody
    has read something that they sent: it may be their answer. It becomes true in the case as soon as they send something.
    That is the newest letter to the complainant that asks for an answer and answers a clock; with header ``letter`` the newest
    of those names, parted by commas. It has left with its first copy for somebody who may answer; one that counts from the last
    day on which it may leave left on that day. Where nobody is on file to write to, it lies on file from the day it was first written.
    ``writtenAnew`` is true where our answer came back after the letters named were written: they told of it in vain.
    """
    letters, session = errand.tools.letters, errand.session
    named = names_in(errand.context.headers.get("letter"))
    found: dict[str, Any] = {
        WAY_SOUGHT: False,
        UNREAD: bool(unread(session, errand.complaint)),
        "writtenAnew": False,
    }
    if named and told_in_vain(letters, session, errand.complaint, named):
        sought = letters_owed.is_sought(errand.complaint, letters)
        return found | {"leftOn": None, WAY_SOUGHT: sought, "writtenAnew": True}
    asking = {*named} if named else {letter.id for letter in letters if letter.asks}
    query = select(LetterRow).where(
        LetterRow.complaint_key == errand.complaint.key,
        LetterRow.template.in_(sorted(asking)),
        LetterRow.replaced_at.is_(None),
    )
    if not named:
        query = query.where(LetterRow.meets.is_not(None))
    rows = [row for row in session.scalars(query) if counts(letters, session, row)]
    kept = [
        one for one in letters_owed.kept(errand.complaint) if one.letter in asking and (named or one.meets)
    ]
    newest, waiting = newest_set(session, errand.complaint.key, rows, kept)
    if waiting:
        if not parties(session, errand.complaint.key):
            return found | {"leftOn": on_file_since(errand, waiting[-1])}
        return found | {"leftOn": None, WAY_SOUGHT: any(one.sought for one in waiting)}
    if newest is None:
        return found | {"leftOn": errand.today}
    zone = errand.tools.settings.time_zone
    left = [counts_from(row, zone=zone) for row in rows if set_of(row) == newest]
    return found | {"leftOn": min((day for day in left if day is not None), default=None)}


def notify(errand: Errand) -> None:
    """``redress:notify``: a notice to a group (header or input ``group``), a person (input ``user``), and a ``copy`` group.

    Header ``otherwise`` names the groups next in line, told while nobody before them can be: nobody active, nobody who may read
    of this complaint, and with header ``mail`` set to ``yes`` nobody with an e-mail address. With that header everybody told
    who has one is mailed as well, in this step and at any hour. Input ``lateClock`` names the clock whose lateness this tells: what
    was late already when an import brought the complaint in is told once for the whole import.
    """
    if _told_with_its_import(errand, errand.text("lateClock")):
        return
    headers = errand.context.headers
    by_mail = headers.get("mail") == "yes"
    first = headers.get("group") or errand.text("group") or ""
    line = [first.strip(), *names_in(headers.get("otherwise"))]
    groups = {*_in_line(errand, line, by_mail=by_mail), headers.get("copy")}
    if by_mail:
        _mail_groups(errand, {name for name in groups if name})
    for group in sorted(name for name in groups if name):
        _notice(errand, group=group)
    person = errand.text("user")
    if person and person != errand.actor:
        _notice(errand, person=person)


def _told_with_its_import(errand: Errand, name: str | None) -> bool:
    complaint = errand.known
    if name is None or complaint is None:
        return False
    row = newest(errand.session, complaint.key, name)
    return row is not None and late_as_it_came(complaint, row)


def publish_message(errand: Errand) -> None:
    """``redress:publish-message``: to whatever waits for header ``name`` under input ``correlationKey``."""
    variables = errand.context.variables.get("variables") or {}
    errand.context.publish(errand.header("name"), errand.text("correlationKey") or "", variables)


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
            urgent=True,
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
