"""What a complainant does: adds, withdraws, answers, rates; one transaction each, safe to repeat.

They do it with the secret link, or tell us otherwise, and a colleague records what was ``heard``: the same acts, with the same
effects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api.complaints import drafts
from api.complaints.answers import sheets
from api.complaints.answers.sheets import Sheet
from api.complaints.clock_rows import Desk
from api.complaints.heard import Heard, refuse_addition, refuse_decision, refuse_heard_reply
from api.complaints.intake import PartyDetails
from api.complaints.letter_links import STATUS_LINK
from api.complaints.letters import Letters
from api.complaints.lines import DECIDES, READS, SAID_BY, SAID_ON, might_decide, said_by, said_on
from api.complaints.of_case import complaint_named
from api.complaints.our_answer import reached_by_reply, refuse_reply
from api.complaints.parties import BY_MAIL, REPRESENTATIVE, WAYS, may_act, may_decide, parties, shared_ways
from api.complaints.parties import COMPLAINANT as THEY
from api.complaints.references import read_reference
from api.complaints.tables import ComplaintRow, DocumentRow, EventRow, LetterRow, newest_first
from engine.actors import SYSTEM, Actor
from engine.commands.errors import MessageNotCorrelated
from engine.deadlines.clocks import Act
from engine.errors import Conflict
from engine.store.outbox import queue_letter
from engine.store.search import Condition, Query, search
from engine.store.upkeep import Answer
from engine.store.waiting import MESSAGE_SUBSCRIPTIONS
from engine.zones import local_date, start_of_day

if TYPE_CHECKING:
    from api.wiring import Redress

COMPLAINANT = Actor("complainant", kind="link")
ADDS, WITHDRAWS, ANSWERS, RATES = (
    "complainant-sends-information",
    "complainant-withdraws",
    "complainant-answers",
    "survey-answered",
)
ACCEPTED, REJECTED = "accepts", "rejects"  # what the answer says to ours
FROM_OUTSIDE = "external-outcome"  # sent by whoever hears from the outside body
TAKES_UP = "outside-body-takes-up"  # an outside body takes up what has ended: begins the following, beside the closed case
ADDITION = "complainant-information"  # the kind of the timeline's line of what they add
UNREAD = "unread"  # the variable by which diagrams know that something they sent is unread
MESSAGES = frozenset({ADDS, WITHDRAWS, ANSWERS, RATES, FROM_OUTSIDE, TAKES_UP})
MOST_FILES = 50


class TooLate(Conflict):
    """This is no longer possible: the complaint has moved on."""

    code = "too_late"


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter of the service itself: one that gives somebody a link they asked for."""

    subject: str
    text: str
    html: str


def open_to(service: Redress, complaint_key: int) -> frozenset[str]:
    """Return what the complainant can do now: the names of the messages that the complaint's diagrams wait for."""
    return service.engine.read(lambda session: waited_for(session, complaint_key))


def waited_for(session: Session, complaint_key: int) -> frozenset[str]:
    """Return the names of the messages under the complaint's key that its diagrams wait for now."""
    query = Query(where=(Condition("correlation_key", "eq", str(complaint_key)),))
    waiting = search(session, MESSAGE_SUBSCRIPTIONS, query).items
    return frozenset(one.message_name for one in waiting if one.message_subscription_state == "CREATED")


def waited_at(session: Session, complaint_key: int, message: str, at: datetime) -> bool:
    """Tell whether the complaint's diagrams waited for this message at a moment (aware UTC) or have waited for it since."""
    if message in waited_for(session, complaint_key):
        return True
    ended_since = Query(
        where=(
            Condition("correlation_key", "eq", str(complaint_key)),
            Condition("message_name", "eq", message),
            Condition("last_updated_date", "gt", at),
        )
    )
    return bool(search(session, MESSAGE_SUBSCRIPTIONS, ended_since).items)


def add_information(
    service: Redress,
    complaint_key: int,
    *,
    text: str,
    documents: Sequence[int] = (),
    draft: bytes | None = None,
    sheet: Sheet,
    key: str,
    danger: bool = False,
    role: str = THEY,
    heard: Heard | None = None,
) -> None:
    """Keep what the complainant sends and hand it to whoever reads it; ``draft`` is where its files wait.

    ``role`` is theirs who writes on the status page; whether they may decide then is kept with it. ``sheet`` is the form as it was
    filled in, here as in all below. With ``danger`` whoever is on duty hears of it in this very step. ``key`` names the sending:
    the same one again changes nothing.
    Raises ``TooLate``, and of what was ``heard`` what ``refuse_addition`` raises.
    """

    def work(session: Session) -> None:
        desk = _desk(service, session, heard, role)
        complaint = session.get_one(ComplaintRow, complaint_key)
        if heard is not None:
            refuse_addition(desk, complaint, heard)
        number = session.scalar(select(func.count()).where(DocumentRow.complaint_key == complaint_key)) or 0
        if number + len(documents) > MOST_FILES:
            raise TooLate(f"We keep {MOST_FILES} files with a complaint. Send further ones by post.")
        if draft is not None:
            session.execute(
                update(DocumentRow)
                .where(DocumentRow.key.in_(documents), DocumentRow.draft_sha256 == draft)
                .values(complaint_key=complaint_key, draft_sha256=None)
            )
            drafts.drop(session, drafts.visitor_place(draft))
        files = f" ({len(documents)} file{'s' if len(documents) != 1 else ''})" if documents else ""
        said = _said(f"wrote{files}" if heard is None else "told us more", text, heard, role)
        kept: dict[str, Any] = {SAID_BY: role}
        if heard is None:
            kept[DECIDES] = may_decide(parties(session, complaint_key).get(role))
        line = _tell(desk, complaint_key, ADDITION, said, kept, heard=heard)
        _keep(desk, complaint_key, sheet)
        told = to_read(line, desk.moment.zone_info, danger=danger)
        _send(service, session, ADDS, complaint_key, told, heard, role)
        if complaint.instance_key is not None:
            service.engine.overwrite_within(session, complaint.instance_key, UNREAD, True)

    _once(service, f"add:{complaint_key}", key, work)


def to_read(addition: EventRow, zone: ZoneInfo, *, danger: bool = False) -> dict[str, Any]:
    """Return what a diagram knows of what they added: ``addition`` is its line, ``sentOn`` the local day they said it."""
    facts = addition.facts or {}
    return {
        "dangerNow": danger,
        "cameBy": facts.get("channel", "web"),
        "addition": str(addition.key),
        "sentOn": said_on(addition, zone).isoformat(),
        SAID_BY: said_by(addition) if might_decide(addition) is not False else READS,
    }


def withdraw(
    service: Redress,
    complaint_key: int,
    *,
    reason: str,
    sheet: Sheet,
    key: str,
    role: str = THEY,
    heard: Heard | None = None,
) -> None:
    """End the complaint at the complainant's wish. Raises ``TooLate`` when it has ended already.

    Of what was ``heard`` it raises what ``refuse_decision`` raises.
    """

    def work(session: Session) -> None:
        desk = _desk(service, session, heard, role)
        complaint = session.get_one(ComplaintRow, complaint_key)
        note_withdrawal(desk, complaint, reason=reason, heard=heard, role=role)
        _keep(desk, complaint_key, sheet)
        _send(service, session, WITHDRAWS, complaint_key, {}, heard, role)

    _once(service, f"withdraw:{complaint_key}", key, work)


def note_withdrawal(
    desk: Desk, complaint: ComplaintRow, *, reason: str, heard: Heard | None, role: str = THEY
) -> None:
    """Note in the timeline that they withdraw. Of what was ``heard`` it raises what ``refuse_decision`` raises."""
    if heard is not None:
        refuse_decision(desk, complaint, heard)
    said = _said("withdrew" if reason else "withdrew the complaint", reason, heard, role)
    _tell(desk, complaint.key, "complainant-withdraws", said, {SAID_BY: role}, heard=heard)


def answer(
    service: Redress,
    complaint_key: int,
    *,
    accepts: bool,
    reason: str,
    sheet: Sheet,
    key: str,
    role: str = THEY,
    heard: Heard | None = None,
) -> None:
    """Say whether the complainant accepts our answer; the reason stays in the register.

    Of what was ``heard`` the case learns the local day on which they said so (``saidOn``, ISO text). Raises ``TooLate``,
    ``AnswerOnItsWay`` before the answer has left, and of what was ``heard`` what ``refuse_heard_reply`` raises.
    """

    def work(session: Session) -> None:
        desk = _desk(service, session, heard, role)
        complaint = session.get_one(ComplaintRow, complaint_key)

        def reached(at: datetime) -> None:
            _note_reached(service, desk, complaint_key, at=at)

        reply = note_reply(
            service.letters,
            desk,
            complaint,
            accepts=accepts,
            reason=reason,
            role=role,
            heard=heard,
            reached=reached,
        )
        _keep(desk, complaint_key, sheet)
        _send(service, session, ANSWERS, complaint_key, reply, heard, role)

    _once(service, f"answer:{complaint_key}", key, work)


def note_reply(
    letters: Letters,
    desk: Desk,
    complaint: ComplaintRow,
    *,
    accepts: bool,
    reason: str,
    heard: Heard | None,
    reached: Callable[[datetime], None],
    role: str = THEY,
) -> dict[str, Any]:
    """Note in the timeline what they say to our answer, and return what the case learns of it.

    ``reached`` is told the moment (aware UTC) by which our answer has reached them, as they reply to it: now, or the day it was
    ``heard`` on. Raises ``AnswerOnItsWay`` before the answer has left, and of what was ``heard`` what ``refuse_heard_reply`` raises.
    """
    if heard is None:
        refuse_reply(letters, desk.session, complaint)
    else:
        refuse_heard_reply(letters, desk, complaint, heard)
    now, zone = desk.act.at, desk.moment.zone_info
    reached(now if heard is None else min(start_of_day(heard.on, zone), now))
    said = _said("accepts our answer" if accepts else "does not accept our answer", reason, heard, role)
    facts = {"answer": ACCEPTED if accepts else REJECTED}
    _tell(desk, complaint.key, "complainant-answer", said, facts | {SAID_BY: role}, heard=heard)
    return facts | ({} if heard is None else {SAID_ON: heard.on.isoformat()})


def judge_message(service: Redress, message: str, correlation_key: str, *, by: Actor) -> None:
    """Judge what somebody of ours says for the complainant by the rules of their page. Raises ``AnswerOnItsWay``.

    A reply that the case waits for shows that our answer has reached them. What the case of the complaint would not hear of
    ``by`` is not judged: they learn nothing here.
    """
    named = complaint_named(correlation_key)
    if message != ANSWERS or named is None:
        return
    waits = ANSWERS in open_to(service, named)

    def work(session: Session) -> None:
        complaint = case_that_hears(service, session, correlation_key, by)
        if complaint is None:
            return
        refuse_reply(service.letters, session, complaint)
        if waits:
            _note_reached(service, _desk(service, session, None, THEY), named, at=service.clock.now())

    service.engine.write(work)


def case_that_hears(
    service: Redress, session: Session, correlation_key: str, by: Actor
) -> ComplaintRow | None:
    """Return the complaint that the key names where its case hears ``by``, else None."""
    access = service.engine.house.access
    named, case = complaint_named(correlation_key), access.case_named(session, correlation_key)
    if named is None or case is None or not access.hears(session, by, correlation_key, case):
        return None
    return session.get_one(ComplaintRow, named)


def rate(
    service: Redress,
    complaint_key: int,
    *,
    ratings: Mapping[str, Any],
    comment: str,
    sheet: Sheet,
    key: str,
    role: str = THEY,
) -> None:
    """Hand over the survey: ratings to the diagram that waits, the comment to the register. Raises ``TooLate``."""

    def work(session: Session) -> None:
        said = _said("answered the survey", comment, None, role)
        desk = _desk(service, session, None, role)
        _tell(desk, complaint_key, "complainant-survey", said, {**ratings, SAID_BY: role})
        _keep(desk, complaint_key, sheet)
        _send(service, session, RATES, complaint_key, ratings, None, role)

    _once(service, f"survey:{complaint_key}", key, work)


def words_of(line: EventRow) -> str:
    """Return their words in a line of the timeline; empty where it has none."""
    return line.text.partition(": ")[2]


def last_said(session: Session, complaint_key: int, kind: str) -> EventRow | None:
    """Return the newest thing of this kind that the complainant told us."""
    mine = select(EventRow).where(EventRow.complaint_key == complaint_key, EventRow.kind == kind)
    return session.scalar(mine.order_by(*newest_first(EventRow)).limit(1))


def send_new_link(service: Redress, reference: str, email: str, *, write: Callable[[str, str], Mail]) -> bool:
    """Mail a new link to the complainant or representative whose reference and address these are; tell whether it matched.

    ``write`` makes the mail from the reference and the link's mark. Only people in the register who may act are written to; the
    letter is kept with the complaint.
    """
    known, now = read_reference(reference), service.clock.now()
    asking = PartyDetails(email=email)
    today = local_date(now, service.settings.time_zone)

    def work(session: Session) -> bool:
        row = session.scalar(select(ComplaintRow).where(ComplaintRow.reference == known))
        people = parties(session, row.key) if row is not None else {}
        there = {role: one for role, one in people.items() if WAYS[BY_MAIL] in shared_ways(one, asking)}
        # who reads where both are reached acts for the complainant, or claims to
        party = there.get(REPRESENTATIVE) or there.get(THEY)
        if row is None or party is None or not may_act(party, on=today):
            return False
        mail = write(row.reference, STATUS_LINK)
        session.add(
            LetterRow(
                key=service.database.keys.next(),
                complaint_key=row.key,
                template="new-link",
                template_version=sha256(mail.text.encode()).hexdigest(),
                to_role=party.role,
                party_key=party.key,
                recipient=party.email,
                channel="e-mail",
                subject=mail.subject,
                text=mail.text,
                html=mail.html,
                queued_at=now,
                outbox_key=_mail(service, session, party.email or "", mail, case_key=row.instance_key),
            )
        )
        return True

    return service.engine.write(work)


def send_mail(service: Redress, recipient: str, mail: Mail) -> None:
    """Mail somebody the link to their own unsent complaint."""
    service.engine.write(lambda session: _mail(service, session, recipient, mail, case_key=None))


def _mail(service: Redress, session: Session, recipient: str, mail: Mail, *, case_key: int | None) -> int:
    return queue_letter(
        session,
        service.database.keys,
        case_key=case_key,
        recipient=recipient,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        dedup=f"link:{service.database.keys.next()}",
        now=service.clock.now(),
    )


def _once(service: Redress, scope: str, key: str, work: Callable[[Session], None]) -> None:
    def done(session: Session) -> Answer:
        work(session)
        return Answer(204, b"")

    service.engine.once(f"public:{scope}", key, b"", done)


def _said(what: str, words: str, heard: Heard | None, role: str) -> str:
    """Return the line of the timeline: who says what, how it reached us, and their words after the first colon."""
    who = role if heard is None else heard.role
    line = f"The {who} {what}" + ("" if heard is None else f" ({heard.in_words})")
    return f"{line}: {words}" if words else line


def _note_reached(service: Redress, desk: Desk, complaint_key: int, *, at: datetime) -> None:
    """Note that our answer has reached who replies to it, by the moment ``at`` (aware UTC)."""

    def reached(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        return reached_by_reply(service.case_clocks, service.letters, desk, complaint, at=at)

    act = replace(desk.act, reason="Reply to our answer")
    service.move_clocks_within(desk.session, complaint_key, reached, act=act, by=SYSTEM)


def _send(
    service: Redress,
    session: Session,
    message: str,
    complaint_key: int,
    variables: Mapping[str, Any],
    heard: Heard | None,
    role: str,
) -> None:
    by = Actor(role, kind="link") if heard is None else heard.by
    try:
        service.engine.correlate_within(session, message, str(complaint_key), variables, by=by)
    except MessageNotCorrelated as nobody:
        raise TooLate from nobody


def _desk(service: Redress, session: Session, heard: Heard | None, role: str) -> Desk:
    by = role if heard is None else heard.by.name
    return service.desk(session, Act(service.clock.now(), by, ""))


def _keep(desk: Desk, complaint_key: int, sheet: Sheet) -> None:
    act = desk.act
    sheets.keep(desk.session, sheet, key=desk.next_key(), complaint_key=complaint_key, at=act.at, by=act.by)


def _tell(
    desk: Desk,
    complaint_key: int,
    kind: str,
    text: str,
    facts: Mapping[str, Any] | None = None,
    *,
    heard: Heard | None = None,
) -> EventRow:
    told = dict(facts or {}) | ({} if heard is None else heard.facts)
    public = kind != "complainant-withdraws"  # the change of state tells it
    line = desk.tell(complaint_key, kind, text, public=public, facts=told)
    desk.session.flush()
    return line
