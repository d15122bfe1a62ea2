"""A letter that leaves late says what is so: what was done with its day, what is closed; it asks nothing nobody takes."""

from __future__ import annotations

import pytest

from api.complaints import letter_desk
from api.complaints.intake import PartyDetails

PAPER = PartyDetails("Ann Other", address="1 High Street", preferred_channel="post")
POST, FIND = "Post the letter", "Find a way to reach them"
REACHED = {"delivery": "done"}


def on_file(walk, *, closed=True):
    """A complaint by post with nobody to write to, decided with a refund, which is paid."""
    walk.take("2026-06-01 10:00", sender=None, channel="post").screen().on().later("2026-06-03 10:00")
    walk.correct()
    if closed:
        walk.close()
        assert walk.complaint().closing_reason == "answered_on_file"
    return walk.later("2026-07-20 10:00")


def reached(walk):
    letter_desk.look_for_a_way(walk.service, walk.key)
    return walk.beside(FIND, wayFound="email", newEmail="ann@example.org").wait(minutes=5)


@pytest.mark.parametrize("closed", [True, False])
def test_a_decision_that_leaves_late_asks_nothing_and_says_what_was_done(walk, closed):
    text = reached(on_file(walk, closed=closed)).letter("decision").text
    assert walk.letter("decision").dispatched_at is not None
    for asked in ("Please tell us whether", "of your yes", "If you do not", "afresh"):
        assert asked not in text
    assert "We did this on 3 June 2026." in text
    assert ("We closed your complaint on 3 June 2026" in text) is closed
    assert walk.troubles == []


def test_the_letters_of_one_minute_name_the_same_window(walk):
    reached(on_file(walk))
    assert walk.read("decision", "referral_window")
    assert walk.read("closing", "referral_window")
    assert "by its own rules" not in walk.letter("closing").text


def settled(walk):
    """Settled on Monday 1 June 2026 with a refund; the letter lies in the post room."""
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED).screen()
    walk.assess(severity="low", complexity="low", quickAnswer=True).settle()
    assert "We do this by 15 June 2026." in walk.letter("early-resolution").text
    return walk


def test_a_settlement_written_anew_says_that_it_was_carried_out(walk):
    settled(walk).later("2026-06-03 10:00").correct().close().later("2026-07-20 10:00")
    walk.post("early-resolution").post("early-resolution")
    text = walk.letter("early-resolution").text
    assert walk.letter("early-resolution").dispatched_at is not None
    assert "We did this on 3 June 2026." in text
    assert "August" not in text
    assert "add something or withdraw" not in text
    assert "We closed your complaint on 3 June 2026" in text


def test_a_settlement_written_anew_promises_no_new_day(walk):
    settled(walk).later("2026-07-20 10:00").post("early-resolution")
    text = walk.letter("early-resolution").text
    assert "The day for it is over, and we have not done it yet." in text
    assert "August" not in text
    assert walk.due("commitment") == "2026-06-15"
