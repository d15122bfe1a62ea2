"""The page on which a colleague records that an outside body takes up what has ended; and its door for programs."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from api.complaints.separation import exclude
from api.complaints.tables import AnswerSheetRow, ComplaintRow, RecordRow
from tests.api.web.staff_desk import Desk, complain
from tests.api.web.test_said import hidden, office

__all__ = ["office"]

BODY = "The <b>Financial</b> Ombudsman"
NEVER = {f"fileDueOn-{part}": "" for part in ("day", "month", "year")}


@pytest.fixture
def clerk(app, service, office):
    return Desk(app, service, "ines", "intake", groups=("intake",))


@pytest.fixture
def made(service, office):
    """Withdrawn at once, and so at its end."""
    made = complain(service)
    service.run_due()
    service.engine.publish_message("complainant-withdraws", str(made.key), {})
    for task in service.engine.case_tasks(made.instance_key):
        service.engine.complete_task(task.user_task_key, {"remark": "So she told us."})
    assert state(service, made) == "withdrawn"
    return made


def state(service, made):
    return service.engine.read(lambda session: session.get(ComplaintRow, made.key).state)


def of(service, made, row, *where):
    query = select(row).where(row.complaint_key == made.key, *where)
    return service.engine.read(lambda session: list(session.scalars(query)))


def referrals(service, made):
    return [one.data for one in of(service, made, RecordRow, RecordRow.kind == "referral")]


def at(made, more=""):
    return f"/staff/complaints/{made.key}/outside{more}"


def filled(desk, **more):
    given = {"body": BODY, "bodyReference": "FOS-1", **NEVER, "_do": "continue"}
    return given | {name: hidden(desk, name) for name in ("_key", "_asked")} | more


def test_from_the_closed_complaint_to_the_task_of_the_outcome(service, clerk, made):
    clerk.open(f"/staff/complaints/{made.key}")
    assert at(made) in clerk.html
    clerk.open(at(made))
    fields = filled(clerk)
    assert clerk.send(at(made), **fields).status_code == 200
    assert "Recorded." in clerk.text
    assert state(service, made) == "external"
    clerk.send(at(made), **fields)
    assert "Recorded." in clerk.text, "the second press changes nothing and says the same"
    assert [one["body"] for one in referrals(service, made)] == [BODY]
    [sheet] = [one for one in of(service, made, AnswerSheetRow) if "FOS-1" in str(one.sections)]
    assert sheet.by == "ines"

    clerk.open(at(made))
    assert "It has decided" in clerk.text
    once = hidden(clerk, "_key")
    for _ in range(2):
        assert clerk.send(at(made, "/decided"), _key=once).status_code == 200
    names = [task.name for task in service.engine.case_tasks(made.instance_key)]
    assert names.count("Record the outcome") == 1


def test_what_is_typed_stays_and_what_is_wrong_is_named(service, clerk, made):
    clerk.open(at(made))
    yesterday = {"fileDueOn-day": "1", "fileDueOn-month": "1", "fileDueOn-year": "2020"}
    for wrong in ({"body": ""}, {"body": "x" * 201}, {"bodyReference": "y" * 61}, yesterday):
        assert clerk.send(at(made), **filled(clerk, **wrong)).status_code == 422, wrong
        assert "FOS-1" in clerk.html or "bodyReference" in wrong
    assert state(service, made) == "withdrawn"


def test_two_colleagues_at_once_record_it_once(service, clerk, made):
    clerk.open(at(made))
    first = filled(clerk)
    clerk.send(at(made), **first)
    late = clerk.send(at(made), **first | {"_key": "another-page"})
    assert late.status_code == 409
    assert "An outside body has this complaint already." in clerk.text
    assert len(referrals(service, made)) == 1


def test_one_that_is_open_says_where_it_is_recorded(service, clerk, office):
    made = complain(service)
    service.run_due()
    clerk.open(f"/staff/complaints/{made.key}")
    assert at(made) not in clerk.html
    clerk.open(at(made))
    assert "This complaint has not ended." in clerk.text
    assert clerk.send(at(made, "/decided"), _key="x").status_code == 409


def test_who_may_not_write_neither_sees_nor_records_it(app, service, clerk, made):
    service.engine.write(
        lambda session: exclude(session, made.key, "ines", reason="x", at=service.clock.now())
    )
    for ask in (lambda: clerk.open(at(made)), lambda: clerk.send(at(made), body=BODY)):
        assert ask().status_code == 404
    reader = Desk(app, service, "rita", "auditor")
    assert reader.open(at(made)).status_code == 403
    assert state(service, made) == "withdrawn"
