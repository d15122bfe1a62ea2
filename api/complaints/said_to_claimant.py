"""What was told to somebody who only claimed to act: it is no receipt of the complainant's, who is owed theirs once they may not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import Desk, keep, open_clocks
from api.complaints.clocks import CaseClocks
from api.complaints.evidence_taken_back import met_by, take_back
from api.complaints.found_later import note_owed_anew
from api.complaints.owed import told_to_nobody
from api.complaints.parties import REPRESENTATIVE, WAS_CONFIRMED, parties
from api.complaints.states import RECEIPTS, owes
from api.complaints.tables import ComplaintRow, LetterRow, PartyRow, oldest_first
from engine.deadlines import clocks as rules
from engine.deadlines.compute import Anchor
from engine.deadlines.state import ClockState

_WHY = "Told only to somebody who may not act for the complainant"


def owe_to_complainant(
    clocks: CaseClocks, desk: Desk, complaint: ComplaintRow, party: PartyRow
) -> tuple[str, ...]:
    """Open again what letters to ``party``, who may not act after all, had met; return the names of the clocks that moved.

    A receipt that they got in time is owed to the complainant from now on; one that came late already stays late. What counted
    from it is expected again by the day it was due. Where the complainant cannot be reached it is owed to nobody, until they are.
    """
    desk = replace(desk, act=replace(desk.act, reason=_WHY))
    nobody, moved = told_to_nobody(desk.session, complaint.key, on=desk.today), list[str]()
    for letter in _neutral(desk.session, party):
        for row in met_by(desk.session, complaint, letter):
            if row.state != "met" or row.name not in RECEIPTS or not owes(complaint.state, row.name):
                continue
            state = ClockState.from_json(row.saved)
            calendar = clocks.calendars.get_version(state.calendar_id, state.calendar_version)
            now = Anchor(state.policy.anchor, at=desk.act.at)
            keep(desk, row, rules.re_anchor(state, now, calendar, desk.act), calendar)
            if row.name not in nobody:
                note_owed_anew(complaint, desk.act.at)
        moved += take_back(clocks, desk, complaint, letter)
    for row in open_clocks(desk.session, complaint.key):
        if row.name in moved and row.name in nobody:
            state = ClockState.from_json(row.saved)
            calendar = clocks.calendars.get_version(state.calendar_id, state.calendar_version)
            keep(desk, row, rules.rule_out(state, desk.act), calendar)
    return tuple(dict.fromkeys(moved))


def told_to_claimant_only(session: Session, complaint: ComplaintRow) -> frozenset[str]:
    """Return the names of the clocks that a letter met to a representative whose authority nobody has confirmed."""
    party = parties(session, complaint.key).get(REPRESENTATIVE)
    if party is None or party.authority in WAS_CONFIRMED:
        return frozenset()
    return frozenset(
        row.name for letter in _neutral(session, party) for row in met_by(session, complaint, letter)
    )


def _neutral(session: Session, party: PartyRow) -> Iterable[LetterRow]:
    """Return the letters to ``party`` that have left and answer clocks, in the order they were written while they were not to act."""
    return session.scalars(
        select(LetterRow)
        .where(
            LetterRow.party_key == party.key,
            LetterRow.neutral.is_(True),
            LetterRow.meets.is_not(None),
            LetterRow.dispatched_at.is_not(None),
            LetterRow.replaced_at.is_(None),
        )
        .order_by(*oldest_first(LetterRow))
    ).all()
