"""An outside body that does not decide leaves the complaint where it was: open after the no, with everything that was open."""

from __future__ import annotations

import pytest

from api.complaints.reading import decided_outside
from engine.forms.errors import FormInvalid


def back(walk, *, regime="generic", keep=False, wait=0):
    """Our answer was refused, the outside body has the complaint, and it does not decide."""
    walk.take("2026-07-06 10:00", regime).screen().assess().investigate()
    walk.do(
        "Draft the answer",
        outcome="upheld",
        answerText="You are right.",
        remedyKind="refund",
        amount=50,
        remedyWhat="Refund of the second charge",
        keepAnyway=keep,
    )
    walk.do("Check the quality", check="accepted").do("Approve the decision", approval="approved")
    walk.wait(hours=1).answer("rejects").choose("external")
    walk.do("Record the referral", referral="taken_up", body="FOS", bodyReference="1", fileDueOn="2026-07-20")
    walk.do("Send the file", fileSentOn=walk.clock.now().date().isoformat()).wait(days=wait)
    if wait:
        walk.do("Ask how it stands", referralStatus="decided")
    else:
        walk.tell("external-outcome")
    return walk.do("Record the outcome", externalOutcome="not_decided")


@pytest.mark.parametrize("regime", ["generic", "uk-financial", "uk-social-housing"])
def test_who_was_not_heard_outside_stands_where_they_stood(walk, regime):
    window = back(walk, regime=regime).clocks.get(("referral_window", 1))
    assert walk.complaint().state == "rejected_open"
    assert walk.open == ["Explain the options"]
    assert walk.complaint().closing_reason is None
    assert window in (None, "running")
    assert not walk.ask(lambda session: decided_outside(session, walk.key))
    assert walk.troubles == walk.holes == []


def test_the_second_look_is_open_again_with_its_whole_time(walk):
    back(walk, regime="uk-social-housing", wait=60).choose("stage_two")
    assert walk.complaint().state == "stage_two"
    due = walk.due_of("Review the issue")
    assert due > walk.clock.now()
    assert walk.late == []
    walk.review()
    assert walk.troubles == walk.holes == []


@pytest.mark.parametrize("regime", ["generic", "uk-social-housing", "uk-financial", "scottish-public-bodies"])
def test_the_clocks_of_a_second_look_run_anew_after_a_body_that_did_not_decide(walk, regime):
    """Those of the look that was let go for the outside body had ended with it."""
    back(walk, regime=regime, wait=60)
    assert walk.state("final_response") in ("running", "projected"), "housing counts from our acknowledgement"
    walk.choose("stage_two")
    again = walk.clock_named("final_response")
    assert (walk.state("final_response"), again.bound_at > walk.clock.now()) == ("running", True)
    assert walk.due_of("Review the issue") == walk.clock_named("final_response").bound_at
    walk.review()
    assert walk.state("final_response") == "met"


def test_another_body_may_be_asked_and_what_hung_on_the_yes_still_hangs_on_it(walk):
    back(walk).choose("external")
    assert walk.open == ["Record the referral"]
    walk.do("Record the referral", referral="satisfied")
    assert walk.open == ["Carry out the promise"]
    assert walk.correct().close().complaint().closing_reason == "accepted"


def test_what_is_promised_anyway_is_kept_once(walk):
    assert back(walk, keep=True).open == ["Carry out the promise", "Explain the options"]
    walk.correct().choose("none").close()
    assert walk.complaint().closing_reason == "options_exhausted"
    assert walk.troubles == walk.holes == []


def test_a_body_that_did_not_decide_awards_nothing(walk):
    given = {"externalOutcome": "not_decided", "award": True, "awardWhat": "Pay", "awardAmount": 300}
    walk.take("2026-07-06 10:00").through().wait(hours=1).answer("rejects").choose("external")
    walk.do("Record the referral", referral="taken_up", body="FOS", bodyReference="1", fileDueOn="2026-07-20")
    walk.do("Send the file", fileSentOn=walk.clock.now().date().isoformat())
    walk.tell("external-outcome")
    with pytest.raises(FormInvalid):
        walk.do("Record the outcome", **given)
    walk.do("Record the outcome", externalOutcome="not_decided")
    assert walk.open == ["Explain the options"]
    assert "award" not in [row.template for row in walk.letters]


def test_a_decision_that_comes_while_somebody_should_ask_for_it_takes_that_task_away(walk):
    walk.take("2026-07-06 10:00").through().wait(hours=1).answer("rejects").choose("external")
    walk.do("Record the referral", referral="taken_up", body="FOS", bodyReference="1", fileDueOn="2026-07-20")
    walk.do("Send the file", fileSentOn=walk.clock.now().date().isoformat()).wait(days=60)
    assert walk.open == ["Ask how it stands"]
    walk.tell("external-outcome")
    assert walk.open == ["Record the outcome"]
    walk.do("Record the outcome", externalOutcome="confirmed", outcomeReason="It was fair.").close()
    assert walk.complaint().closing_reason == "options_exhausted"
    assert walk.troubles == walk.holes == []
