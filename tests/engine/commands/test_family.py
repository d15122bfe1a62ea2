"""Instances call each other; ends, errors and terminations travel between them in one transaction."""

from datetime import timedelta

import pytest

from engine.commands.errors import InstanceNotFound, NotARoot
from tests.engine.diagrams import END, START, bpmn, chain, flow, one_task, service_task, user_task


def call(element_id, process_id, more="", inner=""):
    return (
        f'<callActivity id="{element_id}" name="{element_id}"><extensionElements>'
        f'<zeebe:calledElement processId="{process_id}" propagateAllChildVariables="true" {more}/>'
        f"{inner}</extensionElements></callActivity>"
    )


def caller(more=""):
    return bpmn("caller", START + call("review", "small", more) + user_task("after") + END
                + chain("start", "review", "after", "end"))  # fmt: skip


def child_of(engine, key):
    return next(one for one in engine.instances().items if one.parent_process_instance_key == key)


def test_a_called_process_runs_and_hands_its_variables_back(engine):
    engine.deploy([("caller.bpmn", caller()), ("small.bpmn", one_task())])
    case = engine.start("caller", {"amount": 3}, business_id="B1")
    child = child_of(engine, case.key)
    assert child.root_process_instance_key == case.key
    assert child.business_id == "B1"
    assert engine.values(child.process_instance_key) == {"amount": 3}
    (task,) = engine.open_tasks(case.key)
    done = engine.complete_task(task.user_task_key, {"verdict": "ok"})
    assert [one.name for one in done.opened] == ["After"]
    assert engine.instance(child.process_instance_key).state == "COMPLETED"
    assert engine.values(case.key) == {"amount": 3, "verdict": "ok"}
    assert engine.complete_task(done.opened[0].key).ended


def test_a_variable_gets_another_value_wherever_the_case_holds_it_and_nowhere_else(engine):
    engine.deploy([("caller.bpmn", caller()), ("small.bpmn", one_task())])
    case, other = engine.start("caller", {"owner": "hana"}), engine.start("caller", {"owner": "hana"})
    child = child_of(engine, case.key)
    engine.set_variables(child.process_instance_key, {"note": 1}, local=True)
    for name, value in (("owner", "hugo"), ("note", 2), ("unknown", 3)):
        engine.write(
            lambda session, name=name, value=value: engine.overwrite_within(session, case.key, name, value)
        )
    assert engine.values(case.key) == {"owner": "hugo"}
    assert engine.values(child.process_instance_key) == {"owner": "hugo", "note": 2}
    assert engine.values(other.key) == {"owner": "hana"}
    with pytest.raises(InstanceNotFound):
        engine.write(lambda session: engine.overwrite_within(session, 17, "owner", None))


def test_canceling_the_caller_terminates_the_called(engine):
    engine.deploy([("caller.bpmn", caller()), ("small.bpmn", one_task())])
    case = engine.start("caller")
    child = child_of(engine, case.key)
    with pytest.raises(NotARoot):
        engine.cancel(child.process_instance_key)
    engine.cancel(case.key)
    assert engine.instance(child.process_instance_key).state == "TERMINATED"
    assert engine.open_task_names(case.key) == []


def test_a_missing_process_is_an_incident_that_can_be_resolved(engine):
    engine.deploy([("small.bpmn", one_task())])
    engine.deploy([("caller.bpmn", caller())])
    small = engine.process_definitions().items[0]
    engine.delete_resource(small.process_definition_key)
    case = engine.start("caller")
    (incident,) = engine.incidents().items
    assert (incident.error_type, incident.element_id) == ("CALLED_ELEMENT_ERROR", "review")
    assert engine.instance(case.key).has_incident
    engine.deploy([("small.bpmn", one_task() + b"<!-- again -->")])
    engine.resolve_incident(incident.incident_key)
    assert engine.incident(incident.incident_key).state == "RESOLVED"
    assert not engine.instance(case.key).has_incident
    assert engine.open_task_names(case.key) == ["Check"]


def test_an_incident_of_a_called_process_shows_at_its_caller(engine):
    broken = bpmn(
        "small",
        START + '<exclusiveGateway id="which" default="which-end"/>' + END + '<endEvent id="end2"/>'
        + chain("start", "which") + flow("which", "end2", "=nothing > 3")
        + '<sequenceFlow id="which-end" sourceRef="which" targetRef="end"/>',
    )  # fmt: skip
    engine.deploy([("caller.bpmn", caller()), ("small.bpmn", broken)])
    case = engine.start("caller")
    assert engine.instance(case.key).has_incident
    assert engine.incidents_of(case.key).total == 1
    (incident,) = engine.incidents().items
    assert engine.element_instance(incident.element_instance_key).incident_key == incident.incident_key
    engine.resolve_incident(incident.incident_key)
    assert engine.incident(incident.incident_key).state == "RESOLVED"
    assert engine.instance(case.key).has_incident
    (incident,) = [one for one in engine.incidents().items if one.state == "ACTIVE"]
    engine.set_variables(incident.process_instance_key, {"nothing": 1})
    engine.resolve_incident(incident.incident_key)
    assert engine.open_task_names(case.key) == ["After"]
    assert not engine.instance(case.key).has_incident


def thrower():
    return bpmn(
        "small",
        START + service_task("work", "do-it") + END + chain("start", "work", "end"),
    )


def test_an_error_of_the_called_is_caught_by_the_caller(engine):
    catching = bpmn(
        "caller",
        START + call("review", "small") + '<boundaryEvent id="oops" attachedToRef="review">'
        '<errorEventDefinition errorRef="E"/></boundaryEvent>' + user_task("repair") + END + '<endEvent id="end2"/>'
        + chain("start", "review", "end") + chain("oops", "repair", "end2"),
        extra='<error id="E" name="E" errorCode="E1"/>',
    )  # fmt: skip
    engine.deploy([("caller.bpmn", catching), ("small.bpmn", thrower())])
    case = engine.start("caller")
    child = child_of(engine, case.key)
    (job,) = engine.activate_jobs("do-it", worker="w", timeout=timedelta(minutes=1), limit=1)
    engine.throw_job_error(job.job_key, "E1", "broken")
    assert engine.open_task_names(case.key) == ["Repair"]
    assert engine.instance(child.process_instance_key).state == "TERMINATED"
    assert engine.job(job.job_key).state in ("ERROR_THROWN", "CANCELED")


def test_an_error_nobody_catches_is_an_incident_where_it_was_thrown(engine):
    engine.deploy([("caller.bpmn", caller()), ("small.bpmn", thrower())])
    case = engine.start("caller")
    (job,) = engine.activate_jobs("do-it", worker="w", timeout=timedelta(minutes=1), limit=1)
    engine.throw_job_error(job.job_key, "E1", "broken")
    (incident,) = engine.incidents().items
    assert (incident.error_type, incident.element_id) == ("UNHANDLED_ERROR_EVENT", "work")
    assert engine.instance(case.key).state == "ACTIVE"


def test_a_process_that_calls_itself_stops_at_the_nesting_limit(engine):
    endless = bpmn("small", START + call("again", "small") + END + chain("start", "again", "end"))
    engine.deploy([("small.bpmn", endless)])
    case = engine.start("small")
    assert engine.instances().total == 51
    (incident,) = engine.incidents().items
    assert "50 levels" in incident.error_message
    engine.cancel(case.key)
    assert {one.state for one in engine.instances().items} == {"TERMINATED"}
