"""What is Redress's own under /api: timers that people move, checks without deploying, and the description of everything."""

from __future__ import annotations

import io
import re

from tests.engine.diagrams import END, START, bpmn, chain, small


def timer_of(admin, instance):
    status, page = admin.post("/api/timers/search", {"filter": {"processInstanceKey": instance}})
    assert status == 200
    [timer] = page["items"]
    return timer


def started(admin):
    assert admin.deploy(("small.bpmn", small()))[0] == 200
    return admin.post("/v2/process-instances", {"processDefinitionId": "small"})[1]["processInstanceKey"]


def open_elements(admin, instance):
    body = {
        "filter": {"processInstanceKey": instance, "state": "CREATED"},
        "sort": [{"field": "creationDate"}],
    }
    return [one["elementId"] for one in admin.post("/v2/user-tasks/search", body)[1]["items"]]


def test_a_timer_is_moved_with_a_reason(admin):
    instance = started(admin)
    timer = timer_of(admin, instance)
    assert timer["dueDate"] == "2026-11-26T09:00:00.000Z"
    path = f"/api/timers/{timer['jobKey']}/move"
    assert admin.post(path, {"dueDate": "2026-12-24T12:00:00+01:00"})[0] == 422
    assert admin.post(path, {"dueDate": "soon", "reason": "x"})[0] == 422
    assert admin.post(path, {"dueDate": "2026-12-24T12:00:00+01:00", "reason": "holiday"})[0] == 204
    assert timer_of(admin, instance)["dueDate"] == "2026-12-24T11:00:00.000Z"


def test_a_timer_is_fired_by_hand(admin):
    instance = started(admin)
    path = f"/api/timers/{timer_of(admin, instance)['jobKey']}/fire"
    assert admin.post(path, {"reason": "  "})[0] == 422
    assert admin.post(path, {"reason": "no time left"})[0] == 204
    assert open_elements(admin, instance) == ["assess", "hurry"]
    assert admin.post(path, {"reason": "again"})[0] == 404


def test_an_unknown_timer_is_404_and_others_may_not(admin, person):
    assert admin.post("/api/timers/5/fire", {"reason": "x"})[0] == 404
    instance = started(admin)
    key = timer_of(admin, instance)["jobKey"]
    assert person("hana", "handler").post(f"/api/timers/{key}/fire", {"reason": "x"})[0] == 403


def test_files_are_judged_without_being_deployed(admin):
    def lint(name, data):
        answer = admin.raw("POST", "/api/lint", data={"resources": (io.BytesIO(data), name)})
        return answer.status_code, answer.get_json()

    status, judgement = lint("small.bpmn", small())
    assert (status, judgement["accepted"]) == (200, True)
    broken = bpmn("broken", START + END + chain("start", "gone"))
    status, judgement = lint("broken.bpmn", broken)
    assert (status, judgement["accepted"]) == (200, False)
    assert {"severity", "code", "message", "advice", "file", "elementId", "line"} <= set(
        judgement["findings"][0]
    )
    assert (
        admin.post("/v2/process-definitions/search", {"filter": {"processDefinitionId": "small"}})[1]["items"]
        == []
    )


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_description_covers_every_route_and_resolves_every_reference(app, stranger):
    status, document = stranger.get("/api/openapi.json")
    assert (status, document["openapi"]) == (200, "3.0.3")
    described = {
        (path, verb.upper())
        for path, operations in document["paths"].items()
        for verb in operations
        if verb != "parameters"
    }
    served = {
        (re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule), verb)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/v2/", "/api/")) and not rule.endpoint.startswith("documentation.")
        for verb in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert described == served
    for reference in references(document):
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_the_description_says_what_requests_are_judged_by(stranger):
    schemas = stranger.get("/api/openapi.json")[1]["components"]["schemas"]
    assert schemas["Assignment"]["required"] == ["assignee"]
    assert schemas["UserTask"]["properties"]["userTaskKey"]["type"] == "string"
    assert schemas["UserTask"]["properties"]["dueDate"]["format"] == "date-time"
    assert "elementInstanceState" in schemas["ProcessInstanceFilter"]["properties"]


def test_the_page_shows_every_operation_without_scripts(stranger):
    answer = stranger.raw("GET", "/api/docs")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    page = answer.get_data(as_text=True)
    assert "/v2/user-tasks/{key}/completion" in page
    assert "/api/complaints" in page
    assert "<script" not in page
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= set(re.findall(r'id="([^"]+)"', page))
