"""What a clock allows, what it refuses, and what it writes into its history."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.calendars import Calendar, Opening
from engine.deadlines import clocks
from engine.deadlines.clocks import Act
from engine.deadlines.codec import StoredValueUnreadable
from engine.deadlines.compute import Anchor, count
from engine.deadlines.errors import (
    AnchorNeedsTime,
    AnchorUnknown,
    BoundPassed,
    ClockEnded,
    ClockNotPausable,
    ClockNotPaused,
    EvidenceRefused,
    ExtensionNotAllowed,
    ExtensionReasonUnknown,
    ExtensionRefused,
    ExtensionTooLong,
    ExtensionUsedUp,
    NothingHeld,
    PauseReasonRefused,
    ReasonNeeded,
    WrongCalendar,
)
from engine.deadlines.explain import explain
from engine.deadlines.policy import DeadlinePolicy, Extension, Second, WarningRule
from engine.deadlines.state import ClockState, Evidence
from engine.deadlines.warn import warn_at, warnings_to_come

LONDON = ZoneInfo("Europe/London")
OFFICE = ((Opening(time(9), time(17)),),) * 5 + ((), ())
EW = Calendar(
    "uk-england",
    7,
    "England & Wales",
    LONDON,
    OFFICE,
    {date(2026, 12, 25): "Christmas Day", date(2026, 12, 28): "Boxing Day"},
)
TARGET = DeadlinePolicy("t", "example", "target", "received", 20, "business_days", "1", pausable=True)
LIMIT = DeadlinePolicy("l", "example", "final_response", "received", 8, "weeks", "1")


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


def act(text: str, reason: str = "because") -> Act:
    return Act(london(text), "ana", reason)


def begun(policy: DeadlinePolicy = TARGET, received: str = "2026-06-01T10:00") -> ClockState:
    return clocks.start(policy, Anchor("received", at=london(received)), EW, act(received)).state


def letter(text: str, kind: str = "letter_posted") -> Evidence:
    return Evidence(kind, "L-1", london(text))


# Pausing


def test_a_statutory_clock_does_not_pause():
    with pytest.raises(ClockNotPausable):
        clocks.pause(begun(LIMIT), EW, act("2026-06-03T09:00"), category="waiting")


@pytest.mark.parametrize("category", ["staff_absence", "too_busy"])
def test_only_listed_reasons_pause_and_staff_absence_never_does(category):
    listed = replace(TARGET, pause_reasons=("waiting", "staff_absence"))

    with pytest.raises(PauseReasonRefused):
        clocks.pause(begun(listed), EW, act("2026-06-03T09:00"), category=category)
    with pytest.raises(PauseReasonRefused):
        clocks.pause(begun(), EW, act("2026-06-03T09:00"), category="staff_absence")


def test_pausing_needs_a_reason_and_time_left():
    with pytest.raises(ReasonNeeded):
        clocks.pause(begun(), EW, act("2026-06-03T09:00", " "), category="waiting")
    with pytest.raises(BoundPassed):
        clocks.pause(begun(), EW, act("2026-06-30T00:00"), category="waiting")


def test_what_is_not_paused_cannot_resume():
    with pytest.raises(ClockNotPaused):
        clocks.resume(begun(), EW, act("2026-06-03T09:00"))
    stopped = clocks.pause(begun(), EW, act("2026-06-03T09:00"), category="waiting").state
    with pytest.raises(ClockNotPaused):
        clocks.resume(stopped, EW, act("2026-06-04T09:00"), category="expert")


def test_a_pause_on_the_due_day_never_leaves_a_bound_in_the_past():
    office_end = replace(TARGET, end="close_of_business")
    due_day = begun(office_end)
    stopped = clocks.pause(due_day, EW, act("2026-06-29T16:00"), category="waiting").state

    same_evening = clocks.resume(stopped, EW, act("2026-06-29T18:00")).state
    saturday = clocks.resume(stopped, EW, act("2026-07-04T12:00")).state

    assert stopped.days_left == 0
    assert (same_evening.status, same_evening.due_on) == ("running", date(2026, 6, 30))
    assert (saturday.status, saturday.due_on) == ("running", date(2026, 7, 6))


def test_days_left_do_not_shrink_while_another_pause_goes_on():
    first = clocks.pause(begun(), EW, act("2026-06-10T11:00"), category="a").state
    second = clocks.pause(first, EW, act("2026-06-15T11:00"), category="b").state
    still = clocks.resume(second, EW, act("2026-06-16T11:00"), category="a").state

    assert [each.days_left for each in (first, second, still)] == [13, 13, 13]


def test_a_breach_job_leaves_a_paused_clock_alone():
    stopped = clocks.pause(begun(), EW, act("2026-06-10T11:00"), category="waiting").state

    assert clocks.breach(stopped, act("2026-12-01T00:00")) == clocks.Moved(stopped)


def test_a_pause_after_the_deadline_of_a_new_policy_does_not_help():
    state = clocks.pause(begun(), EW, act("2026-06-10T11:00"), category="waiting").state
    state = clocks.resume(state, EW, act("2026-06-16T11:00")).state

    moved = clocks.recategorise(state, replace(TARGET, amount=3), EW, act("2026-06-17T11:00")).state

    assert (moved.status, moved.due_on) == ("breached", date(2026, 6, 4))


def test_under_a_statutory_policy_pauses_end_and_do_not_count():
    stopped = clocks.pause(begun(), EW, act("2026-06-10T11:00"), category="waiting").state

    limit = clocks.recategorise(stopped, LIMIT, EW, act("2026-06-16T11:00")).state
    again = clocks.recategorise(limit, TARGET, EW, act("2026-06-17T11:00")).state

    assert (limit.status, limit.due_on, limit.open_pauses) == ("running", date(2026, 7, 27), ())
    assert again.due_on == date(2026, 7, 3)


@pytest.mark.parametrize(
    ("amount", "unit", "left", "due"),
    [
        (30, "calendar_days", 21, "2026-07-07T23:00"),
        (4, "weeks", 19, "2026-07-05T23:00"),
        (240, "hours", timedelta(hours=23), "2026-06-17T12:00"),
        (63, "business_hours", timedelta(hours=6), "2026-06-17T11:00"),
    ],
)
def test_a_pause_is_counted_in_the_units_of_the_clock(amount, unit, left, due):
    state = begun(replace(TARGET, amount=amount, unit=unit))
    stopped = clocks.pause(state, EW, act("2026-06-10T11:00"), category="waiting").state
    state = clocks.resume(stopped, EW, act("2026-06-16T14:00")).state

    assert (stopped.days_left if isinstance(left, int) else stopped.time_left) == left
    assert state.bound_at.isoformat() == f"{due}:00+00:00"


# Extending

RULE = Extension(10, "business_days", times=None, cap=15, reasons=("complex",), letter="extension")
EXTENDABLE = replace(TARGET, extension=RULE)


def extended(state: ClockState, at: str, **more: object) -> ClockState:
    said = {"sent_at": london(at), "letter": "extension", "category": "complex"} | more
    return clocks.extend(state, EW, act(at), **said).state


def test_extensions_add_up_to_the_cap():
    state = extended(begun(EXTENDABLE), "2026-06-20T09:00")
    state = extended(state, "2026-06-21T09:00", amount=5)

    assert state.due_on == date(2026, 7, 20)
    with pytest.raises(ExtensionTooLong):
        extended(state, "2026-06-22T09:00", amount=1)


@pytest.mark.parametrize(
    ("policy", "more", "error"),
    [
        (LIMIT, {}, ExtensionNotAllowed),
        (EXTENDABLE, {"amount": 11}, ExtensionTooLong),
        (EXTENDABLE, {"amount": 0}, ExtensionTooLong),
        (EXTENDABLE, {"category": "busy"}, ExtensionReasonUnknown),
        (EXTENDABLE, {"letter": ""}, ExtensionRefused),
        (EXTENDABLE, {"sent_at": london("2026-06-03T09:01")}, ExtensionRefused),
    ],
)
def test_an_extension_outside_the_rule_is_refused(policy, more, error):
    with pytest.raises(error):
        extended(begun(policy), "2026-06-03T09:00", **more)


def test_a_letter_dispatched_in_time_but_recorded_late_extends_and_lifts_the_breach():
    state = clocks.breach(begun(EXTENDABLE), act("2026-06-30T00:00")).state

    sent = {"sent_at": london("2026-06-29T16:00"), "letter": "extension", "category": "complex"}
    moved = clocks.extend(state, EW, act("2026-06-30T09:00"), **sent)

    assert (moved.state.status, moved.state.due_on) == ("running", date(2026, 7, 13))
    assert [change.kind for change in moved.changes] == ["extended", "breach_superseded"]


def test_an_extension_belongs_to_the_policy_that_granted_it():
    state = extended(begun(replace(EXTENDABLE, extension=replace(RULE, times=1))), "2026-06-10T09:00")
    other = replace(EXTENDABLE, id="other", amount=15, extension=replace(RULE, times=1))

    moved = clocks.recategorise(state, other, EW, act("2026-06-11T09:00")).state

    assert moved.due_on == date(2026, 6, 22)
    assert extended(moved, "2026-06-12T09:00").due_on == date(2026, 7, 6)
    with pytest.raises(ExtensionUsedUp):
        extended(state, "2026-06-11T09:00")


# Meeting


@pytest.mark.parametrize(
    ("sent", "status"), [("2026-06-29T23:59:59", "met"), ("2026-06-30T00:00:00", "met_late")]
)
def test_met_is_before_the_bound(sent, status):
    moved = clocks.meet(begun(), EW, act("2026-07-01T09:00"), evidence=letter(sent))

    assert moved.state.status == status
    assert len(moved.state.breaches) == (status == "met_late")


def test_meeting_a_breached_clock_late_raises_no_second_breach():
    breached = clocks.breach(begun(), act("2026-06-30T00:00")).state

    moved = clocks.meet(breached, EW, act("2026-07-01T09:00"), evidence=letter("2026-06-30T10:00"))

    assert (moved.state.status, len(moved.state.breaches)) == ("met_late", 1)
    assert [change.kind for change in moved.changes] == ["met"]


def test_evidence_recorded_late_lifts_the_breach():
    breached = clocks.breach(begun(), act("2026-06-30T00:00")).state

    moved = clocks.meet(breached, EW, act("2026-07-01T09:00"), evidence=letter("2026-06-29T10:00"))

    assert moved.state.status == "met"
    assert [breach.superseded for breach in moved.state.breaches] == [True]
    assert [change.kind for change in moved.changes] == ["met", "breach_superseded"]


@pytest.mark.parametrize("kind", ["draft_saved", "internal_note", "automatic_reply"])
def test_what_has_not_left_is_no_evidence_unless_the_policy_says_so(kind):
    sent = letter("2026-06-03T09:00", kind)
    with pytest.raises(EvidenceRefused):
        clocks.meet(begun(), EW, act("2026-06-03T10:00"), evidence=sent)

    lenient = replace(TARGET, evidence=(kind,))
    assert clocks.meet(begun(lenient), EW, act("2026-06-03T10:00"), evidence=sent).state.status == "met"


def test_evidence_from_the_future_is_refused():
    with pytest.raises(EvidenceRefused):
        clocks.meet(begun(), EW, act("2026-06-03T10:00"), evidence=letter("2026-06-03T10:01"))


def test_a_paused_clock_is_met_and_its_pause_ends():
    stopped = clocks.pause(begun(), EW, act("2026-06-10T11:00"), category="waiting").state

    met = clocks.meet(stopped, EW, act("2026-06-16T15:00"), evidence=letter("2026-06-16T15:00")).state

    assert (met.status, met.due_on, met.open_pauses) == ("met", date(2026, 7, 3), ())


def test_what_met_a_clock_can_fall_and_it_is_judged_as_if_it_had_never_been():
    met = clocks.meet(begun(LIMIT), EW, act("2026-06-03T10:00"), evidence=letter("2026-06-03T09:00")).state
    early = clocks.reopen(met, EW, act("2026-06-08T10:00")).state
    assert (early.status, early.evidence, early.bound_at) == ("running", None, met.bound_at)
    late = clocks.reopen(met, EW, act("2026-08-08T10:00"))
    assert late.state.status == "breached"
    assert [each.kind for each in late.changes] == ["reopened", "breached"]


def test_an_extension_that_nobody_was_told_is_taken_back_and_others_stay():
    policy = replace(LIMIT, extension=Extension(2, "weeks", times=None))
    state = begun(policy)
    for day, name in (("2026-06-03", "L-1"), ("2026-06-04", "L-2")):
        state = clocks.extend(
            state, EW, act(f"{day}T10:00"), sent_at=london(f"{day}T09:00"), letter=name
        ).state
    once = clocks.unextend(state, EW, act("2026-06-08T10:00"), letters={"L-1"})
    assert [each.letter for each in once.state.extensions] == ["L-2"]
    assert once.state.due_on == state.due_on - timedelta(weeks=2)
    assert [each.kind for each in once.changes] == ["unextended"]
    none = clocks.unextend(once.state, EW, act("2026-07-30T10:00"), letters={"L-1", "L-2"}).state
    assert (none.status, none.due_on) == ("breached", begun(policy).due_on)
    with pytest.raises(ReasonNeeded):
        clocks.unextend(state, EW, act("2026-06-08T10:00", " "), letters={"L-1"})
    with pytest.raises(ClockEnded):
        clocks.unextend(
            clocks.cancel(state, act("2026-06-08T10:00")).state, EW, act("2026-06-09T10:00"), letters={"L-1"}
        )


@pytest.mark.parametrize(("sent", "met_as"), [("2026-06-29T09:00", "met"), ("2026-07-03T09:00", "met_late")])
def test_the_round_that_runs_goes_back_to_what_the_one_before_counted_from(sent, met_as):
    news = replace(TARGET, repeats=True)
    first = clocks.meet(begun(news), EW, act("2026-07-03T10:00"), evidence=letter(sent)).state
    assert first.status == met_as
    anchor = Anchor("received", at=london(sent))
    second = clocks.start(news, anchor, EW, act("2026-07-03T10:00"), number=2).state
    over, again = clocks.go_back(first, second, EW, act("2026-07-06T10:00"))
    assert (over.state.status, over.state.evidence, over.state.breach) == ("superseded", None, None)
    assert (again.state.number, again.state.due_on) == (2, begun(news).due_on)
    assert (again.state.status, len(again.state.breaches)) == ("breached", 1)


def test_a_met_clock_is_judged_again_when_receipt_is_corrected():
    met = clocks.meet(begun(), EW, act("2026-06-26T09:00"), evidence=letter("2026-06-26T09:00")).state

    earlier = Anchor("received", at=london("2026-05-20T09:00"))
    late = clocks.re_anchor(met, earlier, EW, act("2026-06-27T09:00"))

    assert late.state.status == "met_late"
    assert [change.kind for change in late.changes] == ["re_anchored", "breached"]


# Breach, end, repetition


def test_a_breach_is_noted_once_and_not_before_the_bound():
    state = begun()
    early = clocks.breach(state, act("2026-06-29T23:59:59"))
    moved = clocks.breach(state, act("2026-06-30T00:00"))

    assert early == clocks.Moved(state)
    assert [change.kind for change in moved.changes] == ["breached"]
    assert clocks.breach(moved.state, act("2026-06-30T00:01")) == clocks.Moved(moved.state)


@pytest.mark.parametrize(("rule", "status"), [("actual", "projected"), ("earliest", "breached")])
def test_a_projected_clock_is_breached_only_where_being_late_buys_no_time(rule, status):
    stage = replace(TARGET, anchor="acknowledged", anchor_rule=rule)
    state = clocks.project(stage, date(2026, 6, 8), EW, act("2026-06-01T10:00")).state

    assert clocks.breach(state, act("2026-08-01T00:00")).state.status == status


@pytest.mark.parametrize(("at_latest", "status"), [(False, "projected"), (True, "breached")])
def test_a_clock_expected_for_the_last_day_it_can_be_is_missed_past_it(at_latest, status):
    told = replace(TARGET, anchor="first_raised")
    on = date(2026, 6, 8)
    state = clocks.project(told, on, EW, act("2026-06-01T10:00"), at_latest=at_latest).state
    assert state.status == "projected"
    assert ClockState.from_json(state.to_json()) == state
    assert clocks.breach(state, act("2026-08-01T00:00")).state.status == status
    late = clocks.project(told, on, EW, act("2026-08-01T00:00"), at_latest=at_latest).state
    assert late.status == status
    assert " (expected)" in explain(late, EW)

    sooner = clocks.re_anchor(late, Anchor("first_raised", on=date(2026, 6, 1)), EW, act("2026-08-02T00:00"))
    assert (sooner.state.status, sooner.state.due_on < late.due_on) == ("breached", True)


@pytest.mark.parametrize(("at_latest", "status"), [(False, "met"), (True, "met_late")])
def test_an_answer_past_an_expected_day_is_late_only_where_that_is_known(at_latest, status):
    told = replace(TARGET, anchor="first_raised")
    state = clocks.project(told, date(2026, 6, 8), EW, act("2026-06-01T10:00"), at_latest=at_latest).state
    met = clocks.meet(state, EW, act("2026-08-01T10:00"), evidence=letter("2026-08-01T09:00")).state
    assert (met.status, len(met.breaches)) == (status, int(at_latest))

    known = Anchor("first_raised", on=date(2026, 6, 1))
    assert clocks.re_anchor(met, known, EW, act("2026-08-02T10:00")).state.status == "met_late"


def test_no_letter_extends_a_clock_of_which_nobody_knows_when_it_is_due():
    told = replace(TARGET, anchor="first_raised", extension=Extension(10, "business_days"))
    unknown = clocks.project(told, date(2026, 6, 8), EW, act("2026-06-01T10:00")).state
    with pytest.raises(ExtensionRefused, match="not known yet"):
        extended(unknown, "2026-06-05T10:00")
    last = clocks.project(told, date(2026, 6, 8), EW, act("2026-06-01T10:00"), at_latest=True).state
    longer = extended(last, "2026-06-05T10:00")
    assert (longer.status, longer.due_on > last.due_on) == ("projected", True)


def test_a_corrected_expectation_moves_what_counts_from_it():
    stage = replace(TARGET, amount=10, anchor="acknowledged", anchor_rule="earliest")
    state = clocks.project(stage, date(2026, 6, 8), EW, act("2026-06-01T10:00")).state
    late = Anchor("acknowledged", at=london("2026-06-10T10:00"))
    known = clocks.re_anchor(state, late, EW, act("2026-06-10T10:00")).state

    projected = clocks.re_project(state, date(2026, 6, 5), EW, act("2026-06-02T10:00", "")).state
    corrected = clocks.re_project(known, date(2026, 6, 5), EW, act("2026-06-11T10:00")).state

    assert (state.due_on, projected.due_on, projected.status) == (
        date(2026, 6, 22),
        date(2026, 6, 19),
        "projected",
    )
    assert (known.due_on, corrected.due_on) == (date(2026, 6, 22), date(2026, 6, 19))
    with pytest.raises(ReasonNeeded):
        clocks.re_project(known, date(2026, 6, 5), EW, act("2026-06-11T10:00", ""))


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (clocks.cancel, "cancelled"),
        (clocks.supersede, "superseded"),
        (clocks.rule_out, "not_applicable"),
    ],
)
def test_an_ended_clock_does_not_move(end, status):
    state = end(begun(), act("2026-06-03T09:00")).state

    assert state.status == status
    for move in (
        lambda: end(state, act("2026-06-03T09:00")),
        lambda: clocks.pause(state, EW, act("2026-06-03T09:00"), category="waiting"),
        lambda: clocks.meet(state, EW, act("2026-06-03T09:00"), evidence=letter("2026-06-03T09:00")),
        lambda: clocks.recategorise(state, LIMIT, EW, act("2026-06-03T09:00")),
        lambda: clocks.re_anchor(state, state.anchor, EW, act("2026-06-03T09:00")),
    ):
        with pytest.raises(ClockEnded):
            move()
    with pytest.raises(ReasonNeeded):
        end(begun(), act("2026-06-03T09:00", ""))


def test_a_correction_needs_a_reason_and_the_right_event():
    anchor = Anchor("received", on=date(2026, 5, 1))
    with pytest.raises(ReasonNeeded):
        clocks.re_anchor(begun(), anchor, EW, act("2026-06-03T09:00", ""))
    with pytest.raises(AnchorUnknown):
        clocks.re_anchor(begun(), replace(anchor, event="sent"), EW, act("2026-06-03T09:00"))
    with pytest.raises(AnchorUnknown):
        clocks.recategorise(begun(), replace(LIMIT, anchor="sent"), EW, act("2026-06-03T09:00"))


def test_only_the_calendar_a_clock_was_counted_with_moves_it():
    newer = replace(EW, version=8)
    with pytest.raises(WrongCalendar):
        clocks.pause(begun(), newer, act("2026-06-03T09:00"), category="waiting")
    with pytest.raises(WrongCalendar):
        clocks.recalendar(begun(), replace(EW, id="mars"), act("2026-06-03T09:00"))
    for move in (clocks.decline_shortening,):
        with pytest.raises(NothingHeld):
            move(begun(), act("2026-06-03T09:00"))
    with pytest.raises(NothingHeld):
        clocks.approve_shortening(begun(), newer, act("2026-06-03T09:00"))


def test_hours_need_the_time_of_the_anchor():
    with pytest.raises(AnchorNeedsTime):
        count(replace(LIMIT, unit="hours"), Anchor("received", on=date(2026, 6, 1)), EW)


def test_every_change_says_who_when_why_and_both_dates():
    stopped = clocks.pause(begun(), EW, act("2026-06-10T11:00", "asked for papers"), category="waiting")
    (change,) = stopped.changes

    assert (change.by, change.at, change.reason) == ("ana", london("2026-06-10T11:00"), "asked for papers")
    assert (change.status_before, change.status) == ("running", "paused")
    assert (change.due_before, change.due) == (date(2026, 6, 29), None)


# Warnings


@pytest.mark.parametrize(
    ("policy", "share", "moment"),
    [
        (replace(TARGET, amount=5), 0.5, "2026-06-04T09:30"),
        (replace(TARGET, amount=5), 0.8, "2026-06-05T15:36"),
        (replace(TARGET, amount=5), 1.0, "2026-06-09T09:00"),
        (LIMIT, 0.5, "2026-06-30T09:00"),  # half of eight weeks is in the evening
        (replace(LIMIT, amount=24, unit="hours"), 0.5, "2026-06-02T09:00"),
        (replace(LIMIT, amount=20, unit="hours"), 0.5, "2026-06-01T20:00"),
    ],
)
def test_a_warning_comes_at_its_share_of_the_time_within_office_hours(policy, share, moment):
    found = warn_at(begun(policy), share, EW)

    assert found == london(moment)


AGREED = DeadlinePolicy("a", "example", "final_response", "agreed", 0, "calendar_days", "1")


def agreed(day: str, when: str, state: ClockState | None = None) -> ClockState:
    """An answer agreed at a moment for a day, anew if one was agreed before."""
    anchor = Anchor("agreed", on=date.fromisoformat(day))
    if state is None:
        return clocks.start(AGREED, anchor, EW, act(when)).state
    return clocks.re_anchor(state, anchor, EW, act(when)).state


def test_a_day_that_lay_ahead_as_it_was_agreed_is_warned_of_by_the_time_since_then():
    state = agreed("2026-07-31", "2026-06-01T10:00")
    assert warn_at(state, 0.5, EW) == london("2026-07-02T09:00")
    assert warn_at(state, 0.8, EW) == london("2026-07-20T09:00")  # the share ends on a Sunday
    assert ClockState.from_json(state.to_json()) == state


def test_another_day_agreed_later_is_warned_of_by_the_time_since_that():
    moved = agreed("2026-08-31", "2026-07-20T10:00", agreed("2026-07-31", "2026-06-01T10:00"))
    assert warn_at(moved, 0.8, EW) == london("2026-08-24T09:00")
    same = clocks.re_anchor(moved, moved.anchor, EW, act("2026-08-03T10:00")).state
    assert warn_at(same, 0.8, EW) == warn_at(moved, 0.8, EW)


def test_a_day_that_was_over_as_it_was_noted_is_warned_of_by_the_time_of_its_rule():
    anchor = Anchor("received", on=date(2026, 6, 1))
    late, at_once = (
        clocks.start(LIMIT, anchor, EW, act(f"2026-06-{day}T10:00")).state for day in ("08", "01")
    )
    assert warn_at(late, 0.8, EW) == warn_at(at_once, 0.8, EW)


def test_a_rule_that_comes_to_count_from_a_day_ahead_is_warned_of_by_the_time_since_then():
    anchor = Anchor("agreed", on=date(2026, 7, 31))
    ruled = clocks.recategorise(begun(LIMIT), AGREED, EW, act("2026-07-01T10:00"), anchor=anchor).state
    assert warn_at(ruled, 0.8, EW) == london("2026-07-27T09:00")


def test_a_pause_moves_the_warnings_and_silences_them_meanwhile():
    stopped = clocks.pause(begun(), EW, act("2026-06-10T11:00"), category="waiting").state
    resumed = clocks.resume(stopped, EW, act("2026-06-16T11:00")).state

    assert warn_at(stopped, 0.5, EW) is None
    assert warn_at(begun(), 0.2, EW) == warn_at(resumed, 0.2, EW)
    assert warn_at(resumed, 0.8, EW) - warn_at(begun(), 0.8, EW) == timedelta(days=6)


def test_only_warnings_still_to_come_are_planned():
    rules = (WarningRule(share=0.5), WarningRule(share=0.8), WarningRule(days=2))
    state = begun(replace(TARGET, warnings=rules))

    planned = warnings_to_come(state, EW, after=london("2026-06-20T00:00"))

    assert [rule for _, rule in planned] == [rules[1], rules[2]]
    assert planned[1][0] == london("2026-06-25T09:00")


# Explaining


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (
            replace(TARGET, amount=5),
            "5 business days after 18 Dec 2026, England & Wales calendar v7: 21, 22, 23, 24, 29",
        ),
        (
            replace(TARGET, amount=10),
            "10 business days after 18 Dec 2026, England & Wales calendar v7: "
            "21, 22, 23, 24, 29, 30, 31, 1 Jan, 4, 5",
        ),
        (
            replace(TARGET, amount=3, day_zero="include"),
            "3 business days from and including 18 Dec 2026, England & Wales calendar v7: 18, 21, 22",
        ),
        (
            replace(TARGET, amount=20),
            "20 business days after 18 Dec 2026, England & Wales calendar v7: 19 Jan 2027, "
            "skipping 25 Dec Christmas Day, 28 Dec Boxing Day",
        ),
        (LIMIT, "8 weeks after 18 Dec 2026, England & Wales calendar v7: 12 Feb 2027"),
        (
            replace(LIMIT, amount=24, unit="hours", second=Second("latest", 1, "business_days")),
            "24 hours or 1 business day, the latest, after 18 Dec 2026, "
            "England & Wales calendar v7: 21 Dec 2026",
        ),
    ],
)
def test_a_date_is_explained_by_its_rule(policy, text):
    assert explain(begun(policy, "2026-12-18T16:30"), EW) == text


def test_pauses_and_extensions_are_explained():
    state = extended(begun(EXTENDABLE), "2026-06-05T09:00")
    stopped = clocks.pause(state, EW, act("2026-06-10T11:00"), category="waiting").state
    resumed = clocks.resume(stopped, EW, act("2026-06-16T11:00")).state

    assert explain(stopped, EW).endswith(
        ": paused with 23 business days left (10 business days more by letter of 5 Jun 2026)"
    )
    assert explain(resumed, EW).endswith(
        ": 17 Jul 2026 (10 business days more by letter of 5 Jun 2026) (paused 10 Jun 2026 to 16 Jun 2026)"
    )


# Storing


def test_a_clock_with_everything_in_it_survives_storage():
    rich = replace(
        EXTENDABLE,
        second=Second("latest", 24, "hours"),
        warnings=(WarningRule(share=0.8), WarningRule(days=2)),
        effective_from=date(2026, 1, 1),
        cutoff="17:00",
    )
    state = extended(begun(rich), "2026-06-05T09:00")
    state = clocks.pause(state, EW, act("2026-06-10T11:00"), category="waiting").state
    met = clocks.meet(state, EW, act("2026-12-10T11:00"), evidence=letter("2026-12-10T11:00")).state
    hours = clocks.pause(
        begun(replace(TARGET, unit="hours", amount=72)), EW, act("2026-06-02T09:00"), category="x"
    ).state

    for each in (state, met, hours, clocks.breach(begun(), act("2026-12-10T11:00")).state):
        assert ClockState.from_json(json.loads(json.dumps(each.to_json()))) == each


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("status", "asleep"),
        ("number", "1"),
        ("number", True),
        ("due_on", "soon"),
        ("colour", "blue"),
        ("policy", {}),
    ],
)
def test_a_damaged_record_is_refused(member, value):
    with pytest.raises(StoredValueUnreadable):
        ClockState.from_json(begun().to_json() | {member: value})
