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
from engine.forms import FormInvalid
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


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("email", "jo.hn@example.org", "john@example.org"),
        ("email", "ann-marie@example.org", "annmarie@example.org"),
        ("email", "ann+rita@example.org", "annrita@example.org"),
        ("email", "ann@ex-ample.org", "ann@example.org"),
        ("address", "1/12 High Street", "11/2 High Street"),
        ("address", "Flat 1, 1 High Street", "Flat 11, High Street"),
        ("phone", "07700 900123", "07700 900124"),
    ],
)
def test_two_places_are_two(walk, field, one, other):
    ann, rita = PartyDetails("Ann Other", **{field: one}), PartyDetails("Rita Rep", **{field: other})
    walk.take("2026-07-06 10:00", sender=ann, representative=rita)
    assert getattr(complainant(walk), field) == one


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("email", "ANN@Example.ORG", " ann@example.org"),
        ("email", "rita@mu\u0308ller.de", "rita@müller.de"),
        ("email", "rita@MÜLLER.de", "rita@xn--mller-kva.de"),
        ("phone", "+44 (0)20 7946\u20110000", "+44 20 79460000"),
        ("phone", "(07700) 900-123", "07700900123"),
        ("address", "HAUPTSTRASSE 1, BERLIN", "Hauptstraße 1\nBerlin"),
        ("address", "1\u201312 High St.", "1-12 High St"),
        ("address", "Mu\u0308hlstraße 1", "Mühlstraße 1"),
    ],
)
def test_one_place_is_one_however_it_is_spelt(walk, field, one, other):
    ann, rita = PartyDetails("Ann Other", **{field: one}), PartyDetails("Rita Rep", **{field: other})
    walk.take("2026-07-06 10:00", sender=ann, representative=rita)
    assert getattr(complainant(walk), field) is None


@pytest.mark.parametrize(
    ("field", "typed", "stored"),
    [
        ("email", " RITA@example.org", "rita@example.org"),
        ("phone", "+44 (0)20-7946 0000", "+44 20 7946 0000"),
        ("address", "7 chambers row,\nleeds", "7 Chambers Row, Leeds"),
    ],
)
def test_the_form_that_asks_for_a_way_refuses_that_of_who_acts_for_them(walk, field, typed, stored):
    claimed(walk, sender=PartyDetails("Ann Other"), rita=PartyDetails("Rita Rep", **{field: stored}))
    walk.do("Look at the proof", authority="refused").wait(minutes=30)
    with pytest.raises(FormInvalid) as refusal:
        walk.beside(FIND, wayFound=field, **{f"new{field.capitalize()}": typed})
    assert [(one.path, one.code) for one in refusal.value.errors] == [
        (f"new{field.capitalize()}", "not_taken")
    ]
    assert len(walk.aside(FIND)) == 1


def test_what_the_form_lets_pass_and_is_theirs_is_told(walk):
    rita = PartyDetails("Rita Rep", "rita@xn--mller-kva.de")
    claimed(walk, sender=PartyDetails("Ann Other"), rita=rita)
    walk.later("2026-07-21 10:00").do("Decide without the proof", authority="refused").wait(minutes=30)
    walk.beside(FIND, wayFound="email", newEmail="rita@müller.de").wait(minutes=30)
    assert complainant(walk).email is None
    lines = walk.ask(
        lambda db: db.scalars(select(EventRow.text).where(EventRow.kind == "way-not-used")).all()
    )
    assert lines == ["What was found is how their representative is reached: it is not used"]
    assert [one for one in walk.notices() if one.subject == "No way to reach the complainant"]
