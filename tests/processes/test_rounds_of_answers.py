"""An answer belongs to a look: who replied to it has it, and what was replied to, or answered anew, asks nothing any more."""

from __future__ import annotations

from datetime import date

import pytest

from api.complaints import letter_desk, letters_owed, said
from api.complaints.answers.sheets import told
from api.complaints.from_complainant import ANSWERS, judge_message
from api.complaints.heard import Heard
from api.complaints.intake import PartyDetails
from api.complaints.said import Said
from api.mail import FolderPostman
from engine.actors import SYSTEM
from engine.jobs.letters import LetterRefused
from engine.store.search import Condition, Query
from tests.processes.test_letters_for_several import acted, deliver, waiting
from tests.processes.test_said_to_us import counted_from
from tests.processes.walking import ANN

PAPER = PartyDetails("Ann Other", address="1 High Street", preferred_channel="post")
POST, FIND = "Post the letter", "Find a way to reach them"
REACHED, NO_WAY = {"delivery": "done"}, {"delivery": "no_way"}
ASKS = "Please tell us whether you accept this answer"
BY_MAIL = {"wayFound": "email", "newEmail": "ann@example.net"}


def left(walk):
    """The answers that left, by name, in the order they were written."""
    answers = ("decision", "stage-two-decision")
    return [row.template for row in walk.letters if row.dispatched_at and row.template in answers]


@pytest.fixture
def bounced(walk, monkeypatch):
    """A decision of 1 June 2026 to an address that takes nothing; until what is returned is called."""
    send, dead = FolderPostman.send, {ANN.email}

    def refuse(postman, letter):
        if letter.recipient in dead:
            raise LetterRefused("550 no such person")
        return send(postman, letter)

    walk.take("2026-06-01 10:00").wait(hours=1).screen().assess().investigate()
    monkeypatch.setattr(FolderPostman, "send", refuse)
    walk.decide()
    assert letters_owed_state(walk) == "dead"
    assert walk.state("final_response") == "running"
    return dead.clear


def letters_owed_state(walk):
    row = walk.letter("decision")
    dead = walk.ask(lambda session: letters_owed.given_up(session, row))
    return "dead" if dead else "alive"


def retry(walk):
    """What an operator does once the mail server takes it."""
    for one in walk.service.engine.incidents(Query(where=(Condition("state", "eq", "ACTIVE"),))).items:
        walk.service.engine.resolve_incident(one.incident_key)
    return walk.wait(minutes=5)


def by_page(walk, what):
    walk.answer(what)


def by_phone(walk, what, on=None):
    heard = Heard("complainant", "phone", on or walk.service.today(), SYSTEM)
    sheet = told({"Words": "So."}, title="Said")
    said.record(walk.service, walk.key, Said(what, "So.", heard), sheet=sheet, key=what)
    walk.service.run_due()


def by_program(walk, what):
    judge_message(walk.service, ANSWERS, str(walk.key), by=SYSTEM)
    walk.service.engine.correlate_message(ANSWERS, str(walk.key), {"answer": what}, by=SYSTEM)
    walk.service.run_due()


DOORS = pytest.mark.parametrize("reply", [by_page, by_phone, by_program])


# whoever replied to our answer has it


@DOORS
def test_a_yes_to_an_answer_that_came_back_shows_that_it_reached_them(walk, bounced, reply):
    walk.wait(days=2)
    reply(walk, "accepts")
    assert walk.state("final_response") == "met"
    assert walk.clock_named("final_response").saved["evidence"]["kind"] == "reply_received"
    walk.later("2026-07-20 10:00")
    assert "final_response" not in walk.late
    assert "Explain the delay" not in walk.open


@DOORS
def test_a_no_to_an_answer_that_came_back_starts_the_second_look(walk, bounced, reply):
    walk.wait(days=2)
    reply(walk, "rejects")
    assert walk.clocks["final_response", 1] == "met"
    assert walk.clocks["final_response", 2] == "running"
    assert counted_from(walk, "final_response") == {date(2026, 6, 3)}
    walk.choose("stage_two")
    assert walk.state("referral_window") in ("running", "projected")


def test_the_reply_counts_from_the_day_it_was_said(walk, bounced):
    walk.later("2026-07-06 10:00")
    assert "final_response" in walk.late
    by_phone(walk, "rejects", on=date(2026, 6, 10))
    assert walk.clocks["final_response", 1] == "met", "answered on 10 June, whenever somebody noted it"
    assert counted_from(walk, "final_response") == {date(2026, 6, 10)}


def test_what_was_replied_to_answers_nothing_and_asks_nothing_as_it_leaves(walk, bounced):
    walk.wait(days=2).answer("rejects").choose("stage_two")
    bounced()
    walk.beside(FIND, **BY_MAIL).wait(minutes=5)
    assert left(walk) == ["decision"]
    text = walk.letter("decision").text
    assert ASKS not in text
    assert "We no longer wait for a reply to this answer." in text
    assert walk.clocks["final_response", 2] == "running", "the second look is not answered by the first"
    walk.review()
    assert left(walk) == ["decision", "stage-two-decision"]
    assert walk.clocks["final_response", 2] == "met"


def test_mail_of_a_first_answer_does_not_leave_after_the_second(walk, bounced):
    walk.wait(days=2).answer("rejects").choose("stage_two")
    first = walk.letter("decision")
    walk.on_paper().review()
    bounced()
    retry(walk).beside(POST, **REACHED)
    assert left(walk) == ["stage-two-decision"]
    assert walk.clocks["final_response", 2] == "met"
    assert [row.key for row in walk.letters if row.template == "decision"] == [first.key]
    assert any("newer answer" in line for line in walk.events("letter-kept-back"))


# what found nobody


def on_file(walk):
    """Decided, and nobody found a way: the answer lies on file."""
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED).through()
    walk.beside(POST, **NO_WAY).beside(FIND, wayFound="no").wait(days=1)
    assert walk.state("final_response") == "met"
    return walk


def test_an_answer_found_a_way_to_while_we_look_again_asks_nothing(walk):
    on_file(walk).answer("rejects").choose("stage_two")
    letter_desk.look_for_a_way(walk.service, walk.key)
    walk.beside(FIND, **BY_MAIL).wait(minutes=5)
    assert "decision" in left(walk)
    assert ASKS not in walk.letter("decision").text
    assert "£50" not in walk.letter("decision").text or "of your yes" not in walk.letter("decision").text
    assert walk.clocks["final_response", 2] == "running"


def test_of_two_answers_that_found_nobody_the_newest_leaves(walk):
    on_file(walk).answer("rejects").choose("stage_two").review().wait(days=1)
    letter_desk.look_for_a_way(walk.service, walk.key)
    walk.beside(FIND, **BY_MAIL).wait(minutes=5)
    assert left(walk) == ["stage-two-decision"]
    assert any("newer answer" in line for line in walk.events("letter-not-owed"))
    assert walk.troubles == []


def test_who_only_receives_gets_the_newest_answer_alone(walk):
    acted(walk, "receive").on()
    deliver(walk, "1 Mill Lane", **REACHED)
    walk.wait(minutes=20).answer("rejects").choose("stage_two").review()
    assert waiting(walk, "decision") == {}
    assert set(waiting(walk, "stage-two-decision")) == {"1 Mill Lane", "9 Low Road"}
    lying = [row for row in walk.letters if row.dispatched_at is None and row.replaced_at is None]
    assert len(walk.aside(POST)) == len(lying)
    for recipient in ("1 Mill Lane", "9 Low Road"):
        deliver(walk, recipient, **REACHED)
    assert walk.clocks["final_response", 2] == "met"
    assert walk.troubles == []


def test_who_was_turned_away_and_taken_up_after_all_gets_the_answer_alone(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED)
    walk.screen("restricted_contact").beside(POST, **NO_WAY).beside(FIND, wayFound="no").wait(days=1)
    walk.answer("rejects")
    walk.do("Decide the appeal", appealResult="allowed", appealReason="She was ill.").on()
    letter_desk.look_for_a_way(walk.service, walk.key)
    walk.beside(FIND, **BY_MAIL).wait(minutes=5)
    assert [row.template for row in walk.letters if row.recipient == BY_MAIL["newEmail"]] == ["decision"]
    assert ASKS in walk.letter("decision").text
    assert (walk.state("final_response"), walk.troubles) == ("met", [])


EXITS = [
    ("restricted_contact", {}),
    ("enquiry", {"enquiryAnswer": "It opens at nine."}),
]


@pytest.mark.parametrize(("exit", "more"), EXITS)
def test_who_has_appealed_is_not_asked_to_appeal_by_the_letter_that_turned_them_away(walk, exit, more):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED).screen(exit)
    if more:
        walk.do("Answer the enquiry", **more)
    template = walk.letters[-1].template
    assert "Tell us by" in walk.letter(template).text
    walk.beside(POST, **NO_WAY).beside(FIND, wayFound="no").wait(days=1).answer("rejects")
    walk.do("Decide the appeal", appealResult="dismissed", appealReason="Nothing new.")
    letter_desk.look_for_a_way(walk.service, walk.key)
    walk.beside(FIND, **BY_MAIL).wait(minutes=5)
    sent = walk.letter(template)
    assert sent.dispatched_at is not None
    assert "Tell us by" not in sent.text
    assert "You have told us what you think of this." in sent.text
    assert walk.troubles == walk.holes == []
