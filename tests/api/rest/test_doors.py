"""Who gets in, by which door, and what those outside are told."""

from __future__ import annotations

import base64

import pytest
import sqlalchemy as sa

from api.app import create_app
from api.identity import people, tokens
from api.settings import SettingRefused, read_settings
from api.wiring import wire
from tests.api.conftest import ADMIN_TOKEN, Caller, settings_for


def basic(name, token):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()}


def statements(service):
    seen = []
    for engine in {service.database.writer, service.database.reader}:
        sa.event.listen(engine, "before_cursor_execute", lambda c, cur, text, *rest: seen.append(text))
    return seen


def test_topology_is_open_whatever_is_shown_and_asks_no_database(app, service, stranger):
    seen = statements(service)
    for header in (
        {},
        {"Authorization": ""},
        {"Authorization": "  "},
        basic("admin", "wrong"),
        {"Authorization": "Junk"},
    ):
        assert stranger.raw("GET", "/v2/topology", headers=header).status_code == 200
    assert seen == []
    assert stranger.raw("GET", "/v2/status").status_code == 204


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic !!"},
        {"Authorization": "Digest x"},
        basic("admin", "correct horse battery"),
        basic("somebody", ADMIN_TOKEN),
    ],
)
def test_without_a_token_there_is_only_401(stranger, header):
    answer = stranger.raw("POST", "/v2/user-tasks/search", headers=header)
    assert (answer.status_code, answer.get_json()["title"]) == (401, "UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Redress"'
    assert stranger.raw("POST", "/api/complaints/search", headers=header).status_code == 401


def test_a_token_opens_as_basic_and_as_bearer(stranger):
    for header in (basic("admin", ADMIN_TOKEN), {"Authorization": f"bearer {ADMIN_TOKEN}"}):
        assert stranger.raw("GET", "/v2/authentication/me", headers=header).status_code == 200


def test_a_browsers_session_does_not_open_v2(app, service):
    browser = app.test_client()
    browser.set_cookie("redress", "anything")
    assert browser.get("/v2/authentication/me").status_code == 401


def test_a_disabled_account_is_out_at_once(person, service, clock):
    ina = person("ina", "intake")
    assert ina.get("/v2/authentication/me")[0] == 200
    service.engine.write(lambda db: people.change(db, "ina", active=False, at=clock.now()))
    assert ina.get("/v2/authentication/me")[0] == 401


def test_a_revoked_token_is_worthless_at_once(person, service, clock):
    ina = person("ina", "intake")
    assert ina.get("/v2/authentication/me")[0] == 200

    def revoke(db):
        key = db.scalar(
            sa.text(
                "SELECT t.key FROM api_tokens t JOIN people p ON p.key = t.person_key WHERE p.name = 'ina'"
            )
        )
        tokens.revoke(db, key, at=clock.now())

    service.engine.write(revoke)
    assert ina.get("/v2/authentication/me")[0] == 401


COMMANDS = [
    ("POST", "/v2/process-instances", {"processDefinitionId": "order"}),
    ("POST", "/v2/process-instances/search", {}),
    ("GET", "/v2/process-instances/5", None),
    ("POST", "/v2/process-instances/5/cancellation", None),
    ("POST", "/v2/process-instances/5/modification", {}),
    ("POST", "/v2/process-instances/5/migration", {"targetProcessDefinitionKey": "5"}),
    ("POST", "/v2/element-instances/search", {}),
    ("PUT", "/v2/element-instances/5/variables", {"variables": {}}),
    ("POST", "/v2/variables/search", {}),
    ("POST", "/v2/jobs/search", {}),
    ("POST", "/v2/jobs/activation", {"type": "mail", "timeout": 1, "maxJobsToActivate": 1}),
    ("POST", "/v2/jobs/5/completion", {}),
    ("POST", "/v2/incidents/search", {}),
    ("POST", "/v2/incidents/5/resolution", None),
    ("POST", "/v2/messages/publication", {"name": "x"}),
    ("POST", "/v2/signals/broadcast", {"signalName": "x"}),
    ("POST", "/v2/conditionals/evaluation", {"variables": {}}),
    ("POST", "/v2/decision-definitions/evaluation", {"decisionDefinitionId": "lane"}),
    ("POST", "/v2/resources/5/deletion", None),
    ("POST", "/v2/deployments", None),
    ("POST", "/api/timers/search", {}),
    ("POST", "/api/lint", None),
]


@pytest.mark.parametrize(("method", "path", "body"), COMMANDS)
def test_a_contributor_may_not_operate(person, method, path, body):
    cora = person("cora", "contributor")
    status, answer = cora.send(method, path, body)
    assert (status, answer["title"]) == (403, "FORBIDDEN")


def test_an_unknown_address_is_a_problem_document_and_not_a_page(stranger, admin):
    for caller in (stranger, admin):
        for path in ("/v2/unknown", "/v2/v2/topology", "/v2/process-instances/abc", f"/v2/incidents/{2**63}"):
            answer = caller.raw("GET", path)
            assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
            assert answer.get_json()["title"] == "NOT_FOUND"


def test_other_methods_are_405_with_what_is_allowed(admin):
    answer = admin.raw("DELETE", "/v2/topology")
    assert (answer.status_code, answer.get_json()["title"]) == (405, "METHOD_NOT_ALLOWED")
    assert "GET" in answer.headers["Allow"]
    assert admin.raw("HEAD", "/v2/topology").status_code == 200


def test_bodies_that_cannot_be_read_are_refused(admin):
    def post(data, kind="application/json"):
        answer = admin.raw("POST", "/v2/process-instances/search", data=data, headers={"Content-Type": kind})
        return answer.status_code, answer.get_json()["title"]

    assert post("{") == (400, "INVALID_ARGUMENT")
    assert post("[1]") == (400, "INVALID_ARGUMENT")
    assert post('{"filter":{},"filter":{}}') == (400, "INVALID_ARGUMENT")
    assert post('{"a":"\\u0000"}') == (400, "INVALID_ARGUMENT")
    assert post('{"a":"\\ud800"}') == (400, "INVALID_ARGUMENT")
    assert post("[" * 5000) == (400, "INVALID_ARGUMENT")
    assert post('{"a":NaN}') == (400, "INVALID_ARGUMENT")
    assert post("{}", "text/plain") == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert post(b" " * (4 * 1024 * 1024 + 1)) == (413, "CONTENT_TOO_LARGE")


def test_an_empty_body_with_a_json_content_type_is_an_empty_object(admin):
    for path in ("/v2/process-instances/search", "/v2/user-tasks/search"):
        answer = admin.raw("POST", path, headers={"Content-Type": "application/json"})
        assert answer.status_code == 200
    assert admin.raw("GET", "/v2/topology", headers={"Content-Type": "application/json"}).status_code == 200


def test_a_path_prefix_works_both_ways(service_settings, clock, tmp_path):
    service = wire(settings_for(service_settings.data_dir, REDRESS_PROXIES="1"), clock=clock)
    app = create_app(service)
    caller = Caller(app, ADMIN_TOKEN)
    answer = caller.raw("GET", "/v2/process-instances/5", headers={"X-Forwarded-Prefix": "/redress"})
    assert answer.get_json()["instance"] == "/v2/process-instances/5"
    answer = caller.raw("GET", "/v2/topology", base_url="http://localhost/redress")
    assert answer.status_code == 200
    service.database.dispose()


class TestNobodyInParticular:
    """The mode for trying a modeller on one's own machine."""

    @pytest.fixture
    def local(self, service_settings, clock):
        service = wire(settings_for(service_settings.data_dir, REDRESS_V2_ANONYMOUS="admin"), clock=clock)
        yield Caller(create_app(service))
        service.database.dispose()

    def test_no_header_or_an_empty_one_acts_as_the_account(self, local):
        for header in ({}, {"Authorization": ""}):
            assert local.raw("GET", "/v2/authentication/me", headers=header).get_json()["username"] == "admin"

    def test_wrong_credentials_stay_wrong(self, local):
        assert local.raw("GET", "/v2/authentication/me", headers=basic("admin", "x")).status_code == 401

    def test_it_opens_v2_only(self, local):
        assert local.post("/api/complaints/search", {})[0] == 401

    @pytest.mark.parametrize(
        "header",
        [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}],
    )
    def test_no_web_page_gets_in_through_a_browser(self, local, header):
        assert local.raw("POST", "/v2/user-tasks/search", headers=header).status_code == 401

    @pytest.mark.parametrize("more", [{"REDRESS_HOST": "0.0.0.0"}, {"REDRESS_PROXIES": "1"}])
    def test_the_service_does_not_start_where_others_could_reach_it(self, more, tmp_path):
        with pytest.raises(SettingRefused, match="REDRESS_V2_ANONYMOUS"):
            read_settings({"REDRESS_DATA_DIR": str(tmp_path), "REDRESS_V2_ANONYMOUS": "admin", **more})
