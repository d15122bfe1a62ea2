"""The time that somebody outside has to reply ends before the day by which we have promised ours, with working time left."""

from __future__ import annotations

from datetime import date

import pytest

from api.complaints.intake import PartyDetails
from tests.api.deadlines.conftest import at
from tests.processes.test_days_letters_name import ASK, after, named
from tests.processes.test_regimes import KNOWN, RECEIVED, agree, regimes
from tests.processes.test_reminders_that_wait import PAPER, REACHED, task_of
from tests.processes.walking import ANN

RITA = PartyDetails("Rita Rep", "rita@example.org")
EVERY = pytest.mark.parametrize("regime", regimes())
PROMISED = {"final_response", "promised_answer", "outcome_letter", "internal_review"}
STAYS = "stays the same"


def first_bound(walk, names=PROMISED):
    """When the first of these clocks is over that still run; None where none does."""
    rows = [walk.clock_named(name) for name in sorted(names & set(walk.running))]
    return min((row.bound_at for row in rows if row.state == "running"), default=None)


def asked(walk, regime="generic", on=RECEIVED, sender=ANN):
    """The complainant is asked; everything else is established."""
    walk.take(RECEIVED, regime, sender=sender, **KNOWN)
    if sender is not ANN:
        walk.beside(task_of(sender), **REACHED)
    agree(walk.screen()).assess().later(on)
    walk.do("Plan the investigation", questions="What?", **ASK)
    walk.do("Examine the evidence", chronology="First this.")
    return named(walk.letter("request-information"))


@EVERY
def test_a_question_leaves_time_for_our_answer(walk, regime):
    last = asked(walk, regime)
    bound = first_bound(walk)
    assert date(2026, 7, 6) < last
    if bound is not None:
        assert at(f"{after(last)} 00:00") < bound, "a day at least is left"
    walk.later(f"{last} 23:58")
    assert "Record the finding" not in walk.open
    walk.later(f"{after(last)} 00:05")
    assert "Record the finding" in walk.open
    assert not PROMISED & set(walk.late)
    assert walk.troubles == []


@pytest.mark.parametrize(
    ("regime", "last"),
    [
        ("generic", date(2026, 7, 20)),  # ten working days, as the answer is promised for 3 August
        ("uk-social-housing", date(2026, 7, 15)),  # three working days before the 20th
        ("scottish-public-bodies", date(2026, 7, 9)),  # two working days before the 13th
        ("australia-telecoms", date(2026, 7, 16)),
    ],
)
def test_time_to_reply_is_shorter_only_where_the_promise_asks_for_it(walk, regime, last):
    assert asked(walk, regime) == last
    assert STAYS in walk.letter("request-information").text


@pytest.mark.parametrize("sender", [ANN, PAPER])
def test_a_question_just_before_the_promised_day_says_nothing_of_that_day(walk, sender):
    last = asked(walk, on="2026-07-31 10:00", sender=sender)
    promised = walk.clock_named("final_response").due_on
    assert promised == date(2026, 8, 3) <= last
    assert STAYS not in walk.letter("request-information").text
    assert last <= date(2026, 8, 4)


def test_a_question_that_lies_too_long_says_nothing_of_the_promised_day_when_it_leaves(walk):
    asked(walk, "scottish-public-bodies", sender=PAPER)
    walk.later("2026-07-09 10:00").beside(task_of(PAPER), **REACHED)
    row = walk.letter("request-information")
    assert named(row) >= date(2026, 7, 13)
    assert STAYS not in row.text


def test_once_we_are_late_a_question_gives_the_time_of_the_table(walk):
    assert asked(walk, on="2026-08-04 10:00") == date(2026, 8, 18)
    assert STAYS not in walk.letter("request-information").text


@EVERY
def test_a_request_for_proof_leaves_time_for_our_answer(walk, regime):
    walk.take(RECEIVED, regime, representative=RITA, **KNOWN)
    walk.do("Check the authority", authority="requested")
    last, bound = named(walk.letter("authority-request")), first_bound(walk, {*PROMISED, "plan_agreed"})
    if bound is not None:
        assert at(f"{after(last)} 00:00") < bound, "a day at least is left"
    walk.later(f"{last} 23:58")
    assert "Look at the proof" in walk.open
    walk.later(f"{after(last)} 00:05")
    assert "Decide without the proof" in walk.open
    assert not {*PROMISED, "plan_agreed"} & set(walk.late)
    assert walk.troubles == []
