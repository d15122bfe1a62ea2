"""Deploying: all or nothing, versions counted together, unchanged files kept, starts replaced."""

import json
from datetime import timedelta

import pytest

from engine.commands.errors import (
    DecisionDefinitionNotFound,
    DefinitionNotFound,
    DeploymentRefused,
    ResourceInUse,
    ResourceNotFound,
)
from engine.engine import Engine
from engine.store.database import connect
from engine.store.search import Condition, Query
from tests.engine.diagrams import END, START, bpmn, chain, flow, one_task, service_task, user_task

FORM = {
    "id": "assess",
    "type": "default",
    "schemaVersion": 16,
    "executionPlatform": "Camunda Cloud",
    "components": [
        {
            "type": "number",
            "key": "amount",
            "label": "Amount",
            "id": "f1",
            "validate": {"required": True, "min": 0},
        }
    ],
}
DMN = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="grading" name="Grading" namespace="t">
  <decision id="grade" name="Grade"><variable name="grade"/>
    <decisionTable id="dt" hitPolicy="FIRST">
      <input id="i1" label="amount"><inputExpression id="ie"><text>amount</text></inputExpression></input>
      <output id="o1" name="grade"/>
      <rule id="r1"><inputEntry id="e1"><text>&gt; 100</text></inputEntry>
        <outputEntry id="e2"><text>"high"</text></outputEntry></rule>
      <rule id="r2"><inputEntry id="e3"><text>-</text></inputEntry>
        <outputEntry id="e4"><text>"low"</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>"""


def form(**more):
    return json.dumps(FORM | more).encode()


def formed(binding="latest"):
    return one_task(extension=f'<zeebe:formDefinition formId="assess" bindingType="{binding}"/>')


def test_an_unchanged_deployment_keeps_keys_and_versions(engine):
    files = [("small.bpmn", formed()), ("assess.form", form()), ("grading.dmn", DMN)]
    first, second = engine.deploy(files), engine.deploy(files)
    assert second.deployment_key != first.deployment_key
    assert (first.processes, first.forms, first.decisions) == (
        second.processes,
        second.forms,
        second.decisions,
    )
    third = engine.deploy([("small.bpmn", formed() + b" "), ("assess.form", form())])
    assert [one.version for one in (*third.processes, *third.forms)] == [2, 2]


def test_a_refused_file_leaves_nothing_behind(engine):
    with pytest.raises(DeploymentRefused) as refusal:
        engine.deploy([("small.bpmn", one_task()), ("bad.bpmn", b"<x/>"), ("note.txt", b"hi")])
    errors = [finding for finding in refusal.value.findings if finding.severity == "error"]
    assert {finding.file for finding in errors} == {"bad.bpmn", "note.txt"}
    assert engine.process_definitions().total == 0
    assert [finding.file for finding in engine.check([("note.txt", b"")])] == ["note.txt"]
    with pytest.raises(DeploymentRefused):
        engine.deploy([("a.bpmn", one_task()), ("a.bpmn", one_task("other"))])


def test_a_task_keeps_the_form_version_it_was_opened_with(engine):
    from engine.forms import FormInvalid

    engine.deploy([("small.bpmn", formed()), ("assess.form", form())])
    case = engine.start("small")
    engine.deploy([("assess.form", form(components=[]))])
    (task,) = engine.open_tasks(case.key)
    assert engine.task_form(task.user_task_key).version == 1
    with pytest.raises(FormInvalid):
        engine.complete_task(task.user_task_key, {"amount": -1})
    with pytest.raises(FormInvalid):
        engine.complete_task(task.user_task_key, {"amount": 1, "approved": True})
    assert engine.complete_task(task.user_task_key, {"amount": 12}).ended
    assert engine.values(case.key) == {"amount": 12}


def test_a_missing_form_is_an_incident_until_it_is_deployed(engine):
    engine.deploy([("small.bpmn", formed()), ("assess.form", form())])
    engine.delete_resource(engine.deploy([("assess.form", form())]).forms[0].form_key)
    case = engine.start("small")
    assert engine.open_task_names(case.key) == []
    (incident,) = engine.incidents().items
    assert incident.error_type == "FORM_NOT_FOUND"
    engine.deploy([("assess.form", form(name="new"))])
    engine.resolve_incident(incident.incident_key)
    assert engine.open_task_names(case.key) == ["Check"]
    assert not engine.instance(case.key).has_incident


def test_instances_stay_on_their_version_and_can_be_started_on_any(engine):
    engine.deploy([("small.bpmn", one_task())])
    old = engine.start("small")
    engine.deploy(
        [("small.bpmn", bpmn("small", START + user_task("other") + END + chain("start", "other", "end")))]
    )
    assert engine.open_task_names(engine.start("small").key) == ["Other"]
    assert engine.open_task_names(engine.start("small", version=1).key) == ["Check"]
    assert engine.open_task_names(engine.start("small", version=-1).key) == ["Other"]
    assert engine.instance(old.key).process_definition_version == 1
    with pytest.raises(DefinitionNotFound):
        engine.start("small", version=3)
    latest = Query((Condition("is_latest_version", "eq", True),))
    assert [one.version for one in engine.process_definitions(latest).items] == [2]


def test_a_definition_in_use_cannot_be_deleted(engine):
    key = engine.deploy([("small.bpmn", one_task())]).processes[0].process_definition_key
    case = engine.start("small")
    with pytest.raises(ResourceInUse):
        engine.delete_resource(key)
    engine.cancel(case.key)
    engine.delete_resource(key)
    with pytest.raises(DefinitionNotFound):
        engine.start("small")
    with pytest.raises(ResourceNotFound):
        engine.delete_resource(key)
    assert engine.deploy([("small.bpmn", one_task())]).processes[0].version == 2


def test_a_timer_starts_cases_until_a_new_version_has_none(engine, clock):
    timed = bpmn(
        "small",
        '<startEvent id="start"><timerEventDefinition><timeCycle xsi:type="tFormalExpression">R3/PT1H</timeCycle>'
        "</timerEventDefinition></startEvent>" + user_task("check") + END + chain("start", "check", "end"),
    )
    engine.deploy([("small.bpmn", timed)])
    assert engine.run_due_jobs() == 0
    clock.advance(timedelta(hours=1))
    assert engine.run_due_jobs() == 1
    clock.advance(timedelta(hours=5))
    assert engine.run_due_jobs() == 1
    assert engine.instances().total == 2
    engine.deploy([("small.bpmn", one_task())])
    clock.advance(timedelta(hours=5))
    assert engine.run_due_jobs() == 0


def test_decisions_are_made_and_kept(engine):
    engine.deploy([("grading.dmn", DMN)])
    made = engine.evaluate_decision("grade", {"amount": 150.5})
    assert (made.output, made.failure_message) == ('"high"', None)
    (only,) = made.evaluated
    assert [rule["index"] for rule in only["matched"]] == [1]
    assert (
        engine.evaluate_decision(decision_key=made.decision_definition_key, variables={"amount": 1}).output
        == '"low"'
    )
    with pytest.raises(DecisionDefinitionNotFound):
        engine.evaluate_decision("other")


def test_a_business_rule_task_asks_the_latest_decision(engine):
    asking = bpmn(
        "asking",
        START + '<businessRuleTask id="ask" name="Ask"><extensionElements><zeebe:calledDecision decisionId="grade" '
        'resultVariable="grade"/></extensionElements></businessRuleTask>' + user_task("check") + END
        + chain("start", "ask", "check", "end"),
    )  # fmt: skip
    engine.deploy([("asking.bpmn", asking), ("grading.dmn", DMN)])
    case = engine.start("asking", {"amount": 500})
    assert engine.values(case.key)["grade"] == "high"


ASKING = bpmn(
    "asking",
    START + '<businessRuleTask id="ask" name="Ask"><extensionElements><zeebe:calledDecision decisionId="grade" '
    'resultVariable="grade"/></extensionElements></businessRuleTask>' + user_task("check") + END
    + chain("start", "ask", "check", "end"),
)  # fmt: skip


def strict(policy: str) -> bytes:
    """Return the table with two overlapping rules, and none for 10 and less."""
    return DMN.replace(b'"FIRST"', f'"{policy}"'.encode()).replace(b"<text>-</text>", b"<text>&gt; 10</text>")


def only_incident(engine, case):
    (found,) = engine.incidents_of(case.key, Query()).items
    return found


@pytest.mark.parametrize("policy", ["UNIQUE", "ANY"])
def test_too_many_matches_stop_the_case_and_name_decision_rules_and_inputs(engine, policy):
    engine.deploy([("asking.bpmn", ASKING), ("grading.dmn", strict(policy))])
    found = only_incident(engine, engine.start("asking", {"amount": 500}))
    assert (found.element_id, found.error_type) == ("ask", "DECISION_EVALUATION_ERROR")
    for named in ("grade", policy, "r1", "r2", "amount"):
        assert named in found.error_message


@pytest.mark.parametrize("policy", ["UNIQUE", "ANY", "FIRST", "PRIORITY"])
def test_a_table_without_a_rule_for_the_inputs_stops_the_case_until_the_data_is_mended(engine, policy):
    engine.deploy([("asking.bpmn", ASKING), ("grading.dmn", strict(policy))])
    case = engine.start("asking", {"amount": 5})
    found = only_incident(engine, case)
    assert (found.element_id, found.error_type) == ("ask", "DECISION_EVALUATION_ERROR")
    assert "no rule of the table 'Grade' matches its inputs (amount)" in found.error_message
    engine.set_variables(case.key, {"amount": 50})
    engine.resolve_incident(found.incident_key)
    assert engine.values(case.key)["grade"] == "low"


@pytest.mark.parametrize("policy", ["COLLECT", "RULE ORDER"])
def test_a_table_that_gathers_may_gather_nothing(engine, policy):
    engine.deploy([("asking.bpmn", ASKING), ("grading.dmn", strict(policy))])
    case = engine.start("asking", {"amount": 5})
    assert engine.values(case.key)["grade"] is None
    assert engine.open_task_names(case.key) == ["Check"]


def test_a_default_output_answers_where_no_rule_does(engine):
    otherwise = b'<output id="o1" name="grade"><defaultOutputEntry id="d"><text>"none"</text></defaultOutputEntry></output>'
    table = strict("UNIQUE").replace(b'<output id="o1" name="grade"/>', otherwise)
    engine.deploy([("asking.bpmn", ASKING), ("grading.dmn", table)])
    assert engine.values(engine.start("asking", {"amount": 5}).key)["grade"] == "none"


def test_a_drawing_that_does_not_run_is_kept_as_a_model(engine):
    drawn = one_task().replace(b'isExecutable="true"', b'isExecutable="false"')
    kept = engine.deploy([("drawn.bpmn", drawn)])
    assert [one.name for one in kept.models] == ["drawn.bpmn"]
    assert kept.processes == ()


def test_a_loop_that_no_data_can_leave_is_refused(engine):
    def around(condition, node='<task id="again"/>'):
        body = START + '<exclusiveGateway id="back"/>' + node + END
        body += '<exclusiveGateway id="turn" default="turn-back"/>' + chain("start", "back", "again", "turn")
        body += (
            flow("turn", "end", condition)
            + '<sequenceFlow id="turn-back" sourceRef="turn" targetRef="back"/>'
        )
        return [("around.bpmn", bpmn("around", body))]

    with pytest.raises(DeploymentRefused) as refusal:
        engine.deploy(around("=1 &gt; 2"))
    errors = [(one.code, one.element_id) for one in refusal.value.findings if one.severity == "error"]
    assert errors == [("runs_away", "around")]
    assert engine.process_definitions().items == ()
    engine.deploy(around("=stop"))
    engine.deploy(around("=1 &gt; 2", user_task("again")))
    engine.deploy(around("=1 &gt; 2", service_task("again", "work")))
    assert engine.instances().items == ()


def bound(kind, binding):
    """A process that stands at a task first and names a form, a decision or a process after it."""
    named = {
        "form": '<userTask id="then"><extensionElements><zeebe:userTask/>'
        f'<zeebe:formDefinition formId="assess" {binding}/></extensionElements></userTask>',
        "decision": '<businessRuleTask id="then"><extensionElements>'
        f'<zeebe:calledDecision decisionId="grade" resultVariable="r" {binding}/></extensionElements></businessRuleTask>',
        "process": '<callActivity id="then"><extensionElements>'
        f'<zeebe:calledElement processId="inner" {binding}/></extensionElements></callActivity>',
    }[kind]
    body = START + user_task("first") + named + END + chain("start", "first", "then", "end")
    return bpmn("small", body)


FILES = {
    "form": ("assess.form", form()),
    "decision": ("grading.dmn", DMN),
    "process": ("inner.bpmn", one_task("inner")),
}
DEPLOYED = {
    "form": lambda done: done.forms[0].form_key,
    "decision": lambda done: done.decisions[0].decision_definition_key,
    "process": lambda done: next(
        one.process_definition_key for one in done.processes if one.process_definition_id == "inner"
    ),
}


@pytest.mark.parametrize("binding", ['bindingType="deployment"', 'bindingType="latest"'])
@pytest.mark.parametrize("kind", FILES)
def test_what_running_instances_will_need_cannot_be_deleted_while_nothing_takes_its_place(
    engine, kind, binding
):
    done = engine.deploy([("small.bpmn", bound(kind, binding)), FILES[kind]])
    key = DEPLOYED[kind](done)
    case = engine.start("small")
    with pytest.raises(ResourceInUse) as refused:
        engine.delete_resource(key)
    assert refused.value.facts == {"key": key, "instances": 1, "needed_by": "small"}
    engine.cancel(case.key)
    engine.delete_resource(key)


@pytest.mark.parametrize("kind", FILES)
def test_what_a_process_called_later_will_need_cannot_be_deleted_either(engine, kind):
    calls = '<callActivity id="then"><extensionElements><zeebe:calledElement processId="{}"/></extensionElements></callActivity>'
    files = [
        (f"{name}.bpmn", bpmn(name, START + user_task("first") + calls.format(called) + END + chain("start", "first", "then", "end")))
        for name, called in (("outer", "middle"), ("middle", "small"))
    ]  # fmt: skip
    done = engine.deploy([*files, ("small.bpmn", bound(kind, 'bindingType="latest"')), FILES[kind]])
    key = DEPLOYED[kind](done)
    case = engine.start("outer")
    with pytest.raises(ResourceInUse) as refused:
        engine.delete_resource(key)
    assert refused.value.facts == {"key": key, "instances": 1, "needed_by": "small"}
    newer = DEPLOYED[kind](engine.deploy([(FILES[kind][0], FILES[kind][1] + b"\n")]))
    engine.delete_resource(key)
    with pytest.raises(ResourceInUse):
        engine.delete_resource(newer)
    engine.cancel(case.key)
    engine.delete_resource(newer)


def test_an_older_version_that_no_case_stands_on_is_deleted_and_one_with_an_open_task_is_not(engine):
    old = engine.deploy([("small.bpmn", formed()), ("assess.form", form())]).forms[0].form_key
    engine.start("small")
    new = engine.deploy([("assess.form", form(components=[]))]).forms[0].form_key
    with pytest.raises(ResourceInUse) as refused:
        engine.delete_resource(old)
    assert refused.value.facts == {"key": old, "instances": 1, "needed_by": "small"}
    engine.delete_resource(new)


def test_a_graph_of_decisions_goes_with_its_decisions_or_not_at_all(engine):
    done = engine.deploy([("small.bpmn", bound("decision", 'bindingType="latest"')), FILES["decision"]])
    graph = done.requirements[0].decision_requirements_key
    case = engine.start("small")
    with pytest.raises(ResourceInUse):
        engine.delete_resource(graph)
    engine.cancel(case.key)
    engine.delete_resource(graph)
    assert engine.decision_definitions().items[0].state == "DELETED"


def test_what_another_process_deployed_since_is_not_taken_for_older(database_url, clock):
    """Keys come in blocks: the block of a running server lies below that of a command begun later."""
    server, command = connect(database_url), connect(database_url)
    running, begun_later = (Engine(one, clock=clock, zone="Europe/Berlin") for one in (server, command))

    def edition(number):
        return [("assess.form", form(components=[FORM["components"][0] | {"label": f"Amount {number}"}]))]

    try:
        running.deploy(edition(1))
        begun_later.deploy(edition(2))
        running.deploy(edition(3))
        again = [begun_later.deploy(edition(number)).forms[0].version for number in (2, 2, 3)]
    finally:
        server.dispose()
        command.dispose()
    assert again == [4, 4, 5]


def test_a_file_whose_process_came_from_another_file_since_is_a_new_version(engine):
    first, other = formed(), formed("deployment")
    engine.deploy([("assess.form", form())])
    engine.deploy([("first.bpmn", first)])
    assert engine.deploy([("other.bpmn", other), ("assess.form", form())]).processes[0].version == 2
    again = engine.deploy([("first.bpmn", first)]).processes[0]
    assert (again.version, again.resource_name) == (3, "first.bpmn")
