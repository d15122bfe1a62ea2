"""Working days and opening hours, against slow day-by-day and minute-by-minute counting."""

from __future__ import annotations

import time as stopwatch
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.calendars import (
    Calendar,
    CalendarNeverOpens,
    CalendarNotFound,
    CalendarSet,
    Opening,
)
from engine.durations import SpanTooLong
from engine.zones import at_wall

LONDON = ZoneInfo("Europe/London")
NINE_TO_FIVE = (Opening(time(9), time(17)),)
OFFICE = (NINE_TO_FIVE,) * 5 + ((), ())
CHRISTMAS = {date(2026, 12, 25): "Christmas Day", date(2026, 12, 28): "Boxing Day"}
EW = Calendar("uk-england", 7, "England & Wales", LONDON, OFFICE, CHRISTMAS)

# Days


def test_the_start_is_day_zero():
    assert EW.add_working_days(date(2026, 12, 18), 5) == date(2026, 12, 29)
    assert EW.add_working_days(date(2026, 12, 29), -5) == date(2026, 12, 18)


@pytest.mark.parametrize(("day", "rolled"), [("2026-12-24", "2026-12-24"), ("2026-12-25", "2026-12-29")])
def test_adding_nothing_rolls_forward_to_a_working_day(day, rolled):
    assert EW.add_working_days(date.fromisoformat(day), 0) == date.fromisoformat(rolled)
    assert EW.next_working_day(date.fromisoformat(day)) == date.fromisoformat(rolled)


def test_closed_days_say_why():
    closed = Calendar("x", 1, "X", LONDON, OFFICE, CHRISTMAS, {date(2026, 12, 24): "Stock-taking"})

    assert closed.why_closed(date(2026, 12, 24)) == "Stock-taking"
    assert closed.why_closed(date(2026, 12, 25)) == "Christmas Day"
    assert closed.why_closed(date(2026, 12, 26)) is None
    assert closed.why_closed(date(2026, 12, 23)) is None


def test_a_special_day_beats_weekend_and_holiday():
    short = (Opening(time(10), time(12)),)
    calendar = Calendar(
        "x", 1, "X", LONDON, OFFICE, CHRISTMAS, special={date(2026, 12, 19): short, date(2026, 12, 25): short}
    )

    assert calendar.add_working_days(date(2026, 12, 18), 1) == date(2026, 12, 19)
    assert calendar.add_working_days(date(2026, 12, 24), 1) == date(2026, 12, 25)
    assert calendar.end_of_working_day(date(2026, 12, 19)).isoformat() == "2026-12-19T12:00:00+00:00"


def test_ten_thousand_working_days_are_the_most_and_take_no_time():
    began = stopwatch.perf_counter()
    for _ in range(100):
        EW.add_working_days(date(2026, 12, 18), 10_000)
    assert stopwatch.perf_counter() - began < 1

    for n in (10_001, -10_001):
        with pytest.raises(SpanTooLong):
            EW.add_working_days(date(2026, 12, 18), n)


def test_the_ends_of_time_are_refused():
    for day, n in ((date(1, 1, 3), -5), (date(9999, 12, 29), 5)):
        with pytest.raises(SpanTooLong):
            EW.add_working_days(day, n)
    sundays = Calendar("x", 1, "X", LONDON, ((),) * 6 + (NINE_TO_FIVE,))
    with pytest.raises(SpanTooLong):
        sundays.previous_working_day(date(1, 1, 2))


def test_a_calendar_that_never_opens_is_refused():
    with pytest.raises(CalendarNeverOpens):
        Calendar("x", 1, "X", LONDON, ((),) * 7)


# Moments


def wall(text: str, zone: ZoneInfo = LONDON) -> datetime:
    return at_wall(datetime.fromisoformat(text), zone)


@pytest.mark.parametrize(
    ("start", "days", "hours", "end"),
    [
        ("2026-12-18T15:00", 1, 0, "2026-12-21T15:00"),
        ("2026-12-18T15:00", 0, 3, "2026-12-21T10:00"),
        ("2026-12-18T15:00", 0, 2, "2026-12-18T17:00"),
        ("2026-12-24T16:00", 1, 2, "2026-12-30T10:00"),
        ("2026-12-19T12:00", 0, 0, "2026-12-21T09:00"),
        ("2026-12-19T12:00", 0, 1, "2026-12-21T10:00"),
        ("2026-12-18T20:00", 1, 0, "2026-12-21T20:00"),
        ("2026-12-21T10:00", 0, -2, "2026-12-18T16:00"),
        ("2026-12-21T10:00", 0, -1, "2026-12-21T09:00"),
        ("2026-12-21T10:00", -1, 0, "2026-12-18T10:00"),
        ("2026-12-18T15:00", 0, 80, "2027-01-05T15:00"),
    ],
)
def test_days_count_working_days_and_hours_use_up_opening_hours(start, days, hours, end):
    assert EW.add_working_time(wall(start), days, timedelta(hours=hours)) == wall(end)


def test_the_working_day_begins_and_ends_by_the_wall_clock():
    assert EW.start_of_working_day(date(2026, 6, 6)).isoformat() == "2026-06-08T09:00:00+01:00"
    assert EW.end_of_working_day(date(2026, 12, 25)).isoformat() == "2026-12-29T17:00:00+00:00"


def test_open_at_opening_and_closed_at_closing():
    assert EW.is_open(wall("2026-12-18T09:00"))
    assert not EW.is_open(wall("2026-12-18T17:00"))
    assert EW.next_opening(wall("2026-12-18T17:00")) == wall("2026-12-21T09:00")
    assert EW.next_opening(wall("2026-12-18T16:59")) == wall("2026-12-18T16:59")


def test_open_in_an_hour_that_occurs_twice():
    always = Calendar("always", 1, "Always", LONDON, ((Opening(time(0), time(0)),),) * 7)

    assert always.is_open(datetime(2026, 10, 25, 0, 15, tzinfo=UTC))
    assert always.is_open(datetime(2026, 10, 25, 1, 15, tzinfo=UTC))


def test_a_night_shift_is_an_hour_longer_when_clocks_go_back():
    night = (Opening(time(0), time(6)), Opening(time(22), time(0)))
    calendar = Calendar("night", 1, "Night", LONDON, (night,) * 7)

    usual = calendar.working_time_between(wall("2026-10-23T22:00"), wall("2026-10-24T06:00"))
    longer = calendar.working_time_between(wall("2026-10-24T22:00"), wall("2026-10-25T06:00"))
    shorter = calendar.working_time_between(wall("2026-03-28T22:00"), wall("2026-03-29T06:00"))

    assert [usual, longer, shorter] == [timedelta(hours=n) for n in (8, 9, 7)]


def test_ten_thousand_hours_are_the_most():
    with pytest.raises(SpanTooLong):
        EW.add_working_time(wall("2026-12-18T15:00"), 0, timedelta(hours=10_001))
    assert EW.add_working_time(wall("2026-12-18T15:00"), 0, timedelta(hours=10_000)).year == 2031


# The registry


def test_a_set_of_calendars_knows_default_newest_and_old_versions():
    old = Calendar("uk-england", 6, "England & Wales", LONDON, OFFICE)
    calendars = CalendarSet([EW, old], default="uk-england")

    assert calendars.get(None) is EW
    assert calendars.get("uk-england") is EW
    assert calendars.get_version("uk-england", 6) is old
    assert calendars.ids == ("uk-england",)
    for unknown in (lambda: calendars.get("mars"), lambda: calendars.get_version("uk-england", 8)):
        with pytest.raises(CalendarNotFound):
            unknown()
    with pytest.raises(CalendarNotFound):
        CalendarSet([EW], default="mars")


# Against slow counting

ZONES = st.sampled_from(["Europe/London", "Europe/Berlin", "America/New_York", "Australia/Sydney", "UTC"])
SHIFTS = st.sampled_from(
    [
        NINE_TO_FIVE,
        (Opening(time(8, 30), time(12)), Opening(time(13), time(17, 15))),
        (Opening(time(0), time(0)),),
        (Opening(time(0), time(3)), Opening(time(22), time(0))),
    ]
)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    week = tuple(draw(st.one_of(SHIFTS, st.just(()))) for _ in range(7))
    assume(any(week))
    near = st.dates(date(2025, 12, 1), date(2027, 1, 31))
    return Calendar(
        "random",
        1,
        "Random",
        ZoneInfo(draw(ZONES)),
        week,
        draw(st.dictionaries(near, st.just("holiday"), max_size=25)),
        draw(st.dictionaries(near, st.just("closure"), max_size=5)),
        draw(st.dictionaries(near, st.one_of(SHIFTS, st.just(())), max_size=5)),
    )


def works(calendar: Calendar, day: date) -> bool:
    """The oracle's own reading of the facts."""
    if day in calendar.special:
        return calendar.special[day] != ()
    return (
        calendar.hours[day.weekday()] != () and day not in calendar.holidays and day not in calendar.closures
    )


def slow_add(calendar: Calendar, day: date, n: int) -> date:
    step = timedelta(days=1 if n >= 0 else -1)
    if n == 0:
        while not works(calendar, day):
            day += step
    while n:
        day += step
        if works(calendar, day):
            n -= 1 if n > 0 else -1
    return day


FIRST = date(2025, 11, 1)
SEEDS = st.integers(0, 2**32)


def a_day(chance: Random) -> date:
    return FIRST + timedelta(days=chance.randrange(480))


@settings(max_examples=400, deadline=None)
@given(calendars(), SEEDS)
def test_adding_working_days_agrees_with_counting_day_by_day(calendar, seed):
    chance = Random(seed)
    for _ in range(10):
        day, n = a_day(chance), chance.randint(-150, 150)
        assert calendar.add_working_days(day, n) == slow_add(calendar, day, n)


@settings(max_examples=300, deadline=None)
@given(calendars(), SEEDS)
def test_working_days_between_agrees_with_counting_day_by_day(calendar, seed):
    chance = Random(seed)
    for _ in range(10):
        a, span = a_day(chance), chance.randint(-400, 400)
        b = a + timedelta(days=span)
        low, high, sign = (a, b, 1) if span >= 0 else (b, a, -1)
        counted = sum(works(calendar, low + timedelta(days=n)) for n in range(1, (high - low).days + 1))

        assert calendar.working_days_between(a, b) == sign * counted
        assert calendar.is_working_day(a) == works(calendar, a)


@settings(max_examples=100, deadline=None)
@given(calendars(), SEEDS)
def test_working_days_add_up_and_never_run_backwards(calendar, seed):
    chance = Random(seed)
    for _ in range(10):
        day, a, b = a_day(chance), chance.randint(1, 200), chance.randint(1, 200)
        there = calendar.add_working_days(day, a)

        assert calendar.add_working_days(there, b) == calendar.add_working_days(day, a + b)
        assert there < calendar.add_working_days(day, a + 1)
        assert calendar.working_days_between(day, there) == a
        assert calendar.add_working_days(calendar.add_working_days(there, b), -b) == there


def slow_open(calendar: Calendar, moment: datetime) -> bool:
    """Whether it is open, by the wall clock alone; right for whole minutes."""
    local = moment.astimezone(calendar.zone)
    openings = calendar.special.get(local.date())
    if openings is None:
        openings = calendar.hours[local.weekday()] if works(calendar, local.date()) else ()
    return any(o.opens <= local.time() and (o.closes == time() or local.time() < o.closes) for o in openings)


QUARTER = timedelta(minutes=15)


@settings(max_examples=100, deadline=None)
@given(calendars(), SEEDS)
def test_working_time_agrees_with_counting_quarters_of_an_hour(calendar, seed):
    chance = Random(seed)
    for _ in range(10):
        begun = datetime.combine(a_day(chance), time(), UTC) + chance.randrange(96) * QUARTER
        left = quarters = chance.randint(1, 200)
        moment = begun
        while left:
            left -= slow_open(calendar, moment)
            moment += QUARTER

        assert calendar.add_working_time(begun, 0, quarters * QUARTER).astimezone(UTC) == moment
        assert calendar.working_time_between(begun, moment) == quarters * QUARTER
        assert calendar.is_open(begun) == slow_open(calendar, begun)


@settings(max_examples=100, deadline=None)
@given(calendars(), SEEDS)
def test_working_time_goes_back_the_way_it_came(calendar, seed):
    chance = Random(seed)
    for _ in range(10):
        begun = datetime.combine(a_day(chance), time(), UTC) + chance.randrange(96) * QUARTER
        span = chance.randint(1, 200) * QUARTER
        there = calendar.add_working_time(begun, 0, span)
        back = calendar.add_working_time(there, 0, -span)

        assert calendar.next_opening(back).astimezone(UTC) == calendar.next_opening(begun).astimezone(UTC)
        assert calendar.working_time_between(there, begun) == -span
