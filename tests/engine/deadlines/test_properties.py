"""What holds for every clock: bounds, order, pauses, against slow counting day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.calendars import Calendar, Opening
from engine.deadlines import clocks
from engine.deadlines.clocks import Act
from engine.deadlines.compute import Anchor, count
from engine.deadlines.policy import DeadlinePolicy
from engine.deadlines.state import ClockState, Evidence
from engine.deadlines.warn import warn_at
from engine.zones import at_wall, local_date

ZONES = ("Europe/London", "Europe/Berlin", "America/New_York", "Australia/Sydney")
SEEDS = st.integers(0, 2**32)
UNITS = ("business_days", "calendar_days", "weeks", "months")


def a_calendar(chance: Random) -> Calendar:
    holidays = {date(2026, 1, 1) + timedelta(days=chance.randrange(500)): "holiday" for _ in range(20)}
    office = (Opening(time(9), time(17)),)
    week = tuple(office if chance.random() < 0.75 else () for _ in range(6))
    return Calendar("c", 1, "C", ZoneInfo(chance.choice(ZONES)), (office, *week), holidays)


def a_policy(chance: Random, **fixed: object) -> DeadlinePolicy:
    drawn: dict[str, object] = {
        "amount": chance.randint(1, 40),
        "unit": chance.choice(UNITS),
        "day_zero": chance.choice(("exclude", "include")),
        "cutoff": chance.choice((None, "closing", "12:00")),
        "roll": chance.choice(("none", "next", "previous")),
        "end": chance.choice(("end_of_day", "close_of_business")),
    }
    return DeadlinePolicy("p", "r", "c", "received", version="1", **(drawn | fixed))  # type: ignore[arg-type]


def a_moment(chance: Random) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(300 * 24 * 60))


@settings(max_examples=1500, deadline=None)
@given(SEEDS)
def test_the_bound_is_local_midnight_or_closing_time(seed):
    chance = Random(seed)
    calendar, policy = a_calendar(chance), a_policy(chance)

    due = count(policy, Anchor("received", at=a_moment(chance)), calendar)

    wall = due.bound_at.astimezone(calendar.zone)
    closing = policy.end == "close_of_business" and calendar.is_working_day(due.on)
    assert wall.time() == (time(17) if closing else time(0))
    assert wall.date() == due.on + timedelta(days=0 if closing else 1)


@settings(max_examples=1000, deadline=None)
@given(SEEDS)
def test_due_is_never_before_the_anchor_and_more_never_earlier(seed):
    chance = Random(seed)
    calendar, policy = a_calendar(chance), a_policy(chance, roll=chance.choice(("none", "next")))
    anchor = Anchor("received", at=a_moment(chance))

    due, more = (
        count(policy, anchor, calendar),
        count(replace(policy, amount=policy.amount + 1), anchor, calendar),
    )
    later = Anchor("received", at=anchor.at + timedelta(hours=chance.randrange(200)))

    assert due.on >= anchor.day(calendar)
    assert more.bound_at >= due.bound_at
    assert count(policy, later, calendar).bound_at >= due.bound_at


def slow_due(
    policy: DeadlinePolicy, received: datetime, calendar: Calendar, stretches: list[tuple[date, date]]
) -> date:
    """Count business days one by one, leaving out those on which the clock stood still."""
    day, left = local_date(received, calendar.zone), policy.amount
    while left:
        day += timedelta(days=1)
        stands = any(began < day <= ended for began, ended in stretches)
        left -= calendar.is_working_day(day) and not stands
    return day


@settings(max_examples=1500, deadline=None)
@given(SEEDS)
def test_pauses_count_once_however_they_overlap(seed):
    chance = Random(seed)
    calendar = a_calendar(chance)
    policy = DeadlinePolicy(
        "p", "r", "c", "received", chance.randint(3, 30), "business_days", "1", pausable=True
    )
    received = a_moment(chance)
    state = clocks.start(policy, Anchor("received", at=received), calendar, Act(received, "ana")).state
    began: dict[str, datetime] = {}
    stretches: list[tuple[date, date]] = []
    moment = received
    for category in ("a", "b", "c", "a", "b", "c"):
        moment += timedelta(hours=chance.randrange(100))
        if category in began:
            state = clocks.resume(state, calendar, Act(moment, "ana"), category=category).state
            stretches.append((local_date(began[category], calendar.zone), local_date(moment, calendar.zone)))
            assert state.status == "paused" or state.bound_at > moment
        elif state.status == "paused" or moment < state.bound_at - timedelta(days=1):
            state = clocks.pause(state, calendar, Act(moment, "ana", "why"), category=category).state
            began[category] = moment

    if state.status == "running":
        assert state.due_on == slow_due(policy, received, calendar, stretches)
    assert ClockState.from_json(state.to_json()) == state


@settings(max_examples=500, deadline=None)
@given(SEEDS)
def test_met_exactly_when_evidence_is_before_the_bound(seed):
    chance = Random(seed)
    calendar, policy = a_calendar(chance), a_policy(chance)
    received = a_moment(chance)
    act = Act(received + timedelta(days=2000), "ana")
    state = clocks.start(policy, Anchor("received", at=received), calendar, Act(received, "ana")).state
    instant = timedelta(microseconds=1)

    statuses = [
        clocks.meet(state, calendar, act, evidence=Evidence("letter_posted", "L", at)).state.status
        for at in (state.bound_at - instant, state.bound_at, state.bound_at + instant)
    ]

    assert statuses == ["met", "met_late", "met_late"]


@settings(max_examples=500, deadline=None)
@given(SEEDS)
def test_warnings_come_in_order_between_anchor_and_bound_and_in_office_hours(seed):
    chance = Random(seed)
    calendar, policy = a_calendar(chance), a_policy(chance, cutoff=None)
    received = a_moment(chance)
    state = clocks.start(policy, Anchor("received", at=received), calendar, Act(received, "ana")).state
    if state.status != "running":  # rolled back before it was received
        return

    half, most, all_of_it = (warn_at(state, share, calendar) for share in (0.5, 0.8, 1.0))

    assert received <= half <= most <= all_of_it
    assert most < state.bound_at <= all_of_it
    assert calendar.is_open(all_of_it)
    for moment in (half, most):
        assert calendar.is_open(moment) or calendar.next_opening(moment) >= state.bound_at


@settings(max_examples=300, deadline=None)
@given(SEEDS)
def test_a_corrected_receipt_gives_what_the_right_one_would_have_given(seed):
    chance = Random(seed)
    calendar, policy = a_calendar(chance), a_policy(chance)
    wrong, right = a_moment(chance), a_moment(chance)
    now = Act(max(wrong, right) + timedelta(days=chance.randrange(60)), "ana", "misread")

    begun = clocks.start(policy, Anchor("received", at=wrong), calendar, now).state
    corrected = clocks.re_anchor(begun, Anchor("received", at=right), calendar, now).state
    at_once = clocks.start(policy, Anchor("received", at=right), calendar, now).state

    assert replace(corrected, breaches=()) == replace(at_once, breaches=())
    assert corrected.breach == at_once.breach


def test_days_without_business_are_never_day_one():
    london = ZoneInfo("Europe/London")
    calendar = Calendar("c", 1, "C", london, ((Opening(time(9), time(17)),),) * 5 + ((), ()))
    policy = DeadlinePolicy("p", "r", "c", "received", 1, "business_days", "1", day_zero="include")

    due = count(policy, Anchor("received", at=at_wall(datetime(2026, 6, 6, 12), london)), calendar)  # noqa: DTZ001

    assert due.on == date(2026, 6, 8)
