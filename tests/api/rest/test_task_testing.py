"""What the modeller does when somebody presses Deploy, Start, or tests a task (rest-v2 §9), request by request."""

from __future__ import annotations

import pytest

from tests.api.rest.cases import FILES


def try_element(admin, element, variables):
    """Deploy, start at the element alone, and ask what the panel asks each second; return what came."""
    assert admin.get("/v2/topology")[1]["gatewayVersion"] >= "8.8.0"
    entries = admin.deploy(*FILES)[1]["deployments"]
    process = "sorting" if element == "decide" else "order"
    key = next(
        entry["processDefinition"]["processDefinitionKey"]
        for entry in entries
        if entry["processDefinition"] and entry["processDefinition"]["processDefinitionId"] == process
    )
    status, started = admin.post(
        "/v2/process-instances",
        {
            "processDefinitionKey": key,
            "variables": variables,
            "startInstructions": [{"elementId": element}],
            "runtimeInstructions": [{"type": "TERMINATE_PROCESS_INSTANCE", "afterElementId": element}],
            "tenantId": "<default>",
        },
    )
    assert status == 200
    return started["processInstanceKey"]


def poll(admin, instance):
    """Return the instance and everything the log shows; each search answers 200."""
    here = {"filter": {"processInstanceKey": instance}}
    found = {}
    for name, path, body in (
        ("instance", "process-instances/search", here),
        ("children", "process-instances/search", {"filter": {"parentProcessInstanceKey": instance}}),
        ("elements", "element-instances/search", here),
        ("jobs", "jobs/search", here),
        ("subscriptions", "message-subscriptions/search", here),
        ("tasks", "user-tasks/search", here),
        ("variables", "variables/search?truncateValues=false", here),
    ):
        status, page = admin.post(f"/v2/{path}", body)
        assert status == 200, (name, page)
        found[name] = page["items"]
    return found


def test_a_user_task_passes_when_it_is_completed(admin):
    instance = try_element(admin, "assess", {"amount": 1})
    seen = poll(admin, instance)
    assert seen["instance"][0]["state"] == "ACTIVE"
    task = seen["tasks"][0]["userTaskKey"]
    assert admin.post(f"/v2/user-tasks/{task}/completion", {"variables": {"amount": 2}})[0] == 204
    seen = poll(admin, instance)
    assert seen["instance"][0]["state"] == "TERMINATED"
    assert [(one["elementId"], one["state"]) for one in seen["elements"] if one["elementId"] == "assess"] == [
        ("assess", "COMPLETED")
    ]
    assert seen["tasks"][0]["completionDate"] is not None
    assert {one["name"]: one["value"] for one in seen["variables"]}["amount"] == "2"


def test_a_service_task_passes_when_a_worker_has_done_it(admin):
    instance = try_element(admin, "mail", {})
    [job] = poll(admin, instance)["jobs"]
    assert (job["state"], job["kind"]) == ("CREATED", "BPMN_ELEMENT")
    assert admin.post(f"/v2/jobs/{job['jobKey']}/completion", {})[0] == 204
    seen = poll(admin, instance)
    assert seen["instance"][0]["state"] == "TERMINATED"
    assert seen["jobs"][0]["endTime"] is not None


def test_a_table_passes_at_once_and_the_last_element_completes_the_case(admin):
    instance = try_element(admin, "decide", {"amount": 3})
    seen = poll(admin, instance)
    assert seen["instance"][0]["state"] in ("COMPLETED", "TERMINATED")
    assert seen["variables"]


@pytest.mark.parametrize("variables", [{"amount": "many"}])
def test_a_failure_shows_its_incident(admin, variables):
    instance = try_element(admin, "decide", variables)
    assert poll(admin, instance)["instance"][0]["hasIncident"] is True
    status, page = admin.post(f"/v2/process-instances/{instance}/incidents/search", {})
    assert (status, page["items"][0]["errorType"]) == (200, "DECISION_EVALUATION_ERROR")
    assert page["items"][0]["errorMessage"]


def test_starting_by_name_with_a_business_id(admin):
    entries = admin.deploy(*FILES)[1]["deployments"]
    assert next(
        one["processDefinition"]
        for one in entries
        if one["processDefinition"]["resourceName"] == "order.bpmn"
    )
    body = {"variables": {}, "processDefinitionId": "order", "tenantId": "<default>", "businessId": "case-1"}
    status, started = admin.post("/v2/process-instances", body)
    assert (status, started["businessId"]) == (200, "case-1")
