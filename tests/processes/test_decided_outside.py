"""Whatever an outside body decides the complainant is told: what was decided, and what follows from it."""

from __future__ import annotations

import pytest

from engine.forms.errors import FormInvalid
from tests.processes.test_letters_not_owed import PAPER, PHONE, POST, REACHED, waiting
from tests.processes.test_reminders_that_wait import task_of

WHY = "The ombudsman finds that we should have told you sooner, and that our apology is enough."
SAYS = {
    "confirmed": "Our decision stands.",
    "changed": "Our decision was changed.",
    "partly_changed": "Our decision was changed in part.",
    "settled": "Your complaint was settled there.",
}


def outside(walk, *, sender=PAPER, keep=False, **more):
    """Our answer was refused, and the outside body has told us what came of it."""
    walk.take("2026-07-06 10:00", sender=sender, **more).wait(hours=1)
    walk.beside(task_of(sender), **REACHED).screen().assess().investigate()
    refund = {"remedyKind": "refund", "amount": 50, "remedyWhat": "Refund of the second charge"}
    walk.do("Draft the answer", outcome="upheld", answerText="You are right.", keepAnyway=keep, **refund)
    walk.do("Check the quality", check="accepted").do("Approve the decision", approval="approved")
    walk.beside(task_of(sender), **REACHED).answer("rejects").choose("external")
    walk.do(
        "Record the referral", referral="taken_up", body="the FOS", bodyReference="1", fileDueOn="2026-07-20"
    )
    walk.do("Send the file", fileSentOn=walk.clock.now().date().isoformat())
    return walk.tell("external-outcome")


@pytest.mark.parametrize("sender", [PAPER, PHONE])
@pytest.mark.parametrize("outcome", SAYS)
def test_a_decision_that_leaves_nothing_to_do_is_told_with_its_reason(walk, outcome, sender):
    outside(walk, sender=sender)
    with pytest.raises(FormInvalid):
        walk.do("Record the outcome", externalOutcome=outcome)
    walk.do("Record the outcome", externalOutcome=outcome, outcomeReason=WHY)
    letter = walk.letter("outside-decision")
    assert "the FOS" in letter.text
    assert [words for words in SAYS.values() if words in letter.text] == [SAYS[outcome]]
    assert WHY in letter.text
    assert "What we offered in case you accept our answer is not open any more." in letter.text
    assert "we close your complaint" in letter.text
    assert "outside-decision" in waiting(walk)
    assert walk.troubles == walk.holes == []


def test_what_is_kept_in_any_case_is_named_with_its_day_and_waited_for(walk):
    outside(walk, keep=True).do("Record the outcome", externalOutcome="changed", outcomeReason=WHY)
    text = walk.letter("outside-decision").text
    assert "Refund of the second charge (£50.00), by 20 July 2026." in text
    assert "Once that is done, we close your complaint." in text
    assert "What we offered in case" not in text
    assert "Carry out the promise" in walk.open
    assert walk.troubles == walk.holes == []


@pytest.mark.parametrize(
    ("done", "says"), [(True, "We have done this."), (False, "and have not. We are sorry.")]
)
def test_what_was_promised_is_told_as_it_stands(walk, done, says):
    outside(walk, keep=True)
    if done:
        walk.correct()
    walk.later("2026-07-30 10:00").do("Record the outcome", externalOutcome="confirmed", outcomeReason=WHY)
    assert f"Refund of the second charge (£50.00). {says}" in walk.letter("outside-decision").text.replace(
        "We said we would do it sooner, ", ""
    )


def test_one_that_leaves_after_the_end_says_so(walk):
    outside(walk).do("Record the outcome", externalOutcome="settled", outcomeReason=WHY).close()
    assert walk.ended
    before = walk.letter("outside-decision")
    walk.move(
        lambda desk, _: setattr(desk.session.get(type(before), before.key), "recipient", "Elsewhere") or ()
    )
    walk.beside(POST, **REACHED)
    text = walk.letter("outside-decision").text
    assert walk.letter("outside-decision").key != before.key
    assert "We closed your complaint on 6 July 2026" in text
    assert "we close your complaint" not in text


@pytest.mark.parametrize(
    ("outcome", "settled"), [("changed", False), ("partly_changed", False), ("settled", True)]
)
@pytest.mark.parametrize("money", [True, False])
def test_an_award_is_told_as_what_it_is(walk, outcome, settled, money):
    amount = {"awardAmount": 300} if money else {"awardWithoutMoney": True}
    given = {"award": True, "awardWhat": "We write a letter.", "complyBy": "2026-07-30"} | amount
    outside(walk).do("Record the outcome", externalOutcome=outcome, **given)
    text = walk.letter("award").text
    assert ("the FOS has decided on your complaint." in text) is not settled
    assert ("Your complaint was settled at the FOS." in text) is settled
    assert ("We pay you £300.00." in text) is money
    assert "outside-decision" not in [row.template for row in walk.letters]
    assert walk.troubles == walk.holes == []


def test_who_was_not_heard_gets_no_decision(walk):
    outside(walk).do("Record the outcome", externalOutcome="not_decided")
    assert {"award", "outside-decision"}.isdisjoint(row.template for row in walk.letters)
    assert walk.open == ["Explain the options"]


def awarded(walk, by="2026-07-09"):
    """An award with its day, whose letter lies in the post room."""
    given = {"award": True, "awardWhat": "Pay.", "awardAmount": 300, "complyBy": by}
    outside(walk).do("Record the outcome", externalOutcome="changed", **given)
    assert "We do it by 9 July 2026." in walk.letter("award").text
    return walk


def test_an_award_posted_after_its_day_says_what_is_so_then(walk):
    awarded(walk).later("2026-07-20 10:00")
    while "award" in waiting(walk) and "9 July" in walk.letter("award").text:
        walk.beside(POST, **REACHED)
    text = walk.letter("award").text
    assert "The day for it is over, and we have not done it yet. We are sorry, and do it at once." in text
    assert "when we recorded" not in text
    walk.beside(POST, **REACHED)
    assert walk.letter("award").dispatched_at == walk.clock.now()
    assert walk.troubles == walk.holes == []
