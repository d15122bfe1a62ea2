"""The worked examples of the deadline handbook, 1a to 12c: every due date and every bound, to the second."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.calendar_files import read_calendars
from engine.calendars import Calendar, Opening
from engine.deadlines import clocks
from engine.deadlines.clocks import Act
from engine.deadlines.compute import Anchor, count
from engine.deadlines.errors import ExtensionTooLate, ExtensionUsedUp
from engine.deadlines.policy import DeadlinePolicy, Extension, Second
from engine.deadlines.state import ClockState, Evidence

ROOT = Path(__file__).parents[3]
LONDON, SYDNEY = ZoneInfo("Europe/London"), ZoneInfo("Australia/Sydney")
OFFICE = ((Opening(time(9), time(17)),),) * 5 + ((), ())


def days(*texts: str) -> dict[date, str]:
    return {date.fromisoformat(text): "holiday" for text in texts}


EW_2022 = ("2022-08-29", "2022-09-19", "2022-12-26", "2022-12-27")
EW_2026 = (
    *("2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31"),
    *("2026-12-25", "2026-12-28", "2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03"),
    *("2027-05-31", "2027-08-30", "2027-12-27", "2027-12-28"),
)
NOT_IN_SC = ("2026-04-06", "2027-03-29", "2026-08-31", "2027-08-30")
SC_ONLY = (
    *("2026-01-02", "2026-06-15", "2026-08-03", "2026-11-30"),
    *("2027-01-04", "2027-08-02", "2027-11-30"),
)
LISTED = {
    "EW": Calendar("uk-england", 1, "England & Wales", LONDON, OFFICE, days(*EW_2022, *EW_2026)),
    "SC": Calendar(
        "uk-scotland", 1, "Scotland", LONDON, OFFICE, days(*(set(EW_2026) - set(NOT_IN_SC)), *SC_ONLY)
    ),
    "NSW": Calendar("au-nsw", 1, "New South Wales", SYDNEY, OFFICE, days("2026-10-05")),
}
SHIPPED_SET = read_calendars(ROOT / "processes" / "calendars")
SHIPPED = {name: SHIPPED_SET.get(listed.id) for name, listed in LISTED.items()}


@pytest.fixture(params=[LISTED, SHIPPED], ids=["listed", "shipped"])
def calendars(request: pytest.FixtureRequest) -> dict[str, Calendar]:
    return request.param


def policy(amount: int, unit: str, **more: object) -> DeadlinePolicy:
    return DeadlinePolicy("p", "example", "clock", "received", amount, unit, "1", **more)  # type: ignore[arg-type]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


def at(text: str, *, zone: ZoneInfo = LONDON, event: str = "received") -> Anchor:
    """An anchor at a local moment, or on a local date only."""
    if len(text) == 10:
        return Anchor(event, on=date.fromisoformat(text))
    return Anchor(event, at=datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC))


def act(text: str, why: str = "as the file shows") -> Act:
    return Act(london(text), "ana", why)


def seen(state: ClockState) -> tuple[str, str, str]:
    assert state.due_on is not None
    assert state.bound_at is not None
    return state.status, state.due_on.isoformat(), f"{state.bound_at:%Y-%m-%dT%H:%MZ}"


IN, CUT = {"day_zero": "include"}, {"cutoff": "17:00"}
BD5, BD10, BD15, BD20, BD35 = ((n, "business_days") for n in (5, 10, 15, 20, 35))
WK8, WK6, MO6, CD30 = (8, "weeks"), (6, "weeks"), (6, "months"), (30, "calendar_days")
FRI, SAT = "2026-12-18T17:30", "2026-12-19T12:00"
CLOSE = {"end": "close_of_business"}


@pytest.mark.parametrize(
    ("example", "where", "received", "amount", "more", "due", "bound"),
    [
        ("1a", "EW", FRI, BD5, {}, "2026-12-29", "2026-12-30T00:00Z"),
        ("1b", "EW", FRI, BD5, IN, "2026-12-24", "2026-12-25T00:00Z"),
        ("1c", "EW", FRI, BD5, IN | CUT, "2026-12-29", "2026-12-30T00:00Z"),
        ("1c closing", "EW", FRI, BD5, IN | {"cutoff": "closing"}, "2026-12-29", "2026-12-30T00:00Z"),
        ("1d", "EW", FRI, BD5, CUT, "2026-12-30", "2026-12-31T00:00Z"),
        ("1e exclude", "EW", SAT, BD5, {}, "2026-12-29", "2026-12-30T00:00Z"),
        ("1e include", "EW", SAT, BD5, IN, "2026-12-29", "2026-12-30T00:00Z"),
        ("1e exclude cut-off", "EW", SAT, BD5, CUT, "2026-12-30", "2026-12-31T00:00Z"),
        ("2a", "EW", "2026-12-07T11:20", BD15, {}, "2026-12-30", "2026-12-31T00:00Z"),
        ("2c 15", "SC", "2026-12-07T11:20", BD15, {}, "2026-12-30", "2026-12-31T00:00Z"),
        ("2c 35", "SC", "2026-12-07T11:20", BD35, {}, "2027-01-29", "2027-01-30T00:00Z"),
        ("3a", "EW", "2026-10-30T16:05", WK8, {}, "2026-12-25", "2026-12-26T00:00Z"),
        (
            "3b previous",
            "EW",
            "2026-10-30T16:05",
            WK8,
            {"roll": "previous"},
            "2026-12-24",
            "2026-12-25T00:00Z",
        ),
        ("3b next", "EW", "2026-10-30T16:05", WK8, {"roll": "next"}, "2026-12-29", "2026-12-30T00:00Z"),
        ("3c", "EW", "2026-11-25", CD30, {"roll": "next"}, "2026-12-29", "2026-12-30T00:00Z"),
        ("3c unrolled", "EW", "2026-11-25", CD30, {}, "2026-12-25", "2026-12-26T00:00Z"),
        ("3d", "EW", "2026-03-31", MO6, {}, "2026-09-30", "2026-09-30T23:00Z"),
        ("3e 28", "EW", "2026-08-28", MO6, {}, "2027-02-28", "2027-03-01T00:00Z"),
        ("3e 29", "EW", "2026-08-29", MO6, {}, "2027-02-28", "2027-03-01T00:00Z"),
        ("3e 30", "EW", "2026-08-30", MO6, {}, "2027-02-28", "2027-03-01T00:00Z"),
        ("3e 31", "EW", "2026-08-31", MO6, {}, "2027-02-28", "2027-03-01T00:00Z"),
        ("4a", "EW", "2026-04-02T10:00", (3, "business_days"), CLOSE, "2026-04-09", "2026-04-09T16:00Z"),
        ("4b", "SC", "2026-04-02T10:00", (3, "business_days"), CLOSE, "2026-04-08", "2026-04-08T16:00Z"),
        ("5a", "EW", "2026-12-24T09:15", (3, "business_days"), {}, "2026-12-31", "2027-01-01T00:00Z"),
        ("5b", "EW", "2026-12-24T09:15", (1, "business_days"), {}, "2026-12-29", "2026-12-30T00:00Z"),
        ("5c", "EW", "2026-12-24T09:15", MO6, {}, "2027-06-24", "2027-06-24T23:00Z"),
        ("6a", "EW", "2026-03-23", BD5, {}, "2026-03-30", "2026-03-30T23:00Z"),
        ("6b", "EW", "2026-03-27", BD10, {}, "2026-04-14", "2026-04-14T23:00Z"),
        ("6b from receipt", "EW", "2026-03-23", BD10, {}, "2026-04-08", "2026-04-08T23:00Z"),
        ("7a", "EW", "2026-06-01", BD20, {}, "2026-06-29", "2026-06-29T23:00Z"),
        ("7b 8 weeks", "EW", "2026-06-01", WK8, {}, "2026-07-27", "2026-07-27T23:00Z"),
        ("8a", "EW", "2026-07-30", BD20, {}, "2026-08-27", "2026-08-27T23:00Z"),
        ("9b 8 weeks", "EW", "2026-10-01", WK8, {}, "2026-11-26", "2026-11-27T00:00Z"),
        ("9b update", "EW", "2026-10-01", BD20, {}, "2026-10-29", "2026-10-30T00:00Z"),
        ("9a from recording", "EW", "2026-10-26T09:00", BD5, {}, "2026-11-02", "2026-11-03T00:00Z"),
        ("10a", "EW", "2026-09-01", WK8, {}, "2026-10-27", "2026-10-28T00:00Z"),
        ("11c", "EW", "2026-10-09T00:30", WK8, {}, "2026-12-04", "2026-12-05T00:00Z"),
        ("11d", "EW", "2026-10-02", CD30, {}, "2026-11-01", "2026-11-02T00:00Z"),
        ("12b 5 bd", "EW", "2022-09-07T12:00", BD5, {}, "2022-09-14", "2022-09-14T23:00Z"),
        ("12b 8 weeks", "EW", "2022-09-07T12:00", WK8, {}, "2022-11-02", "2022-11-03T00:00Z"),
    ],
)
def test_counting_from_receipt(calendars, example, where, received, amount, more, due, bound):
    counted = count(policy(*amount, **more), at(received), calendars[where])

    assert counted.on.isoformat() == due
    assert counted.bound_at == utc(bound)


def test_2b_the_holding_notice_counts_from_receipt(calendars):
    rule = policy(
        *BD15, extension=Extension(35, "business_days", counts_from="anchor", letter="holding-notice")
    )
    state = clocks.start(rule, at("2026-12-07T11:20"), calendars["EW"], act("2026-12-07T11:20")).state

    sent = {"sent_at": london("2026-12-30T23:59"), "letter": "holding-notice"}
    moved = clocks.extend(state, calendars["EW"], act("2026-12-31T09:00"), **sent).state

    assert seen(moved) == ("running", "2027-01-28", "2027-01-29T00:00Z")


def test_3f_the_later_complaint_is_due_first(calendars):
    rules = (
        policy(*WK8, effective_to=date(2026, 4, 7)),
        policy(*WK6, effective_from=date(2026, 4, 8)),
    )

    def due(raised: str) -> tuple[str, datetime]:
        on = date.fromisoformat(raised)
        (rule,) = (rule for rule in rules if rule.in_force(on))
        counted = count(rule, at(raised), calendars["EW"])
        return counted.on.isoformat(), counted.bound_at

    assert due("2026-04-07") == ("2026-06-02", utc("2026-06-02T23:00Z"))
    assert due("2026-04-08") == ("2026-05-20", utc("2026-05-20T23:00Z"))


def test_4c_after_the_early_lane_the_full_clock_counts_from_the_first_receipt(calendars):
    early = policy(3, "business_days", end="close_of_business")
    state = clocks.start(early, at("2026-04-02T10:00"), calendars["EW"], act("2026-04-02T10:00")).state
    accepted = act("2026-04-09T17:01", "acceptance came after the early lane")

    state = clocks.breach(state, accepted).state
    full = clocks.recategorise(state, policy(*WK8), calendars["EW"], accepted).state

    assert state.status == "breached"
    assert seen(full) == ("running", "2026-05-28", "2026-05-28T23:00Z")


def stage_policy(rule: str) -> DeadlinePolicy:
    return replace(policy(*BD10, anchor_rule=rule), anchor="acknowledged")


def test_6c_without_acknowledgement_the_stage_is_projected_from_its_due_day(calendars):
    state = clocks.project(
        stage_policy("earliest"), date(2026, 3, 30), calendars["EW"], act("2026-03-23T09:00")
    ).state

    assert seen(state) == ("projected", "2026-04-15", "2026-04-15T23:00Z")


@pytest.mark.parametrize(
    ("rule", "acknowledged", "due", "bound"),
    [
        ("earliest", "2026-03-27T15:00", "2026-04-14", "2026-04-14T23:00Z"),
        ("earliest", "2026-04-02T15:00", "2026-04-15", "2026-04-15T23:00Z"),
        ("actual", "2026-04-02T15:00", "2026-04-20", "2026-04-20T23:00Z"),
    ],
)
def test_6d_acknowledging_late_buys_time_only_by_the_literal_rule(calendars, rule, acknowledged, due, bound):
    state = clocks.project(
        stage_policy(rule), date(2026, 3, 30), calendars["EW"], act("2026-03-23T09:00")
    ).state

    anchor = at(acknowledged, event="acknowledged")
    state = clocks.re_anchor(state, anchor, calendars["EW"], act(acknowledged)).state

    assert seen(state) == ("running", due, bound)


@pytest.fixture
def target(calendars) -> ClockState:
    rule = policy(*BD20, pausable=True)
    return clocks.start(rule, at("2026-06-01"), calendars["EW"], act("2026-06-01T09:00")).state


def paused(state: ClockState, calendar: Calendar, began: str, ended: str) -> ClockState:
    state = clocks.pause(state, calendar, act(began), category="waiting_for_complainant").state
    return clocks.resume(state, calendar, act(ended)).state


def test_7b_a_pause_moves_the_target_by_its_business_days(calendars, target):
    stopped = clocks.pause(target, calendars["EW"], act("2026-06-10T11:00"), category="waiting").state
    resumed = clocks.resume(stopped, calendars["EW"], act("2026-06-16T15:00")).state

    assert (stopped.status, stopped.due_on, stopped.bound_at, stopped.days_left) == ("paused", None, None, 13)
    assert seen(resumed) == ("running", "2026-07-03", "2026-07-03T23:00Z")


def test_7c_pauses_add_up(calendars, target):
    state = paused(target, calendars["EW"], "2026-06-10T11:00", "2026-06-16T15:00")
    state = paused(state, calendars["EW"], "2026-06-18T09:00", "2026-06-22T09:00")

    assert seen(state) == ("running", "2026-07-07", "2026-07-07T23:00Z")


def test_7d_overlapping_pauses_count_once(calendars, target):
    calendar = calendars["EW"]
    state = clocks.pause(target, calendar, act("2026-06-10T11:00"), category="complainant").state
    state = clocks.pause(state, calendar, act("2026-06-15T11:00"), category="expert").state
    state = clocks.resume(state, calendar, act("2026-06-16T15:00"), category="complainant").state
    assert state.status == "paused"
    state = clocks.resume(state, calendar, act("2026-06-17T15:00"), category="expert").state

    assert seen(state) == ("running", "2026-07-06", "2026-07-06T23:00Z")


def test_7e_a_pause_survives_recategorisation(calendars, target):
    state = paused(target, calendars["EW"], "2026-06-10T11:00", "2026-06-16T15:00")

    shorter = policy(*BD15, pausable=True)
    state = clocks.recategorise(state, shorter, calendars["EW"], act("2026-06-17T09:00")).state

    assert seen(state) == ("running", "2026-06-26", "2026-06-26T23:00Z")


@pytest.fixture
def stage_two(calendars) -> ClockState:
    rule = policy(*BD20, extension=Extension(20, "business_days", letter="extension"))
    return clocks.start(rule, at("2026-07-30"), calendars["EW"], act("2026-07-30T12:00")).state


def test_8b_an_extension_counts_from_the_previous_due_date(calendars, stage_two):
    sent = {"sent_at": london("2026-08-20T10:00"), "letter": "extension"}
    state = clocks.extend(stage_two, calendars["EW"], act("2026-08-20T10:00"), **sent).state

    assert seen(state) == ("running", "2026-09-25", "2026-09-25T23:00Z")
    with pytest.raises(ExtensionUsedUp):
        clocks.extend(state, calendars["EW"], act("2026-08-21T10:00"), **sent)


def test_8c_an_extension_asked_too_late_is_refused_and_the_breach_stands(calendars, stage_two):
    late = act("2026-08-28T09:00")
    state = clocks.breach(stage_two, late).state

    for each in (stage_two, state):
        with pytest.raises(ExtensionTooLate):
            clocks.extend(each, calendars["EW"], late, sent_at=late.at, letter="extension")
    assert seen(state) == ("breached", "2026-08-27", "2026-08-27T23:00Z")


def test_9a_a_letter_recorded_late_is_breached_on_entry_once(calendars):
    entry = clocks.start(policy(*BD5), at("2026-10-01"), calendars["EW"], act("2026-10-26T09:00"))

    assert seen(entry.state) == ("breached", "2026-10-08", "2026-10-08T23:00Z")
    assert [change.kind for change in entry.changes] == ["started", "breached"]
    (breach,) = entry.state.breaches
    assert (breach.due_on, breach.discovered_at) == (date(2026, 10, 8), london("2026-10-26T09:00"))
    assert clocks.breach(entry.state, act("2026-10-26T09:01")).changes == ()


@pytest.mark.parametrize(
    ("amount", "due", "bound", "kinds"),
    [
        (BD5, "2026-10-27", "2026-10-28T00:00Z", ["re_anchored", "breach_superseded"]),
        (WK8, "2026-12-15", "2026-12-16T00:00Z", ["re_anchored"]),
    ],
)
def test_9c_correcting_the_receipt_supersedes_the_breach(calendars, amount, due, bound, kinds):
    state = clocks.start(policy(*amount), at("2026-10-01"), calendars["EW"], act("2026-10-26T09:00")).state

    moved = clocks.re_anchor(
        state, at("2026-10-20"), calendars["EW"], act("2026-10-26T10:00", "date stamp misread")
    )

    assert seen(moved.state) == ("running", due, bound)
    assert [change.kind for change in moved.changes] == kinds
    assert [breach.superseded for breach in moved.state.breaches] == [True] * (len(kinds) - 1)


PAYMENT = policy(
    *BD15, extension=Extension(35, "business_days", counts_from="anchor", letter="holding-notice")
)


def test_10b_recategorisation_counts_from_the_original_receipt(calendars):
    state = clocks.start(policy(*WK8), at("2026-09-01"), calendars["EW"], act("2026-09-01T09:00")).state

    state = clocks.recategorise(state, PAYMENT, calendars["EW"], act("2026-09-17T09:00")).state
    sent = {"sent_at": london("2026-09-21T10:00"), "letter": "holding-notice"}
    extended = clocks.extend(state, calendars["EW"], act("2026-09-21T10:00"), **sent).state

    assert seen(state) == ("running", "2026-09-22", "2026-09-22T23:00Z")
    assert seen(extended) == ("running", "2026-10-20", "2026-10-20T23:00Z")


def test_10c_found_too_late_the_clock_is_breached_at_once_with_one_event(calendars):
    state = clocks.start(policy(*WK8), at("2026-09-01"), calendars["EW"], act("2026-09-01T09:00")).state
    found = act("2026-09-25T09:00")

    moved = clocks.recategorise(state, PAYMENT, calendars["EW"], found)

    assert seen(moved.state) == ("breached", "2026-09-22", "2026-09-22T23:00Z")
    assert [change.kind for change in moved.changes] == ["recategorised", "breached"]
    with pytest.raises(ExtensionTooLate):
        clocks.extend(moved.state, calendars["EW"], found, sent_at=found.at, letter="holding-notice")


@pytest.mark.parametrize(
    ("example", "amount", "second", "due", "bound"),
    [
        ("11a", (24, "hours"), None, "2026-10-04", "2026-10-04T05:00Z"),
        ("11b", (1, "business_days"), None, "2026-10-06", "2026-10-06T13:00Z"),
        (
            "earliest",
            (24, "hours"),
            Second("earliest", 1, "business_days"),
            "2026-10-04",
            "2026-10-04T05:00Z",
        ),
        ("latest", (24, "hours"), Second("latest", 1, "business_days"), "2026-10-06", "2026-10-06T13:00Z"),
    ],
)
def test_11ab_elapsed_hours_and_business_days_in_sydney(calendars, example, amount, second, due, bound):
    anchor = at("2026-10-03T15:00", zone=SYDNEY)

    counted = count(policy(*amount, second=second), anchor, calendars["NSW"])

    assert (counted.on.isoformat(), counted.bound_at) == (due, utc(bound))


def without(calendar: Calendar, *dropped: str) -> Calendar:
    holidays = {day: why for day, why in calendar.holidays.items() if day.isoformat() not in dropped}
    return replace(calendar, holidays=holidays)


def test_12_a_new_holiday_moves_only_the_clocks_it_touches(calendars):
    old = without(calendars["EW"], "2022-09-19")
    new = replace(calendars["EW"], version=2)
    published = act("2022-09-10T08:00", "state funeral")

    def begun(*amount: object) -> ClockState:
        return clocks.start(policy(*amount), at("2022-09-07T12:00"), old, act("2022-09-07T12:00")).state

    ten = begun(*BD10)
    moved = clocks.recalendar(ten, new, published)

    assert seen(ten) == ("running", "2022-09-21", "2022-09-21T23:00Z")
    assert seen(moved.state) == ("running", "2022-09-22", "2022-09-22T23:00Z")
    (change,) = moved.changes
    assert (change.kind, change.due_before, change.due) == (
        "calendar_changed",
        date(2022, 9, 21),
        date(2022, 9, 22),
    )
    for amount, due in ((BD5, "2022-09-14"), (WK8, "2022-11-02")):
        untouched = clocks.recalendar(begun(*amount), new, published)
        assert (untouched.state.due_on, untouched.changes) == (date.fromisoformat(due), ())


def test_12c_a_change_that_shortens_the_promise_waits_for_approval(calendars):
    base = without(calendars["EW"], "2020-05-04", "2020-05-08")
    old = replace(base, holidays={**base.holidays, date(2020, 5, 4): "Early May"})
    new = replace(base, holidays={**base.holidays, date(2020, 5, 8): "VE Day"}, version=2)
    begun = clocks.start(policy(3, "business_days"), at("2020-04-29"), old, act("2020-04-29T09:00")).state

    held = clocks.recalendar(begun, new, act("2020-04-30T09:00"))
    approved = clocks.approve_shortening(held.state, new, act("2020-04-30T10:00", "agreed")).state
    declined = clocks.decline_shortening(held.state, act("2020-04-30T10:00")).state

    assert seen(begun) == ("running", "2020-05-05", "2020-05-05T23:00Z")
    assert seen(held.state) == seen(begun)
    assert [change.kind for change in held.changes] == ["calendar_change_held"]
    assert held.state.held is not None
    assert held.state.held.due_on == date(2020, 5, 4)
    assert seen(approved) == ("running", "2020-05-04", "2020-05-04T23:00Z")
    assert (approved.calendar_version, approved.held) == (2, None)
    assert (declined.calendar_version, declined.held, seen(declined)) == (1, None, seen(begun))


def test_met_and_breached_clocks_are_left_alone_by_a_new_calendar(calendars):
    new = replace(calendars["EW"], version=2, holidays={})
    state = clocks.start(policy(*BD5), at(FRI), calendars["EW"], act(FRI)).state
    letter = Evidence("letter_posted", "L-1", london("2026-12-21T10:00"))
    met = clocks.meet(state, calendars["EW"], act("2026-12-21T10:00"), evidence=letter).state
    breached = clocks.breach(state, act("2026-12-30T00:00")).state

    for ended in (met, breached):
        assert clocks.recalendar(ended, new, act("2026-12-30T09:00")) == clocks.Moved(ended)
