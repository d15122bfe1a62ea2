"""What counts from something that happened counts from that: the answer that told them, the day a letter named."""

from __future__ import annotations

from datetime import date

import pytest

from api.complaints.letter_desk import look_for_a_way
from api.complaints.letters_that_came_back import record
from engine.actors import SYSTEM
from tests.api.deadlines.conftest import at
from tests.processes.test_corrected_while_late import put_under
from tests.processes.test_days_letters_name import named
from tests.processes.test_reminders_that_wait import NO_WAY, PAPER, REACHED, decided
from tests.processes.test_what_the_page_offers import page_of

POST, FIND = "Post the letter", "Find a way to reach them"
FOUND = {"wayFound": "email", "newEmail": "ann@example.org"}


def second_answer_found_nobody(walk):
    """Answered a second time, two months after the first answer, while nobody knows how to reach them."""
    decided(walk, PAPER).answer("rejects").choose("stage_two")
    walk.beside(POST, **NO_WAY).beside(FIND, wayFound="no").later("2026-08-03 10:00")
    return walk.review()


def test_the_time_to_go_outside_counts_from_the_second_answer_once_it_has_told_them(walk):
    second_answer_found_nobody(walk)
    first = walk.clock_named("referral_window")
    assert (first.number, first.state, first.due_on) == (1, "running", date(2026, 12, 1))
    walk.later("2026-08-20 10:00").beside(FIND, **FOUND).wait(minutes=5)
    again = walk.clock_named("referral_window")
    assert (again.number, again.state, again.due_on) == (2, "running", date(2027, 2, 20))
    assert walk.read("stage-two-decision", "referral_window")
    assert walk.troubles == walk.holes == []


def turned_away_without_a_way(walk, exit="restricted_contact"):
    """Turned away by a letter that nobody could get, and closed."""
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED).screen(exit)
    walk.beside(POST, **NO_WAY).beside(FIND, wayFound="no").later("2026-09-01 10:00")
    assert walk.complaint().closed_at is not None
    return walk


def letter_found_its_way(walk):
    """Somebody found a way after the closing: the letter leaves, and names the last day to appeal."""
    turned_away_without_a_way(walk)
    look_for_a_way(walk.service, walk.key)
    walk.beside(FIND, **FOUND).wait(minutes=5)
    return named(walk.letter("not-accepted-restricted-contact"))


@pytest.mark.parametrize(("moment", "late"), [("2026-09-29 23:58", False), ("2026-09-30 00:05", True)])
def test_an_appeal_within_the_days_of_a_letter_that_left_after_the_closing_is_in_time(walk, moment, late):
    assert letter_found_its_way(walk) == date(2026, 9, 29)
    walk.later(moment).answer("rejects")
    walk.beside("Answer the appeal", lateResult="stands", lateReason="Nothing new was said.")
    assert ("after the time to appeal was over" in walk.letter("late-appeal").text) == late
    assert walk.troubles == walk.holes == []


def test_a_review_that_does_not_lengthen_the_time_to_go_outside_leaves_it_alone(walk):
    decided(walk, PAPER, regime="uk-financial").answer("rejects").choose("stage_two")
    walk.beside(POST, **NO_WAY).beside(FIND, wayFound="no").later("2026-08-03 10:00").review()
    walk.beside(FIND, **FOUND).wait(minutes=5)
    window = walk.clock_named("referral_window")
    assert (window.number, window.state, window.due_on) == (1, "running", date(2026, 12, 1))
    assert walk.read("stage-two-decision", "referral_window")


def test_who_got_no_letter_yet_does_not_appeal_late(walk):
    turned_away_without_a_way(walk).answer("rejects")
    walk.beside("Answer the appeal", lateResult="stands", lateReason="Nothing new was said.")
    look_for_a_way(walk.service, walk.key)
    walk.beside(FIND, **FOUND).wait(minutes=5)
    assert "You told us that you do not agree" in walk.letter("late-appeal").text


def test_a_second_no_within_the_days_that_the_letter_gave_is_not_late(walk):
    walk.take("2026-06-01 10:00").screen("restricted_contact").answer("rejects")
    walk.do("Decide the appeal", appealResult="dismissed", appealReason="Nothing new.")
    walk.wait(days=2).answer("rejects")
    walk.beside("Answer the appeal", lateResult="stands", lateReason="Nothing new was said.")
    assert "after the time to appeal was over" not in walk.letter("late-appeal").text


def settled_on_paper(walk, regime="generic"):
    """Settled in the quick lane with nothing promised, and closed, while the answer lies in the post room."""
    walk.take("2026-06-01 10:00", regime, sender=PAPER).wait(hours=1).beside(POST, **REACHED).screen()
    walk.assess(severity="low", complexity="low", quickAnswer=True)
    said = {"earlyOutcome": "upheld", "remedyKind": "words", "earlySummary": "We said sorry."}
    walk.do("Settle it with the complainant", earlyResult="settled", **said)
    if "Look back on the complaint" in walk.open:
        walk.close()
    assert (walk.complaint().state, walk.letter("early-resolution").dispatched_at) == ("closed", None)
    return walk


@pytest.mark.parametrize("regime", ["generic", "uk-financial"])
def test_closing_leaves_the_clock_that_the_answer_in_the_post_room_meets(walk, regime):
    settled_on_paper(walk, regime)
    assert walk.state("final_response") == "running"
    assert walk.state("target") not in ("running", "cancelled"), "our target was met by deciding"
    walk.wait(days=1).post("early-resolution")
    assert walk.state("final_response") == "running", "written anew: it said that the complaint is open"
    walk.post("early-resolution")
    assert walk.state("final_response") == "met"
    assert walk.state("referral_window") == "running"
    if regime == "uk-financial":
        assert walk.state("early_resolution") == "met"
    assert walk.late == walk.troubles == []


def test_an_answer_that_leaves_too_late_after_the_closing_is_late(walk):
    settled_on_paper(walk).later("2026-07-20 10:00")
    assert walk.state("final_response") == "breached"
    walk.post("early-resolution").post("early-resolution")
    assert walk.late == ["final_response"]
    assert walk.state("final_response") == "met_late"


def test_a_closed_complaint_is_counted_anew_with_the_answer_still_in_the_post_room(walk):
    settled_on_paper(walk)
    walk.move(lambda d, c: walk.service.case_clocks.days_corrected(d, c, received_at=at("2026-05-29 10:00")))
    assert (walk.state("final_response"), walk.due("final_response")) == ("running", "2026-06-26")


def never_left(walk, regime="generic"):
    """The letter of a settlement that is closed finds nobody as it is posted."""
    return settled_on_paper(walk, regime).beside(POST, **NO_WAY)


def left_and_came_back(walk, regime="generic"):
    """It comes back while what was agreed is carried out; then the complaint is closed."""
    walk.take("2026-06-01 10:00", regime, sender=PAPER).wait(hours=1).beside(POST, **REACHED).screen()
    walk.assess(severity="low", complexity="low", quickAnswer=True).settle().post("early-resolution")
    record(walk.service, walk.key, walk.letter("early-resolution").key, by=SYSTEM)
    walk.service.run_due()
    walk.correct()
    if "Look back on the complaint" in walk.open:
        walk.close()
    assert walk.complaint().state == "closed"
    return walk


LOOKED_FOR = pytest.mark.parametrize("settled", [never_left, left_and_came_back])


@LOOKED_FOR
@pytest.mark.parametrize("regime", ["generic", "uk-financial"])
def test_closing_leaves_the_clock_that_an_answer_meets_whose_person_is_looked_for(walk, settled, regime):
    settled(walk, regime)
    assert walk.state("final_response") == "running"
    walk.wait(days=1).beside(FIND, **FOUND).wait(minutes=5)
    assert (walk.state("final_response"), walk.late, walk.troubles) == ("met", [], [])


@LOOKED_FOR
def test_an_answer_of_a_closed_complaint_is_late_while_nobody_knows_where_to_send_it(walk, settled):
    settled(walk).later("2026-07-20 10:00")
    assert (walk.state("final_response"), walk.late) == ("breached", ["final_response"])
    walk.beside(FIND, wayFound="no")
    assert (walk.state("final_response"), walk.late) == ("met", []), "written in time, it lies on file"
    assert "Explain the delay" not in walk.open


def test_the_receipt_of_a_duplicate_is_acknowledged_by_the_letter_that_says_so(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED)
    first = walk.reference
    walk.take("2026-06-02 10:00", sender=PAPER).screen("duplicate", duplicateOf=first)
    assert (walk.complaint().state, walk.state("acknowledgement")) == ("merged", "running")
    while walk.aside(POST):
        walk.beside(POST, **REACHED)
    assert walk.state("acknowledgement") == "met"


def test_what_was_withdrawn_leaves_no_clock_though_an_answer_lay_in_the_post_room(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED).through()
    assert walk.state("final_response") == "running"
    walk.tell("complainant-withdraws")
    assert walk.running == []


@pytest.mark.parametrize("after", ["uk-social-housing", "us-cfpb", "india-rbi"])
def test_the_time_to_go_outside_that_a_letter_told_is_the_time_under_other_rules_too(walk, after):
    walk.take("2026-07-06 10:00").through(remedy="words").wait(hours=1)
    told = walk.due("referral_window")
    assert walk.read("decision", "referral_window")
    put_under(walk, after)
    assert (walk.state("referral_window"), walk.due("referral_window")) == ("running", told)


def test_a_time_to_go_outside_that_is_over_is_said_to_be_over(walk):
    """In letters, and on the page of the complainant: neither asks to make haste, nor names a day as still to come."""
    walk.take("2026-07-06 10:00").through(remedy="words").wait(hours=1).answer("rejects").choose("external")
    walk.do("Record the referral", referral="taken_up", body="FOS", bodyReference="1", fileDueOn="2026-07-20")
    walk.do("Send the file", fileSentOn="2026-07-06").later("2027-01-08 10:00")
    walk.do("Ask how it stands", referralStatus="decided").do(
        "Record the outcome", externalOutcome="not_decided"
    )
    walk.choose("none").close()
    over = "The time to go there ended on 6 January 2027."
    assert over in walk.letter("closing").text
    text = page_of(walk).text
    assert over in text
    assert "do not wait" not in text + walk.letter("closing").text
    assert "You have until" not in text
