"""What people and workers are given: user tasks, jobs, scripts, decisions (dialect §4 to §6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.dialect import Binding
from engine.execution.changes import (
    FormReference,
    JobClosed,
    JobOpened,
    TaskClosed,
    TaskOpened,
    TaskRescheduled,
)
from engine.execution.run import ElementNotFound, ElementNotWaiting
from engine.execution.world import BpmnError, RetryLater
from tests.engine.execution.story import NOW, flows, mapping, service, user

START = '<startEvent id="s"/>'


def test_a_user_task_carries_everything_that_is_written_on_it(story):
    extra = """
      <zeebe:formDefinition formId="assess" bindingType="versionTag" versionTag="v2"/>
      <zeebe:assignmentDefinition assignee="=handler" candidateGroups="handlers, quality"
        candidateUsers='=["ana"]'/>
      <zeebe:taskSchedule dueDate="=date and time(&quot;2026-02-02T09:00:00Z&quot;)"
        followUpDate="2026-02-01T09:00:00"/>
      <zeebe:priorityDefinition priority="80"/>
      <zeebe:taskHeaders><zeebe:header key="k" value="v"/></zeebe:taskHeaders>"""
    told = story(START + user("a", extra, 'name="Assess"') + flows("s > a"), attributes="").start(
        {"handler": "mia"}
    )
    [task] = told.seen(TaskOpened)
    assert task == TaskOpened(
        key=told.key("a"),
        element_id="a",
        name="Assess",
        assignee="mia",
        candidate_groups=("handlers", "quality"),
        candidate_users=("ana",),
        due_at=datetime(2026, 2, 2, 9, tzinfo=UTC),
        follow_up_at=datetime(2026, 2, 1, 9, tzinfo=UTC),
        priority=80,
        form=FormReference("assess", Binding("versionTag", "v2")),
        external_reference=None,
        headers={"k": "v"},
        clocks=(),
    )
    told.do("a")
    assert told.seen(TaskClosed) == [TaskClosed(task.key, canceled=False)]


@pytest.mark.parametrize(
    "extra",
    [
        '<zeebe:assignmentDefinition assignee="=5"/>',
        '<zeebe:assignmentDefinition assignee="=nobodyKnows"/>',
        '<zeebe:assignmentDefinition candidateGroups="=nobodyKnows"/>',
        '<zeebe:assignmentDefinition candidateUsers="=[nobodyKnows]"/>',
        '<zeebe:taskSchedule dueDate="=nobodyKnows.day"/>',
        '<zeebe:taskSchedule followUpDate="=nobodyKnows"/>',
        '<zeebe:assignmentDefinition candidateGroups="=&quot;one&quot;"/>',
        '<zeebe:taskSchedule dueDate="tomorrow"/>',
        '<zeebe:taskSchedule dueDate="=7"/>',
        '<zeebe:priorityDefinition priority="101"/>',
        '<zeebe:priorityDefinition priority="=0.5"/>',
        '<zeebe:formDefinition formId="=null"/>',
    ],
)
def test_a_wrong_attribute_is_an_incident_before_the_task_opens(story, extra):
    told = story(START + user("a", extra) + flows("s > a")).start()
    assert told.incidents == [("a", "EXTRACT_VALUE_ERROR")]
    assert told.seen(TaskOpened) == []


def test_null_and_empty_mean_unassigned_and_no_date(story):
    extra = (
        '<zeebe:assignmentDefinition assignee="=null" candidateUsers=""/><zeebe:taskSchedule '
        'dueDate="=null"/>'
    )
    [task] = story(START + user("a", extra) + flows("s > a")).start().seen(TaskOpened)
    assert (task.assignee, task.candidate_users, task.due_at, task.priority) == (None, (), None, 50)


def test_a_task_that_follows_a_case_clock_is_due_at_its_bound_and_moves_with_it(story, world):
    extra = (
        '<zeebe:taskSchedule dueDate="2026-03-01T00:00:00Z"/><zeebe:properties><zeebe:property '
        'name="redress.clock" value="answer"/></zeebe:properties>'
    )
    told = story(START + user("a", extra) + flows("s > a")).start()
    [task] = told.seen(TaskOpened)
    assert (task.due_at, task.clocks) == (datetime(2026, 3, 1, tzinfo=UTC), ("answer",))
    world.clocks["answer"] = NOW + timedelta(days=5)
    told.then(lambda run: run.rearm("answer"))
    assert told.seen(TaskRescheduled) == [TaskRescheduled(task.key, NOW + timedelta(days=5))]


def _of(due, **properties):
    said = "".join(
        f'<zeebe:property name="redress.{name}" value="{value}"/>' for name, value in properties.items()
    )
    return f'<zeebe:taskSchedule dueDate="{due}"/><zeebe:properties>{said}</zeebe:properties>'


def test_of_several_clocks_a_task_is_due_with_the_earliest(story, world):
    told = story(
        START + user("a", _of("2026-03-01T00:00:00Z", clock="target, answer")) + flows("s > a")
    ).start()
    [task] = told.seen(TaskOpened)
    world.clocks |= {"target": NOW + timedelta(days=9), "answer": NOW + timedelta(days=5)}
    told.then(lambda run: run.rearm("target"))
    assert told.seen(TaskRescheduled) == [TaskRescheduled(task.key, NOW + timedelta(days=5))]


def test_a_task_is_due_at_its_own_moment_and_no_later_than_its_limit(story, world):
    world.clocks["answer"] = NOW + timedelta(days=2)
    told = story(
        START + user("a", _of("=now() + duration(&quot;P3D&quot;)", noLaterThan="answer")) + flows("s > a")
    )
    told.start()
    [task] = told.seen(TaskOpened)
    assert (task.due_at, task.clocks) == (NOW + timedelta(days=2), ("answer",))
    world.now += timedelta(days=1)
    world.clocks["answer"] = NOW + timedelta(days=9)
    told.then(lambda run: run.rearm("answer"))
    assert told.seen(TaskRescheduled) == [TaskRescheduled(task.key, NOW + timedelta(days=3))], (
        "its own day stays"
    )


def test_a_task_with_nothing_but_a_limit_has_no_date_while_that_does_not_run(story, world):
    told = story(START + user("a", _of("=null", noLaterThan="answer")) + flows("s > a")).start()
    [task] = told.seen(TaskOpened)
    assert task.due_at is None
    world.clocks["answer"] = NOW + timedelta(days=2)
    told.then(lambda run: run.rearm("answer"))
    assert told.seen(TaskRescheduled) == [TaskRescheduled(task.key, NOW + timedelta(days=2))]


def test_a_task_can_be_completed_only_once_and_only_as_what_it_is(story):
    told = story(START + user("a") + user("b") + flows("s > a > b")).start()
    key = told.key("a")
    with pytest.raises(ElementNotWaiting):
        told.run.complete_job(key, {})
    told.do("a")
    with pytest.raises(ElementNotFound):
        told.run.complete_task(key, {})


def test_a_job_waits_for_a_worker(story):
    extra = '<zeebe:taskHeaders><zeebe:header key="region" value="north"/></zeebe:taskHeaders>' + mapping(
        "in =x -> input"
    )
    told = story(START + service("a", "=&quot;crm-&quot; + kind", extra) + user("z") + flows("s > a > z"))
    told.start({"x": 1, "kind": "lookup"})
    [job] = told.seen(JobOpened)
    assert (job.type, job.retries, dict(job.headers), job.in_step) == (
        "crm-lookup",
        3,
        {"region": "north"},
        False,
    )
    assert told.work("a", found=True).open == ["z"]
    assert told.seen(JobClosed) == [JobClosed(job.key, "completed")]
    assert told.vars == {"x": 1, "kind": "lookup", "found": True}


def test_an_in_step_job_is_done_inside_the_step(story, world):
    world.handlers["redress:note"] = lambda job: {"n": job.variables["x"] + 1}
    told = story(START + service("a", "redress:note") + user("z") + flows("s > a > z")).start({"x": 1})
    assert told.open == ["z"]
    assert told.vars == {"x": 1, "n": 2}
    assert told.seen(JobOpened) == []
    assert world.performed[0].instance_key == 1


def test_an_in_step_job_that_fails_becomes_a_background_job(story, world):
    world.handlers["redress:note"] = RetryLater("database says no")
    told = story(START + service("a", "redress:note") + user("z") + flows("s > a > z")).start()
    [job] = told.seen(JobOpened)
    assert (job.in_step, job.failure) == (True, "database says no")
    assert told.work("a").open == ["z"]


def test_an_in_step_job_may_throw_an_error(story, world):
    world.handlers["redress:note"] = BpmnError("E1", variables={"why": "w"})
    body = START + service("a", "redress:note") + '<boundaryEvent id="b" attachedToRef="a">'
    body += f"<extensionElements>{mapping('out =why -> reason')}</extensionElements>"
    body += '<errorEventDefinition errorRef="E"/></boundaryEvent>' + user("z") + flows("s > a", "b > z")
    told = story(body, more='<error id="E" errorCode="E1"/>').start()
    assert told.open == ["z"]
    assert told.vars == {"reason": "w"}


@pytest.mark.parametrize("retries", ["=null", "many", "=1.5"])
def test_wrong_retries_are_an_incident(story, retries):
    body = (
        START + f'<serviceTask id="a"><extensionElements><zeebe:taskDefinition type="t" retries="{retries}"/>'
    )
    told = story(body + "</extensionElements></serviceTask>" + flows("s > a")).start()
    assert told.incidents == [("a", "EXTRACT_VALUE_ERROR")]


def test_a_decision_gets_all_visible_variables(story, world):
    body = (
        START + '<businessRuleTask id="d"><extensionElements><zeebe:calledDecision decisionId="sev" '
        'resultVariable="severity"/>'
    )
    body += (
        mapping("in =5 -> amount")
        + "</extensionElements></businessRuleTask>"
        + user("z")
        + flows("s > d > z")
    )
    told = story(body).start({"x": 1})
    assert told.incidents == [("d", "CALLED_DECISION_ERROR")]
    world.decisions["sev"] = lambda variables: "high" if variables == {"x": 1, "amount": 5} else "?"
    assert told.retry("d").vars == {"x": 1, "severity": "high"}


def test_what_the_store_finds_missing_halts_the_task_until_it_is_tried_again(story):
    told = story(START + user("a") + flows("s > a")).start()
    told.then(lambda run: run.halt(told.key("a"), "FORM_NOT_FOUND", "There is no form assess."))
    assert told.incidents == [("a", "FORM_NOT_FOUND")]
    assert told.seen(TaskClosed) == [TaskClosed(told.key("a"), canceled=True)]
    assert told.retry("a").do("a").ended
    assert len(told.seen(TaskOpened)) == 2
