"""A count is of what the asker may know of: who is kept away from a complaint cannot count it either."""

from __future__ import annotations

import json

import pytest

from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.identity.roles import ROLES
from engine.actors import SYSTEM
from engine.store.search import Condition, Query
from tests.api.access.test_matrix import lists, with_feed
from tests.api.access.world import Case, Someone, conducted
from tests.engine.diagrams import END, START, bpmn, chain, service_task, user_task

OFFERED = '<zeebe:assignmentDefinition candidateGroups="handlers"/>'


@pytest.fixture
def definition(app, service):
    app.config["WTF_CSRF_ENABLED"] = False
    return (
        service.engine.deploy([("complaint-handling.bpmn", conducted())]).processes[0].process_definition_key
    )


def test_a_refused_deletion_counts_the_cases_the_asker_may_know_of(app, service, definition):
    paula = Someone(app, service, "paula", "process-owner")
    Case(service, "paula")

    def said():
        status, text = paula.ask("POST", f"/v2/resources/{definition}/deletion", {})
        assert status == 409, text
        return json.loads(text)["detail"]

    assert "instances" not in said()
    Case(service)
    assert "instances: 1" in said()


CALLING = (
    START
    + service_task("enter", "redress:register")
    + '<callActivity id="call"><extensionElements><zeebe:calledElement processId="inner"/></extensionElements></callActivity>'
    + END
    + chain("start", "enter", "call", "end")
)


def test_what_a_case_called_and_what_began_beside_it_is_not_counted_either(app, service, definition):
    """In no list, total or statistics, also not while a search is narrowed to it, and after the case has ended."""
    inner = bpmn("inner", START + user_task("within", OFFERED) + END + chain("start", "within", "end"))
    service.engine.deploy(
        [("inner.bpmn", inner), ("complaint-handling.bpmn", bpmn("complaint-handling", CALLING))]
    )
    called = service.engine.process_definitions(
        Query((Condition("process_definition_id", "eq", "inner"),))
    ).items[0]
    boss = with_feed(service, Someone(app, service, "boss", *ROLES))
    key = called.process_definition_key

    def counted():
        narrowed = {"filter": {"processDefinitionId": "inner", "state": "ACTIVE"}}
        return [
            lists(app, service, key, boss),
            boss.ask("POST", "/v2/process-instances/search", narrowed),
            boss.ask("POST", "/v2/user-tasks/search", {"filter": {"elementId": "within"}}),
            boss.ask("GET", "/staff/processes?process=inner")[0],
        ]

    before = counted()
    receive(
        service,
        NewComplaint("web", service.clock.now(), "x", PartyDetails("Ann Other"), staff_concerned=("boss",)),
        by=SYSTEM,
    )
    assert counted() == before
    (task,) = service.engine.tasks(Query((Condition("state", "eq", "CREATED"),))).items
    service.engine.complete_task(task.user_task_key, {}, by=SYSTEM)
    assert counted() == before
