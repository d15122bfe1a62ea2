"""Whoever was told reasons and a new day for our answer reads that day everywhere, and is not explained to again before it passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from api.complaints.clock_start import promised_policy
from api.complaints.progress import promises
from api.complaints.reading import clock_views
from tests.processes.test_days_letters_name import ASK
from tests.processes.test_days_that_were_told import notice, promised, received, rules
from tests.processes.walking import ANN

NOTICE = {
    "deadlineChoice": "holding_notice",
    "extensionReason": "complex",
    "holdingText": "We wait for the expert.",
}
BEHIND = {"breachReason": "capacity", "breachText": "We are few."}
PAPER = replace(ANN, address="1 High Street", preferred_channel="post")


def noticed(walk, regime="uk-financial", on="2027-01-11 10:00", until="2027-03-19", **more):
    """A complaint of 23 November 2026 whose answer is due on 18 January; a holding notice names another day."""
    walk.take("2026-11-23 10:00", regime, **more).wait(hours=1).screen().assess()
    walk.later(on).do("Decide how to keep it", **NOTICE, newDate=until)
    return walk


def shown(walk):
    """The days of our answer that the status page shows."""

    def read(session):
        views = clock_views(session, walk.key, calendars=walk.service.calendars, now=walk.clock.now())
        return [str(one.due_on) for one in promises(views) if one.what.startswith("Give")]

    return walk.ask(read)


def test_every_letter_and_page_names_the_new_day_that_was_told(walk):
    noticed(walk).wait(hours=1)
    assert "19 March 2027" in walk.letter("holding-notice").text
    assert (walk.due("final_response"), promised(walk)) == ("2027-01-18", "2027-03-19")
    walk.later("2027-01-13 10:00").do("Plan the investigation", questions="What happened?", **ASK).wait(
        hours=1
    )
    while "Write an update" in walk.open:
        walk.do("Write an update", updateChoice="letter", updateText="We look on.").wait(hours=1)
    for letter in ("request-information", "update"):
        assert "19 March 2027" in walk.letter(letter).text
        assert "18 January 2027" not in walk.letter(letter).text
    assert shown(walk) == ["2027-03-19"]


def test_whoever_was_told_reasons_and_a_new_day_is_not_explained_to_before_it_passes(walk):
    noticed(walk).later("2027-01-20 10:00")
    assert walk.state("final_response") == "breached"
    assert walk.notices("Final answer overdue")
    assert "Explain the delay" not in walk.open
    assert shown(walk) == ["2027-01-18", "2027-03-19"], "what we missed is no secret"
    walk.later("2027-03-22 10:00")
    assert walk.open.count("Explain the delay") == 1


def test_a_delay_explained_for_one_clock_is_explained_for_the_other(walk):
    rules(walk.take("2026-11-23 10:00").wait(hours=1).screen(), "uk-financial")
    walk.later("2027-01-20 10:00")
    assert {walk.state("promised_answer"), walk.state("final_response")} == {"breached"}
    assert walk.open.count("Explain the delay") == 1
    walk.do("Explain the delay", **BEHIND, newDate="2027-02-10")
    assert "Explain the delay" not in walk.open
    assert promised(walk) == "2027-02-10"


@pytest.mark.parametrize("receipt", ["2026-11-19 10:00", "2026-11-24 10:00"])
def test_one_explanation_at_a_time_stands_for_one_clock(walk, receipt):
    walk.take("2026-11-20 10:00", recorded="2026-11-24 10:00").wait(hours=1).screen().later(
        "2026-12-30 10:00"
    )
    assert walk.open.count("Explain the delay") == 1
    received(walk, receipt).wait(minutes=5)
    assert walk.state("final_response") == "breached"
    assert walk.open.count("Explain the delay") == 1


def test_a_day_agreed_after_a_notice_is_the_day_that_letters_name(walk):
    noticed(walk).wait(hours=1)
    rules(walk, "nhs-england")
    agreed = {"agreed": date(2027, 2, 10)}
    walk.move(lambda d, c: walk.service.case_clocks.days_corrected(d, c, days=agreed))
    assert (walk.due("final_response"), promised(walk)) == ("2027-02-10", None)


def test_a_question_posted_with_the_notice_that_moves_the_answer_contradicts_it_in_nothing(walk):
    walk.take("2026-11-23 10:00", "scottish-public-bodies", sender=PAPER).wait(hours=1).post(
        "acknowledgement"
    )
    walk.screen().assess().later("2026-11-30 10:00")
    walk.do("Decide how to keep it", **NOTICE, newDate="2026-12-07")
    walk.do("Plan the investigation", questions="What happened?", **ASK)
    assert walk.letter("holding-notice").dispatched_at is None
    old, named = walk.clock_named("final_response").due_on, walk.letter("holding-notice").extends["until"]
    text = walk.letter("request-information").text
    assert f"{date.fromisoformat(named):%-d %B %Y}" not in text, "nobody was told yet"
    assert f"{old:%-d %B %Y}" not in text


def test_an_extension_that_was_told_takes_the_place_of_a_day_promised_before(walk):
    walk.take("2026-11-23 10:00").wait(hours=1).screen().later("2026-12-14 10:00")
    clocks, promise = walk.service.case_clocks, promised_policy("promised_answer", None)
    walk.move(lambda d, c: clocks.start_until(d, c, promise, due=date(2026, 12, 23)))
    notice(walk)
    assert (walk.due("final_response"), promised(walk)) == ("2027-01-07", None)
