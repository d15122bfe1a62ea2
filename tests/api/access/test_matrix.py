"""Every route and method for somebody complained about: the case does not exist, in records, lists, totals and acts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest

from api.deadlines import feeds
from api.identity.roles import ROLES
from tests.api.access.world import CANARY, Case, Someone, conducted

FAR = "2027-01-01T00:00:00Z"
CHANGING = re.compile(
    r'name="csrf_token" value="[^"]*"|content="[^"]*" name="csrf|nonce="[^"]*"|"requestId":"[^"]*"|\b[0-9a-f]{16,32}\b'
)


@dataclass(frozen=True)
class Apart:
    """A route that reaches no case, and why."""

    why: str


@dataclass(frozen=True)
class Told:
    """A route that tells of many cases: its address after the path, and its body. ``of`` fills a part of the path."""

    body: object = None
    query: str = ""
    of: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Of:
    """A route about one thing of a case: what fills each part of the path, and what is sent. ``{kind}`` in a body is its key."""

    kinds: dict
    body: object = None
    hidden: int = 404


PUBLIC = Apart("anybody may read it, and it names no complaint without its secret link")
LINK = Apart("it is opened by the secret link, not by an account")
SELF = Apart("it is about the account itself, or about accounts")
HOUSE = Apart("it is about definitions or the service, of which no case is part")
NEW = Apart("it begins something new")


def of(kind, body=None, **more):
    return Of({"key": kind}, body, **more)


RECIPES = {
    ("static", "GET"): PUBLIC,
    **{(f"public.{name}", "GET"): PUBLIC for name in ("guidance", "about", "accessibility", "help", "privacy", "complain",
       "step", "check", "receipt", "resume", "saved", "lost_link")},
    **{(f"public.{name}", "POST"): NEW for name in ("take_step", "submit", "discard", "mail_link", "send_link")},
    **{(f"public.{name}", "GET"): LINK for name in ("status", "add", "answer", "survey", "withdraw", "open_link")},
    **{(f"public.{name}", "POST"): LINK for name in ("send_addition", "take_answer", "leave", "take_survey", "withdraw_now")},
    ("links.processes", "GET"): PUBLIC,
    ("links.process", "GET"): Apart("it leads to the page of whatever key was given, and looks nothing up"),
    ("documentation.docs", "GET"): PUBLIC,
    ("documentation.openapi", "GET"): PUBLIC,
    ("topology.license_of", "GET"): PUBLIC,
    ("topology.status", "GET"): PUBLIC,
    ("topology.topology", "GET"): PUBLIC,
    ("authentication.me", "GET"): SELF,
    **{(f"staff.{name}", "GET"): SELF for name in ("people", "person", "sign_in_page")},
    **{(f"staff.{name}", "POST"): SELF for name in ("add_person", "change_person", "sign_in_now", "sign_out_now",
       "create_feed", "revoke_feed")},
    ("lint.lint", "POST"): HOUSE,
    ("deployments.deploy", "POST"): HOUSE,
    ("resources.delete_resource", "POST"): HOUSE,
    ("decision-definitions.evaluate", "POST"): HOUSE,
    **{(f"process-definitions.{name}", "GET"): HOUSE for name in ("process_definition", "start_form", "diagram")},
    ("process-definitions.search_process_definitions", "POST"): HOUSE,
    ("process-instances.create", "POST"): NEW,
    ("conditionals.evaluate", "POST"): NEW,
    ("complaints.register", "POST"): NEW,
    ("staff.record", "GET"): NEW,
    ("staff.record_now", "POST"): NEW,
    ("staff.change_calendar", "POST"): Told({"kind": "closure", "day": "2026-11-24", "name": "Flood", "reason": "Flood"},
                                            of={"calendar_id": "calendar"}),
    ("staff.apply_calendar", "POST"): Told({"reason": "New file"}, of={"calendar_id": "calendar"}),
    ("staff.decide_held", "POST"): Told({"clock": "1", "reason": "x", "do": "approve"}, of={"calendar_id": "calendar"}),
    ("staff.calendar", "GET"): Told(of={"calendar_id": "calendar"}),
    ("staff.calendar_list", "GET"): Told(),
    ("staff.inbox", "GET"): Told(query="?box=groups"),
    ("staff.search", "GET"): Told(query="?q=Zacharias"),
    ("staff.due", "GET"): Told(query="?whose=all&span=90"),
    ("staff.feed_list", "GET"): SELF,
    ("staff.feed", "GET"): Told(of={"token": "feed"}),
    ("staff.incidents", "GET"): Told(),
    ("staff.instances", "GET"): Told(),
    ("staff.notices", "GET"): Told(),
    ("complaints.search_complaints", "POST"): Told({"filter": {}}),
    ("timers.search_timers", "POST"): Told({}),
    ("element-instances.search_element_instances", "POST"): Told({}),
    ("incidents.search_incidents", "POST"): Told({}),
    ("jobs.search_jobs", "POST"): Told({}),
    ("jobs.activate", "POST"): Told({"type": "look-up", "timeout": 1000, "maxJobsToActivate": 5, "requestTimeout": -1}),
    ("messages.search_message_subscriptions", "POST"): Told({}),
    ("process-definitions.element_counts", "POST"): Told({}, of={"key": "definition"}),
    ("process-instances.search_process_instances", "POST"): Told({}),
    ("user-tasks.search_user_tasks", "POST"): Told({}),
    ("variables.search_variables", "POST"): Told({}),
    ("complaints.complaint", "GET"): Of({"name": "complaint"}),
    ("complaints.change_rules", "POST"): Of(
        {"name": "complaint"}, {"regime": "uk-financial", "stage": "one", "reason": "x"}
    ),
    ("complaints.correct_details", "POST"): Of(
        {"name": "complaint", "role": "=complainant"}, {"name": "x", "reason": "x"}
    ),
    ("staff.correct_details", "POST"): Of(
        {"key": "complaint", "role": "=complainant"}, {"name": "x", "reason": "x"}
    ),
    ("complaints.settle_authority", "POST"): Of({"name": "complaint"}, {"extent": "none", "reason": "x"}),
    ("staff.settle_authority", "POST"): of("complaint", {"extent": "none", "reason": "x"}),
    ("complaints.take_on_representative", "POST"): Of(
        {"name": "complaint"}, {"name": "x", "extent": "settle", "reason": "x"}
    ),
    ("staff.take_on_representative", "POST"): of("complaint", {"name": "x", "extent": "settle", "reason": "x"}),
    ("complaints.record_said", "POST"): Of(
        {"name": "complaint"}, {"what": "withdraws", "words": "x", "channel": "phone"}
    ),
    ("staff.complaint", "GET"): Of({"key": "complaint", "tab": "=overview"}),
    ("staff.timers_of", "GET"): of("complaint"),
    ("staff.change_timer", "POST"): Of({"key": "complaint", "job": "timer", "verb": "=fire"}, {"reason": "x"}),
    ("staff.move_clock", "POST"): Of({"key": "complaint", "name": "=target", "verb": "=pause"}, {"reason": "x"}),
    ("staff.extend_clock", "POST"): Of({"key": "complaint", "name": "=target"}, {"reason": "x"}),
    ("staff.meet_clock", "POST"): Of({"key": "complaint", "name": "=target"}, {"reason": "x"}),
    ("staff.recategorise", "POST"): of("complaint", {"reason": "x"}),
    ("staff.correct_receipt", "POST"): of("complaint", {"reason": "x"}),
    ("staff.posted", "POST"): Of({"key": "complaint", "letter": "letter"}, {}),
    ("staff.letter_came_back", "POST"): Of({"key": "complaint", "letter": "letter"}, {}),
    ("complaints.letter_came_back", "POST"): Of({"name": "complaint", "letter": "letter"}, {}),
    ("staff.look_for_a_way", "POST"): of("complaint", {}),
    ("staff.send_held", "POST"): Of({"key": "complaint", "letter": "letter"}, {}),
    ("staff.correct_days", "POST"): of("complaint", {"firstRaisedOn": "1 11 2026", "reason": "told"}),
    ("staff.add_note", "POST"): of("complaint", {"note": "I know"}),
    ("staff.said", "GET"): of("complaint"),
    ("staff.record_said", "POST"): of("complaint", {"what": "0", "words": "x", "saidBy": "0", "channel": "0", "_version": "withdraws"}),
    ("complaints.record_outside", "POST"): Of({"name": "complaint"}, {"body": "FOS"}),
    ("complaints.record_decided", "POST"): Of({"name": "complaint"}, {}),
    ("staff.outside", "GET"): of("complaint"),
    ("staff.record_outside", "POST"): of("complaint", {"body": "FOS"}),
    ("staff.record_decided", "POST"): of("complaint", {}),
    ("staff.keep_away", "POST"): of("complaint", {"colleague": "other", "reason": "x"}),
    ("staff.stand_aside", "POST"): of("complaint", {"reason": "x"}),
    ("staff.let_back", "POST"): of("complaint", {"colleague": "boss", "reason": "x"}),
    ("staff.download", "GET"): of("document"),
    ("staff.read_notice", "POST"): of("notice", {}, hidden=303),
    ("staff.incident", "GET"): of("incident"),
    ("staff.mend", "POST"): Of({"key": "incident", "verb": "=retry"}, {}),
    ("staff.instance", "GET"): of("instance"),
    ("staff.end_instance", "POST"): of("instance", {"reason": "x"}),
    ("staff.task", "GET"): of("task"),
    ("staff.complete", "POST"): of("task", {}),
    ("staff.save_draft", "POST"): of("task", {}),
    ("staff.assign_page", "GET"): of("task"),
    ("staff.assign", "POST"): of("task", {"assignee": "boss"}),
    ("staff.claim", "POST"): of("task", {}),
    ("staff.release", "POST"): of("task", {}),
    ("timers.fire_timer", "POST"): of("timer", {"reason": "x"}),
    ("timers.move_timer", "POST"): of("timer", {"reason": "x", "dueDate": FAR}),
    ("element-instances.element_instance", "GET"): of("element"),
    ("element-instances.set_variables", "PUT"): of("element", {"variables": {"a": 1}}),
    ("incidents.incident", "GET"): of("incident"),
    ("incidents.resolve", "POST"): of("incident", {}),
    ("jobs.update_job", "PATCH"): of("job", {"changeset": {"retries": 5}}),
    ("jobs.complete_job", "POST"): of("job", {}),
    ("jobs.throw_job_error", "POST"): of("job", {"errorCode": "X"}),
    ("jobs.fail_job", "POST"): of("job", {"retries": 0}),
    ("messages.correlate", "POST"): Of({}, {"name": "complainant-withdraws", "correlationKey": "{complaint}"}),
    ("messages.publish", "POST"): Of({}, {"name": "complainant-withdraws", "correlationKey": "{complaint}"}, hidden=200),
    ("signals.broadcast", "POST"): Of({}, {"signalName": "alarm"}, hidden=200),
    ("process-instances.process_instance", "GET"): of("instance"),
    ("process-instances.cancel", "POST"): of("instance", {}),
    ("process-instances.search_incidents_of", "POST"): of("instance", {}),
    ("process-instances.migrate", "POST"): of(
        "instance", {"targetProcessDefinitionKey": "{definition}", "mappingInstructions": []}
    ),
    ("process-instances.modify", "POST"): of("instance", {"terminateInstructions": [{"elementId": "work"}]}),
    ("process-instances.element_counts_of", "GET"): of("instance"),
    ("user-tasks.user_task", "GET"): of("task"),
    ("user-tasks.update", "PATCH"): of("task", {"changeset": {"priority": 1}}),
    ("user-tasks.unassign", "DELETE"): of("task"),
    ("user-tasks.assign", "POST"): of("task", {"assignee": "boss"}),
    ("user-tasks.complete", "POST"): of("task", {}),
    ("user-tasks.search_effective_variables", "POST"): of("task", {}),
    ("user-tasks.search_task_variables", "POST"): of("task", {}),
    ("user-tasks.form_of", "GET"): of("task"),
    ("variables.variable", "GET"): of("variable"),
}  # fmt: skip


def doors(app):
    """Yield endpoint, method and rule of every route and method there is."""
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
            yield rule.endpoint, method, rule.rule


def path_of(rule, values):
    """Return the address of a rule; parts without a value (the default page of a complaint has no tab) are not there."""
    return re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda found: str(values[found[1]]), rule)


def filled(body, keys):
    if isinstance(body, dict):
        return {name: filled(value, keys) for name, value in body.items()}
    if isinstance(body, list):
        return [filled(item, keys) for item in body]
    if isinstance(body, str) and body.startswith("{"):
        return str(keys(body[1:-1]))
    return body


def steady(text):
    """Return an answer without what differs from one request to the next."""
    return CHANGING.sub("·", text)


@pytest.fixture
def definition(app, service):
    """The key of a definition whose cases wait in every way; pages take posts without the tokens of their forms."""
    app.config["WTF_CSRF_ENABLED"] = False
    done = service.engine.deploy([("complaint-handling.bpmn", conducted())])
    return done.processes[0].process_definition_key


def lists(app, service, definition, someone):
    """Return what each list tells somebody, by endpoint."""
    given = {"definition": definition, "calendar": service.calendars.default, "feed": someone.feed}
    found = {}
    for endpoint, method, rule in doors(app):
        recipe = RECIPES[endpoint, method]
        if isinstance(recipe, Told):
            path = path_of(rule, {name: given[kind] for name, kind in recipe.of.items()}) + recipe.query
            status, text = someone.ask(method, path, recipe.body)
            found[endpoint] = status, steady(text)
    return found


def with_feed(service, someone, group="team-leads"):
    try:
        someone.feed = feeds.create(service, someone.person, group=group)
    except feeds.FeedNotFound:
        someone.feed = feeds.create(service, someone.person, group=None)
    return someone


def test_every_route_has_a_recipe_and_every_recipe_a_route(app):
    known = {(endpoint, method) for endpoint, method, _ in doors(app)}
    assert sorted(known - set(RECIPES)) == []
    assert sorted(set(RECIPES) - known) == []


def test_lists_and_totals_are_the_same_as_if_the_complaint_had_never_been(app, service, definition):
    someone = [with_feed(service, Someone(app, service, f"x-{role}", role)) for role in ROLES]
    someone.append(with_feed(service, Someone(app, service, "x-all", *ROLES)))
    reader = with_feed(service, Someone(app, service, "reader", *ROLES))
    before = {one.name: lists(app, service, definition, one) for one in (*someone, reader)}
    Case(service, *(one.name for one in someone))
    wrong = []
    for one in someone:
        after = lists(app, service, definition, one)
        wrong += [(one.name, endpoint) for endpoint in after if after[endpoint] != before[one.name][endpoint]]
    assert wrong == []
    told = lists(app, service, definition, reader)
    silent = [endpoint for endpoint in told if told[endpoint] == before["reader"][endpoint]]
    assert silent == []  # every one of them does tell somebody who may know


def test_one_thing_of_the_case_answers_like_one_that_is_not_there_and_nothing_is_done(
    app, service, definition
):
    boss, other = Someone(app, service, "boss", *ROLES), Someone(app, service, "other", *ROLES)
    case = Case(service, "boss")
    wrong, seen = [], 0
    for endpoint, method, rule in doors(app):
        recipe = RECIPES[endpoint, method]
        if not isinstance(recipe, Of):
            continue
        answers = []
        for shift in (0, 1_000_000):

            def key(kind, shift=shift):
                return definition if kind == "definition" else case.key(kind) + shift

            values = {
                name: kind[1:] if kind.startswith("=") else key(kind) for name, kind in recipe.kinds.items()
            }
            before = case.state()
            status, text = boss.ask(method, path_of(rule, values), filled(recipe.body, key))
            if case.state() != before:
                wrong.append((endpoint, method, "something was done"))
            for kind in (
                "complaint",
                "instance",
                "task",
                "job",
                "timer",
                "incident",
                "element",
                "variable",
                "document",
            ):
                text = text.replace(str(case.key(kind) + shift), "·")
            answers.append((status, re.sub(r'"messageKey":"\d+"|"signalKey":"\d+"', "·", steady(text))))
        seen += 1
        if answers[0] != answers[1] or answers[0][0] != recipe.hidden or CANARY in answers[0][1]:
            wrong.append((endpoint, method, answers[0][0], answers[1][0]))
        if method == "GET":
            values = {
                name: kind[1:] if kind.startswith("=") else case.key(kind)
                for name, kind in recipe.kinds.items()
            }
            status, _ = other.ask(method, path_of(rule, values))
            if status == 404 and endpoint != "staff.download":  # its bytes are not in the folder
                wrong.append((endpoint, method, "nobody sees it"))
    assert wrong == []
    assert seen > 50
