"""What a limit answers: too large is 413 with what and how much at every door; only what may be tried again is 503."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import timedelta

import pytest

import api
import engine
from api.errors import status_of
from api.rest.problems import answer as answer_of_v2
from engine.errors import Broken, TooLarge, Unavailable
from engine.execution.state import StateTooLarge
from engine.feel import BudgetExceeded
from tests.engine.diagrams import END, START, bpmn, chain, user_task

MOMENTARY = {"DatabaseAway", "KeysSpent", "TooBusy", "NoPlaceToWait", "NoForm", "DeadlineTableMissing"}
BIG = ["x" * 1_000_000] * 3


def kinds_of(kind):
    for package in (api, engine):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__") and ".migrations" not in module.name:
                importlib.import_module(module.name)
    found, left = set(), [kind]
    while left:
        for each in left.pop().__subclasses__():
            found.add(each)
            left.append(each)
    return found


def test_only_what_passes_by_itself_is_to_be_tried_again(app):
    assert {kind.__name__ for kind in kinds_of(Unavailable)} == MOMENTARY
    with app.test_request_context("/"):
        for kind in kinds_of(Broken) - kinds_of(Unavailable) - {Unavailable}:
            problem = Exception.__new__(kind)
            problem.message, problem.facts = "x", {}
            assert status_of(problem) in (500, 429), kind
            told = answer_of_v2(problem)
            assert told.status_code != 503, kind
            assert "Retry-After" not in told.headers or told.status_code == 429, kind
        told = answer_of_v2(Unavailable())
        assert (told.status_code, status_of(Unavailable()), told.headers["Retry-After"]) == (503, 503, "2")


def test_what_is_too_large_is_413(app):
    with app.test_request_context("/"):
        for problem in (TooLarge(), StateTooLarge(5_000_000, ["a (1 bytes)"]), BudgetExceeded(limit="depth")):
            assert status_of(problem) == 413
            assert answer_of_v2(problem).get_json()["title"] == "CONTENT_TOO_LARGE"


@pytest.fixture
def task(admin):
    body = START + user_task("check") + user_task("rest") + END + chain("start", "check", "rest", "end")
    assert admin.deploy(("small.bpmn", bpmn("small", body)))[0] == 200
    started = admin.post("/v2/process-instances", {"processDefinitionId": "small"})[1]
    found = admin.post(
        "/v2/user-tasks/search", {"filter": {"processInstanceKey": started["processInstanceKey"]}}
    )
    return started["processInstanceKey"], found[1]["items"][0]["userTaskKey"]


def test_a_case_that_would_grow_too_large_says_what_and_how_much(admin, task):
    instance, key = task
    status, told = admin.send(
        "PUT", f"/v2/element-instances/{instance}/variables", {"variables": {"first": BIG, "small": 1}}
    )
    assert status == 204, told
    status, told = admin.send(
        "PUT", f"/v2/element-instances/{instance}/variables", {"variables": {"second": BIG}}
    )
    assert (status, told["title"]) == (413, "CONTENT_TOO_LARGE")
    assert "4,194,304 can be saved" in told["detail"]
    assert "first (3,000,0" in told["detail"]
    assert "second (3,000,0" in told["detail"]
    status, told = admin.post(
        "/v2/process-instances", {"processDefinitionId": "small", "variables": {"a": BIG, "b": BIG}}
    )
    assert (status, told["title"]) == (413, "CONTENT_TOO_LARGE")
    assert admin.post(f"/v2/user-tasks/{key}/completion", {"variables": {"second": BIG}})[0] == 413
    assert admin.post(f"/v2/user-tasks/{key}/completion", {})[0] == 204, "nothing of it was done"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("x" * 1_100_000, "a text has 1,100,000 characters, more than 1,048,576"),
        ([1] * 100_001, "there are more than 100,000 values"),
        ({"n" * 500: 1}, "a name has 500 bytes, more than 492"),
    ],
)
def test_a_value_that_is_too_large_says_which_and_how_much(admin, task, value, words):
    body = {"variables": {"mine": value}}
    status, told = admin.post(f"/v2/user-tasks/{task[1]}/completion", body)
    assert (status, told["title"], words in told["detail"]) == (413, "CONTENT_TOO_LARGE", True), told
    assert "mine" in told["detail"]


def test_what_nobody_is_there_to_be_told_is_an_incident_at_once(admin, service, clock, caplog):
    timer = (
        '<intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>PT1H</timeDuration>'
        "</timerEventDefinition></intermediateCatchEvent>"
    )
    grow = (
        '<scriptTask id="grow"><extensionElements><zeebe:script expression="=[big, big]" resultVariable="twice"/>'
        "</extensionElements></scriptTask>"
    )
    body = START + timer + grow + user_task("rest") + END + chain("start", "wait", "grow", "rest", "end")
    assert admin.deploy(("grows.bpmn", bpmn("grows", body)))[0] == 200
    given = {"processDefinitionId": "grows", "variables": {"big": BIG}}
    key = admin.post("/v2/process-instances", given)[1]["processInstanceKey"]
    clock.advance(timedelta(hours=2))
    with caplog.at_level("ERROR"):
        service.run_due()
    assert caplog.records == [], "no trace of a fault of ours: there is none"
    found = admin.post("/v2/incidents/search", {"filter": {"processInstanceKey": key}})[1]["items"]
    assert [one["state"] for one in found] == ["ACTIVE"]
    assert "4,194,304 can be saved" in found[0]["errorMessage"]
    assert "twice" not in found[0]["errorMessage"], "who repairs it may not be who reads it"
