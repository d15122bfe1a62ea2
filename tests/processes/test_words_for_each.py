"""Every copy says what is so for whoever reads it: who may decide, who may only read, and in the state it is written in."""

from __future__ import annotations

import pytest

from api.complaints.errand import Tools
from api.complaints.intake import PartyDetails
from api.complaints.letter_contents import write
from api.complaints.parties import parties
from api.complaints.progress import promises
from api.complaints.reading import clock_views
from api.complaints.tables import ComplaintRow
from engine.deadlines.clocks import Act
from tests.api.complaints.test_letters_whole import variables
from tests.processes.test_days_letters_name import TURNED_AWAY
from tests.processes.test_letters_for_several import visit

AGENT = PartyDetails("Lettings Ltd", "agent@example.org")
LIZ = PartyDetails("Ann Other", "ann@example.org")
DECIDES = ("withdraw it", "Tell us by", "Please tell us whether", "If you do not accept it", "tell us why")


def represented(walk, scope="receive", *, sender=LIZ, **more):
    """A complaint for Ann, whose agent may do what ``scope`` says."""
    walk.take("2026-06-01 10:00", sender=sender, representative=AGENT, **more).wait(hours=1)
    return walk.do("Check the authority", authority="confirmed", authorityScope=scope)


def copies(walk, template):
    """The texts of the newest letter of this name by who got them."""
    newest = walk.letter(template)
    first = newest.copy_of or newest.key
    return {row.recipient: row.text for row in walk.letters if first in (row.key, row.copy_of)}


@pytest.mark.parametrize("exit", TURNED_AWAY)
def test_who_only_receives_is_told_who_may_appeal(walk, exit):
    template = represented(walk).screen(exit).letters[-1].template
    found = copies(walk, template)
    assert set(found) == {AGENT.email, LIZ.email}
    assert "Only the person you act for may tell us so, until " in found[AGENT.email]
    assert "Tell us by" not in found[AGENT.email]
    assert "Tell us by" in found[LIZ.email]


@pytest.mark.parametrize("exit", TURNED_AWAY)
def test_who_may_settle_is_asked_like_the_complainant(walk, exit):
    found = copies(walk, represented(walk, "settle").screen(exit).letters[-1].template)
    assert set(found) == {AGENT.email}
    assert "Tell us by" in found[AGENT.email]


def drafted(walk, role, state):
    """Every letter to the complainant as ``role`` would read it with the complaint in ``state``; nothing is kept."""
    service = walk.service

    def work(session):
        row = session.get(ComplaintRow, walk.key)
        row.state = state
        desk = service.desk(session, Act(service.clock.now(), "hana", "test"))
        tools = Tools(service.letters, service.case_clocks, service.settings, service.organisation)
        party = parties(session, walk.key)[role]
        known = variables(service.clock.now().date(), bare=False)
        return {
            letter.id: write(tools, desk, row, letter.id, party=party, variables=known).text
            for letter in service.letters
            if letter.to == "complainant" and (not letter.during or state in letter.during)
        }

    return service.rehearse(work)


@pytest.mark.parametrize(
    "state", ["assessing", "investigating", "responded", "stage_two", "external", "not_accepted", "withdrawn"]
)
def test_no_letter_offers_who_only_receives_what_the_page_refuses(walk, state):
    texts = drafted(represented(walk), "representative", state)
    assert len(texts) > 10
    assert {(name, words) for name, text in texts.items() for words in DECIDES if words in text} == set()


def test_the_same_letters_offer_it_to_who_may_settle(walk):
    texts = drafted(represented(walk, "settle"), "representative", "investigating")
    assert "withdraw it at any time" in texts["update"]
    assert "Tell us by" in texts["forwarding"]


def test_a_question_that_is_answered_is_not_promised_to_be_a_complaint(walk):
    walk.take("2026-06-01 10:00").screen("enquiry").do("Answer the enquiry", enquiryAnswer="At nine.")
    assert "we handle it as a complaint" not in walk.letter("enquiry-answer").text
    walk.answer("rejects")
    assert walk.open == ["Decide the appeal"], "somebody decides, as the letter says"


def test_a_representative_is_not_told_that_the_complaint_goes_on_without_the_authority(walk):
    walk.take("2026-06-01 10:00", sender=LIZ, representative=AGENT)
    text = walk.letter("receipt-representative").text
    assert "the next step of the complaint waits until that is settled" in text
    assert "does not wait" not in text
    assert walk.open == ["Check the authority"]


def test_a_second_look_by_our_own_promise_names_the_last_day_outside(walk):
    walk.take("2026-06-01 10:00", "uk-financial").through().wait(hours=1).answer("rejects").choose(
        "stage_two"
    )
    text = walk.letter("stage-two-started").text
    assert "the time you have for the outside body runs on" in text
    assert walk.read("stage-two-started", "referral_window")


def test_who_withdrew_is_told_beside_an_agent_who_only_receives(walk):
    represented(walk).screen().tell("complainant-withdraws")
    found = copies(walk, "withdrawal-confirmed")
    assert set(found) == {AGENT.email, LIZ.email}
    assert "The person you act for has withdrawn the complaint" in found[AGENT.email]
    assert "If that was a mistake" not in found[AGENT.email]
    assert "You have withdrawn your complaint" in found[LIZ.email]


def test_nobody_is_said_to_have_been_told_of_danger_while_nobody_is_on_duty(walk):
    walk.take("2026-06-01 10:00", danger_reported=True)
    text = walk.letter("acknowledgement").text
    assert "We know that somebody may be in danger. That comes before everything else" in text
    assert "told at once" not in text


def test_a_second_look_asks_for_a_final_answer_beside_the_first(walk):
    walk.take("2026-06-01 10:00", "uk-social-housing").through().wait(hours=1).answer("rejects")
    walk.choose("stage_two")
    views = walk.ask(
        lambda s: clock_views(s, walk.key, calendars=walk.service.calendars, now=walk.clock.now())
    )
    said = [one.what for one in promises(views)]
    assert [said.count("Give you our answer"), said.count("Give you our final answer")] == [1, 1]


def test_a_late_final_answer_is_called_one(walk):
    walk.take("2026-06-01 10:00", "uk-social-housing").through().wait(hours=1).answer("rejects")
    walk.choose("stage_two")
    texts = drafted(walk, "complainant", "stage_two")
    assert "you do not have our final answer yet" in texts["explanation"]
    assert "Our final answer should have reached you by now." in texts["delay"]


def test_no_word_of_ours_for_a_remedy_stands_in_a_letter(walk):
    walk.take("2026-06-01 10:00").screen().assess().investigate()
    given = {"remedyKind": "put_right", "keepAnyway": True}
    walk.do("Draft the answer", outcome="upheld", answerText="You are right.", **given)
    walk.do("Check the quality", check="accepted").do("Approve the decision", approval="approved")
    walk.wait(hours=1).answer("rejects").choose("stage_two").review()
    assert "What went wrong is put right, by " in walk.letter("stage-two-decision").text
    walk.tell("complainant-withdraws")
    assert (
        "We keep what we promised: what went wrong is put right, by "
        in walk.letter("withdrawal-confirmed").text
    )
    assert not [row.template for row in walk.letters if "put_right" in row.text]
    assert walk.troubles == walk.holes == []


# the page of who only receives


@pytest.mark.parametrize("turned_away", [False, True], ids=["answered", "turned away"])
def test_who_only_receives_reads_their_own_copy_and_who_is_waited_for(walk, turned_away):
    represented(walk)
    walk.screen("restricted_contact") if turned_away else walk.screen().on()
    page = visit(walk, "representative")
    page.open("/status/answer")
    assert "Dear Lettings Ltd" in page.text
    assert "Dear Ann Other" not in page.text
    assert "We no longer wait" not in page.text
    assert "We wait for the reply of the person you act for" in page.text
    hers = visit(walk, "complainant")
    hers.open("/status/answer")
    assert "Dear Ann Other" in hers.text
    walk.answer("accepts")
    page.open("/status/answer")
    assert "We were told on 1 Jun 2026 that this is accepted." in page.text
