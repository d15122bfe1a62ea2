"""Mail that came back shows that its address is no way in: whoever else is owed the letter gets it at once, and nobody twice."""

from __future__ import annotations

import pytest

from api.complaints import extensions, letter_desk, links
from api.complaints.intake import PartyDetails
from api.complaints.letters import read_letter
from engine.jobs.letters import LetterDelayed, LetterRefused
from tests.processes.test_letters_for_several import (
    AT_LADY,
    LADY,
    REACHED,
    deliver,
    find,
    kept,
    left,
    looked_for,
    people,
    waiting,
)

BY_MAIL = PartyDetails("Letting Agent", "agent@example.org")
BY_PHONE = PartyDetails("Letting Agent", phone="07700 900123")
LADY_BY_MAIL = PartyDetails("Mrs Lind", "lady@example.org")
POST, RING, NO_WAY = "Post the letter", "Tell them by phone", {"delivery": "no_way"}


class Postman:
    """Hands mail over as the service's own does, but for addresses that refuse it (``gone``), or do not answer (``late``)."""

    def __init__(self, real):
        self._real, self.gone, self.late = real, set(), set()

    def send(self, letter):
        if letter.recipient in self.gone:
            raise LetterRefused("550 no such user")
        if letter.recipient in self.late:
            raise LetterDelayed("421 try later")
        return self._real.send(letter)


@pytest.fixture
def postman(walk):
    linking = walk.service.engine._postman
    linking._postman = Postman(linking._postman)
    return linking._postman


def acted(walk, scope, lady=LADY, agent=BY_MAIL):
    """Somebody acts for her, and a person has confirmed it; what was written until then was delivered."""
    walk.take("2026-06-01 10:00", sender=lady, representative=agent).wait(hours=1)
    walk.do("Check the authority", authority="confirmed", authorityScope=scope).wait(hours=1)
    while walk.aside(POST):
        walk.beside(POST, **REACHED)
    while walk.aside(RING):
        walk.beside(RING, **REACHED)
    return walk.screen()


def test_she_gets_her_copy_at_once_while_somebody_looks_for_a_way_to_the_representative(walk, postman):
    acted(walk, "settle")
    postman.gone = {"agent@example.org"}
    walk.on(remedy="words").wait(minutes=5)
    assert list(waiting(walk, "decision")) == ["agent@example.org", AT_LADY]
    assert looked_for(walk) == ["representative"]
    deliver(walk, AT_LADY, **REACHED)
    assert walk.state("final_response") == "met"
    assert walk.read("decision", "referral_window")

    find(walk, "representative", wayFound="email", representativeEmail="new@example.org").wait(minutes=5)
    assert left(walk, "decision") == [AT_LADY, "new@example.org"]
    assert [name for name, _ in walk.clocks].count("referral_window") == 1
    assert (looked_for(walk), kept(walk), walk.aside()) == ([], [], [])
    walk.answer("accepts").close()
    assert walk.complaint().closing_reason == "accepted"


def test_where_nobody_finds_the_representative_she_got_one_copy_and_what_is_written_next(walk, postman):
    acted(walk, "settle")
    postman.gone = {"agent@example.org"}
    walk.on(remedy="words").wait(minutes=5)
    deliver(walk, AT_LADY, **REACHED)
    find(walk, "representative", wayFound="no").wait(minutes=5)
    assert left(walk, "decision") == [AT_LADY]
    while "reminder" not in [row.template for row in walk.letters]:
        walk.wait(days=1)
    assert list(waiting(walk, "reminder")) == [AT_LADY]
    assert people(walk)["representative"].email is None


def test_what_is_written_while_somebody_looks_goes_to_both(walk, postman):
    acted(walk, "settle")
    postman.gone = {"agent@example.org"}
    walk.on(remedy="words").wait(minutes=5)
    deliver(walk, AT_LADY, **REACHED)
    while "reminder" not in [row.template for row in walk.letters]:
        walk.wait(days=1)
    assert set(waiting(walk, "reminder")) == {"agent@example.org", AT_LADY}
    deliver(walk, AT_LADY, **REACHED)
    find(walk, "representative", wayFound="email", representativeEmail="new@example.org").wait(minutes=5)
    for letter in ("decision", "reminder"):
        assert left(walk, letter) == [AT_LADY, "new@example.org"]


def test_the_address_was_right_after_all_and_nobody_gets_it_twice(walk, postman):
    acted(walk, "settle")
    postman.gone = {"agent@example.org"}
    walk.on(remedy="words").wait(minutes=5)
    postman.gone = set()
    find(walk, "representative", wayFound="email", representativeEmail="agent@example.org").wait(minutes=5)
    deliver(walk, AT_LADY, **REACHED)
    assert left(walk, "decision") == [AT_LADY, "agent@example.org"]
    assert walk.aside() == []


def test_both_are_dead_so_both_are_looked_for_and_whoever_is_found_gets_it(walk, postman):
    acted(walk, "settle", lady=LADY_BY_MAIL)
    postman.gone = {"agent@example.org", "lady@example.org"}
    walk.on(remedy="words").wait(minutes=5)
    assert sorted(looked_for(walk)) == ["complainant", "representative"]
    assert walk.state("final_response") == "running"
    find(walk, "complainant", wayFound="address", newAddress="2 High Road")
    deliver(walk, "2 High Road", **REACHED)
    assert (left(walk, "decision"), walk.state("final_response")) == (["2 High Road"], "met")
    assert looked_for(walk) == ["representative"]
    find(walk, "representative", wayFound="no")
    assert (left(walk, "decision"), walk.aside(), walk.troubles) == (["2 High Road"], [], walk.troubles)


def test_of_who_only_receives_nothing_is_missing_when_her_own_mail_comes_back(walk, postman):
    acted(walk, "receive", lady=LADY_BY_MAIL)
    postman.gone = {"lady@example.org"}
    walk.on(remedy="words").wait(minutes=5)
    assert (left(walk, "decision"), looked_for(walk)) == (["agent@example.org"], ["complainant"])
    find(walk, "complainant", wayFound="email", newEmail="new@example.org").wait(minutes=5)
    assert left(walk, "decision") == ["agent@example.org", "new@example.org"]
    assert walk.state("final_response") == "met"


def test_of_a_letter_that_asks_for_nothing_she_gets_a_copy_too(walk, postman):
    acted(walk, "receive")
    postman.gone = {"agent@example.org"}
    walk.assess()
    walk.tell("complainant-sends-information")
    walk.do("Read the information", informationKind="adds").wait(minutes=5)
    assert set(waiting(walk, "information-received")) == {"agent@example.org", AT_LADY}


def test_a_number_that_does_not_answer_is_no_way_either(walk):
    acted(walk, "settle", agent=BY_PHONE).on(remedy="words")
    walk.beside(RING, **NO_WAY)
    assert (list(waiting(walk, "decision")), looked_for(walk)) == ([AT_LADY], ["representative"])
    deliver(walk, AT_LADY, **REACHED)
    assert walk.state("final_response") == "met"


def test_an_extension_begins_with_her_copy(walk, postman):
    acted(walk, "settle")
    postman.gone = {"agent@example.org"}
    walk.assess()
    before = walk.due("final_response")

    def extend(desk, complaint):
        letter_desk.write_now(walk.service, desk, complaint, "holding-notice", reason="The expert is ill.")
        given = {"letter": "holding-notice", "category": "complex"}
        clocks, letters = walk.service.case_clocks, walk.service.letters
        return extensions.ask(clocks, letters, desk, complaint, "final_response", **given)

    walk.move(extend)
    walk.wait(minutes=5)
    assert walk.due("final_response") == before
    deliver(walk, AT_LADY, **REACHED)
    assert walk.due("final_response") > before


def test_a_copy_that_cannot_be_written_is_told_and_the_search_is_open(walk, postman):
    acted(walk, "settle")
    postman.late = {"agent@example.org"}
    walk.on(remedy="words")
    postman.late, postman.gone = set(), {"agent@example.org"}
    text = b"---\nsubject: Our answer\nto: complainant\nasks: answer\n---\n{{ neverSaid }}\n"
    walk.service.letters._templates["decision"] = read_letter("decision", text)
    walk.wait(hours=2)
    assert (list(waiting(walk, "decision")), looked_for(walk)) == (["agent@example.org"], ["representative"])
    assert len(walk.events("letter-not-written")) == 1
    assert len(walk.notices("Letter not written")) == 1


def linked(walk, party_key):
    now = walk.clock.now()
    return walk.service.engine.write(
        lambda session: links.new_link(session, walk.key, purpose="follow", party_key=party_key, at=now)
    )


def opens(walk, token):
    def look(session):
        return links.opened_by(session, token, purpose="follow", at=walk.clock.now(), on=walk.service.today())

    return walk.ask(look) is not None


@pytest.mark.parametrize("read_there", [True, False])
@pytest.mark.parametrize(
    "way",
    [{"wayFound": "email", "newEmail": "lady@new.example"}, {"wayFound": "address", "newAddress": "2 Hill"}],
)
def test_links_end_with_a_mailbox_that_was_read_and_is_no_way_in_any_more(walk, postman, way, read_there):
    if not read_there:
        postman.gone = {"lady@example.org"}
    walk.take("2026-06-01 10:00", sender=LADY_BY_MAIL).wait(hours=1)
    token = linked(walk, people(walk)["complainant"].key)
    if read_there:
        postman.gone = {"lady@example.org"}
        walk.through().wait(hours=2)
    assert opens(walk, token)
    find(walk, "complainant", **way)
    assert opens(walk, token) is not read_there, (
        "what nobody read at the old address stays with who was given it here"
    )
