"""Nothing is withdrawn that a complaint under way may come to need, nor what the service itself begins with."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from api.procedure.contracts import HOUSE
from engine.commands.errors import ResourceInUse, ResourceNeeded
from engine.store.definitions import VERSIONED
from tests.api.access.test_acts import headers
from tests.api.access.world import Case, Someone
from tests.engine.diagrams import END, START, bpmn, chain, flow, service_task, user_task

BEGUN = {
    *("deliver-letter", "find-a-way", "late-appeal", "outside-after-the-end", "satisfaction-survey"),
    "register-related",
}


def deployed(service):
    """Return the key of everything that is not withdrawn, by kind and id."""

    def look(session):
        found = {}
        for kind, (table, identity) in VERSIONED.items():
            rows = session.execute(
                sa.select(table.c[identity], table.c.key).where(table.c.state != "DELETED")
            )
            found |= {(kind, name): key for name, key in rows}
        return found

    return service.engine.read(look)


def kept(service):
    """Try to withdraw everything, and return why what stayed was kept, by kind and id."""
    refused = {}
    for what, key in deployed(service).items():
        try:
            service.engine.delete_resource(key)
        except (ResourceInUse, ResourceNeeded) as problem:
            refused[what] = problem
    return refused


def test_at_its_first_task_a_complaint_keeps_everything_it_may_come_to(service):
    everything = deployed(service)
    Case(service)
    refused = kept(service)
    assert set(everything) - set(refused) == set()
    assert refused["form", "assess"].facts["needed_by"] == "assessment"
    assert {refused["process", name].code for name in BEGUN} == {"resource_in_use"}
    assert refused["form", "call-back"].facts["needed_by"] == "satisfaction-survey"


def test_without_any_case_what_the_service_begins_with_stays_and_all_that_comes_to(service):
    start_form = ("form", "complaint")
    newer = service.engine.deploy(
        [("complaint-handling.bpmn", bpmn("complaint-handling", START + END + chain("start", "end")))]
    )
    service.engine.delete_resource(newer.processes[0].process_definition_key)
    everything, refused = deployed(service), kept(service)
    assert set(HOUSE) | {start_form} <= set(refused)
    assert set(everything) == set(refused)
    assert "letter-by-hand" in refused["process", "deliver-letter"].facts["without_it"]
    assert "find-a-way" in refused["form", "find-a-way"].facts["needed_by"]
    assert refused["process", "scope-screening"].facts["needed_by"] == "complaint-handling"
    assert {one.code for one in refused.values()} == {"resource_needed"}
    assert (
        refused["process", "complaint-handling"].facts["without_it"] == HOUSE["process", "complaint-handling"]
    )


def test_a_refused_deletion_says_what_needs_it_and_nothing_of_a_case_one_is_kept_away_from(app, service):
    paula = Someone(app, service, "paula", "process-owner")
    key = deployed(service)["form", "assess"]
    Case(service, "paula")

    def said():
        status, text = paula.ask("POST", f"/v2/resources/{key}/deletion", {})
        assert status == 409, text
        return json.loads(text)["detail"]

    assert "assessment" not in said()
    assert "instances" not in said()
    Case(service)
    assert "instances: 1" in said()
    assert "needed_by: assessment" in said()


def test_what_a_message_begins_may_go_once_nobody_sends_it(service):
    greeting = '<message id="m" name="greeting"/>'
    hears = '<startEvent id="heard"><messageEventDefinition messageRef="m"/></startEvent>'
    sends = service_task("send", "redress:publish-message", extension=headers(name="greeting"))
    files = [
        ("greeted.bpmn", bpmn("greeted", hears + END + flow("heard", "end"), extra=greeting)),
        ("greeter.bpmn", bpmn("greeter", START + sends + END + chain("start", "send", "end"))),
    ]
    tried = START + user_task("work") + END + chain("start", "work", "end")
    service.engine.deploy([*files, ("tried.bpmn", bpmn("tried", tried))])
    service.engine.start("tried")
    greeted, greeter = (deployed(service)["process", name] for name in ("greeted", "greeter"))
    with pytest.raises(ResourceNeeded) as refused:
        service.engine.delete_resource(greeted)
    assert "greeting" in refused.value.facts["without_it"]
    service.engine.delete_resource(greeter)
    service.engine.delete_resource(greeted)
