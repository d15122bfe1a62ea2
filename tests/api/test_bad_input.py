"""Whatever is sent: a plain refusal or a complaint kept word for word, never a fault, nothing half-written, no typing lost."""

from __future__ import annotations

import io
import json
from itertools import count

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from api.app import create_app
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.tables import ComplaintRow, DocumentRow, IssueRow
from api.identity import people, tokens
from api.installation import ready_service
from engine.actors import service as as_service
from engine.clock import FrozenClock
from engine.store.tables import instances
from tests.api.browsing import PASSWORD, Browser, add_person
from tests.api.conftest import ADMIN_TOKEN, Caller, settings_for
from tests.conftest import START, _empty

NASTY = (
    "<script>alert(1)</script>", "=HYPERLINK(\"http://evil.example\")", "{{ 7*7 }} ${7*7} {% raw %}", "'; DROP TABLE complaints; --",
    "\u202etxet", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 🙈 é", "a\tb\nc", "C:\\temp\\", "%s %(x)s {0}", "null", "\ufeffx", "\ufffe\uffff", "İı", "x" * 100_000,
)  # fmt: skip
ADDRESSES = count()
COMPLAINT = {"channel": "phone", "description": "My parcel never came."}


@pytest.fixture(scope="module")
def on_postgres(postgres_url, tmp_path_factory):
    """The application on PostgreSQL, shared by the tests of this module: installing it anew for each takes too long."""
    if postgres_url is None:
        pytest.skip("no PostgreSQL server is reachable")
    _empty(postgres_url)
    folder = tmp_path_factory.mktemp("postgres")
    service = ready_service(settings_for(folder, REDRESS_DATABASE_URL=postgres_url), clock=FrozenClock(START))
    yield create_app(service)
    service.database.dispose()


@pytest.fixture
def on_sqlite(service):
    """The application on SQLite."""
    return create_app(service)


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request):
    """The application on each kind of database; the first may hold what other tests left."""
    return request.getfixturevalue(f"on_{request.param}" if request.param == "sqlite" else "on_postgres")


def service_of(app):
    return app.extensions["redress"]


def counts(app):
    """How much there is: nothing may be half-written by a refusal."""
    return service_of(app).engine.read(
        lambda session: tuple(
            session.scalar(select(func.count()).select_from(table))
            for table in (ComplaintRow, IssueRow, DocumentRow, instances)
        )
    )


def admin(app):
    return Caller(app, ADMIN_TOKEN)


def signed_in(app, name="ina", *roles):
    known(app, name, *(roles or ("intake", "handler")))
    browser = Browser(app, f"198.51.100.{next(ADDRESSES) % 250}")
    assert browser.sign_in(name).status_code == 303
    return browser


def known(app, name, *roles):
    service = service_of(app)
    there = service.engine.read(lambda session: people.find(session, name))
    return there or add_person(service, name, *roles, password=PASSWORD)


def is_problem(answer):
    return answer.status_code in range(400, 500) and answer.mimetype == "application/problem+json"


# the interface for programs


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"42", b'"text"', b"\xff\xfe", b'{"a":1,"a":2}', b'{"channel":"phone","description":NaN}',
        b'{"channel":"phone","description":"x\\u0000y"}', b'{"channel":"phone","description":"\\ud800"}',
        b'{"channel":"phone","description":"x","typename":"y"}', b'{"channel":"phone","description":"x","facts":{"typename":1}}',
        b'{"channel":"phone","description":"x","facts":{"__proto__":{}}}', b'{"channel":"phone"}', b'{"description":"x"}',
        b'{"channel":"smoke","description":"x"}', b'{"channel":"phone","description":"   "}', b'{"channel":"phone","description":7}',
        b'{"channel":"phone","description":"x","receivedAt":"2999-01-01T00:00:00Z"}',
        b'{"channel":"phone","description":"x","receivedAt":"1989-12-31T00:00:00Z","backdatingReason":"old"}',
        b'{"channel":"phone","description":"x","receivedAt":"0001-01-01T00:00:00+14:00","backdatingReason":"old"}',
        b'{"channel":"phone","description":"x","receivedAt":"0001-01-01T00:00:00Z","backdatingReason":"old"}',
        b'{"channel":"phone","description":"x","receivedAt":"9999-12-31T23:59:59-14:00"}',
        b'{"channel":"phone","description":"x","receivedAt":"yesterday"}',
        b'{"channel":"phone","description":"x","receivedAt":"2026-11-01T09:00:00Z"}',
        b'{"channel":"phone","description":"x","occurredOn":"2027-01-01"}',
        b'{"channel":"phone","description":"x","occurredOn":"1066-10-14"}',
        b'{"channel":"phone","description":"x","staffConcerned":["nobody"]}',
        b'{"channel":"phone","description":"x","staffConcerned":["\\u0000"]}',
        b'{"channel":"phone","description":"x","reference":"RD-1"}', b'{"channel":"phone","description":"x","owner":"me"}',
        b'{"channel":"phone","description":"x","state":"closed"}',
        b'{"channel":"phone","description":"x","complainant":{"name":["a"]}}', b"[" * 100_000,
        b'{"channel":"phone","description":"x","facts":' + b'{"a":' * 500 + b"1" + b"}" * 501,
    ],
    ids=lambda body: repr(body[:60]),
)  # fmt: skip
def test_a_complaint_that_cannot_be_is_refused_and_leaves_nothing(house, body):
    before = counts(house)
    answer = admin(house).raw(
        "POST", "/api/complaints", data=body, headers={"Content-Type": "application/json"}
    )
    assert is_problem(answer), (answer.status_code, answer.text[:300])
    assert counts(house) == before


def test_what_people_write_is_kept_word_for_word(house):
    for text in NASTY:
        status, made = admin(house).post(
            "/api/complaints", {**COMPLAINT, "description": text, "product": text[:200]}
        )
        assert status == 201, (text[:40], made)
        kept = service_of(house).engine.read(
            lambda session, made=made: session.scalar(
                select(ComplaintRow.description).where(ComplaintRow.reference == made["reference"])
            )
        )
        assert kept == text
        assert admin(house).get(f"/api/complaints/{made['reference']}")[1]["description"] == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(st.characters(), max_size=12)
    | st.sampled_from(["", "phone", "2026-11-01", "2026-11-01T09:00:00Z", "typename", "\x00", "\ud800"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=8) | st.sampled_from(["typename", "__proto__", "_x", "a.b"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
MEMBERS = (
    "channel", "description", "receivedAt", "complainant", "representative", "occurredOn", "product", "problem", "category",
    "regime", "desiredRemedy", "issues", "staffConcerned", "facts", "dangerReported", "surprise",
)  # fmt: skip
BODIES = (
    st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=5).map(lambda given: {**COMPLAINT, **given})
    | JSON
)


def as_json(value):
    return json.dumps(value).encode("utf-8", "surrogatepass")


def test_no_body_whatsoever_is_a_fault_of_ours(service, app):
    caller, seen = admin(app), []
    row = receive(
        service, NewComplaint("web", service.clock.now(), "x", PartyDetails("Ann")), by=as_service("web")
    )
    (task,) = [
        one for one in service.engine.open_tasks(row.instance_key) if one.name == "Screen the complaint"
    ]
    add_person(service, "ina", "intake")
    places = ("/api/complaints", f"/v2/user-tasks/{task.user_task_key}/completion", "/v2/user-tasks/search",
              "/api/complaints/search", "/v2/messages/publication", "/v2/variables/search")  # fmt: skip

    @settings(
        max_examples=300,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(places), BODIES)
    def send(place, body):
        answer = caller.raw("POST", place, data=as_json(body), headers={"Content-Type": "application/json"})
        seen.append(answer.status_code)
        assert answer.status_code < 500, (place, body, answer.text)
        if answer.status_code >= 400:
            assert is_problem(answer), (place, body, answer.text)

    send()
    assert {400, 422} & set(seen)
    assert service.engine.task(task.user_task_key).state == "CREATED"


@pytest.mark.parametrize(
    "variables",
    [
        {"scopeExit": "nowhere"}, {"scopeExit": None, "problem": "other"}, {"scopeExit": ["in_scope"], "problem": "other"},
        {"scopeExit": "in_scope", "problem": "other", "approved_amount": 1_000_000},
        {"scopeExit": "in_scope", "problem": "other", "owner": "hana"}, {"scopeExit": "in_scope", "problem": "other", "typename": "x"},
        {"scopeExit": "in_scope", "problem": "other", "__proto__": {}}, {"scopeExit": "not_ours", "problem": "other"},
        {"scopeExit": "in_scope", "problem": "other", "issueList": [{"summary": "x", "outcome": "upheld"}]},
        {"scopeExit": "in_scope", "problem": "other", "issueList": "x"},
    ],
    ids=str,
)  # fmt: skip
def test_answers_the_form_does_not_take_leave_the_task_as_it_was(house, variables, request):
    service = service_of(house)
    case = receive(
        service, NewComplaint("web", service.clock.now(), "x", PartyDetails("Ann")), by=as_service("web")
    )
    (task,) = [
        one for one in service.engine.open_tasks(case.instance_key) if one.name == "Screen the complaint"
    ]
    ina = known(house, "ina", "intake", "handler")
    key = service.engine.next_key()
    token = service.engine.write(
        lambda session: tokens.issue(session, ina, key=key, label="x", at=service.clock.now())
    )
    before = counts(house)
    answer = Caller(house, token).raw(
        "POST", f"/v2/user-tasks/{task.user_task_key}/completion", json={"variables": variables}
    )
    assert is_problem(answer), answer.text
    now = service.engine.task(task.user_task_key)
    assert (now.state, now.revision) == (task.state, task.revision)
    assert counts(house) == before


# pages


PATHS = (
    "/staff/complaints?q=%00", "/staff/complaints?q=%ED%A0%80", "/staff/complaints?q=%25%5F%5C", "/staff/complaints?page=-1",
    "/staff/complaints?page=99999999999999999999", "/staff/complaints?page=%D9%A1", "/staff/complaints?from=31+2+2026",
    "/staff/complaints?owner=%00", "/staff/complaints?sort=%00", "/staff/complaints?from=1+1+0001&to=31+12+9999",
    "/staff/?q=%00", "/staff/?box=x&sort=y&page=z", "/staff/?page=1e9", "/staff/tasks/99999999999999999999999", "/staff/tasks/0",
    "/staff/complaints/99999999999999999999999", "/staff/documents/99999999999999999999999", "/staff/due?span=x&whose=%00",
    "/staff/incidents/99999999999999999999999", "/staff/people/%00", "/staff/people/%ED%A0%80", "/t/%00", "/complain/%00",
    "/complain/resume/%00", "/t/" + "x" * 3000, "/%00", "/staff/sign-in?next=%00",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_address_is_a_fault_of_ours(house, path):
    browser = signed_in(house, "chief", "manager", "admin", "intake")
    answer = browser.client.get(path)
    assert answer.status_code < 500, answer.text[:400]


POSTS = (
    ("/staff/sign-in", {"name": "\x00", "password": "\x00"}),
    ("/staff/sign-in", {"name": "x" * 100_000, "password": "y" * 100_000}),
    ("/staff/people", {"name": "\x00", "display_name": "\x00", "roles": "\x00"}),
    ("/staff/people", {"name": "new", "display_name": "A\x00B", "roles": "handler", "email": "\x00"}),
    ("/staff/people", {"name": "new", "display_name": "x" * 5000, "roles": "handler", "groups": "\x00"}),
    ("/staff/people/ina", {"do": "roles", "roles": "\x00"}),
    ("/staff/people/%00", {"do": "disable"}),
    ("/lost-link", {"reference": "\x00", "email": "\x00"}),
    ("/complain/saved", {"email": "\x00"}),
    ("/staff/tasks/1/assign", {"assignee": "\x00"}),
)


@pytest.mark.parametrize(("path", "fields"), POSTS, ids=lambda given: str(given)[:40])
def test_no_posted_form_is_a_fault_of_ours(house, path, fields):
    browser = signed_in(house, "chief", "manager", "admin", "intake")
    answer = browser.post(path, fields)
    assert answer.status_code < 500, answer.text[:400]


@pytest.mark.parametrize("verb", ["notes", "receipt", "clocks/final_response/pause"])
def test_text_that_cannot_be_stored_is_refused_on_a_complaints_page(house, verb):
    service = service_of(house)
    case = receive(
        service, NewComplaint("web", service.clock.now(), "x", PartyDetails("Ann")), by=as_service("web")
    )
    browser = signed_in(house, "chief", "manager", "admin", "intake")
    fields = {"note": "a\x00b", "reason": "a\x00b", "category": "complainant", "received": "20 11 2026"}
    answer = browser.post(f"/staff/complaints/{case.key}/{verb}", fields)
    assert answer.status_code in (303, 400, 422), answer.text[:400]


@pytest.fixture
def screening(house):
    """A signed-in colleague, the open task, and its page."""
    service = service_of(house)
    browser = signed_in(house)
    case = receive(
        service, NewComplaint("web", service.clock.now(), "x", PartyDetails("Ann")), by=as_service("web")
    )
    (task,) = [
        one for one in service.engine.open_tasks(case.instance_key) if one.name == "Screen the complaint"
    ]
    return browser, task, f"/staff/tasks/{task.user_task_key}", service


def test_a_task_page_keeps_what_was_typed_says_what_is_wrong_and_is_sent_once(screening):
    browser, task, path, service = screening
    page = browser.get(path).text
    version = page.split('name="_version" value="')[1].split('"')[0]
    reason = 'Because <b>&amp; "so"</b> {{ 1+1 }}'
    answer = browser.post(path, {"_do": "continue", "_version": version, "scopeReason": reason})
    assert answer.status_code == 422
    assert "<b>&amp;" not in answer.text
    forged = browser.post(path, {"_do": "continue", "_version": version, "approved_amount": "1000000"})
    assert forged.status_code == 422
    assert service.engine.task(task.user_task_key).state == "CREATED"


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"_do": "\x00"}, {"_do": "remove:issueList:9999"}, {"_do": "add:\x00"}, {"_version": "99999999999999999999999999"},
        {"_version": "-1"}, {"scopeExit": "\x00"}, {"scopeExit": "0-zzzzzzzz"}, {"scopeReason": "x" * 100_000},
        {"scopeReason": "a\x00b"}, {"scopeReason": "\ud800".encode("utf-8", "surrogatepass")}, {"issueList-rows": "9999999"},
        {"issueList.0.summary": "\x00"}, {"issueList.-1.summary": "x"}, {"problem": ["0", "1"]}, {"typename": "x"},
    ],
    ids=lambda given: str(given)[:40],
)  # fmt: skip
def test_no_post_to_a_task_page_is_a_fault_or_completes_it(screening, fields):
    browser, task, path, service = screening
    answer = browser.post(path, fields)
    assert answer.status_code in (200, 303, 400, 409, 422), answer.text[:400]
    assert service.engine.task(task.user_task_key).state == "CREATED"


def test_a_task_done_meanwhile_and_a_task_done_twice_are_told_so(screening):
    browser, task, path, service = screening
    page = browser.get(path).text
    version = page.split('name="_version" value="')[1].split('"')[0]
    service.engine.complete_task(task.user_task_key, {"scopeExit": "in_scope", "problem": "other"})
    for _ in range(2):
        answer = browser.post(path, {"_do": "continue", "_version": version, "scopeReason": "I typed this"})
        assert answer.status_code in (409, 422)
    assert browser.post(f"{path}/claim").status_code in (303, 404, 409)
    assert browser.post(f"{path}/release").status_code in (303, 404, 409)


RECORDS = (
    {}, {"description": "x" * 100_000}, {"description": "a\x00b"}, {"receivedOn-day": "31", "receivedOn-month": "2", "receivedOn-year": "2026"},
    {"receivedOn-day": "1", "receivedOn-month": "1", "receivedOn-year": "2999"},
    {"receivedOn-day": "1", "receivedOn-month": "1", "receivedOn-year": "1989"},
    {"receivedOn-day": "\x00", "receivedOn-month": "٣", "receivedOn-year": "1e3"}, {"email": "no address"}, {"email": "\x00"},
    {"staffConcerned": "nobody, ina, ina"}, {"staffConcerned": "\x00"}, {"reference": "RD-1"}, {"channel": "\x00"},
    {"phone": "=1+1"}, {"name": "\ud800".encode("utf-8", "surrogatepass")},
)  # fmt: skip


@pytest.mark.parametrize("fields", RECORDS, ids=lambda given: str(given)[:40])
def test_no_post_to_the_recording_page_is_a_fault_or_leaves_half_a_complaint(house, fields):
    browser, before = signed_in(house), counts(house)
    answer = browser.post("/staff/record", {"_do": "continue", **fields})
    assert answer.status_code in (400, 422), answer.text[:400]
    assert counts(house) == before


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.html", b"<html>"),
        ("a.exe", b"MZ"),
        ("a.pdf", b""),
        ("a.svg", b"<svg/>"),
        ("../../a.txt", b"<script>"),
        ("a\r\nb.gif", b"GIF89a"),
    ],
)
def test_a_file_of_the_wrong_kind_is_said_so_and_not_kept(house, name, data):
    browser, before = signed_in(house), counts(house)
    answer = browser.client.post(
        "/staff/record",
        data={
            "csrf_token": token_of(browser),
            "_do": "continue",
            "documents-upload": (io.BytesIO(data), name),
        },
        content_type="multipart/form-data",
    )
    assert answer.status_code == 422, answer.text[:400]
    assert counts(house) == before
    folder = service_of(house).settings.uploads_dir
    kept = service_of(house).engine.read(lambda session: set(session.scalars(select(DocumentRow.storage))))
    assert not folder.is_dir() or {path.name for path in folder.iterdir()} == kept


def token_of(browser):
    browser.get("/lost-link")
    return browser._token


def test_bodies_beyond_all_measure_are_refused_before_they_are_read(house):
    browser = signed_in(house)
    many = "&".join(f"a{number}=1" for number in range(200_000))
    answer = browser.client.post(
        "/staff/sign-in", data=many, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 413
    caller = admin(house)
    for body in (orjson.dumps({"description": "x" * 40_000_000}), b'{"a":' * 100_000):
        answer = caller.raw(
            "POST", "/api/complaints", data=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in (400, 413, 422)
    for kind in ("text/plain", "application/xml", "multipart/form-data", ""):
        answer = caller.raw("POST", "/api/complaints", data=b"x", headers={"Content-Type": kind})
        assert is_problem(answer)


def test_the_same_key_twice_is_one_complaint(house):
    caller, before = admin(house), counts(house)
    answers = [
        caller.raw("POST", "/api/complaints", json=COMPLAINT, headers={"Idempotency-Key": "one-key"})
        for _ in range(3)
    ]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_json()["reference"] for answer in answers}) == 1
    assert counts(house)[0] == before[0] + 1
    other = caller.raw(
        "POST",
        "/api/complaints",
        json={**COMPLAINT, "description": "y"},
        headers={"Idempotency-Key": "one-key"},
    )
    assert other.status_code == 422
    for bad in ("", "x" * 300, "é", "a\tb"):
        answer = caller.raw("POST", "/api/complaints", json=COMPLAINT, headers={"Idempotency-Key": bad})
        assert answer.status_code in (201, 400, 422)
