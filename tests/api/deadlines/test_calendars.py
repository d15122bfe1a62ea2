"""Calendars: every version is kept, a change is previewed to the last timer, applied once, shortenings wait for a word."""

from __future__ import annotations

import json
import shutil
from datetime import date, time, timedelta

import pytest
from sqlalchemy import select, update

from api.complaints.tables import ClockRow
from api.deadlines import calendar_changes, calendars
from api.deadlines.calendars import CalendarChange, CalendarMoved, KeptCalendars
from api.deadlines.tables import CalendarRow
from engine.actors import SYSTEM
from engine.store.unit_of_work import write

CLOSED = CalendarChange(closures={date(2026, 6, 10): "Works outing"})
OPEN_ON_SATURDAY = CalendarChange(openings={date(2026, 6, 6): (time(9), time(13))})


def next_version(office, change):
    before = office.service.calendars.get("uk-england")
    return change.on(before, version=before.version + 1)


def apply(office, change, reason="Decided by the board"):
    return calendar_changes.change(
        office.service, next_version(office, change), change, reason=reason, by=SYSTEM
    )


def test_12_a_closure_moves_what_it_touches_and_leaves_the_rest(office):
    office.receive("2026-06-01 10:00")
    assert apply(office, CLOSED) == 2

    assert {name: office.due(name) for name in ("acknowledgement", "update", "target", "final_response")} == {
        "acknowledgement": "2026-06-02",
        "update": "2026-06-15",  # the acknowledgement names it
        "target": "2026-06-23",
        "final_response": "2026-06-30",
    }
    assert office.changes("target") == ["started", "calendar_changed"]
    assert "Internal target: moved by a calendar change" in office.events("clock-calendar")


def test_the_preview_names_every_clock_timer_and_task_and_stores_nothing(office):
    office.receive("2026-06-01 10:00")
    before = office.timers()

    preview = calendar_changes.preview(office.service, next_version(office, CLOSED))

    assert [(line.name, str(line.before), str(line.after), line.held) for line in preview.clocks] == [
        ("Internal target", "2026-06-22", "2026-06-23", False),
        ("Final response", "2026-06-29", "2026-06-30", False),
    ]
    assert {line.element_id for line in preview.timers} >= {"Event_Warning", "Event_Breach"}
    assert (preview.looked_at, preview.complete) == (4, True)
    assert (office.timers(), office.service.calendars.get("uk-england").version) == (before, 1)

    apply(office, CLOSED)
    after = office.timers()
    for line in preview.timers:
        if line.element_id in before:
            assert (before[line.element_id].due_date, after[line.element_id].due_date) == (
                line.before,
                line.after,
            )


def test_a_timer_that_no_preview_named_did_not_move(office):
    office.receive("2026-06-01 10:00")
    before = office.timers()
    named = {
        line.element_id
        for line in calendar_changes.preview(office.service, next_version(office, CLOSED)).timers
    }

    apply(office, CLOSED)

    moved = {name for name, timer in office.timers().items() if timer.due_date != before[name].due_date}
    assert moved == named & set(before)


def test_a_shorter_promise_is_held_until_somebody_approves(office):
    office.receive("2026-06-01 10:00")
    preview = calendar_changes.preview(office.service, next_version(office, OPEN_ON_SATURDAY))
    assert [line.held for line in preview.clocks] == [True, True, True]

    assert apply(office, OPEN_ON_SATURDAY) == 0
    assert (office.due("target"), office.changes("target")[-1]) == ("2026-06-22", "calendar_change_held")
    waiting = office.ask(lambda session: calendar_changes.held(session, "uk-england"))
    keys = {row.name: row.key for row, _, _ in waiting}
    assert set(keys) == {"update", "target", "final_response"}

    calendar_changes.decide_held(office.service, [keys["target"]], approve=True, reason="Agreed", by=SYSTEM)
    calendar_changes.decide_held(
        office.service, [keys["final_response"]], approve=False, reason="A promise", by=SYSTEM
    )
    assert (office.due("target"), office.due("final_response")) == ("2026-06-19", "2026-06-29")
    assert office.changes("final_response")[-1] == "calendar_change_declined"
    assert [row.name for row, _, _ in office.ask(lambda s: calendar_changes.held(s, "uk-england"))] == [
        "update"
    ]

    calendar_changes.settle(office.service)
    assert office.due("final_response") == "2026-06-29"  # declined is declined
    assert (
        calendar_changes.decide_held(office.service, [keys["target"]], approve=True, reason="x", by=SYSTEM)
        == 0
    )


def test_met_and_breached_clocks_are_left_alone(office):
    office.receive("2026-06-01 10:00").later("2026-06-09 10:00")
    assert office.state("acknowledgement") == "breached"

    apply(office, CalendarChange(closures={date(2026, 6, 2): "Storm"}))

    assert (office.due("acknowledgement"), office.clock_named("acknowledgement").calendar_version) == (
        "2026-06-02",
        1,
    )


def test_an_interrupted_change_is_finished_by_the_chore_and_nobody_is_moved_twice(office, service, clock):
    keys = [office.receive("2026-06-01 10:00").key for _ in range(3)]
    after = next_version(office, CLOSED)
    at = clock.now()
    service.engine.write(lambda s: calendars.store_change(s, after, CLOSED, reason="r", by="max", at=at))
    service.engine.read(service.calendars.refresh)

    assert calendar_changes.settle(service) == 6
    clock.advance(timedelta(minutes=2))
    assert calendar_changes.settle(service) == 0
    assert service.engine.read(lambda s: s.get(CalendarRow, ("uk-england", 2)).settled_at) == clock.now()
    for office.key in keys:
        assert office.changes("target") == ["started", "calendar_changed"]


def test_a_clock_begun_elsewhere_by_the_old_version_is_found_a_minute_later(office, service, clock):
    office.receive("2026-06-01 10:00")
    apply(office, CLOSED)
    key = office.clock_named("target").key
    old = {"calendar_version": 1, "calendar_seen": 1}
    stale = office.clock_named("target").saved | {"calendar_version": 1, "due_on": "2026-06-22"}
    service.engine.write(
        lambda s: s.execute(update(ClockRow).where(ClockRow.key == key).values(saved=stale, **old)) and None
    )

    clock.advance(timedelta(seconds=61))
    calendar_changes.settle(service)

    assert office.clock_named("target").calendar_version == 2


def test_another_process_counts_with_the_new_version_without_a_restart(office, service, clock):
    other = KeptCalendars(service.database, clock, default="uk-england")
    office.receive("2026-06-01 10:00")
    assert other.get(None).version == 1
    apply(office, CLOSED)
    assert other.get(None).version == 1

    clock.advance(timedelta(seconds=2))
    assert other.get(None).version == 2
    assert not other.get("uk-england").is_working_day(date(2026, 6, 10))
    assert other.get_version("uk-england", 1).is_working_day(date(2026, 6, 10))


def test_of_two_people_who_change_the_same_version_the_second_is_told(office):
    office.receive("2026-06-01 10:00")
    mine = next_version(office, CLOSED)
    apply(office, OPEN_ON_SATURDAY)

    with pytest.raises(CalendarMoved):
        calendar_changes.change(office.service, mine, CLOSED, reason="r", by=SYSTEM)


def test_an_edited_file_is_a_new_version_that_keeps_what_people_changed_and_waits_to_be_applied(
    office, service, tmp_path
):
    office.receive("2026-06-01 10:00")
    apply(office, CLOSED)
    folder = tmp_path / "calendars"
    shutil.copytree(service.settings.processes_dir / "calendars", folder)
    path = folder / "uk-england.json"
    content = json.loads(path.read_text())
    content["holidays"]["2026-06-12"] = "A new holiday"
    path.write_text(json.dumps(content))
    files = [(each.name, each.read_bytes()) for each in folder.iterdir()]
    store = lambda s: calendars.store_files(s, files, at=service.clock.now())  # noqa: E731

    assert write(service.database, store) == ("uk-england.json",)
    assert write(service.database, store) == ()  # the same files again: nothing new

    service.engine.read(service.calendars.refresh)
    newest = service.calendars.get("uk-england")
    assert (newest.version, newest.closures[date(2026, 6, 10)]) == (3, "Works outing")
    assert office.due("target") == "2026-06-23"
    assert office.ask(lambda s: calendar_changes.behind(s, newest)) == 4

    calendar_changes.apply_newest(service, "uk-england", reason="New law", by=SYSTEM)
    assert office.due("target") == "2026-06-24"
    versions = office.ask(lambda s: [row.version for row in calendars.versions(s, "uk-england")])
    assert versions == [3, 2, 1]


def test_a_change_survives_its_json(office):
    change = CalendarChange(
        {date(2026, 1, 2): "a"},
        {date(2026, 1, 3): "b"},
        {date(2026, 1, 4): (time(9), time(12, 30))},
        frozenset({date(2026, 1, 5)}),
    )
    assert CalendarChange.from_json(json.loads(json.dumps(change.to_json()))) == change


def test_every_clock_row_says_which_versions_it_has_seen(office):
    office.receive("2026-06-01 10:00")
    apply(office, CLOSED)
    seen = office.ask(lambda s: set(s.scalars(select(ClockRow.calendar_seen))))
    assert seen == {2}
