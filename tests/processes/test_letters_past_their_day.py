"""A letter that waits past a day it names is written anew with what is so then; nobody has to mend it."""

from __future__ import annotations

import pytest

from tests.processes.office import ROOT
from tests.processes.test_at_the_edges import REASONS
from tests.processes.test_reminders_that_wait import REACHED
from tests.processes.test_words_and_deeds import kept


def posted(walk):
    """Post whatever waits in the post room, until nothing does."""
    for _ in range(6):
        if walk.aside("Post the letter"):
            walk.beside("Post the letter", **REACHED)
    assert walk.troubles == []
    assert walk.aside("Post the letter") == []
    return walk


def test_a_confirmed_withdrawal_that_leaves_late_names_no_day_that_is_over(walk):
    kept(walk).on_paper().tell("complainant-withdraws")
    assert "by 20 July 2026" in walk.letter("withdrawal-confirmed").text
    posted(walk.later("2026-07-28 10:00"))
    text = walk.letter("withdrawal-confirmed").text
    assert "20 July 2026" not in text
    assert "We said we would do it sooner, and have not. We are sorry." in text


def test_a_confirmed_withdrawal_says_what_was_done_meanwhile(walk):
    kept(walk).on_paper().tell("complainant-withdraws")
    walk.do("Carry out the promise", doneOn="2026-07-06", proof="Payment 4711")
    posted(walk.later("2026-07-28 10:00"))
    assert "We have done what we promised" in walk.letter("withdrawal-confirmed").text


def test_a_word_about_a_delay_that_leaves_after_its_new_date_is_written_anew(walk):
    walk.take("2026-06-01 10:00").screen().on_paper().wait(days=31)
    new = (walk.clock.now().date().replace(day=28)).isoformat()
    walk.do("Explain the delay", **REASONS, newDate=new)
    assert "You have our answer by 28 July 2026" in walk.letter("delay").text
    posted(walk.later("2026-08-10 10:00"))
    text = walk.letter("delay").text
    assert "28 July 2026" not in text
    assert "We write to you again with another one" in text
    assert "Explain the delay" in walk.open, "a person is asked for the next date"


def test_a_second_answer_that_leaves_after_the_day_of_its_promise_is_written_anew(walk):
    walk.take("2026-06-01 10:00").through().answer("rejects").choose("stage_two").on_paper()
    refund = {"remedyKind": "refund", "amount": 70, "remedyWhat": "Refund"}
    walk.do("Review the issue", outcome="upheld", answerText="You are right.", **refund)
    walk.do("Approve the review", approval="approved")
    assert "We do this by 15 June 2026, whether" in walk.letter("stage-two-decision").text
    posted(walk.later("2026-07-28 10:00"))
    text = walk.letter("stage-two-decision").text
    assert "15 June 2026" not in text
    assert "The day for it is over, and we have not done it yet." in text


@pytest.mark.parametrize("name", ["holding-notice", "duplicate", "explanation", "delay"])
def test_a_day_somebody_gave_is_named_only_while_it_is_to_come(walk, name):
    text = (ROOT / "processes" / "letters" / f"{name}.md").read_text(encoding="utf-8")
    assert ">= today()" in text
