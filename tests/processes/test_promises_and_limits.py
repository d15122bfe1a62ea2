"""A promise told in a letter keeps its own clock and day beside a limit that the rules count from the yes."""

from __future__ import annotations

import pytest

from engine.actors import SYSTEM
from tests.processes.test_days_that_were_told import received
from tests.processes.test_status_after_the_end import status

ANYWAY = {"remedyKind": "refund", "amount": 38, "remedyWhat": "Refund of the deposit", "keepAnyway": True}
ON_A_YES = {"remedyKind": "put_right", "remedyWhat": "A new meter"}


def promised(walk, *remedies, on="2026-07-06 10:00"):
    """Answered on a day under rules that limit to five working days from the yes what it promises; one issue for each remedy."""
    issues = [{"summary": remedy["remedyWhat"]} for remedy in remedies]
    walk.take(on, "australia-telecoms")
    walk.do("Screen the complaint", scopeExit="in_scope", problem="price", issueList=issues).assess()
    walk.do("Plan the investigation", questions="What happened?")
    walk.do("Examine the evidence", chronology="First this, then that.")
    for _ in remedies:
        walk.do("Record the finding", outcome="upheld", findingReasons="We saw it.", rootCause="process")
    for remedy in remedies:
        walk.do("Draft the answer", outcome="upheld", answerText="You are right.", **remedy)
    return walk.do("Check the quality", check="accepted").do("Approve the decision", approval="approved")


def commitments(walk):
    """Every clock of a promise as (day, state), in the order in which they began."""
    rounds = [number for name, number in walk.clocks if name == "commitment"]
    return [
        (walk.due("commitment", number), walk.clock_named("commitment", number).state) for number in rounds
    ]


def test_what_is_promised_in_any_case_keeps_its_day_when_the_answer_is_accepted(walk):
    promised(walk, ANYWAY, ON_A_YES)
    assert "We do this by 13 July 2026, whether you accept our answer or not." in walk.letter("decision").text
    walk.later("2026-07-08 10:00").answer("accepts")
    assert commitments(walk) == [("2026-07-13", "running"), ("2026-07-15", "running")]
    assert all(day in status(walk) for day in ("13 Jul 2026", "15 Jul 2026"))
    walk.later("2026-07-14 10:00")
    assert commitments(walk) == [("2026-07-13", "breached"), ("2026-07-15", "running")]
    assert walk.notices("Promised remedy is late")


def test_a_yes_forgives_nothing_that_was_late(walk):
    promised(walk, ANYWAY, ON_A_YES).later("2026-07-15 10:00").answer("accepts")
    assert commitments(walk) == [("2026-07-13", "breached"), ("2026-07-22", "running")]
    assert "We are late" in status(walk)


def test_a_limit_that_counts_from_the_yes_is_for_what_hangs_on_it(walk):
    promised(walk, ANYWAY).later("2026-07-08 10:00").answer("accepts")
    assert commitments(walk) == [("2026-07-13", "running")]
    walk.correct()
    assert (commitments(walk), walk.troubles) == ([("2026-07-13", "met")], [])


@pytest.mark.parametrize("first", [0, 1])
def test_each_of_them_is_met_by_what_it_is_for(walk, first):
    promised(walk, ANYWAY, ON_A_YES).later("2026-07-08 10:00").answer("accepts")
    tasks = sorted(
        (each for each in walk._open() if each.name == "Carry out the promise"),
        key=lambda each: each.user_task_key,
    )
    walk.service.engine.complete_task(
        tasks[first].user_task_key, {"doneOn": "2026-07-08", "proof": "4711"}, by=SYSTEM
    )
    walk.service.run_due()
    states = ["running", "running"]
    states[first] = "met"
    assert [state for _, state in commitments(walk)] == states


def test_what_is_sent_back_after_the_yes_has_its_own_day_again(walk):
    promised(walk, ANYWAY, ON_A_YES).do("Carry out the promise", doneOn="2026-07-06", proof="4711")
    walk.later("2026-07-06 11:00").answer("accepts")  # evening, where the rules count
    assert commitments(walk) == [("2026-07-13", "met"), ("2026-07-13", "running")]
    walk.do("Verify the correction", verified="no", verifyRemark="It never came.")
    assert commitments(walk) == [("2026-07-13", "running"), ("2026-07-13", "running")]
    walk.later("2026-07-13 18:00")
    assert commitments(walk) == [("2026-07-13", "running"), ("2026-07-13", "breached")]


def test_a_limit_begins_once_also_beside_a_promise_that_ends_before_it(walk):
    promised(walk, ON_A_YES).later("2026-07-08 17:00").answer("accepts")  # the next day where the rules count
    assert commitments(walk) == [("2026-07-16", "running"), ("2026-07-15", "running")]
    walk.do("Carry out the promise", doneOn="2026-07-08", proof="4711")
    received(walk, "2026-07-05 10:00")
    assert commitments(walk) == [("2026-07-16", "met"), ("2026-07-15", "met")]
