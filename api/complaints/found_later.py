"""Somebody who can be written to only after the receipt: what is only said to them is owed as of then, and not before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import letters_owed
from api.complaints.anchors import anchor_of
from api.complaints.clock_rows import clocks_in
from api.complaints.states import RECEIPTS, TOLD_TO_SOMEBODY
from api.complaints.tables import ComplaintRow, LetterRow
from engine.calendars import Calendar
from engine.deadlines.compute import Anchor
from engine.deadlines.policy import NOBODY, DeadlinePolicy
from engine.deadlines.state import ClockState

_FOUND = "foundAt"  # the member of a complaint's facts: since when somebody can be told that we have it
_TRUSTED = "trustedAt"  # and since when somebody can be told more; without it the former, None for all along


def note_found(complaint: ComplaintRow, clocks: frozenset[str], at: datetime) -> None:
    """Note that what ``clocks`` ask for can be told to somebody from ``at`` (aware UTC) on, after a time in which nobody could be."""
    members = {_FOUND: clocks & RECEIPTS, _TRUSTED: clocks - RECEIPTS}
    complaint.facts = complaint.facts | {name: at.isoformat() for name, told in members.items() if told}


def note_owed_anew(complaint: ComplaintRow, at: datetime) -> None:
    """Note that a receipt is owed to the complainant from ``at`` (aware UTC) on, and what else is only said to them as before."""
    facts = complaint.facts
    complaint.facts = facts | {_TRUSTED: facts.get(_TRUSTED, facts.get(_FOUND)), _FOUND: at.isoformat()}


def found_at(complaint: ComplaintRow, clock: str) -> datetime | None:
    """Return when somebody could be told what ``clock`` asks for (aware UTC) after a time in which nobody could, the last time;
    None: never so."""
    found = complaint.facts.get(_FOUND)
    if clock not in RECEIPTS:
        found = complaint.facts.get(_TRUSTED, found)
    return None if found is None else datetime.fromisoformat(found)


def said_from(complaint: ComplaintRow, policy: DeadlinePolicy, otherwise: datetime) -> datetime:
    """Return the moment ``otherwise`` (aware UTC) that a clock counts from; for what is only said to somebody none before they
    were found."""
    found = found_at(complaint, policy.clock) if policy.clock in TOLD_TO_SOMEBODY else None
    return otherwise if found is None else max(otherwise, found)


def day_that_counts(complaint: ComplaintRow, policy: DeadlinePolicy, calendar: Calendar) -> Anchor | None:
    """Return what a clock of this rule counts from, like ``anchor_of``; what is only said to somebody, from when they were found."""
    anchor = anchor_of(complaint, policy.anchor)
    if anchor is None or anchor == Anchor(policy.anchor):
        return anchor
    moment = anchor.moment(calendar)
    later = said_from(complaint, policy, moment)
    return anchor if later == moment else Anchor(policy.anchor, at=later)


def stopped_with_nobody(state: ClockState) -> bool:
    """Tell whether a repeating clock ended as there was nobody to tell anything."""
    return state.policy.repeats and state.evidence is not None and state.evidence.kind == NOBODY


def lacks_its_letter(session: Session, complaint: ComplaintRow, clock: str) -> bool:
    """Tell whether somebody was found and no letter, written or kept for them, answers this clock of a receipt.

    Nobody would write another one: such a clock could only run out.
    """
    if clock not in RECEIPTS or found_at(complaint, clock) is None:
        return False
    written = select(LetterRow.meets).where(
        LetterRow.complaint_key == complaint.key, LetterRow.replaced_at.is_(None)
    )
    meeting = (*session.scalars(written), *(one.meets for one in letters_owed.kept(complaint)))
    return all(clock not in clocks_in(meets) for meets in meeting)
