"""Work on the answer is due with the earliest clock of the answer, in any regime, wherever it moves."""

from __future__ import annotations

import pytest

from tests.processes.test_corrected_while_late import put_under, received
from tests.processes.test_regimes import KNOWN, RECEIVED, regimes

PLAN = "Plan the investigation"
STEPS = (
    (PLAN, {"questions": "What happened?"}),
    ("Examine the evidence", {"chronology": "First this, then that."}),
    ("Record the finding", {"outcome": "upheld", "findingReasons": "We saw it.", "rootCause": "process"}),
    ("Draft the answer", {"outcome": "upheld", "answerText": "You are right.", "remedyKind": "words"}),
    ("Check the quality", {"check": "accepted"}),
    ("Approve the decision", {"approval": "approved"}),
)


def bound(walk):
    """When the earliest clock of the answer that the complaint has open is over; None while none of them runs."""
    names = {"target", "final_response", "promised_answer", "internal_review", "outcome_letter"}
    bounds = [walk.clock_named(name).bound_at for name in names & set(walk.running)]
    return min((bound for bound in bounds if bound is not None), default=None)


def told(walk, subject):
    return sorted(notice.group_name or notice.person_name for notice in walk.notices(subject))


@pytest.mark.parametrize("regime", regimes())
def test_the_plan_is_due_with_the_answer_in_any_regime_wherever_its_clock_moves(walk, regime):
    walk.take(RECEIVED, regime, **KNOWN).screen().assess()
    for day in ("2026-07-06", "2026-07-03", "2026-07-08"):
        received(walk, day)
        assert walk.due_of(PLAN) is not None
        assert bound(walk) in (None, walk.due_of(PLAN))
    assert walk.troubles == []


@pytest.mark.parametrize("regime", ["generic", "uk-social-housing"])
def test_every_step_to_the_answer_is_due_with_it_wherever_its_clock_moves(walk, regime):
    walk.take(RECEIVED, regime).screen().assess()
    for name, answers in STEPS:
        for day in ("2026-07-06", "2026-06-22", "2026-07-03"):
            assert received(walk, day).due_of(name) == bound(walk) is not None
        walk.do(name, **answers)
    assert walk.troubles == []


def test_under_other_rules_work_is_due_with_the_clock_that_they_have(walk):
    walk.take(RECEIVED).screen().assess()
    ours = walk.clock_named("target").bound_at
    assert walk.due_of(PLAN) == ours
    put_under(walk, "uk-social-housing")
    assert walk.due_of(PLAN) == walk.clock_named("final_response").bound_at < ours
    assert put_under(walk, "generic").due_of(PLAN) == ours


def test_who_works_on_the_answer_is_warned_of_the_clock_that_it_is_due_with_and_of_no_other(walk):
    walk.take("2026-07-13 10:00", "uk-social-housing").screen().assess().later("2026-07-21 10:00")
    assert told(walk, "Final response: 50%") == ["handlers", "investigators", "team-leads"]


def test_who_works_towards_the_target_is_not_warned_of_the_final_response(walk):
    walk.take("2026-06-01 10:00").screen().assess().later("2026-06-16 10:00")
    assert "handlers" in told(walk, "Internal target: 50%")
    assert told(walk, "Final response: 50%") == ["team-leads"]
