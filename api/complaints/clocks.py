"""The clocks of complaints in the register: each verb moves clocks by the pure rules, keeps the history, and says what moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.policies import policies_for
from api.complaints.tables import ClockChangeRow, ClockRow, ComplaintRow, EventRow
from engine import feel
from engine.calendars import CalendarSet
from engine.deadlines import clocks
from engine.deadlines.clocks import Act, Moved
from engine.deadlines.compute import Anchor
from engine.deadlines.policy import DeadlinePolicy
from engine.deadlines.state import OPEN, ClockState, Evidence
from engine.deadlines.warn import warn_at
from engine.deadlines.warn import warn_at
from engine.errors import NotFound
from engine.execution.world import CaseClock
from engine.zones import local_date

LABELS = {
    "acknowledgement": "Acknowledgement",
    "update": "Next update",
    "final_response": "Final response",
    "early_resolution": "Early resolution",
    "holding_notice": "Holding notice",
    "target": "Internal target",
    "stage": "Stage",
    "contribution": "Contribution",
    "referral_window": "Time to go outside",
    "commitment": "Promised remedy",
    "assessment": "Assessment",
}


# Events that happen when the organisation receives the complaint, as the regimes call them.
AT_RECEIPT = frozenset({"received", "first_raised", "sent_to_company"})


class ClockNotFound(NotFound):
    """This complaint has no such clock."""

    code = "clock_not_found"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where clocks are moved: the transaction, who acts, when, and how new keys are made."""

    session: Session
    act: Act
    moment: feel.Moment
    next_key: Callable[[], int]


def label(name: str) -> str:
    """Return the name of a clock as people read it."""
    return LABELS.get(name, name.replace("_", " ").capitalize())


class CaseClocks:
    """Clocks over one set of calendars; every verb returns the names of the clocks that moved."""

    def __init__(self, calendars: CalendarSet) -> None:
        """``calendars`` holds every version in use."""
        self.calendars = calendars

    def due(self, session: Session, instance_key: int, name: str) -> datetime | None:
        """Return the bound (aware UTC) of the open clock ``name`` of the case, None when it has none or it is paused."""
        return session.scalar(
            select(ClockRow.bound_at)
            .join(ComplaintRow, ComplaintRow.key == ClockRow.complaint_key)
            .where(ComplaintRow.instance_key == instance_key, ClockRow.name == name, ClockRow.state.in_(OPEN))
            .order_by(ClockRow.number.desc())
            .limit(1)
        )

    def view(self, session: Session, instance_key: int, name: str) -> CaseClock | None:
        """Return the newest clock ``name`` as diagrams see it: ``bound`` while it is open, warnings while it runs."""
        saved = session.scalar(
            select(ClockRow.saved)
            .join(ComplaintRow, ComplaintRow.key == ClockRow.complaint_key)
            .where(ComplaintRow.instance_key == instance_key, ClockRow.name == name)
            .order_by(ClockRow.number.desc())
            .limit(1)
        )
        if saved is None:
            return None
        state = ClockState.from_json(saved)
        calendar = self._calendar(state)
        return CaseClock(
            state.status,
            state.due_on,
            state.bound_at if state.is_open else None,
            lambda share: warn_at(state, share, calendar) if state.status == "running" else None,
        )

    def start_by_policy(
        self, desk: Desk, complaint: ComplaintRow, *, category: str | None, stage: str | None, only: str | None = None
    ) -> tuple[str, ...]:
        """Start (or, for anchors still to come, project) the clocks of the deadline table; one of them with ``only``.

        A clock the complaint already has open is put under the new policy instead, from its original anchor (rule 10).
        """
        received = Anchor("received", at=complaint.received_at)
        on = local_date(complaint.received_at, self.calendars.get(None).zone)
        chosen = policies_for(
            desk.session, regime=complaint.regime, category=category, stage=stage, on=on, moment=desk.moment
        )
        moved: list[str] = []
        for policy in chosen:
            if only is not None and policy.clock != only:
                continue
            calendar = self.calendars.get(policy.calendar)
            row = self._newest(desk.session, complaint.key, policy.clock)
            if row is not None:
                state = ClockState.from_json(row.saved)
                if state.is_open and state.policy != policy and state.anchor.event == policy.anchor:
                    self._keep(desk, row, clocks.recategorise(state, policy, calendar, desk.act))
                    moved.append(policy.clock)
                if state.is_open or (state.policy.stage, state.anchor.event) == (policy.stage, policy.anchor):
                    continue
            number = 1 if row is None else row.number + 1
            result = self._first(policy, received, chosen, desk, number=number)
            if result is not None:
                self._add(desk, complaint, result)
                moved.append(policy.clock)
        return tuple(moved)

    def start_with(
        self, desk: Desk, complaint: ComplaintRow, name: str, *, anchor: Anchor, category: str | None, stage: str | None
    ) -> tuple[str, ...]:
        """Start the clock ``name`` from an anchor that has just happened, if the deadline table has one."""
        on = local_date(complaint.received_at, self.calendars.get(None).zone)
        for policy in policies_for(
            desk.session, regime=complaint.regime, category=category, stage=stage, on=on, moment=desk.moment
        ):
            if policy.clock == name:
                calendar = self.calendars.get(policy.calendar)
                row = self._newest(desk.session, complaint.key, name)
                if row is not None and row.state == "projected":
                    self._keep(desk, row, clocks.re_anchor(ClockState.from_json(row.saved), anchor, calendar, desk.act))
                else:
                    number = row.number + 1 if row is not None else 1
                    self._add(desk, complaint, clocks.start(policy, anchor, calendar, desk.act, number=number))
                return (name,)
        return ()

    def preview(self, desk: Desk, complaint: ComplaintRow, name: str) -> date | None:
        """Return when a clock of the deadline table would be due if its anchor happened now; nothing is stored."""
        on = local_date(complaint.received_at, self.calendars.get(None).zone)
        chosen = policies_for(
            desk.session, regime=complaint.regime, category=complaint.category, stage=None, on=on, moment=desk.moment
        )
        policy = next((each for each in chosen if each.clock == name), None)
        if policy is None:
            return None
        anchor = Anchor(policy.anchor, at=desk.act.at)
        return clocks.start(policy, anchor, self.calendars.get(policy.calendar), desk.act).state.due_on

    def anchor_happened(self, desk: Desk, complaint: ComplaintRow, event: str, at: datetime) -> tuple[str, ...]:
        """Start every projected clock that waits for ``event`` (``acknowledged``, ``final_response_sent`` …)."""
        moved = []
        for row in self._open(desk.session, complaint.key):
            state = ClockState.from_json(row.saved)
            if state.anchor.event == event and not state.anchor_known:
                self._keep(desk, row, clocks.re_anchor(state, Anchor(event, at=at), self._calendar(state), desk.act))
                moved.append(row.name)
        return tuple(moved)

    def meet(self, desk: Desk, complaint: ComplaintRow, name: str, evidence: Evidence) -> tuple[str, ...]:
        """Record the evidence that answers a clock; a repeating clock starts its next round. Nothing open: nothing moves."""
        open_rows = self._open(desk.session, complaint.key)  # several promises may run side by side
        row = next((one for one in reversed(open_rows) if one.name == name), None)
        if row is None:
            return ()
        state = ClockState.from_json(row.saved)
        met = clocks.meet(state, self._calendar(state), desk.act, evidence=evidence)
        self._keep(desk, row, met)
        if met.state.policy.repeats:
            calendar = self.calendars.get(met.state.calendar_id)
            self._add(desk, complaint, clocks.start_next(met.state, calendar, desk.act))
        return (name,)

    def start_until(
        self, desk: Desk, complaint: ComplaintRow, policy: DeadlinePolicy, *, due: date
    ) -> tuple[str, ...]:
        """Start a clock that ends on a promised date."""
        row = self._newest(desk.session, complaint.key, policy.clock)
        number = row.number + 1 if row is not None else 1
        anchor = Anchor(policy.anchor, on=due)
        self._add(desk, complaint, clocks.start(policy, anchor, self.calendars.get(None), desk.act, number=number))
        return (policy.clock,)

    def skip(self, desk: Desk, complaint: ComplaintRow, name: str) -> tuple[str, ...]:
        """Leave out one round of a repeating clock, for the reason of the act; the next round counts from now."""
        row = self._newest(desk.session, complaint.key, name)
        if row is None or row.state not in OPEN:
            return ()
        state = ClockState.from_json(row.saved)
        self._keep(desk, row, clocks.supersede(state, desk.act))
        if state.policy.repeats:
            calendar = self.calendars.get(state.calendar_id)
            anchor = Anchor(state.policy.anchor, at=desk.act.at)
            number = state.number + 1
            self._add(desk, complaint, clocks.start(state.policy, anchor, calendar, desk.act, number=number))
        return (name,)

    def open_names(self, session: Session, complaint_key: int) -> frozenset[str]:
        """Return the names of the complaint's open clocks."""
        return frozenset(row.name for row in self._open(session, complaint_key))

    def pausable(self, session: Session, complaint_key: int, name: str) -> bool:
        """Tell whether the complaint has such a clock, open, and its policy lets it pause."""
        row = self._newest(session, complaint_key, name)
        return row is not None and row.state in OPEN and ClockState.from_json(row.saved).policy.pausable

    def is_paused(self, session: Session, complaint_key: int, name: str) -> bool:
        """Tell whether the clock is paused now."""
        row = self._newest(session, complaint_key, name)
        return row is not None and row.state == "paused"

    def pause(self, desk: Desk, complaint: ComplaintRow, name: str, *, category: str) -> tuple[str, ...]:
        """Stop a pausable clock. Raises ``ClockNotFound``, ``ClockNotPausable`` and the other refusals of the rules."""
        row = self._wanted(desk.session, complaint.key, name)
        state = ClockState.from_json(row.saved)
        self._keep(desk, row, clocks.pause(state, self._calendar(state), desk.act, category=category))
        return (name,)

    def resume(self, desk: Desk, complaint: ComplaintRow, name: str, *, category: str | None = None) -> tuple[str, ...]:
        """Let a paused clock run again. Raises ``ClockNotFound``, ``ClockNotPaused``."""
        row = self._wanted(desk.session, complaint.key, name)
        state = ClockState.from_json(row.saved)
        self._keep(desk, row, clocks.resume(state, self._calendar(state), desk.act, category=category))
        return (name,)

    def extend(
        self, desk: Desk, complaint: ComplaintRow, name: str, *, category: str, letter: str, amount: int | None = None
    ) -> tuple[str, ...]:
        """Lengthen a clock by its policy's extension; its letter leaves in this transaction. Raises the refusals."""
        row = self._wanted(desk.session, complaint.key, name)
        state = ClockState.from_json(row.saved)
        moved = clocks.extend(
            state,
            self._calendar(state),
            desk.act,
            sent_at=desk.act.at,
            letter=letter,
            category=category,
            amount=amount,
        )
        self._keep(desk, row, moved)
        return (name,)

    def cancel(self, desk: Desk, complaint: ComplaintRow, names: Iterable[str] | None = None) -> tuple[str, ...]:
        """End open clocks that are no longer wanted: those named, or all. A missed one stays missed, on record."""
        wanted = None if names is None else frozenset(names)
        moved = []
        for row in self._open(desk.session, complaint.key):
            if wanted is not None and row.name not in wanted:
                continue
            self.note_breach(desk, row)
            if row.state != "breached":
                self._keep(desk, row, clocks.cancel(ClockState.from_json(row.saved), desk.act))
                moved.append(row.name)
        return tuple(moved)

    def receipt_corrected(self, desk: Desk, complaint: ComplaintRow, received_at: datetime) -> tuple[str, ...]:
        """Count everything anchored in the receipt, or in its acknowledgement, anew from the corrected moment (rule 12)."""
        complaint.received_at = received_at
        moved: list[str] = []
        acknowledge_on: date | None = None
        ended = ("cancelled", "superseded", "not_applicable")
        first = (ClockRow.complaint_key == complaint.key, ClockRow.number == 1, ClockRow.state.not_in(ended))
        rows = desk.session.scalars(select(ClockRow).where(*first)).all()
        for row in rows:
            state = ClockState.from_json(row.saved)
            if state.anchor.event in AT_RECEIPT:
                anchor = Anchor(state.anchor.event, at=received_at)
                result = clocks.re_anchor(state, anchor, self._calendar(state), desk.act)
                self._keep(desk, row, result)
                moved.append(row.name)
                if row.name == "acknowledgement":
                    acknowledge_on = result.state.due_on
        for row in rows:
            state = ClockState.from_json(row.saved)
            if acknowledge_on and state.anchor.event == "acknowledged" and state.expected_on:
                self._keep(desk, row, clocks.re_project(state, acknowledge_on, self._calendar(state), desk.act))
                moved.append(row.name)
        return tuple(moved)

    def note_breach(self, desk: Desk, row: ClockRow) -> bool:
        """Note that a clock's bound has passed; safe to repeat. Returns whether it was news."""
        moved = clocks.breach(ClockState.from_json(row.saved), desk.act)
        if not moved.changes:
            return False
        self._keep(desk, row, moved)
        return True

    def _first(
        self, policy: DeadlinePolicy, received: Anchor, chosen: Iterable[DeadlinePolicy], desk: Desk, *, number: int
    ) -> Moved | None:
        """Start or project a clock; None when it counts from something of which nothing is known yet."""
        calendar = self.calendars.get(policy.calendar)
        if policy.anchor in AT_RECEIPT:
            anchor = replace(received, event=policy.anchor)
            return clocks.start(policy, anchor, calendar, desk.act, number=number)
        if policy.anchor == "stage_opened":
            anchor = Anchor("stage_opened", at=desk.act.at)
            return clocks.start(policy, anchor, calendar, desk.act, number=number)
        if policy.anchor == "acknowledged":
            before = next((each for each in chosen if each.clock == "acknowledgement"), None)
            first = None if before is None else self._first(before, received, chosen, desk, number=1)
            if first is not None and first.state.due_on is not None:
                return clocks.project(policy, first.state.due_on, calendar, desk.act, number=number)
        return None

    def _calendar(self, state: ClockState) -> Any:
        return self.calendars.get_version(state.calendar_id, state.calendar_version)

    def _open(self, session: Session, complaint_key: int) -> list[ClockRow]:
        return list(
            session.scalars(
                select(ClockRow)
                .where(ClockRow.complaint_key == complaint_key, ClockRow.state.in_(OPEN))
                .order_by(ClockRow.name, ClockRow.number)
            )
        )

    def _newest(self, session: Session, complaint_key: int, name: str) -> ClockRow | None:
        return session.scalar(
            select(ClockRow)
            .where(ClockRow.complaint_key == complaint_key, ClockRow.name == name)
            .order_by(ClockRow.number.desc())
            .limit(1)
        )

    def _wanted(self, session: Session, complaint_key: int, name: str) -> ClockRow:
        row = self._newest(session, complaint_key, name)
        if row is None:
            raise ClockNotFound(clock=name)
        return row

    def _add(self, desk: Desk, complaint: ComplaintRow, moved: Moved) -> None:
        row = ClockRow(key=desk.next_key(), complaint_key=complaint.key, name=moved.state.name)
        desk.session.add(row)
        self._keep(desk, row, moved)

    def _keep(self, desk: Desk, row: ClockRow, moved: Moved) -> None:
        """Write the clock as it is now, and a line of history for each change."""
        state = moved.state
        row.number, row.state, row.saved = state.number, state.status, state.to_json()
        row.due_on, row.bound_at = state.due_on, state.bound_at
        row.calendar_id, row.calendar_version = state.calendar_id, state.calendar_version
        desk.session.flush()
        for change in moved.changes:
            desk.session.add(
                ClockChangeRow(
                    key=desk.next_key(),
                    clock_key=row.key,
                    complaint_key=row.complaint_key,
                    at=change.at,
                    by=change.by,
                    change=change.kind,
                    reason=change.reason,
                    state_after=change.status,
                    due_before=change.due_before,
                    due_after=change.due,
                )
            )
            if change.kind in _TOLD:
                desk.session.add(_event(desk, row, change.kind, _facts(change)))


_TOLD = {
    "paused": "paused",
    "resumed": "runs again",
    "extended": "extended",
    "met": "met",
    "breached": "breached",
    "breach_superseded": "breach superseded",
    "re_anchored": "counted anew",
    "recategorised": "under another rule",
    "calendar_changed": "moved by a calendar change",
    "cancelled": "no longer needed",
    "superseded": "left out",
}


def _facts(change: clocks.ClockChange) -> Mapping[str, Any]:
    dates = {"from": change.due_before, "to": change.due}
    facts = {name: day.isoformat() for name, day in dates.items() if day is not None}
    return facts | ({"reason": change.reason} if change.reason else {})


def _event(desk: Desk, row: ClockRow, kind: str, facts: Mapping[str, Any]) -> EventRow:
    return EventRow(
        key=desk.next_key(),
        complaint_key=row.complaint_key,
        at=desk.act.at,
        by=desk.act.by,
        kind=f"clock-{kind.replace('_', '-')}",
        text=f"{label(row.name)}: {_TOLD[kind]}",
        public=False,
        facts=dict(facts),
    )
