"""What people wrote stays with those who may read the complaint: not shown, not told, not to be guessed by searching."""

from __future__ import annotations

import base64
import io
import json
import logging

import pytest
import sqlalchemy as sa

from api.complaints import letter_desk
from api.complaints.tables import ComplaintRow
from api.logs import Wordless
from engine.commands.house import JobType
from engine.deadlines.clocks import Act
from engine.jobs.letters import LetterRefused
from engine.jobs.lines import everything
from engine.jobs.worker import Worker
from engine.store.tables import incidents
from tests.api.access.test_matrix import RECIPES, Of, doors, filled, lists, path_of, with_feed
from tests.api.access.world import CANARY, WISH, Case, Someone, conducted
from tests.engine.diagrams import END, START, bpmn, chain, one_task, service_task

WORDS = ("Zacharias", "boiler", "12 Low Road")
BLIND = (("admin",), ("process-owner",), ("admin", "process-owner", "employee", "contributor"))


@pytest.fixture
def definition(app, service):
    app.config["WTF_CSRF_ENABLED"] = False
    return (
        service.engine.deploy([("complaint-handling.bpmn", conducted())]).processes[0].process_definition_key
    )


@pytest.fixture
def case(service, definition):
    """A complaint whose outside work has failed too, with what the worker said of it."""
    case = Case(service)
    service.engine.fail_job(case.job, retries=0, message=f"Could not look up: {CANARY}")
    return case


@pytest.mark.parametrize("roles", BLIND, ids="+".join)
def test_nobody_who_may_not_read_complaints_is_told_what_was_written(app, service, definition, case, roles):
    someone = with_feed(service, Someone(app, service, "someone", *roles))
    told = {
        name: text
        for name, (_, text) in lists(app, service, definition, someone).items()
        if name != "staff.search"
    }
    for endpoint, method, rule in doors(app):
        recipe = RECIPES[endpoint, method]
        asks = method == "GET" or "search" in endpoint
        if isinstance(recipe, Of) and asks:

            def key(kind):
                return case.key(kind)

            values = {
                name: kind[1:] if kind.startswith("=") else key(kind) for name, kind in recipe.kinds.items()
            }
            told[endpoint] = someone.ask(method, path_of(rule, values), filled(recipe.body, key))[1]
    assert [(name, word) for name, text in told.items() for word in WORDS if word in text] == []
    assert "[content]" in told["variables.search_variables"]


class Refuses:
    """A mail server that takes nothing, and says why in its own words."""

    def send(self, letter):
        raise LetterRefused(f"550 <{letter.recipient}> {letter.subject}: {CANARY}")


def refused_mail(service, case):
    """A letter of the case that its mail server refuses; the key of its incident."""

    def write(session):
        desk = service.desk(session, Act(at=service.clock.now(), by="test", reason="test"))
        letter_desk.write_now(
            service, desk, session.get(ComplaintRow, case.complaint), "holding-notice", reason=CANARY
        )

    service.engine.write(write)
    engine = service.engine
    mail = Worker(
        engine.house, "mail", everything((), mail=True), postman=Refuses(),
        letter_listeners=engine._letter_listeners, letter_guard=engine._letter_guard,
    )  # fmt: skip
    while mail.run_once():
        pass
    return newest_incident(service, case)


def surprised(service, case):
    """A step of the same complaint whose handler stumbles over what somebody wrote."""
    house = service.engine.house
    house.job_types["stumble"] = JobType("stumble", lambda _: int(CANARY))
    service.engine.deploy([("complaint-handling.bpmn", bpmn(
        "complaint-handling",
        START + service_task("enter", "redress:register") + service_task("trip", "stumble", retries=1) + END
        + chain("start", "enter", "trip", "end"),
    ))])  # fmt: skip
    case.__init__(service)
    return newest_incident(service, case)


def badly_timed(service, case):
    """A timer that waits for what somebody wrote."""
    timer = (
        '<intermediateCatchEvent id="until"><timerEventDefinition><timeDuration xsi:type="tFormalExpression">'
        "=issues[1].summary</timeDuration></timerEventDefinition></intermediateCatchEvent>"
    )
    service.engine.deploy([("complaint-handling.bpmn", bpmn(
        "complaint-handling", START + service_task("enter", "redress:register") + timer + END + chain("start", "enter", "until", "end"),
    ))])  # fmt: skip
    case.__init__(service)
    return newest_incident(service, case)


def newest_incident(service, case):
    found = [
        one for one in service.engine.incidents().items if one.root_process_instance_key == case.instance
    ]
    return max(found, key=lambda one: one.incident_key)


@pytest.mark.parametrize("goes_wrong", [refused_mail, surprised, badly_timed])
def test_what_is_stuck_tells_no_door_and_no_log_what_was_written(app, service, definition, case, goes_wrong):
    handler = logging.StreamHandler(log := io.StringIO())
    handler.setFormatter(Wordless("%(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        incident = goes_wrong(service, case)
    finally:
        logging.getLogger().removeHandler(handler)
    words = (*WORDS, "ann@example.org")
    blind = [
        with_feed(service, Someone(app, service, f"x-{number}", *roles)) for number, roles in enumerate(BLIND)
    ]
    told = {"log": log.getvalue(), "the incident itself": incident.error_message}
    for someone in blind:
        for name, (_, text) in lists(app, service, definition, someone).items():
            told[someone.name, name] = text if name != "staff.search" else ""
        for path in (
            f"/v2/incidents/{incident.incident_key}", f"/staff/incidents/{incident.incident_key}",
            f"/staff/processes/{case.instance}", f"/v2/process-instances/{case.instance}",
        ):  # fmt: skip
            status, told[someone.name, path] = someone.ask("GET", path)
            assert status == 200
        path = f"/v2/process-instances/{case.instance}/incidents/search"
        told[someone.name, path] = someone.ask("POST", path, {})[1]
        assert str(incident.incident_key) in told[someone.name, path]
    assert [(name, word) for name, text in told.items() for word in words if word in text] == []


def test_the_complaints_own_people_are_told_what_the_mail_server_said(app, service, case):
    refused_mail(service, case)
    manager = Someone(app, service, "max", "manager")
    assert "550 <ann@example.org>" in manager.ask("GET", "/staff/notices")[1].replace("&lt;", "<").replace(
        "&gt;", ">"
    )


def test_what_a_mail_server_said_in_an_older_incident_is_veiled_as_well(app, service, case):
    incident = refused_mail(service, case)

    def before(session):
        session.execute(
            sa.update(incidents)
            .where(incidents.c.key == incident.incident_key)
            .values(message=f"550 {CANARY}")
        )

    service.engine.write(before)
    owner = Someone(app, service, "paula", "process-owner")
    assert CANARY not in owner.ask("GET", f"/v2/incidents/{incident.incident_key}")[1]
    asked = {"filter": {"errorMessage": {"$like": "*boiler*"}}}
    assert json.loads(owner.ask("POST", "/v2/incidents/search", asked)[1])["page"]["totalItems"] == 0


def test_an_error_of_the_database_does_not_say_what_was_to_be_stored(service):
    with pytest.raises(sa.exc.DBAPIError) as refused:
        service.engine.read(
            lambda session: session.execute(sa.text("SELECT :words FROM nowhere"), {"words": CANARY})
        )
    assert CANARY not in str(refused.value)


def test_who_may_read_the_complaint_reads_its_variables(app, service, case):
    auditor = Someone(app, service, "audra", "auditor")
    assert CANARY in auditor.ask("GET", f"/v2/variables/{case.variable}")[1]
    assert CANARY in auditor.ask("GET", f"/staff/processes/{case.instance}")[1]
    assert CANARY in auditor.ask("POST", "/v2/incidents/search", {})[1]
    auditor_finds = auditor.ask("POST", "/v2/variables/search", {"filter": {"value": {"$like": "*boiler*"}}})[
        1
    ]
    assert json.loads(auditor_finds)["page"]["totalItems"] > 0


def test_days_and_yes_or_no_that_the_register_gave_stay_readable(app, service, case):
    owner = Someone(app, service, "paula", "process-owner")

    def value(name):
        found = owner.ask("POST", "/v2/variables/search", {"filter": {"name": name}})[1]
        return json.loads(found)["items"][0]["value"]

    assert value("receivedOn") == '"2026-11-23"'
    assert value("complainantKnown") == "true"
    assert value("issues") == '"[content]"'
    assert value("product") == '"[content]"'


@pytest.mark.parametrize("operation", [
    {"$like": "*Zacharias*"}, {"$like": "*Nobody*"}, {"$neq": '"x"'}, {"$exists": True}, {"$exists": False},
    {"$in": ['"goods"', '"x"']}, {"$notIn": ['"goods"']}, '"goods"', '"services"',
], ids=str)  # fmt: skip
@pytest.mark.parametrize("noun", ["variables", "process-instances", "user-tasks", "incidents", "jobs"])
def test_a_search_over_content_answers_the_same_whatever_was_written(
    app, service, definition, noun, operation
):
    owner = Someone(app, service, "paula", "process-owner", "contributor", "admin")
    found = []
    for words in (CANARY, "The shop was closed."):
        case = Case(service, words=words, product="goods" if words == CANARY else "services")
        service.engine.fail_job(case.job, retries=0, message=words)
        where = {
            "variables": {"value": operation, "name": "product", "processInstanceKey": str(case.instance)},
            "process-instances": {
                "variables": [{"name": "product", "value": operation}],
                "processInstanceKey": str(case.instance),
            },
            "user-tasks": {
                "processInstanceVariables": [{"name": "product", "value": operation}],
                "processInstanceKey": str(case.instance),
            },
            "incidents": {"errorMessage": operation, "processInstanceKey": str(case.instance)},
            "jobs": {"errorMessage": operation, "processInstanceKey": str(case.instance)},
        }[noun]
        status, text = owner.ask("POST", f"/v2/{noun}/search", {"filter": where})
        assert status == 200, text
        found.append(json.loads(text)["page"]["totalItems"])
    assert found[0] == found[1]


def test_what_is_not_read_does_not_decide_the_order_and_is_not_in_a_cursor(app, service, definition):
    owner = Someone(app, service, "paula", "process-owner")
    first, second = Case(service, words="Zebra"), Case(service, words="Aardvark")
    asked = {"filter": {"name": "issues"}, "sort": [{"field": "value"}]}
    page = json.loads(owner.ask("POST", "/v2/variables/search", asked)[1])
    assert [item["processInstanceKey"] for item in page["items"]] == [
        str(first.instance),
        str(second.instance),
    ]
    assert b"Zebra" not in base64.b64decode(page["page"]["startCursor"])


def test_a_worker_who_may_not_read_the_complaint_gets_what_the_input_mappings_name(app, service, definition):
    case = Case(service)
    body = RECIPES["jobs.activate", "POST"].body
    job = json.loads(Someone(app, service, "robot", "worker").ask("POST", "/v2/jobs/activation", body)[1])[
        "jobs"
    ][0]
    assert (job["jobKey"], job["variables"]) == (str(case.job), {"wanted": "goods"})


@pytest.mark.parametrize("role", ["process-owner", "admin"])
def test_who_draws_what_a_job_is_told_of_a_complaint_is_not_told_it(app, service, definition, role):
    Case(service)
    body = RECIPES["jobs.activate", "POST"].body
    drawer = Someone(app, service, "paula", role)
    assert json.loads(drawer.ask("POST", "/v2/jobs/activation", body)[1])["jobs"] == []


def test_a_veil_is_not_written_back_over_the_words_behind_it(app, service, case):
    owner = Someone(app, service, "paula", "process-owner")
    path = f"/v2/element-instances/{case.instance}/variables"
    before = case.state()
    status, text = owner.ask("PUT", path, {"variables": {"issues": [{"id": 1, "summary": "[content]"}]}})
    assert (status, "[content]" in text, case.state() == before) == (409, True, True)
    assert owner.ask("PUT", path, {"variables": {"issues": []}})[0] == 204


def test_a_process_without_a_complaint_is_read_whole_by_whoever_runs_it(app, service):
    service.engine.deploy([("one.bpmn", one_task("tried"))])
    service.engine.start("tried", {"colour": "Zacharias green"})
    owner = Someone(app, service, "paula", "process-owner")
    asked = {"filter": {"value": {"$like": "*Zacharias*"}}}
    assert (
        json.loads(owner.ask("POST", "/v2/variables/search", asked)[1])["items"][0]["value"]
        == '"Zacharias green"'
    )


def test_the_wish_of_the_complainant_is_no_variable(service, definition):
    case = Case(service)
    assert WISH not in str(service.engine.values(case.instance))
