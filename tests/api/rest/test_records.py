"""Every record has exactly its members; keys are text, moments UTC with milliseconds."""

from __future__ import annotations

import re

from tests.api.rest import members
from tests.api.rest.cases import FILES

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def check(record, wanted):
    assert set(record) == wanted
    for name, value in record.items():
        if name.endswith("Key") and name != "correlationKey" and value is not None:
            assert re.fullmatch(r"-?[0-9]{1,25}", value), (name, value)
        if name.endswith(("Date", "Time")) and value is not None:
            assert MOMENT.fullmatch(value), (name, value)


def only(office, noun, wanted, **filters):
    items = office.find(noun, **filters)
    assert items
    for item in items:
        check(item, wanted)
    return items[0]


def test_topology_and_me(admin):
    topology = admin.get("/v2/topology")[1]
    check(topology, members.TOPOLOGY)
    check(topology["brokers"][0], members.BROKER)
    check(topology["brokers"][0]["partitions"][0], members.PARTITION)
    check(admin.get("/v2/authentication/me")[1], members.ME)
    check(admin.get("/v2/license")[1], members.LICENSE)


def test_a_deployment_names_processes_first_and_one_thing_per_entry(admin):
    body = admin.deploy(*reversed(FILES))[1]
    check(body, members.DEPLOYMENT)
    kinds = []
    for entry in body["deployments"]:
        assert set(entry) == members.ENTRY
        [(kind, record)] = [(name, value) for name, value in entry.items() if value is not None]
        check(record, members.DEPLOYED[kind])
        kinds.append(kind)
    assert kinds[:3] == ["processDefinition"] * 3
    assert set(kinds) == set(members.DEPLOYED)


def test_an_unchanged_deployment_gets_a_new_key_and_keeps_its_versions(admin):
    first, second = admin.deploy(*FILES)[1], admin.deploy(*FILES)[1]
    assert first["deploymentKey"] != second["deploymentKey"]
    assert first["deployments"] == second["deployments"]


def test_records_of_a_running_case(office):
    admin, instance = office.caller, office.start(caseId="c1", amount=3)
    check(only(office, "process-instances", members.INSTANCE, processInstanceKey=instance), members.INSTANCE)
    assert admin.get(f"/v2/process-instances/{instance}")[1]["startDate"] == "2026-11-23T09:00:00.000Z"
    task = only(office, "user-tasks", members.TASK, processInstanceKey=instance)
    check(admin.get(f"/v2/user-tasks/{task['userTaskKey']}")[1], members.TASK)
    form = admin.get(f"/v2/user-tasks/{task['userTaskKey']}/form")[1]
    check(form, members.FORM)
    assert '"schemaVersion"' in form["schema"]
    element = only(office, "element-instances", members.ELEMENT, processInstanceKey=instance)
    check(admin.get(f"/v2/element-instances/{element['elementInstanceKey']}")[1], members.ELEMENT)
    variable = only(office, "variables", members.VARIABLE, processInstanceKey=instance, name="amount")
    check(admin.get(f"/v2/variables/{variable['variableKey']}")[1], members.WHOLE_VARIABLE)
    assert variable["value"] == "3"
    for kind in ("variables", "effective-variables"):
        page = admin.post(f"/v2/user-tasks/{task['userTaskKey']}/{kind}/search")[1]
        assert set(page["page"]) == members.PAGE
        assert {one["name"] for one in page["items"]} == {"caseId", "amount"}
        check(page["items"][0], members.VARIABLE)
    definition = only(office, "process-definitions", members.DEFINITION, processDefinitionId="order")
    check(admin.get(f"/v2/process-definitions/{definition['processDefinitionKey']}")[1], members.DEFINITION)
    counts = admin.get(f"/v2/process-instances/{instance}/statistics/element-instances")[1]["items"]
    check(counts[0], members.COUNT)
    key = definition["processDefinitionKey"]
    assert admin.post(f"/v2/process-definitions/{key}/statistics/element-instances")[1]["items"] == counts


def test_records_of_jobs_incidents_and_subscriptions(office):
    admin = office.caller
    job, instance = office.waiting_job()
    check(job, members.ACTIVATED)
    assert (job["deadline"], job["physicalTenantId"]) == (1795424460000, "<default>")
    assert job["variables"] == {"caseId": "c1", "amount": 7, "note": None}
    assert (job["kind"], job["listenerEventType"], job["userTask"]) == ("BPMN_ELEMENT", "UNSPECIFIED", None)
    only(office, "jobs", members.JOB, processInstanceKey=instance)
    assert admin.post(f"/v2/jobs/{job['jobKey']}/failure", {"retries": 0, "errorMessage": "no"})[0] == 204
    incident = only(office, "incidents", members.INCIDENT, processInstanceKey=instance)
    check(admin.get(f"/v2/incidents/{incident['incidentKey']}")[1], members.INCIDENT)
    found = admin.post(f"/v2/process-instances/{instance}/incidents/search")[1]["items"]
    assert [one["incidentKey"] for one in found] == [incident["incidentKey"]]
    assert admin.post(f"/v2/incidents/{incident['incidentKey']}/resolution")[0] == 204
    assert admin.post(f"/v2/jobs/{job['jobKey']}/completion", {})[0] == 204
    subscription = only(office, "message-subscriptions", members.SUBSCRIPTION, processInstanceKey=instance)
    assert (subscription["messageName"], subscription["correlationKey"]) == ("reply", "c1")


def test_an_evaluation_explains_itself(office):
    made = office.caller.post(
        "/v2/decision-definitions/evaluation", {"decisionDefinitionId": "lane", "variables": {"amount": 12}}
    )[1]
    assert set(made) == members.EVALUATION
    assert (made["output"], made["decisionInstanceKey"]) == ('"slow"', made["decisionEvaluationKey"])
    [decision] = made["evaluatedDecisions"]
    assert set(decision) == members.EVALUATED
    assert decision["decisionDefinitionType"] == "DECISION_TABLE"
    assert decision["decisionEvaluationInstanceKey"] == f"{made['decisionEvaluationKey']}-1"
    [rule] = decision["matchedRules"]
    assert (set(rule), rule["ruleIndex"]) == (members.RULE, 2)
    assert set(rule["evaluatedOutputs"][0]) == members.OUTPUT
    assert set(decision["evaluatedInputs"][0]) == members.INPUT


def test_a_created_instance_and_an_empty_page(office):
    status, body = office.caller.post(
        "/v2/process-instances",
        {"processDefinitionId": "choice", "variables": {"go": True}, "tags": ["a"], "businessId": "b"},
    )
    assert status == 200
    check(body, members.CREATED)
    assert (body["variables"], body["tags"], body["businessId"]) == ({}, ["a"], "b")
    page = office.caller.post("/v2/jobs/search", {"filter": {"type": "none"}})[1]["page"]
    assert page == {"totalItems": 0, "hasMoreTotalItems": False, "startCursor": None, "endCursor": None}


def test_a_problem_has_all_five_members(admin):
    answer = admin.raw("GET", "/v2/process-instances/5")
    assert answer.content_type == "application/problem+json"
    assert set(answer.get_json()) == members.PROBLEM
