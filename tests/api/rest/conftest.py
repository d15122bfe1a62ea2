"""A deployed set of small processes, and cases of them."""

from __future__ import annotations

import pytest

from tests.api.rest.cases import FILES


class Office:
    """Short ways to start and find things as one caller."""

    def __init__(self, caller):
        self.caller = caller

    def start(self, process="order", **variables):
        status, body = self.caller.post(
            "/v2/process-instances", {"processDefinitionId": process, "variables": variables}
        )
        assert status == 200, body
        return body["processInstanceKey"]

    def find(self, noun, **filters):
        status, body = self.caller.post(f"/v2/{noun}/search", {"filter": filters})
        assert status == 200, body
        return body["items"]

    def task(self, instance):
        return self.find("user-tasks", processInstanceKey=instance, state="CREATED")[0]

    def complete(self, instance, **variables):
        task = self.task(instance)["userTaskKey"]
        status, body = self.caller.post(f"/v2/user-tasks/{task}/completion", {"variables": variables})
        assert status == 204, body

    def activate(self, **more):
        asked = {
            "type": "mail",
            "timeout": 60_000,
            "maxJobsToActivate": 5,
            "worker": "w",
            "requestTimeout": -1,
            **more,
        }
        status, body = self.caller.post("/v2/jobs/activation", asked)
        assert status == 200, body
        return body["jobs"]

    def waiting_job(self, **more):
        """Return a leased job of a new case, and the case."""
        instance = self.start(caseId="c1", amount=3, **more)
        self.complete(instance, amount=7)
        return self.activate()[0], instance


@pytest.fixture
def office(admin):
    """The administrator's office with the test processes deployed."""
    status, body = admin.deploy(*FILES)
    assert status == 200, body
    return Office(admin)
