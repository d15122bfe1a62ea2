"""What a diagram computes from what people wrote is content wherever it lands: no door tells it to who may not read it."""

from __future__ import annotations

import base64
import io
import json
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from api.complaints.intake import start_facts
from api.complaints.open_words import VEIL, OpenWords
from api.identity import people
from api.logs import Wordless
from engine import feel
from engine.actors import SYSTEM
from engine.commands.errors import DeploymentRefused
from engine.commands.events import AT_ONCE
from engine.dialect.deciding import sources_of
from engine.dialect.remaking import untouched
from engine.jobs.lines import everything
from engine.jobs.worker import Worker
from engine.store.tables import element_instances, incidents, instances, jobs, outbox, tasks, variables
from tests.api.access.test_matrix import RECIPES, Of, Told, doors, filled, path_of, with_feed
from tests.api.access.world import CANARY, STAGE, Case, Someone
from tests.engine.diagrams import END, START, bpmn, chain, service_task, user_task

WORDS = ("Zacharias", "boiler")
BLIND = (("admin", "process-owner", "employee"), ("contributor", "top-management"), ("handler",))
SUM = "issues[1].summary"
MESSAGE = (
    f'<message id="m" name="={SUM}"><extensionElements><zeebe:subscription correlationKey="={SUM}"/>'
    "</extensionElements></message>"
)
KEYED = (
    f'<message id="k" name="={SUM}"><extensionElements><zeebe:subscription correlationKey="=product"/>'
    "</extensionElements></message>"
)
OFFERED = (
    f'<zeebe:assignmentDefinition assignee="={SUM}" candidateUsers="=[{SUM}]"'
    f' candidateGroups="=[&quot;team-leads&quot;, &quot;contributors&quot;, {SUM}]"/>'
    f'<zeebe:formDefinition externalReference="={SUM}"/>'
)


def extended(kind, element_id, extension, inner=""):
    return f'<{kind} id="{element_id}"><extensionElements>{extension}</extensionElements>{inner}</{kind}>'


def mapped(source, target):
    return f'<zeebe:ioMapping><zeebe:input source="{source}" target="{target}"/></zeebe:ioMapping>'


PLACES = {
    "task": user_task("here", OFFERED),
    "form": user_task("here", f'<zeebe:formDefinition formId="={SUM}"/>'),
    "job type": service_task("here", f"={SUM}"),
    "message": '<intermediateCatchEvent id="here"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>',
    "message name": (
        '<intermediateCatchEvent id="here"><messageEventDefinition messageRef="k"/></intermediateCatchEvent>'
    ),
    "signal": '<intermediateCatchEvent id="here"><signalEventDefinition signalRef="s"/></intermediateCatchEvent>',
    "timer": (
        '<intermediateCatchEvent id="here"><timerEventDefinition><timeDuration xsi:type="tFormalExpression">'
        f"={SUM}</timeDuration></timerEventDefinition></intermediateCatchEvent>"
    ),
    "decision": extended(
        "businessRuleTask", "here", f'<zeebe:calledDecision decisionId="={SUM}" resultVariable="r"/>'
    ),
    "called process": extended("callActivity", "here", f'<zeebe:calledElement processId="={SUM}"/>'),
    "business id": extended(
        "callActivity",
        "here",
        f'<zeebe:calledElement processId="inner" businessId="={SUM}" propagateAllChildVariables="false"/>',
    ),
    "assert": extended("scriptTask", "here", f'<zeebe:script expression="=assert(1, false, {SUM})" resultVariable="r"/>'),
    "member": extended(
        "scriptTask", "here", f'<zeebe:script expression="=context put({{}}, {SUM}, 1)" resultVariable="r"/>'
    )
    + user_task("after"),
    "calendar": extended(
        "scriptTask",
        "here",
        f'<zeebe:script expression="=assert(working days between(today(), today(), {SUM}), true)" resultVariable="r"/>',
    ),
    "error code": '<endEvent id="here"><errorEventDefinition errorRef="e"/></endEvent>',
    "own job": service_task("here", "redress:close", retries=1, extension=mapped(f"={SUM}", "into")),
    "happened": service_task(
        "here",
        "redress:set-state",
        retries=1,
        extension='<zeebe:taskHeaders><zeebe:header key="state" value="investigating"/></zeebe:taskHeaders>'
        + mapped(f"={SUM}", "happened"),
    ),
    "letter": service_task(
        "here",
        "redress:send-letter",
        retries=1,
        extension='<zeebe:taskHeaders><zeebe:header key="letter" value="acknowledgement"/></zeebe:taskHeaders>'
        + mapped(f"=&quot;department:&quot; + {SUM}", "to"),
    ),
    "notice": service_task(
        "here",
        "redress:notify",
        extension='<zeebe:taskHeaders><zeebe:header key="subject" value="Something is new"/>'
        '<zeebe:header key="group" value="contributors"/><zeebe:header key="copy" value="top-management"/>'
        '<zeebe:header key="mail" value="yes"/></zeebe:taskHeaders>' + mapped(f"={SUM}", "text"),
    )
    + user_task("after"),
}  # fmt: skip


def placed(service, name):
    """A complaint whose diagram, a process owner's own, puts what was written there."""
    body = (
        START
        + service_task("enter", "redress:register")
        + service_task("clocks", "redress:start-clocks", extension=STAGE)
    )
    after = ("after",) if 'id="after"' in PLACES[name] else ()
    ends = () if PLACES[name].startswith("<endEvent") else ("end",)
    body += PLACES[name] + (END if ends else "") + chain("start", "enter", "clocks", "here", *after, *ends)
    extra = MESSAGE + KEYED + f'<signal id="s" name="={SUM}"/><error id="e" errorCode="={SUM}"/>'
    service.engine.deploy(
        [
            (
                "inner.bpmn",
                bpmn("inner", START + user_task("within") + END + chain("start", "within", "end")),
            ),
            ("complaint-handling.bpmn", bpmn("complaint-handling", body, extra=extra)),
        ]
    )
    case = Case(service)
    Worker(service.engine.house, "own", everything((), mail=False)).run_once()
    return case


def keys_of(service, case):
    """Return the keys of everything in the family of a case, by kind as the recipes name it."""
    tables = {
        "instance": instances, "task": tasks, "job": jobs, "incident": incidents, "element": element_instances,
        "variable": variables,
    }  # fmt: skip

    def look(session):
        return {
            kind: list(session.scalars(sa.select(table.c.key).where(table.c.root_key == case.instance)))
            for kind, table in tables.items()
        }

    return service.engine.read(look)


def told(app, service, case, someone):
    """Return every answer of every door that asks, about everything in the family of the case, by address."""
    keys, found = keys_of(service, case), {}
    given = {"calendar": service.calendars.default, "feed": someone.feed}
    for endpoint, method, rule in doors(app):
        recipe = RECIPES[endpoint, method]
        if (
            not (method == "GET" or "search" in endpoint or "statistics" in endpoint)
            or endpoint == "staff.search"
        ):
            continue
        if isinstance(recipe, Told) and "definition" not in recipe.of.values():
            path = path_of(rule, {name: given[kind] for name, kind in recipe.of.items()}) + recipe.query
            found[path] = someone.ask(method, path, recipe.body)[1]
        if isinstance(recipe, Of):
            kinds = recipe.kinds
            for key in keys.get(kinds.get("key", ""), ()):
                values = {name: kind[1:] if kind.startswith("=") else key for name, kind in kinds.items()}
                path = path_of(rule, values)
                found[path] = someone.ask(method, path, filled(recipe.body, lambda _, key=key: key))[1]
    return found


def mailed(service):
    """Return what was mailed to colleagues who may not read the complaint."""

    def look(session):
        rows = session.execute(sa.select(outbox.c.recipient, outbox.c.body)).all()
        return "".join(body.decode() for recipient, body in rows if recipient.startswith(b"x-"))

    return service.engine.read(look)


@pytest.fixture
def open_doors(app):
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.mark.parametrize("place", PLACES)
def test_nobody_who_may_not_read_the_complaint_is_told_what_a_diagram_made_of_it(open_doors, service, place):
    handler = logging.StreamHandler(log := io.StringIO())
    handler.setFormatter(Wordless("%(message)s"))
    logging.getLogger().addHandler(handler)
    blind = [
        with_feed(service, Someone(open_doors, service, f"x-{number}", *roles))
        for number, roles in enumerate(BLIND)
    ]
    for someone in blind:
        service.engine.write(
            lambda session, name=someone.name: people.change(
                session, name, email=f"{name}@example.org", at=service.clock.now()
            )
        )
    try:
        case = placed(service, place)
    finally:
        logging.getLogger().removeHandler(handler)
    answers = {("log", ""): log.getvalue(), ("mail", ""): mailed(service)}
    for someone in blind:
        for path, text in told(open_doors, service, case, someone).items():
            answers[someone.name, path] = text
    assert [(name, word) for name, text in answers.items() for word in WORDS if word in text] == []
    reader = with_feed(service, Someone(open_doors, service, "reader", "manager", "admin"))
    assert any(CANARY in text for text in told(open_doors, service, case, reader).values())


@pytest.mark.parametrize(("noun", "place", "field", "sortable"), [
    ("user-tasks", "task", "candidateGroup", False), ("user-tasks", "task", "candidateUser", False),
    ("jobs", "job type", "type", True), ("message-subscriptions", "message", "messageName", True),
    ("message-subscriptions", "message", "correlationKey", True), ("process-instances", "business id", "businessId", True),
], ids=str)  # fmt: skip
def test_a_search_over_what_a_diagram_computed_answers_the_same_whatever_was_written(
    open_doors, service, noun, place, field, sortable
):
    owner = Someone(open_doors, service, "paula", "process-owner", "contributor", "admin")
    case = placed(service, place)
    for operation in (
        CANARY,
        {"$like": "*boiler*"},
        {"$in": [CANARY]},
        {"$like": "*nothing*"},
        {"$in": ["nothing"]},
    ):
        where = {field: operation, "processInstanceKey": str(case.instance)}
        status, text = owner.ask("POST", f"/v2/{noun}/search", {"filter": where})
        assert (status, json.loads(text)["page"]["totalItems"]) == (200, 0), text
    if sortable:
        text = owner.ask("POST", f"/v2/{noun}/search", {"sort": [{"field": field}]})[1]
        cursor = json.loads(text)["page"]["endCursor"]
        assert b"boiler" not in base64.b64decode(cursor)


def test_words_of_the_diagram_itself_are_told_and_found(open_doors, service):
    owner = Someone(open_doors, service, "paula", "process-owner", "contributor", "admin")
    case = placed(service, "task")
    where = {"filter": {"candidateGroup": "team-leads", "processInstanceKey": str(case.instance)}}
    (task,) = json.loads(owner.ask("POST", "/v2/user-tasks/search", where)[1])["items"]
    assert task["candidateGroups"] == ["team-leads", "contributors", "[content]"]
    assert (task["elementId"], task["processDefinitionId"]) == ("here", "complaint-handling")
    assert "Something is new" not in owner.ask("GET", "/staff/notices")[1]
    placed(service, "notice")
    assert "Something is new" in owner.ask("GET", "/staff/notices")[1]


def test_a_complaint_that_nobody_owns_is_not_everybodys(open_doors, service):
    case = placed(service, "task")
    handler = Someone(open_doors, service, "hanna", "handler", "process-owner")
    assert (
        CANARY
        not in handler.ask(
            "POST", "/v2/variables/search", {"filter": {"processInstanceKey": str(case.instance)}}
        )[1]
    )


STRAYS = {
    "stray": '<intermediateCatchEvent id="here"><messageEventDefinition messageRef="m1"/></intermediateCatchEvent>',
    "listener": '<intermediateCatchEvent id="here"><signalEventDefinition signalRef="s1"/></intermediateCatchEvent>',
}
CAUGHT = (
    '<message id="m1" name="leak"><extensionElements><zeebe:subscription correlationKey="=k"/></extensionElements></message>'
    '<signal id="s1" name="leaksig"/>'
)
LEAKS = f"{{leaked: {SUM}, kept: &quot;parcel&quot;, count: 3, on: date(&quot;2026-01-02&quot;)}}"
NAMED = f"context put({{}}, {SUM}, [{{deep: {SUM}}}, [{SUM}..{SUM}]])"
WITHIN = f"{{leaked: {NAMED}}}"


def throws_message(variables, key='"K"'):
    key = key.replace('"', "&quot;")
    return service_task(
        "throws",
        "redress:publish-message",
        retries=1,
        extension='<zeebe:taskHeaders><zeebe:header key="name" value="leak"/></zeebe:taskHeaders>'
        f'<zeebe:ioMapping><zeebe:input source="={key}" target="correlationKey"/>'
        f'<zeebe:input source="={variables}" target="variables"/></zeebe:ioMapping>',
    )


def throws_signal(*mappings):
    inputs = "".join(f'<zeebe:input source="={source}" target="{target}"/>' for source, target in mappings)
    return (
        f'<intermediateThrowEvent id="throws"><extensionElements><zeebe:ioMapping>{inputs}</zeebe:ioMapping></extensionElements>'
        '<signalEventDefinition signalRef="s1"/></intermediateThrowEvent>'
    )


THROWN = {
    "message": ("stray", throws_message(LEAKS)),
    "names within a message": ("stray", throws_message(WITHIN)),
    "signal": ("listener", throws_signal((SUM, "leaked"), ("[" + SUM + "]", "kept"))),
    "last signal": (
        "listener",
        throws_signal((SUM, "leaked")).replace("intermediateThrowEvent", "endEvent"),
    ),
}


def stray(service, process_id, k="K"):
    """A running process without a complaint that waits for what complaints throw."""
    body = START + STRAYS[process_id] + user_task("after") + END + chain("start", "here", "after", "end")
    service.engine.deploy([(f"{process_id}.bpmn", bpmn(process_id, body, extra=CAUGHT))])
    return service.engine.start(process_id, {"k": k}).key


def thrown(service, throwing, *, words=CANARY):
    """A complaint whose diagram waits for both itself, and throws what was written at whatever waits."""
    last = throwing.startswith("<endEvent")
    body = (
        START
        + service_task("enter", "redress:register")
        + service_task("clocks", "redress:start-clocks", extension=STAGE)
        + '<parallelGateway id="split"/>'
        + STRAYS["stray"].replace("here", "told").replace("m1", "own")
        + STRAYS["listener"].replace("here", "heard")
        + user_task("after")
        + user_task("later")
        + throwing
        + "".join(f'<endEvent id="end{number}"/>' for number in range(1, 3 if last else 4))
        + chain("start", "enter", "clocks", "split", "told", "after", "end1")
        + chain("split", "heard", "later", "end2")
        + chain("split", "throws", *(() if last else ("end3",)))
    )
    own = CAUGHT[: CAUGHT.index("<signal")].replace("m1", "own").replace("=k", "=&quot;K&quot;")
    service.engine.deploy([("complaint-handling.bpmn", bpmn("complaint-handling", body, extra=CAUGHT + own))])
    return Case(service, words=words)


@pytest.mark.parametrize("way", THROWN)
def test_what_a_complaint_throws_at_a_case_that_runs_without_one_brings_no_word_of_it(
    open_doors, service, way
):
    process_id, throwing = THROWN[way]
    blind = [
        with_feed(service, Someone(open_doors, service, f"x-{number}", *roles))
        for number, roles in enumerate(BLIND)
    ]
    instance = stray(service, process_id)
    case = thrown(service, throwing)
    answers = {
        (someone.name, path): text
        for someone in blind
        for path, text in told(open_doors, service, SimpleNamespace(instance=instance), someone).items()
    }
    assert [(name, word) for name, text in answers.items() for word in WORDS if word in text] == []
    assert service.engine.open_task_names(instance) == ["After"]  # it arrived all the same
    assert VEIL in str(service.engine.values(instance))
    assert "Zacharias" in str(service.engine.values(case.instance))


def test_the_name_of_a_variable_in_a_message_is_veiled_like_what_it_holds(service):
    instance = stray(service, "stray")
    thrown(service, throws_message(NAMED))
    assert service.engine.values(instance) == {"k": "K", VEIL: [{"deep": VEIL}, VEIL]}


def test_open_words_numbers_and_days_of_a_message_arrive_everywhere(service):
    instance = stray(service, "stray")
    thrown(service, throws_message(LEAKS))
    found = service.engine.values(instance)
    assert {name: str(found[name]) for name in ("leaked", "kept", "count", "on")} == {
        "leaked": VEIL, "kept": "parcel", "count": "3", "on": "2026-01-02",
    }  # fmt: skip


@pytest.mark.parametrize(("k", "of"), [(CANARY, SUM), ("Z", f"substring({SUM}, 1, 1)")])
def test_a_message_whose_key_people_wrote_tells_nobody_that_they_guessed_it(service, k, of):
    instance = stray(service, "stray", k=k)
    thrown(service, throws_message("{}", key=of))
    assert service.engine.open_task_names(instance) == []


def test_no_message_is_named_by_what_people_wrote(service):
    with pytest.raises(DeploymentRefused) as refused:
        thrown(service, throws_message("{}").replace('value="leak"', f'value="={SUM}"'))
    assert "The header “name” is FEEL" in str(refused.value.facts)


def test_signals_that_are_delivered_later_bring_no_word_either(service):
    many = [stray(service, "listener")]
    many += [service.engine.start("listener", {"k": "K"}).key for _ in range(AT_ONCE + 1)]
    thrown(service, THROWN["signal"][1])
    Worker(service.engine.house, "own", everything((), mail=False)).run_once()
    assert {str(service.engine.values(one)["leaked"]) for one in many} == {VEIL}


def test_nothing_a_complaint_throws_is_kept_for_who_comes_later_or_reaches_another_complaint(service):
    older = thrown(service, throws_message(LEAKS, key="&quot;nobody&quot;"))
    thrown(service, throws_message(LEAKS))
    late = stray(service, "stray")
    assert service.engine.open_task_names(late) == []
    assert "leaked" not in service.engine.values(older.instance)


def test_a_function_and_a_range_do_not_leave_with_the_words_they_were_made_of(service):
    moment = service.engine.house.moment()
    made = feel.compile('{f: function() "secret", r: ["a".."secret"], n: 1, w: "open"}')
    value = made.evaluate({}, moment=moment).value
    left = OpenWords(frozenset({"f", "r", "n", "w", "open"})).let_out(value)
    assert left == {"f": VEIL, "r": VEIL, "n": 1, "w": "open"}


def scripted(expression, name="r"):
    return extended(
        "scriptTask", "here", f'<zeebe:script expression="{expression}" resultVariable="{name}"/>'
    )


COMPUTED = {
    "length": (f"=string length({SUM})", "r"),
    "position": (f"=[1, string length({SUM})]", "r"),
    "yes or no": (f"=contains({SUM}, &quot;boiler&quot;)", "r"),
    "a day": (f"=today() + duration(&quot;P&quot; + string(string length({SUM})) + &quot;D&quot;)", "r"),
    "nothing": (f"=if contains({SUM}, &quot;boiler&quot;) then null else 1", "r"),
    "a fact made anew": (f"=contains({SUM}, &quot;boiler&quot;)", "complainantKnown"),
}


@pytest.mark.parametrize("made", COMPUTED)
def test_numbers_days_yes_and_no_that_a_diagram_computed_are_not_told_either(
    open_doors, service, made, monkeypatch
):
    expression, name = COMPUTED[made]
    monkeypatch.setitem(PLACES, made, scripted(expression, name) + user_task("after"))
    owner = Someone(open_doors, service, "paula", "process-owner", "contributor", "admin")
    case = placed(service, made)
    asked = {"filter": {"name": name, "processInstanceKey": str(case.instance)}}
    (found,) = json.loads(owner.ask("POST", "/v2/variables/search", asked)[1])["items"]
    assert found["value"] == '"[content]"'
    assert json.loads(owner.ask("GET", f"/v2/variables/{found['variableKey']}")[1])["value"] == '"[content]"'
    for where in ({"$exists": True}, {"$like": "*"}, {"$in": ["true", "null", "43"]}):
        searched = {"filter": {**asked["filter"], "value": where}}
        assert json.loads(owner.ask("POST", "/v2/variables/search", searched)[1])["page"]["totalItems"] == 0


def test_a_variable_named_by_what_people_wrote_is_not_told_by_name(open_doors, service):
    owner = Someone(open_doors, service, "paula", "process-owner", "contributor", "admin")
    case = placed(service, "notice")
    service.engine.set_variables(case.instance, {"Zacharias": 1, "text": 2}, by=SYSTEM)
    for asked in ({}, {"filter": {"name": {"$like": "*"}}}, {"sort": [{"field": "name"}]}):
        assert "Zacharias" not in owner.ask("POST", "/v2/variables/search", asked)[1]
    for name, total in (("Zacharias", 0), ("nobody", 0), ("text", 1)):
        asked = {"filter": {"name": name, "scopeKey": str(case.instance)}}
        found = json.loads(owner.ask("POST", "/v2/variables/search", asked)[1])
        assert found["page"]["totalItems"] == total
    assert "Zacharias" not in owner.ask("GET", f"/staff/processes/{case.instance}")[1]


@pytest.mark.parametrize(("source", "kept"), [
    ("=complainantKnown != false", True), ("=if receivedOn = null then today() else date(receivedOn)", True),
    ("=complainantKnown = issues", False), ("=count(complainantKnown)", False),
    ("={complainantKnown: complainantKnown}", True), ("={complainantKnown: other}", False),
    ("=context put({}, &quot;complainantKnown&quot;, other)", False),
])  # fmt: skip
def test_a_fact_stays_open_while_diagrams_make_it_of_open_facts_alone(source, kept):
    target = "x" if source.startswith(("={", "=context")) else "complainantKnown"
    found = sources_of(
        bpmn("p", START + user_task("t", mapped(source, target)) + END + chain("start", "t", "end"))
    )
    assert (
        "complainantKnown" in untouched(found.made, found.remade, {"complainantKnown", "receivedOn"})
    ) is kept


def test_the_shipped_diagrams_leave_the_days_of_a_complaint_open():
    files = [sources_of(one.read_bytes()) for one in Path("processes").glob("*.bpmn")]
    remade = frozenset().union(*(one.remade for one in files))
    kept = untouched([made for one in files for made in one.made], remade, start_facts())
    assert kept == start_facts() - {"employment"}
