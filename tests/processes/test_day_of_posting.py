"""A letter by hand left on the day somebody says it was posted or told, whatever day they say so on."""

from __future__ import annotations

from datetime import date

import pytest

from api.complaints import letter_desk
from api.complaints.anchors import DayImpossible
from engine.actors import SYSTEM
from engine.forms import FormInvalid
from engine.zones import local_date
from tests.api.deadlines.conftest import LONDON
from tests.processes.test_reminders_that_wait import PAPER, PHONE, REACHED, decided, named, task_of

EACH = pytest.mark.parametrize("sender", [PAPER, PHONE])


def left_on(row):
    return local_date(row.dispatched_at, LONDON)


@EACH
def test_what_was_posted_or_told_in_time_has_left_though_it_is_recorded_later(walk, sender):
    decided(walk, sender).later("2026-06-17 10:00")
    row = walk.letter("reminder")
    walk.beside(task_of(sender), **REACHED, deliveredOn="2026-06-16")

    kept = walk.letter("reminder")
    assert (kept.key, left_on(kept), kept.replaced_at) == (row.key, date(2026, 6, 16), None)
    assert walk.aside(task_of(sender)) == []
    walk.later(f"{named(row)} 23:58")
    assert walk.open == []
    walk.wait(minutes=5)
    assert "Look back on the complaint" in walk.open, "silence ends on the day that the one letter names"


@EACH
@pytest.mark.parametrize("day", [{"deliveredOn": "2026-06-18"}, {}])
def test_what_left_too_late_is_written_anew_and_no_day_means_today(walk, sender, day):
    decided(walk, sender).later("2026-06-18 10:00")
    row = walk.letter("reminder")
    walk.beside(task_of(sender), **REACHED, **day)
    assert walk.letter("reminder").key != row.key
    assert walk.letter("reminder").queued_at == walk.clock.now(), (
        "the days in it are those of the day it is written"
    )


@EACH
def test_an_answer_that_left_on_its_last_day_is_not_late_because_it_is_recorded_later(walk, sender):
    walk.take("2026-06-01 10:00", sender=sender).wait(hours=1).beside(task_of(sender), **REACHED)
    walk.screen().assess().investigate().later("2026-06-29 14:00").decide()
    assert walk.due("final_response") == "2026-06-29"
    walk.later("2026-06-30 10:00")
    assert "final_response" in walk.late

    walk.beside(task_of(sender), **REACHED, deliveredOn="2026-06-29")
    assert "final_response" not in walk.late
    assert walk.state("final_response") == "met"
    assert "Explain the delay" not in walk.open
    assert walk.troubles == []


@EACH
def test_an_answer_that_left_a_day_late_is_late_by_that_day(walk, sender):
    walk.take("2026-06-01 10:00", sender=sender).wait(hours=1).beside(task_of(sender), **REACHED)
    walk.screen().assess().investigate().later("2026-06-29 14:00").decide().later("2026-07-03 10:00")
    walk.beside(task_of(sender), **REACHED, deliveredOn="2026-06-30")
    assert walk.state("final_response") == "met_late"
    assert left_on(walk.letter("decision")) == date(2026, 6, 30)


def test_a_day_has_no_time_and_a_letter_left_at_none_before_it_was_written(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).later("2026-06-01 20:00").beside(task_of(PAPER), **REACHED)
    assert left_on(walk.letters[0]) == date(2026, 6, 1)
    assert walk.letters[0].dispatched_at == walk.letters[0].queued_at, (
        "whoever says so after hours was in time"
    )


@EACH
@pytest.mark.parametrize("day", ["2026-06-14", "2026-06-18"])
def test_a_letter_left_neither_before_it_was_written_nor_tomorrow(walk, sender, day):
    decided(walk, sender).later("2026-06-17 10:00")
    task = walk.aside(task_of(sender))[0]
    answers = {**REACHED, "deliveredOn": day}
    with pytest.raises(FormInvalid):
        walk.service.engine.complete_task(task.user_task_key, answers, by=SYSTEM)
    assert walk.letter("reminder").dispatched_at is None


@pytest.mark.parametrize("day", [date(2026, 6, 14), date(2026, 6, 18)])
def test_nor_by_the_button(walk, day):
    decided(walk, PAPER).later("2026-06-17 10:00")
    row = walk.letter("reminder")
    with pytest.raises(DayImpossible):
        letter_desk.mark_posted(walk.service, walk.key, row.key, on=day, by=SYSTEM)
    assert letter_desk.mark_posted(walk.service, walk.key, row.key, on=date(2026, 6, 16), by=SYSTEM)
    assert left_on(walk.letter("reminder")) == date(2026, 6, 16)
    assert walk.aside("Post the letter") == []


def test_a_day_says_nothing_of_a_letter_that_reached_nobody(walk):
    decided(walk, PAPER).later("2026-06-17 10:00").beside("Post the letter", delivery="no_way")
    assert walk.troubles == []
    assert walk.aside("Find a way to reach them")
