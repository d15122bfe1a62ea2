"""What a letter that reached nobody who counts had met, begun and extended: taken back, as if it had never left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.complaints import extensions
from api.complaints.channels import KINDS
from api.complaints.clock_rows import Desk, clocks_in, keep, open_clocks
from api.complaints.clocks import CaseClocks
from api.complaints.evidence import ANCHORS
from api.complaints.letter_addressees import copies_of, set_of
from api.complaints.states import owes
from api.complaints.tables import ClockRow, ComplaintRow, LetterRow
from engine.calendars import Calendar
from engine.deadlines import clocks as rules
from engine.deadlines.compute import Anchor
from engine.deadlines.state import MET, ClockState, Evidence

ACKNOWLEDGED = ANCHORS["acknowledgement"]


def take_back(clocks: CaseClocks, desk: Desk, complaint: ComplaintRow, letter: LetterRow) -> tuple[str, ...]:
    """Open again what ``letter`` had met, which came back or was for somebody who may not act; end or count anew what counted
    from it. Returns what moved.

    Another copy of it that has left answers in its place. What the complaint does not owe any more stays as it is: it was answered
    as long as it mattered.
    """
    copies = copies_of(desk.session, complaint.key, set_of(letter))
    others = [one for one in copies if one.dispatched_at and one is not letter]
    moved = [*extensions.take_back(clocks, desk, complaint, letter, others)]
    reopened = _reopen(clocks, desk, complaint, letter, others)
    moved += reopened
    for name in sorted(clocks_in(letter.meets) & set(ANCHORS)):
        if name in reopened or ANCHORS[name] != ACKNOWLEDGED:
            moved += _count_anew(clocks, desk, complaint, letter, name, _answering(others, name))
    return (*moved, *clocks.as_told(desk, complaint))


def _answering(others: Iterable[LetterRow], name: str) -> list[LetterRow]:
    """Return the copies that answer the clock ``name``, in the order they left."""
    found = [one for one in others if name in clocks_in(one.meets)]
    return sorted(found, key=lambda one: (one.dispatched_at, one.key))


def _calendar(clocks: CaseClocks, state: ClockState) -> Calendar:
    return clocks.calendars.get_version(state.calendar_id, state.calendar_version)


def _reopen(
    clocks: CaseClocks, desk: Desk, complaint: ComplaintRow, letter: LetterRow, others: Sequence[LetterRow]
) -> list[str]:
    moved = []
    for row in met_by(desk.session, complaint, letter):
        if not owes(complaint.state, row.name):
            continue
        following = desk.session.scalar(
            select(ClockRow).where(
                ClockRow.complaint_key == complaint.key,
                ClockRow.name == row.name,
                ClockRow.number == row.number + 1,
            )
        )
        state = ClockState.from_json(row.saved)
        calendar, act = _calendar(clocks, state), desk.act
        if answering := _answering(others, row.name):
            _meet_by(desk, row, rules.reopen(state, calendar, act), calendar, answering[0])
        elif following is None:
            keep(desk, row, rules.reopen(state, calendar, act), calendar)
            moved.append(row.name)
        elif (later := ClockState.from_json(following.saved)).is_open:
            counted = _calendar(clocks, later)
            over, again = rules.go_back(state, later, counted, act)
            keep(desk, row, over, calendar)
            keep(desk, following, again, counted)
            moved.append(row.name)
    return moved


def met_by(session: Session, complaint: ComplaintRow, letter: LetterRow) -> list[ClockRow]:
    """Return the clocks that this very letter met."""
    query = select(ClockRow).where(ClockRow.complaint_key == complaint.key, ClockRow.state.in_(MET))
    reference, kind = str(letter.key), KINDS[letter.channel]
    return [
        row
        for row in session.scalars(query.order_by(ClockRow.name, ClockRow.number))
        if (shown := ClockState.from_json(row.saved).evidence) is not None
        and (shown.reference, shown.kind) == (reference, kind)
    ]


def _meet_by(
    desk: Desk, row: ClockRow, opened: rules.Moved, calendar: Calendar, answering: LetterRow
) -> None:
    """Let the copy ``answering`` meet a clock in place of the one that came back."""
    left_at = answering.dispatched_at or desk.act.at
    evidence = Evidence(KINDS[answering.channel], str(answering.key), left_at)
    keep(desk, row, opened, calendar)
    keep(desk, row, rules.meet(opened.state, calendar, desk.act, evidence=evidence), calendar)


def _count_anew(
    clocks: CaseClocks,
    desk: Desk,
    complaint: ComplaintRow,
    letter: LetterRow,
    name: str,
    answering: Sequence[LetterRow],
) -> list[str]:
    """End, or expect again, what counts from this letter, and from nothing else.

    What counts from our answer goes on while somebody has another copy: it names the same day. What counts from an
    acknowledgement counts from the first copy of those that left.
    """
    event, moved = ANCHORS[name], list[str]()
    first = answering[0] if answering else None
    if first is not None and (event != ACKNOWLEDGED or _left_before(first, letter)):
        return []
    written = _when_written(desk.session, letter)
    expected = next(
        (row.due_on for row in open_clocks(desk.session, complaint.key) if row.name == name), None
    )
    for row in open_clocks(desk.session, complaint.key):
        state = ClockState.from_json(row.saved)
        is_later_round = state.policy.repeats and state.number > 1
        if state.anchor.event != event or not state.anchor_known or is_later_round:
            continue
        calendar = _calendar(clocks, state)
        if event != ACKNOWLEDGED:
            if state.anchor.at not in written:
                continue
            keep(desk, row, rules.supersede(state, desk.act), calendar)
        elif (day := state.expected_on or expected) is not None:
            again = replace(state, expected_on=day)
            keep(desk, row, rules.re_anchor(again, Anchor(event), calendar, desk.act), calendar)
        moved.append(row.name)
    if first is not None:
        moved += clocks.happened(desk, complaint, event, first.queued_at)
    return moved


def _when_written(session: Session, letter: LetterRow) -> set[datetime]:
    """Return the moments that may have begun what counts from this letter: when it and its copies were written."""
    copies = set_of(letter)
    query = select(LetterRow.queued_at).where(or_(LetterRow.key == copies, LetterRow.copy_of == copies))
    return set(session.scalars(query))


def _left_before(one: LetterRow, other: LetterRow) -> bool:
    return bool(one.dispatched_at and other.dispatched_at and one.dispatched_at < other.dispatched_at)
