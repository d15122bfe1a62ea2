"""Receiving a complaint: one transaction makes the register's rows and starts the process that conducts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.complaints.anchors import EARLIEST, RECEIVED
from api.complaints.answers import sheets
from api.complaints.answers.sheets import Sheet
from api.complaints.links import new_link
from api.complaints.parties import CLAIMED, parties, shared_ways
from api.complaints.policies import DeadlineTableMissing, Kinds, Matter, gap_on, known_kinds
from api.complaints.references import new_reference
from api.complaints.separation import exclude
from api.complaints.tables import ComplaintRow, DocumentRow, EventRow, IssueRow, PartyRow
from engine import feel
from engine.actors import Actor
from engine.commands.start import Alongside, Start
from engine.errors import Invalid
from engine.suggest import slip_of
from engine.zones import day_in_words, local_date

if TYPE_CHECKING:
    from api.wiring import Redress

CHANNELS = ("web", "e-mail", "phone", "post", "in-person", "social")
PROCESS = "complaint-handling"


class ComplaintRefused(Invalid):
    """The complaint cannot be registered as it stands."""

    code = "complaint_refused"


@dataclass(frozen=True, slots=True)
class PartyDetails:
    """Who a person is and how to reach them; every member may be unknown."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    address: str | None = None
    preferred_channel: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a complaint of the past ended: ``on`` which local day (None: not known), with which outcome and closing reason."""

    on: date | None = None
    outcome: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NewComplaint:
    """A complaint as it came in.

    ``received_at`` is aware; it may lie before the present (backdating needs ``backdating_reason`` when done by staff), never
    after it. ``issues`` are the things complained of, in the complainant's order; none given makes the description one.
    ``staff_concerned`` are user names of colleagues complained about: they are excluded from the start. ``first_raised_on`` is
    the local day we were told of it first, in any way; ``sent_to_company_on`` the day a portal passed it on: None, not known.
    ``ending`` is given for one of the past. ``letters_held``: letters its case writes by itself wait for somebody to send them.
    ``facts`` are further things told without a form, by name; ``sheet`` is the form that was filled in, with every answer.
    """

    channel: str
    received_at: datetime
    description: str
    complainant: PartyDetails | None
    representative: PartyDetails | None = None
    occurred_on: date | None = None
    product: str | None = None
    problem: str | None = None
    category: str | None = None
    regime: str = "generic"
    desired_remedy: str | None = None
    issues: tuple[str, ...] = ()
    danger_reported: bool = False
    with_outside_body: bool = False
    employment: bool = False
    first_raised_on: date | None = None
    sent_to_company_on: date | None = None
    staff_concerned: tuple[str, ...] = ()
    documents: tuple[int, ...] = ()
    backdating_reason: str | None = None
    source: str | None = None
    source_key: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    ending: Ending | None = None
    letters_held: bool = False
    sheet: Sheet | None = None

    def received_on(self, zone: ZoneInfo) -> date:
        """Return the local day of receipt; at the very edge of the calendar, where no zone can be asked, its own day."""
        at = self.received_at
        return local_date(at, zone) if at.year >= EARLIEST.year - 1 else at.date()


NOT_USED = (
    "What was given to reach the complainant by is how who acts for them is reached: it is not used for them"
)


def own_ways(new: NewComplaint) -> PartyDetails | None:
    """Return the complainant without the addresses and numbers that are those of who acts for them: what is sent there reaches
    whoever acts, with or without authority."""
    return new.complainant and replace(new.complainant, **dict.fromkeys(not_used(new)))


def not_used(new: NewComplaint) -> tuple[str, ...]:
    """Return which addresses and numbers (fields of ``parties.WAYS``) that were given for the complainant are not theirs."""
    if new.complainant is None or new.representative is None:
        return ()
    return shared_ways(new.complainant, new.representative)


@dataclass(frozen=True, slots=True)
class Registered:
    """What the complainant is told: the reference, and the token of the secret link."""

    key: int
    reference: str
    token: str
    instance_key: int
    not_used: tuple[str, ...] = ()
    """By what the complainant is not reached, of what was given: it is how who acts for them is (fields of ``parties.WAYS``)."""


def receive(service: Redress, complaint: NewComplaint, *, by: Actor) -> Registered:
    """Register ``complaint`` and start its process, in one transaction. Raises ``ComplaintRefused``."""
    reference = service.engine.read(free_reference)
    alongside, made = _beside(service, complaint, reference, by=by)
    service.engine.start(PROCESS, {}, business_id=reference, alongside=alongside, by=by)
    return Registered(**made)


def receive_within(service: Redress, session: Session, complaint: NewComplaint, *, by: Actor) -> Registered:
    """The same, as part of the caller's own unit of work."""
    reference = free_reference(session)
    alongside, made = _beside(service, complaint, reference, by=by)
    service.engine.start_within(
        session, Start(PROCESS, business_id=reference), {}, alongside=alongside, by=by
    )
    return Registered(**made)


def _beside(
    service: Redress, complaint: NewComplaint, reference: str, *, by: Actor
) -> tuple[Alongside, dict[str, Any]]:
    """Return what stores the complaint in the transaction that starts its process, and the mapping it fills."""
    return beside(
        complaint,
        reference,
        by=by,
        now=service.clock.now(),
        zone=service.settings.time_zone,
        next_key=service.database.keys.next,
    )


def beside(
    complaint: NewComplaint,
    reference: str,
    *,
    by: Actor,
    now: datetime,
    zone: ZoneInfo,
    next_key: Callable[[], int],
) -> tuple[Alongside, dict[str, Any]]:
    """Return what stores ``complaint`` while its process starts, and the mapping it fills: key, reference, token, instance."""
    made: dict[str, Any] = {}

    def alongside(session: Session, instance_key: int, variables: dict[str, Any]) -> None:
        row = store(
            session,
            complaint,
            reference,
            instance_key=instance_key,
            by=by,
            now=now,
            zone=zone,
            next_key=next_key,
        )
        token = link_of_sender(session, row.key, at=now)
        made.update(key=row.key, reference=row.reference, token=token, instance_key=instance_key)
        made.update(not_used=not_used(complaint))
        variables.update(start_variables(row, complaint, zone=zone))

    return alongside, made


def refuse_unfit(complaint: NewComplaint, *, now: datetime, zone: ZoneInfo, kinds: Kinds) -> None:
    """Return if ``complaint`` may come into the register. Raises ``ComplaintRefused`` naming every field."""
    if wrong := objections(complaint, now=now, zone=zone, kinds=kinds):
        errors = [{"path": field, "message": text} for field, text in wrong]
        raise ComplaintRefused(wrong[0][1], field=wrong[0][0], errors=errors)


def objections(
    complaint: NewComplaint, *, now: datetime, zone: ZoneInfo, kinds: Kinds
) -> tuple[tuple[str, str], ...]:
    """Return field and reason of everything that keeps ``complaint`` out of the register; none when it may come in.

    ``kinds`` are those the table of deadlines names. A regime it does not have would run no clock; a category it does not have
    falls under the general rules, unless a letter parts it from one with rows of its own. A complaint of the past needs no clock,
    and keeps both whatever the table says today.
    """
    wrong: list[tuple[str, str]] = []
    if complaint.channel not in CHANNELS:
        wrong.append(("channel", f"The channel is one of {', '.join(CHANNELS)}."))
    if not complaint.description.strip():
        wrong.append(("description", "Say what the complaint is about."))
    if complaint.received_at > now:
        wrong.append(("receivedAt", "The date received cannot be in the future."))
    if complaint.ending is None and kinds.regimes and complaint.regime not in kinds.regimes:
        wrong.append(
            (
                "regime",
                f"The table of deadlines has no row for the regime “{complaint.regime}”: no clock would run.",
            )
        )
    meant = slip_of(complaint.category or "", kinds.categories)
    if complaint.ending is None and meant is not None:
        wrong.append(("category", f"There is no category “{complaint.category}”. Did you mean {meant}?"))
    received = complaint.received_on(zone)
    return (*wrong, *_days(complaint, received=received, today=local_date(now, zone)))


def outside_rules(
    session: Session, complaint: NewComplaint, *, zone: ZoneInfo, moment: feel.Moment
) -> str | None:
    """Return what is wrong with the days of a complaint that came before the rules of its regime, or after them; else None.

    For a door where somebody chooses the day. Where it is taken all the same, its case waits until other rules are set.
    """
    days = {RECEIVED: complaint.received_on(zone)}
    asked = {"first_raised": complaint.first_raised_on, "sent_to_company": complaint.sent_to_company_on}
    days |= {event: day for event, day in asked.items() if day is not None}
    try:
        gap = gap_on(session, Matter(complaint.regime, complaint.category, "one", days), moment=moment)
    except DeadlineTableMissing:
        return None
    return None if gap is None else gap.words


def _days(complaint: NewComplaint, *, received: date, today: date) -> Iterator[tuple[str, str]]:
    """Yield field and reason of every day that cannot be; a day of a file may lie after ``today``, it is read day by day."""
    if received < EARLIEST:
        yield "receivedAt", "The date received must be 1 January 1990 or later."
    happened = complaint.occurred_on
    if happened is not None and not EARLIEST <= happened <= received:
        yield "occurredOn", "The date of the problem must be between 1 January 1990 and the day of receipt."
    ended = None if complaint.ending is None else complaint.ending.on
    if ended is not None and not received <= ended <= today:
        yield "closedOn", "The closing day must lie between the day received and today."
    raised, sent = complaint.first_raised_on, complaint.sent_to_company_on
    if raised is not None and not EARLIEST <= raised <= received:
        yield "firstRaisedOn", "The day we were told first must be between 1990 and the day of receipt."
    if sent is not None and (sent < EARLIEST or (sent > today and complaint.source is None)):
        yield "sentToCompanyOn", "The day it was sent to us must be between 1990 and today."


def store(
    session: Session,
    new: NewComplaint,
    reference: str,
    *,
    instance_key: int | None,
    by: Actor,
    now: datetime,
    zone: ZoneInfo,
    next_key: Callable[[], int],
) -> ComplaintRow:
    """Add a complaint's rows to the register; ``instance_key`` is None when no case conducts it. Raises ``ComplaintRefused``."""
    refuse_unfit(new, now=now, zone=zone, kinds=known_kinds(session))
    row = ComplaintRow(
        key=next_key(),
        reference=reference,
        instance_key=instance_key,
        state="received",
        channel=new.channel,
        received_at=new.received_at.astimezone(UTC),
        recorded_at=now,
        recorded_by=by.name,
        occurred_on=new.occurred_on,
        first_raised_on=new.first_raised_on,
        sent_to_company_on=new.sent_to_company_on,
        product=new.product,
        problem=new.problem,
        category=new.category,
        regime=new.regime,
        description=new.description,
        desired_remedy=new.desired_remedy,
        anonymous=new.complainant is None,
        represented=new.representative is not None,
        source=new.source,
        source_key=new.source_key,
        letters_held=new.letters_held,
        facts=dict(new.facts) | ({"danger": True} if new.danger_reported else {}),
    )
    session.add(row)
    session.flush()
    line = partial(EventRow, complaint_key=row.key, at=now, by=by.name)
    complainant = own_ways(new)
    for role, party, authority in (
        ("complainant", complainant, "none"),
        ("representative", new.representative, CLAIMED),
    ):
        if party is not None:
            session.add(_party(next_key(), row.key, role, party, authority=authority))
    for number, summary in enumerate(new.issues or (first_sentence(new.description),), start=1):
        session.add(
            IssueRow(
                key=next_key(), complaint_key=row.key, number=number, summary=summary, problem=new.problem
            )
        )
    for name in dict.fromkeys(new.staff_concerned):
        session.add(PartyRow(key=next_key(), complaint_key=row.key, role="staff-concerned", person_name=name))
        exclude(session, row.key, name, reason="complained about", at=now)
    if new.documents:
        session.execute(
            update(DocumentRow)
            .where(DocumentRow.key.in_(new.documents), DocumentRow.complaint_key.is_(None))
            .values(complaint_key=row.key, draft_sha256=None)
        )
    told = sheets.told(new.facts, title="Further facts") if new.facts else None
    for sheet in (new.sheet, told):
        if sheet is not None:
            sheets.keep(session, sheet, key=next_key(), complaint_key=row.key, at=now, by=by.name)
    facts = {"channel": new.channel, "received": row.received_at.isoformat()}
    if new.backdating_reason:
        facts["reason"] = new.backdating_reason
    if complainant != new.complainant:
        session.add(line(key=next_key(), kind="way-shared", text=NOT_USED, facts={}))
    received = _received(row.received_at, now, zone)
    session.add(line(key=next_key(), kind="received", text=received, public=True, facts=facts))
    return row


def _received(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return the words of the first line of the timeline, which stands at the moment somebody recorded the complaint."""
    day = local_date(at, zone)
    same = day == local_date(now, zone)
    return "Complaint received" if same else f"Complaint recorded, received on {day_in_words(day)}"


def link_of_sender(session: Session, complaint_key: int, *, at: datetime) -> str:
    """Return a new link for whoever sent the complaint in; a representative's opens nothing before somebody confirms them."""
    people = parties(session, complaint_key)
    sender = people.get("representative") or people.get("complainant")
    key = sender.key if sender is not None else None
    return new_link(session, complaint_key, purpose="follow", party_key=key, at=at)


def _party(key: int, complaint_key: int, role: str, party: PartyDetails, *, authority: str) -> PartyRow:
    return PartyRow(
        key=key,
        complaint_key=complaint_key,
        role=role,
        name=party.name,
        email=party.email,
        phone=party.phone,
        address=party.address,
        preferred_channel=party.preferred_channel,
        authority=authority,
    )


def free_reference(session: Session) -> str:
    """Return a reference no complaint has."""
    while True:
        reference = new_reference()
        if session.scalar(select(ComplaintRow.key).where(ComplaintRow.reference == reference)) is None:
            return reference


def start_variables(row: ComplaintRow, new: NewComplaint, *, zone: ZoneInfo) -> dict[str, Any]:
    """Return the process's start variables (processes/README.md): facts and codes, never names or narrative."""
    issues = new.issues or (first_sentence(new.description),)
    return {
        "complaintKey": str(row.key),
        "reference": row.reference,
        "receivedAt": row.received_at,
        "receivedOn": row.received_at.astimezone(zone).date(),
        "occurredOn": row.occurred_on,
        "channel": row.channel,
        "complainantKnown": _can_be_told(own_ways(new)),  # a representative once somebody has confirmed them
        "represented": row.represented,
        "product": row.product,
        "problem": row.problem,
        "category": row.category,
        "regime": row.regime,
        "issues": [{"id": number, "summary": summary} for number, summary in enumerate(issues, start=1)],
        "dangerReported": new.danger_reported,
        "withOutsideBody": new.with_outside_body,
        "employment": new.employment,
    }


def _can_be_told(party: PartyDetails | None) -> bool:
    return party is not None and bool(party.email or party.address or party.phone)


def start_variable_names() -> frozenset[str]:
    """Return the names of the variables with which the process of every complaint starts."""
    return frozenset(_any_start())


def start_facts() -> frozenset[str]:
    """Return those of them that hold a day, yes or no: facts of the register that say no word of anybody."""
    return frozenset(name for name, value in _any_start().items() if isinstance(value, bool | date))


def _any_start() -> dict[str, Any]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    any_row = ComplaintRow(key=0, received_at=at, occurred_on=at.date(), represented=False)
    return start_variables(any_row, NewComplaint("web", at, "Any.", None), zone=ZoneInfo("UTC"))


def first_sentence(text: str) -> str:
    """Return the first sentence of a description, at most 160 characters, as the summary of its only issue."""
    line = " ".join(text.split())
    end = min(
        (place for place in (line.find(". "), line.find("! "), line.find("? ")) if place > 0),
        default=len(line),
    )
    return line[: end + 1] if end < 160 else f"{line[:157]}…"
