"""Whoever mends a complaint's case without being allowed to read it changes nothing about who sees or does its work."""

from __future__ import annotations

import json

import pytest

from engine.dialect.deciding import deciding, sources_of
from tests.api.access.test_holders import begun, mapped_to_nothing, work
from tests.api.access.world import Someone
from tests.api.browsing import add_person
from tests.engine.diagrams import END, START, bpmn, chain, service_task, user_task

DERIVED = (
    '<zeebe:ioMapping><zeebe:input source="=wanted.person" target="holder"/></zeebe:ioMapping>'
    '<zeebe:assignmentDefinition assignee="=holder"/>'
)


def stuck(name):
    return service_task(name, "redress:notify", extension=mapped_to_nothing())


def outside(name):
    return service_task(name, "look-up")


@pytest.fixture
def adam(app, service):
    app.config["WTF_CSRF_ENABLED"] = False
    return Someone(app, service, "adam", "admin", "process-owner", "handler")


def incident_of(service, made):
    return next(
        one for one in service.engine.incidents().items if one.root_process_instance_key == made.instance_key
    )


def values(service, made):
    return service.engine.values(made.instance_key)


def doors(service, made, someone, name):
    """Try every door that writes a variable of a stuck case, and yield the status and what was said."""
    incident = incident_of(service, made)
    scope = incident.element_instance_key
    yield someone.ask(
        "POST", f"/staff/incidents/{incident.incident_key}/variable", {"name": name, "value": '"adam"'}
    )
    for local in (True, False):
        for key in (scope, made.instance_key):
            body = {"variables": {name: "adam"}, "local": local}
            yield someone.ask("PUT", f"/v2/element-instances/{key}/variables", body)
    placed = {
        "activateInstructions": [
            {"elementId": "step0", "variableInstructions": [{"variables": {name: "adam"}}]}
        ],
        "terminateInstructions": [{"elementInstanceKey": str(scope)}],
    }
    yield someone.ask("POST", f"/v2/process-instances/{made.instance_key}/modification", placed)


@pytest.mark.parametrize(("assigned", "name"), [
    (work('assignee="=owner"'), "owner"),
    (work('candidateUsers="=[expert]" candidateGroups="handlers"'), "expert"),
    (work('candidateGroups="=[widerGroup, &quot;team-leads&quot;]"'), "widerGroup"),
    (lambda name: user_task(name, DERIVED), "wanted"),
    (lambda name: service_task(name, "redress:keep-away"), "staff"),
], ids=["assignee", "user", "group", "in two steps", "kept away"])  # fmt: skip
def test_who_may_not_read_the_complaint_does_not_choose_by_a_variable_who_acts(service, adam, assigned, name):
    made = begun(service, stuck, assigned)
    for status, text in doors(service, made, adam, name):
        assert (status in (409, 422), name in text and "who gets work" in text) == (True, True), text
    assert values(service, made).get(name) != "adam"


def test_what_else_is_stuck_is_mended_and_who_reads_the_complaint_names_its_owner(app, service, adam):
    made = begun(service, stuck, work('assignee="=owner"'))
    path = f"/v2/element-instances/{made.instance_key}/variables"
    assert adam.ask("PUT", path, {"variables": {"go": 1}})[0] == 204
    manager = Someone(app, service, "max", "manager", "admin")
    add_person(service, "hanna", "handler")
    assert manager.ask("PUT", path, {"variables": {"owner": "hanna"}})[0] == 204
    assert values(service, made)["owner"] == "hanna"


@pytest.mark.parametrize("settled", ["completion", "failure", "error"])
def test_nor_by_settling_outside_work_by_hand(app, service, adam, settled):
    made = begun(service, outside, work('assignee="=owner"'))
    body = {"type": "look-up", "timeout": 60_000, "maxJobsToActivate": 1, "worker": "w"}
    robot = Someone(app, service, "robot", "worker")
    key = json.loads(robot.ask("POST", "/v2/jobs/activation", body)[1])["jobs"][0]["jobKey"]
    more = {"completion": {}, "failure": {"retries": 1}, "error": {"errorCode": "E"}}[settled]
    status, text = adam.ask("POST", f"/v2/jobs/{key}/{settled}", {"variables": {"owner": "adam"}, **more})
    assert (status, "owner" in text) == (409, True), text
    assert values(service, made).get("owner") != "adam"


def test_nor_by_what_somebody_adds_to_a_task_without_a_form(app, service):
    helper = Someone(app, service, "carl", "contributor")
    begun(service, work('candidateGroups="contributors"'), work('assignee="=owner"'))
    (task,) = [one for one in service.engine.tasks().items if one.state == "CREATED"]
    status, text = helper.ask(
        "POST", f"/v2/user-tasks/{task.user_task_key}/completion", {"variables": {"owner": "carl"}}
    )
    assert (status, "owner" in text) == (409, True), text
    assert (
        helper.ask("POST", f"/v2/user-tasks/{task.user_task_key}/completion", {"variables": {"said": 1}})[0]
        == 204
    )


def test_a_variable_decides_when_an_assignment_is_made_of_it_in_however_many_steps():
    script = (
        '<scriptTask id="s"><extensionElements><zeebe:script expression="=first + &quot;other&quot;" '
        'resultVariable="wanted"/></extensionElements></scriptTask>'
        '<subProcess id="each"><multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics '
        'inputCollection="=many" inputElement="first"/></extensionElements></multiInstanceLoopCharacteristics></subProcess>'
    )
    data = bpmn("p", START + script + user_task("t", DERIVED) + END + chain("start", "s", "t", "end"))
    found = deciding([sources_of(data)], {"staff"})
    assert {"holder", "wanted", "staff", "many", "first"} <= found
    assert "other" not in found
