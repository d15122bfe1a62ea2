"""Where a representative is reached, the complainant is not: what is meant for one does not reach the other."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from api.complaints.contact_details import DetailRefused, correct
from api.complaints.from_complainant import send_new_link
from api.complaints.intake import PartyDetails
from api.complaints.parties import parties
from api.complaints.tables import EventRow, PartyRow
from engine.actors import SYSTEM
from tests.processes.test_told_to_claimant import FIND, claimed

RITA = PartyDetails("Rita Rep", "rita@example.org", "+44 20 7946 0000")
SAME_MAIL = PartyDetails("Ann Other", " Rita@Example.org")
SAME_PHONE = PartyDetails("Ann Other", phone="+44 (20) 79460000")


def complainant(walk):
    return walk.ask(lambda session: parties(session, walk.key)["complainant"])


def asked_for_link(walk, email="rita@example.org"):
    """Whether somebody who enters the reference and this address is mailed a link."""
    return send_new_link(
        walk.service, walk.reference, email, write=lambda *_: pytest.fail("a link was written")
    )


@pytest.mark.parametrize("sender", [SAME_MAIL, SAME_PHONE])
def test_who_only_claims_to_act_gets_nothing_of_the_complainants(walk, sender):
    claimed(walk, sender=sender, rita=RITA)
    person = complainant(walk)
    assert (person.name, person.email, person.phone) == ("Ann Other", None, None)
    assert not asked_for_link(walk)
    walk.later("2026-07-21 10:00").do("Decide without the proof", authority="refused").wait(minutes=30)
    assert not asked_for_link(walk)
    assert "acknowledgement" not in {letter.template for letter in walk.letters if letter.recipient}
    assert len(walk.aside(FIND)) == 1
    assert walk.troubles == []


def test_the_letters_go_to_the_complainant_where_another_way_is_known(walk):
    both = PartyDetails("Ann Other", "rita@example.org", address="1 High Street")
    claimed(walk, sender=both, rita=RITA)
    walk.later("2026-07-21 10:00").do("Decide without the proof", authority="refused").wait(minutes=30)
    assert walk.letter("acknowledgement").recipient == "1 High Street"
    assert walk.troubles == []


def test_the_timeline_says_that_a_way_is_not_used(walk):
    claimed(walk, sender=SAME_MAIL, rita=RITA)
    told = select(EventRow.text).where(EventRow.complaint_key == walk.key, EventRow.kind == "way-shared")
    assert walk.ask(lambda session: session.scalar(told)).endswith("it is not used for them")


def test_neither_is_corrected_to_where_the_other_is_reached(walk):
    claimed(walk, sender=PartyDetails("Ann Other", "ann@example.org"), rita=RITA)
    for role, given in (
        ("complainant", {"email": "RITA@example.org"}),
        ("representative", {"email": "ann@example.org"}),
    ):
        with pytest.raises(DetailRefused, match="would reach the other"):
            correct(walk.service, walk.key, role, given, reason="She said so.", by=SYSTEM)
    assert complainant(walk).email == "ann@example.org"


def test_what_is_found_for_the_complainant_is_not_how_the_other_is_reached(walk):
    claimed(walk, sender=PartyDetails("Ann Other"), rita=RITA)
    walk.later("2026-07-21 10:00").do("Decide without the proof", authority="refused").wait(minutes=30)
    walk.beside(FIND, wayFound="email", newEmail="rita@example.org").wait(minutes=30)
    assert complainant(walk).email is None
    assert "acknowledgement" not in {letter.template for letter in walk.letters if letter.recipient}


def test_a_complaint_stored_before_opens_nothing_either(walk):
    """A house may hold complaints where both have one address."""
    claimed(walk, sender=PartyDetails("Ann Other", "ann@example.org"), rita=RITA)

    def as_before(session):
        row = session.scalar(
            select(PartyRow).where(PartyRow.complaint_key == walk.key, PartyRow.role == "complainant")
        )
        row.email = "rita@example.org"

    walk.service.engine.write(as_before)
    assert not asked_for_link(walk)
