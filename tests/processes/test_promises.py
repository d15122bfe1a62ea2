"""What was promised whatever the complainant says is kept, and what protects people outlives the way the case ends."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.processes.office import ROOT

REFUND = {"remedyKind": "refund", "amount": 38, "remedyWhat": "Refund of the deposit"}


def answer(office, *, keep=True, **receipt):
    """One issue, answered with a refund of 38; ``keep`` marks it to be paid whatever the complainant says."""
    issues = [{"id": 1, "summary": "Charged twice"}]
    office.receive(issues=issues, **receipt)
    office.do(
        "Screen the complaint", scopeExit="in_scope", problem="price", issueList=[{"summary": "Charged"}]
    )
    office.assess().investigate(issues=1)
    office.do("Draft the answer", outcome="upheld", answerText="You are right.", keepAnyway=keep, **REFUND)
    return office.send()


def go_outside(office, **referral):
    office.tell("complainant-answers", answer="rejects")
    office.do("Explain the options", rejectReason="More.", nextStep="external")
    return office.do("Record the referral", **referral)


def decided_outside(office, **outcome):
    go_outside(office, referral="taken_up", body="FOS", bodyReference="1", fileDueOn="2026-12-10")
    office.do("Send the file", fileSentOn=office.clock.now().date().isoformat())
    office.tell("external-outcome")
    return office.do("Record the outcome", **outcome)


def promised(office):
    """The promises somebody has to carry out, as (what, amount)."""
    begun = [job for job in office.jobs("start-clock") if job.headers["clock"] == "commitment"]
    assert office.open.count("Carry out the promise") == len(begun)
    found = [job.variables["commitment"] for job in begun]
    return sorted((one["what"], one["amount"] and int(one["amount"])) for one in found)


KEPT = ("Refund of the deposit", 38)


def test_what_is_promised_anyway_is_a_task_with_its_day_and_clock_from_the_letter_on(office):
    answer(office)
    assert promised(office) == [KEPT]
    (clock,) = [job for job in office.jobs("start-clock") if job.headers["clock"] == "commitment"]
    assert office.task("Carry out the promise").due_date.date() == clock.variables["due"]
    assert office.states[-1] == "responded"


def test_a_promise_that_hangs_on_a_yes_waits_for_it_and_has_no_day_before(office):
    answer(office, keep=False)
    assert promised(office) == []
    (decision,) = [job for job in office.jobs("record") if job.headers["kind"] == "decision"]
    assert [one["dueOn"] for one in decision.variables["data"]["commitments"]] == [None]
    office.tell("complainant-answers", answer="accepts")
    assert promised(office) == [KEPT]


def test_a_second_look_begins_what_it_promises_with_its_letter(office):
    answer(office, keep=False)
    office.tell("complainant-answers", answer="rejects")
    office.do("Explain the options", rejectReason="More.", nextStep="stage_two")
    office.do("Review the issue", outcome="upheld", answerText="Yes.", **REFUND)
    office.do("Approve the review", approval="approved")
    assert promised(office) == [KEPT]
    assert office.states[-1] == "responded"


ENDS = {
    "accepts": ("accepted", lambda office: office.tell("complainant-answers", answer="accepts")),
    "silence": ("no_reply_after_notice", lambda office: office.later(days=60).later(days=60)),
    "rejects": (
        "options_exhausted",
        lambda office: office.tell("complainant-answers", answer="rejects").do(
            "Explain the options", rejectReason="More.", nextStep="none"
        ),
    ),
    "outside": (
        "options_exhausted",
        lambda office: decided_outside(office, externalOutcome="confirmed", outcomeReason="It was fair."),
    ),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("early", [True, False])
def test_what_is_promised_anyway_is_kept_once_whatever_becomes_of_the_complaint(office, end, early):
    reason, course = ENDS[end]
    answer(office)
    if early:
        office.correct()
    course(office)
    if not early:
        assert office.open == ["Carry out the promise"]
        assert office.states[-1] == "correcting"
        office.correct()
    assert office.open == ["Look back on the complaint"]
    assert office.close().closed == [reason]
    begun = [job for job in office.jobs("start-clock") if job.headers["clock"] == "commitment"]
    kept = [job for job in office.jobs("record") if job.headers["kind"] == "verification"]
    assert (len(begun), len(kept)) == (1, 1)
    assert office.troubles == []


def test_what_is_agreed_early_is_carried_out_once_and_needs_no_second_promise(office):
    office.receive().screen().assess(severity="low", complexity="low", quickAnswer=True)
    office.do(
        "Settle it with the complainant",
        **{"earlyResult": "settled", "earlyOutcome": "upheld", "earlySummary": "We pay."},
        **REFUND,
    )
    assert promised(office) == [KEPT]
    assert office.correct().close().closed == ["settled_early"]


def test_a_promise_without_a_day_gets_the_usual_time(office):
    office.still_owed = {
        "promises": [{"id": "c1", "issueId": 1, "kind": "refund", "what": "Refund", "amount": 38}]
    }
    office.receive().tell("complainant-withdraws")
    assert office.troubles == []
    assert office.task("Carry out the promise").due_date is not None


@pytest.mark.parametrize("referral", ["dropped", "silence"])
def test_what_was_promised_anyway_is_paid_when_nobody_goes_outside_after_all(office, referral):
    answer(office)
    if referral == "dropped":
        go_outside(office, referral="dropped")
    else:
        office.tell("complainant-answers", answer="rejects")
        office.do("Explain the options", rejectReason="More.", nextStep="external")
        office.run_clock("referral_window", office.clock.now() + timedelta(days=180)).later(days=181)
    assert promised(office) == [KEPT]
    assert office.correct().close().closed == ["options_exhausted"]


def test_who_is_satisfied_after_all_gets_everything_we_offered(office):
    answer(office, keep=False)
    go_outside(office, referral="satisfied")
    assert promised(office) == [KEPT]


def test_a_promise_that_hung_on_a_yes_is_not_paid_when_nobody_goes_outside(office):
    answer(office, keep=False)
    go_outside(office, referral="dropped")
    assert promised(office) == []


def test_what_was_promised_anyway_is_paid_when_the_outside_body_awards_nothing(office):
    answer(office)
    decided_outside(office, externalOutcome="confirmed", outcomeReason="It was fair.")
    assert promised(office) == [KEPT]


def test_an_award_comes_on_top_of_what_was_promised_anyway(office):
    answer(office)
    award = {"award": True, "awardWhat": "Compensation", "awardAmount": 300, "complyBy": "2027-01-15"}
    decided_outside(office, externalOutcome="changed", **award)
    assert promised(office) == [("Compensation", 300), KEPT]


@pytest.mark.parametrize(
    ("reviewed", "left"),
    [
        ({"remedyKind": "none"}, [KEPT]),
        (
            {"remedyKind": "compensation", "amount": 20, "remedyWhat": "For the wait"},
            [("For the wait", 20), KEPT],
        ),
        ({"remedyKind": "refund", "amount": 20, "remedyWhat": "Half of it"}, [KEPT]),
        ({"remedyKind": "refund", "amount": 50, "remedyWhat": "All of it"}, [("All of it", 12), KEPT]),
        (
            {"remedyKind": "put_right", "remedyWhat": "Mend the stairs"},
            [("Mend the stairs", None), KEPT],
        ),
    ],
)
def test_a_review_takes_nothing_back_that_was_promised_anyway(office, reviewed, left):
    answer(office)
    office.tell("complainant-answers", answer="rejects")
    office.do("Explain the options", rejectReason="More.", nextStep="stage_two")
    office.do("Review the issue", outcome="not_upheld", answerText="No more.", **reviewed)
    office.do("Approve the review", approval="approved")
    office.tell("complainant-answers", answer="accepts")
    assert office.troubles == []
    assert promised(office) == left


def test_the_waiting_times_of_the_table_hold_for_danger_told_at_the_receipt(office):
    table = (ROOT / "processes" / "waiting-times.dmn").read_text(encoding="utf-8")
    name = "Output_protectHours"
    column = [one.split('"')[0] for one in table.split('<output id="')[1:]].index(name) + 1
    changed = re.sub(rf'(<outputEntry id="Result_\d+_{column}">\s*<text>)2(</text>)', r"\g<1>1\g<2>", table)
    assert changed != table
    office.engine.deploy([("waiting-times.dmn", changed.encode())])
    office.receive(dangerReported=True)
    assert office.task("Protect people now").due_date == office.clock.now() + timedelta(hours=1)


@pytest.mark.parametrize("exit", ["external_dispute", "duplicate"])
def test_only_a_duplicate_closes_without_waiting_for_what_protects_people(office, exit):
    more = {"duplicateOf": "RD-1"} if exit == "duplicate" else {}
    office.receive(dangerReported=True).screen(exit, **more).later(days=60)
    assert office.closed == (["duplicate"] if exit == "duplicate" else [])
    if exit != "duplicate":
        protected = office.clock.now().isoformat()
        office.do("Protect people now", protectiveAction="Stopped the sale.", protectedAt=protected)
        office.later(hours=1)
    assert office.ended
