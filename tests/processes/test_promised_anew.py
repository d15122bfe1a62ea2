"""A new date for our answer is a promise: watched as the limit was, and explained again when it passes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.complaints.clock_rows import CHANCES, WINDOWS
from api.procedure.deadline_table import rows_of
from engine import dmn, feel
from engine.deadlines.policy import WarningRule
from tests.processes.office import ROOT

# A day on which the answer is late.
LATE = {
    "generic": "2026-08-06 10:00",
    "uk-councils": "2026-07-24 10:00",
    "australia-financial": "2026-08-06 10:00",
}
PASSED = {"breachReason": "capacity", "breachText": "We are few.", "newDate": "2026-08-20"}


def promised_anew(walk, regime):
    """A complaint of 6 July 2026 whose answer is late; the delay is explained, and an answer promised by 20 August."""
    walk.take("2026-07-06 10:00", regime)
    walk.later(LATE[regime]).do("Explain the delay", **PASSED)
    assert walk.due("promised_answer") == "2026-08-20"
    return walk


@pytest.mark.parametrize("regime", sorted(LATE))
def test_a_new_date_that_nears_and_passes_is_told_and_explained_again(walk, regime):
    promised_anew(walk, regime)
    walk.later("2026-08-20 16:00")
    assert walk.notices("Promised answer: 80% of the time is used")
    assert not walk.notices("Promised answer is late")
    assert "Explain the delay" not in walk.open

    walk.later("2026-08-24 10:00")
    assert walk.state("promised_answer") == "breached"
    assert walk.notices("Promised answer is late")
    walk.do("Explain the delay", **PASSED | {"newDate": "2026-09-10"})
    assert walk.due("promised_answer") == "2026-09-10"
    assert "10 September 2026" in walk.letter("delay").text

    walk.later("2026-09-14 10:00")
    assert walk.open.count("Explain the delay") == 1


def test_an_answer_takes_the_explanation_of_a_new_date_with_it(walk):
    promised_anew(walk, "generic").later("2026-08-24 10:00")
    assert "Explain the delay" in walk.open
    walk.through(remedy="words")
    assert walk.state("promised_answer") == "met_late"
    assert "Explain the delay" not in walk.open


def test_what_we_promised_to_do_is_told_before_its_day_and_when_it_passes(walk):
    walk.take("2026-07-06 10:00").through().answer("accepts")
    due = walk.clock_named("commitment").bound_at
    walk.wait(seconds=(due - walk.clock.now()).total_seconds() - 60)
    assert walk.notices("Promised remedy: 80% of the time is used")
    assert not walk.notices("Promised remedy is late")
    walk.wait(days=4)
    assert walk.notices("Promised remedy is late")


def test_every_clock_of_the_table_tells_somebody_when_its_day_is_over():
    """The time a complainant has, and time we may use, run out without a word."""
    model = dmn.read((ROOT / "processes" / "deadlines.dmn").read_bytes(), name="deadlines.dmn")
    rows = [row.policy for row in rows_of(model, moment=feel.Moment(datetime(2026, 7, 6, tzinfo=UTC), "UTC"))]
    ours = [policy for policy in rows if policy.clock not in WINDOWS | CHANCES]
    assert ours
    assert [policy.id for policy in ours if WarningRule(share=1.0) not in policy.warnings] == []
