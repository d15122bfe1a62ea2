"""Calendar files: read, refused with findings, written, seeded; and the ones that are shipped."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest

from engine.calendar_files import (
    CalendarRefused,
    CountryUnknown,
    read_calendar,
    read_calendars,
    seed_holidays,
    write_calendar,
)
from engine.calendars import Opening

SHIPPED = Path(__file__).parents[2] / "processes" / "calendars"
GOOD = {
    "id": "head-office",
    "name": "Head office",
    "version": 3,
    "zone": "Europe/London",
    "knownUntil": "2027-12-31",
    "hours": {"monday": ["09:00-12:00", "13:00-17:00"], "friday": ["00:00-24:00"]},
    "holidays": {"2026-12-25": "Christmas Day"},
    "closures": {"2026-12-28": "Stock-taking"},
    "special": {"2026-12-19": ["10:00-14:00"], "2026-12-21": []},
}


def read(**changes: object) -> object:
    return read_calendar(json.dumps(GOOD | changes).encode(), name="head-office.json")


def test_reads_hours_days_off_and_special_days():
    calendar = read()

    assert (calendar.id, calendar.version, calendar.zone.key) == ("head-office", 3, "Europe/London")
    assert calendar.hours[0] == (Opening(time(9), time(12)), Opening(time(13), time(17)))
    assert calendar.hours[1] == ()
    assert calendar.is_working_day(date(2026, 12, 19))
    assert [calendar.is_working_day(date(2026, 12, n)) for n in (21, 25, 28)] == [False] * 3
    assert calendar.known_until == date(2027, 12, 31)


def test_what_is_written_reads_back():
    calendar = read()

    assert read_calendar(write_calendar(calendar, source="by hand")) == calendar
    assert read_calendar(write_calendar(replace(calendar, known_until=None))).known_until is None


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"id": "Head Office"}, "id"),
        ({"id": None}, "id"),
        ({"name": " "}, "name"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"version": 0}, "version"),
        ({"version": True}, "version"),
        ({"version": "1"}, "version"),
        ({"colour": "blue"}, "colour"),
        ({"knownUntil": "soon"}, "knownUntil"),
        ({"hours": {}}, "hours"),
        ({"hours": []}, "hours"),
        ({"hours": {"moonday": ["09:00-17:00"]}}, "hours"),
        ({"hours": {"monday": ["9:00-17:00"]}}, "hours"),
        ({"hours": {"monday": ["17:00-09:00"]}}, "hours"),
        ({"hours": {"monday": ["09:00-00:00"]}}, "hours"),
        ({"hours": {"monday": ["09:00-12:00", "11:00-17:00"]}}, "hours"),
        ({"hours": {"monday": ["09:00-24:00", "11:00-17:00"]}}, "hours"),
        ({"hours": {"monday": 9}}, "hours"),
        ({"holidays": {"2026-02-30": "Never"}}, "holidays"),
        ({"holidays": {"20261225": "Christmas"}}, "holidays"),
        ({"holidays": {"2026-12-25": ""}}, "holidays"),
        ({"holidays": ["2026-12-25"]}, "holidays"),
        ({"closures": {"x": "y"}}, "closures"),
        ({"special": {"2026-12-19": ["shut"]}}, "special"),
    ],
)
def test_a_bad_member_is_a_finding_that_names_it(change, member):
    with pytest.raises(CalendarRefused) as refused:
        read(**change)

    assert {finding.attribute for finding in refused.value.findings} == {member}
    assert {finding.file for finding in refused.value.findings} == {"head-office.json"}


def test_all_findings_come_at_once():
    with pytest.raises(CalendarRefused) as refused:
        read(zone="Mars/Base", version=0, holidays={"x": "y"})

    assert [finding.attribute for finding in refused.value.findings] == ["zone", "version", "holidays"]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b'{"id": "a", "id": "b"}', b"[" * 100_000])
def test_what_is_not_one_json_object_is_refused(data):
    with pytest.raises(CalendarRefused):
        read_calendar(data)


def test_a_folder_is_refused_with_the_findings_of_all_its_files(tmp_path):
    (tmp_path / "a.json").write_bytes(b"{")
    (tmp_path / "b.json").write_text(json.dumps(GOOD | {"id": "b", "zone": "Mars/Base"}))

    with pytest.raises(CalendarRefused) as refused:
        read_calendars(tmp_path, default="head-office")

    assert [finding.file for finding in refused.value.findings] == ["a.json", "b.json"]


def test_the_shipped_calendars_are_readable_and_named_after_their_files():
    calendars = read_calendars(SHIPPED)

    assert calendars.ids == tuple(sorted(path.stem for path in SHIPPED.glob("*.json")))
    assert len(calendars.ids) == 11
    for calendar_id in calendars.ids:
        calendar = calendars.get(calendar_id)
        assert calendar.hours == ((Opening(time(9), time(17)),),) * 5 + ((), ())
        assert all(day.weekday() < 5 for day in calendar.holidays)


@pytest.mark.parametrize(
    ("calendar_id", "day", "works"),
    [
        ("uk-england", "2026-04-06", False),
        ("uk-scotland", "2026-04-06", True),
        ("uk-scotland", "2027-01-04", False),
        ("uk-northern-ireland", "2026-07-13", False),
        ("ireland", "2026-10-26", False),
        ("au-nsw", "2026-10-05", False),
        ("us-federal", "2026-07-03", False),
        ("de-berlin", "2027-03-08", False),
        ("generic", "2026-12-25", True),
        ("canada-ontario", "2026-07-01", False),
        ("india", "2026-01-26", False),
        ("uae", "2026-12-02", False),
    ],
)
def test_the_shipped_calendars_know_their_holidays(calendar_id, day, works):
    assert read_calendars(SHIPPED).get(calendar_id).is_working_day(date.fromisoformat(day)) is works


def test_seeded_holidays_have_substitutes_and_no_weekends():
    england = seed_holidays("GB", "ENG", [2027])

    assert date(2027, 3, 29) in england  # Easter Monday needs the subdivision
    assert [date(2027, 12, n) in england for n in (25, 26, 27, 28)] == [False, False, True, True]
    with pytest.raises(CountryUnknown):
        seed_holidays("XX", None, [2027])
