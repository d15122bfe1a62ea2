"""Cron texts against brute force, and on the days on which clocks change."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cron import CronNeverFires, CronUnreadable, read_cron
from engine.zones import at_wall

UTC_ZONE = ZoneInfo("UTC")
DAY = timedelta(days=1)


def dates(text: str, start: str, count: int) -> list[str]:
    """The first dates on which a cron text fires after the start of a day, in UTC."""
    cron, moment, found = read_cron(text), datetime.fromisoformat(start).replace(tzinfo=UTC), []
    for _ in range(count):
        moment = cron.next_after(moment, UTC_ZONE)
        found.append(moment.isoformat(timespec="minutes")[5:10])
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 0 9 L * *", ["01-31", "02-28", "03-31"]),
        ("0 0 9 L-2 * ?", ["01-29", "02-26", "03-29"]),
        ("0 0 9 LW * *", ["01-30", "02-27", "03-31"]),
        ("0 0 9 1W * *", ["01-01", "02-02", "03-02"]),  # 1 February and 1 March 2026 are Sundays
        ("0 0 9 31W * *", ["01-30", "03-31", "05-29"]),
        ("0 0 9 15W * *", ["01-15", "02-16", "03-16"]),
        ("0 0 9 ? * FRIL", ["01-30", "02-27", "03-27"]),
        ("0 0 9 ? * 5L", ["01-30", "02-27", "03-27"]),
        ("0 0 9 * * MON#1", ["01-05", "02-02", "03-02"]),
        ("0 0 9 * * 5#5", ["01-30", "05-29", "07-31"]),
        ("0 0 9 * * SUN", ["01-04", "01-11", "01-18"]),
        ("0 0 9 * * 7", ["01-04", "01-11", "01-18"]),
        ("0 0 9 * * 0", ["01-04", "01-11", "01-18"]),
        ("0 0 9 * * SAT,SUN", ["01-03", "01-04", "01-10"]),
        ("0 0 9 * * 6-7", ["01-03", "01-04", "01-10"]),
        ("0 0 9 13 * FRI", ["02-13", "03-13", "11-13"]),  # both must match
        ("0 0 9 29 2 *", ["02-29", "02-29", "02-29"]),
        ("0 0 9 1,15 jan-mar ?", ["01-01", "01-15", "02-01"]),
        ("0 0 9 */10 * *", ["01-01", "01-11", "01-21"]),
        ("0 0 9 20/5 * *", ["01-20", "01-25", "01-30"]),
        ("@yearly", ["01-01", "01-01", "01-01"]),
        ("@monthly", ["02-01", "03-01", "04-01"]),
        ("@weekly", ["01-04", "01-11", "01-18"]),
        ("@DAILY", ["01-02", "01-03", "01-04"]),
    ],
)
def test_days_months_and_weekdays(text, expected):
    assert dates(text, "2026-01-01", 3) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "* * * *", "* * * * *", "* * * * * * *", "60 * * * * *", "* 60 * * * *", "* * 24 * * *"),
        *(
            "* * * 0 * *",
            "* * * 32 * *",
            "* * * * 13 *",
            "* * * * 0 *",
            "* * * * * 8",
            "* * * * * L",
            "@often",
        ),
        *(
            "*/0 * * * * *",
            "5-1 * * * * *",
            "a * * * * *",
            "* * * * FOO *",
            "* * * * * FOO",
            "1-2-3 * * * * *",
        ),
        *("* * * L3 * *", "* * * W * *", "* * * 32W * *", "* * * * * MON#6", "*-5 * * * * *", ", * * * * *"),
        *("? * * * * *", "-1 * * * * *", "1.5 * * * * *", "* * * * * MON#0"),
    ],
)
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(CronUnreadable):
        read_cron(text)


@pytest.mark.parametrize("text", ["0 0 0 30 2 *", "0 0 0 31 4,6,9,11 *", "0 0 0 8 * MON#1"])
def test_what_never_fires_is_refused(text):
    with pytest.raises(CronNeverFires):
        read_cron(text)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("* * * * * *", timedelta(seconds=1)),
        ("0 */5 * * * *", timedelta(minutes=5)),
        ("0 0 9 * * *", DAY),
        ("30,50 0 0 * * *", timedelta(seconds=20)),
        ("0 59 23,0 * * *", timedelta(hours=1)),
    ],
)
def test_the_shortest_wait_between_two_firings(text, wait):
    assert read_cron(text).shortest_wait() == wait


@pytest.mark.parametrize(
    ("zone", "text", "start", "expected"),
    [
        ("Europe/Berlin", "0 30 2 * * *", "2026-03-28T00:00", ["28T01:30", "29T01:30", "30T00:30"]),
        ("Europe/Berlin", "0 30 2 * * *", "2026-10-24T00:00", ["24T00:30", "25T00:30", "26T01:30"]),
        ("America/New_York", "0 30 1 * * *", "2026-10-31T00:00", ["31T05:30", "01T05:30", "02T06:30"]),
        ("Australia/Sydney", "0 0 2 * * *", "2026-10-02T00:00", ["02T16:00", "03T16:00", "04T15:00"]),
        # 02:30 moves to 03:30, where the hourly firing already is: once
        ("Europe/Berlin", "0 30 1-4 * * *", "2026-03-29T00:00", ["29T00:30", "29T01:30", "29T02:30"]),
        # a gap over midnight: Saturday 23:30 does not exist and fires on Sunday 00:30
        ("America/Nuuk", "0 30 23 * * SAT", "2026-03-27T00:00", ["29T01:30", "05T00:30", "12T00:30"]),
        # Samoa left out 30 December 2011
        ("Pacific/Apia", "0 0 12 30,31 12 *", "2011-12-29T00:00", ["30T22:00", "29T22:00", "30T22:00"]),
    ],
)
def test_when_clocks_change(zone, text, start, expected):
    cron, moment, found = read_cron(text), datetime.fromisoformat(start).replace(tzinfo=UTC), []
    for _ in range(3):
        moment = cron.next_after(moment, ZoneInfo(zone))
        found.append(moment.isoformat(timespec="minutes")[8:16])

    assert found == expected


ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Sydney", "Australia/Lord_Howe")
NEAR_CHANGES = (date(2026, 3, 28), date(2026, 10, 24), date(2026, 3, 7), date(2026, 10, 31), date(2026, 4, 4))


def a_field(chance: Random, low: int, high: int) -> tuple[str, set[int]]:
    """A cron field with the numbers it means, read by hand."""
    kind = chance.randrange(5)
    if kind == 0:
        return "*", set(range(low, high + 1))
    if kind == 1:
        step = chance.randint(1, 12)
        return f"*/{step}", set(range(low, high + 1, step))
    if kind == 2:
        a, b = sorted((chance.randint(low, high), chance.randint(low, high)))
        return f"{a}-{b}", set(range(a, b + 1))
    if kind == 3:
        start, step = chance.randint(low, high), chance.randint(1, 9)
        return f"{start}/{step}", set(range(start, high + 1, step))
    numbers = {chance.randint(low, high) for _ in range(chance.randint(1, 3))}
    return ",".join(map(str, sorted(numbers))), numbers


def brute_force(fields: list[set[int]], start: datetime, zone: ZoneInfo, days: int) -> datetime | None:
    """The first firing after ``start``: every wall minute of every day is tried."""
    _, minutes, hours, days_of_month, months, weekdays = fields
    found = []
    for n in range(-2, days):
        day = start.astimezone(zone).date() + n * DAY
        if day.day in days_of_month and day.month in months and day.isoweekday() % 7 in weekdays:
            found += [
                at_wall(datetime.combine(day, time(hour, minute, second)), zone)
                for hour in range(24)
                for minute in range(60)
                for second in sorted(fields[0])
                if hour in hours and minute in minutes
            ]
    return min((moment for moment in found if moment > start), default=None)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(ZONES), st.sampled_from(NEAR_CHANGES))
def test_cron_agrees_with_brute_force(seed, zone_name, near):
    chance, zone = Random(seed), ZoneInfo(zone_name)
    second = chance.randrange(60)
    parts = [(str(second), {second}), *(a_field(chance, *ends) for ends in ((0, 59), (0, 23)))]
    parts += [("*", set(range(1, 32))), ("*", set(range(1, 13))), a_field(chance, 0, 6)]
    cron = read_cron(" ".join(text for text, _ in parts))
    fields = [numbers for _, numbers in parts]
    for _ in range(3):
        start = datetime.combine(near, time(), UTC) + timedelta(
            minutes=chance.randrange(3000), microseconds=7
        )
        assert cron.next_after(start, zone) == brute_force(fields, start, zone, days=10)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_dates_agree_with_brute_force(seed):
    chance = Random(seed)
    parts = [a_field(chance, *ends) for ends in ((1, 31), (1, 12), (0, 6))]
    days, months, weekdays = (numbers for _, numbers in parts)
    text = "0 0 0 " + " ".join(part for part, _ in parts)
    if all(days.isdisjoint(range(1, monthrange(2000, month)[1] + 1)) for month in months):
        with pytest.raises(CronNeverFires):
            read_cron(text)
        return
    start = date(chance.randint(2000, 2050), chance.randint(1, 12), 1)
    day = start + DAY
    while not (day.day in days and day.month in months and day.isoweekday() % 7 in weekdays):
        day += DAY

    assert read_cron(text).next_after(datetime.combine(start, time(), UTC), UTC_ZONE).date() == day


@pytest.mark.parametrize("year", [2024, 2026, 2027])
def test_nearest_weekday_never_leaves_the_month(year):
    for month in range(1, 13):
        length = monthrange(year, month)[1]
        for day in range(1, length + 1):
            start = datetime(year, month, 1, tzinfo=UTC) - timedelta(seconds=1)
            found = read_cron(f"0 0 0 {day}W {month} *").next_after(start, UTC_ZONE).date()
            weekdays = [
                date(year, month, d) for d in range(1, length + 1) if date(year, month, d).weekday() < 5
            ]
            wanted = date(year, month, day)
            assert found == min(weekdays, key=lambda each: (abs(each - wanted), each > wanted))
