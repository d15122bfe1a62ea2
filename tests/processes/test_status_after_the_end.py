"""What a complainant reads on the status page when nothing more is decided: only what is so."""

from __future__ import annotations

import pytest

from api.app import create_app
from api.complaints import links
from api.complaints.tables import PartyRow
from tests.api.web.visitor import Visitor
from tests.processes.test_stories_of_deadlines import turned_away
from tests.processes.test_taken_up_after_the_end import taken_up
from tests.processes.test_words_and_deeds import award, kept


def status(walk, page="/status"):
    """Return the words on the status page, or on another behind the same link, as the complainant reads them now."""

    def follow(session):
        party = session.query(PartyRow).filter_by(complaint_key=walk.key, role="complainant").one()
        now = walk.clock.now()
        return links.new_link(session, walk.key, purpose="follow", party_key=party.key, at=now)

    visitor = Visitor(create_app(walk.service), walk.clock)
    visitor.open(f"/t/{walk.service.engine.write(follow)}")
    visitor.open(page)
    return visitor.text


def test_what_we_still_do_after_a_withdrawal_is_followed_with_its_day(walk):
    kept(walk).tell("complainant-withdraws")
    text = status(walk)
    assert "Do what we promised" in text
    assert "by 20 Jul 2026" in text
    walk.correct()
    assert "promised by 20 Jul 2026" in status(walk)


@pytest.mark.parametrize("paid", [True, False])
def test_a_withdrawal_does_not_say_that_the_work_it_broke_off_was_finished(walk, paid):
    walk.take("2026-07-06 10:00").through().answer("accepts")
    if paid:
        walk.do("Carry out the promise", doneOn="2026-07-06", proof="Payment 4711")
    walk.tell("complainant-withdraws")
    text = status(walk)
    assert "We carried out what we promised" not in text
    assert "We began to carry out what we promised" in text


def test_a_withdrawal_while_we_find_out_does_not_say_that_we_found_out(walk):
    walk.take("2026-07-06 10:00").screen().assess().tell("complainant-withdraws")
    text = status(walk)
    assert "We found out what happened" not in text
    assert "We began to find out what happened" in text
    assert "We looked at what your complaint needs" in text


def test_what_was_missed_is_no_more_to_be_waited_for_after_a_withdrawal(walk):
    walk.take("2026-07-06 10:00").screen().wait(days=40)
    assert "You hear from us as soon as we can" in status(walk)
    text = status(walk.tell("complainant-withdraws"))
    assert "We did not do it in time, and we are sorry." in text
    assert "You hear from us as soon as we can" not in text
    assert "You need not wait for us" not in text


def test_a_promise_that_is_late_after_a_withdrawal_is_said_to_be_late(walk):
    kept(walk).tell("complainant-withdraws").wait(days=20)
    assert "We are late, and we are sorry." in status(walk)


def test_nobody_is_sent_to_an_outside_body_that_has_decided(walk):
    award(walk, "2026-08-20")
    assert "If you do not agree with us" not in status(walk)
    walk.correct().correct().close()
    text = status(walk)
    assert "We did what the outside body decided." in text
    assert "If you do not agree with us" not in text
    assert "If you disagree with us" not in walk.letter("closing").text


def test_after_an_accepted_answer_the_page_says_so_and_until_when_to_go_outside(walk):
    kept(walk).answer("accepts").correct().close()
    text = status(walk)
    assert "You accepted our answer." in text
    assert "We carried out what we promised" in text
    assert "If you do not agree with us" in text
    assert "We are late" not in text


def test_what_an_outside_body_took_up_after_the_end_says_so_and_offers_what_it_did(walk):
    kept(walk).answer("accepts").correct().close()
    taken_up(walk, wanted=None)
    text = status(walk)
    assert "You take your complaint to an outside body" in text
    assert "We closed this complaint, and an outside body has taken it up since." in text
    assert "You accepted our answer." not in text, "why it ended is said again once it is as it had ended"
    assert "still to come" not in text
    assert "Read our answer again" in text


def test_who_was_turned_away_may_appeal_in_the_same_words_while_an_outside_body_has_it(walk):
    turned_away(walk).wait(days=30)
    words = status(taken_up(walk), "/status/answer")
    assert "I accept that you cannot take it up" in words
    assert "I accept the answer" not in words
    walk.answer("rejects")
    assert "You told us on 6 Nov 2026 that you do not agree." in status(walk)
