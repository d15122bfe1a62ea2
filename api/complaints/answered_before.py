"""What was answered before a clock came that asks for it: by a letter that had left, or by a step that no letter shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import and_, or_, select

from api.complaints.channels import KINDS
from api.complaints.clock_rows import Desk, clocks_in, keep, newest
from api.complaints.history import opening
from api.complaints.owed import somebody_to_write_to
from api.complaints.tables import ComplaintRow, LetterRow
from engine.calendars import Calendar
from engine.deadlines import clocks
from engine.deadlines.policy import NOBODY, UNSENT, DeadlinePolicy
from engine.deadlines.state import ClockState, Evidence

_ANSWERED = (
    "answered"  # the member of a complaint's facts: clock → what a step did while there was no such clock
)


def meet_if_answered(desk: Desk, complaint: ComplaintRow, policy: DeadlinePolicy, calendar: Calendar) -> None:
    """Let a new clock be met by the first letter, or step, since its anchor that answers such a clock; not one that repeats.

    Nothing of the first look answers a clock of the second.
    """
    row = newest(desk.session, complaint.key, policy.clock)
    if row is None or policy.repeats:
        return
    state = ClockState.from_json(row.saved)
    since = state.anchor.moment(calendar) if state.anchor_known else complaint.received_at
    found = (
        *_letters_that_left(desk, complaint, policy, since),
        *_steps_done(desk, complaint, policy, since),
    )
    if known := [each for each in found if each.kind in (*policy.evidence, *UNSENT)]:
        evidence = min(known, key=lambda each: each.sent_at)
        keep(desk, row, clocks.meet(state, calendar, desk.act, evidence=evidence), calendar)


def _letters_that_left(
    desk: Desk, complaint: ComplaintRow, policy: DeadlinePolicy, since: datetime
) -> Iterator[Evidence]:
    written_for_it = LetterRow.queued_at >= since
    if policy.stage == "two" and (opened := opening(desk.session, complaint.key)) is not None:
        at_once = and_(LetterRow.queued_at == opened.at, LetterRow.key > opened.key)
        written_for_it &= or_(LetterRow.queued_at > opened.at, at_once)
    left = select(LetterRow).where(
        LetterRow.complaint_key == complaint.key,
        LetterRow.meets.is_not(None),
        written_for_it,
        LetterRow.dispatched_at <= desk.act.at,
        LetterRow.replaced_at.is_(None),
    )
    for letter in desk.session.scalars(left):
        if letter.dispatched_at and policy.clock in clocks_in(letter.meets):
            yield Evidence(KINDS[letter.channel], str(letter.key), letter.dispatched_at)


def keep_answer(complaint: ComplaintRow, clock: str, evidence: Evidence) -> None:
    """Keep what a step did that would have answered a clock which the complaint has not: other rules may ask for it."""
    kept = complaint.facts.get(_ANSWERED, {})
    done = {"kind": evidence.kind, "reference": evidence.reference, "sentAt": evidence.sent_at.isoformat()}
    complaint.facts = complaint.facts | {_ANSWERED: kept | {clock: done}}


def _steps_done(
    desk: Desk, complaint: ComplaintRow, policy: DeadlinePolicy, since: datetime
) -> Iterator[Evidence]:
    done = complaint.facts.get(_ANSWERED, {}).get(policy.clock)
    if done is None:
        return
    sent_at = datetime.fromisoformat(done["sentAt"])
    opened = opening(desk.session, complaint.key) if policy.stage == "two" else None
    if sent_at < since or (opened is not None and sent_at <= opened.at):
        return
    if done["kind"] == NOBODY and somebody_to_write_to(desk.session, complaint.key, on=desk.today):
        return  # what lies on file is sent to them now
    yield Evidence(done["kind"], done["reference"], sent_at)
