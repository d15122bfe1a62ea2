"""A day promised for our answer ends where nobody waits for that answer any more, and so does the work that it asked for."""

from __future__ import annotations

import pytest

from api.complaints.states import AWAITED, OWED
from tests.processes.test_at_the_edges import withdrawn
from tests.processes.test_told_reasons import BEHIND, noticed


def refused(walk, *, promise="2027-04-30", **more):
    """The answer of 30 November 2026 was not accepted, and the second look is late: an answer was promised by a day."""
    walk.take("2026-11-23 10:00", **more).through(remedy="words").later("2026-12-01 10:00").answer("rejects")
    assert walk.complaint().state == "rejected_open"
    walk.later("2027-01-20 10:00")
    assert walk.open.count("Explain the delay") == 1
    if promise:
        walk.do("Explain the delay", **BEHIND, newDate=promise)
        assert walk.state("promised_answer") == "running"
    return walk


def over(walk):
    """Nothing was missed but the limit that was, nobody is asked to explain, and nobody told of a promise."""
    assert "promised_answer" not in walk.running
    before = len(walk.notices("Promised answer is late"))
    walk.later("2027-05-20 10:00")
    assert walk.state("promised_answer") in ("not_applicable", "cancelled")
    assert len(walk.notices("Promised answer is late")) == before
    assert "Explain the delay" not in walk.open
    assert walk.troubles == []


@pytest.mark.parametrize("step", ["external", "none"])
@pytest.mark.parametrize("regime", ["generic", "uk-financial", "uk-social-housing", "australia-financial"])
def test_who_goes_outside_or_leaves_it_waits_for_no_answer_of_ours(walk, regime, step):
    refused(walk, regime=regime).choose(step)
    over(walk)


def test_an_explanation_that_is_open_goes_with_the_wait_for_our_answer(walk):
    refused(walk, promise=None).choose("external")
    assert "Explain the delay" not in walk.open
    walk.later("2027-03-01 10:00")
    assert "Explain the delay" not in walk.open


@pytest.mark.parametrize("step", ["external", "none"])
def test_an_explanation_of_a_promise_that_passed_goes_too(walk, step):
    refused(walk, promise="2027-02-10").later("2027-02-15 10:00")
    assert walk.open.count("Explain the delay") == 1
    walk.choose(step)
    assert "Explain the delay" not in walk.open
    assert "promised_answer" not in walk.running


def test_a_promise_ends_with_a_withdrawal(walk):
    noticed(walk).wait(hours=1)
    withdrawn(walk)
    assert walk.complaint().state == "withdrawn"
    over(walk)


@pytest.mark.parametrize("way", ["restricted_contact", "external_dispute"])
def test_a_promise_ends_when_we_turn_somebody_away(walk, way):
    walk.take("2026-11-23 10:00", "uk-financial").wait(hours=1).later("2027-01-11 10:00")
    walk.do(
        "Decide how to keep it",
        deadlineChoice="holding_notice",
        extensionReason="complex",
        holdingText="We wait.",
        newDate="2027-03-19",
    )
    assert walk.state("promised_answer") == "running"
    walk.screen(way)
    over(walk)


def test_no_state_in_which_nobody_waits_for_our_answer_owes_one():
    owing = {state for state, owed in OWED.items() if "promised_answer" in owed}
    assert owing == AWAITED | {"responded", "rejected_open", "correcting"}, (
        "until the letter that tells it has left"
    )
