"""A reminder that waits in the post room is no reminder: silence counts from the day it has left, to the day it names."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest

from api.complaints import letter_desk
from api.complaints.intake import PartyDetails
from api.complaints.letters import LetterTextRefused, read_letter
from engine.actors import SYSTEM
from tests.processes.walking import ANN

PAPER = PartyDetails("Ann Other", address="1 High Street", preferred_channel="post")
PHONE = PartyDetails("Ann Other", phone="07700 900123")
TASK = {"post": "Post the letter", "phone": "Tell them by phone"}
REACHED, NO_WAY = {"delivery": "done"}, {"delivery": "no_way"}
BY = re.compile(r"hear nothing by (\d+ \w+ \d{4})")


def named(row):
    """The day that a reminder names."""
    return datetime.strptime(BY.search(row.text)[1], "%d %B %Y").date()


def decided(walk, sender, regime="generic"):
    """Answered, by letters that were delivered on the day they were written."""
    walk.take("2026-06-01 10:00", regime, sender=sender).wait(hours=1).beside(task_of(sender), **REACHED)
    return walk.through().beside(task_of(sender), **REACHED)


def task_of(sender):
    return TASK["post" if sender.address else "phone"]


@pytest.mark.parametrize("sender", [PAPER, PHONE])
def test_a_reminder_nobody_got_closes_nothing(walk, sender):
    decided(walk, sender).later("2026-09-01 10:00")
    assert walk.letter("reminder").dispatched_at is None
    assert (walk.complaint().state, walk.open, walk.troubles) == ("responded", [], [])


@pytest.mark.parametrize("sender", [PAPER, PHONE])
def test_silence_ends_on_the_day_named_by_the_reminder_that_left(walk, sender):
    decided(walk, sender).later("2026-06-18 10:00")
    row = walk.letter("reminder")
    assert row.queued_at.date() == date(2026, 6, 16)
    walk.beside(task_of(sender), **REACHED)
    new = walk.letter("reminder")
    assert (new.key != row.key, new.dispatched_at) == (True, None), "it was to leave the day before"
    walk.beside(task_of(sender), **REACHED)

    last = named(new)
    assert last == date(2026, 7, 3), "the day it is to leave at the latest, and ten working days"
    walk.later(f"{last} 23:58")
    assert walk.open == []
    walk.later(f"{last + timedelta(days=1)} 00:05")
    assert "Look back on the complaint" in walk.open


def test_who_answers_within_the_time_of_a_late_reminder_is_heard(walk):
    decided(walk, PAPER).later("2026-08-03 10:00").beside(TASK["post"], **REACHED)
    walk.beside(TASK["post"], **REACHED).later(f"{named(walk.letter('reminder'))} 20:00").answer("accepts")
    assert walk.state("commitment") == "running"


def test_a_mailed_reminder_names_the_day_it_counts_to(walk):
    walk.take("2026-06-01 10:00", sender=ANN).through().later("2026-06-16 10:00")
    row = walk.letter("reminder")
    assert (row.queued_at.date(), named(row)) == (date(2026, 6, 15), date(2026, 6, 29))
    walk.later("2026-06-29 23:58")
    assert walk.open == []
    walk.later("2026-06-30 00:05")
    assert "Look back on the complaint" in walk.open


def test_a_reminder_that_is_posted_in_time_leaves_as_it_is(walk):
    decided(walk, PAPER).later("2026-06-17 10:00")
    row = walk.letter("reminder")
    assert letter_desk.kept_back(walk.service, walk.key) == {}
    assert letter_desk.mark_posted(walk.service, walk.key, row.key, by=SYSTEM)
    assert (walk.letter("reminder").key, named(row)) == (row.key, date(2026, 7, 1))


def test_a_reminder_for_which_nobody_finds_a_way_ends_the_wait(walk):
    decided(walk, PAPER).later("2026-06-17 10:00").beside(TASK["post"], **NO_WAY)
    walk.later("2026-08-03 10:00")
    assert walk.open == []
    walk.beside("Find a way to reach them", wayFound="no").later("2026-09-01 10:00")
    assert walk.open == ["Carry out the promise"], "as where our answer itself found nobody"


def test_a_letter_says_in_its_head_when_it_is_to_leave():
    head = b"---\nsubject: x\nto: complainant\nleaves: addWorkingDays(today(), 1)\n---\nBy {{ leavesOn }}.\n"
    assert read_letter("own.md", head).leaves is not None
    assert read_letter("own.md", head.replace(b"to: complainant", b"to: representative")).leaves is not None
    with pytest.raises(LetterTextRefused):
        read_letter("own.md", head.replace(b"today(), 1)", b"today(), "))
    with pytest.raises(LetterTextRefused):
        read_letter("own.md", head.replace(b"to: complainant", b"to: contributor"))
