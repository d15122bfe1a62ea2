"""The stock Python client drives the whole subset over a real server; it raises on every member that is missing."""

from __future__ import annotations

import threading
import uuid
from contextlib import contextmanager

import pytest
from waitress.server import create_server

from api.app import create_app
from api.installation import ready_service
from tests.api.conftest import ADMIN_TOKEN, settings_for
from tests.api.rest.cases import FILES

camunda = pytest.importorskip("camunda_orchestration_sdk")
httpx = pytest.importorskip("httpx")
m = pytest.importorskip("camunda_orchestration_sdk.models")
pytestmark = pytest.mark.slow


@contextmanager
def serving(folder, **settings):
    """Serve a fresh service on a free port; yields service and address."""
    service = ready_service(settings_for(folder, **settings))
    server = create_server(
        create_app(service), host="127.0.0.1", port=0, threads=8, channel_request_lookahead=1
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield service, f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.task_dispatcher.shutdown(cancel_pending=True, timeout=2)
        server.close()
        thread.join(5)
        service.database.dispose()


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A served service that lets nobody in particular in as `admin`, and its address."""
    with serving(tmp_path_factory.mktemp("live"), REDRESS_V2_ANONYMOUS="admin") as (service, address):
        yield service, address


@pytest.fixture(params=["none", "basic", "bearer"])
def client(live, request):
    """The stock client in each mode of authentication."""
    _, address = live
    settings = {"CAMUNDA_REST_ADDRESS": address, "CAMUNDA_AUTH_STRATEGY": "NONE"}
    options = {}
    if request.param == "basic":
        settings |= {
            "CAMUNDA_AUTH_STRATEGY": "BASIC",
            "CAMUNDA_BASIC_AUTH_USERNAME": "admin",
            "CAMUNDA_BASIC_AUTH_PASSWORD": ADMIN_TOKEN,
        }
    if request.param == "bearer":
        options = {"headers": {"Authorization": f"Bearer {ADMIN_TOKEN}"}}
    with camunda.CamundaClient(configuration=settings, **options) as client:
        yield client


@pytest.fixture
def deployed(client, tmp_path):
    """The deployment of the test's files, made through the client."""
    for name, data in FILES:
        (tmp_path / name).write_bytes(data)
    return client.deploy_resources_from_files([str(tmp_path / name) for name, _ in FILES])


def start(client, process="order", **more):
    return client.create_process_instance(
        data=m.ProcessCreationById.from_dict({"processDefinitionId": process, "variables": more})
    )


def task_of(client, instance, state="CREATED"):
    found = client.search_user_tasks(
        data=m.UserTaskSearchQuery.from_dict(
            {"filter": {"processInstanceKey": instance.process_instance_key, "state": state}}
        )
    )
    return found.items[0] if found.items else None


def test_the_service_says_what_it_is(client):
    assert client.get_topology().gateway_version == "8.9.0"
    assert client.get_authentication().username == "admin"
    assert client.get_license().valid_license is True
    client.get_status()


def test_what_is_deployed_can_be_read(client, deployed):
    assert [one.process_definition_id for one in deployed.processes] == ["order", "sorting", "choice"]
    assert (len(deployed.decisions), len(deployed.decision_requirements), len(deployed.forms)) == (1, 1, 1)
    key = deployed.processes[0].process_definition_key
    assert client.get_process_definition(process_definition_key=key).process_definition_id == "order"
    assert b"order" in client.get_process_definition_xml(process_definition_key=key).encode()
    found = client.search_process_definitions(
        data=m.ProcessDefinitionSearchQuery.from_dict(
            {"filter": {"isLatestVersion": True, "processDefinitionId": "order"}}
        )
    )
    assert len(found.items) == 1


def test_a_case_is_worked_to_its_end(client, deployed):
    case = start(client, caseId=uuid.uuid4().hex, amount=3)
    key = case.process_instance_key
    task = task_of(client, case)
    form = client.get_user_task_form(user_task_key=task.user_task_key)
    assert form.form_id == "assess"
    client.get_user_task(user_task_key=task.user_task_key)
    client.assign_user_task(
        user_task_key=task.user_task_key,
        data=m.UserTaskAssignmentRequest(assignee="admin", allow_override=False),
    )
    client.unassign_user_task(user_task_key=task.user_task_key)
    client.update_user_task(
        user_task_key=task.user_task_key,
        data=m.UserTaskUpdateRequest.from_dict(
            {"changeset": {"priority": 80, "dueDate": "2027-01-01T00:00:00Z"}}
        ),
    )
    variables = client.search_user_task_variables(
        user_task_key=task.user_task_key,
        data=m.UserTaskVariableSearchQueryRequest.from_dict({"filter": {"name": "amount"}}),
    )
    assert [one.value for one in variables.items] == ["3"]
    client.search_user_task_effective_variables(
        user_task_key=task.user_task_key, data=m.UserTaskEffectiveVariableSearchQueryRequest.from_dict({})
    )
    client.complete_user_task(
        user_task_key=task.user_task_key,
        data=m.UserTaskCompletionRequest.from_dict({"variables": {"amount": 7}}),
    )
    job = activate(client)
    assert job.custom_headers.to_dict() == {"to": "ann"}
    client.complete_job(
        job_key=job.job_key, data=m.JobCompletionRequest.from_dict({"variables": {"sent": True}})
    )
    waiting = client.search_message_subscriptions(
        data=m.MessageSubscriptionSearchQuery.from_dict({"filter": {"processInstanceKey": key}})
    ).items
    hit = client.correlate_message(
        data=m.MessageCorrelationRequest.from_dict(
            {"name": "reply", "correlationKey": waiting[0].correlation_key}
        )
    )
    assert hit.process_instance_key == key
    client.broadcast_signal(data=m.SignalBroadcastRequest.from_dict({"signalName": "alarm"}))
    client.publish_message(
        data=m.MessagePublicationRequest.from_dict(
            {"name": "nobody", "correlationKey": "x", "timeToLive": 1000}
        )
    )
    final = task_of(client, case)
    client.complete_user_task(user_task_key=final.user_task_key, data=m.UserTaskCompletionRequest())
    ended = client.get_process_instance(process_instance_key=key)
    assert str(ended.state) == "COMPLETED"
    read_everything(client, key)


def activate(client, **more):
    asked = {
        "type": "mail",
        "timeout": 10_000,
        "maxJobsToActivate": 1,
        "worker": "w",
        "requestTimeout": 1000,
        **more,
    }
    return client.activate_jobs(data=m.JobActivationRequest.from_dict(asked)).jobs[0]


def read_everything(client, key):
    """Read every kind of record of a finished case."""
    by_instance = {"filter": {"processInstanceKey": key}}
    assert client.search_process_instances(data=m.ProcessInstanceSearchQuery.from_dict(by_instance)).items
    visits = client.search_element_instances(data=m.ElementInstanceSearchQuery.from_dict(by_instance)).items
    assert client.get_element_instance(element_instance_key=visits[0].element_instance_key).element_id
    assert client.search_jobs(data=m.JobSearchQuery.from_dict(by_instance)).items
    variables = client.search_variables(
        data=m.VariableSearchQuery.from_dict(by_instance), truncate_values=False
    ).items
    assert client.get_variable(variable_key=variables[0].variable_key).value
    assert client.get_process_instance_statistics(process_instance_key=key).items


def test_a_failing_job_becomes_an_incident_and_is_put_right(client, deployed):
    case = start(client, caseId="f", amount=3)
    task = task_of(client, case)
    client.complete_user_task(
        user_task_key=task.user_task_key,
        data=m.UserTaskCompletionRequest.from_dict({"variables": {"amount": 7}}),
    )
    job = activate(client)
    client.fail_job(
        job_key=job.job_key, data=m.JobFailRequest.from_dict({"retries": 0, "errorMessage": "no post office"})
    )
    found = client.search_process_instance_incidents(
        process_instance_key=case.process_instance_key, data=m.IncidentSearchQuery.from_dict({})
    ).items
    assert (str(found[0].error_type), found[0].error_message) == ("JOB_NO_RETRIES", "no post office")
    client.get_incident(incident_key=found[0].incident_key)
    client.update_job(job_key=job.job_key, data=m.JobUpdateRequest.from_dict({"changeset": {"retries": 2}}))
    client.resolve_incident(incident_key=found[0].incident_key, data=m.IncidentResolutionRequest())
    job = activate(client)
    client.throw_job_error(job_key=job.job_key, data=m.JobErrorRequest.from_dict({"errorCode": "NOPE"}))
    assert task_of(client, case).element_id == "repair"
    client.search_incidents(data=m.IncidentSearchQuery.from_dict({"filter": {"state": "RESOLVED"}}))


def test_a_case_is_steered_by_hand(client, deployed):
    case = start(client, caseId="m", amount=3)
    key = case.process_instance_key
    task = task_of(client, case)
    client.modify_process_instance(
        process_instance_key=key,
        data=m.ProcessInstanceModificationInstruction.from_dict(
            {
                "activateInstructions": [{"elementId": "final"}],
                "terminateInstructions": [{"elementInstanceKey": task.element_instance_key}],
            }
        ),
    )
    assert task_of(client, case).element_id == "final"
    client.create_element_instance_variables(
        element_instance_key=key, data=m.SetVariableRequest.from_dict({"variables": {"amount": 9}})
    )
    client.cancel_process_instance(process_instance_key=key, data=m.CancelProcessInstanceRequest())
    assert str(client.get_process_instance(process_instance_key=key).state) == "TERMINATED"


def test_a_decision_is_made_and_explained(client, deployed):
    made = client.evaluate_decision(
        data=m.DecisionEvaluationByID.from_dict({"decisionDefinitionId": "lane", "variables": {"amount": 12}})
    )
    assert made.output == '"slow"'
    assert made.evaluated_decisions[0].matched_rules[0].rule_index == 2
    failed = client.evaluate_decision(
        data=m.DecisionEvaluationByID.from_dict(
            {"decisionDefinitionId": "lane", "variables": {"amount": "x"}}
        )
    )
    assert failed.output == "null" or failed.failure_message


def test_an_awaited_case_tells_its_variables(client, deployed):
    done = client.create_process_instance(
        data=m.ProcessCreationById.from_dict(
            {
                "processDefinitionId": "sorting",
                "variables": {"amount": 2},
                "awaitCompletion": True,
                "fetchVariables": ["lane"],
            }
        )
    )
    assert done.variables.to_dict() == {"lane": "fast"}


def test_the_wrong_password_opens_topology_only(live):
    _, address = live
    with httpx.Client(base_url=address, auth=("admin", "wrong")) as web:
        assert web.get("/v2/topology").status_code == 200
        assert web.post("/v2/deployments", files={"resources": ("a.bpmn", b"x")}).status_code == 401


def test_an_empty_authorization_header_is_none(live):
    _, address = live
    with httpx.Client(base_url=address, headers={"Authorization": ""}) as web:
        assert web.get("/v2/topology").status_code == 200
        assert web.get("/v2/authentication/me").json()["username"] == "admin"


def test_a_poll_ends_when_a_job_comes(live, client, deployed):
    got = []
    waiting = threading.Thread(target=lambda: got.append(activate(client, requestTimeout=20_000)))
    waiting.start()
    case = start(client, caseId="p", amount=3)
    task = task_of(client, case)
    client.complete_user_task(
        user_task_key=task.user_task_key,
        data=m.UserTaskCompletionRequest.from_dict({"variables": {"amount": 7}}),
    )
    waiting.join(10)
    assert [job.process_instance_key for job in got] == [case.process_instance_key]
    client.complete_job(job_key=got[0].job_key, data=m.JobCompletionRequest())
