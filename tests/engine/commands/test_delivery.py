"""What is thrown takes effect before the next element of any case runs: every kind, from every place, straight and with every
case saved and revived after every unit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product

import pytest

from engine.commands.house import JobType
from engine.commands.step import Step
from engine.engine import Engine
from engine.execution.changes import ElementActivated
from engine.execution.run import Execution
from tests.engine.diagrams import bpmn, chain, flow, service_task, user_task

DECLARED = (
    '<signal id="S" name="x"/><escalation id="X" escalationCode="x"/><error id="E" errorCode="x"/>'
    '<message id="M" name="x"><extensionElements><zeebe:subscription correlationKey="=id"/></extensionElements></message>'
)
REFERENCE = {
    "signal": '<signalEventDefinition signalRef="S"/>',
    "message": '<messageEventDefinition messageRef="M"/>',
    "error": '<errorEventDefinition errorRef="E"/>',
    "escalation": '<escalationEventDefinition escalationRef="X"/>',
}
TELL = (
    '<zeebe:taskHeaders><zeebe:header key="name" value="x"/></zeebe:taskHeaders><zeebe:ioMapping>'
    '<zeebe:input source="=id" target="correlationKey"/></zeebe:ioMapping>'
)


def note(element_id: str) -> str:
    """Return a step that writes its own id down, within the step, as a letter would be."""
    return service_task(element_id, "note")


def throw(kind: str, *, last: bool) -> str:
    """Return the element "throw"; errors and what stands ``last`` end their path."""
    if kind == "message":
        return service_task("throw", "redress:publish-message", extension=TELL)
    tag = "endEvent" if last or kind == "error" else "intermediateThrowEvent"
    return f'<{tag} id="throw">{REFERENCE[kind]}</{tag}>'


def follow(how: str, kind: str) -> tuple[str, tuple[str, ...]]:
    """Return what comes after "throw", and its ids in order."""
    if how == "nothing":
        return "", ()
    if how == "letter":
        return note("after"), ("after",)
    if how == "script":
        script = '<zeebe:script expression="=1" resultVariable="ran"/>'
        return (
            f'<scriptTask id="after"><extensionElements>{script}</extensionElements></scriptTask>',
            ("after",),
        )
    if how == "terminate":
        return '<endEvent id="after"><terminateEventDefinition/></endEvent>', ("after",)
    caught = f'<intermediateCatchEvent id="after">{REFERENCE[kind]}</intermediateCatchEvent>'
    return caught + note("twice"), ("after", "twice")


def inside(kind: str, how: str) -> str:
    """Return start → throw → what follows; nothing follows an error."""
    body, ids = follow("nothing" if kind == "error" else how, kind)
    last = not ids
    return '<startEvent id="in"/>' + throw(kind, last=last) + body + chain("in", "throw", *ids)


def scope(body: str, element_id: str = "sub") -> str:
    return f'<subProcess id="{element_id}">{body}</subProcess>'


def beside(body: str) -> str:
    """Return a parallel branch next to ``body``, which begins at "in": a letter before which nothing stands in its way."""
    fork = '<startEvent id="in0"/><parallelGateway id="fork"/>' + user_task("wait")
    return fork + scope(body, "branch") + chain("in0", "fork", "branch") + chain("fork", "wait")


def event_subprocess(body: str) -> str:
    """Return a scope whose event sub-process, begun by a condition, does ``body``."""
    body = body.replace(
        '<startEvent id="in"/>',
        '<startEvent id="in" isInterrupting="false"><conditionalEventDefinition><condition>=ready</condition>'
        "</conditionalEventDefinition></startEvent>",
    )
    start = '<startEvent id="in0"/>' + user_task("wait") + chain("in0", "wait")
    return start + f'<subProcess id="esp" triggeredByEvent="true">{body}</subProcess>'


CALL = (
    '<callActivity id="call"><extensionElements><zeebe:calledElement processId="child" '
    'propagateAllChildVariables="false"/></extensionElements></callActivity>'
)
PLACES = ("scope", "event sub-process", "sibling branch", "called process", "called by a called process")


def files(kind: str, place: str, how: str, *, interrupting: bool) -> list[tuple[str, bytes]]:
    """Return the diagrams of one cell: "p" holds the catcher at the boundary of "sub"."""
    body, more = inside(kind, how), []
    if place == "event sub-process":
        body = event_subprocess(body)
    elif place == "sibling branch":
        body = beside(body)
    elif place != "scope":
        more = [("child.bpmn", bpmn("child", body, extra=DECLARED))]
        body = '<startEvent id="in1"/>' + CALL + chain("in1", "call")
        if place == "called by a called process":
            between = bpmn("between", body, extra=DECLARED)
            more.append(("between.bpmn", between))
            body = body.replace('processId="child"', 'processId="between"')
    cancels = "true" if interrupting else "false"
    catcher = f'<boundaryEvent id="catch" attachedToRef="sub" cancelActivity="{cancels}">{REFERENCE[kind]}</boundaryEvent>'
    main = (
        '<startEvent id="start"/>'
        + scope(body)
        + catcher
        + note("caught")
        + note("passed")
        + user_task("z")
        + chain("start", "sub", "passed")
        + chain("catch", "caught", "z")
    )
    return [("p.bpmn", bpmn("p", main, extra=DECLARED)), *more]


@dataclass
class Desk:
    """An engine that tells the elements that began, in order, and those whose job, of type "note", was done."""

    engine: Engine
    begun: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def play(self, *diagrams: tuple[str, bytes], start: str = "p", **variables) -> int:
        self.engine.deploy(list(diagrams))
        return self.engine.start(start, {"id": "1", "ready": True, **variables}).key


@pytest.fixture(params=["straight", "revived"])
def desk(request, database, clock, monkeypatch):
    begun: list[str] = []
    notes: list[str] = []

    def listen(_session, report):
        begun.extend(one.element_id for _, one in report.changes if isinstance(one, ElementActivated))

    if request.param == "revived":
        monkeypatch.setattr(Step, "_run_one", saved_and_revived(Step._run_one))
    job = JobType("note", lambda context: notes.append(context.element_id))
    return Desk(Engine(database, clock=clock, job_types=[job], on_step=listen, look_over=1), begun, notes)


def saved_and_revived(run_one):
    """Return a step's way to run one unit after which every case in hand is saved and revived."""

    def run(step: Step) -> bool:
        ran = run_one(step)
        for case in step.cases.values():
            if not case.execution.ended and not case.execution.case.changes:
                world = step.world(case.row, case.definition)
                line = case.execution.line
                case.execution = Execution.revive(case.definition, case.execution.save(), world=world)
                case.execution.case.line = line
        return ran

    return run


CELLS = [
    (kind, place, how, interrupting)
    for kind, place, how, interrupting in product(
        REFERENCE, PLACES, ("letter", "script", "terminate", "catch", "nothing"), (True, False)
    )
    if (kind != "error" or (interrupting and how == "nothing"))
    and not (how == "catch" and kind not in ("signal", "message"))
]


@pytest.mark.parametrize(("kind", "place", "how", "interrupting"), CELLS)
def test_a_catcher_comes_before_what_follows_its_thrower(desk, kind, place, how, interrupting):
    key = desk.play(*files(kind, place, how, interrupting=interrupting))
    thrown = desk.begun.index("throw")
    goes_on = not interrupting and how != "nothing"
    assert desk.begun[thrown + 1] == "catch"
    assert ("after" in desk.begun) == goes_on
    assert ("after" in desk.notes) == (goes_on and how == "letter")
    assert "twice" not in desk.begun, "who subscribes after the throw does not hear it"
    assert desk.notes.count("caught") == 1
    assert "Z" in desk.engine.open_task_names(key)
    ended = how in ("letter", "script", "terminate", "nothing") and place in ("scope", *PLACES[3:])
    assert ("passed" in desk.begun) == (not interrupting and ended)
    assert not desk.engine.differences()


def stop(kind: str, element_id: str = "stop") -> str:
    """Return an interrupting boundary event of "sub"."""
    return f'<boundaryEvent id="{element_id}" attachedToRef="sub">{REFERENCE[kind]}</boundaryEvent>'


def test_what_is_kept_interrupts_before_anything_begins_inside(desk):
    desk.engine.publish_message("x", "1", {}, time_to_live=timedelta(hours=1))
    inner = '<startEvent id="in"/>' + note("letter") + user_task("wait") + chain("in", "letter", "wait")
    main = '<startEvent id="start"/>' + scope(inner) + stop("message") + note("caught") + user_task("z")
    desk.play(
        ("p.bpmn", bpmn("p", main + chain("start", "sub") + chain("stop", "caught", "z"), extra=DECLARED))
    )
    assert desk.notes == ["caught"]


@pytest.mark.parametrize("kind", ["signal", "message", "escalation"])
def test_the_last_step_of_a_scope_is_heard_by_its_own_event_sub_process(desk, kind):
    """The scope is not over before what its last step threw has taken effect."""
    listening = (
        f'<subProcess id="esp" triggeredByEvent="true"><startEvent id="heard" isInterrupting="false">{REFERENCE[kind]}'
        "</startEvent>" + note("caught") + user_task("z") + chain("heard", "caught", "z") + "</subProcess>"
    )
    inner = '<startEvent id="in"/>' + throw(kind, last=True) + chain("in", "throw") + listening
    main = '<startEvent id="start"/>' + scope(inner) + note("passed") + chain("start", "sub", "passed")
    key = desk.play(("p.bpmn", bpmn("p", main, extra=DECLARED)))
    assert desk.notes == ["caught"]
    assert desk.engine.open_task_names(key) == ["Z"]


def test_several_catchers_of_one_throw_begin_in_the_order_they_subscribed(desk):
    catching = "".join(
        f'<intermediateCatchEvent id="c{n}">{REFERENCE["signal"]}</intermediateCatchEvent>'
        + note(f"n{n}")
        + note(f"m{n}")
        + chain("fork", f"c{n}", f"n{n}", f"m{n}")
        for n in range(4)
    )
    main = (
        '<startEvent id="start"/><parallelGateway id="fork"/>'
        + catching
        + user_task("go")
        + throw("signal", last=False)
        + note("after")
        + chain("start", "fork", "go", "throw", "after")
    )
    key = desk.play(("p.bpmn", bpmn("p", main, extra=DECLARED)))
    (task,) = desk.engine.open_tasks(key)
    desk.engine.complete_task(task.user_task_key)
    assert desk.notes == ["n0", "m0", "n1", "m1", "n2", "m2", "n3", "m3", "after"]


def test_each_of_several_messages_leads_on_with_what_it_brought(desk):
    """One step says two things: the path of the first has read its words before those of the second arrive."""

    def say(context):
        for word in ("one", "two"):
            context.publish("x", "1", {"word": word})

    desk.engine.house.job_types["say"] = JobType("say", say)
    listening = (
        f'<subProcess id="esp" triggeredByEvent="true"><startEvent id="heard" isInterrupting="false">{REFERENCE["message"]}'
        '</startEvent><userTask id="read"><extensionElements><zeebe:userTask/><zeebe:ioMapping>'
        '<zeebe:input source="=word" target="mine"/></zeebe:ioMapping></extensionElements></userTask>'
        + chain("heard", "read")
        + "</subProcess>"
    )
    main = (
        '<startEvent id="start"/>'
        + service_task("say", "say")
        + note("after")
        + chain("start", "say", "after")
    )
    desk.play(("p.bpmn", bpmn("p", main + listening, extra=DECLARED)))
    mine = [one.value for one in desk.engine.variables().items if one.name == "mine"]
    assert sorted(mine) == ['"one"', '"two"']
    assert desk.notes == ["after"]


def test_the_end_of_a_child_comes_before_what_else_is_ready(desk):
    child = bpmn("child", '<startEvent id="in"/>' + note("inside") + chain("in", "inside"), extra=DECLARED)
    main = '<startEvent id="start"/>' + CALL + user_task("z") + chain("start", "call", "z")
    desk.play(("p.bpmn", bpmn("p", main, extra=DECLARED)), ("child.bpmn", child))
    assert desk.begun[-3:] == ["in", "inside", "z"]


def test_what_comes_to_rest_with_an_incident_is_told(desk):
    """A join that can never go on is found when nothing runs any more: no unit tells of it."""
    main = (
        '<startEvent id="start"/>'
        + user_task("go")
        + '<exclusiveGateway id="or" default="or-one"/><task id="one"/><task id="two"/><parallelGateway id="and"/>'
        + note("never")
        + chain("start", "go", "or")
        + '<sequenceFlow id="or-one" sourceRef="or" targetRef="one"/>'
        + flow("or", "two", "=false")
        + chain("one", "and")
        + chain("two", "and", "never")
    )
    key = desk.play(("p.bpmn", bpmn("p", main, extra=DECLARED)))
    (task,) = desk.engine.open_tasks(key)
    desk.engine.complete_task(task.user_task_key)
    assert [one.element_id for one in desk.engine.incidents().items] == ["and"]
    assert desk.engine.instance(key).has_incident
