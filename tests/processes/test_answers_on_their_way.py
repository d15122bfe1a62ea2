"""Until our answer has left nothing of it is shown, and no reply to it is taken, whatever the door."""

from __future__ import annotations

import pytest

from api.app import create_app
from api.complaints import links
from api.complaints.from_complainant import ANSWERS, TooLate, judge_message
from api.complaints.intake import PartyDetails
from api.complaints.letter_desk import send_held
from api.complaints.our_answer import AnswerOnItsWay
from api.complaints.tables import PartyRow
from engine.actors import SYSTEM
from tests.api.web.visitor import Visitor
from tests.processes.walking import ANN

PAPER = PartyDetails("Ann Other", address="1 High Street", preferred_channel="post")
PHONE = PartyDetails("Ann Other", phone="07700 900123")
POST, RING, FIND = "Post the letter", "Tell them by phone", "Find a way to reach them"
REACHED, NO_WAY = {"delivery": "done"}, {"delivery": "no_way"}
WAYS = [(PAPER, POST, "We post it to the address"), (PHONE, RING, "We call you")]
ON_ITS_WAY = "our answer, and it is on its way to you"


def visit(walk):
    """Somebody at the complaint's pages, at their start."""

    def follow(session):
        party = session.query(PartyRow).filter_by(complaint_key=walk.key, role="complainant").one()
        now = walk.clock.now()
        return links.new_link(session, walk.key, purpose="follow", party_key=party.key, at=now)

    visitor = Visitor(create_app(walk.service), walk.clock)
    visitor.open(f"/t/{walk.service.engine.write(follow)}")
    visitor.open("/status")
    return visitor


def decided(walk, sender, regime="generic"):
    """Decided with a refund; the letter waits."""
    task = POST if sender.address else RING
    walk.take("2026-06-01 10:00", regime, sender=sender).wait(hours=1).beside(task, **REACHED)
    return walk.through()


def refused(walk):
    """Nobody takes a reply, and nothing has changed by it."""
    before = walk.complaint().state
    for answer in ("accepts", "rejects"):
        with pytest.raises(AnswerOnItsWay):
            walk.answer(answer)
    with pytest.raises(AnswerOnItsWay):
        judge_message(walk.service, ANSWERS, str(walk.key), by=SYSTEM)
    return walk.complaint().state == before


@pytest.mark.parametrize(("sender", "task", "how"), WAYS)
def test_the_status_page_says_that_our_answer_is_on_its_way_and_how(walk, sender, task, how):
    decided(walk, sender)
    page = visit(walk)
    assert ON_ITS_WAY in page.text
    assert how in page.text
    for said in ("We have sent you our answer", "We wait for your reply", "Read our answer again"):
        assert said not in page.text
    page.open("/status/answer")
    assert how in page.text
    for said in ("You are right", "Refund of the second charge", "£50", "Your reply", "We no longer wait"):
        assert said not in page.text

    walk.beside(task, **REACHED)
    page = visit(walk)
    assert ON_ITS_WAY not in page.text
    assert "We wait for your reply" in page.text
    page.open("/status/answer")
    assert "Refund of the second charge" in page.text
    walk.answer("accepts")
    assert (walk.state("final_response"), walk.late) == ("met", [])


@pytest.mark.parametrize("regime", ["generic", "uk-financial", "scottish-public-bodies", "india-rbi"])
def test_nobody_replies_to_an_answer_that_has_not_left(walk, regime):
    decided(walk, PAPER, regime)
    assert refused(walk)
    walk.beside(POST, **REACHED).answer("rejects")
    assert walk.state("final_response") in ("met", "running"), "the second look has a clock, if it has one"
    assert walk.clocks["final_response", 1] == "met"


def test_what_is_sent_from_an_open_page_is_refused_and_not_lost(walk):
    decided(walk, PAPER)
    page = visit(walk)
    page.open("/status/withdraw")
    reply = {"answer": "1", "reason": "It was blue, not green."}
    answer = page.post("/status/answer", _do="continue", _key="k", _of=walk.reference, **reply)
    assert answer.status_code == 409
    assert "It was blue, not green." in answer.text
    assert ON_ITS_WAY in answer.text
    assert walk.complaint().state == "responded"


def test_a_second_answer_waits_too_and_the_first_can_be_read(walk):
    decided(walk, PAPER).beside(POST, **REACHED).answer("rejects").choose("stage_two").review()
    walk.wait(hours=1)
    assert refused(walk)
    page = visit(walk)
    page.open("/status/answer")
    assert "What we told you before" in page.text
    assert "Refund of the second charge" in page.text
    assert "final answer" not in page.text
    walk.post("stage-two-decision").answer("accepts")


def test_an_answer_to_a_question_waits_too(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED)
    walk.screen("enquiry").do("Answer the enquiry", enquiryAnswer="It opens at nine.")
    assert refused(walk)
    page = visit(walk)
    assert ON_ITS_WAY in page.text
    assert "We could not take this up" not in page.text
    page.open("/status/answer")
    assert "It opens at nine." not in page.text
    walk.beside(POST, **REACHED).answer("rejects")


def test_what_was_settled_is_not_shown_before_its_letter_has_left(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED).screen()
    walk.assess(severity="low", complexity="low", quickAnswer=True).settle()
    page = visit(walk)
    assert ON_ITS_WAY in page.text
    assert "sent you our answer" not in page.text
    page.open("/status/answer")
    assert "Refund" not in page.text
    walk.beside(POST, **REACHED)
    page.open("/status/answer")
    assert "Refund" in page.text


def test_a_letter_held_since_an_import_is_not_shown_either(walk):
    walk.take("2026-06-01 10:00", sender=ANN).screen().assess().investigate()
    walk.move(lambda _, complaint: setattr(complaint, "letters_held", True) or ())
    walk.decide()
    assert refused(walk)
    assert "We send it to your e-mail address" in visit(walk).text
    send_held(walk.service, walk.key, walk.letter("decision").key, by=SYSTEM)
    walk.wait(minutes=5).answer("accepts")


def test_while_somebody_looks_for_a_way_the_page_asks_how_to_reach_them(walk):
    decided(walk, PAPER).beside(POST, **NO_WAY)
    assert refused(walk)
    assert "no way to reach you that works" in visit(walk).text
    walk.beside(FIND, wayFound="email", newEmail="ann@example.org").wait(minutes=5).answer("accepts")


def test_who_is_too_late_hears_that_as_before(walk):
    walk.take("2026-06-01 10:00").through().answer("accepts")
    with pytest.raises(TooLate):
        walk.answer("rejects")
