"""Thanks for what somebody sent say of our answer what is so: it is on its way, its reply is waited for, or it stands."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from tests.processes.test_replies_among_additions import PAPER, read, reminded, write
from tests.processes.test_what_the_page_offers import page_of
from tests.processes.walking import ANN

WAITS, COMES, STANDS = "we wait for your reply until", "is written, and on its way", "Our answer stands."


def answered(walk, sender=PAPER):
    walk.take("2026-06-01 10:00", sender=sender).wait(hours=1)
    if sender is PAPER:
        walk.post("acknowledgement")
    return walk.through(remedy="words").wait(minutes=5)


def thanked(walk):
    """What the thanks say for what they add now."""
    read(write(walk), "adds")
    text = walk.letter("information-received").text
    return {words for words in (WAITS, COMES, STANDS) if words in text}


def written_anew(walk, words):
    """The thanks did not leave as they were; those that say these words instead do."""
    letter = walk.letter("information-received")
    assert (letter.dispatched_at, words in letter.text) == (None, True)
    walk.post("information-received")
    assert walk.letter("information-received").dispatched_at


def settled(walk):
    walk.take("2026-06-01 10:00").wait(hours=1).screen()
    walk.assess(severity="low", complexity="low", quickAnswer=True)
    said = {"earlyOutcome": "upheld", "remedyKind": "words", "earlySummary": "We said sorry."}
    walk.do("Settle it with the complainant", earlyResult="settled", **said).wait(minutes=5)


def silent(walk):
    reminded(answered(walk, ANN)).later("2026-08-01 09:00")
    assert walk.complaint().state == "responded"


def accepted(walk):
    answered(walk, ANN).answer("accepts")


def accepted_the_second(walk):
    answered(walk, ANN).answer("rejects").choose("stage_two").review().wait(minutes=5)
    walk.answer("accepts")


def carried_out(walk):
    walk.take("2026-06-01 10:00", sender=ANN).wait(hours=1).through(remedy="refund").wait(minutes=5)
    walk.answer("accepts").correct()
    assert walk.complaint().state == "correcting"


@pytest.mark.parametrize("over", [settled, silent, accepted, accepted_the_second])
def test_nobody_is_given_time_to_reply_where_no_reply_is_taken(walk, over):
    over(walk)
    assert "Read and reply" not in page_of(walk).text
    assert thanked(walk) == {STANDS}
    assert walk.troubles == []


def test_what_is_carried_out_and_verified_is_not_to_come(walk):
    carried_out(walk)
    read(write(walk), "adds")
    assert "We go on to carry out" not in walk.letter("information-received").text


def test_our_answer_is_said_to_be_on_its_way_until_it_has_left(walk):
    answered(walk)
    assert thanked(walk) == {COMES}
    walk.wait(days=1).post("decision").wait(days=1)
    assert thanked(walk) == {WAITS}


def test_thanks_that_are_posted_once_our_answer_has_left_say_so(walk):
    answered(walk)
    assert thanked(walk) == {COMES}
    walk.wait(days=1).post("decision").wait(hours=1).post("information-received")
    written_anew(walk, WAITS)


def test_thanks_that_are_posted_after_the_reply_give_no_time_for_one(walk):
    answered(walk).post("decision").wait(hours=1)
    assert thanked(walk) == {WAITS}
    walk.wait(hours=1).answer("accepts").wait(hours=1).post("information-received")
    written_anew(walk, STANDS)


def told_on(page, words):
    """The days beside these words, on the way it has gone and in what happened."""
    return set(re.findall(rf"{words}(?:<[^>]*>|\s)*(\d+ \w+ \d{{4}})", page.text))


@pytest.mark.parametrize("regime", ["generic", "uk-financial"])
def test_the_status_page_names_the_day_on_which_our_answer_left(walk, regime):
    walk.take("2026-06-01 10:00", regime, sender=PAPER).wait(hours=1).post("acknowledgement")
    walk.through(remedy="words").later("2026-06-04 10:00").post("decision").post("decision")
    page = page_of(walk)
    assert told_on(page, "We have sent you our answer") == {"4 Jun 2026"}
    walk.later("2026-06-05 10:00").answer("rejects").choose("stage_two").review()
    assert told_on(page_of(walk), "We (?:have )?sent you our answer") == {"4 Jun 2026"}
    walk.later("2026-06-09 10:00").post("stage-two-decision").post("stage-two-decision")
    days = told_on(page_of(walk), "We (?:have )?sent you our answer")
    assert days == {"4 Jun 2026", "9 Jun 2026"}
    happened = page_of(walk).text.split("What happened so far")[1]
    moments = [
        datetime.strptime(one, "%d %b %Y, %H:%M")
        for one in re.findall(r"(\d+ \w+ \d{4}, \d\d:\d\d)", happened)
    ]
    assert len(moments) > 5
    assert moments == sorted(moments, reverse=True)
