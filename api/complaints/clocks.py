"""The clocks of complaints in the register: each verb moves clocks by the pure rules, keeps the history, says what moved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import clock_rows, clock_start, on_a_yes, told_days
from api.complaints.anchors import (
    ASKED,
    KEPT,
    RECEIVED,
    expected_day,
    keep_day,
    missing,
    refuse_contradicted,
    refuse_impossible,
    standing,
)
from api.complaints.clock_rows import (
    ANSWERING,
    MISSING_DAY,
    NAMES_OF_SEVERAL,
    OF_REJECTIONS,
    OUR_ANSWER,
    ClockNotFound,
    Desk,
    add,
    ended_at,
    followed_as,
    keep,
    label,
    newest,
    next_number,
    open_clocks,
    wanted,
)
from api.complaints.clock_start import chosen_policies
from api.complaints.found_later import day_that_counts, note_found
from api.complaints.owed import owed, told_to_nobody
from api.complaints.parties import somebody_answers
from api.complaints.states import owes, staff_words
from api.complaints.tables import ClockRow, ComplaintRow
from api.deadlines.calendars import KeptCalendars
from engine.calendars import Calendar
from engine.deadlines import clocks
from engine.deadlines.compute import Anchor
from engine.deadlines.errors import EvidenceRefused
from engine.deadlines.policy import NOBODY, DeadlinePolicy
from engine.deadlines.state import MET, OPEN, ClockState, Evidence
from engine.deadlines.warn import warn_at
from engine.errors import Invalid
from engine.execution.world import CaseClock
from engine.zones import day_in_words, local_date

__all__ = ["CaseClocks", "ClockNotFound", "DayOutsideRules", "Desk", "label"]

OTHER_RULES = "Check the day; if it is right, set other rules on the page “Clocks” first."


class DayOutsideRules(Invalid):
    """The complaint's rules do not hold for this day."""

    code = "day_outside_rules"


class CaseClocks:
    """Clocks over the kept calendars; every verb returns the names of the clocks that moved."""

    def __init__(self, calendars: KeptCalendars) -> None:
        """``calendars`` holds every version."""
        self.calendars = calendars

    # what diagrams see

    def due(self, session: Session, instance_key: int, name: str) -> datetime | None:
        """Return the bound (aware UTC) of the open clock ``name`` of the case, None when it has none or it is paused.

        That of ``OUR_ANSWER`` is the earliest of those that work on our answer serves, expected ones too; that of ``MISSING_DAY``
        the earliest of those whose day nobody has noted.
        """
        return min(self._bounds(session, instance_key, name).values(), default=None)

    def _bounds(self, session: Session, instance_key: int, name: str) -> Mapping[str, datetime]:
        """Return the bound of the newest open round of each clock that is meant by ``name``, those that have one."""
        query = (
            select(ClockRow.name, ClockRow.bound_at, ClockRow.saved)
            .join(ComplaintRow, ComplaintRow.key == ClockRow.complaint_key)
            .where(ComplaintRow.instance_key == instance_key, ClockRow.state.in_(OPEN))
            .order_by(ClockRow.number)
        )
        if name != MISSING_DAY:
            query = query.where(ClockRow.name.in_(ANSWERING if name == OUR_ANSWER else (name,)))
        newest = {row.name: row for row in session.execute(query)}
        return {
            each: row.bound_at
            for each, row in newest.items()
            if row.bound_at is not None
            and (name != MISSING_DAY or missing(ClockState.from_json(row.saved)) is not None)
        }

    def followed_as(self, name: str) -> tuple[str, ...]:
        """Return the names under which diagrams follow the clock ``name``."""
        return followed_as(name)

    def view(self, session: Session, instance_key: int, name: str) -> CaseClock | None:
        """Return the newest clock ``name`` as diagrams see it: ``bound`` while open, warnings while it runs, is expected or late.

        One that ended late is owed no more than one that ended in time: diagrams see both as not applicable. While its day is only
        expected and may lie later, nobody knows the bound. ``OUR_ANSWER`` is the clock that counts now of those that work on our
        answer serves, with the bound that this work is due by; ``MISSING_DAY`` the first of those whose day nobody has noted, not
        applicable where none is.
        """
        asked = name
        if name in NAMES_OF_SEVERAL:
            bounds = self._bounds(session, instance_key, name)
            name = min(bounds, key=lambda each: bounds[each], default=name)
        if name == MISSING_DAY:
            return CaseClock("not_applicable", None, None, lambda _share: None, 1, lambda _number: None)
        row = session.scalar(
            select(ClockRow)
            .join(ComplaintRow, ComplaintRow.key == ClockRow.complaint_key)
            .where(ComplaintRow.instance_key == instance_key, ClockRow.name == name)
            .order_by(ClockRow.number.desc())
            .limit(1)
        )
        if row is None:
            return None
        state, complaint_key = ClockState.from_json(row.saved), row.complaint_key
        calendar = self._calendar(state)
        return CaseClock(
            "not_applicable" if state.status == "missed" else state.status,
            state.due_on,
            state.bound_at if state.is_open and (state.counts or asked == OUR_ANSWER) else None,
            lambda share: (
                warn_at(state, share, calendar)
                if state.status in ("projected", "running", "breached")
                else None
            ),
            state.number,
            lambda number: ended_at(session, complaint_key, name, number),
        )

    # starting

    def start_by_policy(
        self, desk: Desk, complaint: ComplaintRow, *, category: str | None, stage: str | None
    ) -> tuple[str, ...]:
        """Start, project, re-rule and rule out clocks as the deadline table says for this kind; safe to repeat."""
        self.calendars.refresh(desk.session)
        moved = clock_start.fit(self.calendars, desk, complaint, category=category, stage=stage)
        return (*moved, *self.as_told(desk, complaint))

    def start_with_somebody_found(
        self, desk: Desk, complaint: ComplaintRow, *, before: frozenset[str]
    ) -> tuple[str, ...]:
        """Start what can be told to somebody from now on, of the clocks that could be told to nobody ``before``; it is owed as of
        now.

        Returns the names of the clocks that moved.
        """
        found = before - told_to_nobody(desk.session, complaint.key, on=desk.today)
        if not found:
            return ()
        note_found(complaint, found, desk.act.at)
        stage = clock_start.stage_of(desk.session, complaint.key)
        return self.start_by_policy(desk, complaint, category=complaint.category, stage=stage)

    def start_with(
        self,
        desk: Desk,
        complaint: ComplaintRow,
        name: str,
        *,
        anchor: Anchor,
        category: str | None,
        stage: str | None,
    ) -> tuple[str, ...]:
        """Start the clock ``name`` from an anchor that has just happened, if the deadline table has one."""
        self.calendars.refresh(desk.session)
        for policy in chosen_policies(self.calendars, desk, complaint, category=category, stage=stage):
            if policy.clock == name:
                calendar = self.calendars.get(policy.calendar)
                row = newest(desk.session, complaint.key, name)
                if row is not None and row.state == "projected":
                    state = ClockState.from_json(row.saved)
                    counted = self._calendar(state)
                    keep(desk, row, clocks.re_anchor(state, anchor, counted, desk.act), counted)
                else:
                    number = row.number + 1 if row is not None else 1
                    add(
                        desk,
                        complaint,
                        clocks.start(policy, anchor, calendar, desk.act, number=number),
                        calendar,
                    )
                return (name,)
        return ()

    def start_until(
        self,
        desk: Desk,
        complaint: ComplaintRow,
        policy: DeadlinePolicy,
        *,
        due: date,
        may_reopen: bool = False,
    ) -> tuple[str, ...]:
        """Start a clock that ends on a promised date; the same promise made anew replaces the one that is open.

        It runs from now to the end of that day, and is watched like our answer (``clock_start.made_today``). The same promise
        for the same day runs on; where it ``may_reopen`` one that was met, and is not kept after all, opens again. A limit of the
        table for the same clock that ends no later runs on too: what is promised once is missed once. A limit that counts from
        the yes does not take the place of what is promised in any case.
        """
        kept = self._is_kept(desk.session, complaint.key, policy)
        for running in open_clocks(desk.session, complaint.key):
            state = ClockState.from_json(running.saved)
            if running.name == policy.clock and clock_start.covers(state, policy, due, kept=kept):
                return ()
            if state.policy.id == policy.id:
                keep(desk, running, clocks.supersede(state, desk.act), self._calendar(state))
        if may_reopen and self._reopened(desk, complaint, policy, due):
            return (policy.clock,)
        number, calendar = next_number(desk.session, complaint.key, policy.clock), self.calendars.get(None)
        promise, anchor = clock_start.made_today(self.calendars, desk, complaint, policy, due=due)
        add(desk, complaint, clocks.start(promise, anchor, calendar, desk.act, number=number), calendar)
        return (policy.clock,)

    def _reopened(self, desk: Desk, complaint: ComplaintRow, promise: DeadlinePolicy, due: date) -> bool:
        """Open the clock again that says this promise was kept by that day; tell whether there was one."""
        rows = desk.session.scalars(
            select(ClockRow).where(
                ClockRow.complaint_key == complaint.key,
                ClockRow.name == promise.clock,
                ClockRow.due_on == due,
                ClockRow.state.in_(MET),
            )
        )
        for row in rows:
            state = ClockState.from_json(row.saved)
            if state.policy.id == promise.id:
                keep(desk, row, clocks.reopen(state, self._calendar(state), desk.act), self._calendar(state))
                return True
        return False

    def rejected(self, desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        """Start again what had passed without a word while nothing was rejected: it is late now."""
        stage, moved = clock_start.stage_of(desk.session, complaint.key), []
        for policy in chosen_policies(
            self.calendars, desk, complaint, category=complaint.category, stage=stage
        ):
            row = newest(desk.session, complaint.key, policy.clock)
            if policy.clock in OF_REJECTIONS and row is not None and row.state == "not_applicable":
                state, calendar = ClockState.from_json(row.saved), self.calendars.get(policy.calendar)
                again = clocks.start(policy, state.anchor, calendar, desk.act, number=row.number + 1)
                add(desk, complaint, again, calendar)
                moved.append(policy.clock)
        return tuple(moved)

    def as_told(self, desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        """Keep the day of our answer that the complainant was told as a promise, where its clock counts to a later one.

        Such a promise ends once the clock counts to that day or sooner, or another day was told. Safe to repeat.
        """
        stage = clock_start.stage_of(desk.session, complaint.key)
        today = local_date(desk.act.at, desk.moment.zone_info)
        day, over = told_days.standing(desk.session, complaint, stage=stage, on=today)
        if over is not None:
            state = ClockState.from_json(over.saved)
            act = replace(desk.act, reason=desk.act.reason or "Another day counts")
            keep(desk, over, clocks.supersede(state, act), self._calendar(state))
            return (told_days.PROMISED,)
        if day is None or not owed(desk.session, complaint, told_days.PROMISED, on=desk.today):
            return ()
        text = f"Our answer stays promised by {day_in_words(day)}: the complainant was told that day"
        desk.tell(complaint.key, "told-day-kept", text, facts={"day": day.isoformat()})
        promise = clock_start.promised_policy(told_days.PROMISED, None)
        return self.start_until(desk, complaint, promise, due=day)

    def promised_on(self, session: Session, complaint_key: int, promise: DeadlinePolicy) -> date | None:
        """Return the day by which a promise is to be kept: that of its open clock, or of the limit that takes its place."""
        kept = self._is_kept(session, complaint_key, promise)
        running = [(row, ClockState.from_json(row.saved)) for row in open_clocks(session, complaint_key)]
        days = [
            state.due_on
            for row, state in running
            if row.name == promise.clock
            and state.due_on is not None
            and (
                state.policy.id == promise.id
                or (state.policy.regime != promise.regime and on_a_yes.is_for(state.policy, kept=kept))
            )
        ]
        return min(days, default=None)

    def _is_kept(self, session: Session, complaint_key: int, promise: DeadlinePolicy) -> bool:
        """Tell whether a promise is one of those that our decisions keep in any case."""
        kept = on_a_yes.kept_in_any_case(session, complaint_key)
        return promise.id in {clock_start.promised_policy(promise.clock, mark).id for mark in kept}

    def happened(self, desk: Desk, complaint: ComplaintRow, event: str, at: datetime) -> tuple[str, ...]:
        """Start every clock that counts from ``event`` (such as ``investigation_finished``): projected or new.

        A day that the complaint keeps, such as that of the acceptance, is kept.
        """
        keep_day(complaint, event, local_date(at, self.calendars.get(None).zone))
        moved = []
        for row in open_clocks(desk.session, complaint.key):
            state = ClockState.from_json(row.saved)
            if state.anchor.event == event and not state.anchor_known:
                calendar = self._calendar(state)
                keep(desk, row, clocks.re_anchor(state, Anchor(event, at=at), calendar, desk.act), calendar)
                moved.append(row.name)
        stage = clock_start.stage_of(desk.session, complaint.key)
        return (*moved, *clock_start.start_for_event(self.calendars, desk, complaint, event, at, stage=stage))

    # running

    def meet(
        self,
        desk: Desk,
        complaint: ComplaintRow,
        name: str,
        evidence: Evidence,
        *,
        subject: str | None = None,
    ) -> tuple[str, ...]:
        """Record the evidence that answers a clock: every open round of it, or where one promise, the ``subject``, was kept, its own
        and each limit of the table under which nothing is left to carry out.

        A repeating clock starts its next round while the complaint owes one. Nothing open: nothing moves. Raises
        ``EvidenceRefused``, also for an answer said to lie on file while somebody who may give theirs can be reached.
        """
        if evidence.kind == NOBODY and somebody_answers(desk.session, complaint.key, on=desk.today):
            raise EvidenceRefused("There is somebody to write to.", clock=name, kind=evidence.kind)
        if self._before_receipt(complaint, evidence.sent_at):
            raise EvidenceRefused("Nobody was answered before the complaint was received.", clock=name)
        moved: tuple[str, ...] = ()
        for row in open_clocks(desk.session, complaint.key):
            state = ClockState.from_json(row.saved)
            if row.name != name or not self._answered_by(desk.session, complaint, state, subject):
                continue
            met = clocks.meet(state, self._calendar(state), desk.act, evidence=evidence)
            keep(desk, row, met, self._calendar(state))
            if met.state.policy.repeats and owed(desk.session, complaint, name, on=desk.today):
                self._go_on(desk, complaint, met.state, since=evidence.sent_at)
            moved = (name,)
        return moved

    def _answered_by(
        self, session: Session, complaint: ComplaintRow, state: ClockState, subject: str | None
    ) -> bool:
        if subject is None:
            return True
        if state.policy.regime == clock_start.PROMISE:
            return state.policy.id == clock_start.promised_policy(state.name, subject).id
        return not on_a_yes.is_left(session, complaint.key, state.policy)

    def _go_on(self, desk: Desk, complaint: ComplaintRow, state: ClockState, *, since: datetime) -> None:
        """Start the next round of a repeating clock by the rule that the table gives it now, if it gives one."""
        policy = clock_start.next_rule(self.calendars, desk, complaint, state)
        if policy is None or not policy.repeats:
            return
        calendar = self.calendars.get(policy.calendar if policy is not state.policy else state.calendar_id)
        anchor = Anchor(policy.anchor, at=since)
        again = clocks.start(policy, anchor, calendar, desk.act, number=state.number + 1)
        add(desk, complaint, again, calendar)

    def _before_receipt(self, complaint: ComplaintRow, at: datetime) -> bool:
        zone = self.calendars.get(None).zone
        return local_date(at, zone) < local_date(complaint.received_at, zone)

    def skip(self, desk: Desk, complaint: ComplaintRow, name: str) -> tuple[str, ...]:
        """Leave out one round of a repeating clock, for the reason of the act; the next round counts from now."""
        row = newest(desk.session, complaint.key, name)
        if row is None or row.state not in OPEN:
            return ()
        state = ClockState.from_json(row.saved)
        keep(desk, row, clocks.supersede(state, desk.act), self._calendar(state))
        if state.policy.repeats:
            self._go_on(desk, complaint, state, since=desk.act.at)
        return (name,)

    def pause(self, desk: Desk, complaint: ComplaintRow, name: str, *, category: str) -> tuple[str, ...]:
        """Stop a pausable clock. Raises ``ClockNotFound``, ``ClockNotPausable`` and the other refusals of the rules."""
        row, state, calendar = self._wanted(desk, complaint, name)
        keep(desk, row, clocks.pause(state, calendar, desk.act, category=category), calendar)
        return (name,)

    def resume(
        self, desk: Desk, complaint: ComplaintRow, name: str, *, category: str | None = None
    ) -> tuple[str, ...]:
        """Let a paused clock run again. Raises ``ClockNotFound``, ``ClockNotPaused``."""
        row, state, calendar = self._wanted(desk, complaint, name)
        keep(desk, row, clocks.resume(state, calendar, desk.act, category=category), calendar)
        return (name,)

    def extend(
        self,
        desk: Desk,
        complaint: ComplaintRow,
        name: str,
        *,
        category: str,
        letter: str,
        sent_at: datetime,
        amount: int | None = None,
    ) -> tuple[str, ...]:
        """Lengthen a clock by its policy's extension; its ``letter`` left at ``sent_at``. Raises the refusals."""
        row, state, calendar = self._wanted(desk, complaint, name)
        moved = clocks.extend(
            state, calendar, desk.act, sent_at=sent_at, letter=letter, category=category, amount=amount
        )
        keep(desk, row, moved, calendar)
        return (
            name,
            *self._give_way(desk, complaint, name, moved.state.due_on),
            *self.as_told(desk, complaint),
        )

    def _give_way(self, desk: Desk, complaint: ComplaintRow, name: str, due: date | None) -> tuple[str, ...]:
        """End the promise of an answer before the day ``due`` that the letter of an extension has just told."""
        if name != told_days.ANSWER or due is None:
            return ()
        for row in open_clocks(desk.session, complaint.key):
            if row.name == told_days.PROMISED and row.due_on is not None and row.due_on < due:
                state = ClockState.from_json(row.saved)
                keep(desk, row, clocks.supersede(state, desk.act), self._calendar(state))
                return (told_days.PROMISED,)
        return ()

    def extended_to(
        self, desk: Desk, complaint: ComplaintRow, name: str, *, category: str, amount: int | None = None
    ) -> date | None:
        """Return when the clock would be due if its extension letter left now. Raises the refusals; nothing is stored."""
        _, state, calendar = self._wanted(desk, complaint, name)
        moved = clocks.extend(
            state, calendar, desk.act, sent_at=desk.act.at, letter="to come", category=category, amount=amount
        )
        return moved.state.due_on

    def cancel(
        self,
        desk: Desk,
        complaint: ComplaintRow,
        names: Iterable[str] | None = None,
        *,
        but: Collection[str] = (),
    ) -> tuple[str, ...]:
        """End open clocks that are no longer wanted: those named, or all, those in ``but`` left out."""
        ending = None if names is None else frozenset(names)
        moved = []
        for row in open_clocks(desk.session, complaint.key):
            if (ending is None or row.name in ending) and row.name not in but:
                state = ClockState.from_json(row.saved)
                keep(desk, row, clocks.cancel(state, desk.act), self._calendar(state))
                moved.append(row.name)
        return tuple(moved)

    def cancel_stage(
        self, desk: Desk, complaint: ComplaintRow, stage: str, *, but: Collection[str]
    ) -> tuple[str, ...]:
        """End the open clocks of the round ``stage``, those named in ``but`` left out: those of the table, and a promised answer."""
        begun = {
            row.name
            for row in open_clocks(desk.session, complaint.key)
            if ClockState.from_json(row.saved).policy.stage == stage
        }
        return self.cancel(desk, complaint, begun - clock_rows.WINDOWS | {told_days.PROMISED}, but=but)

    def drop_unowed(self, desk: Desk, complaint: ComplaintRow, *, but: Collection[str]) -> tuple[str, ...]:
        """End every open clock that the complaint does not owe in its state; no warning and no breach comes of it.

        Those in ``but`` are left out: a letter that still leaves says when they are met.
        """
        act, moved = replace(desk.act, reason=f"Nothing is owed: {staff_words(complaint.state).lower()}"), []
        nobody = told_to_nobody(desk.session, complaint.key, on=desk.today)
        for row in open_clocks(desk.session, complaint.key):
            owed_still = owes(complaint.state, row.name, nobody, closed_at=complaint.closed_at)
            if row.name not in but and not owed_still:
                state = ClockState.from_json(row.saved)
                keep(desk, row, clocks.rule_out(state, act), self._calendar(state))
                moved.append(row.name)
        return tuple(moved)

    def days_corrected(
        self,
        desk: Desk,
        complaint: ComplaintRow,
        *,
        received_at: datetime | None = None,
        days: Mapping[str, date] | None = None,
    ) -> tuple[str, ...]:
        """Keep corrected ``days`` of anchors (event → local day) and count anew what counts from them (rule 12).

        What counts from an acknowledgement follows the corrected due date of the one of its own look; a rule that is in force by
        another day comes in. Raises ``DayImpossible``, also for a kept day that could not have been beside the corrected ones,
        and ``DayOutsideRules`` for days on which the complaint's rules do not hold.
        """
        stage = clock_start.stage_of(desk.session, complaint.key)
        had = clock_start.gap_of(self.calendars, desk, complaint, category=complaint.category, stage=stage)
        given = {event: day for event, day in (days or {}).items() if event in KEPT}
        zone = self.calendars.get(None).zone
        today = local_date(desk.act.at, zone)
        stood = standing(complaint, today=today, zone=zone)
        if received_at is not None:
            complaint.received_at = received_at
        for event, day in given.items():
            refuse_impossible(complaint, event, day, today=today, zone=zone)
            setattr(complaint, KEPT[event], day)
        refuse_contradicted(complaint, stood, today=today, zone=zone)
        gap = clock_start.gap_of(self.calendars, desk, complaint, category=complaint.category, stage=stage)
        if gap is not None and had is None:
            raise DayOutsideRules(f"{gap.words} {OTHER_RULES}", regime=gap.regime)
        changed = {*given, *((RECEIVED,) if received_at is not None else ())}
        moved, acknowledged = list[str](), set[str | None]()
        for row, state in self._countable(desk.session, complaint.key):
            result = self._counted_anew(desk, complaint, state, changed)
            if result is None or told_days.keeps_its_day(desk, row, result.state.due_on):
                continue
            keep(desk, row, result, self._calendar(state))
            moved.append(row.name)
            if row.name == "acknowledgement":
                acknowledged.add(state.policy.stage)
        moved += self._projected_again(desk, complaint, acknowledged)
        fitted = clock_start.fit(self.calendars, desk, complaint, category=complaint.category, stage=stage)
        return (*moved, *fitted, *self.as_told(desk, complaint))

    def _projected_again(
        self, desk: Desk, complaint: ComplaintRow, stages: Collection[str | None]
    ) -> list[str]:
        """Count anew what counts from an acknowledgement of these ``stages`` by the day it was due; return what moved."""
        moved = []
        for row, state in self._countable(desk.session, complaint.key):
            if state.policy.stage not in stages or state.anchor.event != "acknowledged":
                continue
            again, _ = clock_start.acknowledgement_of(
                self.calendars, desk, complaint, stage=state.policy.stage
            )
            if again and state.expected_on:
                calendar = self._calendar(state)
                keep(desk, row, clocks.re_project(state, again, calendar, desk.act), calendar)
                moved.append(row.name)
        return moved

    def _counted_anew(
        self, desk: Desk, complaint: ComplaintRow, state: ClockState, changed: Collection[str]
    ) -> clocks.Moved | None:
        """Return a clock counted from the complaint's days as they are now; None where none of those ``changed`` matters to it."""
        calendar = self._calendar(state)
        anchor = day_that_counts(complaint, state.policy, calendar)
        if state.anchor.event in changed and anchor is not None:
            return clocks.re_anchor(state, anchor, calendar, desk.act)
        if RECEIVED in changed and state.anchor.event in ASKED and not state.anchor_known:
            expected, _ = expected_day(complaint, state.anchor.event, calendar)
            return clocks.re_project(state, expected, calendar, desk.act)
        return None

    def _countable(self, session: Session, complaint_key: int) -> list[tuple[ClockRow, ClockState]]:
        """Return the clocks that count from the complaint's own days: those not ended, the first round of repeating ones."""
        ended = ("cancelled", "missed", "superseded", "not_applicable")
        query = select(ClockRow).where(ClockRow.complaint_key == complaint_key, ClockRow.state.not_in(ended))
        found = [(row, ClockState.from_json(row.saved)) for row in session.scalars(query)]
        return [(row, state) for row, state in found if row.number == 1 or not state.policy.repeats]

    def breach(self, desk: Desk, row: ClockRow) -> bool:
        """Note that a clock's bound has passed; safe to repeat. Returns whether it was news."""
        state = ClockState.from_json(row.saved)
        moved = clocks.breach(state, desk.act)
        keep(desk, row, moved, self._calendar(state))
        return bool(moved.changes)

    # calendars

    def recalendar(self, desk: Desk, rows: Iterable[ClockRow], calendar: Calendar) -> tuple[str, ...]:
        """Count open clocks with a new version of their calendar; one it would shorten is held for approval (rule 5).

        News whose day was told keep it.
        """
        moved = []
        for row in rows:
            state = ClockState.from_json(row.saved)
            result = clocks.recalendar(state, calendar, desk.act)
            if told_days.keeps_its_day(desk, row, result.state.due_on):
                result = clocks.Moved(state)
            counted = calendar if result.state.calendar_version == calendar.version else self._calendar(state)
            keep(desk, row, result, counted)
            row.calendar_seen = max(row.calendar_seen, calendar.version)
            if result.state.bound_at != state.bound_at:
                moved.append(row.name)
        return tuple(moved)

    def approve(self, desk: Desk, row: ClockRow) -> tuple[str, ...]:
        """Let a held calendar change shorten the clock. Raises ``NothingHeld``, ``ReasonNeeded``."""
        state = ClockState.from_json(row.saved)
        version = state.held.calendar_version if state.held else state.calendar_version
        calendar = self.calendars.get_version(state.calendar_id, version)
        keep(desk, row, clocks.approve_shortening(state, calendar, desk.act), calendar)
        return (row.name,)

    def decline(self, desk: Desk, row: ClockRow) -> tuple[str, ...]:
        """Keep the date in spite of a held calendar change. Raises ``NothingHeld``."""
        state = ClockState.from_json(row.saved)
        keep(desk, row, clocks.decline_shortening(state, desk.act), self._calendar(state))
        return ()

    # what is known

    def open_names(self, session: Session, complaint_key: int) -> frozenset[str]:
        """Return the names of the complaint's open clocks."""
        return frozenset(row.name for row in open_clocks(session, complaint_key))

    def refuse_without_clock(
        self, desk: Desk, complaint: ComplaintRow, *, category: str | None, stage: str | None
    ) -> None:
        """Return if somebody would be late with the complaint under the table's rules. Raises ``ComplaintWithoutClock``."""
        clock_start.refuse_without_clock(self.calendars, desk, complaint, category=category, stage=stage)

    def is_paused(self, session: Session, complaint_key: int, name: str) -> bool:
        """Tell whether the clock is paused now."""
        row = newest(session, complaint_key, name)
        return row is not None and row.state == "paused"

    def _calendar(self, state: ClockState) -> Calendar:
        return self.calendars.get_version(state.calendar_id, state.calendar_version)

    def _wanted(
        self, desk: Desk, complaint: ComplaintRow, name: str
    ) -> tuple[ClockRow, ClockState, Calendar]:
        row = wanted(desk.session, complaint.key, name)
        state = ClockState.from_json(row.saved)
        return row, state, self._calendar(state)
