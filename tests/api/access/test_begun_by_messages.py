"""A process about a complaint is begun by no message that names none: not by one unknown, nor by one that is not theirs to reach."""

from __future__ import annotations

import pytest

from api.complaints.tables import ComplaintRow
from engine.store.search import Condition, Query
from tests.api.access.world import Case, Someone, conducted
from tests.engine.diagrams import END, bpmn, chain, service_task

SHIPPED = (
    *("complaint-closed", "complaint-turned-away", "matter-of-its-own", "letter-by-hand", "way-needed"),
    "outside-body-takes-up",
)


@pytest.fixture
def case(service):
    service.engine.deploy([("complaint-handling.bpmn", conducted())])
    return Case(service)


CONDUCTOR = "complaint-handling"
WAYS = pytest.mark.parametrize("way", ["correlation", "publication"])


def ask(someone, way, name, key, **variables):
    body = {"name": name, "correlationKey": key, "variables": variables}
    return someone.ask("POST", f"/v2/messages/{way}", body)


def begun(service):
    """The processes that run or ran."""
    return [one.process_definition_id for one in service.engine.instances().items]


def troubles(service):
    """The processes that stopped, but that of the complaint itself, which stands still in these tests."""
    stuck = service.engine.incidents(Query(where=(Condition("state", "eq", "ACTIVE"),))).items
    return [one.process_definition_id for one in stuck if one.process_definition_id != CONDUCTOR]


@WAYS
@pytest.mark.parametrize("name", SHIPPED)
def test_what_a_message_would_begin_without_its_complaint_is_refused_in_the_same_words(
    app, service, case, way, name
):
    eve = Someone(app, service, "eve", "admin")  # may publish, and writes on no complaint
    before = begun(service)
    answers = [ask(eve, way, name, key) for key in ("", "order-7", "2251799813", str(case.complaint))]
    assert {status for status, _ in answers} == {404}
    assert len({text for _, text in answers}) == 1, "nothing is told of which complaints there are"
    assert "names no complaint that is there" in answers[0][1]
    assert (begun(service), troubles(service)) == (before, [])


@WAYS
def test_who_may_write_on_the_complaint_begins_what_it_names(app, service, case, way):
    manager = Someone(app, service, "max", "manager")
    brought = {"waits": {"leadDecides": 2}, "priority": 50, "reference": "RD-RK5M-Q7ZY-W", "channel": "phone"}
    assert ask(manager, way, "matter-of-its-own", str(case.complaint), **brought)[0] == 200
    assert begun(service).count("register-related") == 1
    assert troubles(service) == []


@WAYS
def test_an_open_complaint_is_not_said_to_be_closed(app, service, case, way):
    manager = Someone(app, service, "max", "manager")
    for name in ("complaint-closed", "complaint-turned-away"):
        status, text = ask(manager, way, name, str(case.complaint))
        assert (status, "state" in text) == (409, True)
    assert not {"satisfaction-survey", "late-appeal"} & set(begun(service))
    state = service.engine.read(lambda session: session.get_one(ComplaintRow, case.complaint).state)
    assert state not in ("closed", "not_accepted")


@WAYS
def test_no_outside_body_takes_up_by_a_message_what_the_page_refuses(app, service, case, way):
    """Turned away, but an appeal is still waited for: the state alone would let it through."""

    def turn_away(session):
        session.get_one(ComplaintRow, case.complaint).state = "not_accepted"

    service.engine.write(turn_away)
    manager = Someone(app, service, "max", "manager")
    status, text = ask(manager, way, "outside-body-takes-up", str(case.complaint), body="FOS")
    assert (status, "has not ended" in text) == (409, True)
    assert "outside-after-the-end" not in begun(service)


def test_a_signal_from_outside_begins_nothing_about_a_complaint(app, service):
    noted = bpmn(
        "noted",
        '<startEvent id="start"><signalEventDefinition signalRef="s1"/></startEvent>'
        + service_task("note", "redress:issues")
        + END
        + chain("start", "note", "end"),
        extra='<signal id="s1" name="note-it"/>',
    )
    service.engine.deploy([("noted.bpmn", noted)])
    manager = Someone(app, service, "max", "manager")
    status, _ = manager.ask("POST", "/v2/signals/broadcast", {"signalName": "note-it"})
    assert (status, "noted" in begun(service), troubles(service)) == (404, False, [])
