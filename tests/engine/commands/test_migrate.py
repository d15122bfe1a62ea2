"""A running case goes on along another version: its rows follow its state, or everything stays as it was."""

from datetime import timedelta

import pytest

from engine.actors import Actor
from engine.commands.errors import DefinitionNotFound, InstanceEnded, InstanceNotFound
from engine.migration import MigrationRefused
from engine.store.search import Condition, Query
from tests.engine.diagrams import END, START, bpmn, chain, flow, one_task, service_task, small, user_task

LEAD = Actor("lea", roles=frozenset({"admin"}))
MESSAGE = (
    '<message id="m" name="reply"><extensionElements><zeebe:subscription correlationKey="=caseId"/>'
    "</extensionElements></message>"
)


def timer(boundary_id, host, duration, *, interrupting="false"):
    return (
        f'<boundaryEvent id="{boundary_id}" attachedToRef="{host}" cancelActivity="{interrupting}"><timerEventDefinition>'
        f'<timeDuration xsi:type="tFormalExpression">{duration}</timeDuration></timerEventDefinition></boundaryEvent>'
    )


def every_wait(*, ask="ask", work="work", reply="reply", late="late", more="", flows=""):
    """Return a process that waits for a task (with a timer), a job and a message at once."""
    return bpmn(
        "waits",
        START + '<parallelGateway id="fork"/>' + user_task(ask) + timer(late, ask, "P3D") + service_task(work, "print")
        + f'<intermediateCatchEvent id="{reply}"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>'
        + '<parallelGateway id="join"/>' + user_task("hurry") + END + '<endEvent id="end2"/>' + more
        + chain("start", "fork", ask, "join", "end") + chain("fork", work, "join") + chain("fork", reply, "join")
        + chain(late, "hurry", "end2") + flows,
        extra=MESSAGE,
    )  # fmt: skip


def deployed(engine, name, data):
    return engine.deploy([(name, data)]).processes[0].process_definition_key


def waits_of(engine):
    """Return (element, definition) of everything open."""
    opened = Query(where=(Condition("state", "eq", "ACTIVE"),))
    found = [*engine.element_instances(opened).items, *engine.tasks(Query()).items, *engine.timers().items]
    found += [*engine.jobs(Query()).items, *engine.message_subscriptions(Query()).items]
    return sorted((one.element_id, one.process_definition_key) for one in found)


def test_what_is_open_follows_and_keeps_its_keys(engine, clock):
    deployed(engine, "waits.bpmn", every_wait())
    case = engine.start("waits", {"caseId": "c1"})
    (task,), (armed,) = engine.open_tasks(case.key), engine.timers().items
    (job,) = engine.jobs(Query()).items
    new = every_wait(ask="question", work="printing", reply="answer", late="slow")
    target = deployed(engine, "waits.bpmn", new)
    mapping = {"ask": "question", "work": "printing", "reply": "answer", "late": "slow"}
    mapping |= {"ask-join": "question-join", "work-join": "printing-join", "reply-join": "answer-join"}
    engine.migrate(case.key, target, mapping, by=LEAD)
    assert {definition for _, definition in waits_of(engine)} == {target}
    assert {element for element, _ in waits_of(engine)} == {"question", "printing", "answer", "slow"}
    assert engine.instance(case.key).process_definition_version == 2
    assert [one.user_task_key for one in engine.open_tasks(case.key)] == [task.user_task_key]
    (still,) = engine.timers().items
    assert (still.job_key, still.due_date) == (armed.job_key, armed.due_date)
    assert engine.verify() == ()
    clock.advance(timedelta(days=3))
    engine.run_due_jobs()
    assert sorted(engine.open_task_names(case.key)) == ["Ask", "Hurry"]
    engine.complete_job(job.job_key)
    engine.publish_message("reply", "c1", {}, time_to_live=timedelta(0))
    for one in engine.open_tasks(case.key):
        engine.complete_task(one.user_task_key)
    assert engine.instance(case.key).state == "COMPLETED"
    (told,) = [one for one in engine.history(case.key) if one.kind == "instance_migrated"]
    assert (told.actor, told.facts["to"], told.facts["mapping"]["ask"]) == ("lea", target, "question")


def test_listeners_are_armed_and_taken_down_with_their_rows(engine, clock):
    deployed(engine, "small.bpmn", small())
    case = engine.start("small", {"severe": False})
    body = (
        START
        + user_task("assess")
        + timer("soon", "assess", "PT1H", interrupting="true")
        + user_task("rescue")
    )
    body += END + '<endEvent id="end2"/>' + chain("start", "assess", "end") + chain("soon", "rescue", "end2")
    target = deployed(engine, "small.bpmn", bpmn("small", body))
    engine.migrate(case.key, target, {})
    assert [one.element_id for one in engine.timers().items] == ["soon"]
    assert engine.verify() == ()
    clock.advance(timedelta(hours=1))
    engine.run_due_jobs()
    assert engine.open_task_names(case.key) == ["Rescue"]


def test_two_elements_may_change_places(engine):
    two = START + '<parallelGateway id="fork"/>' + user_task("a", name="A") + user_task("b", name="B") + END
    two += '<endEvent id="end2"/>' + chain("start", "fork", "a", "end") + chain("fork", "b", "end2")
    deployed(engine, "two.bpmn", bpmn("two", two))
    case = engine.start("two")
    before = {one.element_id: one.user_task_key for one in engine.open_tasks(case.key)}
    engine.migrate(
        case.key, deployed(engine, "two.bpmn", bpmn("two", two + "<!-- 2 -->")), {"a": "b", "b": "a"}
    )
    after = {one.element_id: one.user_task_key for one in engine.open_tasks(case.key)}
    assert after == {"a": before["b"], "b": before["a"]}
    assert engine.verify() == ()


def test_an_incident_goes_along_and_is_put_right_by_the_new_version(engine):
    def choosing(condition):
        return bpmn(
            "choosing",
            START + '<exclusiveGateway id="which" default="which-end"/>' + user_task("answer") + END
            + chain("start", "which") + flow("which", "answer", condition) + flow("answer", "end")
            + '<sequenceFlow id="which-end" sourceRef="which" targetRef="end"/>',
        )  # fmt: skip

    deployed(engine, "choosing.bpmn", choosing("=severity"))
    case = engine.start("choosing", {"severity": "high"})
    (incident,) = engine.incidents().items
    target = deployed(engine, "choosing.bpmn", choosing('=severity = "high"'))
    engine.migrate(case.key, target, {})
    assert engine.incident(incident.incident_key).process_definition_key == target
    engine.resolve_incident(incident.incident_key)
    assert engine.open_task_names(case.key) == ["Answer"]


def test_a_called_case_moves_without_its_caller(engine):
    call = '<callActivity id="call"><extensionElements><zeebe:calledElement processId="inner"/></extensionElements>'
    call += "</callActivity>"
    engine.deploy([("outer.bpmn", bpmn("outer", START + call + END + chain("start", "call", "end")))])
    deployed(engine, "inner.bpmn", one_task("inner"))
    outer = engine.start("outer")
    inner = next(one for one in engine.instances(Query()).items if one.process_instance_key != outer.key)
    longer = bpmn(
        "inner", START + user_task("check") + user_task("seal") + END + chain("start", "check", "seal", "end")
    )
    engine.migrate(inner.process_instance_key, deployed(engine, "inner.bpmn", longer), {})
    for _ in range(2):
        (task,) = engine.open_tasks(outer.key)
        engine.complete_task(task.user_task_key)
    assert engine.instance(outer.key).state == "COMPLETED"


def test_a_refusal_names_every_gap_and_changes_nothing(engine):
    deployed(engine, "waits.bpmn", every_wait())
    case = engine.start("waits", {"caseId": "c1"})
    before = waits_of(engine)
    target = deployed(engine, "other.bpmn", one_task("other", ""))
    with pytest.raises(MigrationRefused) as refusal:
        engine.migrate(case.key, target, {"nobody": "check"})
    gaps = " ".join(refusal.value.facts["findings"])
    assert all(name in gaps for name in ("ask", "work", "reply", "nobody"))
    assert waits_of(engine) == before
    with pytest.raises(DefinitionNotFound):
        engine.migrate(case.key, 17, {})
    with pytest.raises(InstanceNotFound):
        engine.migrate(17, target, {})
    engine.cancel(case.key)
    with pytest.raises(InstanceEnded):
        engine.migrate(case.key, target, {})


def test_a_case_may_go_on_along_another_process(engine):
    deployed(engine, "one.bpmn", one_task("one"))
    case = engine.start("one")
    target = deployed(engine, "two.bpmn", one_task("two"))
    engine.migrate(case.key, target, {})
    assert engine.instance(case.key).process_definition_id == "two"
    assert engine.verify() == ()
    (task,) = engine.open_tasks(case.key)
    assert engine.complete_task(task.user_task_key).ended


def two_tasks(hosts, *, more="", flows=""):
    """Return two tasks side by side with timers: ``hosts`` gives the task each timer is drawn on."""
    timers = "".join(timer(name, host, duration) for name, (host, duration) in hosts.items())
    return bpmn(
        "pair",
        START + '<parallelGateway id="fork"/><parallelGateway id="join"/>' + user_task("a") + user_task("b") + END
        + timers + "".join(f'<endEvent id="end-{name}"/>' for name in hosts) + more
        + chain("start", "fork", "a", "join", "end") + chain("fork", "b", "join")
        + "".join(chain(name, f"end-{name}") for name in hosts) + flows,
    )  # fmt: skip


def timers_of(engine):
    return sorted((one.element_id, one.due_date) for one in engine.timers().items)


def test_a_timer_that_is_drawn_on_another_task_is_taken_down_and_armed_there(engine, clock):
    deployed(engine, "p.bpmn", two_tasks({"late": ("a", "P1D")}))
    case = engine.start("pair")
    target = deployed(engine, "p.bpmn", two_tasks({"late": ("b", "P3D")}))
    clock.advance(timedelta(hours=1))

    engine.migrate(case.key, target, {})

    assert timers_of(engine) == [("late", clock.now() + timedelta(days=3))]
    tasks = {task.element_id: task.user_task_key for task in engine.open_tasks(case.key)}
    engine.complete_task(tasks["a"])
    assert timers_of(engine) == [("late", clock.now() + timedelta(days=3))]  # it belongs to b now
    engine.complete_task(tasks["b"])
    assert timers_of(engine) == []
    assert engine.instance(case.key).state == "COMPLETED"


def test_an_interrupting_timer_fires_on_the_task_it_is_drawn_on(engine, clock):
    drawn = {"late": ("a", "P1D")}
    deployed(engine, "p.bpmn", two_tasks(drawn).replace(b'cancelActivity="false"', b'cancelActivity="true"'))
    case = engine.start("pair")
    moved = two_tasks({"late": ("b", "P3D")}).replace(b'cancelActivity="false"', b'cancelActivity="true"')
    engine.migrate(case.key, deployed(engine, "p.bpmn", moved), {})

    clock.advance(timedelta(days=2))
    engine.run_due_jobs()
    assert sorted(task.element_id for task in engine.open_tasks(case.key)) == ["a", "b"]
    clock.advance(timedelta(days=2))
    engine.run_due_jobs()
    assert [task.element_id for task in engine.open_tasks(case.key)] == ["a"]


def test_a_timer_follows_its_task_to_another_name(engine, clock):
    deployed(engine, "p.bpmn", two_tasks({"late": ("a", "P1D")}))
    case = engine.start("pair")
    (before,) = engine.timers().items
    new = two_tasks({"late": ("a", "P9D")}).replace(b'"a"', b'"question"')
    for end in (b"a-join", b"fork-a"):
        new = new.replace(end, end.replace(b"a", b"question", 1) if end == b"a-join" else b"fork-question")
    engine.migrate(case.key, deployed(engine, "p.bpmn", new), {"a": "question"})
    (after,) = engine.timers().items
    assert (after.job_key, after.due_date) == (before.job_key, before.due_date)


def test_a_mapping_that_puts_a_timer_on_another_task_is_refused(engine):
    deployed(engine, "p.bpmn", two_tasks({"late": ("a", "P1D")}))
    case = engine.start("pair")
    before = timers_of(engine)
    target = deployed(engine, "p.bpmn", two_tasks({"slow": ("b", "P3D")}))
    with pytest.raises(MigrationRefused) as refused:
        engine.migrate(case.key, target, {"late": "slow"})
    assert "not attached there to what it is attached to here" in str(refused.value.facts["findings"])
    assert timers_of(engine) == before


def test_two_timers_do_not_become_one(engine):
    deployed(engine, "p.bpmn", two_tasks({"early": ("a", "P1D"), "late": ("a", "P2D")}))
    case = engine.start("pair")
    target = deployed(engine, "p.bpmn", two_tasks({"one": ("a", "P3D")}))
    with pytest.raises(MigrationRefused) as refused:
        engine.migrate(case.key, target, {"early": "one", "late": "one"})
    assert "would both become “one”" in str(refused.value.facts["findings"])
    assert [name for name, _ in timers_of(engine)] == ["early", "late"]


def test_two_tasks_do_not_become_one(engine):
    deployed(engine, "p.bpmn", two_tasks({}))
    case = engine.start("pair")
    with pytest.raises(MigrationRefused) as refused:
        engine.migrate(case.key, deployed(engine, "p.bpmn", two_tasks({})), {"b": "a"})
    assert "would both become “a”" in str(refused.value.facts["findings"])


def inner_escape(scope):
    """Return two sub-processes side by side, an event sub-process with a timer inside the one named."""
    escape = (
        '<subProcess id="aside" triggeredByEvent="true"><startEvent id="alarm" isInterrupting="false"><timerEventDefinition>'
        '<timeDuration xsi:type="tFormalExpression">P1D</timeDuration></timerEventDefinition></startEvent>'
        '<endEvent id="alarm-end"/>' + chain("alarm", "alarm-end") + "</subProcess>"
    )
    around = "".join(
        f'<subProcess id="{name}"><startEvent id="{name}-start"/>' + user_task(f"{name}-task")
        + f'<endEvent id="{name}-end"/>' + chain(f"{name}-start", f"{name}-task", f"{name}-end")
        + (escape if name == scope else "") + "</subProcess>"
        for name in ("left", "right")
    )  # fmt: skip
    return bpmn(
        "scopes",
        START + '<parallelGateway id="fork"/><parallelGateway id="join"/>' + around + END
        + chain("start", "fork", "left", "join", "end") + chain("fork", "right", "join"),
    )  # fmt: skip


def test_an_event_sub_process_listens_in_the_scope_it_is_drawn_in(engine, clock):
    deployed(engine, "s.bpmn", inner_escape("left"))
    case = engine.start("scopes")
    target = deployed(engine, "s.bpmn", inner_escape("right"))
    clock.advance(timedelta(hours=1))
    engine.migrate(case.key, target, {})
    assert timers_of(engine) == [("alarm", clock.now() + timedelta(days=1))]
    tasks = {task.element_id: task.user_task_key for task in engine.open_tasks(case.key)}
    engine.complete_task(tasks["left-task"])
    assert [name for name, _ in timers_of(engine)] == ["alarm"]
    engine.complete_task(tasks["right-task"])
    assert timers_of(engine) == []
