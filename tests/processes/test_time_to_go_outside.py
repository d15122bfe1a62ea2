"""The time to go outside is the complainant's: its day is never later than the law's, and no answer lies long enough to cut much off."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from api.complaints.intake import PartyDetails
from api.complaints.told_days import names_day
from engine.zones import local_date
from tests.api.deadlines.conftest import LONDON
from tests.processes.office import ROOT
from tests.processes.test_regimes import KNOWN
from tests.processes.test_reminders_that_wait import PHONE, REACHED, task_of
from tests.processes.walking import ANN

LETTERS = ROOT / "processes" / "letters"
PAPER = replace(ANN, address="1 High Street", preferred_channel="post")
WINDOWS = {  # what the table gives the complainant from our answer on, in whole months
    "generic": 6,
    "uk-financial": 6,
    "nhs-england": 12,
    "uk-social-housing": 12,
    "uk-councils": 12,
    "uk-telecoms": 12,
    "india-rbi": 2,
}


def months_after(day, months):
    """The day of the same number so many months later."""
    whole = day.month - 1 + months
    return day.replace(year=day.year + whole // 12, month=whole % 12 + 1)


def agree(walk, letter):
    """The day in the letter is the day of the clock, and that of the day it left."""
    row, window = walk.letter(letter), walk.clock_named("referral_window")
    assert row.dispatched_at is not None
    assert names_day(row.text, window.due_on), (window.due_on, row.text)
    return window.due_on, local_date(row.dispatched_at, LONDON)


def answered(walk, regime="generic", sender=PAPER):
    """Received on Monday 6 July 2026 and decided on the next day; the letter waits."""
    walk.take("2026-07-06 10:00", regime, sender=sender, **KNOWN).wait(hours=1)
    while walk.aside(task_of(sender)):
        walk.beside(task_of(sender), **REACHED)
    walk.screen().assess().later("2026-07-07 10:00").investigate().decide()
    assert walk.letter("decision").dispatched_at is None
    return walk


@pytest.mark.parametrize("sender", [PAPER, PHONE])
@pytest.mark.parametrize("regime", sorted(WINDOWS))
def test_an_answer_that_lay_for_weeks_gives_the_whole_time_from_the_day_it_leaves(walk, regime, sender):
    answered(walk, regime, sender).later("2026-07-28 10:00").beside(task_of(sender), **REACHED)
    assert walk.letter("decision").dispatched_at is None, "written anew: its day to leave was over"
    walk.beside(task_of(sender), **REACHED)
    due, left = agree(walk, "decision")
    assert due >= months_after(left, WINDOWS[regime])
    assert left == date(2026, 7, 28)
    assert walk.troubles == walk.holes == []


@pytest.mark.parametrize("sender", [PAPER, PHONE])
def test_an_answer_that_leaves_in_time_keeps_its_text_and_its_day(walk, sender):
    answered(walk, sender=sender)
    row = walk.letter("decision")
    walk.later("2026-07-08 10:00").beside(task_of(sender), **REACHED)
    due, left = agree(walk, "decision")
    assert (walk.letter("decision").key, left, due) == (row.key, date(2026, 7, 8), date(2027, 1, 7))


@pytest.mark.parametrize(
    "day",
    ["2026-07-06", "2026-06-06", "2026-04-03", "2026-12-25"],
    ids=["Monday", "Saturday", "Easter", "Christmas"],
)
def test_an_answer_by_mail_counts_from_its_day_whatever_day_it_is(walk, day):
    walk.take("2026-03-30 10:00", "uk-financial").screen().assess().investigate().later(
        f"{day} 10:00"
    ).decide()
    left = date.fromisoformat(day)
    assert agree(walk, "decision") == (months_after(left, 6), left)


def test_the_second_answer_and_the_early_one_do_the_same(walk):
    walk.take("2026-07-06 10:00", "uk-social-housing").through(remedy="words").wait(hours=1).answer("rejects")
    walk.on_paper().choose("stage_two").post("stage-two-started").review().later("2026-07-27 10:00")
    walk.post("stage-two-decision").post("stage-two-decision")
    due, left = agree(walk, "stage-two-decision")
    assert (due, left) == (date(2027, 7, 27), date(2026, 7, 27))


def test_what_was_agreed_early_names_the_day_that_counts(walk):
    walk.take("2026-07-06 10:00", sender=PAPER).wait(hours=1).post("acknowledgement")
    walk.screen().assess(severity="low", complexity="low", quickAnswer=True).settle()
    walk.later("2026-07-27 10:00").post("early-resolution").post("early-resolution")
    agree(walk, "early-resolution")


def test_what_lies_beside_an_answer_that_was_written_anew_names_its_day_too(walk):
    walk.take("2026-06-01 10:00", "uk-financial", sender=PAPER).wait(hours=1).post("acknowledgement")
    walk.screen().assess(severity="low", complexity="low", quickAnswer=True).settle().correct().close()
    walk.later("2026-06-09 10:00").post("early-resolution").post("early-resolution")
    due, _ = agree(walk, "early-resolution")
    walk.post("closing")
    assert walk.letter("closing").dispatched_at is None, "written anew"
    walk.post("closing")
    assert names_day(walk.letter("closing").text, due)


def test_copies_of_one_answer_name_one_day(walk):
    agent = PartyDetails("Lettings Ltd", address="2 High Street", preferred_channel="post")
    walk.take("2026-07-06 10:00", representative=agent).wait(hours=1)
    while walk.aside("Post the letter"):
        walk.beside("Post the letter", **REACHED)
    walk.do("Check the authority", authority="confirmed", authorityScope="receive")
    walk.through().wait(hours=1)
    copies = [row for row in walk.letters if row.template == "decision"]
    assert {row.channel for row in copies} == {"e-mail", "post"}
    due = walk.clock_named("referral_window").due_on
    assert all(names_day(row.text, due) for row in copies)


def test_every_answer_that_starts_the_time_to_go_outside_says_when_it_leaves():
    names = ("decision", "stage-two-decision", "early-resolution")
    texts = {name: (LETTERS / f"{name}.md").read_text(encoding="utf-8") for name in names}
    assert [name for name, text in texts.items() if "\nleaves:" not in text.split("---\n")[1]] == []
