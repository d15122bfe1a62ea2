"""What is promised stands once in the register: its day, its clock, who carried it out and who checked it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from api.complaints.tables import EventRow, NoticeRow, RemedyRow, oldest_first
from tests.processes.test_status_after_the_end import status
from tests.processes.test_words_and_deeds import award, kept


def remedies(walk):
    """Every remedy as (what, amount, day, carried out, verified)."""
    rows = walk.ask(
        lambda session: session.scalars(
            select(RemedyRow).where(RemedyRow.complaint_key == walk.key).order_by(*oldest_first(RemedyRow))
        ).all()
    )
    return [(row.description, row.amount, row.due_on and row.due_on.isoformat(), *done(row)) for row in rows]


def done(row):
    return row.corrected_at is not None, row.verified_at is not None


def commitments(walk):
    return [state for (name, _), state in walk.clocks.items() if name == "commitment"]


def test_what_is_promised_anyway_runs_from_the_letter_on(walk):
    kept(walk)
    assert (walk.due("commitment"), commitments(walk)) == ("2026-07-20", ["running"])
    assert walk.due_of("Carry out the promise").date().isoformat() == "2026-07-20"
    assert walk.complaint().state == "responded"
    walk.correct()
    assert (commitments(walk), walk.complaint().state) == (["met"], "responded")
    walk.answer("accepts").close()
    assert walk.complaint().closing_reason == "accepted"
    assert "Refund of the deposit, £38.00" in walk.letter("closing").text
    assert remedies(walk) == [("Refund of the deposit", "38", "2026-07-20", True, True)]
    assert walk.ended


def test_a_promise_whose_day_comes_while_the_complaint_is_elsewhere_is_late_once(walk):
    kept(walk).answer("rejects").choose("stage_two").wait(days=20)
    assert commitments(walk) == ["breached"]
    assert walk.late.count("commitment") == 1
    walk.correct()
    assert commitments(walk) == ["met_late"]


@pytest.mark.parametrize("anyway", [True, False])
def test_a_promise_that_is_late_is_late_once_also_after_a_withdrawal(walk, anyway):
    if anyway:
        kept(walk)
    else:
        walk.take("2026-07-06 10:00").through().answer("accepts")
    walk.wait(days=20)
    assert commitments(walk) == ["breached"]
    walk.tell("complainant-withdraws").wait(days=1)
    assert commitments(walk) == ["breached"]
    walk.correct()
    assert commitments(walk) == ["met_late"]
    walk.do("Check for a wider problem", remark="No.").wait(hours=2)
    assert (commitments(walk), walk.ended, walk.troubles) == (["met_late"], True, [])


def test_a_promise_in_time_goes_on_after_a_withdrawal_and_closing_waits_for_it(walk):
    kept(walk).tell("complainant-withdraws").do("Check for a wider problem", remark="No.")
    assert (commitments(walk), walk.due("commitment")) == (["running"], "2026-07-20")
    walk.wait(days=3)
    assert (walk.complaint().closed_at, walk.open) == (None, ["Carry out the promise"])
    walk.do("Carry out the promise", doneOn="2026-07-09", proof="Payment 4711")
    assert walk.open == ["Verify the correction"]
    walk.do("Verify the correction", verified="yes").wait(hours=2)
    assert (commitments(walk), walk.ended) == (["met"], True)


def test_a_limit_of_the_rules_and_our_promise_for_the_same_thing_are_one_clock(walk):
    walk.take("2026-10-05 10:00", "australia-telecoms").through().later("2026-10-07 10:00").answer("accepts")
    assert (commitments(walk), walk.due("commitment")) == (["running"], "2026-10-14")
    assert walk.due_of("Carry out the promise").date().isoformat() == "2026-10-14"
    walk.wait(days=30)
    assert walk.late == ["commitment"]
    walk.tell("complainant-withdraws").correct()
    assert commitments(walk) == ["met_late"]


def test_what_is_settled_early_is_one_remedy_with_its_day(walk):
    walk.take("2026-07-06 10:00").screen().assess(severity="low", complexity="low", quickAnswer=True).settle()
    assert remedies(walk) == [("Refund", "50", "2026-07-20", False, False)]
    walk.correct()
    assert remedies(walk) == [("Refund", "50", "2026-07-20", True, True)]


def test_an_award_is_one_remedy_beside_what_was_promised_before(walk):
    award(walk, "2026-08-20").correct().correct()
    assert remedies(walk) == [
        ("Refund of the deposit", "38", "2026-07-20", True, True),
        ("Compensation", "300", "2026-08-20", True, True),
    ]
    walk.close()
    assert walk.complaint().closing_reason == "award_complied_with"
    for named in ("Refund of the deposit, £38.00", "Compensation, £300.00"):
        assert walk.letter("closing").text.count(named) == 1


@pytest.mark.parametrize("paid", [True, False])
def test_a_second_look_that_gives_more_says_what_is_new_and_what_was_done(walk, paid):
    kept(walk)
    if paid:
        walk.correct()
    walk.answer("rejects").choose("stage_two")
    all_of_it = {"remedyKind": "refund", "amount": 50, "remedyWhat": "All of it"}
    walk.do("Review the issue", outcome="upheld", answerText="You are right.", **all_of_it)
    walk.do("Approve the review", approval="approved")
    text = walk.letter("stage-two-decision").text
    assert (
        "we give back £50.00 (All of it) in all: what we promised you before, see below, and £12.00" in text
    )
    assert "In total you get £50.00." in text
    before = "We have done this." if paid else "by 20 July 2026."
    assert "Refund of the deposit (£38.00)" in text
    assert before in text
    assert walk.open.count("Carry out the promise") == (1 if paid else 2)
    assert [(what, amount) for what, amount, *_ in remedies(walk)] == [
        ("Refund of the deposit", "38"),
        ("All of it", "12"),
    ]
    assert (walk.troubles, walk.holes) == ([], [])


def test_a_second_look_that_gives_less_keeps_what_was_promised(walk):
    kept(walk).answer("rejects").choose("stage_two")
    half = {"remedyKind": "refund", "amount": 20, "remedyWhat": "Half of it"}
    walk.do("Review the issue", outcome="partly_upheld", answerText="In part.", **half)
    walk.do("Approve the review", approval="approved")
    text = walk.letter("stage-two-decision").text
    assert "we keep what we promised you before, see below" in text
    assert "£20.00" not in text
    assert walk.open.count("Carry out the promise") == 1
    assert (walk.troubles, walk.holes) == ([], [])


def checks(walk):
    """What the timeline says of each check, and whether the complainant reads it."""
    query = select(EventRow).where(EventRow.complaint_key == walk.key, EventRow.kind == "verification")
    rows = walk.ask(lambda session: session.scalars(query.order_by(*oldest_first(EventRow))).all())
    return [(row.text, row.public) for row in rows]


def sent_back(walk):
    walk.do("Carry out the promise", doneOn=walk.clock.now().date().isoformat(), proof="Payment 4711")
    return walk.do("Verify the correction", verified="no", verifyRemark="The money did not arrive.")


def test_what_a_check_sends_back_is_open_again_and_history_keeps_who_looked(walk):
    sent_back(kept(walk))
    assert (walk.open, commitments(walk)) == (["Carry out the promise"], ["running"])
    assert remedies(walk) == [("Refund of the deposit", "38", "2026-07-20", False, False)]
    assert "Done on" not in status(walk, "/status/answer")
    assert checks(walk) == [("Correction sent back", False)]
    walk.correct()
    assert remedies(walk) == [("Refund of the deposit", "38", "2026-07-20", True, True)]
    assert "Done on" in status(walk, "/status/answer")
    assert checks(walk) == [("Correction sent back", False), ("Correction verified", True)]
    assert (commitments(walk), walk.troubles) == (["met"], [])


def test_a_second_look_does_not_say_done_of_what_a_check_sent_back(walk):
    sent_back(kept(walk)).answer("rejects").choose("stage_two")
    all_of_it = {"remedyKind": "refund", "amount": 50, "remedyWhat": "All of it"}
    walk.do("Review the issue", outcome="upheld", answerText="You are right.", **all_of_it)
    walk.do("Approve the review", approval="approved")
    text = walk.letter("stage-two-decision").text
    assert "We have done this." not in text
    assert "by 20 July 2026." in text


def test_what_a_check_sent_back_is_carried_out_anew_after_a_withdrawal(walk):
    sent_back(kept(walk)).tell("complainant-withdraws")
    assert "Carry out the promise" in walk.open
    assert "Verify the correction" not in walk.open


def handed_in(walk, day, *, done=None):
    """Go to ``day`` and record that the promise was carried out, on that day or on ``done``."""
    while walk.clock.now().date().isoformat() < day:
        walk.wait(days=1)
    return walk.do("Carry out the promise", doneOn=done or day, proof="Payment 4711")


def told_late(walk):
    """The subjects of notices that something promised is late."""
    rows = walk.ask(lambda session: session.scalars(select(NoticeRow.subject)).all())
    return [subject for subject in rows if "late" in subject.lower() and "promise" in subject.lower()]


def test_a_promise_is_kept_on_the_day_it_was_done_however_long_its_check_takes(walk):
    handed_in(kept(walk), "2026-07-20").wait(days=3)
    assert (walk.open, commitments(walk), told_late(walk)) == (["Verify the correction"], ["met"], [])
    walk.do("Verify the correction", verified="yes").wait(hours=1)
    assert (commitments(walk), walk.late, walk.troubles) == (["met"], [], [])


def test_what_was_done_in_time_and_recorded_late_was_kept_in_time(walk):
    handed_in(kept(walk), "2026-07-23", done="2026-07-17")
    assert commitments(walk) == ["met"]
    (done_at,) = walk.ask(lambda session: session.scalars(select(RemedyRow.corrected_at)).all())
    assert done_at.date().isoformat() == "2026-07-17"
    walk.do("Verify the correction", verified="yes")
    assert commitments(walk) == ["met"]


def test_what_a_check_sends_back_after_its_day_is_late_once(walk):
    handed_in(kept(walk), "2026-07-20").wait(days=2)
    walk.do("Verify the correction", verified="no", verifyRemark="The money did not arrive.").wait(hours=1)
    assert (walk.open, commitments(walk)) == (["Carry out the promise"], ["breached"])
    walk.correct()
    assert (commitments(walk), walk.troubles) == (["met_late"], [])
