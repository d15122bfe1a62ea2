"""A letter that left and later comes back reached nobody: what it met is open again, and nothing runs out against its person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from api.app import create_app
from api.complaints import extensions, letter_desk
from api.complaints.anchors import DayImpossible
from api.complaints.contact_details import StruckOut, correct
from api.complaints.evidence import meet_each
from api.complaints.intake import PartyDetails
from api.complaints.letters import LetterUnknown
from api.complaints.letters_owed import kept
from api.complaints.letters_that_came_back import (
    CameBackAlready,
    LetterHasNotLeft,
    LetterReachedThem,
    came_back_on,
    record,
)
from api.complaints.our_answer import AnswerOnItsWay
from api.complaints.parties import parties
from api.complaints.tables import ClockRow, ComplaintRow, LetterRow
from engine.actors import SYSTEM
from engine.deadlines.state import Evidence
from engine.forms.errors import FormInvalid
from tests.api.web.staff_desk import Desk
from tests.processes.test_corrected_while_late import put_under
from tests.processes.test_letters_for_several import AT_AGENT, AT_LADY, acted, deliver, find, looked_for
from tests.processes.test_letters_for_several import waiting as copies_waiting
from tests.processes.test_regimes import EVERY, KNOWN, RECEIVED, agree, sound
from tests.processes.test_taken_up_after_the_end import taken_up
from tests.processes.test_what_the_page_offers import page_of
from tests.processes.walking import ANN

PAPER = PartyDetails("Ann Other", address="1 High Street", preferred_channel="post")
PHONE = PartyDetails("Ann Other", phone="07700 900123")
BOTH = replace(ANN, address="1 High Street")
POST, RING, FIND = "Post the letter", "Tell them by phone", "Find a way to reach them"
LOOK_BACK, ANEW = "Look back on the complaint", "Register the new complaint"
REACHED = {"delivery": "done"}
TAKEN_UP = {"body": "Ombudsman", "bodyReference": "O-1", "fileDueOn": "2026-06-20"}
FOUND = {"wayFound": "address", "newAddress": "2 Low Road"}


def back(walk, template, **how):
    """The last letter of this name that left comes back; tell whether it is owed still."""
    rows = [row for row in walk.letters if row.template == template and row.dispatched_at]
    owed = record(walk.service, walk.key, rows[-1].key, by=SYSTEM, **how)
    walk.service.run_due()
    return owed


def delivered(walk):
    """Post and tell whatever waits."""
    while tasks := [task.name for task in walk.aside() if task.name in (POST, RING)]:
        walk.beside(tasks[0], **REACHED)
    return walk


def decided(walk, sender=ANN, regime="generic", **more):
    walk.take("2026-06-01 10:00", regime, sender=sender).wait(hours=1)
    delivered(walk).through(remedy="words", **more).wait(minutes=5)
    return delivered(walk)


def asides(walk):
    return sorted(task.name for task in walk.aside())


def person(walk, role="complainant"):
    return walk.ask(lambda session: parties(session, walk.key)[role])


def owed(walk):
    return walk.ask(lambda session: [one.letter for one in kept(walk.complaint())])


# the ordinary case: our answer


@pytest.mark.parametrize("sender", [ANN, PAPER, PHONE])
def test_an_answer_that_came_back_met_nothing_and_a_way_is_looked_for(walk, sender):
    decided(walk, sender)
    bound = walk.clock_named("final_response").bound_at
    assert (walk.state("final_response"), walk.state("referral_window")) == ("met", "running")
    walk.later("2026-06-09 10:00")

    assert back(walk, "decision", on=date(2026, 6, 8), reason="Gone away")

    assert (walk.state("final_response"), walk.clock_named("final_response").bound_at) == ("running", bound)
    assert walk.clock_named("final_response").saved["evidence"] is None
    assert walk.state("referral_window") == "superseded", "nobody's time to go outside runs"
    assert (asides(walk), owed(walk)) == ([FIND], ["decision"])
    assert (person(walk).email, person(walk).address, person(walk).phone) == (None, None, None)
    assert walk.timers("Event_Breach").due_date == bound, "a delay is explained again"

    walk.later("2026-06-11 10:00").beside(FIND, **FOUND)
    assert walk.letter("decision").recipient == "2 Low Road"
    walk.beside(POST, **REACHED)
    assert (walk.state("final_response"), walk.state("referral_window")) == ("met", "running")
    assert walk.due("referral_window") == "2026-12-11", "six months from the day it was written anew"
    assert walk.read("decision", "referral_window")
    assert (walk.late, walk.troubles, asides(walk)) == ([], [], [])


@pytest.mark.parametrize("sender", [ANN, PAPER, PHONE])
def test_nobody_is_reminded_or_closed_for_silence_while_nobody_has_our_answer(walk, sender):
    decided(walk, sender).later("2026-06-09 10:00")
    back(walk, "decision")
    walk.later("2026-09-01 10:00")
    assert owed(walk) == ["decision"], "no reminder is kept for them, either"
    assert (walk.complaint().state, asides(walk), walk.troubles) == ("responded", [FIND], [])

    walk.beside(FIND, **FOUND).beside(POST, **REACHED)
    assert walk.open in ([], ["Explain the delay"])
    walk.later("2026-09-21 10:00")
    assert "reminder" in [row.template for row in walk.letters], "ten working days from the answer that left"


def test_of_an_answer_that_left_late_the_case_forgets_when(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1)
    delivered(walk).through(remedy="words")
    posted_late(walk, "decision")
    assert "reminder" not in [row.template for row in walk.letters], "they still have time to reply"
    back(walk, "decision")
    walk.later("2026-09-01 10:00")
    assert owed(walk) == ["decision"], "no reminder is kept for them, either"
    assert (walk.complaint().state, asides(walk), walk.troubles) == ("responded", [FIND], [])


@pytest.mark.parametrize("sender", [ANN, PAPER])
def test_in_the_time_of_the_reminder_it_begins_anew(walk, sender):
    decided(walk, sender).later("2026-06-17 10:00")
    delivered(walk)
    old = walk.letter("reminder")
    walk.later("2026-06-22 10:00")
    back(walk, "decision")
    walk.later("2026-07-20 10:00")
    assert (walk.complaint().state, LOOK_BACK in walk.open) == ("responded", False)
    walk.beside(FIND, **FOUND).beside(POST, **REACHED).later("2026-08-31 10:00")
    again = walk.letter("reminder")
    assert again.key != old.key, "they are reminded of the answer that they have"
    delivered(walk)
    delivered(walk).later("2026-10-05 10:00")
    assert LOOK_BACK in walk.open, "and then silence is silence"
    assert walk.troubles == []


def test_a_reminder_that_waits_asks_nobody_any_more(walk):
    decided(walk, PAPER).later("2026-06-17 10:00")
    assert walk.letter("reminder").dispatched_at is None
    back(walk, "decision")
    assert walk.letter("reminder").replaced_at is not None
    assert asides(walk) == [FIND]


def test_a_reminder_that_was_kept_asks_nobody_any_more(walk):
    decided(walk, PAPER)
    back(walk, "acknowledgement")
    walk.later("2026-06-17 10:00")
    assert owed(walk) == ["reminder"]
    back(walk, "decision")
    assert owed(walk) == ["decision"]
    walk.later("2026-09-01 10:00")
    assert (walk.complaint().state, LOOK_BACK in walk.open, owed(walk)) == ("responded", False, ["decision"])
    walk.beside(FIND, **FOUND)
    delivered(walk).later("2026-10-05 10:00")
    assert walk.letter("reminder").recipient == "2 Low Road", "of the answer that they have"


def test_a_reminder_of_an_answer_that_came_back_is_only_noted(walk):
    decided(walk, PAPER).later("2026-06-17 10:00")
    delivered(walk).later("2026-06-22 10:00")
    back(walk, "decision")
    assert not back(walk, "reminder")
    assert owed(walk) == ["decision"]


def test_a_reminder_that_came_back_is_no_reminder(walk):
    decided(walk, PAPER).later("2026-06-17 10:00")
    delivered(walk).later("2026-06-22 10:00")
    assert back(walk, "reminder")
    walk.later("2026-08-03 10:00")
    assert (LOOK_BACK in walk.open, asides(walk)) == (False, [FIND])
    walk.beside(FIND, **FOUND)
    delivered(walk)
    row = walk.letter("reminder")
    assert (row.recipient, row.dispatched_at is not None) == ("2 Low Road", True)
    walk.later("2026-08-31 10:00")
    assert LOOK_BACK in walk.open


def test_with_another_way_it_goes_there_at_once(walk):
    decided(walk, BOTH).later("2026-06-09 10:00")
    back(walk, "decision")
    row = walk.letter("decision")
    assert (row.channel, row.recipient) == ("post", "1 High Street")
    assert (asides(walk), person(walk).email) == ([POST], None)
    assert walk.state("final_response") == "running", "it has not left yet"
    walk.beside(POST, **REACHED)
    assert walk.state("final_response") == "met"
    walk.answer("accepts").close()
    assert (walk.complaint().closing_reason, walk.troubles) == ("accepted", [])


def test_what_was_corrected_meanwhile_stays_and_it_goes_there(walk):
    decided(walk, PAPER)

    def move(session):
        parties(session, walk.key)["complainant"].address = "2 Low Road"

    walk.service.engine.write(move)
    walk.later("2026-06-09 10:00")
    back(walk, "decision")
    assert (walk.letter("decision").recipient, person(walk).address) == ("2 Low Road", "2 Low Road")


def test_where_nobody_finds_a_way_it_lies_on_file_from_the_day_it_was_written(walk):
    decided(walk, PAPER)
    bound = walk.clock_named("final_response").bound_at
    walk.clock.set(bound + timedelta(days=3))
    walk.service.run_due()
    back(walk, "decision")
    assert walk.state("final_response") == "breached"
    walk.beside(FIND, wayFound="no")
    assert walk.state("final_response") == "met"
    assert (walk.late, walk.troubles) == ([], [])


def test_past_its_day_it_is_late_and_somebody_explains(walk):
    decided(walk, PAPER).later("2026-09-07 10:00")
    assert walk.late == []
    back(walk, "decision")
    assert walk.late == ["final_response"]
    walk.wait(hours=1)
    assert "Explain the delay" in walk.open


# a letter that is not owed any more, or not to be noted


def test_what_cannot_have_come_back_is_refused_with_the_reason(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1)
    with pytest.raises(LetterHasNotLeft):
        record(walk.service, walk.key, walk.letter("acknowledgement").key, by=SYSTEM)
    with pytest.raises(LetterUnknown):
        record(walk.service, walk.key, 4711, by=SYSTEM)
    delivered(walk).later("2026-06-05 10:00")
    for day, words in ((date(2026, 5, 31), "1 June 2026"), (date(2026, 6, 6), "after today")):
        with pytest.raises(DayImpossible, match=words):
            back(walk, "acknowledgement", on=day)
    back(walk, "acknowledgement", on=date(2026, 6, 1))
    with pytest.raises(CameBackAlready):
        back(walk, "acknowledgement")


def test_who_has_replied_since_has_it(walk):
    decided(walk, PAPER).later("2026-06-09 10:00").answer("accepts")
    with pytest.raises(LetterReachedThem):
        back(walk, "decision")
    assert walk.state("final_response") == "met"


def test_what_is_said_no_more_in_this_state_is_noted_alone(walk):
    decided(walk, ANN).later("2026-06-09 10:00")
    assert not back(walk, "acknowledgement")
    assert [row.template for row in walk.letters].count("acknowledgement") == 1
    assert (walk.state("acknowledgement"), asides(walk)) == ("met", [FIND]), (
        "what is written next finds nobody"
    )


def test_who_got_a_newer_one_elsewhere_is_sent_nothing(walk):
    walk.take("2026-06-01 10:00", sender=BOTH).wait(hours=1).screen()

    def tell(desk, complaint):
        letter_desk.write_now(walk.service, desk, complaint, "holding-notice", reason="The expert is ill.")
        return ()

    walk.move(tell)
    walk.wait(minutes=5)
    first = walk.letter("holding-notice")

    def move(session):
        party = parties(session, walk.key)["complainant"]
        party.email, party.address = "new@example.org", None

    walk.service.engine.write(move)
    walk.move(tell)
    walk.wait(minutes=5)
    assert not record(walk.service, walk.key, first.key, by=SYSTEM)
    assert [row.template for row in walk.letters].count("holding-notice") == 2
    assert any("newer letter" in text for text in walk.events("letter-came-back"))
    assert (asides(walk), person(walk).email) == ([], "new@example.org")


# other letters


@pytest.mark.parametrize("sender", [ANN, PAPER, PHONE])
def test_an_acknowledgement(walk, sender):
    walk.take("2026-06-01 10:00", sender=sender).wait(hours=1)
    delivered(walk).later("2026-06-02 10:00")
    assert walk.state("acknowledgement") == "met"
    assert back(walk, "acknowledgement")
    assert (walk.state("acknowledgement"), asides(walk)) == ("running", [FIND])
    walk.beside(FIND, **FOUND).beside(POST, **REACHED)
    assert (walk.state("acknowledgement"), walk.late, walk.troubles) == ("met", [], [])


def test_what_counts_from_the_acknowledgement_is_only_expected_again(walk):
    walk.take("2026-06-01 10:00", "uk-social-housing", sender=PAPER).wait(hours=1)
    expected = walk.due("final_response")
    delivered(walk)
    counted = [row for row in clock_rows(walk) if row.saved["anchor"]["event"] == "acknowledged"]
    assert counted, "the rules of this test count from the acknowledgement"
    walk.later("2026-06-03 10:00")
    back(walk, "acknowledgement")
    for row in clock_rows(walk):
        if row.saved["anchor"]["event"] == "acknowledged":
            assert row.saved["anchor"]["at"] is None
    assert walk.due("final_response") == expected
    walk.beside(FIND, **FOUND).beside(POST, **REACHED)
    assert {
        row.saved["anchor"]["at"] is None for row in clock_rows(walk) if row.name == "final_response"
    } == {False}
    assert (walk.late, walk.troubles) == ([], [])


def clock_rows(walk):
    query = select(ClockRow).where(
        ClockRow.complaint_key == walk.key, ClockRow.state.in_(("projected", "running"))
    )
    return walk.ask(lambda session: list(session.scalars(query)))


def test_news_that_came_back_is_owed_from_where_it_was(walk):
    walk.take("2026-06-01 10:00", sender=BOTH).wait(hours=1).screen().assess()
    due = walk.due("update")
    walk.later(f"{due} 09:00")
    walk.do("Write an update", updateChoice="letter", updateText="We wait for the bank.").wait(minutes=5)
    assert {number: state for (name, number), state in walk.clocks.items() if name == "update"} == {
        1: "met",
        2: "running",
    }
    assert walk.due("update") > due
    back(walk, "update")
    assert {number: state for (name, number), state in walk.clocks.items() if name == "update"} == {
        1: "superseded",
        2: "running",
    }
    assert walk.due("update") == due
    walk.beside(POST, **REACHED)
    rounds = {number: state for (name, number), state in walk.clocks.items() if name == "update"}
    assert (rounds, walk.late, walk.troubles) == ({1: "superseded", 2: "met", 3: "running"}, [], [])


def extended(walk):
    """A complaint whose limit was extended by a notice that left; when it was due before."""
    walk.take("2026-06-01 10:00", sender=BOTH).wait(hours=1).screen()
    before = walk.due("final_response")

    def extend(desk, complaint):
        letter = letter_desk.write_now(walk.service, desk, complaint, "holding-notice", reason="Illness.")
        return extensions.ask(
            walk.service.case_clocks,
            walk.service.letters,
            desk,
            complaint,
            "final_response",
            letter=letter,
            category="",
        )

    walk.move(extend)
    walk.wait(minutes=5)
    assert walk.due("final_response") > before
    return before


def test_an_extension_that_nobody_was_told_is_none(walk):
    before = extended(walk)
    longer = walk.due("final_response")
    walk.later("2026-06-09 10:00")
    back(walk, "holding-notice")
    assert walk.due("final_response") == before
    assert "New date:" not in page_of(walk).text
    walk.beside(POST, **REACHED)
    assert (walk.due("final_response"), walk.late, walk.troubles) == (longer, [], [])
    assert page_of(walk).text.count("New date:") == 1


def test_the_day_that_stands_is_the_one_before_it(walk):
    before = extended(walk)
    back(walk, "holding-notice")
    put_under(walk, "uk-financial")
    assert walk.due("final_response") > before
    assert walk.due("promised_answer") == before


def test_also_a_letter_that_left_when_nothing_of_it_was_kept(walk):
    decided(walk, BOTH)

    key = walk.letter("decision").key

    def bare(session):
        session.get(LetterRow, key).given = None

    walk.service.engine.write(bare)
    back(walk, "decision")
    row = walk.letter("decision")
    assert (row.channel, "You are right." in row.text, walk.holes) == ("post", True, [])


def test_what_cannot_be_written_anew_is_noted_all_the_same_and_somebody_told(walk):
    walk.take("2026-06-01 10:00", sender=BOTH).wait(hours=1).screen()

    def tell(desk, complaint):
        letter_desk.write_now(walk.service, desk, complaint, "holding-notice", reason="The expert is ill.")
        return ()

    walk.move(tell)
    walk.wait(minutes=5)

    key = walk.letter("holding-notice").key

    def bare(session):
        session.get(LetterRow, key).given = None

    walk.service.engine.write(bare)
    back(walk, "holding-notice")
    assert [row.template for row in walk.letters].count("holding-notice") == 1
    assert walk.letter("holding-notice").replaced_at is not None
    assert [
        one.subject for one in walk.notices("Letter not written: " + walk.letter("holding-notice").subject)
    ]


# stage two, the end, and after it


def second(walk, sender):
    decided(walk, sender).answer("rejects").choose("stage_two").wait(minutes=5)
    return delivered(walk)


@pytest.mark.parametrize("sender", [ANN, PAPER])
def test_the_answer_of_the_second_look(walk, sender):
    second(walk, sender).review().wait(minutes=5)
    delivered(walk)
    assert walk.state("final_response") == "met"
    walk.later("2026-06-10 10:00")
    assert back(walk, "stage-two-decision")
    assert walk.state("final_response") in ("running", "breached")
    walk.later("2026-08-31 10:00")
    assert "reminder" not in [row.template for row in walk.letters]
    walk.beside(FIND, **FOUND)
    delivered(walk)
    assert walk.letter("stage-two-decision").recipient == "2 Low Road"
    assert (walk.state("final_response") in ("met", "met_late"), walk.troubles) == (True, [])
    with pytest.raises(LetterReachedThem):
        back(walk, "decision")


@pytest.mark.parametrize("regime", ["uk-financial", "uk-telecoms"])
def test_a_second_look_by_courtesy_that_came_back_takes_no_time_to_go_outside(walk, regime):
    walk.take(RECEIVED, regime, sender=PAPER, **KNOWN).wait(hours=1)
    agree(delivered(walk).screen()).on(remedy="words").wait(minutes=5)
    delivered(walk)
    first = walk.due("referral_window")
    assert walk.read("decision", "referral_window")
    walk.wait(days=2).answer("rejects").choose("stage_two").wait(minutes=5)
    delivered(walk).review().wait(minutes=5)
    delivered(walk).wait(days=2)
    assert back(walk, "stage-two-decision")
    assert (walk.state("referral_window"), walk.due("referral_window")) == ("running", first)
    walk.beside(FIND, **FOUND)
    delivered(walk)
    assert (walk.state("referral_window"), walk.due("referral_window")) == ("running", first)
    assert walk.read("stage-two-decision", "referral_window"), "the day stands in the letter"
    assert walk.troubles == []


def test_an_answer_that_was_told_before_its_letter_left_keeps_what_counts_from_that(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1)
    delivered(walk).through(remedy="words").wait(minutes=5)

    def told(desk, complaint):
        evidence = Evidence("call_logged", "Rang her", walk.clock.now())
        return meet_each(walk.service.case_clocks, desk, complaint, "final_response", evidence)

    walk.move(told)
    window = walk.due("referral_window")
    walk.wait(minutes=5)
    delivered(walk).later("2026-06-09 10:00")
    back(walk, "decision")
    assert (walk.state("final_response"), walk.state("referral_window")) == ("met", "running")
    assert walk.due("referral_window") == window


def closed(walk, sender):
    """Answered, reminded, and closed as nobody said anything."""
    decided(walk, sender).later("2026-06-17 10:00")
    delivered(walk).later("2026-07-06 10:00").close().wait(hours=1)
    assert walk.complaint().closing_reason == "no_reply_after_notice"
    return delivered(walk)


@pytest.mark.parametrize("sender", [ANN, PAPER])
def test_closed_for_silence_on_an_answer_that_came_back_it_is_taken_up_again(walk, sender):
    closed(walk, sender).later("2026-07-20 10:00")
    assert walk.state("referral_window") == "running"
    back(walk, "decision", reason="Moved away")
    assert (walk.state("referral_window"), walk.state("final_response")) == ("superseded", "met")
    assert asides(walk) == [FIND, ANEW]
    told = {"newDescription": "Our answer came back.", "newProblem": "price"}
    with pytest.raises(FormInvalid):
        walk.beside(ANEW, newReceivedOn="2026-07-20", **told)
    walk.beside(ANEW, newReceivedOn="2026-06-01", **told)
    assert walk.events("related")
    received = walk.ask(
        lambda session: {row.received_at.date() for row in session.scalars(select(ComplaintRow))}
    )
    assert received == {date(2026, 6, 1)}, "they have waited from the first day"
    walk.beside(FIND, **FOUND)
    delivered(walk)
    assert (walk.letter("decision").recipient, walk.state("referral_window")) == ("2 Low Road", "running")
    assert "We take it up again under a new reference" in walk.letter("decision").text
    assert "make a new complaint" not in walk.letter("decision").text
    assert walk.troubles == []


def test_also_once_it_only_waits_to_be_closed(walk):
    decided(walk, ANN).later("2026-07-06 10:00")
    assert LOOK_BACK in walk.open
    back(walk, "decision")
    assert asides(walk) == [FIND, ANEW]
    (task,) = walk.aside(ANEW)
    ines = Desk(create_app(walk.service), walk.service, "ines", "intake", groups=("intake",))
    ines.open(f"/staff/tasks/{task.user_task_key}")
    assert "Our answer came back after we had closed for silence." in ines.text
    assert "They want the complaint taken up again." not in ines.text


def test_closed_for_silence_it_is_taken_up_again_also_while_an_outside_body_has_it(walk):
    closed(walk, PAPER).later("2026-07-20 10:00")
    taken_up(walk)
    assert walk.complaint().state == "external"
    back(walk, "decision")
    assert ANEW in asides(walk)
    assert walk.troubles == []


def test_withdrawn_nothing_is_taken_up_also_while_an_outside_body_has_it(walk):
    answered_and_withdrawn(walk, PAPER)
    delivered(walk).do("Check for a wider problem", remark="None.").later("2026-07-20 10:00")
    assert walk.complaint().closed_at is not None
    taken_up(walk)
    back(walk, "decision")
    assert ANEW not in asides(walk)


def test_closed_as_they_accepted_nothing_is_taken_up(walk):
    decided(walk, ANN).answer("accepts").close().wait(hours=1)
    with pytest.raises(LetterReachedThem):
        back(walk, "decision")
    for letter in ("closing", "survey"):
        assert back(walk, letter)
    assert asides(walk) == [FIND]
    walk.beside(FIND, **FOUND)
    delivered(walk)
    assert [(walk.letter(one).recipient) for one in ("closing", "survey")] == ["2 Low Road", "2 Low Road"]
    assert (walk.running, walk.troubles) == (["referral_window"], [])


def test_a_withdrawal_confirmed(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1)
    delivered(walk).screen().tell("complainant-withdraws").wait(hours=1)
    delivered(walk)
    assert back(walk, "withdrawal-confirmed")
    walk.beside(FIND, **FOUND)
    delivered(walk)
    assert walk.letter("withdrawal-confirmed").recipient == "2 Low Road"
    assert ANEW not in asides(walk)
    assert walk.troubles == []


def answered_and_withdrawn(walk, sender):
    """Answered, and withdrawn by phone two days later: the confirmation of that is on its way."""
    decided(walk, sender).later("2026-06-03 10:00").tell("complainant-withdraws").wait(minutes=5)
    assert walk.letter("withdrawal-confirmed").replaced_at is None
    return walk


@pytest.mark.parametrize("sender", [PAPER, PHONE])
def test_a_confirmation_of_the_withdrawal_that_waits_leaves_though_our_answer_came_back(walk, sender):
    answered_and_withdrawn(walk, sender).later("2026-06-04 10:00")
    assert walk.letter("withdrawal-confirmed").dispatched_at is None
    assert back(walk, "decision")
    assert walk.letter("withdrawal-confirmed").replaced_at is None, "it asks nothing about the answer"
    walk.beside(FIND, **FOUND)
    delivered(walk)
    for letter in ("withdrawal-confirmed", "decision"):
        row = walk.letter(letter)
        assert (row.recipient, row.dispatched_at is not None) == ("2 Low Road", True)
    assert walk.troubles == []


@pytest.mark.parametrize("sender", [ANN, PAPER])
def test_a_confirmation_of_the_withdrawal_that_came_back_after_our_answer_is_owed(walk, sender):
    answered_and_withdrawn(walk, sender)
    delivered(walk).later("2026-06-04 10:00")
    assert back(walk, "decision")
    assert back(walk, "withdrawal-confirmed")
    assert sorted(owed(walk)) == ["decision", "withdrawal-confirmed"]
    walk.beside(FIND, **FOUND)
    delivered(walk)
    for letter in ("withdrawal-confirmed", "decision"):
        row = walk.letter(letter)
        assert (row.recipient, row.dispatched_at is not None) == ("2 Low Road", True)
    assert walk.troubles == []


def test_turned_away_the_time_to_appeal_counts_from_the_letter_that_reaches_them(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1)
    delivered(walk).screen("out_of_time")
    walk.do("Use discretion", discretion="refuse", discretionReason="Too old.").wait(minutes=5)
    delivered(walk).later("2026-06-05 10:00")
    assert back(walk, "not-accepted-out-of-time")
    walk.later("2026-08-03 10:00")
    assert walk.complaint().closed_at is None
    walk.beside(FIND, **FOUND)
    delivered(walk).later("2026-08-04 10:00").answer("rejects")
    assert "Decide the appeal" in walk.open


# several people


def test_of_several_only_that_copy_falls(walk):
    acted(walk, "receive")
    walk.on(remedy="words")
    deliver(walk, AT_LADY, **REACHED)
    deliver(walk, AT_AGENT, **REACHED)
    assert walk.state("final_response") == "met"
    window = walk.due("referral_window")
    walk.later("2026-06-09 10:00")
    agents = next(row for row in walk.letters if row.template == "decision" and row.recipient == AT_AGENT)
    record(walk.service, walk.key, agents.key, by=SYSTEM)
    walk.service.run_due()
    assert (walk.state("final_response"), walk.state("referral_window")) == ("met", "running")
    assert walk.due("referral_window") == window
    assert looked_for(walk) == ["representative"]
    assert person(walk).address == AT_LADY


def test_from_a_confirmed_representative_the_complainant_gets_hers_at_once(walk):
    acted(walk, "settle")
    walk.on(remedy="words")
    deliver(walk, AT_AGENT, **REACHED)
    walk.later("2026-06-09 10:00")
    back(walk, "decision")
    assert list(copies_waiting(walk, "decision")) == [AT_LADY]
    assert (looked_for(walk), walk.state("final_response")) == (["representative"], "running")
    deliver(walk, AT_LADY, **REACHED)
    assert (walk.state("final_response"), walk.state("referral_window")) == ("met", "running")
    find(walk, "representative", wayFound="address", representativeAddress="7 New Road")
    assert list(copies_waiting(walk, "decision")) == ["7 New Road"]
    assert walk.troubles == []


def both_have_it(walk):
    """Hers left first, as mail to the representative came back; then one left to where they were found."""
    acted(walk, "settle")
    walk.on(remedy="words")
    deliver(walk, AT_AGENT, **REACHED)
    walk.later("2026-06-09 10:00")
    back(walk, "decision")
    deliver(walk, AT_LADY, **REACHED)
    walk.later("2026-06-10 10:00")
    find(walk, "representative", wayFound="address", representativeAddress="7 New Road")
    deliver(walk, "7 New Road", **REACHED)
    assert copies_waiting(walk, "decision") == {}
    return walk


def test_a_later_copy_that_came_back_takes_nothing_from_the_first(walk):
    both_have_it(walk)
    before = dict(walk.clocks)
    back(walk, "decision")
    assert (walk.clocks, looked_for(walk)) == (before, ["representative"])


def test_another_copy_that_left_meets_the_clock_in_its_place(walk):
    both_have_it(walk).later("2026-06-11 10:00")
    ladys = next(row for row in walk.letters if row.template == "decision" and row.recipient == AT_LADY)
    others = walk.letter("decision")
    assert walk.clock_named("final_response").saved["evidence"]["reference"] == str(ladys.key)
    record(walk.service, walk.key, ladys.key, by=SYSTEM)
    walk.service.run_due()
    assert walk.clock_named("final_response").saved["evidence"]["reference"] == str(others.key)
    assert (walk.state("final_response"), walk.state("referral_window")) == ("met", "running")
    assert walk.read("decision", "referral_window"), "the day that they read is the day that counts"
    assert (looked_for(walk), walk.troubles) == ([], []), "who speaks for her has it"
    back(walk, "decision")
    assert walk.state("referral_window") == "superseded", "now nobody has it"


# what is kept of it


def test_it_stands_in_the_timeline_with_day_reason_and_who_recorded_it(walk):
    decided(walk, PAPER).later("2026-06-09 10:00")
    key = walk.letter("decision").key
    back(walk, "decision", on=date(2026, 6, 8), reason="Gone away")
    (text,) = walk.events("letter-came-back")
    assert text.startswith("Letter came back on 8 June 2026: Our answer to your complaint")
    assert walk.ask(lambda session: came_back_on(session, walk.key)) == {key: date(2026, 6, 8)}
    assert walk.events("letter-replaced")[-1].startswith("Letter came back: ")


def test_an_address_it_came_back_from_is_taken_again_only_by_who_knows_better(walk):
    decided(walk, ANN).later("2026-06-09 10:00")
    back(walk, "decision")
    with pytest.raises(FormInvalid):
        walk.beside(FIND, wayFound="email", newEmail="ann@example.org")
    walk.beside(FIND, wayFound="email", newEmail="ann@example.org", emailWorksAgain=True).wait(minutes=5)
    assert (walk.letter("decision").dispatched_at is not None, walk.state("final_response")) == (True, "met")


# in any regime


@EVERY
def test_in_any_regime_nothing_is_missing_once_they_have_what_came_back(walk, regime):
    sender = replace(ANN, address="1 High Street")
    walk.take(RECEIVED, regime, sender=sender, **KNOWN).wait(minutes=5)
    standing = latest(walk)
    back(walk, "acknowledgement")
    opened = {name for name, state in latest(walk).items() if state != standing[name]}
    assert opened & {"acknowledgement"} == standing.keys() & {"acknowledgement"}
    walk.beside(POST, **REACHED)
    assert latest(walk) == standing

    agree(walk.screen()).on(remedy="words")
    delivered(walk)
    standing = latest(walk)
    back(walk, "decision")
    now = latest(walk)
    assert now["final_response"] == "running"
    assert now.get("referral_window") in ("superseded", None)
    walk.beside(FIND, wayFound="email", newEmail="new@example.org").wait(minutes=5)
    assert latest(walk) == standing
    sound(walk)


def latest(walk):
    """The state of the newest round of each clock."""
    return {name: state for (name, _), state in sorted(walk.clocks.items())}


# what else waits for a letter


def posted_late(walk, template):
    """Post a letter a week after it was written, and let the case look when it left."""
    walk.wait(days=7).post(template).post(template)
    assert walk.letter(template).dispatched_at is not None
    return walk.wait(days=9)


def test_a_question_that_came_back_is_asked_of_nobody_and_its_time_does_not_run_out(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1)
    delivered(walk).screen().assess()
    walk.do(
        "Plan the investigation",
        questions="What happened?",
        askComplainant=True,
        questionToComplainant="Which day?",
    )
    walk.do("Examine the evidence", chronology="First this, then that.")
    posted_late(walk, "request-information")
    assert "Record the finding" not in walk.open, "its time still runs"
    assert back(walk, "request-information")
    walk.later("2026-08-03 10:00")
    assert (asides(walk), "Record the finding" in walk.open) == ([FIND], False)
    walk.beside(FIND, **FOUND)
    delivered(walk).later("2026-08-07 10:00")
    assert "Record the finding" not in walk.open, "the time counts from the question they have"
    walk.later("2026-08-31 10:00")
    assert "Record the finding" in walk.open


def test_a_request_for_proof_that_came_back_is_decided_upon_by_nobody(walk):
    agent = PartyDetails("Letting Agent", address=AT_AGENT, preferred_channel="post")
    walk.take("2026-06-01 10:00", sender=PartyDetails("Mrs Lind"), representative=agent).wait(hours=1)
    delivered(walk).do("Check the authority", authority="requested").wait(minutes=5)
    posted_late(walk, "authority-request")
    assert "Decide without the proof" not in walk.open, "its time still runs"
    assert back(walk, "authority-request")
    walk.later("2026-08-03 10:00")
    assert "Decide without the proof" not in walk.open
    find(walk, "representative", wayFound="address", representativeAddress="7 New Road")
    delivered(walk)
    assert walk.letter("authority-request").recipient == "7 New Road"
    walk.later("2026-08-31 10:00")
    assert "Decide without the proof" in walk.open


def test_the_receipt_of_the_second_look(walk):
    second(walk, PAPER)
    assert back(walk, "stage-two-started")
    walk.beside(FIND, **FOUND)
    delivered(walk)
    assert walk.letter("stage-two-started").recipient == "2 Low Road"
    assert (walk.late, walk.troubles) == ([], [])


def test_a_letter_while_it_is_with_an_outside_body(walk):
    decided(walk, PAPER).answer("rejects").choose("external")
    walk.do("Record the referral", referral="taken_up", **TAKEN_UP).wait(minutes=5)
    delivered(walk)
    before = dict(walk.clocks)
    assert back(walk, "referral")
    assert (walk.clocks, asides(walk)) == (before, [FIND])
    walk.beside(FIND, **FOUND)
    delivered(walk)
    assert (walk.letter("referral").recipient, walk.troubles) == ("2 Low Road", [])


def test_who_corrects_the_details_ends_the_search_and_the_letter_leaves(walk):
    decided(walk, PAPER).later("2026-06-09 10:00")
    back(walk, "decision")
    with pytest.raises(StruckOut):
        correct(walk.service, walk.key, "complainant", {"address": "1 High Street"}, reason="x", by=SYSTEM)
    correct(walk.service, walk.key, "complainant", {"address": "2 Low Road"}, reason="She rang", by=SYSTEM)
    walk.service.run_due()
    assert (asides(walk), walk.letter("decision").recipient) == ([POST], "2 Low Road")
    walk.beside(POST, **REACHED)
    assert walk.state("final_response") == "met"


def test_with_nobody_left_to_answer_no_reply_is_taken_until_it_has_left_again(walk):
    decided(walk, PAPER).later("2026-06-09 10:00")
    back(walk, "decision")
    with pytest.raises(AnswerOnItsWay):
        walk.answer("accepts")
    walk.beside(FIND, **FOUND)
    delivered(walk).answer("accepts").close()
    assert (walk.complaint().closing_reason, walk.troubles) == ("accepted", [])


def test_an_appeal_after_the_end_is_in_time_by_the_letter_that_reached_them(walk):
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1)
    delivered(walk).screen("out_of_time")
    walk.do("Use discretion", discretion="refuse", discretionReason="Too old.").wait(minutes=5)
    delivered(walk).later("2026-08-03 10:00")
    assert walk.complaint().closed_at is not None
    assert back(walk, "not-accepted-out-of-time")
    assert asides(walk) == [FIND], "an appeal is still read: nothing is taken up without them"
    walk.beside(FIND, **FOUND)
    delivered(walk).later("2026-08-06 10:00").answer("rejects")
    walk.beside("Answer the appeal", lateResult="stands", lateReason="Nothing new.")
    assert "after the time to appeal was over" not in walk.letter("late-appeal").text
    assert walk.troubles == []


def test_what_one_replied_to_can_have_come_back_from_the_other(walk):
    acted(walk, "receive")
    walk.on(remedy="words")
    deliver(walk, AT_LADY, **REACHED)
    deliver(walk, AT_AGENT, **REACHED)
    walk.later("2026-06-09 10:00").answer("accepts")
    hers, agents = (
        next(row for row in walk.letters if row.template == "decision" and row.recipient == where)
        for where in (AT_LADY, AT_AGENT)
    )
    with pytest.raises(LetterReachedThem):
        record(walk.service, walk.key, hers.key, by=SYSTEM)
    assert record(walk.service, walk.key, agents.key, by=SYSTEM)
    walk.service.run_due()
    find(walk, "representative", wayFound="address", representativeAddress="7 New Road")
    assert "We no longer wait for a reply" in walk.letter("decision").text
    assert (walk.state("final_response"), walk.troubles) == ("met", [])


def test_it_answers_no_clock_that_comes_with_other_rules_later(walk):
    walk.take("2026-07-06 10:00", "us-cfpb", sender=BOTH).later("2026-07-07 10:00")
    assert "acknowledgement" not in {name for name, _ in walk.clocks}
    back(walk, "acknowledgement")
    put_under(walk, "generic")
    assert walk.state("acknowledgement") == "running"
    delivered(walk)
    assert walk.state("acknowledgement") == "met"


def test_a_notice_that_leaves_anew_after_the_limit_names_the_day_that_it_promises(walk):
    walk.take("2026-07-06 10:00").screen().assess().later("2026-07-29 10:00")
    told = {
        "deadlineChoice": "holding_notice",
        "extensionReason": "complex",
        "holdingText": "An expert looks.",
    }
    walk.do("Decide how to keep it", newDate="2026-08-13", **told)
    assert "17 August 2026" in walk.letter("holding-notice").text
    back(walk.later("2026-07-30 10:00"), "holding-notice")
    walk.later("2026-08-05 10:00").beside(FIND, wayFound="email", newEmail="ann@example.net").wait(minutes=30)
    assert walk.letter("holding-notice").dispatched_at is not None
    assert "17 August 2026" in walk.letter("holding-notice").text
    assert (walk.state("promised_answer"), walk.due("promised_answer")) == ("running", "2026-08-17")
