"""A message that begins a process is refused at the door when it lacks what the process cannot do without."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.complaints.tables import ComplaintRow
from engine.dialect import read_bpmn
from engine.store.search import Condition, Query
from tests.api.access.test_begun_by_messages import CONDUCTOR, begun, case, troubles  # noqa: F401
from tests.api.access.world import Someone
from tests.api.procedure.slips import shipped

WAITS = {"leadDecides": 2, "step": 2, "survey": 20, "lateAppeal": 250, "appeal": 20}
BROUGHT = {
    "matter-of-its-own": {"waits": {"leadDecides": 2}, "priority": 50, "reference": "RD-1"},
    "complaint-closed": {"waits": WAITS, "priority": 50, "reference": "RD-1", "complaintKey": "", "complainantKnown": True},
    "complaint-turned-away": {"waits": WAITS, "priority": 50, "reference": "RD-1", "complaintKey": ""},
    "letter-by-hand": {"letterKey": "17", "way": "post", "priority": 50, "reference": "RD-1"},
    "way-needed": {"complaintKey": "", "priority": 50, "reference": "RD-1"},
    "outside-body-takes-up": {"body": "Ombudsman"},
}  # fmt: skip
FOR = {
    "complaint-closed": "closed",
    "complaint-turned-away": "not_accepted",
    "outside-body-takes-up": "closed",
}


def starts():
    """Message → process and what its start says that it needs, of every shipped diagram that a message begins."""
    found = {}
    for name, data in shipped().items():
        if name.endswith(".bpmn"):
            for process in read_bpmn(data, name=name).processes.values():
                begins = [
                    each
                    for each in process.elements.values()
                    if (each.tag, each.scope_id) == ("startEvent", process.process_id)
                    and each.trigger is not None
                    and each.trigger.kind == "message"
                ]
                found.update((each.trigger.name, (process.process_id, each.needs)) for each in begins)
    return found


STARTS = starts()


def brought(name, complaint, without=None):
    """What a message brings, but for one variable, or one member of one."""
    given = {
        key: str(complaint) if key == "complaintKey" else dict(value) if isinstance(value, dict) else value
        for key, value in BROUGHT[name].items()
    }
    if without is not None:
        holder, _, member = without.partition(".")
        (given[holder] if member else given).pop(member or holder)
    return given


@pytest.fixture
def manager(app, service):
    return Someone(app, service, "max", "manager")


@pytest.fixture
def fit(service, case):  # noqa: F811
    """A function: the complaint, in a state in which a message begins something."""

    def put(name):
        def work(session):
            row = session.get_one(ComplaintRow, case.complaint)
            row.state = FOR.get(name, row.state)
            if row.state == "closed":
                row.closed_at = service.clock.now()

        service.engine.write(work)
        return case.complaint

    return put


def test_every_message_that_begins_a_shipped_process_says_what_that_needs():
    assert set(STARTS) == set(BROUGHT)
    assert all(needs for _, needs in STARTS.values())


def send(someone, name, key, variables, way="correlation"):
    body = {"name": name, "correlationKey": str(key), "variables": variables}
    return someone.ask("POST", f"/v2/messages/{way}", body)


@pytest.mark.parametrize("name", BROUGHT)
def test_a_message_that_lacks_anything_is_refused_and_one_that_does_not_stops_nowhere_of_its_own(
    name, service, clock, manager, fit
):
    """Each variable is left out once. With all, the process begins, and goes on by itself while nobody does anything."""
    key, before = fit(name), begun(service)
    process, needs = STARTS[name]
    for way in ("correlation", "publication"):
        for path in needs:
            status, text = send(manager, name, key, brought(name, key, path), way)
            assert (status, f"missing: {path})" in text) == (400, True), text
        status, text = send(manager, name, key, dict.fromkeys(BROUGHT[name]), way)
        assert (status, [path for path in needs if path not in text]) == (400, []), "null is nothing"
    assert (begun(service), troubles(service)) == (before, [])
    status, text = send(manager, name, key, brought(name, key))
    assert status == 200, text
    assert begun(service).count(process) == 1
    for _ in range(4):
        clock.advance(timedelta(days=100))
        service.run_due()
    assert troubles(service) == []


def test_what_is_refused_waits_for_no_later_start(service, manager, fit):
    key = fit("matter-of-its-own")
    body = {
        "name": "matter-of-its-own", "correlationKey": str(key), "variables": {"reference": "RD-1"},
        "timeToLive": 3_600_000,
    }  # fmt: skip
    assert manager.ask("POST", "/v2/messages/publication", body)[0] == 400
    assert (
        service.engine.incidents(
            Query(
                where=(
                    Condition("state", "eq", "ACTIVE"),
                    Condition("process_definition_id", "neq", CONDUCTOR),
                )
            )
        ).items
        == ()
    )
    good = brought("matter-of-its-own", key)
    assert send(manager, "matter-of-its-own", key, good)[0] == 200
    assert begun(service).count("register-related") == 1
