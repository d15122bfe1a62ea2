"""Work is due no later than the earliest of the days it serves, in any regime and look; no clock is late that nothing began."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.api.deadlines.conftest import at
from tests.processes.test_corrected_while_late import put_under
from tests.processes.test_regimes import KNOWN, RECEIVED, agree, regimes
from tests.processes.walking import ANN, Walk

ANSWER = {"target", "final_response", "outcome_letter", "internal_review", "promised_answer"}
SERVES = {  # what other work serves than our answer
    "Acknowledge in person": {"acknowledgement", "data_protection_acknowledgement", *ANSWER},
    "Agree the plan": {"plan_agreed"},
    "Set the day alone": set(),  # after the day for it is over
    "Explain why it takes so long": {"explanation"},
    "Decide how to keep it": {"final_response"},
    "Explain the delay": set(),  # after the limit
    "Settle it with the complainant": {"early_resolution", *ANSWER},
    "Approve the quick solution": {"early_resolution", *ANSWER},
    "Write an update": {"update"},
    "Answer the request": {"contribution"},
    "Carry out the promise": {"commitment"},
    "Record the referral": {"referral_window"},
    "Look back on the complaint": set(),
}
EVERY = pytest.mark.parametrize("regime", regimes())


class Watched(Walk):
    """A walk that looks at every open task before each step: is it due by the earliest open clock that it serves?"""

    def do(self, name, **answers):
        self.judge()
        return super().do(name, **answers)

    def judge(self):
        """Every task is due by then; a clock that is paused, or not there, asks for nothing."""
        for task in self._open():
            served = SERVES.get(task.name, ANSWER) & set(self.running)
            bounds = {name: self.clock_named(name).bound_at for name in served}
            late = {name for name, at in bounds.items() if at is not None and task.due_date > at}
            assert (task.name, late) == (task.name, set()), (task.due_date, bounds)


@pytest.fixture
def walk(service, clock):
    return Watched(service, clock)


KINDS = [
    *((regime, None) for regime in regimes()),
    *(("uk-financial", "payment"), ("australia-financial", "hardship"), ("us-airlines", "disability")),
]


@pytest.mark.parametrize(("regime", "category"), KINDS)
def test_first_and_second_look(walk, regime, category):
    walk.take(RECEIVED, regime, category, **KNOWN)
    agree(walk.screen()).assess(**({"category": category} if category else {})).investigate().decide()
    walk.wait(hours=1).answer("rejects")
    assert walk.late == []
    if "final_response" not in walk.running:
        return
    walk.judge()
    walk.choose("stage_two").review()
    assert walk.late == []


@EVERY
def test_work_begun_late(walk, regime):
    """On the last days before the limit a step of our own would be due after it."""
    walk.take(RECEIVED, regime, **KNOWN)
    agree(walk.screen())
    walk.judge()
    limit = walk.clock_named("final_response").bound_at
    walk.clock.set(limit - timedelta(days=1))
    walk.service.run_due()
    walk.judge()
    walk.assess(severity="low", complexity="low", quickAnswer=True)
    walk.judge()


@EVERY
def test_the_quick_lane(walk, regime):
    walk.take(RECEIVED, regime, **KNOWN)
    agree(walk.screen()).assess(severity="low", complexity="low", quickAnswer=True)
    walk.judge()
    assert walk.settle().late == []


def test_the_quick_lane_is_over_with_the_limit_where_that_is_sooner(walk):
    walk.take(RECEIVED, "australia-telecoms", "urgent").screen()
    walk.assess(severity="low", complexity="low", quickAnswer=True, category="urgent")
    assert walk.due_of("Settle it with the complainant") == walk.clock_named("final_response").bound_at


def test_a_payment_complaint_is_drafted_by_its_limit_not_by_the_target_after_it(walk):
    walk.take(RECEIVED, "uk-financial", "payment").screen().assess(category="payment")
    limit, target = (walk.clock_named(name).bound_at for name in ("final_response", "target"))
    assert walk.due_of("Plan the investigation") == limit < target


def test_once_the_investigation_is_over_the_answer_is_due_with_the_letter_of_its_outcome(walk):
    walk.take(RECEIVED, "ireland-consumer-code").screen().assess().investigate()
    assert walk.due_of("Draft the answer") == walk.clock_named("outcome_letter").bound_at


def test_a_day_that_was_promised_counts_like_the_limit(walk):
    walk.take(RECEIVED, "uk-social-housing").screen().assess()
    told = walk.clock_named("final_response").bound_at
    put_under(walk, "uk-financial")
    assert walk.clock_named("promised_answer").bound_at == told
    assert walk.due_of("Plan the investigation") == told


def test_a_paused_target_does_not_count_and_a_step_keeps_its_own_day(walk):
    walk.take(RECEIVED).screen()
    own = walk.due_of("Assess the complaint")
    walk.later("2026-07-08 10:00")
    walk.pause()
    assert walk.due_of("Assess the complaint") == own
    walk.assess()
    assert walk.due_of("Plan the investigation") == walk.clock_named("final_response").bound_at
    walk.resume()
    assert walk.due_of("Plan the investigation") == walk.clock_named("target").bound_at


def test_a_short_limit_that_moves_takes_the_steps_before_it_along(walk):
    walk.take(RECEIVED, "australia-telecoms", "urgent")
    assert walk.due_of("Screen the complaint") == walk.clock_named("final_response").bound_at
    put_under(walk, "generic")
    assert walk.due_of("Screen the complaint") < walk.clock_named("target").bound_at


# what the internal ombudsman of a bank is asked


def on_day(walk, days):
    return walk.later(f"2026-07-{6 + days:02} 10:00")


def test_nothing_rejected_is_nothing_missed(walk):
    walk.take(RECEIVED, "india-rbi").screen().assess().investigate()
    on_day(walk, 22)
    assert (walk.state("internal_review"), walk.late) == ("not_applicable", [])
    assert [each.subject for each in walk.notices() if each.subject.startswith("Internal review: 100%")] == []
    walk.decide()
    assert walk.late == []


def reject(walk):
    drafted = {"answerText": "We did nothing wrong.", "remedyKind": "none"}
    walk.do("Draft the answer", outcome="not_upheld", **drafted)
    walk.do("Check the quality", check="accepted")
    return walk.do("Approve the decision", approval="approved")


@pytest.mark.parametrize(("day", "late"), [(15, []), (22, ["internal_review"])])
def test_what_is_rejected_was_to_be_handed_over_in_time(walk, day, late):
    walk.take(RECEIVED, "india-rbi").screen().assess().investigate()
    on_day(walk, day)
    assert reject(walk).late == late


def test_what_is_rejected_in_time_and_lies_there_is_missed(walk):
    paper = replace(ANN, address="1 High Street", preferred_channel="post", email=None)
    walk.take(RECEIVED, "india-rbi", sender=paper).screen().assess().investigate()
    reject(on_day(walk, 18))
    assert on_day(walk, 22).late == ["internal_review"]


def test_what_a_department_is_asked_for_is_due_a_step_before_our_answer_at_the_latest(walk):
    walk.take("2026-11-23 10:00", "uk-financial").screen().assess()
    request = {"department": "department-billing", "question": "What was charged?", "dueOn": "2027-03-01"}
    walk.do("Plan the investigation", questions="What happened?", contributionRequests=[request])
    limit = walk.clock_named("target").bound_at
    assert walk.due_of("Answer the request") <= limit
    put_under(walk, "uk-financial", "payment")
    assert walk.due_of("Answer the request") <= walk.clock_named("final_response").bound_at


QUESTION = {"department": "department-billing", "question": "What was charged?"}


def asked(walk, *, days):
    """Plan with a question to a department that it is to answer in so many days; return the days it reads."""
    wanted = walk.service.today() + timedelta(days=days)
    request = QUESTION | {"dueOn": wanted.isoformat()}
    walk.do("Plan the investigation", questions="What happened?", contributionRequests=[request])
    told = "A question about a complaint, needed by "
    return [notice.subject.removeprefix(told) for notice in walk.notices(told)]


@pytest.mark.parametrize("regime", ["generic", "nhs-scotland"])
def test_a_department_is_asked_by_the_day_that_was_named_where_our_answer_is_late(walk, regime):
    walk.take(RECEIVED, regime).screen().assess().wait(days=36)
    assert asked(walk, days=3) == ["14 August 2026"]
    assert walk.due_of("Answer the request") == at("2026-08-14 17:00")


def test_a_department_is_asked_by_the_day_that_was_promised_once_the_limit_is_over(walk):
    walk.take(RECEIVED).screen().assess().wait(days=36)
    walk.do("Explain the delay", breachReason="capacity", breachText="Many are away.", newDate="2026-08-20")
    assert asked(walk, days=30) == ["17 August 2026"], "three working days before"
    assert walk.due_of("Answer the request") == at("2026-08-17 17:00")


@pytest.mark.parametrize(
    ("begun", "needed"),
    [
        ("2026-07-28 10:00", "29 July 2026"),
        ("2026-07-31 10:00", "3 August 2026"),
        ("2026-08-03 10:00", "3 August 2026"),
    ],
)
def test_a_department_has_a_day_where_our_answer_allows_it(walk, begun, needed):
    walk.take(RECEIVED).screen().assess().later(begun)
    assert asked(walk, days=30) == [needed]


def test_a_department_is_asked_by_the_limit_where_only_our_target_is_over(walk):
    walk.take(RECEIVED, "uk-financial").screen().assess()
    target, limit = (walk.clock_named(name) for name in ("target", "final_response"))
    walk.clock.set(target.bound_at + timedelta(days=2))
    walk.service.run_due()
    (needed,) = asked(walk, days=300)
    assert needed == "26 August 2026", "three working days, and a day off, before 1 September"
    assert walk.due_of("Answer the request") <= limit.bound_at
