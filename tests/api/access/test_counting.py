"""A count is of what the asker may know of: who is kept away from a complaint cannot count it either."""

from __future__ import annotations

import json

import pytest

from tests.api.access.world import Case, Someone, conducted


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
