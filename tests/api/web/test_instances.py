"""Processes that run, as process owners and managers see them; and the addresses a modeller links to."""

from __future__ import annotations

import pytest

from tests.api.web.staff_desk import Desk, complain

TRIED = b"""<?xml version="1.0"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
  targetNamespace="t"><process id="tried" name="Tried out" isExecutable="true">
  <startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="u"/>
  <userTask id="u" name="Look"><extensionElements><zeebe:userTask/></extensionElements></userTask>
  </process></definitions>"""


@pytest.fixture
def owner(app, service):
    return Desk(app, service, "paula", "process-owner")


def test_a_running_process_is_listed_shown_and_ended_for_a_reason(service, owner):
    service.engine.deploy([("tried.bpmn", TRIED)])
    key = service.engine.start("tried", {"colour": "green"}).key
    owner.open("/staff/processes?process=tried&state=ACTIVE")
    assert "Tried out, version 1" in owner.text
    owner.open(f"/staff/processes/{key}")
    assert "Look" in owner.text
    assert "Start event" in owner.text  # the drawing gives it no name
    assert '"green"' in owner.text
    assert owner.send(f"/staff/processes/{key}/end", reason=" ").status_code == 422
    owner.send(f"/staff/processes/{key}/end", reason="Only a try")
    assert service.engine.instance(key).state == "TERMINATED"
    owner.open("/staff/processes?process=tried&state=ACTIVE")
    assert "No process fits." in owner.text


def test_a_complaint_is_not_ended_by_the_back_door(service, owner):
    made = complain(service)
    owner.open(f"/staff/processes/{made.instance_key}")
    answer = owner.send(f"/staff/processes/{made.instance_key}/end", reason="Tidy up")
    assert answer.status_code == 422
    assert service.engine.instance(made.instance_key).state == "ACTIVE"


def test_only_those_who_may_read_processes_see_them(service, app):
    assert Desk(app, service, "hanna", "handler").open("/staff/processes").status_code == 403


def test_links_of_a_modeller_lead_to_our_pages(app):
    client = app.test_client()
    assert (
        client.get("/processes?process=tried&version=2&active=true").location
        == "/staff/processes?process=tried&version=2"
    )
    assert client.get("/processes/42").location == "/staff/processes/42"
