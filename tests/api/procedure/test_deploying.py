"""What a deployment says to whoever deploys, at every door."""

from __future__ import annotations

import io
import re
import shutil

import pytest
from sqlalchemy import select

from api.cli import main
from api.complaints.tables import NoticeRow
from engine.findings import Finding, counted
from tests.api.procedure.slips import shipped
from tests.engine.diagrams import one_task

DOUBTFUL = one_task("doubtful")


def notices(service):
    return service.engine.read(lambda session: list(session.scalars(select(NoticeRow))))


def test_warnings_are_counted_in_a_header_and_wait_among_the_notices(admin, service):
    answer = deploy_raw(admin, ("doubtful.bpmn", DOUBTFUL))
    assert answer.status_code == 200
    count = int(answer.headers["Redress-Warnings"])
    assert count > 0
    assert set(answer.get_json()) == {"deploymentKey", "deployments", "tenantId"}
    (notice,) = notices(service)
    assert notice.person_name == "admin"
    assert len(notice.text.splitlines()) == count
    assert "Nobody can take the task" in notice.text


def test_the_same_files_again_say_the_same_warnings(admin, service):
    first = deploy_raw(admin, ("doubtful.bpmn", DOUBTFUL))
    again = deploy_raw(admin, ("doubtful.bpmn", DOUBTFUL))
    assert again.headers["Redress-Warnings"] == first.headers["Redress-Warnings"]
    assert len({notice.text for notice in notices(service)}) == 1


def test_a_deployment_without_warnings_leaves_no_notice(admin, service):
    form = '{"id": "f", "type": "default", "components": []}'
    answer = deploy_raw(admin, ("f.form", form.encode()))
    assert (answer.status_code, answer.headers["Redress-Warnings"]) == (200, "0")
    assert notices(service) == []


def test_the_command_prints_each_warning_and_their_number(prepared, tmp_path, monkeypatch, capsys):
    shutil.copytree(prepared, tmp_path / "data")
    monkeypatch.setenv("REDRESS_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "doubtful.bpmn").write_bytes(DOUBTFUL)
    assert main(["deploy", str(tmp_path / "doubtful.bpmn")]) == 0
    lines = capsys.readouterr().out.splitlines()
    warned = [line for line in lines if line.startswith("warning: doubtful.bpmn")]
    assert any("Nobody can take the task" in line for line in warned)
    assert lines[-1] == f"1 files deployed, {counted(Finding('warning', '', '') for _ in warned)}"


@pytest.mark.parametrize("name", ["x.form", "x.bpmn", "x.dmn"])
def test_one_name_twice_in_one_request_is_refused(name, admin, service):
    status, problem = admin.deploy((name, b"{}"), (name, b"{ }"))
    assert status == 400
    assert "comes twice" in problem["detail"]


def deploy_raw(caller, *files):
    parts = [(io.BytesIO(data), name) for name, data in files]
    return caller.raw("POST", "/v2/deployments", data={"resources": parts})


def test_files_keep_their_versions_while_none_of_them_changed(admin):
    form = b'{"id": "%s", "type": "default", "components": []}'
    files = [("a.form", form % b"a"), ("b.form", form % b"b")]

    def versions(*given):
        deployed = deploy_raw(admin, *given).get_json()["deployments"]
        return sorted((each["form"]["formId"], each["form"]["version"]) for each in deployed)

    assert versions(*files) == versions(*files) == [("a", 1), ("b", 1)]
    changed = ("a.form", files[0][1] + b"\n")
    assert versions(changed, files[1]) == [("a", 2), ("b", 2)]


def test_rows_of_regimes_that_were_left_out_are_said_and_no_obstacle(admin):
    table = re.sub(
        r"<rule id=[^>]*us-airlines.*?</rule>", "", shipped()["deadlines.dmn"].decode(), flags=re.DOTALL
    )
    looks = ("stages.dmn", shipped()["stages.dmn"])
    answer = deploy_raw(admin, ("deadlines.dmn", table.encode()), looks)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["Redress-Warnings"]) > 0
