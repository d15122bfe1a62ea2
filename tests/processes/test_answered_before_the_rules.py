"""What had happened before rules, category or receipt were put right counts: no clock is late that was answered already."""

from __future__ import annotations

import pytest

from tests.processes.test_corrected_while_late import put_under, received
from tests.processes.test_reminders_that_wait import PAPER, PHONE, REACHED

POST = "Post the letter"
NEWS = {"updateChoice": "letter", "updateText": "We are on it."}


@pytest.mark.parametrize("before", ["generic", "uk-financial", "india-rbi"])
@pytest.mark.parametrize("after", ["uk-social-housing", "nhs-scotland", "uk-councils"])
def test_the_letter_that_began_the_second_look_acknowledges_it_under_other_rules(walk, before, after):
    walk.take("2026-07-06 10:00", before).through(remedy="words").wait(hours=1).answer("rejects")
    walk.choose("stage_two").wait(days=8)
    put_under(walk, after)
    assert walk.state("acknowledgement") == "met"
    assert walk.late == []
    assert walk.state("final_response") == "running"


def test_a_letter_posted_while_other_rules_asked_for_none_acknowledges_under_those_that_do(walk):
    walk.take("2026-07-06 10:00", "uk-social-housing", sender=PAPER).wait(hours=1).beside(POST, **REACHED)
    walk.through(remedy="words").beside(POST, **REACHED).answer("rejects").choose("stage_two").wait(hours=1)
    put_under(walk, "generic")
    walk.beside(POST, **REACHED).wait(days=2)
    put_under(walk, "uk-social-housing").wait(days=10)
    assert walk.state("acknowledgement") == "met"
    assert walk.late == []


def test_what_was_acknowledged_in_person_needs_no_letter_under_other_rules(walk):
    walk.take("2026-07-06 10:00", "us-cfpb", sender=PHONE, channel="phone")
    walk.do("Acknowledge in person", acknowledgedBy="phone", acknowledgedAt="2026-07-06T10:00:00+01:00")
    walk.wait(days=3)
    put_under(walk, "generic")
    assert walk.state("acknowledgement") == "met"
    assert walk.late == []


def test_an_answer_on_file_answers_the_clock_that_comes_with_other_rules(walk):
    walk.take("2026-06-01 10:00", "nhs-england", sender=None, channel="post").screen().on(remedy="words")
    walk.later("2026-08-03 10:00")
    put_under(walk, "generic")
    assert walk.state("final_response") == "met"
    assert walk.late == []


@pytest.mark.parametrize("change", ["rules", "receipt"])
def test_news_that_was_given_counts_though_what_they_counted_from_is_put_right(walk, change):
    walk.take("2026-07-06 10:00", "uk-financial").screen().later("2026-07-29 10:00")
    walk.do("Write an update", **NEWS).wait(days=1)
    assert (walk.clock_named("update").number, walk.late) == (2, [])
    if change == "rules":
        put_under(walk, "generic")
    else:
        received(walk, "2026-07-03")
    assert walk.clock_named("update").number == 2
    assert walk.due("update") == {"rules": "2026-08-12", "receipt": "2026-08-26"}[change]
    assert walk.state("update") == "running"


@pytest.mark.parametrize("assessed", [True, False])
def test_an_acknowledgement_in_person_answers_that_of_data_protection_too(walk, assessed):
    category = None if assessed else "data_protection"
    walk.take("2026-07-06 10:00", "generic", category, sender=PHONE, channel="phone")
    walk.do("Acknowledge in person", acknowledgedBy="phone", acknowledgedAt="2026-07-06T10:00:00+01:00")
    if assessed:
        walk.screen().assess(category="data_protection")
    walk.wait(days=1)
    assert (walk.state("acknowledgement"), walk.state("data_protection_acknowledgement")) == ("met", "met")
