"""Somebody who can be reached later, or never: what is only said to them is owed from the day they can be, and nobody is late before."""

from __future__ import annotations

import pytest

from api.complaints import letter_desk, letters_owed
from api.complaints.intake import PartyDetails
from api.complaints.letter_desk import SomebodyAnswers
from api.complaints.states import TOLD_TO_SOMEBODY
from tests.api.deadlines.conftest import at

NORA = PartyDetails("Nora Nowhere")
AGENT = PartyDetails("Letting Agent")
PAPER = PartyDetails("Ann Other", address="1 High Street", preferred_channel="post")
PHONE = PartyDetails("Ann Other", phone="07700 900123")
POST, RING, FIND = "Post the letter", "Tell them by phone", "Find a way to reach them"
REACHED, NO_WAY = {"delivery": "done"}, {"delivery": "no_way"}
FOUND = {"wayFound": "email", "newEmail": "nora@example.org"}


def asides(walk):
    return [task.name for task in walk.aside()]


def sent(walk):
    """The letters that left, by name, in the order they were written."""
    return [row.template for row in walk.letters if row.dispatched_at is not None]


def missed(walk):
    """What is only said to somebody, and was said too late or never."""
    return [name for name in walk.late if name in TOLD_TO_SOMEBODY]


def record(walk, **answers):
    """Record how they can be reached, by the button of the tab *People* where nobody looks for them yet."""
    if FIND not in asides(walk):
        assert letter_desk.look_for_a_way(walk.service, walk.key) is not None
    return walk.beside(FIND, **answers).wait(minutes=5)


# found while the complaint is with us: what is only said to them is owed from then on


def nowhere(walk, regime="generic", sender=NORA):
    return walk.take("2026-06-08 10:00", regime, sender=sender, channel="post").wait(hours=1)


@pytest.mark.parametrize("sender", [NORA, None], ids=["name only", "nobody"])
@pytest.mark.parametrize("day", ["2026-06-08 12:00", "2026-06-13 11:00", "2026-07-01 10:00"])
@pytest.mark.parametrize("confirmed", ["before", "after"])
@pytest.mark.parametrize(("regime", "days"), [("generic", 1), ("australia-telecoms", 2)])
def test_who_gives_an_address_later_is_told_that_we_have_the_complaint(
    walk, sender, day, confirmed, regime, days
):
    nowhere(walk, regime, sender)
    if confirmed == "after":
        walk.screen().assess()
    assert ("acknowledgement", 1) not in walk.clocks
    walk.later(day)
    record(walk, **FOUND)
    if confirmed == "before":
        walk.screen().assess()

    assert sent(walk)[0] == "acknowledgement"
    clock = walk.clock_named("acknowledgement")
    assert (clock.state, clock.number) == ("met", 1)
    assert clock.bound_at > at(day)
    assert clock.due_on > at(day).date()
    assert (missed(walk), walk.troubles, asides(walk)) == ([], [], [])


@pytest.mark.parametrize("confirmed", ["before", "after"])
def test_news_is_owed_from_the_day_they_could_be_written_to(walk, confirmed):
    nowhere(walk)
    if confirmed == "after":
        walk.screen().assess()
    walk.later("2026-07-01 10:00")
    record(walk, **FOUND)
    if confirmed == "before":
        walk.screen().assess()
    assert (walk.state("update"), walk.due("update")) == ("running", "2026-07-15")
    assert walk.read("acknowledgement", "update")
    assert walk.read("acknowledgement", "final_response")
    assert walk.due("final_response") == "2026-07-06", "the answer was owed all the time"


def test_found_by_post_the_acknowledgement_is_work_with_a_day_and_its_clock_waits_for_it(walk):
    nowhere(walk).screen().assess()
    walk.later("2026-07-01 10:00").beside(FIND, wayFound="address", newAddress="1 High Street")
    assert asides(walk) == [POST]
    assert (walk.state("acknowledgement"), walk.due("acknowledgement")) == ("running", "2026-07-02")
    walk.later("2026-07-02 10:00").beside(POST, **REACHED)
    assert (walk.state("acknowledgement"), missed(walk)) == ("met", [])


def test_a_found_address_that_nobody_writes_to_is_late_from_the_day_it_was_found(walk):
    nowhere(walk).screen().assess()
    walk.later("2026-07-01 10:00").beside(FIND, wayFound="address", newAddress="1 High Street")
    walk.later("2026-07-03 10:00")
    assert walk.state("acknowledgement") == "breached"


def test_once_it_is_answered_no_receipt_is_owed(walk):
    nowhere(walk).through()
    record(walk, **FOUND)
    assert sent(walk) == ["decision"]
    assert "acknowledgement" not in walk.running
    assert "update" not in walk.running


def test_a_corrected_day_of_receipt_makes_nobody_late_for_the_time_before(walk):
    nowhere(walk).screen().assess()
    walk.later("2026-07-01 10:00").beside(FIND, wayFound="address", newAddress="1 High Street")
    walk.move(
        lambda desk, complaint: walk.service.case_clocks.days_corrected(
            desk, complaint, received_at=at("2026-06-05 10:00")
        )
    )
    assert (walk.state("acknowledgement"), walk.due("acknowledgement")) == ("running", "2026-07-02")
    assert walk.due("update") == "2026-07-15"


def test_other_rules_make_nobody_late_for_the_time_before(walk):
    nowhere(walk).screen()
    walk.later("2026-07-01 10:00").beside(FIND, wayFound="address", newAddress="1 High Street")

    def other(desk, complaint):
        complaint.regime = "uk-financial"
        return walk.service.case_clocks.start_by_policy(desk, complaint, category=None, stage="one")

    walk.move(other)
    assert (walk.state("acknowledgement"), walk.due("acknowledgement")) == ("running", "2026-07-08")
    assert walk.state("update") == "running"


def test_a_representative_who_is_found_later_gets_the_receipt_and_its_clock_from_then(walk):
    walk.take("2026-06-08 10:00", sender=NORA, representative=AGENT, channel="post").wait(hours=1)
    assert ("acknowledgement", 1) not in walk.clocks
    walk.later("2026-07-01 10:00")
    walk.beside(FIND, wayFound="email", representativeEmail="agent@example.org").wait(minutes=5)
    assert sent(walk)[0] == "receipt-representative"
    assert walk.state("acknowledgement") == "met"
    assert ("update", 1) not in walk.clocks, "nobody whom it may be told to"
    walk.later("2026-07-06 10:00").do("Check the authority", authority="confirmed", authorityScope="settle")
    assert (walk.state("update"), walk.due("update")) == ("running", "2026-07-20")
    assert (missed(walk), walk.troubles) == ([], [])


# whom the letters may go to


CLAIMS = PartyDetails("Letting Agent", "agent@example.org")


def claimed(walk, sender=NORA):
    """Somebody whom we cannot reach, and who says to act for them."""
    return walk.take("2026-06-08 10:00", sender=sender, representative=CLAIMS, channel="post").wait(hours=1)


@pytest.mark.parametrize("sender", [NORA, None], ids=["name only", "nobody"])
def test_who_only_claims_to_act_is_told_that_we_have_it_and_no_news_is_owed(walk, sender):
    claimed(walk, sender)
    assert sent(walk)[0] == "receipt-representative"
    assert walk.state("acknowledgement") == "met"
    walk.later("2026-06-15 10:00")
    assert set(walk.running) & TOLD_TO_SOMEBODY == set()
    assert walk.service.engine.values(walk.instance)["complainantKnown"] is False
    walk.later("2026-09-01 10:00")
    assert not {"Tell the complainant how it is going", "Explain the wait"} & set(walk.open)
    assert (missed(walk), walk.troubles) == ([], [])


@pytest.mark.parametrize("scope", ["settle", "receive"])
def test_news_is_owed_from_the_day_their_authority_is_confirmed(walk, scope):
    claimed(walk).later("2026-06-15 10:00")
    walk.do("Check the authority", authority="confirmed", authorityScope=scope).wait(minutes=5)
    assert (walk.state("update"), walk.due("update")) == ("running", "2026-06-29")
    assert walk.service.engine.values(walk.instance)["complainantKnown"] is (scope == "settle")
    assert walk.state("acknowledgement") == "met"
    assert [name for name, _ in walk.clocks].count("acknowledgement") == 1
    assert (missed(walk), walk.troubles) == ([], [])


def test_who_is_refused_is_nobody_to_write_to(walk):
    claimed(walk).do("Check the authority", authority="refused").wait(hours=1)
    walk.later("2026-09-01 10:00")
    assert set(walk.running) & TOLD_TO_SOMEBODY == set()
    assert (missed(walk), walk.troubles) == ([], [])


def test_a_number_that_was_dead_for_a_while_makes_nobody_late_for_that_time(walk):
    walk.take("2026-06-08 10:00", sender=PHONE).wait(hours=1).beside(RING, **NO_WAY)
    walk.later("2026-06-20 10:00")
    assert walk.late == []
    record(walk, **FOUND)
    assert sent(walk) == ["acknowledgement"]
    walk.screen().assess()
    assert walk.state("acknowledgement") == "met"
    assert (walk.state("update"), walk.late) == ("running", [])


def test_a_second_look_owes_its_news_from_the_day_they_could_be_written_to(walk):
    walk.take("2026-06-08 10:00", sender=None).through().answer("rejects").choose("stage_two")
    walk.later("2026-07-15 10:00")
    record(walk, **FOUND)
    assert (walk.state("update"), walk.due("update")) == ("running", "2026-07-29")
    assert missed(walk) == []


# found after the decision: they are waited for while somebody looks for them


def decided(walk, sender=NORA, channel="phone", **more):
    return walk.take("2026-06-08 10:00", sender=sender, channel=channel, **more).wait(hours=1).through()


@pytest.mark.parametrize("channel", ["phone", "social", "post", "web"])
def test_who_is_found_after_the_decision_may_accept_it(walk, channel):
    decided(walk, channel=channel)
    assert (walk.complaint().state, asides(walk)) == ("responded", [FIND])
    walk.later("2026-06-09 10:00").beside(FIND, **FOUND).wait(minutes=5)
    assert sent(walk) == ["decision"]
    assert "We no longer wait for a reply" not in walk.letter("decision").text
    assert walk.read("decision", "referral_window")
    walk.answer("accepts").correct().close()
    assert (walk.complaint().closing_reason, walk.late, walk.troubles) == ("accepted", [], [])


def test_who_is_found_after_the_decision_may_have_it_looked_at_again(walk):
    decided(walk).later("2026-06-09 10:00").beside(FIND, **FOUND).wait(minutes=5)
    walk.answer("rejects").choose("stage_two").review()
    assert sent(walk)[-1] == "stage-two-decision"
    assert (walk.complaint().state, walk.late, walk.troubles) == ("responded", [], [])


@pytest.mark.parametrize("channel", ["phone", "web"])
def test_the_case_waits_as_long_as_somebody_looks(walk, channel):
    decided(walk, channel=channel).wait(days=60)
    assert (walk.complaint().state, asides(walk)) == ("responded", [FIND])
    walk.beside(FIND, wayFound="no").wait(days=20)
    assert walk.complaint().state == "correcting"
    walk.correct().close()
    assert (walk.complaint().closing_reason, walk.troubles) == ("answered_on_file", [])
    assert sent(walk) == []


def test_no_way_before_the_decision_is_asked_again_after_it(walk):
    nowhere(walk).beside(FIND, wayFound="no").through()
    assert (walk.complaint().state, asides(walk)) == ("responded", [FIND])
    walk.beside(FIND, wayFound="no").wait(days=20)
    assert walk.complaint().state == "correcting"


def test_who_left_not_even_a_name_is_not_waited_for(walk):
    decided(walk, sender=None)
    assert (walk.complaint().state, asides(walk)) == ("correcting", [])


def test_who_is_turned_away_and_cannot_be_reached_is_waited_for_too(walk):
    nowhere(walk).screen("employment")
    walk.do("Hand over to personnel", handedTo="Ms Roe", handedOn="2026-06-08")
    walk.wait(days=60)
    assert (walk.complaint().state, walk.ended) == ("not_accepted", False)
    walk.beside(FIND, **FOUND).wait(minutes=5)
    assert sent(walk) == ["not-accepted-employment"]
    walk.answer("rejects")
    assert "Decide the appeal" in walk.open


def test_who_is_turned_away_and_not_found_is_not_waited_for_any_more(walk):
    nowhere(walk).screen("employment")
    walk.do("Hand over to personnel", handedTo="Ms Roe", handedOn="2026-06-08")
    walk.beside(FIND, wayFound="no").wait(days=30)
    assert "Decide the appeal" not in walk.open
    assert (walk.complaint().closing_reason is not None, walk.late, walk.troubles) == (True, [], [])


@pytest.mark.parametrize("scope", ["settle", "receive"])
@pytest.mark.parametrize("found", ["complainant", "representative"])
def test_with_a_representative_whoever_may_answer_is_waited_for(walk, scope, found):
    walk.take("2026-06-08 10:00", sender=NORA, representative=AGENT, channel="post").wait(hours=1)
    walk.do("Check the authority", authority="confirmed", authorityScope=scope).wait(hours=1).through()
    assert walk.complaint().state == "responded"
    searches = {
        walk.service.engine.values(task.process_instance_key)["person"]: task for task in walk.aside(FIND)
    }
    assert set(searches) == {"complainant", "representative"}
    field = {"complainant": "newEmail", "representative": "representativeEmail"}[found]
    answers = {"wayFound": "email", field: "x@example.org"}
    walk.service.engine.complete_task(searches[found].user_task_key, answers)
    walk.service.run_due()
    walk.wait(days=40)
    assert "decision" in sent(walk)
    if scope == "receive" and found == "representative":
        assert (walk.complaint().state, "reminder" in sent(walk)) == ("responded", False)
    else:
        assert "reminder" in sent(walk)


# never found: what was decided in time lies on file from the day it was decided


def lost(walk, sender=PAPER, task=POST):
    """Decided in time, and the letter comes back: nobody is there."""
    walk.take("2026-06-08 10:00", sender=sender).wait(hours=1).beside(task, **REACHED).through()
    return walk.later("2026-06-10 10:00").beside(task, **NO_WAY)


@pytest.mark.parametrize(("sender", "task"), [(PAPER, POST), (PHONE, RING)])
def test_decided_in_time_and_never_found_nobody_is_late(walk, sender, task):
    lost(walk, sender, task)
    decided_at = walk.letter("decision").queued_at
    assert walk.state("final_response") == "running"
    walk.later("2026-06-12 10:00").beside(FIND, wayFound="no")
    assert walk.state("final_response") == "met"
    evidence = walk.clock_named("final_response").saved["evidence"]
    assert (evidence["kind"], evidence["sent_at"]) == ("nobody_to_write_to", decided_at.isoformat())
    before = len(walk.notices("Final"))
    walk.wait(days=20)
    assert (walk.late, len(walk.notices("Final")), walk.troubles) == ([], before, [])
    assert "referral_window" not in walk.running
    walk.correct().close()
    assert walk.complaint().closing_reason == "answered_on_file"


def test_the_search_ends_after_the_time_and_the_breach_falls_away_with_the_task_to_explain_it(walk):
    lost(walk).later("2026-07-08 10:00")
    assert walk.state("final_response") == "breached"
    assert "Explain the delay" in walk.open
    walk.beside(FIND, wayFound="no").wait(minutes=5)
    assert (walk.state("final_response"), walk.late) == ("met", [])
    assert "Explain the delay" not in walk.open


def test_decided_too_late_stays_late_though_nobody_is_found(walk):
    walk.take("2026-06-08 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED).screen()
    walk.later("2026-07-10 10:00").on().beside(POST, **NO_WAY).beside(FIND, wayFound="no")
    assert walk.state("final_response") == "met_late"


def test_found_after_all_the_letter_meets_nothing_twice_and_the_time_outside_counts_from_it(walk):
    lost(walk).beside(FIND, wayFound="no")
    before = walk.clocks
    walk.later("2026-06-15 10:00")
    record(walk, **FOUND)
    assert sent(walk)[-1] == "decision"
    after = walk.clocks
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {("referral_window", 1)}
    assert walk.due("referral_window") == "2026-12-15"
    assert walk.read("decision", "referral_window")
    evidence = walk.clock_named("final_response").saved["evidence"]
    assert evidence["kind"] == "nobody_to_write_to"
    assert walk.late == []


def test_an_acknowledgement_in_time_that_found_nobody_is_no_breach(walk):
    walk.take("2026-06-08 10:00", sender=PAPER).wait(hours=1).beside(POST, **NO_WAY)
    walk.beside(FIND, wayFound="no").later("2026-07-01 10:00")
    assert missed(walk) == []
    record(walk, **FOUND)
    assert sent(walk) == ["acknowledgement"]
    assert (walk.state("update"), walk.due("update"), missed(walk)) == ("running", "2026-07-15", [])


def test_the_second_decision_lies_on_file_too_and_answers_its_own_look(walk):
    walk.take("2026-06-08 10:00", sender=PAPER).wait(hours=1).beside(POST, **REACHED).through()
    walk.beside(POST, **REACHED).answer("rejects").choose("stage_two")
    while walk.aside(POST):
        walk.beside(POST, **REACHED)
    walk.review().beside(POST, **NO_WAY)
    decided_at = walk.letters[-1].queued_at
    assert walk.state("final_response") == "running"
    walk.wait(days=2).beside(FIND, wayFound="no")
    clock = walk.clock_named("final_response")
    assert (clock.state, clock.saved["evidence"]["sent_at"]) == ("met", decided_at.isoformat())
    walk.wait(days=60)
    assert walk.late == []


def test_turned_away_in_time_and_never_found_nobody_is_late(walk):
    walk.take("2026-06-08 10:00", sender=PAPER).wait(hours=1).screen("employment")
    walk.do("Hand over to personnel", handedTo="Ms Roe", handedOn="2026-06-08")
    while walk.aside(POST):
        walk.beside(POST, **NO_WAY)
    walk.wait(days=5).beside(FIND, wayFound="no").wait(days=30)
    assert (walk.late, walk.troubles, asides(walk)) == ([], [], [])


@pytest.mark.parametrize("scope", ["settle", "receive"])
def test_one_of_two_is_still_looked_for_so_nothing_lies_on_file(walk, scope):
    lady = PartyDetails("Mrs Lind", address="1 Mill Lane", preferred_channel="post")
    agent = PartyDetails("Letting Agent", address="9 Low Road", preferred_channel="post")
    walk.take("2026-06-08 10:00", sender=lady, representative=agent).wait(hours=1)
    walk.do("Check the authority", authority="confirmed", authorityScope=scope).wait(hours=1)
    while walk.aside(POST):
        walk.beside(POST, **REACHED)
    walk.through()
    while walk.aside(POST):
        walk.beside(POST, **NO_WAY)
    assert len(walk.aside(FIND)) == 2
    for left in (1, 0):
        task = walk.aside(FIND)[0]
        person = walk.service.engine.values(task.process_instance_key)["person"]
        walk.beside(FIND, wayFound="no")
        may_answer = scope == "settle" or "complainant" in {
            one.person for one in letters_owed.kept(walk.complaint()) if one.sought
        }
        on_file = left == 0 or not may_answer
        assert (walk.state("final_response") == "met") is on_file, person
    walk.wait(days=20)
    assert (walk.late, walk.complaint().state) == ([], "correcting")


def test_who_can_be_reached_is_not_looked_for(walk):
    nowhere(walk)
    record(walk, **FOUND)
    with pytest.raises(SomebodyAnswers):
        letter_desk.look_for_a_way(walk.service, walk.key)


# found after somebody was turned away and has appealed: the letter that says why is their receipt


@pytest.mark.parametrize("regime", ["generic", "uk-social-housing"])
@pytest.mark.parametrize("found", ["before the decision", "after it"])
@pytest.mark.parametrize("result", ["dismissed", "allowed"])
def test_who_appealed_before_they_could_be_written_to_is_owed_no_second_receipt(walk, regime, found, result):
    nowhere(walk, regime).screen("restricted_contact").wait(hours=1)
    walk.answer("rejects").wait(hours=1)
    if found == "before the decision":
        record(walk, **FOUND)
    walk.do("Decide the appeal", appealResult=result, appealReason="We looked again.").wait(hours=1)
    if found == "after it":
        record(walk, **FOUND)
    walk.wait(days=20)
    assert "not-accepted-restricted-contact" in sent(walk)
    assert "acknowledgement" not in walk.late


# -- nobody to look for: whoever left not even a name may answer on the status page, for as long as anybody


@pytest.mark.parametrize("regime", ["generic", "nhs-scotland"])
def test_who_left_not_even_a_name_has_the_time_of_silence_on_the_status_page(walk, regime):
    decided(walk, sender=None, channel="web", regime=regime)
    assert (walk.complaint().state, asides(walk)) == ("responded", [])
    walk.wait(days=14)
    assert walk.complaint().state == "responded"
    walk.wait(days=30)
    assert (walk.complaint().state, walk.open) == ("correcting", ["Carry out the promise"])
    walk.correct().close()
    assert (walk.complaint().closing_reason, walk.troubles, walk.letters) == ("answered_on_file", [], [])


def test_who_is_found_after_their_day_was_set_alone_is_told_of_it(walk):
    walk.take("2026-06-08 10:00", "nhs-england", sender=NORA, channel="phone").screen()
    walk.do("Set the day alone", agreedOn="2026-07-20", agreedHow="We have no address.")
    walk.beside(FIND, **FOUND).wait(minutes=5)
    assert "plan-agreed" in sent(walk)
    assert walk.read("plan-agreed", "final_response")
    assert (walk.state("plan_agreed"), walk.late, walk.troubles, walk.holes) == ("met", [], [], [])


def test_who_is_found_while_their_day_is_not_set_is_not_asked_twice(walk):
    walk.take("2026-06-08 10:00", "nhs-england", sender=NORA, channel="phone").screen()
    walk.beside(FIND, **FOUND).wait(minutes=5)
    assert (walk.state("plan_agreed"), walk.clock_named("plan_agreed").number) == ("running", 1)
    assert [name for name in walk.open if name in ("Agree the plan", "Set the day alone")] == [
        "Set the day alone"
    ]
