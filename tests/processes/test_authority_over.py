"""An authority ends after our answer went to the representative: who may reply now gets it, and has the whole time to reply."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.complaints import authority_over
from api.complaints.intake import PartyDetails
from api.complaints.letters import read_letter
from tests.processes.test_letters_for_several import left, waiting
from tests.processes.test_replies_among_additions import PAPER, read, write
from tests.processes.test_what_the_page_offers import page_of

RITA = PartyDetails("Rita Rep", "rita@example.org")
MAIL = PartyDetails("Ann Other", "ann@example.org")
NOWHERE = PartyDetails("Ann Other")
POST, FIND = "Post the letter", "Find a way to reach them"


def answered_to_rita(walk, sender=PAPER, until="2026-07-20"):
    """Our answer of 16 July went to Rita alone, whose authority ends on 20 July."""
    walk.take("2026-07-06 10:00", sender=sender, representative=RITA).wait(hours=1)
    walk.do("Check the authority", authority="confirmed", authorityScope="settle", authorityUntil=until)
    while walk.aside(POST):
        walk.beside(POST, delivery="done")
    walk.later("2026-07-16 10:00").through(remedy="words").wait(minutes=5)
    assert left(walk, "decision") == ["rita@example.org"]
    return walk


def settle(walk):
    """The chore, and what falls due of it."""
    written = authority_over.settle(walk.service)
    walk.service.run_due()
    return written


def test_who_may_reply_now_gets_our_answer_and_the_whole_time(walk):
    answered_to_rita(walk).later("2026-07-20 12:00")
    assert settle(walk) == 0, "her last day is hers"
    walk.later("2026-07-21 00:10")
    assert (settle(walk), settle(walk)) == (1, 0), "once"
    assert list(waiting(walk, "decision")) == ["1 High Street"]
    assert "We wait for your reply" not in page_of(walk).text
    assert "on its way to you" in page_of(walk).text

    window = walk.clock_named("referral_window").due_on
    walk.later("2026-07-22 10:00").post("decision")
    letter = walk.letter("decision")
    assert "Dear Ann Other" in letter.text
    assert walk.read("decision", "referral_window")
    assert (walk.clock_named("referral_window").due_on, walk.late) == (window, [])
    assert "We wait for your reply" in page_of(walk).text

    walk.later("2026-08-03 10:00")
    assert not waiting(walk, "reminder"), "she has had our answer for eight working days"
    walk.later("2026-08-10 10:00")
    assert list(waiting(walk, "reminder")) == ["1 High Street"]
    walk.answer("accepts")
    assert walk.troubles == []


def sent_on_her_last_day(walk, words):
    """Nobody has read it yet, and her authority is over."""
    answered_to_rita(walk).later("2026-07-20 18:00")
    write(walk, words, role="representative")
    walk.later("2026-07-21 00:10")
    assert settle(walk) == 0
    return walk.later("2026-07-23 10:00")


def test_what_was_sent_in_time_is_read_before_anybody_else_is_written_to(walk):
    read(sent_on_her_last_day(walk, "We do not accept this."), "rejects")
    assert settle(walk) == 0, "it is replied to"
    assert walk.complaint().state != "responded"
    assert not waiting(walk, "decision")
    assert walk.troubles == []


def test_what_was_sent_in_time_and_is_no_reply_delays_our_answer_only_until_it_is_read(walk):
    read(sent_on_her_last_day(walk, "Here is the bill."), "adds")
    assert settle(walk) == 1
    assert list(waiting(walk, "decision")) == ["1 High Street"]
    assert walk.troubles == []


def test_a_reminder_that_only_the_representative_got_ends_no_time(walk):
    answered_to_rita(walk, MAIL, until="2026-08-04").later("2026-07-31 10:00")
    assert left(walk, "reminder") == ["rita@example.org"]
    walk.later("2026-08-05 00:10")
    assert settle(walk) == 1
    walk.wait(minutes=5)
    assert left(walk, "decision") == ["rita@example.org", "ann@example.org"]
    walk.later("2026-08-17 10:00")
    assert walk.complaint().state == "responded"
    assert "Look back on the complaint" not in walk.open, "the time of the reminder was not hers"
    walk.later("2026-08-21 10:00")
    assert left(walk, "reminder") == ["rita@example.org", "ann@example.org"]


def test_a_letter_that_turned_the_complaint_away_can_be_appealed_by_who_may(walk):
    walk.take("2026-07-06 10:00", sender=MAIL, representative=RITA).wait(hours=1)
    walk.do(
        "Check the authority", authority="confirmed", authorityScope="settle", authorityUntil="2026-07-10"
    )
    walk.screen("restricted_contact").wait(minutes=5)
    template = "not-accepted-restricted-contact"
    assert left(walk, template) == ["rita@example.org"]
    walk.later("2026-07-11 10:00")
    assert settle(walk) == 1
    walk.wait(minutes=5)
    assert left(walk, template) == ["rita@example.org", "ann@example.org"]
    walk.later("2026-08-06 10:00")
    assert walk.complaint().closed_at is None, "twenty working days from her own letter"
    walk.answer("rejects")
    assert "Decide the appeal" in walk.open


def test_who_cannot_be_reached_is_looked_for(walk):
    answered_to_rita(walk, NOWHERE).later("2026-07-21 00:10")
    assert settle(walk) == 1
    assert [task.name for task in walk.aside(FIND)] == [FIND]
    walk.wait(days=40)
    assert not waiting(walk, "reminder")
    assert walk.complaint().state == "responded"


@pytest.mark.parametrize("reply", ["accepts", "rejects"])
def test_an_answer_that_was_replied_to_in_time_goes_to_nobody_else(walk, reply):
    answered_to_rita(walk, MAIL).wait(days=1).answer(reply).later("2026-07-21 00:10")
    assert settle(walk) == 0
    assert left(walk, "decision") == ["rita@example.org"]


def test_it_is_among_the_chores_of_the_service(walk):
    chore = next(one for one in walk.service.chores if one.name == "authority-over")
    assert chore.every <= timedelta(hours=1)
    answered_to_rita(walk).later("2026-07-21 00:10")
    assert chore.run() == 1


def test_an_answer_that_cannot_be_written_is_told_once_and_written_once_it_can(walk):
    answered_to_rita(walk, MAIL).later("2026-07-21 00:10")
    good, text = walk.service.letters._templates["decision"], b"---\nsubject: Our answer\nto: complainant\n"
    walk.service.letters._templates["decision"] = read_letter(
        "decision", text + b"asks: answer\n---\n{{ neverSaid }}\n"
    )
    assert (settle(walk), settle(walk.wait(hours=1))) == (0, 0)
    assert len(walk.events("letter-not-written")) == len(walk.notices("Letter not written")) == 1
    walk.service.letters._templates["decision"] = good
    assert settle(walk) == 1


# what the complainant reads meanwhile, and what waits


def test_until_it_is_read_the_complainant_is_not_told_that_they_have_our_answer(walk):
    sent_on_her_last_day(walk, "We do not accept this.")
    page = page_of(walk)
    assert "We gave our answer to the person who acted for you" in page.text
    assert "We have sent you our answer" not in page.text
    assert "Our answer went to somebody who acted before" in page.text
    assert "We wait for your reply" not in page.text
    page.open("/status/answer")
    assert "I accept the answer" not in page.text


def test_what_the_complainant_sent_and_no_reply_of_the_representative_holds_nothing_back(walk):
    walk.take("2026-07-06 10:00", sender=MAIL, representative=RITA).wait(hours=1)
    walk.do(
        "Check the authority", authority="confirmed", authorityScope="settle", authorityUntil="2026-07-20"
    )
    write(walk.wait(minutes=5), "An old bill.", role="representative")
    walk.later("2026-07-16 10:00").through(remedy="words").wait(minutes=5)
    write(walk.wait(days=1), "Another one.", role="complainant")
    walk.later("2026-07-21 00:10")
    assert settle(walk) == 1
    walk.wait(minutes=5)
    assert left(walk, "decision") == ["rita@example.org", "ann@example.org"]


def test_an_answer_that_waits_for_the_post_goes_to_the_complainant_at_once(walk):
    by_post = PartyDetails("Rita Rep", address="7 Chambers Row")
    walk.take("2026-07-06 10:00", sender=PAPER, representative=by_post).wait(hours=1)
    walk.do(
        "Check the authority", authority="confirmed", authorityScope="settle", authorityUntil="2026-07-17"
    )
    while walk.aside(POST):
        walk.beside(POST, delivery="done")
    walk.later("2026-07-16 10:00").through(remedy="words")
    assert list(waiting(walk, "decision")) == ["7 Chambers Row"]
    walk.later("2026-07-18 00:10")
    settle(walk)
    assert list(waiting(walk, "decision")) == ["1 High Street"]
    assert [task.name for task in walk.aside(POST)] == [POST]
    assert "on its way to you" in page_of(walk).text
    assert "We wait for your reply" not in page_of(walk).text
    walk.wait(days=30)
    assert left(walk, "reminder") == [], "nobody is reminded of what nobody has"
    assert walk.troubles == []
