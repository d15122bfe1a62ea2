"""A slip is refused at every door, and what an organisation draws for itself is not doubted."""

from __future__ import annotations

import io
import json
import re
import shutil
from xml.sax.saxutils import escape

import pytest

from api.cli import main
from api.installation import open_service, ready_service
from api.organisation import OrganisationRefused
from api.procedure.starting import ProcedureIncomplete
from engine.commands.errors import DeploymentRefused
from tests.api.conftest import ROOT, settings_for
from tests.api.procedure.slips import shipped
from tests.engine.diagrams import bpmn, chain, service_task, user_task

SLIPS = {
    "deadlines.dmn": (b'hitPolicy="RULE ORDER"', b'hitPolicy="FIRST"'),
    "waiting-times.dmn": (b'"uk-financial"', b'"uk-financal"'),
    "authority.dmn": (b'"complaints-managers"', b'"complaints-manager"'),
    "response.bpmn": (b'key="duty" value="quality-check"', b'key="duty" value="quality-chek"'),
    "satisfaction-survey.bpmn": (b"waits.survey", b"waits.survy"),
    "scope-screening.bpmn": (b'key="letter"', b'key="leter"'),
    "assessment.bpmn": (b'target="safety"', b'target="safqty"'),
    "complaint-handling.bpmn": (b'process id="complaint-handling"', b'process id="complaint-handlin"'),
    "log-complaint.form": (b'"id": "log-complaint"', b'"id": "log-complant"'),
    "complaint.form": (b'"key": "dangerReported"', b'"key": "dangerReportde"'),
    "stages.dmn": (b'hitPolicy="FIRST"', b'hitPolicy="COLLECT"'),
    "closure.dmn": (b"<text>reasonGiven", b"<text>erasonGiven"),
}


def spoilt(name):
    right, wrong = SLIPS[name]
    data = shipped()[name]
    return data.replace(right, wrong, 1)


OVER = {"assessment.bpmn"}  # a name of one's own that is a slip only in the place of the one that is deployed
WRONG = [name for name in SLIPS if spoilt(name) != shipped()[name]]


def test_the_slips_are_there():
    assert len(WRONG) >= 5


@pytest.fixture
def own(tmp_path):
    for name in ("processes", "forms"):
        shutil.copytree(ROOT / name, tmp_path / "own" / name)
    return tmp_path / "own"


@pytest.mark.parametrize("name", WRONG)
def test_a_slip_is_refused_by_lint_and_deploy_and_by_the_first_start(
    name, own, prepared, tmp_path, monkeypatch, capsys
):
    (own / "processes" / name).write_bytes(spoilt(name))
    shutil.copytree(prepared, tmp_path / "data")
    monkeypatch.setenv("REDRESS_DATA_DIR", str(tmp_path / "data"))
    places = [str(own / "processes"), str(own / "forms")]
    assert main(["lint", *places]) == 1
    assert f"error: {name}" in capsys.readouterr().out
    assert main(["deploy", *places]) == 1
    assert f"error: {name}" in capsys.readouterr().out
    if name in OVER:
        return
    shipped_so = {"REDRESS_PROCESSES_DIR": places[0], "REDRESS_FORMS_DIR": places[1]}
    with pytest.raises((DeploymentRefused, ProcedureIncomplete)) as refused:
        ready_service(settings_for(tmp_path / "new", **shipped_so))
    assert name.partition(".")[0] in str(refused.value)


@pytest.mark.parametrize("name", WRONG)
def test_a_slip_is_refused_over_the_interfaces(name, admin):
    forms = {each: data for each, data in shipped().items() if each.endswith(".form")}
    files = forms | {name: spoilt(name)}
    status, problem = admin.deploy(*files.items())
    assert status == 400
    assert re.search(rf"{re.escape(name)}( ›|:)", problem["detail"])
    assert re.search(r"Did you mean|is needed|hit policy|Is it", problem["detail"])
    parts = [(io.BytesIO(data), each) for each, data in files.items()]
    answer = admin.raw("POST", "/api/lint", data={"resources": parts}).get_json()
    assert answer["accepted"] is False
    assert {found["file"] for found in answer["findings"]} >= {name}


ROUND_FOR_NOBODY = shipped()["stages.dmn"].replace(b'"generic"', b'"generic", "us-cfpb"', 1)


def test_a_second_look_without_a_clock_is_refused_over_the_interface(admin):
    status, problem = admin.deploy(("stages.dmn", ROUND_FOR_NOBODY))
    assert (status, "us-cfpb" in problem["detail"]) == (400, True)


def test_a_second_look_without_a_clock_is_refused_by_lint_and_deploy_and_by_the_first_start(
    own, prepared, tmp_path, monkeypatch, capsys
):
    (own / "processes" / "stages.dmn").write_bytes(ROUND_FOR_NOBODY)
    shutil.copytree(prepared, tmp_path / "data")
    monkeypatch.setenv("REDRESS_DATA_DIR", str(tmp_path / "data"))
    places = [str(own / "processes"), str(own / "forms")]
    for command in ("lint", "deploy"):
        assert main([command, *places]) == 1
        assert "error: stages.dmn" in capsys.readouterr().out
    shipped_so = {"REDRESS_PROCESSES_DIR": places[0], "REDRESS_FORMS_DIR": places[1]}
    with pytest.raises(DeploymentRefused, match="us-cfpb"):
        ready_service(settings_for(tmp_path / "new", **shipped_so))


@pytest.mark.parametrize("member", ["regime", "calendar"])
def test_a_slip_in_the_organisation_file_stops_lint_and_start_with_one_line(
    member, own, prepared, tmp_path, monkeypatch, capsys
):
    path = own / "processes" / "organisation.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {member: content[member][:-1]}))
    shutil.copytree(prepared, tmp_path / "data")
    monkeypatch.setenv("REDRESS_DATA_DIR", str(tmp_path / "data"))
    assert main(["lint", str(own / "processes"), str(own / "forms")]) == 1
    monkeypatch.setenv("REDRESS_PROCESSES_DIR", str(own / "processes"))
    for command in ("init", "serve", "worker"):
        assert main([command]) == 4
        (line,) = capsys.readouterr().err.splitlines()
        assert content[member] in line
        assert "Traceback" not in line


def test_a_table_without_the_regime_of_the_organisation_is_refused(own, prepared, tmp_path, monkeypatch):
    shutil.copytree(prepared, tmp_path / "data")
    settings = settings_for(tmp_path / "data")
    data = (own / "processes" / "deadlines.dmn").read_bytes().replace(b'"generic"', b'"ordinary"')
    service = open_service(settings)
    with pytest.raises(DeploymentRefused, match=r"organisation\.json"):
        service.engine.deploy([("deadlines.dmn", data)])
    service.database.dispose()


def test_an_organisation_without_its_regime_is_refused(prepared, tmp_path, own):
    shutil.copytree(prepared, tmp_path / "data")
    path = own / "processes" / "organisation.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"regime": "martian"}))
    with pytest.raises(OrganisationRefused, match="martian"):
        ready_service(settings_for(tmp_path / "data", REDRESS_PROCESSES_DIR=str(own / "processes")))


def test_a_process_of_ones_own_is_not_doubted(admin, prepared, tmp_path, monkeypatch, capsys):
    foreign = (
        '<zeebe:taskHeaders><zeebe:header key="city" value="Kiel"/><zeebe:header key="state" value="any"/>'
        "</zeebe:taskHeaders>"
    )
    skill = (
        '<zeebe:assignmentDefinition candidateGroups="intake"/>'
        '<zeebe:taskHeaders><zeebe:header key="skill" value="welding"/></zeebe:taskHeaders>'
    )
    body = (
        '<startEvent id="start"/>'
        + service_task("weather", "acme:fetch-weather", extension=foreign)
        + user_task("weld", skill)
        + '<endEvent id="end"/>'
        + chain("start", "weather", "weld", "end")
    )
    data = bpmn("welding", body)
    parts = [(io.BytesIO(data), "welding.bpmn")]
    answer = admin.raw("POST", "/v2/deployments", data={"resources": parts})
    assert answer.status_code == 200, answer.get_json()
    (tmp_path / "welding.bpmn").write_bytes(data)
    assert main(["lint", str(tmp_path / "welding.bpmn")]) == 0
    told = capsys.readouterr().out
    assert not [word for word in ("city", "Kiel", "skill", "acme", "welding”") if f"“{word}" in told]


OWN_NAMES = (
    *(
        "score",
        "mail",
        "state",
        "date",
        "line",
        "zone",
        "gone",
        "test",
        "role",
        "ready",
        "find",
        "own",
        "owned",
    ),
    *("stop", "tone", "county", "amounts", "levels", "owners"),
)
OWN_CODES = {"outcome": "uphold", "answer": "accept", "level": "load", "impact": "none", "product": "cart"}


def test_names_and_codes_of_ones_own_are_no_slips_of_others(admin):
    """A worker may give any name; short words are nearly always a letter away from some other."""
    asked = [f"{name} = 1" for name in OWN_NAMES]
    asked += [f'{name} = "{code}"' for name, code in OWN_CODES.items()]
    for number, condition in enumerate(asked):
        body = (
            '<startEvent id="start"/>'
            + service_task("look", "credit-bureau")
            + '<exclusiveGateway id="which" default="no"/><endEvent id="good"/><endEvent id="bad"/>'
            + '<sequenceFlow id="f1" sourceRef="start" targetRef="look"/><sequenceFlow id="f2" sourceRef="look" targetRef="which"/>'
            + '<sequenceFlow id="no" sourceRef="which" targetRef="bad"/><sequenceFlow id="yes" sourceRef="which" targetRef="good">'
            + f"<conditionExpression>={escape(condition)}</conditionExpression></sequenceFlow>"
        )
        status, problem = admin.deploy(("credit.bpmn", bpmn(f"credit-{number}", body)))
        assert status == 200, (condition, problem["detail"])


@pytest.mark.parametrize("key", ["line", "mail", "test", "score", "owners", "amounts", "levels"])
def test_a_new_question_is_no_slip_of_another(key, admin):
    form = json.loads(shipped()["assess.form"])
    form["components"].append({"id": "Own", "type": "textfield", "key": key, "label": "Something of our own"})
    status, problem = admin.deploy(("assess.form", json.dumps(form).encode()))
    assert status == 200, problem["detail"]


def test_an_option_that_a_table_does_not_allow_is_refused(admin):
    data = shipped()["assess.form"].replace(b'"value": "several"', b'"value": "a dozen"')
    status, problem = admin.deploy(("assess.form", data))
    assert (status, "does not allow “a dozen”" in problem["detail"]) == (400, True)


def test_a_key_in_the_place_of_another_is_a_slip(admin):
    data = shipped()["assess.form"].replace(b'"key": "safety"', b'"key": "saftey"')
    status, problem = admin.deploy(("assess.form", data))
    assert (status, "Did you mean safety?" in problem["detail"]) == (400, True)
