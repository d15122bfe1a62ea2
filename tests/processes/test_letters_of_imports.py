"""A complaint imported as running: nothing leaves before a colleague writes, what follows leaves, and what is held is told."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from api.complaints import letter_desk
from api.complaints.letters_held import held
from api.complaints.search import Wanted, find
from api.complaints.tables import ComplaintRow, LetterRow
from api.demo.people import COLLEAGUES, add_colleagues
from api.demo.staff import Staff, Wish
from api.identity.decide import Reach
from api.identity.people import Person
from engine.actors import Actor
from tests.processes.test_reminders_that_wait import PAPER
from tests.processes.walking import ANN

HANNA = Actor("hanna", roles=frozenset({"admin"}))


def imported(walk, sender=ANN):
    """Imported on Monday 6 July 2026; its receipt is held."""
    walk.take("2026-07-06 10:00", sender=sender, letters_held=True, source="old", source_key="1").wait(
        hours=1
    )
    assert waiting(walk) == ["acknowledgement"]
    return walk


def waiting(walk):
    """The letters that are held."""
    query = select(LetterRow.template).where(LetterRow.complaint_key == walk.key, held())
    return walk.ask(lambda session: list(session.scalars(query)))


def told(walk):
    """The letters that somebody was told are held."""
    return sorted(one.subject for one in walk.notices() if "held: " in one.subject)


@pytest.fixture
def work(walk):
    """What colleagues do with the case, each task by somebody whom the rules allow."""
    keys = [walk.service.engine.next_key() for _ in COLLEAGUES]
    walk.service.engine.write(
        lambda session: add_colleagues(session, keys=keys, password=None, at=walk.clock.now())
    )

    def do(**wish):
        Staff(walk.service).work(walk.instance, Wish(**wish))
        walk.service.run_due()

    return do


@pytest.mark.parametrize("sender", [ANN, PAPER])
def test_what_a_case_writes_after_a_colleague_wrote_leaves_by_itself(walk, work, sender):
    imported(walk, sender)
    work()
    while walk.aside("Post the letter"):
        walk.beside("Post the letter", delivery="done").wait(minutes=5)
    walk.later("2026-07-25 10:00")
    while walk.aside("Post the letter"):
        walk.beside("Post the letter", delivery="done").wait(minutes=5)
    assert walk.letter("decision").dispatched_at is not None
    assert walk.letter("reminder").dispatched_at is not None
    assert waiting(walk) == [], "the receipt is not owed any more"
    assert told(walk) == ["A letter is still held: " + walk.letter("acknowledgement").subject]
    assert walk.troubles == []


def test_the_closing_and_the_survey_leave_too(walk, work):
    imported(walk)
    work()
    walk.wait(hours=1).answer("accepts")
    work()
    walk.wait(days=30)
    assert {"closing", "survey"} <= {row.template for row in walk.letters if row.dispatched_at is not None}
    assert waiting(walk) == []


def test_who_sends_the_held_receipt_lets_what_follows_leave(walk):
    imported(walk)
    letter_desk.send_held(walk.service, walk.key, walk.letter("acknowledgement").key, by=HANNA)
    walk.wait(hours=1).through(remedy="words").later("2026-07-25 10:00")
    assert (waiting(walk), told(walk)) == ([], [])
    assert walk.letter("reminder").dispatched_at is not None


def test_what_is_held_after_the_receipt_is_told(walk):
    imported(walk).through(remedy="words")
    assert waiting(walk) == ["decision"], "nobody is owed a receipt of what is answered"
    assert told(walk) == ["A letter is held: " + walk.letter("decision").subject]


def test_the_list_of_complaints_finds_those_with_a_letter_held(walk):
    imported(walk)
    roles, zone = frozenset({"manager"}), walk.service.settings.time_zone
    mara = Person(1, "mara", "Mara", None, roles, frozenset(), active=True)

    def found(session):
        return [
            one.reference
            for one in find(session, mara, Reach(every=True), Wanted(held=True), zone=zone).lines
        ]

    assert walk.ask(found) == [walk.reference]
    letter_desk.send_held(walk.service, walk.key, walk.letter("acknowledgement").key, by=HANNA)
    assert walk.ask(found) == []


def test_nothing_but_what_was_imported_is_ever_held(walk):
    walk.take("2026-07-06 10:00").through()
    assert waiting(walk) == []
    assert walk.ask(lambda session: session.get_one(ComplaintRow, walk.key).letters_held) is False
