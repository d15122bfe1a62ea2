"""Dates, times and durations: text, calendar, arithmetic, zones."""

from __future__ import annotations

import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from engine.feel import temporal
from engine.feel.temporal import (
    MISSING,
    Date,
    DaysDuration,
    MonthsDuration,
    Offset,
    Region,
    Time,
    parse_date,
    parse_date_time,
    parse_duration,
    parse_literal,
    parse_time,
)

ZONES = st.sampled_from(
    [None, Offset(0), Offset(-19_800), Offset(20_730), Region("Europe/Berlin"), Region("UTC")]
)
DATES = st.builds(
    lambda days: temporal.date_of_days(days),
    st.integers(temporal.days_of(Date(-999_999_999, 1, 1)), temporal.days_of(Date(999_999_999, 12, 31))),
)
TIMES = st.builds(
    Time, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999_999_999), ZONES
)
DATE_TIMES = st.builds(temporal.DateTime, DATES, TIMES)
DAYS = st.builds(DaysDuration, st.integers(-(10**27), 10**27))
MONTHS = st.builds(MonthsDuration, st.integers(-(10**12), 10**12))


@given(st.one_of(DATES, TIMES, DATE_TIMES, DAYS, MONTHS))
def test_every_value_reads_back_from_its_own_text(value):
    assert parse_literal(str(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "2012-12-25T",
        "2012/12/25",
        "2017-13-10",
        "2017-02-29",
        "998-12-31",
        "01211-12-31",
        "+2012-12-02",
        "",
        "2012-1-1",
        "9999999999-12-25",
        "2017-12-31Z",
        "2017-12-00",
    ],
)
def test_a_date_is_written_exactly_so_or_not_at_all(text):
    assert parse_date(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "10:15",
        "24:00:01",
        "10:60:00",
        "10:00:60",
        "T10:00:00",
        "10:00:00@Mars/Olympus",
        "10:00:00+19:00",
        "10:00:00.",
        "10:00:00+02:00@Europe/Berlin",
        "10:00:00Europe/Berlin",
        "10:00:00@../etc/passwd",
        "1:00:00",
    ],
)
def test_a_time_is_written_exactly_so_or_not_at_all(text):
    assert parse_time(text) is None


@pytest.mark.parametrize(
    "text", ["P", "PT", "P1DT", "P1Y1D", "P1W", "+P1D", "1D", "P1.5D", "PT.5S", "P-1D", "p1d"]
)
def test_a_duration_is_written_exactly_so_or_not_at_all(text):
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("PT26H", "P1DT2H"),
        ("P0D", "PT0S"),
        ("P0Y", "P0M"),
        ("P14M", "P1Y2M"),
        ("-PT90.50S", "-PT1M30.5S"),
        ("2021-01-01T24:00:00", "2021-01-02T00:00:00"),
        ("10:00:00+00:00", "10:00:00Z"),
        ("24:00:00", "00:00:00"),
        ("2018-12-10T10:00:00.120000000", "2018-12-10T10:00:00.12"),
        ("-0044-03-15", "-0044-03-15"),
        ("2024-07-01T12:00:00+02:00[Europe/Berlin]", "2024-07-01T12:00:00@Europe/Berlin"),
        ("2024-07-01T12:00:00+00:00[Europe/Berlin]", "2024-07-01T14:00:00@Europe/Berlin"),
    ],
)
def test_text_is_canonical(text, canonical):
    assert str(parse_literal(text)) == canonical


def test_a_date_alone_is_its_midnight_for_date_and_time():
    assert str(parse_date_time("2018-12-10")) == "2018-12-10T00:00:00"


@pytest.mark.parametrize(
    ("a", "b", "total"),
    [
        ("2021-01-31", "P1M", "2021-02-28"),
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2021-01-02", "-PT1H", "2021-01-01"),
        ("2021-01-01", "PT36H", "2021-01-02"),
        ("23:30:00@Europe/Berlin", "PT1H", "00:30:00@Europe/Berlin"),
        ("2021-03-27T12:00:00@Europe/Berlin", "PT24H", "2021-03-28T13:00:00@Europe/Berlin"),
        ("2021-03-27T12:00:00@Europe/Berlin", "P1M", "2021-04-27T12:00:00@Europe/Berlin"),
        ("2021-03-27T12:00:00+01:00", "PT24H", "2021-03-28T12:00:00+01:00"),
        ("2021-10-31T02:30:00@Europe/Berlin", "PT1H", "2021-10-31T02:30:00+01:00[Europe/Berlin]"),
        ("-0001-12-31", "P1D", "0000-01-01"),
        ("P1D", "PT1H", "P1DT1H"),
        ("P1Y", "-P1M", "P11M"),
        ("29999-06-30T23:30:00@Europe/Berlin", "PT1H", "29999-07-01T00:30:00@Europe/Berlin"),
    ],
)
def test_adding_works_in_either_order(a, b, total):
    assert str(temporal.add(parse_literal(a), parse_literal(b))) == total
    assert str(temporal.add(parse_literal(b), parse_literal(a))) == total


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("P1D", "P1Y"),
        ("10:00:00", "P1Y"),
        ("2021-01-01", "2021-01-01"),
        ("999999999-12-31", "P1D"),
        ("-999999999-01-01", "-P1D"),
        ("999999999-12-31T23:59:59", "PT1S"),
        ("999999999-12-31T00:00:00", "P1M"),
    ],
)
def test_what_cannot_be_added_is_null(a, b):
    assert temporal.add(parse_literal(a), parse_literal(b)) is None


@pytest.mark.parametrize(
    ("a", "b", "difference"),
    [
        ("2021-01-02", "2021-01-01", "P1D"),
        ("10:10:10+11:00", "11:10:10+11:00", "-PT1H"),
        ("2021-01-02T10:10:10@Europe/Paris", "2021-01-01T10:10:10@Asia/Dhaka", "P1DT5H"),
        ("2021-01-02", "2021-01-01T10:10:10+11:00", "P1DT49M50S"),
        ("2021-01-02T00:00:00Z", "2021-01-02", "PT0S"),
        ("2021-03-31", "P1M", "2021-02-28"),
        ("P1D", "PT2H", "PT22H"),
    ],
)
def test_subtracting(a, b, difference):
    assert str(temporal.subtract(parse_literal(a), parse_literal(b))) == difference


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("2021-01-02T10:00:00Z", "2021-01-01T10:00:00"),
        ("2021-01-02", "2021-01-01T10:00:00"),
        ("P1D", "2021-01-01"),
        ("10:00:00", "10:00:00Z"),
        ("P1D", "P1M"),
        ("2021-01-01", "10:00:00"),
    ],
)
def test_what_cannot_be_subtracted_is_null(a, b):
    assert temporal.subtract(parse_literal(a), parse_literal(b)) is None


def test_durations_scale_toward_zero():
    assert str(temporal.divide(parse_literal("P10Y11M"), Decimal("2.5"))) == "P4Y4M"
    assert str(temporal.divide(parse_literal("P10Y11M"), Decimal("-2.5"))) == "-P4Y4M"
    assert str(temporal.multiply(Decimal("2.5"), parse_literal("PT23H"))) == "P2DT9H30M"
    assert temporal.divide(parse_literal("P10D"), parse_literal("P5D")) == 2


@pytest.mark.parametrize("factor", ["999999999999", "1E+6000", "NaN", "Infinity"])
def test_a_length_beyond_measure_is_null(factor):
    assert temporal.multiply(parse_literal("P999999999Y"), Decimal(factor)) is None
    assert temporal.multiply(parse_literal("P999999999D"), Decimal(factor)) is None


def test_a_zero_divisor_is_null():
    assert temporal.divide(parse_literal("P1D"), Decimal(0)) is None
    assert temporal.divide(parse_literal("P1D"), parse_literal("PT0S")) is None
    assert temporal.divide(parse_literal("P1D"), parse_literal("P1M")) is None


def test_zoned_moments_are_equal_however_written_but_not_the_same():
    utc, offset, named = (parse_literal(f"2021-01-01T10:00:00{z}") for z in ("Z", "+00:00", "@Etc/UTC"))

    assert temporal.equal(utc, named) is True
    assert temporal.same(utc, offset)
    assert not temporal.same(utc, named)


def test_zoned_and_local_are_unequal_and_not_comparable():
    zoned, local = parse_literal("2021-01-01T10:00:00Z"), parse_literal("2021-01-01T10:00:00")

    assert temporal.equal(zoned, local) is False
    assert temporal.compare(zoned, local) is None


def test_values_of_different_kinds_are_neither_equal_nor_unequal():
    assert temporal.equal(parse_literal("2021-01-01"), parse_literal("2021-01-01T00:00:00")) is None
    assert temporal.equal(parse_literal("P1Y"), parse_literal("P365D")) is None


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("2018-12-10", "weekday", 1),
        ("-2021-01-02", "year", -2021),
        ("2018-12-10T10:30:01", "second", 1),
        ("P1DT2H", "hours", 2),
        ("-P14M", "months", -2),
        ("P1Y", "days", None),
        ("P1D", "years", None),
        ("10:30:00", "time offset", None),
        ("10:30:00", "timezone", None),
        ("10:30:00@Etc/UTC", "timezone", "Etc/UTC"),
        ("10:30:00+05:00", "time offset", DaysDuration(5 * 3600 * 10**9)),
        ("2021-07-01T10:00:00@Europe/Berlin", "time offset", DaysDuration(7200 * 10**9)),
        ("2018-12-10", "hour", MISSING),
        ("2018-12-10", "__class__", MISSING),
        ("P1D", "__dict__", MISSING),
    ],
)
def test_properties(text, name, value):
    assert temporal.property_of(parse_literal(text), name) == value


@given(st.dates(), st.integers(-4000, 4000))
def test_months_agree_with_dateutil(day, months):
    try:
        expected = day + relativedelta(months=months)
    except (OverflowError, ValueError):
        return
    total = temporal.add(temporal.from_python(day), MonthsDuration(months))
    assert temporal.to_python(total) == expected


@given(st.dates())
def test_the_calendar_agrees_with_python(day):
    value = temporal.from_python(day)

    assert temporal.weekday(value) == day.isoweekday()
    assert temporal.iso_week(value) == day.isocalendar().week
    assert temporal.day_of_year(value) == day.timetuple().tm_yday


@given(
    st.datetimes().map(lambda wall: wall.replace(year=1900 + wall.year % 200, day=min(wall.day, 28))),
    st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Asia/Kathmandu"]),
    st.timedeltas(datetime.timedelta(days=-400), datetime.timedelta(days=400)),
)
def test_physical_time_agrees_with_python(wall, zone, length):
    start = wall.replace(tzinfo=ZoneInfo(zone))
    expected = (start.astimezone(datetime.UTC) + length).astimezone(ZoneInfo(zone))

    total = temporal.add(temporal.from_python(start), temporal.from_python(length))

    assert temporal.to_python(total).astimezone(datetime.UTC) == expected.astimezone(datetime.UTC)
    assert temporal.to_python(total).replace(tzinfo=None, fold=0) == expected.replace(tzinfo=None, fold=0)
    assert parse_literal(str(total)) == total


@given(st.dates(), st.dates())
def test_months_between_is_the_longest_whole_step(start, end):
    length = temporal.months_between(temporal.from_python(start), temporal.from_python(end))

    delta = relativedelta(end, start)
    if delta.days == 0 or start.day <= 28:
        assert length.months == delta.years * 12 + delta.months


def test_python_cannot_hold_everything():
    for text in (
        "10000-01-01",
        "P1Y",
        "10:00:00@Europe/Berlin",
        "2021-01-01T00:00:00.000000001",
        "P999999999999D",
    ):
        assert temporal.to_python(parse_literal(text)) is None
