"""Somebody acts for the complainant in a complaint that joins an earlier one: they act there too, or its owner is asked to look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from api.complaints.intake import PartyDetails
from api.complaints.parties import parties
from api.complaints.tables import NoticeRow
from tests.processes.test_letters_for_several import left, visit
from tests.processes.walking import ANN, Walk

ROB = PartyDetails("Rob Speaker", "rob@example.org", address="7 Chambers Row")
UNTIL = "2026-12-31"


@pytest.fixture
def older(walk):
    """The earlier complaint, not received yet."""
    return Walk(walk.service, walk.clock)


def joins(walk, older, scope="settle", **found):
    """A complaint of the same person by Rob, whose authority is looked at, joins the earlier one."""
    walk.take("2026-06-02 10:00", sender=ANN, representative=ROB).wait(hours=1)
    given = {"authority": "confirmed", "authorityScope": scope, "authorityUntil": UNTIL} | found
    walk.do("Check the authority", **given).screen("duplicate", duplicateOf=older.reference)
    return walk.wait(minutes=5)


def first(older, sender=ANN, **more):
    return older.take("2026-06-01 10:00", sender=sender, **more).wait(hours=1).screen()


def speaker(older):
    return older.ask(lambda session: parties(session, older.key).get("representative"))


def asked_to_look(older):
    """Why its owner is to look who gets its letters."""
    query = select(NoticeRow.text).where(
        NoticeRow.complaint_key == older.key, NoticeRow.subject.startswith("A representative wrote")
    )
    return older.ask(lambda session: session.scalars(query).all())


@pytest.mark.parametrize(("scope", "to"), [("settle", ["rob@example.org"]), ("receive", None)])
def test_who_may_act_gets_the_answer_of_the_earlier_one_and_may_reply(walk, older, scope, to):
    first(older)
    joins(walk, older, scope)
    party = speaker(older)
    assert (party.name, party.email, party.address) == ("Rob Speaker", "rob@example.org", "7 Chambers Row")
    assert (party.authority, party.authority_scope, str(party.authority_until)) == ("confirmed", scope, UNTIL)

    older.do("Read the information", informationKind="adds").assess().investigate().decide().wait(minutes=5)
    assert left(older, "decision") == (to or ["rob@example.org", "ann@example.org"])
    assert ("Read and reply" in visit(older, "representative").text) is (scope == "settle")
    assert (asked_to_look(older), older.troubles, walk.troubles) == ([], [], [])


def test_whose_authority_was_refused_opens_nothing_there(walk, older):
    first(older)
    walk.take("2026-06-02 10:00", sender=ANN, representative=ROB).wait(hours=1)
    assert speaker(older) is None
    walk.do("Check the authority", authority="refused").screen("duplicate", duplicateOf=older.reference).wait(
        minutes=5
    )
    assert (speaker(older), asked_to_look(older)) == (None, [])


def test_who_speaks_already_goes_on_and_the_owner_is_asked_to_look(walk, older):
    first_rep = PartyDetails("Ada Adviser", "ada@example.org")
    older.take("2026-06-01 10:00", representative=first_rep).wait(hours=1)
    older.do("Check the authority", authority="confirmed", authorityScope="settle").screen()
    joins(walk, older)
    assert speaker(older).name == "Ada Adviser"
    assert ["Somebody else" in text for text in asked_to_look(older)] == [True]


def test_the_same_person_with_the_same_authority_is_nothing_to_look_at(walk, older):
    older.take("2026-06-01 10:00", representative=ROB).wait(hours=1)
    older.do(
        "Check the authority", authority="confirmed", authorityScope="settle", authorityUntil=UNTIL
    ).screen()
    joins(walk, older)
    assert asked_to_look(older) == []


def test_nobody_is_reminded_of_an_answer_that_went_to_the_complainant(walk, older):
    first(older).assess().investigate().decide().wait(minutes=5)
    joins(walk, older)
    assert speaker(older) is None
    assert ["has our answer already" in text for text in asked_to_look(older)] == [True]
    older.do("Read the information", informationKind="adds")
    older.clock.advance(timedelta(days=30))
    older.wait(minutes=5)
    assert "rob@example.org" not in left(older, "reminder")
