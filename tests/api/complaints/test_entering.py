"""A complaint whose process somebody starts over /v2: checked as any other, in the register before its first step, and heard."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from api.complaints.tables import ClockRow, ComplaintRow, NoticeRow

PROCESS = {"processDefinitionId": "complaint-handling"}


@pytest.fixture
def start(admin):
    def start(**variables):
        return admin.post("/v2/process-instances", PROCESS | {"variables": variables})

    return start


def complaints(service):
    return service.engine.read(lambda session: session.scalars(select(ComplaintRow)).all())


def test_it_hears_who_complained_under_the_key_of_the_register(service, start, person):
    status, _ = start(problem="The roof leaks", product="goods", regime="generic")
    assert status == 200
    (row,) = complaints(service)
    mona = person("mona", "manager")
    told = {"what": "adds", "words": "The roof falls down", "channel": "phone", "dangerNow": True}
    assert mona.post(f"/api/complaints/{row.reference}/said", told)[0] == 204
    notices = service.engine.read(lambda session: session.scalars(select(NoticeRow)).all())
    assert any(row.reference in one.text or row.reference in one.subject for one in notices)
    assert (
        mona.post(f"/api/complaints/{row.reference}/said", told | {"what": "withdraws", "dangerNow": False})[
            0
        ]
        == 204
    )
    assert complaints(service)[0].state == "withdrawn"


def test_days_given_as_text_count(service, start):
    assert start(problem="Late", receivedAt="2026-11-20T16:00:00+01:00", occurredOn="2026-11-01")[0] == 200
    assert start(problem="Late", receivedOn="2026-11-19")[0] == 200
    assert [(one.received_at.isoformat(), one.occurred_on) for one in complaints(service)] == [
        ("2026-11-20T15:00:00+00:00", date(2026, 11, 1)),
        ("2026-11-19T12:00:00+00:00", None),
    ]


def test_it_has_its_clocks_from_the_beginning(service, start):
    assert start(problem="Late", regime="uk-financial")[0] == 200
    names = service.engine.read(lambda session: set(session.scalars(select(ClockRow.name))))
    assert {"early_resolution", "final_response"} <= names


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"complaintKey": "CRM-77"}, "complaintKey"),
        ({"complaintKey": "1"}, "complaintKey"),
        ({"reference": "RD-1"}, "reference"),
        ({"regime": "uk-finacial"}, "regime"),
        ({"channel": "telepathy"}, "channel"),
        ({"receivedAt": "yesterday"}, "receivedAt"),
        ({"receivedAt": "2027-01-01T00:00:00Z"}, "receivedAt"),
        ({"receivedOn": "19.11.2026"}, "receivedOn"),
        ({"occurredOn": "2026-11-30"}, "occurredOn"),
    ],
)
def test_what_no_complaint_may_be_is_refused_at_the_door(service, start, given, field):
    status, problem = start(**({"problem": "Late"} | given))
    assert status == 400
    assert f"field: {field}" in problem["detail"]
    assert complaints(service) == []


def test_no_instruction_ends_it(service, admin):
    stop = [{"type": "TERMINATE_PROCESS_INSTANCE", "afterElementId": "Task_Register"}]
    asked = PROCESS | {"variables": {"problem": "Late"}, "runtimeInstructions": stop}
    status, problem = admin.post("/v2/process-instances", asked)
    assert (status, "ends as its diagram says" in problem["detail"]) == (400, True)
    assert complaints(service) == []
