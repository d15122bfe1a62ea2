"""Receiving a complaint: one transaction makes the register's rows and starts the process that conducts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.complaints.links import new_link
from api.complaints.references import new_reference
from api.complaints.separation import exclude
from api.complaints.tables import ComplaintRow, DocumentRow, EventRow, IssueRow, PartyRow
from engine.actors import Actor
from engine.commands.start import Alongside, Start
from engine.errors import Invalid

if TYPE_CHECKING:
    from api.wiring import Redress

CHANNELS = ("web", "e-mail", "phone", "post", "in-person", "social")
EARLIEST = date(1990, 1, 1)
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
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewComplaint:
    """A complaint as it came in.

    ``received_at`` is aware; it may lie before the present (backdating needs ``backdating_reason`` when done by staff), never
    after it. ``issues`` are the things complained of, in the complainant's order; none given makes the description one.
    ``staff_concerned`` are user names of colleagues complained about: they are excluded from the start.
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
    staff_concerned: tuple[str, ...] = ()
    documents: tuple[int, ...] = ()
    backdating_reason: str | None = None
    source: str | None = None
    source_key: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Registered:
    """What the complainant is told: the reference, and the token of the secret link."""

    key: int
    reference: str
    token: str
    instance_key: int


def receive(service: Redress, complaint: NewComplaint, *, by: Actor) -> Registered:
    """Register ``complaint`` and start its process, in one transaction. Raises ``ComplaintRefused``."""
    reference = service.engine.read(_free_reference)
    alongside, made = _beside(service, complaint, reference, by=by)
    service.engine.start(PROCESS, {}, business_id=reference, alongside=alongside, by=by)
    return Registered(**made)


def receive_within(service: Redress, session: Session, complaint: NewComplaint, *, by: Actor) -> Registered:
    """The same, as part of the caller's own unit of work."""
    reference = _free_reference(session)
    alongside, made = _beside(service, complaint, reference, by=by)
    service.engine.start_within(
        session, Start(PROCESS, business_id=reference), {}, alongside=alongside, by=by
    )
    return Registered(**made)


def _beside(
    service: Redress, complaint: NewComplaint, reference: str, *, by: Actor
) -> tuple[Alongside, dict[str, Any]]:
    """Return what stores the complaint in the transaction that starts its process, and the mapping it fills."""
    now, zone = service.clock.now(), service.settings.time_zone
    if wrong := objections(complaint, now=now, zone=zone):
        errors = [{"path": field, "message": text} for field, text in wrong]
        raise ComplaintRefused(wrong[0][1], field=wrong[0][0], errors=errors)
    made: dict[str, Any] = {}

    def alongside(session: Session, instance_key: int, variables: dict[str, Any]) -> None:
        row = _store(service, session, complaint, reference, instance_key=instance_key, by=by, now=now)
        token = new_link(session, row.key, purpose="follow", at=now)
        made.update(key=row.key, reference=row.reference, token=token, instance_key=instance_key)
        variables.update(_start_variables(row, complaint, zone=zone))

    return alongside, made


def objections(complaint: NewComplaint, *, now: datetime, zone: ZoneInfo) -> tuple[tuple[str, str], ...]:
    """Return field and reason of everything that keeps ``complaint`` out of the register; none when it may come in."""
    wrong: list[tuple[str, str]] = []
    if complaint.channel not in CHANNELS:
        wrong.append(("channel", f"The channel is one of {', '.join(CHANNELS)}."))
    if not complaint.description.strip():
        wrong.append(("description", "Say what the complaint is about."))
    if complaint.received_at > now:
        wrong.append(("receivedAt", "The date received cannot be in the future."))
    if complaint.received_at.astimezone(zone).date() < EARLIEST:
        wrong.append(("receivedAt", "The date received must be 1 January 1990 or later."))
    happened = complaint.occurred_on
    if happened is not None and not EARLIEST <= happened <= now.astimezone(zone).date():
        wrong.append(("occurredOn", "The date of the problem must be between 1 January 1990 and today."))
    return tuple(wrong)


def _store(
    service: Redress,
    session: Session,
    new: NewComplaint,
    reference: str,
    *,
    instance_key: int,
    by: Actor,
    now: datetime,
) -> ComplaintRow:
    next_key = service.database.keys.next
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
        facts=dict(new.facts),
    )
    session.add(row)
    session.flush()
    for role, party in (("complainant", new.complainant), ("representative", new.representative)):
        if party is not None:
            session.add(_party(next_key(), row.key, role, party))
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
    facts = {"channel": new.channel, "received": row.received_at.isoformat()}
    if new.backdating_reason:
        facts["reason"] = new.backdating_reason
    session.add(
        EventRow(
            key=next_key(),
            complaint_key=row.key,
            at=now,
            by=by.name,
            kind="received",
            text="Complaint received",
            public=True,
            facts=facts,
        )
    )
    return row


def _party(key: int, complaint_key: int, role: str, party: PartyDetails) -> PartyRow:
    return PartyRow(
        key=key,
        complaint_key=complaint_key,
        role=role,
        name=party.name,
        email=party.email,
        phone=party.phone,
        address=party.address,
        preferred_channel=party.preferred_channel,
        details=dict(party.details),
    )


def _free_reference(session: Session) -> str:
    while True:
        reference = new_reference()
        if session.scalar(select(ComplaintRow.key).where(ComplaintRow.reference == reference)) is None:
            return reference


def _start_variables(row: ComplaintRow, new: NewComplaint, *, zone: ZoneInfo) -> dict[str, Any]:
    """Return the process's start variables (processes/README.md): facts and codes, never names or narrative."""
    issues = new.issues or (first_sentence(new.description),)
    return {
        "complaintKey": str(row.key),
        "reference": row.reference,
        "receivedAt": row.received_at,
        "receivedOn": row.received_at.astimezone(zone).date(),
        "occurredOn": row.occurred_on,
        "channel": row.channel,
        "complainantKnown": not row.anonymous,
        "represented": row.represented,
        "product": row.product,
        "problem": row.problem,
        "category": row.category,
        "regime": row.regime,
        "issues": [{"id": number, "summary": summary} for number, summary in enumerate(issues, start=1)],
        "desiredRemedy": row.desired_remedy,
        "dangerReported": new.danger_reported,
        "withOutsideBody": new.with_outside_body,
        "employment": new.employment,
    }


def start_variable_names() -> frozenset[str]:
    """Return the names of the variables with which the process of every complaint starts."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    any_row = ComplaintRow(key=0, received_at=at)
    return frozenset(_start_variables(any_row, NewComplaint("web", at, "Any.", None), zone=ZoneInfo("UTC")))


def first_sentence(text: str) -> str:
    """Return the first sentence of a description, at most 160 characters, as the summary of its only issue."""
    line = " ".join(text.split())
    end = min(
        (place for place in (line.find(". "), line.find("! "), line.find("? ")) if place > 0),
        default=len(line),
    )
    return line[: end + 1] if end < 160 else f"{line[:157]}…"
