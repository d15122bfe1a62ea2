"""The page of stuck steps: what is shown, and the three ways out of it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine.store.tables import tasks
from tests.api.rest.cases import choice
from tests.api.web.staff_desk import Desk
from tests.engine.diagrams import END, START, bpmn, chain, flow, one_task, user_task


@pytest.fixture
def admin(app, service):
    return Desk(app, service, "root", "admin")


@pytest.fixture
def stuck(service):
    """A case whose gateway cannot decide, and its incident."""
    service.engine.deploy([("choice.bpmn", choice())])
    case = service.engine.start("choice", {"go": "perhaps"})
    (incident,) = service.engine.incidents().items
    return case, incident


def address(incident, verb=""):
    return f"/staff/incidents/{incident.incident_key}" + (f"/{verb}" if verb else "")


def test_a_stuck_step_is_listed_and_shown_with_what_it_saw(admin, stuck):
    _, incident = stuck
    admin.open("/staff/incidents")
    assert incident.error_message[:60] in admin.text
    assert f'href="{address(incident)}"' in admin.html
    assert admin.open(address(incident)).status_code == 200
    assert "Stuck step: which" in admin.text
    assert incident.error_message in admin.text
    assert 'go "perhaps"' in admin.text


def test_a_corrected_variable_lets_the_case_go_on(admin, stuck, service):
    case, incident = stuck
    admin.open(address(incident))
    admin.send(address(incident, "variable"), name="go", value="true")
    assert "go is corrected. Retry the step now." in admin.text
    assert service.engine.values(case.key) == {"go": True}
    assert service.engine.incident(incident.incident_key).state == "ACTIVE", (
        "correcting alone repeats nothing"
    )
    admin.send(address(incident, "retry"))
    assert "The step has been tried again, and went well." in admin.text
    assert "Nothing needs attention." in admin.text
    assert service.engine.open_task_names(case.key) == ["Yes"]
    resolved = [one for one in service.engine.history(case.key) if one.kind == "incident_resolved"]
    assert [one.actor for one in resolved] == ["root"]


def test_a_retry_that_fails_again_says_so(admin, stuck, service):
    case, incident = stuck
    admin.open(address(incident))
    admin.send(address(incident, "retry"))
    assert "still stuck" in admin.text
    assert "went well" not in admin.text
    (again,) = [one for one in service.engine.incidents().items if one.state == "ACTIVE"]
    assert address(again, "retry") in admin.html, "the page of the new incident is shown"
    assert service.engine.open_task_names(case.key) == []


def test_the_case_goes_on_elsewhere_with_a_reason(admin, stuck, service):
    case, incident = stuck
    admin.open(address(incident))
    admin.send(address(incident, "move"), target="no", reason="Decided by phone")
    assert "The case goes on there." in admin.text
    assert service.engine.open_task_names(case.key) == ["No"]
    assert service.engine.incident(incident.incident_key).state == "RESOLVED"
    (told,) = [one for one in service.engine.history(case.key) if one.kind == "instance_modified"]
    assert (told.actor, told.facts["reason"]) == ("root", "Decided by phone")


def test_a_start_that_ran_away_goes_on_elsewhere(admin, service):
    round_about = (
        START + '<exclusiveGateway id="back"/><exclusiveGateway id="turn" default="turn-back"/>' + END
    )
    body = round_about + chain("start", "back", "turn") + flow("turn", "end", "=stop")
    body += '<sequenceFlow id="turn-back" sourceRef="turn" targetRef="back"/>'
    service.engine.deploy([("loop.bpmn", bpmn("loop", body))])
    case = service.engine.start("loop", {"stop": False}).key
    (incident,) = service.engine.incidents().items
    assert admin.open(address(incident)).status_code == 200
    assert "runs in a circle without ever waiting: “back”, “turn”" in admin.text
    admin.send(address(incident, "move"), target="end", reason="It has stopped.")
    assert service.engine.instance(case).state == "COMPLETED"


def test_a_whole_process_that_is_stuck_offers_no_skipping(admin, service):
    service.engine.deploy([("small.bpmn", one_task())])
    service.engine.start("small")
    service.engine.write(lambda session: session.execute(sa.update(tasks).values(state="CANCELED")))
    service.engine.verify()
    (incident,) = service.engine.incidents().items
    assert admin.open(address(incident)).status_code == 200
    assert "Stuck step: whole process" in admin.text
    assert "Go on at another step" not in admin.text


@pytest.mark.parametrize(
    ("verb", "fields", "reason"),
    [
        ("move", {"target": "nothing"}, "nothing"),
        ("move", {"target": ""}, "element"),
        ("move", {"target": "start"}, "start"),
        ("variable", {"name": "go", "value": "{"}, "JSON"),
        ("variable", {"name": "", "value": "1"}, "name"),
        ("variable", {"name": "_a", "value": "1"}, "_a"),
    ],
)
def test_a_refusal_says_why_and_changes_nothing(admin, stuck, service, verb, fields, reason):
    case, incident = stuck
    admin.open(address(incident))
    assert admin.send(address(incident, verb), **fields).status_code == 422
    notice = admin.html.split("<h1>")[0]
    assert reason in notice
    assert "Error" in notice
    assert service.engine.values(case.key) == {"go": "perhaps"}
    assert [one.element_id for one in service.engine.tokens(case.key)] == ["which"]


def test_a_stuck_step_that_somebody_else_mended_is_said(admin, stuck, service):
    _, incident = stuck
    admin.open(address(incident))
    service.engine.set_variables(incident.process_instance_key, {"go": True})
    service.engine.resolve_incident(incident.incident_key)
    assert admin.send(address(incident, "retry")).status_code == 422
    assert "already" in admin.text


def test_an_unknown_one_is_not_found_and_colleagues_have_no_such_page(app, service, admin, stuck):
    _, incident = stuck
    assert admin.open("/staff/incidents/5").status_code == 404
    hana = Desk(app, service, "hana", "handler", groups=("complaints",))
    assert hana.open("/staff/incidents").status_code == 403
    assert hana.open(address(incident)).status_code == 403
    assert hana.send(address(incident, "retry")).status_code == 403
    assert service.engine.incident(incident.incident_key).state == "ACTIVE"


def test_a_job_out_of_tries_is_tried_again(admin, service, clock):
    task = (
        '<serviceTask id="work" name="Work"><extensionElements><zeebe:taskDefinition type="print" retries="1"/>'
        "</extensionElements></serviceTask>"
    )
    body = START + task + user_task("after") + END + chain("start", "work", "after", "end")
    service.engine.deploy([("job.bpmn", bpmn("job", body))])
    case = service.engine.start("job")
    (job,) = service.engine.jobs().items
    service.engine.fail_job(job.job_key, retries=0, message="The printer is out of paper.")
    (incident,) = service.engine.incidents().items
    admin.open(address(incident))
    assert "The printer is out of paper." in admin.text
    admin.send(address(incident, "retry"))
    assert "The job is handed out once more." in admin.text
    assert "went well" not in admin.text
    service.engine.complete_job(job.job_key)
    assert service.engine.open_task_names(case.key) == ["After"]
