"""Which clocks a complaint gets by the deadline table: started, projected, put under another rule, ruled out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import on_a_yes, told_days
from api.complaints.anchors import ASKED, anchor_of, ask_for, expected_day, known_days
from api.complaints.answered_before import meet_if_answered
from api.complaints.clock_rows import (
    WINDOWS,
    Desk,
    add,
    keep,
    last_changed_at,
    newest,
    next_number,
    open_clocks,
)
from api.complaints.found_later import (
    day_that_counts,
    found_at,
    lacks_its_letter,
    said_from,
    stopped_with_nobody,
)
from api.complaints.history import opening
from api.complaints.owed import told_to_nobody
from api.complaints.policies import PROMISING, Gap, Matter, covered_by, gap_on, policies_on, rows_of_any_day
from api.complaints.states import HAPPENED_AT, is_outside_again, owes
from api.complaints.tables import ClockRow, ComplaintRow
from api.deadlines.calendars import KeptCalendars
from engine.calendars import Calendar
from engine.deadlines import clocks
from engine.deadlines.clocks import Moved
from engine.deadlines.compute import Anchor, count
from engine.deadlines.policy import DeadlinePolicy
from engine.deadlines.state import ClockState, Pause
from engine.errors import Broken
from engine.zones import local_date

PROMISE = "promise"
STOOD_STILL = "not_owed"  # the pause of an internal target while the complaint owed nothing
LEFT = (
    "not_applicable",
    "missed",
)  # rounds that nobody was owed, or was not any more: taken up again, another begins
STAGES = ("one", "two")
PROMISED = frozenset(
    {"commitment", "contribution", "promised_answer"}
)  # clocks that run until a date somebody promised


NO_ROWS = "The table of deadlines has no row that says by when such a complaint is acknowledged or answered, on any day."
NO_ROWS_OF_ROUND = (
    "The table of deadlines has no row that says by when a second look at such a complaint is answered. Give it one in "
    "deadlines.dmn, for stage “two”, and repeat the step; stages.dmn says whether the regime offers a second look."
)


class ComplaintWithoutClock(Broken):
    """The table of deadlines has rows that say by when such a complaint is acknowledged or answered, and none for its day."""

    code = "complaint_without_clock"


def promised_policy(name: str, subject: str | None) -> DeadlinePolicy:
    """Return the rule of a date somebody promised, due at the end of that day. ``subject`` tells promises apart."""
    return DeadlinePolicy(
        id=f"promised-{name}" if subject is None else f"promised-{name}-{subject}",
        regime=PROMISE,
        clock=name,
        anchor="promised",
        amount=0,
        unit="calendar_days",
        version="1",
        legal_source="A date promised to the complainant",
    )


def made_today(
    calendars: KeptCalendars, desk: Desk, complaint: ComplaintRow, policy: DeadlinePolicy, *, due: date
) -> tuple[DeadlinePolicy, Anchor]:
    """Return the rule of a promise made now to be kept on the day ``due``, and what it counts from.

    Warnings come at the shares of its time that the table has for that clock, else for the answer. A day that is over, as an
    import brings it, was never ours to use: it is late at once.
    """
    stage = stage_of(desk.session, complaint.key)
    rows = by_table(calendars, desk, complaint, category=complaint.category, stage=stage)
    given = {row.clock: row.warnings for row in rows}
    watched = replace(policy, warnings=given.get(policy.clock) or given.get("final_response", ()))
    today = local_date(desk.act.at, calendars.get(None).zone)
    if due < today:
        return watched, Anchor(policy.anchor, on=due)
    return replace(watched, amount=(due - today).days), Anchor(policy.anchor, at=desk.act.at)


def covers(running: ClockState, promise: DeadlinePolicy, due: date, *, kept: bool) -> bool:
    """Tell whether an open clock of the promise's name says already that it is to be kept by the day ``due``, or sooner.

    One that is ``kept`` in any case has nothing to do with a limit that counts from the yes.
    """
    if running.due_on is None:
        return False
    if running.policy.regime == PROMISE:
        return running.policy.id == promise.id and running.due_on == due
    return running.due_on <= due and on_a_yes.is_for(running.policy, kept=kept)


def chosen_policies(
    calendars: KeptCalendars, desk: Desk, complaint: ComplaintRow, *, category: str | None, stage: str | None
) -> tuple[DeadlinePolicy, ...]:
    """Return one policy for each clock that such a complaint owes or has open, those that count from another clock's event last."""
    found = by_table(calendars, desk, complaint, category=category, stage=stage)
    nobody = told_to_nobody(desk.session, complaint.key, on=desk.today)
    running = {row.name for row in open_clocks(desk.session, complaint.key)}
    over = is_outside_again(complaint.state, complaint.closed_at)  # nothing of the closed case begins again
    state = "closed" if over else complaint.state
    due = [policy for policy in found if policy.clock in running or owes(state, policy.clock, nobody)]
    return tuple(sorted(due, key=lambda policy: policy.anchor == "acknowledged"))


def by_table(
    calendars: KeptCalendars, desk: Desk, complaint: ComplaintRow, *, category: str | None, stage: str | None
) -> tuple[DeadlinePolicy, ...]:
    """Return one policy for each clock of the table; which version of a rule is in force is told by its own anchor's day."""
    matter = _matter(calendars, complaint, category=category, stage=stage)
    return policies_on(desk.session, matter, moment=desk.moment)


def gap_of(
    calendars: KeptCalendars, desk: Desk, complaint: ComplaintRow, *, category: str | None, stage: str | None
) -> Gap | None:
    """Return what the table gives such a complaint only on other days than its own; None where nothing is missing."""
    return gap_on(
        desk.session, _matter(calendars, complaint, category=category, stage=stage), moment=desk.moment
    )


def _matter(
    calendars: KeptCalendars, complaint: ComplaintRow, *, category: str | None, stage: str | None
) -> Matter:
    return Matter(complaint.regime, category, stage, known_days(complaint, calendars.get(None)))


def refuse_without_clock(
    calendars: KeptCalendars, desk: Desk, complaint: ComplaintRow, *, category: str | None, stage: str | None
) -> None:
    """Return if the complaint gets every clock that says by when it is acknowledged and answered. Raises ``ComplaintWithoutClock``.

    Those are the ones the table has for its kind on one day or another, or both when it has none, which the message then says. One
    owed to nobody is no gap.
    """
    given = {policy.clock for policy in by_table(calendars, desk, complaint, category=category, stage=stage)}
    if given >= PROMISING:
        return
    rows = rows_of_any_day(
        desk.session, regime=complaint.regime, category=category, stage=stage, moment=desk.moment
    )
    meant = {row.clock for row in rows} & PROMISING
    if missing := sorted((meant or PROMISING) - given):
        raise ComplaintWithoutClock(
            None if meant else NO_ROWS_OF_ROUND if stage == "two" else NO_ROWS,
            clocks=", ".join(missing),
            regime=complaint.regime,
            category=category,
            stage=stage,
        )


def fit(
    calendars: KeptCalendars, desk: Desk, complaint: ComplaintRow, *, category: str | None, stage: str | None
) -> tuple[str, ...]:
    """Give the complaint the clocks of the table for this stage; return the names of those that moved.

    A clock that is open keeps the rule it was given while the table still names that rule for it; under another rule it is
    counted from its original anchor, with its pauses (rule 10). An open clock the table no longer gives is ruled out, unless
    the rules hold on other days only: those take nothing away. Time that a letter gave the complainant stays as it was
    told, and so does the day of news. One that comes with other rules is met by what answered it already.
    """
    chosen, moved = chosen_policies(calendars, desk, complaint, category=category, stage=stage), []
    for policy in chosen:
        row = _newest_by_rule(desk.session, complaint, policy.clock)
        state = None if row is None else ClockState.from_json(row.saved)
        if row is not None and state is not None and state.is_open:
            if (
                policy.clock not in WINDOWS
                and state.policy.stage == stage
                and state.policy.id != policy.id
                and _recategorise(calendars, desk, complaint, row, policy)
            ):
                moved.append(policy.clock)
            continue
        ran_here = state is not None and state.policy.stage == stage and state.status not in LEFT
        again = state is not None and stopped_with_nobody(state)
        if row is not None and ran_here and not again and not _was_let_go(desk, complaint, row):
            continue
        if lacks_its_letter(desk.session, complaint, policy.clock):
            continue
        if not on_a_yes.begins(desk.session, complaint.key, policy):
            continue
        if _start(calendars, desk, complaint, policy, row):
            meet_if_answered(desk, complaint, policy, calendars.get(policy.calendar))
            moved.append(policy.clock)
    dropped = _not_given(desk, complaint, chosen, stage=stage)
    if not dropped or gap_of(calendars, desk, complaint, category=category, stage=stage) is not None:
        return tuple(moved)
    return (*moved, *_rule_out(calendars, desk, dropped))


def start_for_event(
    calendars: KeptCalendars, desk: Desk, complaint: ComplaintRow, event: str, at: datetime, *, stage: str
) -> tuple[str, ...]:
    """Start every clock of the table that counts from ``event``, unless it has run in this stage already.

    One of an earlier stage that still runs gives way to it: the second answer opens the time to go outside anew. One that was
    superseded counted from a letter that came back. What we promised beside it keeps the day that was told.
    """
    moved = []
    for policy in chosen_policies(calendars, desk, complaint, category=complaint.category, stage=stage):
        if policy.anchor != event or not on_a_yes.begins(desk.session, complaint.key, policy):
            continue
        row = _newest_by_rule(desk.session, complaint, policy.clock)
        if row is not None:
            state = ClockState.from_json(row.saved)
            if state.policy.stage == stage and state.status != "superseded":
                continue
            if state.is_open:
                counted = calendars.get_version(state.calendar_id, state.calendar_version)
                keep(desk, row, clocks.supersede(state, desk.act), counted)
        calendar = calendars.get(policy.calendar)
        number = next_number(desk.session, complaint.key, policy.clock)
        add(
            desk,
            complaint,
            clocks.start(policy, Anchor(event, at=at), calendar, desk.act, number=number),
            calendar,
        )
        moved.append(policy.clock)
    return tuple(moved)


def next_rule(
    calendars: KeptCalendars, desk: Desk, complaint: ComplaintRow, state: ClockState
) -> DeadlinePolicy | None:
    """Return the rule of the round that follows one of a repeating clock; None where the rules ask for none any more."""
    stage = state.policy.stage
    table = by_table(calendars, desk, complaint, category=complaint.category, stage=stage)
    given = next((policy for policy in table if policy.clock == state.name), None)
    if given is not None:
        return state.policy if given.id == state.policy.id else given
    gap = gap_of(calendars, desk, complaint, category=complaint.category, stage=stage)
    return None if gap is None else state.policy


def _newest_by_rule(session: Session, complaint: ComplaintRow, name: str) -> ClockRow | None:
    """Return the latest round of a clock that the table gave; what was promised under its name runs beside it."""
    rows = session.scalars(
        select(ClockRow)
        .where(ClockRow.complaint_key == complaint.key, ClockRow.name == name)
        .order_by(ClockRow.number.desc())
    )
    return next((row for row in rows if ClockState.from_json(row.saved).policy.regime != PROMISE), None)


def stage_of(session: Session, complaint_key: int) -> str:
    """Return the stage a complaint is in, as its clocks say: ``two`` from the opening of the second look on, else ``one``."""
    saved = session.scalars(select(ClockRow.saved).where(ClockRow.complaint_key == complaint_key))
    return "two" if any(ClockState.from_json(each).policy.stage == "two" for each in saved) else "one"


def _start(
    calendars: KeptCalendars,
    desk: Desk,
    complaint: ComplaintRow,
    policy: DeadlinePolicy,
    before: ClockRow | None,
) -> bool:
    """Start or project a clock; nothing when it counts from something of which nothing is known yet.

    ``before`` is the round that did not apply for a while: what repeats then counts from now, and an internal target did not
    run meanwhile.
    """
    calendar = calendars.get(policy.calendar)
    number = next_number(desk.session, complaint.key, policy.clock)
    again = (
        before is not None
        and before.state in LEFT
        and ClockState.from_json(before.saved).policy.stage == policy.stage
    )
    if policy.anchor == "acknowledged":
        expected, anchor = acknowledgement_of(calendars, desk, complaint, stage=policy.stage)
        if expected is None:
            return False
        made = _projected(policy, expected, anchor, calendar, desk, number=number)
    elif policy.anchor == "stage_opened" or (again and policy.repeats):
        opened = desk.act.at if again and policy.repeats else _opened_at(desk, complaint)
        opened = said_from(complaint, policy, opened)
        made = _opened(calendar, desk, complaint, policy, opened, number=number)
    else:
        day = day_that_counts(complaint, policy, calendar)
        if day is None or (day == Anchor(policy.anchor) and policy.anchor not in ASKED):
            return False
        if day == Anchor(policy.anchor):
            ask_for(desk, complaint, policy.anchor)
            expected, last = expected_day(complaint, policy.anchor, calendar)
            made = clocks.project(policy, expected, calendar, desk.act, number=number, at_latest=last)
        elif again and policy.pausable and before is not None:
            made = _without(calendar, desk, policy, day, before, number=number)
        else:
            made = clocks.start(policy, day, calendar, desk.act, number=number)
    add(desk, complaint, made, calendar)
    return True


def _opened(
    calendar: Calendar,
    desk: Desk,
    complaint: ComplaintRow,
    policy: DeadlinePolicy,
    opened_at: datetime,
    *,
    number: int,
) -> Moved:
    """Return a clock of a second look, or the next round of a repeating one.

    Under the rule "earliest" a second look that lies within another clock (``roundCovers`` of the table ``stages``) counts from
    the day that one was due, if the no comes later: a late answer buys no time. When even that is over, the complainant took
    their time, which nobody has missed: the round counts from the no.
    """
    opened = Anchor(policy.anchor, at=opened_at)
    made = clocks.start(policy, opened, calendar, desk.act, number=number)
    covering = covered_by(desk.session, complaint.regime, desk.moment)
    if policy.anchor_rule != "earliest" or covering is None:
        return made
    row = newest(desk.session, complaint.key, covering)
    if row is None or row.due_on is None:
        return made
    within = _projected(policy, row.due_on, opened, calendar, desk, number=number)
    over = within.state.bound_at is not None and within.state.bound_at <= opened_at
    return made if over else within


def _was_let_go(desk: Desk, complaint: ComplaintRow, row: ClockRow) -> bool:
    """Tell whether nobody wanted the second look this clock was for, and another has been opened since."""
    return row.state == "cancelled" and last_changed_at(desk.session, row) < _opened_at(desk, complaint)


def _opened_at(desk: Desk, complaint: ComplaintRow) -> datetime:
    """Return when the second look was opened: as the complainant did not accept the answer, however late we noted or asked."""
    opened = opening(desk.session, complaint.key)
    if opened is None:
        return desk.act.at
    told = (opened.facts or {}).get(HAPPENED_AT)
    return opened.at if told is None else datetime.fromisoformat(told)


def _projected(
    policy: DeadlinePolicy, expected: date, anchor: Anchor, calendar: Calendar, desk: Desk, *, number: int
) -> Moved:
    made = clocks.project(policy, expected, calendar, desk.act, number=number)
    if anchor.at is None:
        return made
    known = clocks.re_anchor(made.state, anchor, calendar, desk.act)
    return Moved(known.state, (*made.changes, *known.changes))


def _without(
    calendar: Calendar, desk: Desk, policy: DeadlinePolicy, anchor: Anchor, before: ClockRow, *, number: int
) -> Moved:
    """Return an internal target that stood still since ``before`` ended."""
    since = last_changed_at(desk.session, before)
    stood = Pause(STOOD_STILL, desk.act.reason, desk.act.by, since, desk.act.at)
    return clocks.start(policy, anchor, calendar, desk.act, number=number, pauses=(stood,))


def _recategorise(
    calendars: KeptCalendars, desk: Desk, complaint: ComplaintRow, row: ClockRow, policy: DeadlinePolicy
) -> bool:
    """Put an open clock under another rule.

    One whose new anchor nobody knows anything of stays under the old, as do news whose day was told.
    """
    state, calendar = ClockState.from_json(row.saved), calendars.get(policy.calendar)
    anchor = day_that_counts(complaint, policy, calendar)
    if state.policy.repeats and policy.repeats and state.number > 1:
        anchor = replace(
            state.anchor, event=policy.anchor
        )  # what was said last, not what the first round counted from
    elif anchor is not None and anchor == Anchor(policy.anchor) and policy.anchor in ASKED:
        ask_for(desk, complaint, policy.anchor)
        expected, last = expected_day(complaint, policy.anchor, calendar)
        state = replace(state, expected_on=expected, at_latest=last)
    elif anchor is not None and anchor != Anchor(policy.anchor):
        state = replace(state, expected_on=None, at_latest=False)
    elif policy.anchor == "acknowledged" and state.anchor.event != "acknowledged":
        acknowledged_by, anchor = acknowledgement_of(calendars, desk, complaint, stage=policy.stage)
        if acknowledged_by is None:
            return False
        state = replace(state, expected_on=acknowledged_by, at_latest=False)
    elif policy.anchor != state.anchor.event:
        return False
    ruled = clocks.recategorise(state, policy, calendar, desk.act, anchor=anchor)
    if told_days.keeps_its_day(desk, row, ruled.state.due_on):
        return False
    keep(desk, row, ruled, calendar)
    return True


def _not_given(
    desk: Desk, complaint: ComplaintRow, chosen: Sequence[DeadlinePolicy], *, stage: str | None
) -> list[tuple[ClockRow, ClockState]]:
    """Return the open clocks of the stage that the table does not give, but for news whose day was told."""
    names = {policy.clock for policy in chosen}
    rows = [(row, ClockState.from_json(row.saved)) for row in open_clocks(desk.session, complaint.key)]
    return [
        (row, state)
        for row, state in rows
        if state.policy.regime != PROMISE and state.policy.stage == stage and row.name not in names | WINDOWS
        if not told_days.keeps_its_day(desk, row, None)
    ]


def _rule_out(
    calendars: KeptCalendars, desk: Desk, dropped: Sequence[tuple[ClockRow, ClockState]]
) -> tuple[str, ...]:
    for row, state in dropped:
        calendar = calendars.get_version(state.calendar_id, state.calendar_version)
        keep(desk, row, clocks.rule_out(state, desk.act), calendar)
    return tuple(row.name for row, _ in dropped)


def acknowledgement_of(
    calendars: KeptCalendars, desk: Desk, complaint: ComplaintRow, *, stage: str | None
) -> tuple[date | None, Anchor]:
    """Return when the acknowledgement is or was due, and the anchor that it is, or will be.

    With nobody to acknowledge it to there is no such clock; the day it would have been due counts all the same, also once
    somebody is found.
    """
    row = newest(desk.session, complaint.key, "acknowledgement")
    state = None if row is None else ClockState.from_json(row.saved)
    acknowledged = Anchor("acknowledged")
    if state is not None and state.policy.stage == stage:
        acknowledged = Anchor("acknowledged", at=state.evidence.sent_at if state.evidence else None)
        if found_at(complaint, "acknowledgement") is None:
            return state.due_on, acknowledged
    for policy in by_table(calendars, desk, complaint, category=complaint.category, stage=stage):
        if policy.clock == "acknowledgement":
            opened = Anchor("stage_opened", at=_opened_at(desk, complaint))
            anchor = opened if policy.anchor == "stage_opened" else anchor_of(complaint, policy.anchor)
            if anchor is not None and anchor != Anchor(policy.anchor):
                return count(policy, anchor, calendars.get(policy.calendar)).on, acknowledged
    return None, acknowledged
