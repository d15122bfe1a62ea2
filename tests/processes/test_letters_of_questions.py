"""A letter that asks for something is over once that has come: it leaves no more, and posting it is nobody's work."""

from __future__ import annotations

import pytest

from api.complaints import letters_owed
from api.complaints.intake import PartyDetails
from tests.processes.test_days_letters_name import asked_for_proof
from tests.processes.test_letters_not_owed import PAPER, PHONE, POST, REACHED, RING, waiting
from tests.processes.test_reminders_that_wait import NO_WAY


def asked(walk, sender, task):
    """A complaint under investigation whose question to the complainant waits to be posted or told."""
    walk.take("2026-06-01 10:00", sender=sender).wait(hours=1).beside(task, **REACHED).screen().assess()
    walk.do(
        "Plan the investigation", questions="What?", askComplainant=True, questionToComplainant="Which shop?"
    )
    assert waiting(walk) == ["request-information"]
    return walk


@pytest.mark.parametrize(("sender", "task"), [(PAPER, POST), (PHONE, RING)])
def test_a_question_is_over_once_the_facts_came(walk, sender, task):
    asked(walk, sender, task).tell("complainant-sends-information")
    assert "request-information" not in waiting(walk)
    assert len(walk.aside()) == len(waiting(walk)), "no work is left for it"
    (line,) = walk.events("letter-kept-back")
    assert line.startswith("Not sent, as nobody waits for an answer to it any more: ")
    assert walk.troubles == []


def test_a_question_that_left_is_left_alone(walk):
    asked(walk, PAPER, POST).beside(POST, **REACHED).tell("complainant-sends-information")
    assert walk.letter("request-information").replaced_at is None
    assert walk.events("letter-kept-back") == []


def test_a_question_that_found_no_way_is_not_asked_when_there_is_one_again(walk):
    asked(walk, PAPER, POST).beside(POST, **NO_WAY).tell("complainant-sends-information")
    assert letters_owed.kept(walk.complaint()) == ()


@pytest.mark.parametrize(
    "found", [{"authority": "confirmed", "authorityScope": "settle"}, {"authority": "refused"}]
)
def test_a_request_for_proof_is_over_once_the_authority_is_settled(walk, found):
    asked_for_proof(walk)
    assert waiting(walk) == ["authority-request"]
    walk.do("Look at the proof", **found)
    assert "authority-request" not in waiting(walk)
    assert len(walk.aside(POST)) == len([one for one in walk.letters if one.channel == "post" and waits(one)])
    assert walk.troubles == []


def test_a_receipt_that_asks_for_proof_is_over_with_it_and_what_says_more_answers_its_clock(walk):
    agent = PartyDetails("Lettings Ltd", address="2 High Street", preferred_channel="post")
    walk.take("2026-06-01 10:00", sender=PartyDetails("Ann Other"), representative=agent).wait(hours=1)
    assert waiting(walk) == ["receipt-representative"]
    walk.do("Check the authority", authority="confirmed", authorityScope="receive")
    assert waiting(walk) == ["acknowledgement"]
    walk.beside(POST, **REACHED)
    assert (walk.state("acknowledgement"), walk.troubles) == ("met", [])


@pytest.mark.parametrize("answered", [True, False])
def test_a_survey_is_over_once_it_is_answered_or_its_time_is(walk, answered):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED).screen()
    walk.on(remedy="words").beside(POST, **REACHED).answer("accepts").close()
    assert waiting(walk) == ["closing", "survey"]
    if answered:
        walk.tell("survey-answered", processRating=5, outcomeRating=5, mayContact=False)
    else:
        walk.wait(days=60)
    assert waiting(walk) == ["closing"]
    assert walk.troubles == []


def waits(letter):
    """Tell whether a letter has still to leave."""
    return letter.dispatched_at is None and letter.replaced_at is None
