"""What people write by *Add information* can be their reply: whoever reads it says so, and it counts from the day it was sent."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from sqlalchemy import select

from api.complaints.answers.sheets import told
from api.complaints.from_complainant import add_information
from api.complaints.intake import PartyDetails
from api.complaints.tables import ComplaintRow, EventRow, IssueRow, RecordRow, oldest_first
from engine.forms.errors import FormInvalid
from tests.processes.test_letters_for_several import visit
from tests.processes.test_said_to_us import clerk, counted_from, record
from tests.processes.walking import ANN

__all__ = ["clerk", "record"]
AGENT = PartyDetails("Letting Agent", "agent@example.org")
PAPER = PartyDetails("Ann Other", address="1 High Street", preferred_channel="post")
READ = "Read the information"


def write(walk, words="It was blue, not green.", *, role="complainant"):
    """Add something on the status page."""
    key = f"{words}-{walk.clock.now().isoformat()}"
    sheet = told({"Message": words}, title="More information")
    add_information(walk.service, walk.key, text=words, sheet=sheet, key=key, role=role)
    walk.service.run_due()
    return walk


def read(walk, kind, **more):
    return walk.do(READ, informationKind=kind, **more).wait(minutes=5)


def answered(walk, **more):
    return walk.take("2026-06-01 10:00", **more).wait(hours=1).through()


def turned_away(walk):
    return walk.take("2026-06-01 10:00").wait(hours=1).screen("restricted_contact")


def lines(walk, kind):
    query = select(EventRow).where(EventRow.complaint_key == walk.key, EventRow.kind == kind)
    return walk.ask(lambda session: list(session.scalars(query.order_by(*oldest_first(EventRow)))))


def written(walk):
    return [row.template for row in walk.letters]


def reminded(walk):
    walk.wait(days=24)
    assert "reminder" in written(walk)
    return walk


def refused(walk, kind):
    """Tell whether the form does not take this as what they wrote."""
    with pytest.raises(FormInvalid) as refusal:
        walk.do(READ, informationKind=kind)
    return [error.path for error in refusal.value.errors] == ["informationKind"]


# it takes effect


def test_a_no_among_additions_is_a_no_from_the_day_it_was_sent(walk):
    answered(walk)
    sent = walk.service.today()
    write(walk).wait(days=4)
    read(walk, "rejects")
    assert walk.complaint().state == "rejected_open"
    assert counted_from(walk, "final_response", stage="two") == {sent}
    (line,) = lines(walk, "complainant-answer")
    assert line.text == (
        "The complainant does not accept our answer (told on the status page on 1 June 2026): "
        "It was blue, not green."
    )
    assert line.facts["answer"] == "rejects"
    assert "information-received" not in written(walk), "their reply goes its own way"
    walk.choose("stage_two")
    assert "Review the issue" in walk.open
    assert walk.troubles == []


def test_a_yes_among_additions_is_a_yes_and_its_promise_counts_from_that_day(walk):
    answered(walk, regime="australia-telecoms")
    sent = walk.service.today()
    write(walk, "Yes, I take the refund.").wait(days=4)
    read(walk, "accepts")
    assert (walk.complaint().state, walk.complaint().accepted_on) == ("correcting", sent)
    assert counted_from(walk, "commitment") == {sent}
    walk.correct().close()
    assert (walk.complaint().closing_reason, walk.troubles) == ("accepted", [])


def test_an_appeal_among_additions_is_an_appeal(walk):
    write(turned_away(walk), "You got the wrong person.").wait(days=2)
    read(walk, "rejects")
    walk.do("Decide the appeal", appealResult="allowed", appealReason="They are right.")
    assert "Assess the complaint" in walk.open


def test_a_withdrawal_among_additions_is_one(walk):
    walk.take("2026-06-01 10:00").wait(hours=1).screen()
    read(write(walk, "I let it go."), "withdraws")
    assert walk.complaint().state == "withdrawn"
    assert "withdrawal-confirmed" in written(walk)
    assert READ not in walk.open, "it is read"
    assert walk.troubles == []


def test_what_a_colleague_recorded_as_an_addition_counts_by_its_way_and_day(walk, record):
    answered(walk)
    said_on = walk.service.today()
    walk.wait(days=3)
    record("adds", "I do not accept it.", channel="post", on=said_on)
    read(walk, "rejects")
    (line,) = lines(walk, "complainant-answer")
    assert "(told by letter on 1 June 2026): I do not accept it." in line.text
    assert counted_from(walk, "final_response", stage="two") == {said_on}


# only what is possible


def test_before_the_answer_nothing_is_a_reply_to_it(walk):
    write(walk.take("2026-06-01 10:00").wait(hours=1).screen(), "I accept nothing.")
    assert refused(walk, "rejects")
    assert refused(walk, "accepts")
    assert refused(walk, "takes_up")


def test_what_was_sent_before_our_answer_left_is_no_reply_to_it(walk):
    write(walk.take("2026-06-01 10:00").wait(hours=1).screen(), "I accept nothing.")
    walk.wait(days=3).on()
    assert refused(walk, "rejects")
    read(walk, "adds")
    assert walk.complaint().state == "responded"


@pytest.mark.parametrize("scope", ["settle", "receive"])
def test_who_only_receives_replies_nothing(walk, scope):
    walk.take("2026-06-01 10:00", representative=AGENT).wait(hours=1)
    walk.do("Check the authority", authority="confirmed", authorityScope=scope).wait(hours=1).through()
    write(walk, "We do not accept it.", role="representative")
    if scope == "receive":
        assert refused(walk, "rejects")
        read(walk, "adds")
        read(write(walk, "I do not accept it."), "rejects")
    else:
        read(walk, "rejects")
        assert lines(walk, "complainant-answer")[0].text.startswith("The representative does not accept")
    assert walk.complaint().state == "rejected_open"


# nobody is silent while it lies unread


def test_nobody_is_reminded_or_closed_while_what_they_wrote_lies_unread(walk):
    answered(walk)
    sent = walk.service.today()
    write(walk).wait(days=45)
    assert ("reminder" in written(walk), walk.complaint().state) == (False, "responded")
    read(walk, "rejects")
    assert walk.complaint().state == "rejected_open"
    assert counted_from(walk, "final_response", stage="two") == {sent}
    assert "reminder" not in written(walk)


def test_words_sent_after_the_reminder_keep_the_silence_from_coming(walk):
    reminded(answered(walk))
    write(walk.wait(days=2)).wait(days=45)
    assert walk.complaint().state == "responded"
    read(walk, "accepts")
    walk.correct().close()
    assert walk.complaint().closing_reason == "accepted"


def test_what_was_no_reply_after_all_leaves_them_the_whole_time(walk):
    answered(walk)
    read(write(walk, "Here is the receipt.").wait(days=1), "adds")
    reminded(walk)
    read(write(walk, "And the bill.").wait(days=30), "adds")
    walk.wait(days=20).close()
    assert (walk.complaint().closing_reason, walk.troubles) == ("no_reply_after_notice", [])
    assert written(walk).count("reminder") == 1


def test_the_time_to_appeal_is_not_over_while_what_they_wrote_lies_unread(walk):
    write(turned_away(walk), "You got the wrong person.").wait(days=45)
    assert walk.complaint().closed_at is None
    read(walk, "rejects")
    assert "Decide the appeal" in walk.open


def test_of_two_that_lie_unread_each_is_read(walk):
    answered(walk)
    write(walk, "Here is the receipt.").wait(days=1)
    write(walk, "And I do not accept it.").wait(days=30)
    read(walk, "adds").wait(days=5)
    assert ("reminder" in written(walk), walk.complaint().state) == (False, "responded")
    read(walk, "rejects")
    assert walk.complaint().state == "rejected_open"
    assert lines(walk, "complainant-answer")[0].text.endswith(": And I do not accept it.")


# taken up again


def again(walk):
    """The complaint that took this one up again."""
    query = select(ComplaintRow).where(ComplaintRow.key != walk.key)
    return walk.ask(lambda session: session.scalar(query))


def register(walk, words):
    day = walk.service.today().isoformat()
    walk.beside(
        "Register the new complaint", newDescription=words, newReceivedOn=day, newProblem="price"
    ).wait(minutes=5)
    return again(walk)


def test_a_withdrawal_is_taken_back_and_everything_is_kept(walk, record):
    walk.take("2026-06-01 10:00", desired_remedy="A refund", issues=("Charged twice", "Rude")).wait(hours=1)
    record("withdraws", "I let it go.")
    words = "That was a mistake."
    write(walk.wait(days=2), words)
    assert refused(walk, "rejects")
    read(walk, "takes_up")
    letter = walk.letter("information-received")
    assert "take up again what you complained of" in letter.text
    assert "you do not have to tell it again" in letter.text
    other = register(walk, words)
    assert words in other.description
    assert walk.complaint().description in other.description
    assert other.desired_remedy == "A refund"
    issues = walk.ask(
        lambda db: db.scalars(
            select(IssueRow.summary).where(IssueRow.complaint_key == other.key).order_by(IssueRow.number)
        ).all()
    )
    assert issues == ["Charged twice", "Rude"]
    assert other.received_at.date() == walk.service.today()
    related = select(EventRow.facts).where(EventRow.kind == "related")
    named = {facts["related"] for facts in walk.ask(lambda db: db.scalars(related).all())}
    assert named == {walk.reference, other.reference}
    assert walk.troubles == []


def test_the_letter_says_how_a_withdrawal_is_taken_back(walk, record):
    walk.take("2026-06-01 10:00").wait(hours=1)
    record("withdraws", "I let it go.")
    text = walk.letter("withdrawal-confirmed").text
    assert "tell us: we take up again what you complained of, as a new complaint that names this one" in text
    assert "You do not have to tell it again" in text


def test_what_they_sent_unread_as_they_withdrew_is_read_each_with_its_own_words(walk, record):
    walk.take("2026-06-01 10:00").wait(hours=1).screen()
    write(walk, "Here is the receipt.").wait(hours=1)
    write(walk, "And the bill.").wait(hours=1)
    record("withdraws", "I let it go.")
    assert walk.open.count(READ) == 2
    read(walk, "adds")
    read(walk, "adds")
    kept = select(RecordRow).where(RecordRow.complaint_key == walk.key, RecordRow.kind == "information")
    named = [one.data["addition"] for one in walk.ask(lambda db: db.scalars(kept).all())]
    assert sorted(named) == sorted(str(one.key) for one in lines(walk, "complainant-information"))


def test_words_sent_in_time_and_recorded_after_silence_fell_lead_on(walk, record):
    reminded(answered(walk)).wait(days=1)
    said_on = walk.service.today()
    walk.wait(days=24)
    assert "Look back on the complaint" in walk.open
    record("adds", "I do not accept it.", channel="post", on=said_on)
    walk.wait(days=1).close().wait(hours=3)
    assert walk.complaint().closed_at is None, "nothing is closed while it lies unread"
    read(walk, "takes_up")
    other = register(walk, "I do not accept it.")
    assert walk.complaint().description in other.description


def test_a_matter_of_its_own_takes_nothing_along(walk):
    walk.take("2026-06-01 10:00").wait(hours=1).screen()
    read(write(walk, "The fridge broke too."), "new_complaint")
    other = register(walk, "The fridge broke too.")
    assert other.description == "The fridge broke too."


def test_what_was_sent_on_the_page_is_known_by_who_wrote_it(walk):
    walk.take("2026-06-01 10:00", representative=AGENT).wait(hours=1)
    walk.do("Check the authority", authority="confirmed", authorityScope="receive").wait(hours=1).through()
    for role in ("representative", "complainant"):
        page = visit(walk, role)
        page.open("/status/add")
        assert page.post("/status/add", message="We do not accept it.").status_code == 303
    assert [line.facts["saidBy"] for line in lines(walk, "complainant-information")] == [
        "representative",
        "complainant",
    ]
    assert refused(walk, "rejects"), "the first is of who decides nothing"
    read(walk, "adds")
    read(walk, "rejects")
    assert walk.complaint().state == "rejected_open"


# whoever wrote has the time that our thanks name


@pytest.mark.parametrize("sender", [ANN, PAPER], ids=["mail", "post"])
@pytest.mark.parametrize("read_after", [1, 40])
def test_who_wrote_in_time_may_reply_until_the_day_that_our_thanks_name(walk, sender, read_after):
    walk.take("2026-06-01 10:00", sender=sender).wait(hours=1)
    hand_over(walk).through()
    hand_over(walk).wait(days=24)
    hand_over(walk)
    assert "reminder" in written(walk)
    write(walk, "Please wait until July.").wait(days=read_after)
    read(walk, "adds")
    hand_over(walk)
    letter = walk.letter("information-received")
    (until,) = re.findall(r"we wait for your reply until (.*) at least\.", letter.text)
    last = datetime.strptime(until, "%d %B %Y").date()
    assert last > walk.service.today()
    walk.later(f"{last} 23:00")
    assert walk.complaint().state == "responded"
    walk.answer("rejects")
    assert walk.complaint().state == "rejected_open"


def test_who_says_nothing_more_after_our_thanks_is_silent_then(walk):
    answered(walk).wait(days=24)
    write(walk, "Please wait until July.")
    read(walk, "adds").wait(days=40).close()
    assert walk.complaint().closing_reason == "no_reply_after_notice"


def hand_over(walk):
    while walk.aside("Post the letter"):
        walk.beside("Post the letter", delivery="done")
    return walk


def test_who_might_speak_on_the_day_is_heard_though_it_is_noted_since_that_this_is_over(walk):
    walk.take("2026-06-01 10:00", sender=ANN, representative=AGENT).wait(hours=1)
    walk.do(
        "Check the authority", authority="confirmed", authorityScope="settle", authorityUntil="2026-06-12"
    )
    walk.screen().on().later("2026-06-11 10:00")
    write(walk, "When do I hear?")
    walk.later("2026-06-12 10:00")
    write(walk, "We accept your answer.", role="representative")
    walk.later("2026-06-14 10:00")
    read(walk, "adds")
    read(walk, "accepts")
    assert walk.complaint().state == "correcting"
