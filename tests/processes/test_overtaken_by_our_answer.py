"""Once our answer has left, nothing says that it is still to come, and no day that was promised for it counts any more."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from api.complaints.letter_desk import mark_posted
from api.complaints.tables import ClockRow
from engine.actors import SYSTEM
from tests.processes.test_replies_among_additions import PAPER
from tests.processes.test_what_the_page_offers import page_of

EXPLAIN, KEEP = "Explain the delay", "Decide how to keep it"
LATE = {"breachReason": "capacity", "breachText": "We were too few."}
HOLD = {
    "deadlineChoice": "holding_notice",
    "extensionReason": "complex",
    "holdingText": "We wait for a part.",
    "newDate": "2026-08-17",
}


def on_paper(walk, regime="generic"):
    """Investigated on Monday 6 July 2026 with the receipt posted; the answer is due on 3 August under generic rules."""
    walk.take("2026-07-06 10:00", regime, sender=PAPER).wait(hours=1).post("acknowledgement")
    return walk.screen().assess().investigate()


def explain(walk, day):
    return walk.do(EXPLAIN, **LATE, newDate=day)


def posted(walk, template, **on):
    """Post a letter if it waits still; tell whether it has left."""
    letter = walk.letter(template)
    if letter.replaced_at is None and letter.dispatched_at is None:
        mark_posted(walk.service, walk.key, letter.key, by=SYSTEM, **on)
        walk.service.run_due()
    return walk.letter(template).dispatched_at is not None


def rounds(walk, name):
    """The states and days of every round of a clock."""
    rows = walk.ask(
        lambda session: session.scalars(
            select(ClockRow)
            .where(ClockRow.complaint_key == walk.key, ClockRow.name == name)
            .order_by(ClockRow.number)
        ).all()
    )
    return [(row.state, row.due_on) for row in rows]


def test_no_delay_is_told_once_an_answer_that_was_posted_in_time_is_noted(walk):
    on_paper(walk).later("2026-08-03 11:00").decide().later("2026-08-04 10:00")
    explain(walk, "2026-08-14").later("2026-08-05 10:00")
    assert posted(walk, "decision", on=date(2026, 8, 3))
    assert (walk.state("final_response"), walk.aside("Post the letter")) == ("met", [])
    assert not posted(walk, "delay")
    assert rounds(walk, "promised_answer") == []


def test_no_delay_is_told_after_the_answer_that_came_late(walk):
    on_paper(walk).later("2026-08-03 11:00").decide().later("2026-08-04 10:00")
    explain(walk, "2026-08-14")
    assert posted(walk, "decision")
    assert not posted(walk, "delay")
    walk.later("2026-08-16 10:00")
    assert rounds(walk, "promised_answer") == []
    assert walk.open == [], "nobody is to apologise for the answer they have"
    assert "promised by 14" not in page_of(walk).text.lower()


def test_no_delay_is_told_after_the_final_answer(walk):
    on_paper(walk).decide().post("decision").wait(hours=1).answer("rejects").choose("stage_two")
    walk.post("stage-two-started").later(f"{walk.due('final_response')} 15:00").review().wait(hours=14)
    explain(walk, (walk.service.today() + timedelta(days=14)).isoformat())
    assert posted(walk, "stage-two-decision")
    assert not posted(walk, "delay")


@pytest.mark.parametrize("approved_first", [False, True])
def test_no_notice_that_holds_is_sent_after_the_answer(walk, approved_first):
    on_paper(walk)
    while KEEP not in walk.open:
        walk.wait(hours=12)
    if approved_first:
        walk.decide()
    walk.do(KEEP, **HOLD)
    if not approved_first:
        walk.decide()
    assert posted(walk, "decision")
    assert not posted(walk, "holding-notice")
    assert rounds(walk, "promised_answer") == []


# what was promised for the first answer is over with it


@pytest.mark.parametrize("regime", ["generic", "uk-social-housing", "uk-financial"])
def test_the_day_told_for_the_first_answer_is_none_of_the_final_answer(walk, regime):
    walk.take("2026-07-06 10:00", regime).wait(hours=1).screen().assess().investigate()
    walk.later(f"{walk.clock_named('final_response').due_on + timedelta(days=1)} 10:00")
    told = walk.service.today() + timedelta(days=14)
    explain(walk, told.isoformat()).wait(days=3).decide().wait(days=2)
    assert rounds(walk, "promised_answer") == [("met", told)]
    walk.answer("rejects").choose("stage_two").wait(minutes=5)
    assert rounds(walk, "promised_answer") == [("met", told)]
    assert walk.read("stage-two-started", "final_response")
    assert not walk.holes


# a day that nobody was told yet stands in no other letter


def test_a_letter_names_no_new_day_whose_own_letter_waits(walk):
    on_paper(walk).later("2026-08-04 10:00")
    explain(walk, "2026-08-14").wait(hours=2).do(
        "Write an update", updateChoice="letter", updateText="We are at it."
    )
    assert "14 August" not in walk.letter("update").text
    walk.post("update").post("delay")
    assert rounds(walk, "promised_answer") == [("running", date(2026, 8, 14))]


def test_a_letter_names_no_day_of_our_answer_until_the_notice_of_another_has_left(walk):
    on_paper(walk)
    while KEEP not in walk.open:
        walk.wait(hours=12)
    walk.do(KEEP, **HOLD)
    walk.do("Write an update", updateChoice="letter", updateText="We are at it.")
    assert "We expect to give you our answer" not in walk.letter("update").text
    walk.post("holding-notice")
    assert walk.due("final_response") == "2026-08-17"


def test_a_day_that_is_over_is_not_posted_though_another_one_waits_to_be_told(walk):
    on_paper(walk).later("2026-08-04 10:00")
    explain(walk, "2026-08-14").post("delay").wait(hours=2)
    walk.do("Write an update", updateChoice="letter", updateText="We are at it.").later("2026-08-17 10:00")
    explain(walk, "2026-09-10")
    walk.post("update")
    letter = walk.letter("update")
    assert (letter.dispatched_at, "14 August" in letter.text) == (None, False), "written anew"


def test_a_day_kept_as_a_promise_is_over_with_the_answer_where_the_rules_name_none(walk):
    walk.take("2026-07-06 10:00").wait(hours=1).screen()
    table = (walk.service.settings.processes_dir / "deadlines.dmn").read_text()
    (rule,) = re.findall(r"<rule(?:(?!</rule>).)*\"generic-final-response\".*?</rule>", table, re.DOTALL)
    walk.service.engine.deploy([("deadlines.dmn", table.replace(rule, "").encode())])
    walk.assess()
    told = ("running", date(2026, 8, 3))
    assert (walk.state("final_response"), rounds(walk, "promised_answer")) == ("not_applicable", [told])

    walk.investigate().decide().wait(minutes=5)
    assert rounds(walk, "promised_answer") == [("met", date(2026, 8, 3))]
    walk.later("2026-08-05 10:00")
    assert EXPLAIN not in walk.open


def test_a_day_whose_clock_was_answered_by_a_call_is_not_posted_once_it_is_over(walk):
    walk.take("2026-07-06 10:00", sender=PAPER).wait(hours=1)
    day = walk.clock_named("update").due_on
    assert walk.read("acknowledgement", "update")
    while "Write an update" not in walk.open:
        walk.wait(hours=12)
    walk.do("Write an update", updateChoice="phone", skipReason="Spoke with her.")
    assert (walk.clock_named("update").number, walk.late) == (2, ["acknowledgement"])
    walk.later(f"{day + timedelta(days=2)} 10:00").post("acknowledgement")
    letter = walk.letter("acknowledgement")
    assert letter.dispatched_at is None, "written anew"
