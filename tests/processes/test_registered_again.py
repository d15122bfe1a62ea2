"""An appeal after the end that is right: the matter goes on under another complaint, which is there, and each names the other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.related import registered_since
from api.complaints.separation import exclude, is_excluded
from api.complaints.tables import ComplaintRow, EventRow
from engine.actors import service as as_service
from engine.forms import FormInvalid
from tests.api.browsing import add_person
from tests.processes.test_stories_of_deadlines import turned_away
from tests.processes.walking import ANN

AGAIN = "Register it again"
NOTE = {"registered": True, "registeredNote": "All of it; she wrote on that day."}


@pytest.fixture
def right(walk):
    """An appeal that is right, on a complaint that was turned away."""
    turned_away(walk).later("2026-11-05 10:00").answer("rejects")
    return walk.beside("Answer the appeal", lateResult="take_up", lateReason="She was ill.")


def record(walk, sender=ANN):
    """Record another complaint now; return its row."""
    new = NewComplaint("phone", walk.clock.now(), "Charged twice.", sender, regime="generic")
    made = receive(walk.service, new, by=as_service("web"))
    walk.service.run_due()
    return walk.ask(lambda session: session.get_one(ComplaintRow, made.key))


def offered(walk):
    def look(session):
        own = session.get_one(ComplaintRow, walk.key)
        return [
            each["value"]
            for each in registered_since(session, own, zone=walk.service.settings.time_zone, reader="ina")
        ]

    return walk.ask(look)


def named_by(walk, key):
    found = select(EventRow.facts).where(EventRow.complaint_key == key, EventRow.kind == "related")
    return walk.ask(lambda session: [facts["related"] for facts in session.scalars(found)])


def test_each_of_the_two_names_the_other(right):
    new = record(right)
    right.beside(AGAIN, registeredAs=new.reference, **NOTE)
    assert (named_by(right, right.key), named_by(right, new.key)) == ([new.reference], [right.reference])
    assert (right.aside(AGAIN), right.troubles) == ([], [])


@pytest.mark.parametrize("reference", ["RD-RK5M-Q7ZY-W", "the one of this morning", None])
def test_what_is_no_complaint_is_refused_where_it_is_chosen(right, reference):
    with pytest.raises(FormInvalid, match="not filled in"):
        right.beside(AGAIN, registeredAs=reference or right.reference, **NOTE)
    assert named_by(right, right.key) == []


def test_the_newest_of_the_same_person_come_first_and_what_was_there_before_is_not_offered(right):
    assert offered(right) == []
    hers = record(right)
    right.clock.advance(timedelta(hours=1))
    other = record(right, PartyDetails("Bob Else", "bob@example.org"))
    assert offered(right) == [hers.reference, other.reference]


def test_one_that_joined_another_is_no_complaint_of_its_own(right):
    new = record(right)

    def join(session):
        session.get_one(ComplaintRow, new.key).state = "merged"

    right.service.engine.write(join)
    with pytest.raises(FormInvalid):
        right.beside(AGAIN, registeredAs=new.reference, **NOTE)


def test_who_is_kept_away_from_one_is_kept_away_from_the_other(right):
    add_person(right.service, "hana", "handler")
    at = right.clock.now()
    right.service.engine.write(lambda session: exclude(session, right.key, "hana", reason="Friends.", at=at))
    new = record(right)
    right.beside(AGAIN, registeredAs=new.reference, **NOTE)
    assert right.ask(lambda session: is_excluded(session, new.key, "hana"))
