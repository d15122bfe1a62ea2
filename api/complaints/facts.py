"""What letters and pages may say of a complaint: names, dates and promises from the register, as FEEL values by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.anchors import missing
from api.complaints.clock_rows import newest
from api.complaints.history import Standing
from api.complaints.letter_links import disarmed
from api.complaints.parties import goes_by_hand, may_decide, parties
from api.complaints.tables import ClockRow, ComplaintRow, IssueRow, PartyRow, RemedyRow, oldest_first
from api.identity.tables import PersonRow
from api.organisation import Organisation
from engine import feel
from engine.deadlines.state import OPEN, ClockState
from engine.zones import day_in_words, local_date

TAKEN_UP_AGAIN = (
    "takenUpAgain"  # of the facts of a complaint: it ended by silence on an answer that came back
)

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
    zone: ZoneInfo,
    standing: Standing,
    variables: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the facts a letter may name of a complaint that stands so: those of the register, ``money`` and the process
    variables.

    ``to`` is who gets the letter, ``link`` the mark of the status page or the way on without one, None for letters to others. A
    name of the register wins over a process variable of the same name.
    """
    facts: dict[str, Any] = {name: disarmed(value) for name, value in variables.items() if value is not None}
    facts["complaint"] = complaint_facts(
        complaint,
        parties(session, complaint.key),
        to=to,
        contact=_contact(session, complaint, organisation),
        link=link,
        zone=zone,
        issues=_issues(session, complaint.key),
        remedies=_remedies(session, complaint.key),
        standing=standing,
    )
    facts["clocks"] = clock_dates(session, complaint.key)
    facts["organisation"] = organisation.facts(complaint.regime)
    if (over := window_over(session, complaint.key, at=standing.at)) is not None:
        facts["organisation"]["outsideBody"]["window"] = over
    facts["money"] = feel.Function(
        (feel.Parameter("amount"),),
        lambda _run, given: organisation.money(given[0]) if isinstance(given[0], Decimal) else None,
    )
    return facts


def complaint_facts(
    complaint: ComplaintRow,
    people: Mapping[str, PartyRow],
    *,
    to: PartyRow | None,
    contact: str,
    link: str | None,
    zone: ZoneInfo,
    issues: Sequence[IssueRow],
    remedies: Sequence[RemedyRow],
    standing: Standing,
) -> dict[str, Any]:
    """Return what letters know as ``complaint``; dates are those of ``zone``. What was done later than it stands so is not done."""
    complainant, representative = people.get("complainant"), people.get("representative")
    known = {
        "reference": complaint.reference,
        "state": standing.state,
        "complainantName": complainant.name if complainant else None,
        "representativeName": representative.name if representative else None,
        "addresseeName": _name(to),
        "address": to.address if to else None,
        "mayAnswer": may_decide(to),
        "waitsForReply": standing.waits_for_reply,
        "answerOnItsWay": standing.answer_on_its_way,
        "repliesTaken": standing.replies_taken,
        "takenUpAgain": complaint.facts.get(TAKEN_UP_AGAIN) is True,
        "acceptedOn": _accepted_on(complaint, standing, zone),
        "closedOn": None if standing.closed_at is None else local_date(standing.closed_at, zone),
        "byHand": goes_by_hand(to),
        "summary": complaint.description,
        "product": complaint.product,
        "problem": complaint.problem,
        "channel": CHANNEL_WORDS.get(complaint.channel, complaint.channel),
        "receivedAt": complaint.received_at,
        "receivedOn": local_date(complaint.received_at, zone),
        "occurredOn": complaint.occurred_on,
        "desiredRemedy": complaint.desired_remedy,
        "contact": contact,
        "danger": complaint.facts.get("danger") is True,
        "decidedOutside": standing.decided_outside,
        "issues": [_issue(row) for row in issues],
        "remedies": [_remedy(row, zone, standing.at) for row in remedies],
    }
    return {**disarmed(known), "statusLink": link}


def _accepted_on(complaint: ComplaintRow, standing: Standing, zone: ZoneInfo) -> date | None:
    """Return the day on which our answer was accepted, None while it is not, and where that was later than it stands so."""
    on = complaint.accepted_on
    return None if on is None or on > local_date(standing.at, zone) else on


def _name(to: PartyRow | None) -> str:
    return ((to.name or "").strip() if to else "") or "Sir or Madam"


def neutral_facts(
    session: Session, complaint: ComplaintRow, organisation: Organisation, *, to: PartyRow | None, waits: Any
) -> dict[str, Any]:
    """Return all that may be told to somebody whose authority nobody has confirmed: reference, contact, our waits."""
    return {
        "complaint": {
            "reference": complaint.reference,
            "addresseeName": disarmed(_name(to)),
            "contact": _contact(session, complaint, organisation),
            "byHand": goes_by_hand(to),
        },
        "clocks": {},
        "organisation": organisation.facts(complaint.regime),
        "waits": waits,
    }


def clock_dates(session: Session, complaint_key: int) -> dict[str, Any]:
    """Return the due date of the newest clock of each name while it is open; None for a paused one, and for one whose day is only
    expected and may lie later: nobody is told a day that we do not know."""
    rows = session.scalars(
        select(ClockRow)
        .where(ClockRow.complaint_key == complaint_key)
        .order_by(ClockRow.name, ClockRow.number)
    )
    return {row.name: row.due_on if row.state in OPEN and _is_known(row) else None for row in rows}


def _is_known(row: ClockRow) -> bool:
    state = ClockState.from_json(row.saved)
    return state.counts or missing(state) is None


def window_over(session: Session, complaint_key: int, *, at: datetime) -> str | None:
    """Return what is said of the time to go to the outside body once it is over ``at`` a moment (aware UTC), else None."""
    row = newest(session, complaint_key, "referral_window")
    if (
        row is None
        or row.state not in OPEN
        or row.due_on is None
        or row.bound_at is None
        or row.bound_at > at
    ):
        return None
    ended = day_in_words(row.due_on)
    return (
        f"The time to go there ended on {ended}. Only they can say whether they still take your complaint up."
    )


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
        select(RemedyRow).where(RemedyRow.complaint_key == complaint_key).order_by(*oldest_first(RemedyRow))
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


def _remedy(row: RemedyRow, zone: ZoneInfo, at: datetime) -> dict[str, Any]:
    done, verified = (
        None if moment is None or moment > at else local_date(moment, zone)
        for moment in (row.corrected_at, row.verified_at)
    )
    return {
        "id": row.mark,
        "kind": row.kind,
        "what": row.description,
        "amount": None if row.amount is None else Decimal(row.amount),
        "dueOn": row.due_on,
        "doneOn": done,
        "verifiedOn": verified,
    }
