"""A letter is owed to persons: each gets one copy, whoever cannot be reached is looked for, and nobody waits for another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from api.app import create_app
from api.complaints import extensions, letter_desk, letters_owed, links
from api.complaints.intake import PartyDetails
from api.complaints.letter_desk import SomebodyAnswers
from api.complaints.our_answer import AnswerOnItsWay
from api.complaints.parties import parties
from api.complaints.tables import LetterRow, newest_first
from engine.actors import SYSTEM
from tests.api.web.visitor import Visitor
from tests.processes.walking import ANN

LADY = PartyDetails("Mrs Lind", address="1 Mill Lane", preferred_channel="post")
AGENT = PartyDetails("Letting Agent", address="9 Low Road", preferred_channel="post")
BY_MAIL = PartyDetails("Letting Agent", "agent@example.org")
NOWHERE = PartyDetails("Mrs Lind")
POST, FIND = "Post the letter", "Find a way to reach them"
REACHED, NO_WAY = {"delivery": "done"}, {"delivery": "no_way"}
AT_LADY, AT_AGENT = "1 Mill Lane", "9 Low Road"


def acted(walk, scope, lady=LADY, agent=AGENT):
    """Somebody acts for her, and a person has confirmed it; what was written until then was delivered."""
    walk.take("2026-06-01 10:00", sender=lady, representative=agent).wait(hours=1)
    walk.do("Check the authority", authority="confirmed", authorityScope=scope).wait(hours=1)
    while walk.aside(POST):
        walk.beside(POST, **REACHED)
    return walk.screen()


def waiting(walk, template):
    """The copies of a letter that have not left, by where they go."""
    return {
        row.recipient: row
        for row in walk.letters
        if row.template == template and row.dispatched_at is None and row.replaced_at is None
    }


def left(walk, template):
    """Where copies of a letter went, in the order they were written."""
    return [row.recipient for row in walk.letters if row.template == template and row.dispatched_at]


def deliver(walk, recipient, **how):
    """Finish the task of the oldest letter that goes there."""
    keys = {str(row.key) for row in walk.letters if row.recipient == recipient}
    task = next(
        task
        for task in walk.aside(POST)
        if walk.service.engine.values(task.process_instance_key)["letterKey"] in keys
    )
    walk.service.engine.complete_task(task.user_task_key, how)
    walk.service.run_due()
    return walk


def looked_for(walk):
    """Whom somebody looks for, in the order that began."""
    return [walk.service.engine.values(task.process_instance_key)["person"] for task in walk.aside(FIND)]


def find(walk, person, **answers):
    """Finish the search for this person."""
    tasks = {
        walk.service.engine.values(task.process_instance_key)["person"]: task for task in walk.aside(FIND)
    }
    walk.service.engine.complete_task(tasks[person].user_task_key, answers)
    walk.service.run_due()
    return walk


def people(walk):
    return walk.ask(lambda session: parties(session, walk.key))


def kept(walk):
    """What is kept for whom."""
    return [(one.letter, one.person) for one in letters_owed.kept(walk.complaint())]


def remind(walk):
    """Go on until a reminder is written."""
    while "reminder" not in [row.template for row in walk.letters]:
        walk.wait(days=1)
    return walk


# two copies on paper, of which hers counts


def test_her_copy_that_reaches_nobody_is_looked_for_and_leaves_once_there_is_a_way(walk):
    acted(walk, "receive").on(remedy="words")
    deliver(walk, AT_LADY, **NO_WAY)
    assert (looked_for(walk), kept(walk)) == (["complainant"], [("decision", "complainant")])
    assert list(waiting(walk, "decision")) == [AT_AGENT]
    (line,) = walk.events("letter-replaced")
    assert "written anew" not in line
    assert "kept until there is a way" in line

    deliver(walk, AT_AGENT, **REACHED)
    assert walk.state("final_response") == "running", "she alone may answer, and has nothing"
    assert "referral_window" not in walk.running

    find(walk, "complainant", wayFound="address", newAddress="2 High Road")
    deliver(walk, "2 High Road", **REACHED)
    assert (left(walk, "decision"), kept(walk)) == ([AT_AGENT, "2 High Road"], [])
    assert walk.state("final_response") == "met"
    assert walk.read("decision", "referral_window")
    assert people(walk)["representative"].address == AT_AGENT
    walk.answer("accepts").close()
    assert (walk.complaint().closing_reason, walk.troubles) == ("accepted", [])


@pytest.mark.parametrize("first", [AT_LADY, AT_AGENT])
def test_the_window_counts_from_her_copy_whichever_leaves_first(walk, first):
    acted(walk, "receive").on(remedy="words")
    deliver(walk, first, **REACHED)
    assert (walk.state("final_response") == "met") is (first == AT_LADY)
    for where in [*waiting(walk, "decision")]:
        deliver(walk, where, **REACHED)
    assert walk.state("final_response") == "met"
    assert [name for name, _ in walk.clocks].count("referral_window") == 1
    assert walk.read("decision", "referral_window")
    assert walk.troubles == []


def test_a_reminder_that_does_not_reach_her_ends_the_wait_with_the_answer_that_there_is_no_way(walk):
    acted(walk, "receive").on(remedy="words")
    for where in (AT_LADY, AT_AGENT):
        deliver(walk, where, **REACHED)
    remind(walk)
    deliver(walk, AT_LADY, **NO_WAY)
    assert looked_for(walk) == ["complainant"]
    walk.wait(days=40)
    assert walk.complaint().state == "responded", "the copy of whoever only receives starts no silence"
    find(walk, "complainant", wayFound="no").wait(days=10)
    assert looked_for(walk) == []
    walk.close()
    assert (walk.complaint().closing_reason, walk.troubles) == ("answered_on_file", [])


def test_a_reminder_that_did_not_reach_her_counts_from_the_copy_that_does(walk):
    acted(walk, "receive").on(remedy="words")
    for where in (AT_LADY, AT_AGENT):
        deliver(walk, where, **REACHED)
    remind(walk)
    deliver(walk, AT_AGENT, **REACHED)
    deliver(walk, AT_LADY, **NO_WAY)
    find(walk, "complainant", wayFound="address", newAddress="2 High Road")
    deliver(walk, "2 High Road", **REACHED)
    walk.wait(days=40).close()
    assert (walk.complaint().closing_reason, walk.troubles) == ("no_reply_after_notice", [])


def test_who_turned_her_away_looks_for_her_too(walk):
    walk.take("2026-06-01 10:00", sender=LADY, representative=AGENT).wait(hours=1)
    walk.do("Check the authority", authority="confirmed", authorityScope="receive").wait(hours=1)
    while walk.aside(POST):
        walk.beside(POST, **REACHED)
    walk.screen("employment").do("Hand over to personnel", handedTo="Ms Roe", handedOn="2026-06-01")
    letter = "not-accepted-employment"
    assert set(waiting(walk, letter)) == {AT_LADY, AT_AGENT}
    deliver(walk, AT_LADY, **NO_WAY)
    assert (looked_for(walk), kept(walk)) == (["complainant"], [(letter, "complainant")])
    find(walk, "complainant", wayFound="address", newAddress="2 High Road")
    deliver(walk, "2 High Road", **REACHED)
    assert left(walk, letter) == ["2 High Road"]
    assert walk.troubles == []


@pytest.mark.parametrize("order", [[AT_LADY, AT_AGENT], [AT_AGENT, AT_LADY]])
def test_late_copies_do_not_multiply_and_silence_ends(walk, order):
    acted(walk, "receive").on(remedy="words")
    for where in (AT_LADY, AT_AGENT):
        deliver(walk, where, **REACHED)
    remind(walk).wait(days=5)
    for where in order:
        deliver(walk, where, **REACHED)
    again = waiting(walk, "reminder")
    assert (set(again), looked_for(walk)) == ({AT_LADY, AT_AGENT}, [])
    for where in order:
        deliver(walk, where, **REACHED)
    assert sorted(left(walk, "reminder")) == [AT_LADY, AT_AGENT]
    assert len({row.copy_of or row.key for row in walk.letters if row.template == "reminder"}) == 1
    assert walk.aside() == []
    walk.wait(days=30).close()
    assert walk.complaint().closing_reason == "no_reply_after_notice"


# a representative whom no letter reaches


def test_who_speaks_cannot_be_reached_so_she_gets_the_answer_and_somebody_looks_for_them(walk):
    acted(walk, "settle").on(remedy="words")
    assert list(waiting(walk, "decision")) == [AT_AGENT]
    deliver(walk, AT_AGENT, **NO_WAY)
    assert list(waiting(walk, "decision")) == [AT_LADY], "at once"
    assert (looked_for(walk), kept(walk)) == (["representative"], [("decision", "representative")])
    deliver(walk, AT_LADY, **REACHED)
    assert walk.state("final_response") == "met"

    find(walk, "representative", wayFound="address", representativeAddress="8 New Road")
    assert (people(walk)["complainant"].address, people(walk)["representative"].address) == (
        AT_LADY,
        "8 New Road",
    )
    deliver(walk, "8 New Road", **REACHED)
    assert (left(walk, "decision"), kept(walk)) == ([AT_LADY, "8 New Road"], [])
    assert [name for name, _ in walk.clocks].count("referral_window") == 1
    assert (walk.aside(), walk.troubles) == ([], [])
    walk.answer("accepts").close()
    assert walk.complaint().closing_reason == "accepted"


def test_her_copy_leaves_though_the_representative_is_found_meanwhile(walk):
    acted(walk, "settle").on(remedy="words")
    deliver(walk, AT_AGENT, **NO_WAY)
    find(walk, "representative", wayFound="address", representativeAddress="8 New Road")
    assert set(waiting(walk, "decision")) == {AT_LADY, "8 New Road"}
    for where in ("8 New Road", AT_LADY):
        deliver(walk, where, **REACHED)
    assert sorted(left(walk, "decision")) == [AT_LADY, "8 New Road"]
    assert (walk.aside(), walk.troubles) == ([], [])


def test_where_nobody_finds_the_representative_she_is_written_to_and_the_task_stays_away(walk):
    acted(walk, "settle").on(remedy="words")
    deliver(walk, AT_AGENT, **NO_WAY)
    deliver(walk, AT_LADY, **REACHED)
    find(walk, "representative", wayFound="no")
    assert (looked_for(walk), people(walk)["complainant"].address) == ([], AT_LADY)
    remind(walk)
    assert list(waiting(walk, "reminder")) == [AT_LADY]
    deliver(walk, AT_LADY, **REACHED)
    walk.wait(days=30).close()
    assert (walk.complaint().closing_reason, walk.troubles) == ("no_reply_after_notice", [])


@pytest.mark.parametrize("found", ["representative", "complainant"])
def test_neither_can_be_reached_and_whoever_is_found_gets_it(walk, found):
    acted(walk, "settle", lady=NOWHERE).on(remedy="words")
    deliver(walk, AT_AGENT, **NO_WAY)
    assert sorted(looked_for(walk)) == ["complainant", "representative"]
    field = {"representative": "representativeAddress", "complainant": "newAddress"}[found]
    find(walk, found, wayFound="address", **{field: "8 New Road"})
    deliver(walk, "8 New Road", **REACHED)
    assert people(walk)[found].address == "8 New Road"
    assert walk.state("final_response") == "met"
    (other,) = {"representative", "complainant"} - {found}
    assert (looked_for(walk), kept(walk)) == ([other], [("decision", other)])
    walk.answer("accepts").close()
    assert walk.complaint().closing_reason == "accepted"


def test_two_searches_answered_at_once_are_not_mixed_up(walk):
    acted(walk, "settle", lady=NOWHERE).on(remedy="words")
    deliver(walk, AT_AGENT, **NO_WAY)
    tasks = {
        walk.service.engine.values(task.process_instance_key)["person"]: task for task in walk.aside(FIND)
    }
    for person, field, street in (
        ("complainant", "newAddress", "2 High Road"),
        ("representative", "representativeAddress", "8 New Road"),
    ):
        answers = {"wayFound": "address", field: street}
        walk.service.engine.complete_task(tasks[person].user_task_key, answers)
    walk.service.run_due()
    known = people(walk)
    assert (known["complainant"].address, known["representative"].address) == ("2 High Road", "8 New Road")


def test_an_update_answers_its_clock_once_though_two_people_get_it(walk):
    acted(walk, "settle")

    def write(desk, complaint):
        letter_desk.write_now(walk.service, desk, complaint, "holding-notice", reason="The expert is ill.")
        row = desk.session.scalars(select(LetterRow).order_by(*newest_first(LetterRow))).first()
        row.meets = "update"
        return ()

    walk.move(write)
    deliver(walk, AT_AGENT, **NO_WAY)
    deliver(walk, AT_LADY, **REACHED)
    before = walk.clocks
    assert before["update", 1] == "met"
    find(walk, "representative", wayFound="address", representativeAddress="8 New Road")
    deliver(walk, "8 New Road", **REACHED)
    assert left(walk, "holding-notice") == [AT_LADY, "8 New Road"]
    assert walk.clocks == before


@pytest.mark.parametrize("scope", ["settle", "receive"])
def test_the_authority_ends_and_nothing_is_owed_to_them_any_more(walk, scope):
    walk.take("2026-06-01 10:00", sender=LADY, representative=AGENT).wait(hours=1)
    walk.do(
        "Check the authority", authority="confirmed", authorityScope=scope, authorityUntil="2026-07-01"
    ).wait(hours=1)
    while walk.aside(POST):
        walk.beside(POST, **REACHED)
    walk.screen().on(remedy="words")
    deliver(walk, AT_AGENT, **NO_WAY)
    walk.later("2026-07-02 10:00")
    find(walk, "representative", wayFound="address", representativeAddress="8 New Road")
    assert "8 New Road" not in [row.recipient for row in walk.letters]
    assert kept(walk) == []


# what is addressed to the representative


@pytest.mark.parametrize("letter", ["receipt-representative", "authority-request"])
def test_what_is_for_the_representative_is_looked_for_and_written(walk, letter):
    walk.take("2026-06-01 10:00", sender=LADY, representative=AGENT).wait(hours=1)
    if letter == "authority-request":
        deliver(walk, AT_AGENT, **REACHED).do("Check the authority", authority="requested").wait(hours=1)
    deliver(walk, AT_AGENT, **NO_WAY)
    assert (looked_for(walk), kept(walk)) == (["representative"], [(letter, "representative")])
    find(walk, "representative", wayFound="email", representativeEmail="agent@example.org").wait(minutes=5)
    assert left(walk, letter)[-1] == "agent@example.org"
    assert walk.events("contact") == ["Looked for a way to reach their representative"]
    assert people(walk)["complainant"].address == AT_LADY
    assert (looked_for(walk), walk.troubles) == ([], [])


def test_a_refusal_that_does_not_reach_them_is_looked_for_too_and_nothing_else_is_owed(walk):
    walk.take("2026-06-01 10:00", sender=LADY, representative=AGENT).wait(hours=1)
    deliver(walk, AT_AGENT, **NO_WAY)
    walk.do("Check the authority", authority="refused").wait(hours=1)
    find(walk, "representative", wayFound="address", representativeAddress="8 New Road")
    assert set(waiting(walk, "receipt-representative")) == set(), "it asks for what was decided since"
    assert list(waiting(walk, "representative-refused")) == ["8 New Road"]
    deliver(walk, "8 New Road", **NO_WAY)
    assert looked_for(walk) == ["representative"]


def test_a_request_that_waits_is_kept_back_once_the_authority_is_decided(walk):
    walk.take("2026-06-01 10:00", sender=LADY, representative=AGENT).wait(hours=1)
    assert list(waiting(walk, "receipt-representative")) == [AT_AGENT]
    walk.do("Check the authority", authority="confirmed", authorityScope="settle").wait(hours=1)
    assert waiting(walk, "receipt-representative") == {}
    assert any(
        "nobody waits for an answer to it any more" in line for line in walk.events("letter-kept-back")
    )


# on file


def test_nobody_who_may_answer_can_be_reached_so_the_answer_lies_on_file_and_the_copy_goes(walk):
    acted(walk, "receive", lady=NOWHERE, agent=BY_MAIL).on(remedy="words")
    assert (walk.state("final_response"), looked_for(walk)) == ("met", ["complainant"])
    assert left(walk, "decision") == ["agent@example.org"]
    assert "referral_window" not in walk.running
    find(walk, "complainant", wayFound="no").wait(days=20).close()
    assert walk.complaint().closing_reason == "answered_on_file"


# what the status page says


def visit(walk, role):
    """The status page as this person reads it."""

    def follow(session):
        key = parties(session, walk.key)[role].key
        return links.new_link(session, walk.key, purpose="follow", party_key=key, at=walk.clock.now())

    visitor = Visitor(create_app(walk.service), walk.clock)
    visitor.open(f"/t/{walk.service.engine.write(follow)}")
    visitor.open("/status")
    return visitor


def test_each_reads_whether_the_answer_is_on_its_way_to_them(walk):
    acted(walk, "receive").on()
    deliver(walk, AT_AGENT, **REACHED)
    hers, theirs = visit(walk, "complainant"), visit(walk, "representative")
    assert "on its way to you. We post it to the address you gave us" in hers.text
    assert "on its way to the person you act for" in theirs.text
    assert "on its way to you" not in theirs.text
    assert "You are right" not in theirs.open("/status/answer").get_data(as_text=True)
    with pytest.raises(AnswerOnItsWay):
        walk.answer("accepts")

    deliver(walk, AT_LADY, **NO_WAY)
    assert "no way to reach you that works" in visit(walk, "complainant").text
    theirs = visit(walk, "representative")
    assert "look for a way to reach the person you act for" in theirs.text
    find(walk, "complainant", wayFound="address", newAddress="2 High Road")
    deliver(walk, "2 High Road", **REACHED)
    assert "We wait for your reply" in visit(walk, "complainant").text
    assert "its way" not in visit(walk, "representative").text


def test_she_reads_that_the_answer_is_on_its_way_to_who_acts_for_her(walk):
    acted(walk, "settle").on()
    assert "on its way to the person who acts for you" in visit(walk, "complainant").text
    assert "We post it to the address you gave us" in visit(walk, "representative").text

    deliver(walk, AT_AGENT, **NO_WAY)
    assert "We post it to the address you gave us" in visit(walk, "complainant").text
    assert "no way to reach you that works" in visit(walk, "representative").text
    deliver(walk, AT_LADY, **REACHED)
    for role in ("complainant", "representative"):
        page = visit(walk, role)
        assert ("We wait for your reply" in page.text, "its way" in page.text) == (True, False)


def test_neither_can_be_reached_and_each_reads_so(walk):
    acted(walk, "settle", lady=NOWHERE).on()
    deliver(walk, AT_AGENT, **NO_WAY)
    for role in ("complainant", "representative"):
        assert "no way to reach you that works" in visit(walk, role).text


# what was kept before persons were named


def test_what_was_kept_without_a_person_is_the_complainants(walk):
    acted(walk, "receive", lady=NOWHERE, agent=BY_MAIL).on(remedy="words")

    def forget(_, complaint):
        facts = complaint.facts
        old = [
            {k: v for k, v in one.items() if k in ("letter", "meets", "given", "copies")}
            for one in facts["unsent"]
        ]
        complaint.facts = facts | {"unsent": old}
        return ()

    walk.move(forget)
    assert kept(walk) == [("acknowledgement", "complainant"), ("decision", "complainant")]
    find(walk, "complainant", wayFound="email", newEmail="lady@example.org").wait(minutes=5)
    assert left(walk, "decision") == ["agent@example.org", "lady@example.org"]


def test_a_search_that_names_nobody_is_for_the_complainant(walk):
    walk.take("2026-06-01 10:00", sender=NOWHERE).wait(hours=1)
    facts = {"complaintKey": str(walk.key), "reference": walk.reference, "priority": 50, "regime": "generic"}
    walk.service.engine.publish_message("way-needed", str(walk.key), facts, by=SYSTEM)
    walk.beside(FIND, wayFound="email", newEmail="lady@example.org").wait(minutes=5)
    assert (people(walk)["complainant"].email, walk.troubles) == ("lady@example.org", [])


# an extension that begins with a letter


def test_an_extension_begins_with_the_copy_of_who_may_answer(walk):
    acted(walk, "receive")
    template = walk.service.letters._templates["holding-notice"]
    walk.service.letters._templates["holding-notice"] = replace(template, asks="answer")

    def extend(desk, complaint):
        letter_desk.write_now(walk.service, desk, complaint, "holding-notice", reason="The expert is ill.")
        letters, clocks = walk.service.letters, walk.service.case_clocks
        given = {"letter": "holding-notice", "category": "complex"}
        return extensions.ask(clocks, letters, desk, complaint, "final_response", **given)

    before = walk.due("final_response")
    walk.move(extend)
    deliver(walk, AT_AGENT, **REACHED)
    assert walk.due("final_response") == before
    deliver(walk, AT_LADY, **REACHED)
    assert walk.due("final_response") > before


# whom the page looks for


def test_the_page_looks_for_who_is_owed_letters_and_cannot_be_reached(walk):
    acted(walk, "settle")
    with pytest.raises(SomebodyAnswers):
        letter_desk.look_for_a_way(walk.service, walk.key)
    with pytest.raises(SomebodyAnswers):
        letter_desk.look_for_a_way(walk.service, walk.key, person="representative")

    def move(session):
        parties(session, walk.key)["representative"].address = None

    walk.service.engine.write(move)
    assert letter_desk.look_for_a_way(walk.service, walk.key, person="representative") is not None
    assert letter_desk.look_for_a_way(walk.service, walk.key, person="representative") is None
    assert looked_for(walk) == ["representative"]
    with pytest.raises(SomebodyAnswers):
        letter_desk.look_for_a_way(walk.service, walk.key)
    find(walk, "representative", wayFound="email", representativeEmail="agent@example.org").on(remedy="words")
    assert people(walk)["representative"].email == "agent@example.org"
    assert left(walk.wait(minutes=5), "decision") == ["agent@example.org"]


def test_who_complains_alone_is_looked_for_as_before(walk):
    walk.take("2026-06-01 10:00", sender=replace(ANN, email=None, address="1 High Street")).wait(hours=1)
    walk.beside(POST, **NO_WAY)
    assert looked_for(walk) == ["complainant"]
    walk.beside(FIND, wayFound="email", newEmail="ann@example.org").wait(minutes=5)
    assert left(walk, "acknowledgement") == ["ann@example.org"]
    assert any("the complainant" in line for line in walk.events("contact"))
