"""/api/complaints: registering once, reading what one may, searching, and refusing bad input clearly."""

from __future__ import annotations

import hashlib
import json

import pytest
import sqlalchemy as sa

from engine.store.tables import idempotency

GOOD = {
    "channel": "phone",
    "description": "My parcel never came. I want my money back.",
    "complainant": {"name": "Ann Other", "email": "ann@example.org"},
    "product": "goods",
}


def posted(caller, change=None, key=None):
    headers = {"Idempotency-Key": key} if key else {}
    answer = caller.raw("POST", "/api/complaints", json=GOOD | (change or {}), headers=headers)
    return answer, answer.get_json()


def wrong_fields(body):
    return [error["path"] for error in body["facts"]["errors"]]


def count(service):
    return service.engine.read(lambda session: session.scalar(sa.text("SELECT count(*) FROM complaints")))


def test_a_complaint_is_registered_and_its_process_starts(admin, service):
    answer, body = posted(admin)
    assert (answer.status_code, set(body)) == (201, {"key", "reference", "processInstanceKey", "notUsed"})
    assert (
        admin.get(f"/v2/process-instances/{body['processInstanceKey']}")[1]["processDefinitionId"]
        == "complaint-handling"
    )
    by_reference = admin.get(f"/api/complaints/{body['reference']}")[1]
    assert by_reference == admin.get(f"/api/complaints/{body['key']}")[1]
    assert (by_reference["description"], by_reference["recordedBy"]) == (GOOD["description"], "admin")
    assert by_reference["people"][0]["email"] == "ann@example.org"
    assert [one["summary"] for one in by_reference["issues"]] == ["My parcel never came."]
    shown = {"key", "name", "label", "state", "dueOn", "dueAt", "used", "left", "missing", "atLatest"}
    assert {*shown, "legalSource"} == set(by_reference["clocks"][0])
    assert "private" not in by_reference


def test_the_same_key_registers_once_and_answers_the_same(admin, service):
    first, second = posted(admin, key="k-1"), posted(admin, key="k-1")
    assert (first[0].status_code, second[0].status_code) == (201, 201)
    assert first[1] == second[1]
    assert ("Idempotency-Replayed" in first[0].headers, second[0].headers["Idempotency-Replayed"]) == (
        False,
        "true",
    )
    assert count(service) == 1
    third = posted(admin, {"product": "other"}, key="k-1")
    assert (third[0].status_code, third[1]["code"]) == (422, "idempotency_key_reused")
    assert posted(admin, key="k-2")[0].status_code == 201
    assert count(service) == 2


def test_the_keys_of_two_people_are_two_keys(admin, person, service):
    assert posted(admin, key="same")[1] != posted(person("ina", "intake"), key="same")[1]
    assert count(service) == 2


def test_a_refused_complaint_leaves_its_key_free(admin, service):
    assert posted(admin, {"occurredOn": "2050-01-01"}, key="k")[0].status_code == 422
    assert posted(admin, key="k")[0].status_code == 201


@pytest.mark.parametrize("key", ["x" * 201, "with space", "\u00e4"])
def test_an_odd_key_is_refused(admin, key):
    answer = admin.raw(
        "POST", "/api/complaints", json=GOOD, headers={"Idempotency-Key": key.encode().decode("latin-1")}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"channel": "fax", "extra": 1, "complainant": {"email": "x", "typo": 1}},
         {"channel", "extra", "complainant.email", "complainant.typo"}),
        ({"description": "  "}, {"description"}),
        ({"description": None}, {"description"}),
        ({"description": 5}, {"description"}),
        ({"description": "x" * 200_001}, {"description"}),
        ({"occurredOn": "2026-11-24"}, {"occurredOn"}),
        ({"occurredOn": "1989-12-31"}, {"occurredOn"}),
        ({"occurredOn": "31.12.2020"}, {"occurredOn"}),
        ({"receivedAt": "2026-11-23T09:00:01Z"}, {"receivedAt"}),
        ({"receivedAt": "1980-01-01T00:00:00Z", "backdatingReason": "x"}, {"receivedAt"}),
        ({"receivedAt": "2026-11-20T09:00:00"}, {"receivedAt"}),
        ({"receivedAt": "2026-11-20T09:00:00Z"}, {"backdatingReason"}),
        ({"staffConcerned": ["nobody-here"], "occurredOn": "2050-01-01"}, {"staffConcerned", "occurredOn"}),
        ({"issues": ["", "b"]}, {"issues.0"}),
        ({"regime": "genreic"}, {"regime"}),
        ({"regime": "uk-financial", "category": "paymnt"}, {"category"}),
    ],
)  # fmt: skip
def test_every_wrong_field_is_named(admin, service, change, fields):
    answer, body = posted(admin, change)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert set(wrong_fields(body)) == fields
    assert count(service) == 0


@pytest.mark.parametrize(
    "text",
    [
        '{"channel":"phone","channel":"phone","description":"x"}',
        '{"channel":"phone","description":"a\\u0000b"}',
        '{"channel":"phone","description":"a\\ud800b"}',
        '{"channel":"phone","description":"x","facts":{"typename":1}}',
        '{"channel":"phone","description":"x","facts":{"a":' + "[" * 40 + "]" * 40 + "}}",
        '{"channel":"phone","description":NaN}',
        "{",
        "[]",
        "",
    ],
)
def test_what_is_no_clean_json_is_refused_and_nothing_is_stored(admin, service, text):
    answer = admin.raw("POST", "/api/complaints", data=text, headers={"Content-Type": "application/json"})
    assert answer.status_code == (413 if "[[" in text else 422)
    assert answer.get_json()["detail"]
    assert count(service) == 0


def test_a_long_story_with_markup_and_any_script_is_kept_as_it_is(admin):
    story = "<script>alert(1)</script> =1+1 \u202e \U0001f600 \u0645\u0631\u062d\u0628\u0627 " + "x" * 100_000
    body = posted(admin, {"description": story, "facts": {"note": "=cmd()"}})[1]
    assert admin.get(f"/api/complaints/{body['key']}")[1]["description"] == story


def test_people_read_what_they_may(admin, person):
    body = posted(admin, {"staffConcerned": ["admin"]})[1]
    assert admin.get(f"/api/complaints/{body['reference']}")[0] == 404
    assert admin.get(f"/v2/process-instances/{body['processInstanceKey']}")[0] == 404
    assert person("ina", "intake").get(f"/api/complaints/{body['reference']}")[0] == 200
    assert person("cora", "contributor").get(f"/api/complaints/{body['reference']}")[0] == 404
    assert person("ed", "employee").raw("POST", "/api/complaints", json=GOOD).status_code == 201
    assert person("audrey", "auditor").raw("POST", "/api/complaints", json=GOOD).status_code == 403
    for name in ("RD-0000", "nothing", "5", "9" * 30):
        assert admin.get(f"/api/complaints/{name}")[0] == 404


def test_over_v2_the_excluded_see_nothing_of_it(admin, person):
    body = posted(admin, {"staffConcerned": ["admin"]})[1]
    instance = body["processInstanceKey"]
    for noun in (
        "process-instances",
        "element-instances",
        "user-tasks",
        "variables",
        "jobs",
        "incidents",
        "message-subscriptions",
    ):
        filters = {"filter": {"processInstanceKey": instance}}
        assert admin.post(f"/v2/{noun}/search", filters)[1]["items"] == [], noun
    assert admin.post("/api/timers/search", {"filter": {"processInstanceKey": instance}})[1]["items"] == []
    other = person("mona", "manager")
    seen = {"filter": {"processInstanceKey": instance}}
    variable = other.post("/v2/variables/search", seen)[1]["items"][0]["variableKey"]
    element = other.post("/v2/element-instances/search", seen)[1]["items"][0]["elementInstanceKey"]
    timer = other.post("/api/timers/search", seen)[1]["items"][0]["jobKey"]
    for method, path, sent in (
        ("GET", f"/v2/variables/{variable}", None),
        ("GET", f"/v2/element-instances/{element}", None),
        ("PUT", f"/v2/element-instances/{instance}/variables", {"variables": {"a": 1}}),
        ("POST", f"/v2/process-instances/{instance}/cancellation", None),
        ("POST", f"/v2/process-instances/{instance}/modification", {}),
        ("POST", f"/v2/process-instances/{instance}/incidents/search", None),
        ("GET", f"/v2/process-instances/{instance}/statistics/element-instances", None),
        ("POST", f"/api/timers/{timer}/fire", {"reason": "x"}),
    ):
        assert admin.send(method, path, sent)[0] == 404, path
        status = other.send(method, path, sent)[0] if method == "GET" else 200
        assert status == 200, path


def test_a_complaint_is_put_under_other_rules_as_on_its_page(admin, person):
    body = posted(admin)[1]
    path = f"/api/complaints/{body['reference']}/rules"
    before = admin.get(f"/api/complaints/{body['key']}")[1]
    other = {"regime": "uk-financial", "category": "payment", "stage": "one", "reason": "A payment service"}
    for wrong in (
        {"regime": "uk-finance"},
        {"category": "Payment"},
        {"stage": "three"},
        {"reason": " "},
        {"odd": 1},
    ):
        assert admin.post(path, other | wrong)[0] == 422, wrong
    assert admin.get(f"/api/complaints/{body['key']}")[1] == before
    assert person("hana", "handler").post(path, other)[0] in (403, 404)
    assert admin.post("/api/complaints/RD-0000-0000-0/rules", other)[0] == 404

    assert admin.post(path, other)[0] == 204

    after = admin.get(f"/api/complaints/{body['key']}")[1]
    assert (before["regime"], after["regime"], after["category"]) == ("generic", "uk-financial", "payment")
    assert after["clocks"] != before["clocks"]
    variables = admin.post(
        "/v2/variables/search",
        {"filter": {"name": "regime", "processInstanceKey": body["processInstanceKey"]}},
    )
    assert '"uk-financial"' in {one["value"] for one in variables[1]["items"]}, "the case knows it too"


def test_what_somebody_said_is_recorded_as_on_its_page(admin, person):
    body = posted(admin)[1]
    path, clerk = f"/api/complaints/{body['reference']}/said", person("ines", "intake")
    said = {"what": "adds", "words": "The receipt: I have it.", "channel": "phone"}
    for wrong in (
        {"what": "shouts"},
        {"words": " "},
        {"channel": "web"},
        {"saidBy": "somebody"},
        {"saidOn": "2999-01-01"},
        {"saidOn": "1999-01-01"},
        {"what": "withdraws", "dangerNow": True},
        {"odd": 1},
    ):
        assert clerk.post(path, said | wrong)[0] == 422, wrong
    assert clerk.post(path, said | {"what": "accepts"})[0] == 409, "nothing was answered yet"
    assert clerk.post(path, said | {"saidBy": "representative"})[0] == 409, "there is none"
    assert person("audrey", "auditor").post(path, said)[0] == 403
    assert person("hana", "handler").post(path, said)[0] == 404
    assert clerk.post("/api/complaints/RD-0000-0000-0/said", said)[0] == 404
    assert admin.get(f"/api/complaints/{body['key']}")[1]["answers"] == []

    for _ in range(2):
        answer = clerk.raw("POST", path, json=said, headers={"Idempotency-Key": "call-1"})
        assert answer.status_code == 204
    assert clerk.post(path, said | {"what": "withdraws", "words": "I let it go."})[0] == 204

    after = admin.get(f"/api/complaints/{body['key']}")[1]
    assert after["state"] == "withdrawn"
    kept = [{line["label"]: line["text"] for line in one["sections"][0]["lines"]} for one in after["answers"]]
    assert [(one["what"], one["words"], one["channel"]) for one in kept] == [
        ("adds", "The receipt: I have it.", "phone"),
        ("withdraws", "I let it go.", "phone"),
    ]
    assert {one["by"] for one in after["answers"]} == {"Ines"}


def test_searching(admin, person):
    references = [
        posted(admin, {"product": product})[1]["reference"] for product in ("goods", "loans", "loans")
    ]
    status, page = admin.post("/api/complaints/search", {"filter": {"product": "loans", "openOnly": True}})
    assert (status, page["page"]) == (200, {"totalItems": 2, "hasMore": False})
    assert {one["reference"] for one in page["items"]} == set(references[1:])
    page = admin.post("/api/complaints/search", {"page": {"from": 1, "limit": "1"}, "sort": "oldest"})[1]
    assert (len(page["items"]), page["page"]) == (1, {"totalItems": 3, "hasMore": True})
    assert (
        admin.post("/api/complaints/search", {"filter": {"text": references[0]}})[1]["page"]["totalItems"]
        == 1
    )
    assert person("hana", "handler").post("/api/complaints/search")[1]["items"] == []
    for body in (
        {"filter": {"stat": "x"}},
        {"filter": {"state": "x"}},
        {"sort": "x"},
        {"page": {"limit": 1001}},
        {"odd": 1},
    ):
        assert admin.post("/api/complaints/search", body)[0] == 422, json.dumps(body)


TOLD = {
    "description": "Zebra one.",
    "desiredRemedy": "zebra two",
    "issues": ["zebra three", "zebra four"],
    "product": "zebra five",
    "problem": "zebra six",
    "complainant": {
        "name": "Zebra Seven",
        "email": "zebra.eight@example.org",
        "phone": "zebra nine",
        "address": "Zebra Road 10",
    },
    "representative": {"name": "Zebra Eleven", "address": "Zebra Road 12"},
    "facts": {"orderNumber": "zebra-13", "seen": ["zebra 14", "zebra 15"]},
}


def leaves(value):
    if isinstance(value, str):
        return [value]
    return [leaf for each in (value.values() if isinstance(value, dict) else value) for leaf in leaves(each)]


def test_every_text_that_a_program_gave_is_found(admin):
    reference = posted(admin, TOLD)[1]["reference"]
    posted(admin, {"description": "Another one."})
    for text in leaves(TOLD):
        page = admin.post("/api/complaints/search", {"filter": {"text": text.upper()}})[1]
        assert [one["reference"] for one in page["items"]] == [reference], text


def test_each_word_is_found_wherever_it_stands(admin):
    whole = {**TOLD, "complainant": {"name": "Jurgen Muller"}, "facts": {"orderNumber": "n-13"}}
    reference = posted(admin, whole)[1]["reference"]
    posted(admin, {"description": "Zebra one of a Muller.", "product": "goods"})

    def found(text):
        return [
            one["reference"]
            for one in admin.post("/api/complaints/search", {"filter": {"text": text}})[1]["items"]
        ]

    assert found("muller n-13 four") == found("MULLER zebra five six JURGEN") == [reference]
    assert len(found("zebra muller")) == 2
    assert found("muller n-13 absent") == []


def test_a_request_whose_twin_is_not_answered_yet_is_told_to_come_back(admin, service):
    data = json.dumps(GOOD).encode()
    service.engine.write(
        lambda session: session.execute(
            sa.insert(idempotency).values(
                scope="complaints of admin",
                key="open",
                body_sha256=hashlib.sha256(data).hexdigest(),
                created_at=service.clock.now(),
            )
        )
    )
    headers = {"Idempotency-Key": "open", "Content-Type": "application/json"}
    answer = admin.raw("POST", "/api/complaints", data=data, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "request_still_open")
    assert answer.headers["Retry-After"] == "1"


def test_what_an_outside_body_does_is_recorded_by_programs_too(admin, person):
    body = posted(admin)[1]
    path, clerk = f"/api/complaints/{body['reference']}/outside", person("ines", "intake")
    taken = {"body": "FOS", "bodyReference": "FOS-1", "fileDueOn": "2999-01-01"}
    for wrong in (
        {"body": " "},
        {"body": "x" * 201},
        {"bodyReference": "x" * 61},
        {"fileDueOn": "soon"},
        {"odd": 1},
    ):
        assert clerk.post(path, taken | wrong)[0] == 422, wrong
    status, told = clerk.post(path, taken)
    assert (status, told["code"]) == (409, "not_ended")
    status, told = clerk.post(f"{path}/decided", {})
    assert (status, told["code"]) == (409, "not_awaited")
    assert person("audrey", "auditor").post(path, taken)[0] == 403
    assert person("hana", "handler").post(path, taken)[0] == 404

    said = {"what": "withdraws", "words": "I go to the ombudsman.", "channel": "phone"}
    assert clerk.post(f"/api/complaints/{body['reference']}/said", said)[0] == 204
    key = admin.get(f"/api/complaints/{body['key']}")[1]["key"]
    for task in admin.post("/v2/user-tasks/search", {"filter": {"state": "CREATED"}})[1]["items"]:
        assert (
            admin.post(f"/v2/user-tasks/{task['userTaskKey']}/completion", {"variables": {"remark": "x"}})[0]
            == 204
        )
    status, told = clerk.post(path, taken | {"fileDueOn": "1999-01-01"})
    assert (status, told["code"]) == (422, "wanted_too_early")
    for _ in range(2):
        answer = clerk.raw("POST", path, json=taken, headers={"Idempotency-Key": "letter-1"})
        assert answer.status_code == 204
    after = admin.get(f"/api/complaints/{key}")[1]
    assert (after["state"], after["closingReason"]) == ("external", "withdrawn")
    assert clerk.post(path, taken)[1]["code"] == "outside_already"
