"""A letter that waits is judged by its words as it leaves: where they would be others by now, another one leaves instead."""

from __future__ import annotations

import pytest

from api.complaints import letter_desk
from api.complaints.intake import PartyDetails
from api.complaints.letter_desk import send_held
from api.complaints.parties import parties
from api.mail import FolderPostman
from engine.actors import SYSTEM
from engine.jobs.letters import LetterDelayed
from tests.processes.test_letters_for_several import acted, deliver, waiting
from tests.processes.test_reminders_that_wait import PAPER, PHONE, REACHED, task_of
from tests.processes.test_words_and_deeds import kept
from tests.processes.walking import ANN

EACH = pytest.mark.parametrize("sender", [PAPER, PHONE])
WORDS = {"earlyOutcome": "upheld", "remedyKind": "words", "earlySummary": "We are sorry."}
STILL_OPEN = ("Once your complaint is closed", "at any time")
LOOK = "Check for a wider problem"


def handed(walk, template, **more):
    """Finish the task of the last letter of this name: it was posted, or told."""
    key = str(walk.letter(template).key)
    values = walk.service.engine.values
    task = next(one for one in walk.aside() if values(one.process_instance_key).get("letterKey") == key)
    walk.service.engine.complete_task(task.user_task_key, {**REACHED, **more}, by=SYSTEM)
    walk.service.run_due()
    return walk


def received(walk, sender):
    """Received on Monday 1 June 2026; the receipt has left."""
    walk.take("2026-06-01 10:00", sender=sender).wait(hours=1)
    return walk.beside(task_of(sender), **REACHED) if sender is not ANN else walk


def settled(walk):
    """Settled in the quick lane with words."""
    walk.screen().assess(severity="low", complexity="low", quickAnswer=True)
    return walk.do("Settle it with the complainant", earlyResult="settled", **WORDS)


def closed_next_morning(walk, sender):
    """Settled and looked back on within the hour, and on Tuesday at ten nobody has delivered the letter."""
    settled(received(walk, sender)).wait(minutes=20).close()
    assert walk.complaint().state == "closed"
    return walk.later("2026-06-02 10:00")


def says_that_it_is_closed(letter):
    assert "We closed your complaint on 1 June 2026." in letter.text
    return not any(words in letter.text for words in STILL_OPEN)


@EACH
def test_what_was_settled_and_closed_since_says_that_it_is_closed(walk, sender):
    closed_next_morning(walk, sender)
    old = walk.letter("early-resolution")
    assert all(words in old.text for words in STILL_OPEN)
    assert "would say something else by now" in letter_desk.kept_back(walk.service, walk.key)[old.key]
    handed(walk, "early-resolution")

    new = walk.letter("early-resolution")
    assert (new.key != old.key, new.dispatched_at) == (True, None)
    assert says_that_it_is_closed(new)
    assert any("would say something else by now" in line for line in walk.events("letter-replaced"))
    (beside,) = letter_desk.kept_back(walk.service, walk.key)
    assert beside == walk.letter("closing").key, "its last day outside is another by now"
    handed(walk, "early-resolution")
    assert walk.letter("early-resolution").dispatched_at == new.queued_at
    assert walk.troubles == []


@EACH
def test_what_was_delivered_before_the_closing_stays_as_it_is(walk, sender):
    settled(received(walk, sender)).later("2026-06-03 10:00").close().later("2026-06-04 10:00")
    old = walk.letter("early-resolution")
    handed(walk, "early-resolution", deliveredOn="2026-06-02")
    kept = walk.letter("early-resolution")
    assert (kept.key, kept.dispatched_at is not None, kept.replaced_at) == (old.key, True, None)


@EACH
def test_what_was_delivered_after_the_closing_is_written_anew_whatever_the_day(walk, sender):
    settled(received(walk, sender)).later("2026-06-03 10:00").close().later("2026-06-08 10:00")
    old = walk.letter("early-resolution")
    handed(walk, "early-resolution", deliveredOn="2026-06-04")
    assert walk.letter("early-resolution").key != old.key
    handed(walk, "early-resolution")
    assert walk.letter("early-resolution").dispatched_at is not None


def test_a_held_letter_is_judged_as_it_is_sent(walk):
    received(walk, ANN).move(lambda _, complaint: setattr(complaint, "letters_held", True) or ())
    settled(walk).wait(minutes=20).close()
    held = walk.letter("early-resolution")
    assert not send_held(walk.service, walk.key, held.key, by=SYSTEM)
    walk.wait(minutes=5)
    sent = walk.letter("early-resolution")
    assert says_that_it_is_closed(sent)
    assert (sent.dispatched_at is not None, sent.key != held.key) == (True, True)


def test_a_held_letter_that_names_them_otherwise_is_written_anew(walk):
    received(walk, ANN).move(lambda _, complaint: setattr(complaint, "letters_held", True) or ())
    walk.screen().assess().investigate().decide()
    held = walk.letter("decision")

    def rename(session):
        parties(session, walk.key)["complainant"].name = "Anne Other"

    walk.service.engine.write(rename)
    assert not send_held(walk.service, walk.key, held.key, by=SYSTEM)
    walk.wait(minutes=5)
    assert "Dear Anne Other," in walk.letter("decision").text
    assert (walk.letter("decision").dispatched_at is not None, walk.state("final_response")) == (True, "met")


def test_mail_that_a_server_did_not_take_for_a_while_says_what_is_so_as_it_leaves(walk, monkeypatch):
    received(walk, ANN)

    def away(*_):
        raise LetterDelayed("The server is away.")

    with monkeypatch.context() as patched:
        patched.setattr(FolderPostman, "send", away)
        settled(walk).wait(minutes=20).close()
        assert walk.letter("early-resolution").dispatched_at is None
    walk.wait(days=1)
    sent = walk.letter("early-resolution")
    assert says_that_it_is_closed(sent)
    assert (sent.dispatched_at is not None, walk.troubles) == (True, [])


@EACH
def test_a_confirmed_withdrawal_that_leaves_after_all_is_done_promises_nothing_more(walk, sender):
    received(walk, sender).screen().tell("complainant-withdraws").wait(minutes=20)
    walk.do(LOOK, widerProblem=False, rootCause="process", remark="Nothing of the kind.")
    assert walk.ended
    old = walk.letter("withdrawal-confirmed")
    assert "what we still do" in old.text
    handed(handed(walk, "withdrawal-confirmed"), "withdrawal-confirmed")
    text = walk.letter("withdrawal-confirmed").text
    for promised in ("still", "add something", "tell us."):
        assert promised not in text
    assert "We looked whether something went wrong that could touch others." in text
    assert "We closed your complaint on 1 June 2026." in text
    assert (walk.letter("withdrawal-confirmed").dispatched_at is not None, walk.troubles) == (True, [])


def test_a_confirmed_withdrawal_says_that_promises_were_kept_once_all_is_done(walk):
    kept(walk).on_paper().tell("complainant-withdraws").wait(minutes=20)
    assert "We keep what we promised" in walk.letter("withdrawal-confirmed").text
    walk.correct().do(LOOK, widerProblem=False, rootCause="process", remark="Nothing of the kind.")
    assert walk.ended
    handed(handed(walk, "withdrawal-confirmed"), "withdrawal-confirmed")
    text = walk.letter("withdrawal-confirmed").text
    assert "We have done what we promised" in text
    for promised in ("We keep", "We check", "still"):
        assert promised not in text
    assert walk.troubles == []


def test_who_only_receives_reads_after_the_yes_that_nothing_is_asked_any_more(walk):
    acted(walk, "receive").on()
    deliver(walk, "1 Mill Lane", **REACHED)
    walk.wait(minutes=20).answer("accepts")
    old = waiting(walk, "decision")["9 Low Road"]
    assert "Only the person you act for may accept or reject this answer" in old.text
    deliver(walk, "9 Low Road", **REACHED)
    new = waiting(walk, "decision")["9 Low Road"]
    assert "We no longer wait for a reply to this answer." in new.text
    deliver(walk, "9 Low Road", **REACHED)
    assert (waiting(walk, "decision"), walk.troubles) == ({}, [])


@EACH
def test_a_receipt_that_waits_until_the_investigation_says_no_more_that_we_check_whose_it_is(walk, sender):
    walk.take("2026-06-01 10:00", sender=sender).wait(minutes=20).screen().assess()
    assert walk.complaint().state == "investigating"
    assert "We first check whether we are the right place" in walk.letter("acknowledgement").text
    handed(handed(walk, "acknowledgement"), "acknowledgement")
    text = walk.letter("acknowledgement").text
    assert "We first check" not in text
    assert "We look into it and answer every point." in text
    assert (walk.state("acknowledgement"), walk.troubles) == ("met", [])


# what makes no letter another one


@EACH
def test_a_letter_keeps_its_days_and_whoever_it_says_looks_after_it(walk, sender):
    received(walk, sender).screen().assess().investigate().decide()
    before = walk.letter("decision")
    walk.move(lambda _, complaint: setattr(complaint, "owner", "hana") or ()).later("2026-06-02 10:00")
    assert letter_desk.kept_back(walk.service, walk.key) == {}
    handed(walk, "decision")
    assert (walk.letter("decision").key, walk.letter("decision").dispatched_at is not None) == (
        before.key,
        True,
    )


@pytest.mark.parametrize("scope", ["receive", "settle"])
def test_every_copy_of_a_decision_leaves_as_it_was_written(walk, scope):
    acted(walk, scope).on().later("2026-06-02 10:00")
    assert letter_desk.kept_back(walk.service, walk.key) == {}
    keys = {row.key for row in waiting(walk, "decision").values()}
    for recipient in list(waiting(walk, "decision")):
        deliver(walk, recipient, **REACHED)
    assert {row.key for row in walk.letters if row.template == "decision" and row.dispatched_at} == keys


def accepted(walk):
    walk.screen().on().answer("accepts").correct().close()


def looked_at_twice(walk):
    walk.screen().on().answer("rejects").choose("stage_two").review().answer("accepts").close()


def taken_outside(walk):
    walk.screen().on().answer("rejects").choose("external")
    more = {"body": "FOS", "bodyReference": "1", "fileDueOn": "2026-07-20"}
    walk.do("Record the referral", referral="taken_up", **more)
    walk.do("Send the file", fileSentOn=walk.clock.now().date().isoformat()).tell("external-outcome")
    walk.do("Record the outcome", externalOutcome="confirmed", outcomeReason="It was fair.").close()


def settled_quickly(walk):
    settled(walk).close()


def withdrawn(walk):
    walk.screen().tell("complainant-withdraws")
    walk.do(LOOK, widerProblem=False, rootCause="process", remark="Nothing of the kind.")


def turned_away_and_taken_up(walk):
    walk.screen("restricted_contact").answer("rejects")
    walk.do("Decide the appeal", appealResult="allowed", appealReason="She was ill.").on()


@pytest.mark.parametrize(
    "way",
    [accepted, looked_at_twice, taken_outside, settled_quickly, withdrawn, turned_away_and_taken_up],
)
def test_what_leaves_as_it_is_written_is_written_once(walk, way):
    way(walk.take("2026-06-01 10:00").wait(minutes=5))
    walk.wait(minutes=5)
    assert all(row.dispatched_at for row in walk.letters), "it was by mail"
    assert (walk.events("letter-replaced"), walk.events("letter-kept-back"), walk.troubles) == ([], [], [])


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (
            "rejects",
            "We offered this for the case that our answer is accepted. That was not so in time, and so we do not do it.",
        ),
        ("accepts", "Our answer was accepted on 1 June 2026, and we do this by 15 June 2026."),
    ],
)
def test_an_offer_is_told_as_what_became_of_it(walk, reply, says):
    """The lady replies by her link before the copy of who only receives has been posted."""
    acted(walk, "receive", lady=PartyDetails("Mrs Lind", "lind@example.org")).on(remedy="refund").wait(
        minutes=5
    )
    walk.answer(reply).wait(minutes=5)
    if reply == "rejects":
        walk.choose("none")
    deliver(walk, "9 Low Road", **REACHED)  # its words are others by now: it is written anew
    deliver(walk, "9 Low Road", **REACHED)
    text = next(
        row
        for row in walk.letters
        if row.template == "decision" and row.channel == "post" and row.dispatched_at
    ).text
    assert "What we do: we give back" in text
    assert says in text
    assert "when you accept" not in text
