"""Every command of /v2: what it does, and each way it is refused."""

from __future__ import annotations

import io

import pytest

from tests.api.rest.cases import FILES, FORM, choice
from tests.engine.diagrams import END, START, bpmn, chain, one_task


def refused(answer, status, title):
    assert (answer[0], answer[1]["title"]) == (status, title), answer
    return answer[1]["detail"]


class TestDeploying:
    def test_every_finding_has_its_line(self, admin):
        broken = bpmn("broken", START + '<userTask id="a"/>' + END + chain("start", "a", "gone"))
        detail = refused(admin.deploy(("broken.bpmn", broken), ("x.form", b"{")), 400, "INVALID_ARGUMENT")
        assert len(detail.splitlines()) >= 2
        assert any(line.startswith("broken.bpmn ") for line in detail.splitlines())
        assert any(line.startswith("x.form") for line in detail.splitlines())

    def test_the_same_name_twice_an_unknown_kind_and_nothing_are_refused(self, admin):
        small = one_task()
        assert "twice" in refused(admin.deploy(("a.bpmn", small), ("a.bpmn", small)), 400, "INVALID_ARGUMENT")
        assert "robot.rpa" in refused(admin.deploy(("robot.rpa", b"{}")), 400, "INVALID_ARGUMENT")
        refused(admin.post("/v2/deployments"), 400, "INVALID_ARGUMENT")

    def test_another_tenant_is_refused(self, admin):
        answer = admin.raw(
            "POST",
            "/v2/deployments",
            data={"resources": (io.BytesIO(one_task()), "a.bpmn"), "tenantId": "other"},
        )
        assert answer.status_code == 400

    def test_a_version_in_use_is_not_withdrawn(self, office):
        instance = office.start("choice", go=True)
        key = office.find("process-instances", processInstanceKey=instance)[0]["processDefinitionKey"]
        refused(office.caller.post(f"/v2/resources/{key}/deletion"), 409, "INVALID_STATE")
        office.complete(instance)
        status, body = office.caller.post(f"/v2/resources/{key}/deletion", {})
        assert (status, body) == (200, {"resourceKey": key, "batchOperation": None})
        refused(office.caller.post(f"/v2/resources/{key}/deletion"), 404, "NOT_FOUND")

    def test_diagrams_come_back_byte_for_byte_and_start_forms(self, office):
        definition = office.find("process-definitions", processDefinitionId="order")[0][
            "processDefinitionKey"
        ]
        answer = office.caller.raw("GET", f"/v2/process-definitions/{definition}/xml")
        assert (answer.mimetype, answer.data) == ("text/xml", dict(FILES)["order.bpmn"])
        assert office.caller.get(f"/v2/process-definitions/{definition}/form") == (204, None)
        start = '<startEvent id="start"><extensionElements><zeebe:formDefinition formId="assess"/></extensionElements></startEvent>'
        asked = bpmn("asked", start + END + chain("start", "end"))
        key = office.caller.deploy(("asked.bpmn", asked), ("assess.form", FORM))[1]["deployments"][0][
            "processDefinition"
        ]
        status, form = office.caller.get(f"/v2/process-definitions/{key['processDefinitionKey']}/form")
        assert (status, form["formId"]) == (200, "assess")
        refused(office.caller.get("/v2/process-definitions/5/xml"), 404, "NOT_FOUND")


class TestStarting:
    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"processDefinitionId": "choice"}, 200),
            ({"processDefinitionId": "choice", "processDefinitionVersion": -1}, 200),
            ({"processDefinitionId": "choice", "processDefinitionVersion": "1"}, 200),
            (
                {
                    "processDefinitionId": "choice",
                    "variables": None,
                    "tenantId": None,
                    "operationReference": "77",
                },
                200,
            ),
            ({"processDefinitionId": "choice", "newerMember": {}}, 200),
            ({"processDefinitionId": "choice", "startInstructions": [{"elementId": "yes"}]}, 200),
            ({"processDefinitionId": "nowhere"}, 404),
            ({"processDefinitionKey": "5"}, 404),
            ({"processDefinitionId": "choice", "processDefinitionVersion": 9}, 404),
            ({}, 400),
            ({"processDefinitionId": "choice", "processDefinitionKey": 5}, 400),
            ({"processDefinitionId": "choice", "businessId": ""}, 400),
            ({"processDefinitionId": "choice", "tags": ["1"]}, 400),
            ({"processDefinitionId": "choice", "tenantId": "other"}, 400),
            ({"processDefinitionId": "choice", "variables": []}, 400),
            ({"processDefinitionId": "choice", "variables": {"typename": 1}}, 400),
            ({"processDefinitionId": "choice", "startInstructions": [{"elementId": "start"}]}, 400),
            ({"processDefinitionId": "choice", "startInstructions": [{"elementId": "gone"}]}, 400),
            (
                {
                    "processDefinitionId": "choice",
                    "runtimeInstructions": [{"type": "X", "afterElementId": "yes"}],
                },
                400,
            ),
        ],
    )
    def test_what_may_be_asked(self, office, body, status):
        assert office.caller.post("/v2/process-instances", body)[0] == status

    def test_awaiting_the_end(self, office):
        body = {"processDefinitionId": "sorting", "variables": {"amount": 50}, "awaitCompletion": True}
        status, answer = office.caller.post("/v2/process-instances", body)
        assert (status, answer["variables"]) == (200, {"amount": 50, "lane": "slow"})
        body |= {"fetchVariables": ["lane"]}
        assert office.caller.post("/v2/process-instances", body)[1]["variables"] == {"lane": "slow"}

    def test_an_end_that_does_not_come_in_time_is_504_and_the_case_goes_on(self, office):
        body = {
            "processDefinitionId": "choice",
            "variables": {"go": True},
            "awaitCompletion": True,
            "requestTimeout": "10",
        }
        refused(office.caller.post("/v2/process-instances", body), 504, "DEADLINE_EXCEEDED")
        assert office.find("process-instances", processDefinitionId="choice", state="ACTIVE")

    def test_trouble_in_the_first_step_is_an_incident_and_no_error(self, office):
        instance = office.start("sorting", amount="many")
        assert office.find("process-instances", processInstanceKey=instance)[0]["hasIncident"] is True


class TestTasks:
    def test_claiming_holding_and_giving_back(self, office, person):
        instance = office.start(caseId="c", amount=1)
        path = f"/v2/user-tasks/{office.task(instance)['userTaskKey']}"
        claim = {"assignee": "admin", "allowOverride": False}
        assert office.caller.post(f"{path}/assignment", claim)[0] == 204
        refused(
            office.caller.post(f"{path}/assignment", {"assignee": "ben", "allowOverride": False}),
            409,
            "INVALID_STATE",
        )
        assert office.caller.post(f"{path}/assignment", {"assignee": "ben"})[0] == 204
        assert office.caller.get(path)[1]["assignee"] == "ben"
        assert office.caller.send("DELETE", f"{path}/assignee")[0] == 204
        assert office.caller.get(path)[1]["assignee"] is None
        for body in ({}, {"assignee": ""}, {"assignee": None}):
            refused(office.caller.post(f"{path}/assignment", body), 400, "INVALID_ARGUMENT")

    def test_a_form_refuses_with_every_field(self, office):
        instance = office.start(caseId="c", amount=1)
        path = f"/v2/user-tasks/{office.task(instance)['userTaskKey']}/completion"
        detail = refused(
            office.caller.post(path, {"variables": {"amount": 101, "note": 5, "extra": 1}}),
            400,
            "INVALID_ARGUMENT",
        )
        assert {line.split(":")[0] for line in detail.splitlines()[1:]} == {"amount", "note", "extra"}
        assert office.caller.post(path, {"variables": {"amount": 5}, "action": "go"})[0] == 204
        refused(office.caller.post(path, {"variables": {"amount": 5}}), 409, "INVALID_STATE")

    def test_an_unknown_task_and_the_path_that_is_not_there(self, office):
        for method, rest in (("GET", ""), ("GET", "/form"), ("POST", "/completion"), ("DELETE", "/assignee")):
            refused(office.caller.send(method, f"/v2/user-tasks/5{rest}"), 404, "NOT_FOUND")
        assert office.caller.send("PATCH", "/v2/user-tasks/5/update", {})[0] == 404

    def test_a_changeset_keeps_what_is_null_and_clears_what_is_empty(self, office):
        path = f"/v2/user-tasks/{office.task(office.start(caseId='c', amount=1))['userTaskKey']}"
        change = {
            "dueDate": "2027-01-01T01:00:00+01:00",
            "followUpDate": "2026-12-01T00:00:00Z",
            "priority": 90,
        }
        assert (
            office.caller.send("PATCH", path, {"changeset": change | {"candidateUsers": ["ben"]}})[0] == 204
        )
        task = office.caller.get(path)[1]
        assert (task["dueDate"], task["priority"]) == ("2027-01-01T00:00:00.000Z", 90)
        assert (task["candidateUsers"], task["candidateGroups"]) == (["ben"], ["handlers"])
        change = {"dueDate": "", "followUpDate": None, "candidateUsers": []}
        assert office.caller.send("PATCH", path, {"changeset": change})[0] == 204
        task = office.caller.get(path)[1]
        assert (task["dueDate"], task["followUpDate"]) == (None, "2026-12-01T00:00:00.000Z")
        assert task["candidateUsers"] == []
        for change in ({"dueDate": "soon"}, {"priority": 101}, {"candidateUsers": [""]}):
            refused(office.caller.send("PATCH", path, {"changeset": change}), 400, "INVALID_ARGUMENT")

    def test_people_see_their_tasks_and_no_others(self, office, person):
        instance = office.start(caseId="c", amount=1)
        task = office.task(instance)["userTaskKey"]
        hana, quinn = person("hana", "handler"), person("quinn", "quality")
        assert [one["userTaskKey"] for one in hana.post("/v2/user-tasks/search")[1]["items"]] == [task]
        assert quinn.post("/v2/user-tasks/search")[1]["items"] == []
        assert hana.get(f"/v2/user-tasks/{task}")[0] == 200
        refused(quinn.get(f"/v2/user-tasks/{task}"), 403, "FORBIDDEN")
        refused(quinn.post(f"/v2/user-tasks/{task}/completion", {}), 403, "FORBIDDEN")
        refused(hana.post(f"/v2/user-tasks/{task}/assignment", {"assignee": "quinn"}), 403, "FORBIDDEN")
        assert hana.post(f"/v2/user-tasks/{task}/assignment", {"assignee": "hana"})[0] == 204
        assert hana.post(f"/v2/user-tasks/{task}/completion", {"variables": {"amount": 2}})[0] == 204


class TestJobs:
    def test_a_leased_job_is_not_handed_out_twice(self, office):
        job, _ = office.waiting_job()
        assert office.activate() == []
        assert (
            office.caller.post(f"/v2/jobs/{job['jobKey']}/completion", {"variables": {"x": 1}, "result": {}})[
                0
            ]
            == 204
        )
        refused(office.caller.post(f"/v2/jobs/{job['jobKey']}/completion"), 409, "INVALID_STATE")
        refused(office.caller.post("/v2/jobs/5/completion"), 404, "NOT_FOUND")

    def test_numbers_as_text_and_chosen_variables(self, office):
        instance = office.start(caseId="c", amount=1)
        office.complete(instance, amount=2)
        [job] = office.activate(
            timeout="60000", maxJobsToActivate="1", requestTimeout="-1", fetchVariable=["amount"]
        )
        assert job["variables"] == {"amount": 2}

    def test_redress_own_types_are_never_handed_out(self, office):
        assert office.activate(type="redress:record") == []

    @pytest.mark.parametrize(
        "change", [{"type": ""}, {"timeout": 0}, {"maxJobsToActivate": 0}, {"tenantIds": ["other"]}]
    )
    def test_odd_requests_are_refused(self, office, change):
        body = {"type": "mail", "timeout": 1, "maxJobsToActivate": 1, "requestTimeout": -1} | change
        refused(office.caller.post("/v2/jobs/activation", body), 400, "INVALID_ARGUMENT")

    def test_failing_changing_and_throwing(self, office):
        job, instance = office.waiting_job()
        path = f"/v2/jobs/{job['jobKey']}"
        failure = {"retries": "1", "errorMessage": "later", "retryBackOff": "1000"}
        assert office.caller.post(f"{path}/failure", failure)[0] == 204
        assert office.find("jobs", jobKey=job["jobKey"])[0]["hasFailedWithRetriesLeft"] is True
        assert office.caller.send("PATCH", path, {"changeset": {"retries": 4, "timeout": None}})[0] == 204
        assert office.find("jobs", jobKey=job["jobKey"])[0]["retries"] == 4
        refused(office.caller.send("PATCH", path, {"changeset": {"retries": 0}}), 400, "INVALID_ARGUMENT")
        refused(office.caller.post(f"{path}/error", {"errorCode": ""}), 400, "INVALID_ARGUMENT")
        assert office.caller.post(f"{path}/error", {"errorCode": "NOPE", "variables": {"why": "w"}})[0] == 204
        assert office.task(instance)["elementId"] == "repair"
        assert office.find("jobs", jobKey=job["jobKey"])[0]["state"] == "ERROR_THROWN"
        refused(office.caller.post(f"{path}/error", {"errorCode": "NOPE"}), 409, "INVALID_STATE")


class TestMessagesAndSignals:
    def test_a_message_reaches_its_case_once(self, office):
        job, instance = office.waiting_job()
        office.caller.post(f"/v2/jobs/{job['jobKey']}/completion")
        body = {"name": "reply", "correlationKey": "c1", "variables": {"answer": "yes"}}
        status, hit = office.caller.post("/v2/messages/correlation", body)
        assert (status, hit["processInstanceKey"], hit["tenantId"]) == (200, instance, "<default>")
        refused(office.caller.post("/v2/messages/correlation", body), 404, "NOT_FOUND")
        assert set(office.caller.post("/v2/signals/broadcast", {"signalName": "alarm"})[1]) == {
            "signalKey",
            "tenantId",
        }
        assert office.task(instance)["elementId"] == "final"

    def test_a_published_message_waits_and_is_not_doubled(self, office):
        body = {"name": "reply", "correlationKey": "c1", "timeToLive": "60000", "messageId": "m1"}
        status, answer = office.caller.post("/v2/messages/publication", body)
        assert (status, set(answer)) == (200, {"messageKey", "tenantId"})
        refused(office.caller.post("/v2/messages/publication", body), 409, "ALREADY_EXISTS")
        job, instance = office.waiting_job()
        office.caller.post(f"/v2/jobs/{job['jobKey']}/completion")
        assert (
            office.find("message-subscriptions", processInstanceKey=instance)[0]["messageSubscriptionState"]
            == "CORRELATED"
        )
        refused(
            office.caller.post("/v2/messages/publication", {"correlationKey": "x"}), 400, "INVALID_ARGUMENT"
        )
        refused(office.caller.post("/v2/signals/broadcast", {}), 400, "INVALID_ARGUMENT")


class TestSteering:
    def test_canceling(self, office):
        instance = office.start("choice", go=True)
        path = f"/v2/process-instances/{instance}/cancellation"
        assert office.caller.post(path, {"operationReference": "1"})[0] == 204
        refused(office.caller.post(path), 409, "INVALID_STATE")
        refused(office.caller.post("/v2/process-instances/5/cancellation"), 404, "NOT_FOUND")

    def test_variables_outward_and_local(self, office):
        instance = office.start("choice", go=True, amount=1)
        task = office.task(instance)["elementInstanceKey"]
        path = f"/v2/element-instances/{task}/variables"
        assert office.caller.send("PUT", path, {"variables": {"amount": 2}})[0] == 204
        assert office.caller.send("PUT", path, {"variables": {"amount": 3}, "local": True})[0] == 204
        values = {
            one["scopeKey"]: one["value"]
            for one in office.find("variables", name="amount", processInstanceKey=instance)
        }
        assert values == {instance: "2", task: "3"}
        effective = office.caller.post(
            f"/v2/user-tasks/{task}/effective-variables/search", {"filter": {"name": "amount"}}
        )[1]["items"]
        assert [one["value"] for one in effective] == ["3"]
        refused(office.caller.send("PUT", path, {}), 400, "INVALID_ARGUMENT")
        refused(
            office.caller.send("PUT", "/v2/element-instances/5/variables", {"variables": {"a": 1}}),
            404,
            "NOT_FOUND",
        )

    def test_an_incident_is_resolved_once(self, office):
        instance = office.start("sorting", amount="many")
        [incident] = office.find("incidents", processInstanceKey=instance)
        path = f"/v2/incidents/{incident['incidentKey']}/resolution"
        office.caller.send("PUT", f"/v2/element-instances/{instance}/variables", {"variables": {"amount": 3}})
        answer = office.caller.raw("POST", path, headers={"Content-Type": "application/json"})
        assert answer.status_code == 204
        assert office.caller.get(f"/v2/process-instances/{instance}")[1]["state"] == "COMPLETED"
        refused(office.caller.post(path, {}), 409, "INVALID_STATE")
        assert office.caller.get(f"/v2/incidents/{incident['incidentKey']}")[1]["state"] == "RESOLVED"

    def test_tokens_are_moved_by_hand(self, office):
        instance = office.start("choice", go=True)
        path = f"/v2/process-instances/{instance}/modification"
        source = {"sourceType": "byId", "sourceElementId": "yes"}
        move = {"sourceElementInstruction": source, "targetElementId": "no"}
        assert office.caller.post(path, {"moveInstructions": [move]})[0] == 204
        task = office.task(instance)
        assert task["elementId"] == "no"
        source = {"sourceType": "byKey", "sourceElementInstanceKey": task["elementInstanceKey"]}
        with_variables = {
            "sourceElementInstruction": source,
            "targetElementId": "yes",
            "variableInstructions": [{"variables": {"why": "moved"}}],
        }
        assert office.caller.post(path, {"moveInstructions": [with_variables]})[0] == 204
        assert office.task(instance)["elementId"] == "yes"
        assert office.find("variables", processInstanceKey=instance, name="why")[0]["value"] == '"moved"'

    def test_a_modification_is_refused_with_every_problem(self, office):
        instance = office.start("choice", go=True)
        body = {
            "activateInstructions": [{"elementId": "gone"}],
            "terminateInstructions": [{}],
            "moveInstructions": [
                {"sourceElementInstruction": {"sourceElementId": "no"}, "targetElementId": "yes"}
            ],
        }
        detail = refused(
            office.caller.post(f"/v2/process-instances/{instance}/modification", body),
            400,
            "INVALID_ARGUMENT",
        )
        assert len(detail.splitlines()) == 3
        assert office.task(instance)["elementId"] == "yes"


def newer_choice(office, target="yes"):
    """Deploy a version of "choice" whose task "yes" is called ``target``; return its definition key."""
    changed = choice().replace(b'"yes"', f'"{target}"'.encode())
    status, body = office.caller.deploy(("choice.bpmn", changed))
    assert status == 200, body
    return body["deployments"][0]["processDefinition"]["processDefinitionKey"]


class TestMigration:
    def test_a_case_goes_on_along_another_version(self, office):
        instance, new = office.start("choice", go=True), newer_choice(office, "approve")
        body = {
            "targetProcessDefinitionKey": new,
            "mappingInstructions": [{"sourceElementId": "yes", "targetElementId": "approve"}],
        }
        assert office.caller.post(f"/v2/process-instances/{instance}/migration", body)[0] == 204
        task = office.task(instance)
        assert (task["elementId"], task["processDefinitionKey"]) == ("approve", new)
        shown = office.caller.get(f"/v2/process-instances/{instance}")[1]
        assert (shown["processDefinitionKey"], shown["processDefinitionVersion"]) == (new, 2)

    def test_a_refusal_names_every_gap(self, office):
        instance, new = office.start("choice", go=True), newer_choice(office, "approve")
        path = f"/v2/process-instances/{instance}/migration"
        gaps = [{"sourceElementId": "none", "targetElementId": "nothing"}]
        body = {"targetProcessDefinitionKey": new, "mappingInstructions": gaps}
        detail = refused(office.caller.post(path, body), 409, "INVALID_STATE")
        assert [word in detail for word in ("yes", "none", "nothing")] == [True, True, True]
        twice = {"targetProcessDefinitionKey": new, "mappingInstructions": gaps * 2}
        refused(office.caller.post(path, twice), 400, "INVALID_ARGUMENT")
        refused(office.caller.post(path, {"targetProcessDefinitionKey": "5"}), 404, "NOT_FOUND")
        refused(office.caller.post(path, {}), 400, "INVALID_ARGUMENT")
        refused(office.caller.post("/v2/process-instances/5/migration", body), 404, "NOT_FOUND")
        assert office.task(instance)["elementId"] == "yes"


def test_a_condition_starts_a_process_when_asked(admin):
    start = (
        '<startEvent id="start"><conditionalEventDefinition><condition xsi:type="tFormalExpression">=load &gt; 5</condition>'
        "</conditionalEventDefinition></startEvent>"
    )
    status, body = admin.deploy(("alarm.bpmn", bpmn("alarm", start + END + chain("start", "end"))))
    assert status == 200, body
    key = body["deployments"][0]["processDefinition"]["processDefinitionKey"]
    path = "/v2/conditionals/evaluation"
    status, body = admin.post(path, {"variables": {"load": 6}})
    assert status == 200
    assert set(body) == {"conditionalEvaluationKey", "tenantId", "processInstances"}
    (begun,) = body["processInstances"]
    assert begun["processDefinitionKey"] == key
    assert admin.get(f"/v2/process-instances/{begun['processInstanceKey']}")[1]["state"] == "COMPLETED"
    assert (
        admin.post(path, {"variables": {"load": 1}, "processDefinitionKey": key})[1]["processInstances"] == []
    )
    refused(admin.post(path, {}), 400, "INVALID_ARGUMENT")
    refused(admin.post(path, {"variables": {}, "processDefinitionKey": "5"}), 404, "NOT_FOUND")


def test_a_decision_needs_exactly_one_name(office):
    path = "/v2/decision-definitions/evaluation"
    for body in ({}, {"decisionDefinitionId": "lane", "decisionDefinitionKey": "5"}):
        refused(office.caller.post(path, body), 400, "INVALID_ARGUMENT")
    refused(office.caller.post(path, {"decisionDefinitionId": "none"}), 404, "NOT_FOUND")
    refused(office.caller.post(path, {"decisionDefinitionKey": "5"}), 404, "NOT_FOUND")
