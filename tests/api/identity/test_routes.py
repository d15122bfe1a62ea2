"""Every route there is: who gets in, what browsers are told, that forged posts are refused and faults tell nothing."""

from __future__ import annotations

import itertools
import re
import shutil

import pytest
from flask import Flask

from api.app import create_app
from api.identity import tokens
from api.identity.decide import OF_COMPLAINT, may
from api.identity.doors import PUBLIC, action, action_of, check_routes
from api.identity.roles import ROLES
from api.wiring import wire
from tests.api.browsing import PASSWORD, Browser, add_person
from tests.api.conftest import Caller, settings_for

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
VALUES = {"key": "1", "letter": "1", "name": "someone", "tab": "overview", "verb": "pause", "slug": "what", "token": "x",
          "mark": "x", "filename": "dist/none.css", "path": "x", "id": "1"}  # fmt: skip
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": None,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": None,
    "Cache-Control": None,
    "X-Request-Id": None,
}
LEAKS = re.compile(r"Traceback|sqlalchemy|File \"|/api/|/engine/|SELECT |INSERT |\.py\b|line \d+, in")


def routes(app):
    """Yield every route: endpoint, method, an address with made-up values, and the action it declares."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
            path = re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda found: _value(found, rule), rule.rule)
            yield rule.endpoint, method, path, action_of(view)


def _value(found, rule):
    name = found[1]
    options = re.search(r"any\(([^)]*)\)", found[0])
    if options:
        return options[1].split(",")[0].strip()
    return VALUES.get(name, "1")


def is_for_programs(path):
    return path.startswith(("/v2/", "/api/"))


def test_a_service_with_a_route_that_declares_nothing_does_not_start():
    app = Flask("t")

    @app.get("/silent")
    def silent():
        return ""

    with pytest.raises(RuntimeError, match="silent"):
        check_routes(app)
    silent.redress_action = "task.list"
    check_routes(app)


def test_an_action_nobody_decided_on_cannot_be_declared():
    with pytest.raises(ValueError, match="no action"):
        action("world.rule")


def test_without_signing_in_only_public_routes_answer(app):
    wrong = []
    for endpoint, method, path, wanted in routes(app):
        if endpoint == "static" or wanted == PUBLIC:
            continue
        app.config["WTF_CSRF_ENABLED"] = False
        answer = app.test_client().open(path, method=method, json={} if is_for_programs(path) else None)
        led_to_sign_in = answer.status_code in (302, 303) and "/sign-in" in answer.headers["Location"]
        if answer.status_code != 401 and not led_to_sign_in:
            wrong.append((endpoint, method, answer.status_code))
    assert wrong == []


def test_each_role_gets_into_the_routes_its_table_allows_and_no_other(app, service):
    app.config["WTF_CSRF_ENABLED"] = False
    known = list(routes(app))
    wrong = []
    for role in ROLES:
        someone = add_person(service, f"{role}-x", role, password=PASSWORD)
        key = service.engine.next_key()
        token = service.engine.write(
            lambda session, someone=someone, key=key: tokens.issue(
                session, someone, key=key, label="x", at=service.clock.now()
            )
        )
        browser, caller = Browser(app, f"192.0.2.{len(wrong) % 200}"), Caller(app, token)
        browser.sign_in(someone.name)
        for endpoint, method, path, wanted in known:
            if endpoint == "static" or wanted in (PUBLIC, *OF_COMPLAINT):
                continue
            allowed = bool(may(someone, wanted))
            if allowed and method != "GET":
                continue  # what it does is tested where it is done; here only that others do not get in
            if is_for_programs(path):
                answer = caller.raw(method, path, **({} if method == "GET" else {"json": {}}))
            else:
                answer = browser.client.open(path, method=method)
            refused = answer.status_code == 403
            if allowed == refused:
                wrong.append((role, endpoint, method, wanted, answer.status_code))
    assert wrong == []


def test_a_complaint_in_conflict_reads_like_one_that_is_not_there(app, service, person):
    owner, boss_key = add_person(service, "boss", "manager", password=PASSWORD), service.engine.next_key()
    boss = Caller(
        app,
        service.engine.write(
            lambda session: tokens.issue(session, owner, key=boss_key, label="x", at=service.clock.now())
        ),
    )
    admin_made = boss.post("/api/complaints", {"channel": "phone", "description": "x"})
    assert admin_made[0] == 201
    made = person("ina", "intake").post(
        "/api/complaints",
        {"channel": "phone", "description": "My parcel never came.", "staffConcerned": ["boss"]},
    )
    assert made[0] == 201
    key, reference = str(made[1].get("key") or made[1].get("complaintKey")), made[1]["reference"]
    browser = Browser(app)
    browser.sign_in("boss")
    texts = []
    unknown = str(int(key) + 1_000_000)
    for name in (reference, "RD-3333-3333-3", key, unknown):
        status, body = boss.get(f"/api/complaints/{name}")
        assert status == 404
        texts.append(str(body).replace(name, "·"))
    assert len(set(texts)) == 1
    pages = []
    for name in (key, unknown):
        answer = browser.get(f"/staff/complaints/{name}")
        assert answer.status_code == 404
        pages.append(answer.text.replace(name, "·").split("<main")[1])
    assert pages[0] == pages[1]
    assert reference not in browser.get(f"/staff/complaints?q={reference}").text.split("<main")[1].replace(
        f'value="{reference}"', ""
    )
    assert boss.post("/api/complaints/search", {"filter": {"text": reference}})[1]["items"] == []


def test_every_unsafe_page_refuses_a_post_without_its_token(app, service):
    add_person(service, "hana", *ROLES, password=PASSWORD)
    browser = Browser(app)
    browser.sign_in("hana")
    wrong, seen = [], 0
    for endpoint, method, path, _ in routes(app):
        if method not in UNSAFE or is_for_programs(path):
            continue
        for fields in ({}, {"csrf_token": "forged"}):
            seen += 1
            answer = browser.client.open(path, method=method, data=fields)
            if answer.status_code != 400:
                wrong.append((endpoint, method, answer.status_code))
    assert wrong == []
    assert seen > 40
    assert browser.is_signed_in


def test_every_answer_tells_the_browser_to_be_careful(app, service):
    add_person(service, "hana", *ROLES, password=PASSWORD)
    browser = Browser(app)
    browser.sign_in("hana")
    wrong = []
    paths = [(method, path) for _, method, path, _ in routes(app)] + [
        ("GET", "/nothing/here"),
        ("PATCH", "/"),
    ]
    for method, path in paths:
        answer = browser.client.open(path, method=method, data={} if method in UNSAFE else None)
        policy = answer.headers.get("Content-Security-Policy", "")
        bad = [
            name
            for name, value in HEADERS.items()
            if answer.headers.get(name) is None or (value and answer.headers[name] != value)
        ]
        if "default-src 'none'" not in policy or "unsafe" in policy or bad:
            wrong.append((method, path, policy, bad))
        if "Set-Cookie" in answer.headers and "no-store" not in answer.headers["Cache-Control"]:
            wrong.append((method, path, "cookie in a cached answer"))
    assert wrong == []


def test_over_https_cookies_and_connections_stay_there(service, prepared, tmp_path, clock):
    shutil.copytree(prepared, tmp_path / "https")
    secure = wire(
        settings_for(tmp_path / "https", REDRESS_BASE_URL="https://complaints.example.org"), clock=clock
    )
    try:
        add_person(secure, "hana", "handler", password=PASSWORD)
        browser = Browser(create_app(secure))
        options = {
            "base_url": "https://complaints.example.org",
            "headers": {"Referer": "https://complaints.example.org/"},
        }
        browser.get("/staff/sign-in", **options)
        answer = browser.post("/staff/sign-in", {"name": "hana", "password": PASSWORD}, **options)
        assert answer.status_code == 303
        cookies = answer.headers.getlist("Set-Cookie")
        (session,) = [cookie for cookie in cookies if cookie.startswith("__Host-redress=")]
        for mark in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
            assert mark in session
        assert "Domain" not in session
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    finally:
        secure.database.dispose()


FAULTS = [
    RuntimeError("secret detail"),
    KeyError("secret"),
    ZeroDivisionError(),
    RecursionError("secret"),
    UnicodeError("secret"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_fault_of_ours_tells_nothing_but_a_number(app, service, monkeypatch, caplog, fault):
    add_person(service, "hana", *ROLES, password=PASSWORD)
    browser = Browser(app)
    browser.sign_in("hana")
    numbers = itertools.count()

    def broken(*args, **kwargs):
        next(numbers)
        raise fault

    for endpoint in (
        "public.guidance",
        "staff.inbox",
        "staff.search",
        "complaints.register",
        "topology.topology",
    ):
        monkeypatch.setitem(app.view_functions, endpoint, _declared(broken, app.view_functions[endpoint]))
    for path in ("/", "/staff/", "/staff/complaints", "/v2/topology"):
        answer = browser.client.get(path)
        assert answer.status_code == 500, path
        assert not LEAKS.search(answer.text.replace("/api/docs", "")), path
        assert "secret" not in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert next(numbers) == 4


def _declared(view, like):
    def wrapped(*args, **kwargs):
        return view(*args, **kwargs)

    wrapped.redress_action = action_of(like)
    return wrapped
