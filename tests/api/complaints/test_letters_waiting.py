"""A letter that cannot be written waits as an incident of its case: somebody is told, it is mended, and written once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from api.complaints.letters import read_letter
from api.complaints.tables import ComplaintRow, EventRow, LetterRow, NoticeRow
from engine.store.search import Condition, Query
from tests.api.web.staff_desk import Desk, complain


@pytest.fixture
def broken(service):
    """The service with an acknowledgement that names what no complaint has."""
    whole = service.letters._templates["acknowledgement"]
    service.letters._templates["acknowledgement"] = read_letter(
        "acknowledgement.md", b"---\nsubject: x\nto: complainant\n---\nBy {{ clocks.no_such_date }}.\n"
    )
    yield service
    service.letters._templates["acknowledgement"] = whole


def rows(service, table):
    return service.engine.read(lambda session: session.scalars(select(table).order_by(table.key)).all())


def waiting(service):
    found = service.engine.incidents(Query(where=(Condition("state", "eq", "ACTIVE"),))).items
    return [one for one in found if one.code == "letter_incomplete"]


def stuck(service, clock):
    made = complain(service)
    clock.advance(timedelta(minutes=5))
    service.engine.run_due_jobs()
    return made


def test_the_incident_names_letter_place_and_what_to_do_and_people_are_told(broken, clock):
    made = stuck(broken, clock)

    (incident,) = waiting(broken)
    assert incident.root_process_instance_key == made.instance_key
    for words in ("'acknowledgement'", "{{ clocks.no_such_date }} (empty)", "try again"):
        assert words in incident.error_message
    assert rows(broken, LetterRow) == []
    (notice,) = [one for one in rows(broken, NoticeRow) if "is not written" in one.subject]
    assert (notice.complaint_key, notice.group_name) == (made.key, "complaints-managers")
    assert "{{ clocks.no_such_date }}" in notice.text
    assert [one.kind for one in rows(broken, EventRow)].count("letter-not-written") == 1


def test_the_owner_is_told_too(broken, clock, service):
    def own(session):
        session.scalar(select(ComplaintRow)).owner = "hana"

    made = complain(service)
    service.engine.write(own)
    clock.advance(timedelta(minutes=5))
    service.engine.run_due_jobs()

    told = [one for one in rows(service, NoticeRow) if one.complaint_key == made.key]
    assert "hana" in [one.person_name for one in told if "is not written" in one.subject]


def test_mended_and_tried_again_the_letter_is_written_once(broken, clock, app):
    stuck(broken, clock)
    (incident,) = waiting(broken)
    broken.letters._templates["acknowledgement"] = read_letter(
        "acknowledgement.md",
        b"---\nsubject: x\nto: complainant\n---\nThank you, {{ complaint.addresseeName }}.\n",
    )
    manager = Desk(app, broken, "mara", "manager")
    manager.open(f"/staff/incidents/{incident.incident_key}")
    assert "clocks.no_such_date" in manager.text

    manager.send(f"/staff/incidents/{incident.incident_key}/retry")
    broken.engine.run_due_jobs()
    clock.advance(timedelta(days=1))
    broken.engine.run_due_jobs()

    assert waiting(broken) == []
    (letter,) = rows(broken, LetterRow)
    assert letter.text == "Thank you, Ann Other.\n"


def test_a_letter_that_does_not_exist_is_told_as_well(service, clock):
    del service.letters._templates["acknowledgement"]
    stuck(service, clock)
    for _ in range(10):
        clock.advance(timedelta(hours=1))
        service.engine.run_due_jobs()

    assert [one for one in rows(service, NoticeRow) if "is not written" in one.subject] != []


def test_nobody_to_write_to_needs_no_whole_letter(broken, clock):
    made = complain(broken, name=None)

    def forget(session):
        from api.complaints.tables import PartyRow

        for row in session.scalars(select(PartyRow)).all():
            row.email = None

    broken.engine.write(forget)
    clock.advance(timedelta(minutes=5))
    broken.engine.run_due_jobs()

    assert waiting(broken) == []
    assert "letter-not-sent" in [one.kind for one in rows(broken, EventRow) if one.complaint_key == made.key]


def test_a_colleague_who_extends_a_clock_with_such_a_letter_is_told_and_keeps_what_was_typed(service, app):
    service.letters._templates["holding-notice"] = read_letter(
        "holding-notice.md", b"---\nsubject: x\nto: complainant\n---\n{{ clocks.no_such_date }}\n"
    )
    made, manager = complain(service), Desk(app, service, "mara", "manager")

    manager.open(f"/staff/complaints/{made.key}?tab=clocks")
    answer = manager.send(
        f"/staff/complaints/{made.key}/clocks/final_response/extend", reason="We wait for the carrier."
    )

    assert answer.status_code == 422
    assert "{{ clocks.no_such_date }} (empty)" in manager.text
    assert "We wait for the carrier." in manager.html
    assert [one.template for one in rows(service, LetterRow)] == ["acknowledgement"]
