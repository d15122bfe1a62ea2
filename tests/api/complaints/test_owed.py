"""What a complaint owes in each state, and to whom."""

from __future__ import annotations

import pytest

from api.complaints.states import ENDED, OWED, STATES, TOLD_TO_SOMEBODY, owes


def test_every_state_says_what_it_owes():
    assert set(OWED) == set(STATES)


@pytest.mark.parametrize("state", sorted(ENDED))
def test_who_is_through_is_owed_no_answer_and_no_news(state):
    assert not any(owes(state, clock) for clock in ("final_response", "update", "target", "explanation"))


def test_an_answer_is_owed_until_its_letter_has_left_but_no_more_news():
    assert owes("responded", "final_response")
    assert owes("responded", "commitment")
    assert not owes("responded", "update")
    assert owes("stage_two", "update")


def test_a_promise_is_owed_after_a_withdrawal():
    assert owes("withdrawn", "commitment")
    assert not owes("withdrawn", "final_response")


def test_a_clock_of_an_owners_own_is_owed_while_the_complaint_is_looked_into():
    assert owes("investigating", "site_visit")
    assert not owes("not_accepted", "site_visit")


def test_nobody_is_owed_what_is_only_said_to_somebody():
    assert not owes("received", "acknowledgement", TOLD_TO_SOMEBODY)
    assert not owes("received", "update", TOLD_TO_SOMEBODY)
    assert not owes("received", "explanation", TOLD_TO_SOMEBODY)
    assert not owes("deciding", "promised_answer", TOLD_TO_SOMEBODY)
    assert owes("received", "final_response", TOLD_TO_SOMEBODY)
