"""Which clocks a complaint gets by the deadline table: started, projected, put under another rule, ruled out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from api.complaints.clock_rows import Desk, add, keep, newest, open_clocks
from api.complaints.policies import policies_for
from api.complaints.tables import ClockRow, ComplaintRow
from api.deadlines.calendars import KeptCalendars
from engine.deadlines import clocks
from engine.deadlines.clocks import Moved
from engine.deadlines.compute import Anchor
from engine.deadlines.policy import DeadlinePolicy
from engine.deadlines.state import OPEN, ClockState
from engine.zones import local_date

# Events that happen when the organisation receives the complaint, as the regimes call them.
AT_RECEIPT = frozenset({"received", "first_raised", "sent_to_company"})
PROMISE = "promise"
PROMISING = frozenset({"acknowledgement", "final_response"})  # without both, nobody is ever late
STAGES = ("one", "two")
PROMISED = frozenset({"commitment", "contribution"})  # clocks that run until a date somebody promised


def chosen_policies(
    calendars: KeptCalendars, desk: Desk, complaint: ComplaintRow, *, category: str | None, stage: str | None
) -> tuple[DeadlinePolicy, ...]:
    """Return one policy for each clock of such a complaint, those that count from another clock's event last."""
    on = local_date(complaint.received_at, calendars.get(None).zone)
    found = policies_for(
        desk.session, regime=complaint.regime, category=category, stage=stage, on=on, moment=desk.moment
    )
    return tuple(sorted(found, key=lambda policy: policy.anchor == "acknowledged"))


def fit(
    calendars: KeptCalendars, desk: Desk, complaint: ComplaintRow, *, category: str | None, stage: str | None
) -> tuple[str, ...]:
    """Give the complaint the clocks of the table for this stage; return the names of those that moved.

    A clock that is open keeps the rule it was given while the table still names that rule for it; under another rule it is
    counted from its original anchor, with its pauses (rule 10). An open clock the table no longer gives is ruled out.
    """
    chosen, moved = chosen_policies(calendars, desk, complaint, category=category, stage=stage), []
    for policy in chosen:
        row = newest(desk.session, complaint.key, policy.clock)
        state = None if row is None else ClockState.from_json(row.saved)
        if row is not None and state is not None and state.is_open:
            if (
                state.policy.stage == stage
                and state.policy.id != policy.id
                and _recategorise(calendars, desk, complaint, row, policy)
            ):
                moved.append(policy.clock)
            continue
        if state is not None and state.policy.stage == stage and state.status != "not_applicable":
            continue
        if _start(calendars, desk, complaint, policy, number=1 if row is None else row.number + 1):
            moved.append(policy.clock)
    return (*moved, *_rule_out(calendars, desk, complaint, chosen, stage=stage))


def start_for_event(
    calendars: KeptCalendars, desk: Desk, complaint: ComplaintRow, event: str, at: datetime, *, stage: str
) -> tuple[str, ...]:
    """Start every clock of the table that counts from ``event``, unless it has run in this stage already."""
    moved = []
    for policy in chosen_policies(calendars, desk, complaint, category=complaint.category, stage=stage):
        if policy.anchor != event:
            continue
        row = newest(desk.session, complaint.key, policy.clock)
        if row is not None and (row.state in OPEN or ClockState.from_json(row.saved).policy.stage == stage):
            continue
        calendar = calendars.get(policy.calendar)
        number = 1 if row is None else row.number + 1
        add(
            desk,
            complaint,
            clocks.start(policy, Anchor(event, at=at), calendar, desk.act, number=number),
            calendar,
        )
        moved.append(policy.clock)
    return tuple(moved)


def stage_of(session: Session, complaint_key: int) -> str:
    """Return the stage a complaint is in, as its open clocks say: ``one`` or ``two``."""
    stages = {ClockState.from_json(row.saved).policy.stage for row in open_clocks(session, complaint_key)}
    return "two" if "two" in stages else "one"


def _start(
    calendars: KeptCalendars, desk: Desk, complaint: ComplaintRow, policy: DeadlinePolicy, *, number: int
) -> bool:
    """Start or project a clock; nothing when it counts from something of which nothing is known yet."""
    calendar = calendars.get(policy.calendar)
    if policy.anchor in AT_RECEIPT:
        anchor = Anchor(policy.anchor, at=complaint.received_at)
    elif policy.anchor == "stage_opened":
        anchor = Anchor("stage_opened", at=desk.act.at)
    elif policy.anchor == "acknowledged":
        expected, anchor = _acknowledgement(desk.session, complaint.key)
        if expected is None:
            return False
        made = clocks.project(policy, expected, calendar, desk.act, number=number)
        if anchor.at is not None:
            known = clocks.re_anchor(made.state, anchor, calendar, desk.act)
            made = Moved(known.state, (*made.changes, *known.changes))
        add(desk, complaint, made, calendar)
        return True
    else:
        return False
    add(desk, complaint, clocks.start(policy, anchor, calendar, desk.act, number=number), calendar)
    return True


def _recategorise(
    calendars: KeptCalendars, desk: Desk, complaint: ComplaintRow, row: ClockRow, policy: DeadlinePolicy
) -> bool:
    """Put an open clock under another rule; one whose new anchor nobody knows anything of stays under the old."""
    state, calendar = ClockState.from_json(row.saved), calendars.get(policy.calendar)
    anchor: Anchor | None = None
    if policy.anchor in AT_RECEIPT:
        anchor = Anchor(policy.anchor, at=complaint.received_at)
    elif policy.anchor == "acknowledged" and state.anchor.event != "acknowledged":
        expected, anchor = _acknowledgement(desk.session, complaint.key)
        if expected is None:
            return False
        state = replace(state, expected_on=expected)
    elif policy.anchor != state.anchor.event:
        return False
    keep(desk, row, clocks.recategorise(state, policy, calendar, desk.act, anchor=anchor), calendar)
    return True


def _rule_out(
    calendars: KeptCalendars,
    desk: Desk,
    complaint: ComplaintRow,
    chosen: Sequence[DeadlinePolicy],
    *,
    stage: str | None,
) -> tuple[str, ...]:
    names, moved = {policy.clock for policy in chosen}, []
    for row in open_clocks(desk.session, complaint.key):
        state = ClockState.from_json(row.saved)
        given = state.policy.regime != PROMISE and state.policy.stage == stage
        if given and row.name not in names:
            calendar = calendars.get_version(state.calendar_id, state.calendar_version)
            keep(desk, row, clocks.rule_out(state, desk.act), calendar)
            moved.append(row.name)
    return tuple(moved)


def _acknowledgement(session: Session, complaint_key: int) -> tuple[date | None, Anchor]:
    """Return when the acknowledgement is or was due, and the anchor that it is, or will be."""
    row = newest(session, complaint_key, "acknowledgement")
    if row is None:
        return None, Anchor("acknowledged")
    state = ClockState.from_json(row.saved)
    return state.due_on, Anchor("acknowledged", at=state.evidence.sent_at if state.evidence else None)
