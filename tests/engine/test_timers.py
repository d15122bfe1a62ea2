"""Timer texts: what is read and refused, when they are due, and what happens after a downtime."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.durations import Duration, SpanTooLong
from engine.timers import (
    Armed,
    TimerCycleUnreadable,
    TimerDateUnreadable,
    TimerDurationUnreadable,
    TimerNeverRepeats,
    TimerRule,
    TimerTooFast,
    TimerUnreadable,
    read_timer,
)
from engine.zones import ZoneUnknown, at_wall

BERLIN = "Europe/Berlin"
NOW = datetime(2026, 11, 23, 16, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "due"),
    [
        ("2026-12-01T09:00:00Z", "2026-12-01T09:00"),
        ("2026-12-01T09:00", "2026-12-01T08:00"),
        (" 2026-12-01T09:00:00.5 ", "2026-12-01T08:00:00.500000"),
        ("2026-12-01T09:00:00+05:30", "2026-12-01T03:30"),
        ("2026-12-01T09:00:00[Europe/London]", "2026-12-01T09:00"),
        ("2026-12-01T09:00:00@Australia/Sydney", "2026-11-30T22:00"),
        ("2026-12-01T09:00:00+01:00[Europe/Berlin]", "2026-12-01T08:00"),
        ("2026-03-29T02:30:00", "2026-03-29T01:30"),  # a gap: 03:30 summer time
        ("2026-10-25T02:30:00", "2026-10-25T00:30"),  # twice: the first
        (datetime(2026, 12, 1, 9), "2026-12-01T08:00"),  # noqa: DTZ001
        (datetime(2026, 12, 1, 9, tzinfo=UTC), "2026-12-01T09:00"),
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00"),  # the past is due at once
    ],
)
def test_a_date_is_due_at_its_moment(value, due):
    armed = read_timer("date", value, zone=BERLIN).first_due(NOW)

    assert armed.due_at == utc(due)
    assert armed.next_due(NOW + timedelta(days=400)) is None


@pytest.mark.parametrize(
    ("value", "due"),
    [
        ("P1D", "2026-11-24T16:00"),
        ("PT90M", "2026-11-23T17:30"),
        ("P4M", "2027-03-23T16:00"),
        ("P5M", "2027-04-23T15:00"),  # 17:00 in Berlin, summer time by then
        ("-P1D", "2026-11-23T16:00"),
        ("PT0S", "2026-11-23T16:00"),
        (timedelta(days=2, hours=1), "2026-11-25T17:00"),
        (-timedelta(days=2), "2026-11-23T16:00"),
        (Duration(months=1), "2026-12-23T16:00"),
    ],
)
def test_a_duration_is_due_once_and_never_before_it_is_armed(value, due):
    armed = read_timer("duration", value, zone=BERLIN).first_due(NOW)

    assert armed.due_at == utc(due)
    assert armed.next_due(NOW + timedelta(days=400)) is None


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("date", "2026-12-01", TimerDateUnreadable),
        ("date", "2026-12-01 09:00", TimerDateUnreadable),
        ("date", "2026-02-30T09:00:00Z", TimerDateUnreadable),
        ("date", "2026-12-01T25:00:00Z", TimerDateUnreadable),
        ("date", "2026-12-01T09:00:00[Mars/Base]", TimerDateUnreadable),
        ("date", "0001-01-01T00:00:00+10:00", TimerDateUnreadable),
        ("date", "tomorrow", TimerDateUnreadable),
        ("date", date(2026, 12, 1), TimerUnreadable),
        ("date", None, TimerUnreadable),
        ("date", timedelta(days=1), TimerUnreadable),
        ("duration", "5 days", TimerDurationUnreadable),
        ("duration", "R/PT1H", TimerDurationUnreadable),
        ("duration", datetime(2026, 12, 1, tzinfo=UTC), TimerUnreadable),
        ("cycle", timedelta(hours=1), TimerUnreadable),
        ("cycle", "PT1H", TimerCycleUnreadable),
        ("cycle", "R/", TimerCycleUnreadable),
        ("cycle", "R/2026-12-01/P1D", TimerCycleUnreadable),
        ("cycle", "R-1/PT1H", TimerCycleUnreadable),
        ("cycle", "0 9 * * *", TimerCycleUnreadable),
        ("cycle", "R0/PT1H", TimerNeverRepeats),
        ("cycle", "0 0 0 30 2 *", TimerNeverRepeats),
        ("cycle", "R/PT0S", TimerTooFast),
        ("cycle", "R/-PT1H", TimerTooFast),
        ("cycle", "R/PT0.9S", TimerTooFast),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(kind, value, error):
    with pytest.raises(error) as refused:
        read_timer(kind, value, zone=BERLIN)
    assert type(refused.value) is error


def test_an_unknown_zone_is_refused():
    with pytest.raises(ZoneUnknown):
        read_timer("duration", "P1D", zone="Mars/Base")


def test_the_shortest_interval_is_a_setting():
    for text in ("R/PT59S", "*/30 * * * * *", "R/PT30.5S"):
        assert read_timer("cycle", text, zone="UTC")
        with pytest.raises(TimerTooFast):
            read_timer("cycle", text, zone="UTC", shortest=timedelta(minutes=1))
    for text in ("R/PT1M", "0 * * * * *", "R/P1D", "R/P1M"):
        assert read_timer("cycle", text, zone="UTC", shortest=timedelta(minutes=1))


def firings(text: str, *, zone: str = "UTC", armed_at: datetime = NOW, most: int = 5) -> list[str]:
    """The moments of a cycle that is always fired on time."""
    armed: Armed | None = read_timer("cycle", text, zone=zone).first_due(armed_at)
    found = []
    while armed is not None and len(found) < most:
        found.append(armed.due_at.isoformat(timespec="minutes")[5:16])
        armed = armed.next_due(armed.due_at + timedelta(seconds=1))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("R3/PT1H", ["11-23T17:00", "11-23T18:00", "11-23T19:00"]),
        ("R2/2026-12-01T08:00:00Z/P1D", ["12-01T08:00", "12-02T08:00"]),
        ("R2/2026-11-20T08:00:00Z/P1D", ["11-24T08:00", "11-25T08:00"]),  # begun before it was armed
        ("R1/2026-11-23T16:00:00Z/P1D", ["11-23T16:00"]),
        ("R1/2026-12-01T08:00[Europe/Berlin]/P1D", ["12-01T07:00"]),
        (
            "R/2026-01-31T08:00:00Z/P1M",
            ["11-30T08:00", "12-31T08:00", "01-31T08:00", "02-28T08:00", "03-31T08:00"],
        ),
        ("0 0 9 * * MON-FRI", ["11-24T09:00", "11-25T09:00", "11-26T09:00", "11-27T09:00", "11-30T09:00"]),
    ],
)
def test_a_cycle_fires_as_often_as_it_says(text, expected):
    assert firings(text) == expected


@pytest.mark.parametrize(
    ("zone", "start", "expected"),
    [
        (BERLIN, "2026-03-28T02:30", ["28T02:30", "29T03:30", "30T02:30"]),
        (BERLIN, "2026-10-24T02:30", ["24T02:30", "25T02:30", "26T02:30"]),
        ("America/New_York", "2026-03-07T02:30", ["07T02:30", "08T03:30", "09T02:30"]),
        ("Australia/Sydney", "2026-10-03T02:30", ["03T02:30", "04T03:30", "05T02:30"]),
    ],
)
def test_a_daily_cycle_keeps_its_wall_time_when_clocks_change(zone, start, expected):
    armed = read_timer("cycle", f"R/{start}/P1D", zone=zone).first_due(utc(start) - timedelta(days=1))
    found = []
    for _ in range(3):
        found.append(armed.due_at.astimezone(ZoneInfo(zone)).isoformat()[8:16])
        armed = armed.next_due(armed.due_at)

    assert found == expected


# After a downtime


def test_an_endless_cycle_fires_once_for_all_it_missed_and_resumes_its_schedule():
    armed = read_timer("cycle", "R/PT1H", zone="UTC").first_due(NOW)

    late = armed.next_due(NOW + timedelta(days=10, minutes=20))

    assert armed.due_at == NOW + timedelta(hours=1)
    assert late.due_at == NOW + timedelta(days=10, hours=1)
    assert (late.remaining, late.number) == (None, 2)


def test_a_counted_cycle_keeps_its_remaining_count():
    armed = read_timer("cycle", "R3/PT1H", zone="UTC").first_due(NOW)

    second = armed.next_due(NOW + timedelta(days=10, minutes=20))
    third = second.next_due(second.due_at)

    assert (second.due_at, second.remaining) == (NOW + timedelta(days=10, hours=1), 2)
    assert (third.due_at, third.remaining) == (NOW + timedelta(days=10, hours=2), 1)
    assert third.next_due(third.due_at) is None


def test_a_cron_fires_once_for_all_it_missed():
    armed = read_timer("cycle", "@daily", zone="UTC").first_due(NOW)

    assert armed.next_due(utc("2026-12-03T12:00")).due_at == utc("2026-12-04T00:00")


def test_a_clock_that_stepped_back_fires_nothing_twice():
    armed = read_timer("cycle", "@daily", zone="UTC").first_due(NOW)

    assert armed.next_due(NOW).due_at == armed.due_at + timedelta(days=1)


def test_the_years_running_out_is_an_error_and_not_a_silence():
    with pytest.raises(SpanTooLong):
        read_timer("duration", "P9000Y", zone="UTC").first_due(NOW)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", "2026-12-01T09:00"),
        ("duration", timedelta(hours=30)),
        ("cycle", "R3/PT1H"),
        ("cycle", "@daily"),
    ],
)
def test_an_armed_timer_survives_storage(kind, value):
    armed = read_timer(kind, value, zone=BERLIN).first_due(NOW)

    stored = json.loads(json.dumps(armed.to_json()))

    assert Armed.from_json(stored) == armed
    assert TimerRule.from_json(stored) == armed.rule
    assert Armed.from_json(stored).next_due(NOW) == armed.next_due(NOW)


# Against slow counting

ZONES = st.sampled_from([BERLIN, "America/New_York", "Australia/Sydney", "UTC"])
STARTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31))  # noqa: DTZ001


@settings(max_examples=400, deadline=None)
@given(ZONES, STARTS, st.integers(0, 3), st.integers(0, 40), st.integers(0, 30), st.integers(0, 1200))
def test_intervals_agree_with_counting_one_by_one(zone_name, start, months, days, hours, later):
    zone = ZoneInfo(zone_name)
    interval = Duration(months=months, days=days, time=timedelta(hours=hours))
    start = start.replace(microsecond=0)
    moment = at_wall(start, zone) + timedelta(days=later, seconds=1)
    if interval.is_zero:
        return

    def occurrence(k: int) -> datetime:
        day = start + relativedelta(months=k * months) + timedelta(days=k * days)
        return at_wall(day, zone) + timedelta(hours=k * hours)

    k = 0
    while occurrence(k) < moment:
        k += 1
    armed = read_timer("cycle", f"R/{start.isoformat()}/{interval}", zone=zone_name).first_due(moment)

    assert armed.due_at == occurrence(k)
    assert armed.next_due(armed.due_at).due_at == occurrence(k + 1)


@settings(max_examples=200, deadline=None)
@given(ZONES, st.dates(date(2025, 1, 1), date(2027, 12, 1)), st.times())
def test_a_daily_cron_fires_once_on_every_day(zone_name, day, at):
    zone, at = ZoneInfo(zone_name), at.replace(microsecond=0, tzinfo=None)
    rule = read_timer("cycle", f"{at.second} {at.minute} {at.hour} * * *", zone=zone_name)
    armed = rule.first_due(at_wall(datetime.combine(day, time()), zone) - timedelta(seconds=1))
    expected = [at_wall(datetime.combine(day + timedelta(days=n), at), zone) for n in range(370)]
    found = []
    for _ in expected:
        found.append(armed.due_at)
        armed = armed.next_due(armed.due_at + timedelta(minutes=5))

    assert found == expected
