"""What letters and pages may say of a complaint: names, dates and promises from the register, as FEEL values by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.parties import parties
from api.complaints.tables import ClockRow, ComplaintRow, IssueRow, PartyRow, RemedyRow
from api.identity.tables import PersonRow
from api.organisation import Organisation

CHANNEL_WORDS = {
    "web": "our website",
    "e-mail": "e-mail",
    "phone": "telephone",
    "post": "post",
    "in-person": "a visit",
    "social": "social media",
}
OUTCOME_WORDS = {
    "upheld": "upheld",
    "partly_upheld": "partly upheld",
    "not_upheld": "not upheld",
    "no_finding": "no finding possible",
}


def letter_facts(
    session: Session,
    complaint: ComplaintRow,
    organisation: Organisation,
    *,
    to: PartyRow | None,
    link: str | None,
    variables: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the facts a letter may name: ``complaint``, ``clocks``, ``organisation`` and the process variables.

    ``to`` is who gets the letter, ``link`` the address of the status page, None for letters to others. A name of the register
    wins over a process variable of the same name.
    """
    people = parties(session, complaint.key)
    complainant, representative = people.get("complainant"), people.get("representative")
    facts: dict[str, Any] = {name: value for name, value in variables.items() if value is not None}
    facts["complaint"] = {
        "reference": complaint.reference,
        "complainantName": complainant.name if complainant else None,
        "representativeName": representative.name if representative else None,
        "addresseeName": (to.name if to else None) or "Sir or Madam",
        "address": to.address if to else None,
        "summary": complaint.description,
        "product": complaint.product,
        "problem": complaint.problem,
        "channel": CHANNEL_WORDS.get(complaint.channel, complaint.channel),
        "receivedAt": complaint.received_at,
        "receivedOn": complaint.received_at.date(),
        "occurredOn": complaint.occurred_on,
        "desiredRemedy": complaint.desired_remedy,
        "contact": _contact(session, complaint, organisation),
        "statusLink": link,
        "danger": complaint.facts.get("danger") is True,
        "issues": [_issue(row) for row in _issues(session, complaint.key)],
        "remedies": [_remedy(row) for row in _remedies(session, complaint.key)],
    }
    facts["clocks"] = clock_dates(session, complaint.key)
    facts["organisation"] = organisation.facts()
    return facts


def neutral_facts(
    session: Session, complaint: ComplaintRow, organisation: Organisation, *, to: PartyRow | None, waits: Any
) -> dict[str, Any]:
    """Return all that may be told to somebody whose authority nobody has confirmed: reference, contact, how long we wait."""
    return {
        "complaint": {
            "reference": complaint.reference,
            "addresseeName": (to.name if to else None) or "Sir or Madam",
            "contact": _contact(session, complaint, organisation),
        },
        "clocks": {},
        "organisation": organisation.facts(),
        "waits": waits,
    }


def clock_dates(session: Session, complaint_key: int) -> dict[str, Any]:
    """Return the due date of the newest clock of each name; None for a paused one."""
    rows = session.scalars(
        select(ClockRow)
        .where(ClockRow.complaint_key == complaint_key)
        .order_by(ClockRow.name, ClockRow.number)
    )
    return {
        row.name: row.due_on for row in rows if row.state not in ("cancelled", "superseded", "not_applicable")
    }


def _contact(session: Session, complaint: ComplaintRow, organisation: Organisation) -> str:
    if complaint.owner:
        name = session.scalar(select(PersonRow.display_name).where(PersonRow.name == complaint.owner))
        if name:
            return name
    return organisation.complaints_manager


def _issues(session: Session, complaint_key: int) -> list[IssueRow]:
    rows = session.scalars(
        select(IssueRow).where(IssueRow.complaint_key == complaint_key).order_by(IssueRow.number)
    )
    return list(rows)


def _remedies(session: Session, complaint_key: int) -> list[RemedyRow]:
    rows = session.scalars(
        select(RemedyRow).where(RemedyRow.complaint_key == complaint_key).order_by(RemedyRow.key)
    )
    return list(rows)


def _issue(row: IssueRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "summary": row.summary,
        "finding": row.finding,
        "outcome": OUTCOME_WORDS.get(row.outcome or "", row.outcome),
        "reasons": row.reasons,
    }


def _remedy(row: RemedyRow) -> dict[str, Any]:
    return {"kind": row.kind, "what": row.description, "amount": row.amount, "dueOn": row.due_on}
