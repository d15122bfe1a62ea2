"""A letter that waits: kept back when nobody is owed it any more, somebody's work once it is let go."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from api.complaints.intake import PartyDetails
from api.complaints.letter_desk import LetterNotWaiting, send_held
from api.complaints.tables import LetterRow, newest_first
from engine.actors import SYSTEM
from tests.processes.walking import ANN

PAPER = PartyDetails("Ann Other", address="1 High Street", preferred_channel="post")
PHONE = PartyDetails("Ann Other", phone="07700 900123")
POST, RING = "Post the letter", "Tell them by phone"
REACHED = {"delivery": "done"}


def waiting(walk):
    """The letters that somebody has still to post or tell, by name."""
    return [row.template for row in walk.letters if row.dispatched_at is None and row.replaced_at is None]


def reminded(walk, sender, task):
    """A complaint whose decision has left and whose reminder waits to be delivered."""
    walk.take("2026-06-01 10:00", sender=sender).wait(hours=1).beside(task, **REACHED).screen()
    walk.on().beside(task, **REACHED)
    while "reminder" not in waiting(walk):
        walk.wait(days=1)
        assert not walk.ended
    return walk


@pytest.mark.parametrize(("sender", "task"), [(PAPER, POST), (PHONE, RING)])
@pytest.mark.parametrize("says", ["accepts", "rejects"])
def test_a_reminder_is_over_once_the_answer_came(walk, sender, task, says):
    reminded(walk, sender, task).answer(says)
    reminder = walk.letter("reminder")
    assert (reminder.dispatched_at, reminder.replaced_at) == (None, walk.clock.now())
    assert "reminder" not in waiting(walk)
    assert len(walk.aside()) == len(waiting(walk)), "no work is left for it"
    (line,) = walk.events("letter-kept-back")
    assert "Do you accept our answer?" in line
    assert walk.troubles == []


def test_a_receipt_is_over_once_the_decision_is_written_and_the_decision_is_not(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).through()
    assert waiting(walk) == ["decision"]
    assert [task.name for task in walk.aside()] == [POST]
    subject = walk.letter("acknowledgement").subject
    assert walk.events("letter-kept-back") == [f"Not sent, as it is not owed any more (answered): {subject}"]
    assert walk.troubles == []


def test_the_letter_that_closes_is_still_posted(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED).screen()
    walk.on(remedy="words").beside(POST, **REACHED).answer("accepts").close()
    assert (walk.ended, waiting(walk)) == (True, ["closing", "survey"])
    assert [task.name for task in walk.aside()] == [POST, POST]
    assert walk.events("letter-kept-back") == []


def test_a_letter_that_answers_a_clock_which_is_still_open_stays(walk):
    reminded(walk, PAPER, POST)
    walk.move(lambda desk, _: setattr(last_letter(desk, walk.key), "meets", "referral_window") or ())
    walk.answer("rejects")
    assert waiting(walk) == ["reminder"]


def last_letter(desk, key):
    """The letter of the complaint ``key`` that was written last, in the desk's transaction."""
    query = select(LetterRow).where(LetterRow.complaint_key == key).order_by(*newest_first(LetterRow))
    return desk.session.scalars(query).first()


@pytest.mark.parametrize(("sender", "task"), [(PAPER, POST), (PHONE, RING)])
def test_a_letter_by_hand_that_was_held_is_work_once_it_is_let_go(walk, sender, task):
    walk.take("2026-06-01 10:00", sender=sender).wait(hours=1).beside(task, **REACHED).screen().assess()
    walk.investigate().move(lambda _, complaint: setattr(complaint, "letters_held", True) or ())
    walk.decide()
    decision = walk.letter("decision")
    assert (waiting(walk), walk.aside()) == (["decision"], [])
    assert send_held(walk.service, walk.key, decision.key, by=SYSTEM)
    assert [one.name for one in walk.aside()] == [task]
    with pytest.raises(LetterNotWaiting):
        send_held(walk.service, walk.key, decision.key, by=SYSTEM)
    walk.beside(task, **REACHED)
    assert (walk.letter("decision").dispatched_at, walk.state("final_response")) == (walk.clock.now(), "met")
    assert walk.troubles == []


def test_letters_that_ask_a_representative_for_the_authority_are_over_with_the_matter(walk):
    agent = PartyDetails("Letting Agent", address="2 High Street", preferred_channel="post")
    walk.take("2026-06-01 10:00", sender=ANN, representative=agent).wait(hours=1)
    assert "receipt-representative" in waiting(walk)
    letters = walk.service.letters
    assert not letters.owed("receipt-representative", "closed")
    assert not letters.owed("authority-request", "closed")
    assert letters.owed("representative-refused", "closed")


@pytest.mark.parametrize(
    ("outcome", "given"), [("confirmed", {"outcomeReason": "It was fair."}), ("not_decided", {})]
)
def test_nobody_is_told_that_a_body_looks_at_it_once_it_has_looked(walk, outcome, given):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED).screen()
    walk.on().beside(POST, **REACHED).answer("rejects").choose("external")
    walk.do("Record the referral", referral="taken_up", body="FOS", bodyReference="1", fileDueOn="2026-07-20")
    assert "referral" in waiting(walk)
    walk.do("Send the file", fileSentOn=walk.clock.now().date().isoformat()).tell("external-outcome")
    walk.do("Record the outcome", externalOutcome=outcome, **given)
    if outcome == "confirmed":
        walk.close()
    assert "referral" not in waiting(walk)
    assert walk.troubles == []


def test_who_was_answered_is_not_told_any_more_that_we_took_it_up(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED)
    walk.screen("restricted_contact")
    walk.beside(POST, **REACHED).answer("rejects")
    walk.do("Decide the appeal", appealResult="allowed", appealReason="She was ill.")
    assert "appeal-upheld" in waiting(walk)
    walk.on()
    assert "appeal-upheld" not in waiting(walk)
    assert "decision" in waiting(walk)
    assert walk.troubles == []


def test_who_is_turned_away_gets_no_receipt_that_promises_an_answer(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).screen("restricted_contact")
    assert waiting(walk) == ["not-accepted-restricted-contact"]
    walk.beside(POST, **REACHED)
    assert (walk.state("acknowledgement"), walk.troubles) == ("met", [])
