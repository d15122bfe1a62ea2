"""ISO durations: what is read, what is refused, and what adding one means where clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.durations import Duration, DurationUnreadable, SpanTooLong, add_months, read_duration
from engine.zones import ZoneUnknown, at_wall, read_zone

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("P3D", Duration(days=3)),
        ("P2W", Duration(days=14)),
        ("P1Y2M3W4DT5H6M7.5S", Duration(1, 2, 25, timedelta(hours=5, minutes=6, seconds=7.5))),
        ("PT36H", Duration(time=timedelta(hours=36))),
        ("-P1M", Duration(months=1, negative=True)),
        ("PT0S", Duration()),
        ("PT0.0000019S", Duration(time=timedelta(microseconds=1))),
    ],
)
def test_reads_iso_durations(text, duration):
    assert read_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        *("", "P", "PT", "P1", "1D", "P-1D", "P1DT", "p1d", " P1D", "P1D\n", "P1.5D", "PT1,5S", "P1H"),
        *("P1D1Y", "P1S", "PT1D", "+P1D", "P\u0661D", "P1DT1H1H", "PT9999999999H", "--P1D"),
    ],
)
def test_refuses_anything_else(text):
    with pytest.raises(DurationUnreadable):
        print(read_duration(text))


@pytest.mark.parametrize(
    ("start", "text", "end"),
    [
        ("2026-01-31T08:00", "P1M", "2026-02-28T08:00"),
        ("2024-01-31T08:00", "P1M", "2024-02-29T08:00"),
        ("2024-02-29T08:00", "P1Y", "2025-02-28T08:00"),
        ("2026-03-31T08:00", "-P1M", "2026-02-28T08:00"),
        ("2026-01-31T08:00", "P1M1D", "2026-03-01T08:00"),
        ("2026-03-28T02:30", "P1D", "2026-03-29T03:30"),  # a gap: forward by the gap
        ("2026-10-24T02:30", "P1D", "2026-10-25T02:30"),  # twice: the first
        ("2026-03-28T12:00", "P1D", "2026-03-29T12:00"),  # 23 hours
        ("2026-03-28T12:00", "PT24H", "2026-03-29T13:00"),
        ("2026-10-24T12:00", "PT24H", "2026-10-25T11:00"),
        ("2026-03-28T12:00", "P1DT1H", "2026-03-29T13:00"),
    ],
)
def test_the_date_part_follows_the_calendar_and_the_time_part_elapses(start, text, end):
    begun = at_wall(datetime.fromisoformat(start), BERLIN)

    assert read_duration(text).add_to(begun, BERLIN) == at_wall(datetime.fromisoformat(end), BERLIN)


def test_a_time_part_alone_keeps_the_second_of_two_equal_wall_times():
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 for the second time

    assert read_duration("PT0S").add_to(second, BERLIN) == second
    assert read_duration("PT1M").add_to(second, BERLIN) == second + timedelta(minutes=1)


def test_leaving_the_years_1_to_9999_is_refused():
    for text in ("P9999Y", "-P3000Y", "PT99999999H", "P999999999D"):
        with pytest.raises(SpanTooLong):
            read_duration(text).add_to(datetime(2026, 1, 1, tzinfo=UTC), BERLIN)


def test_a_moment_without_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        read_duration("PT1H").add_to(datetime(2026, 1, 1), BERLIN)  # noqa: DTZ001


@pytest.mark.parametrize("name", ["Mars/Base", "Europe", "", "../etc/passwd", "Europe/London\x00"])
def test_an_unknown_zone_is_named(name):
    with pytest.raises(ZoneUnknown):
        read_zone(name)


PARTS = st.integers(0, 400)


@settings(max_examples=300)
@given(
    st.builds(
        Duration,
        PARTS,
        PARTS,
        PARTS,
        st.timedeltas(timedelta(), timedelta(days=400)),
        st.booleans(),
    )
)
def test_the_text_of_a_duration_reads_back(duration):
    assert read_duration(str(duration)) == duration


@settings(max_examples=300)
@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)), st.integers(-2000, 2000))
def test_months_are_added_as_another_library_adds_them(day, months):
    assert add_months(day, months) == day + relativedelta(months=months)


def test_months_outside_the_calendar_overflow():
    for months in (-13, 12 * 9999):
        with pytest.raises(OverflowError):
            add_months(date(2, 1, 1), months)
