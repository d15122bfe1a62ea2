"""Telling small stories about one case: a diagram, a fake world, and steps that name elements by their
ids."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from engine import feel
from engine.dialect import read_bpmn
from engine.execution import changes as ch
from engine.execution.run import Execution
from engine.execution.world import BpmnError, CaseClock, Halt, RetryLater

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="D" targetNamespace="t">'
)
NOW = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)


def diagram(body: str, *, more: str = "", attributes: str = "") -> bytes:
    """Return a file with one executable process ``p`` around ``body``; ``more`` stands beside it."""
    return (
        f'{HEAD}{more}<process id="p" isExecutable="true" {attributes}>{body}</process></definitions>'
    ).encode()


def flow(source: str, target: str, condition: str | None = None, flow_id: str | None = None) -> str:
    """Return a sequence flow."""
    inner = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
    return (
        f'<sequenceFlow id="{flow_id or f"{source}-{target}"}" sourceRef="{source}" '
        f'targetRef="{target}">{inner}</sequenceFlow>'
    )


def flows(*paths: str) -> str:
    """Return flows for paths such as ``a > b > c``."""
    found = []
    for path in paths:
        nodes = [node.strip() for node in path.split(">")]
        found += [flow(a, b) for a, b in itertools.pairwise(nodes)]
    return "".join(found)


def user(task_id: str, extra: str = "", attributes: str = "") -> str:
    """Return a user task."""
    return (
        f'<userTask id="{task_id}" {attributes}><extensionElements><zeebe:userTask/>'
        f"{extra}</extensionElements></userTask>"
    )


def service(task_id: str, job_type: str = "work", extra: str = "") -> str:
    """Return a service task."""
    return (
        f'<serviceTask id="{task_id}"><extensionElements><zeebe:taskDefinition type="{job_type}"/>{extra}'
        "</extensionElements></serviceTask>"
    )


def mapping(*rules: str) -> str:
    """Return an ioMapping from rules such as ``in =a+1 -> b`` and ``out =x -> y``."""
    lines = []
    for rule in rules:
        kind, rest = rule.split(" ", 1)
        source, target = rest.rsplit("->", 1)
        tag = {"in": "input", "out": "output"}[kind]
        source = source.strip().replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
        lines.append(f'<zeebe:{tag} source="{source}" target="{target.strip()}"/>')
    return f"<zeebe:ioMapping>{''.join(lines)}</zeebe:ioMapping>"


class FakeWorld:
    """Keys that count up, a clock that is set by hand, job handlers and decisions as given."""

    def __init__(self, now: datetime = NOW) -> None:
        self.keys = itertools.count(1001)
        self.now = now
        self.handlers: dict[str, Any] = {}
        self.decisions: dict[str, Any] = {}
        self.clocks: dict[str, datetime] = {}
        self.round = 1
        self.ended: dict[int, datetime] = {}  # round → when it ended
        self.calendars: Any = None
        self.zone = "Europe/London"
        self.performed: list[Any] = []
        self.stop_after: set[str] = set()

    @property
    def moment(self) -> feel.Moment:
        return feel.Moment(self.now, self.zone, self.calendars, None, 1)

    def next_key(self) -> int:
        return next(self.keys)

    def time_is_up(self) -> bool:
        return False

    def stops_after(self, element_id: str) -> bool:
        return element_id in self.stop_after

    def is_in_step(self, job_type: str, execution: str | None) -> bool:
        return job_type in self.handlers and execution != "async"

    def perform(self, job: Any) -> dict[str, Any]:
        self.performed.append(job)
        answer = self.handlers[job.type]
        if isinstance(answer, (BpmnError, RetryLater)):
            raise answer
        return answer(job) if callable(answer) else answer

    def decide(self, decision_id: str, binding: Any, variables: dict[str, Any]) -> Any:
        if decision_id not in self.decisions:
            raise Halt("CALLED_DECISION_ERROR", f"No decision {decision_id}.")
        return self.decisions[decision_id](variables)

    def clock_due(self, name: str) -> datetime | None:
        return self.clocks.get(name)

    def case_clock(self, name: str) -> CaseClock | None:
        if name not in self.clocks:
            return None
        bound = self.clocks[name]
        return CaseClock(
            "running",
            bound.date(),
            bound,
            lambda share: self.now + (bound - self.now) * share,
            self.round,
            self.ended.get,
        )


class Story:
    """One case told step by step; with ``restore`` it is saved and revived between every two units."""

    def __init__(
        self, data: bytes, *, restore: bool, process: str = "p", world: FakeWorld | None = None
    ) -> None:
        self.definition = read_bpmn(data, name="story.bpmn").processes[process]
        self.world = world or FakeWorld()
        self.restore = restore
        self.log: list[Any] = []
        self.heard = 0  # signals thrown that have been passed on
        self.run: Execution = None  # type: ignore[assignment]

    def start(self, variables: dict[str, Any] | None = None, **options: Any) -> Story:
        self.run = Execution.start(
            self.definition, key=1, variables=variables or {}, world=self.world, **options
        )
        return self._after()

    def _after(self) -> Story:
        self._keep()
        while self.run.next():
            self._keep()
        self._keep()
        self.run.begin_path(0)
        return self

    def _keep(self) -> None:
        self.log += self.run.take_changes()
        if self.restore:
            saved = self.run.save()
            again = Execution.revive(self.definition, saved, world=self.world)
            assert again.save() == saved
            assert again.take_changes() == ()
            again.case.line = self.run.case.line
            self.run = again

    # -- asking

    @property
    def open(self) -> list[str]:
        """The element ids of what waits for somebody or something, in order; scopes and listeners left
        out."""
        return [
            e.element_id
            for e in self.run.open_elements()
            if not e.listener and e.waiting_for not in ("children", "gateway")
        ]

    @property
    def armed(self) -> list[str]:
        """The element ids of the listeners."""
        return [e.element_id for e in self.run.open_elements() if e.listener]

    @property
    def ended(self) -> bool:
        return self.run.ended

    @property
    def vars(self) -> dict[str, Any]:
        if self.ended:
            return feel.outward(self.seen(ch.InstanceEnded)[-1].variables)
        return feel.outward(self.run.variables(1))

    @property
    def incidents(self) -> list[tuple[str, str]]:
        """Open incidents as (element id, error type)."""
        found: dict[Any, tuple[str, str]] = {}
        for change in self.log:
            if isinstance(change, ch.IncidentOpened):
                found[change.key] = (change.element_id, change.error_type)
            elif isinstance(change, ch.IncidentClosed):
                found.pop(change.key, None)
        return list(found.values())

    @property
    def passed(self) -> list[str]:
        """Element ids in the order their instances completed."""
        started = {change.key: change.element_id for change in self.seen(ch.ElementActivated)}
        return [started[change.key] for change in self.seen(ch.ElementEnded) if not change.terminated]

    @property
    def terminated(self) -> list[str]:
        started = {change.key: change.element_id for change in self.seen(ch.ElementActivated)}
        return [started[change.key] for change in self.seen(ch.ElementEnded) if change.terminated]

    def seen(self, kind: type) -> list[Any]:
        return [change for change in self.log if isinstance(change, kind)]

    def key(self, element_id: str, *, nth: int = 0, waiting: str | None = None) -> int:
        keys = [
            e.key
            for e in self.run.open_elements()
            if e.element_id == element_id and (waiting is None or e.waiting_for == waiting)
        ]
        assert len(keys) > nth, f"{element_id} is not open; open are {self.open} {self.armed}"
        return keys[nth]

    def locals(self, element_id: str, *, nth: int = 0) -> dict[str, Any]:
        return feel.outward(self.run.locals(self.key(element_id, nth=nth)))

    # -- doing

    def do(self, element_id: str, nth: int = 0, **variables: Any) -> Story:
        """Complete a user task."""
        self.run.complete_task(self.key(element_id, nth=nth, waiting="task"), variables)
        return self._after()

    def work(self, element_id: str, nth: int = 0, **variables: Any) -> Story:
        """Complete a job."""
        self.run.complete_job(self.key(element_id, nth=nth, waiting="job"), variables)
        return self._after()

    def error(self, element_id: str, code: str, **variables: Any) -> Story:
        self.run.throw_error(self.key(element_id, waiting="job"), code, "", variables)
        return self._after()

    def ring(self, element_id: str, nth: int = 0) -> Story:
        """Let a timer fire at its due moment."""
        key = self.key(element_id, nth=nth, waiting="timer")
        due = [change.due_at for change in self.seen(ch.TimerArmed) if change.key == key][-1]
        self.world.now = max(self.world.now, due)
        assert self.run.fire_timer(key)
        return self._after()

    def tell(self, element_id: str, nth: int = 0, **variables: Any) -> Story:
        """Deliver a message or signal."""
        self.run.deliver(self.key(element_id, nth=nth), variables)
        return self._after()

    def child_ends(self, element_id: str, **variables: Any) -> Story:
        self.run.finish_child(self.key(element_id, waiting="child"), variables, frozenset(variables))
        return self._after()

    def retry(self, element_id: str) -> Story:
        assert self.run.retry(self.key(element_id, waiting="incident"))
        return self._after()

    def set(self, scope: int = 1, *, local: bool = False, **variables: Any) -> Story:
        self.run.set_variables(scope, variables, local=local)
        return self._after()

    def then(self, act: Any) -> Story:
        """Do something else with the execution."""
        act(self.run)
        return self._after()

    def wait(self, **span: float) -> Story:
        self.world.now += timedelta(**span)
        return self


def timer(kind: str, text: str) -> str:
    """Return a timer event definition; ``kind`` is date, duration or cycle."""
    tag = f"time{kind.capitalize()}"
    return f"<timerEventDefinition><{tag}>{text}</{tag}></timerEventDefinition>"


def catch(event_id: str, definition: str, extra: str = "") -> str:
    """Return an intermediate catch event."""
    box = f"<extensionElements>{extra}</extensionElements>" if extra else ""
    return f'<intermediateCatchEvent id="{event_id}">{box}{definition}</intermediateCatchEvent>'


def throw(event_id: str, definition: str, extra: str = "", tag: str = "intermediateThrowEvent") -> str:
    """Return an intermediate throw event, or with ``tag`` an end event."""
    box = f"<extensionElements>{extra}</extensionElements>" if extra else ""
    return f'<{tag} id="{event_id}">{box}{definition}</{tag}>'


def boundary(event_id: str, host: str, definition: str, *, interrupting: bool = True, extra: str = "") -> str:
    """Return a boundary event."""
    box = f"<extensionElements>{extra}</extensionElements>" if extra else ""
    cancel = "" if interrupting else ' cancelActivity="false"'
    return f'<boundaryEvent id="{event_id}" attachedToRef="{host}"{cancel}>{box}{definition}</boundaryEvent>'


def event_subprocess(
    sub_id: str, definition: str, body: str, *, interrupting: bool = True, extra: str = ""
) -> str:
    """Return an event sub-process whose start event is called ``<sub_id>-start``."""
    box = f"<extensionElements>{extra}</extensionElements>" if extra else ""
    mark = "" if interrupting else ' isInterrupting="false"'
    start = f'<startEvent id="{sub_id}-start"{mark}>{box}{definition}</startEvent>'
    return f'<subProcess id="{sub_id}" triggeredByEvent="true">{start}{body}</subProcess>'


def sub(sub_id: str, body: str, *, tag: str = "subProcess", extra: str = "", marker: str = "") -> str:
    """Return an embedded sub-process with a start event called ``<sub_id>-start``."""
    box = f"<extensionElements>{extra}</extensionElements>" if extra else ""
    return f'<{tag} id="{sub_id}">{box}{marker}<startEvent id="{sub_id}-start"/>{body}</{tag}>'


def message(message_id: str, name: str, key: str = "=id") -> str:
    """Return a message declaration."""
    subscription = f'<extensionElements><zeebe:subscription correlationKey="{key}"/></extensionElements>'
    return f'<message id="{message_id}" name="{name}">{subscription}</message>'


MESSAGE = '<messageEventDefinition messageRef="M"/>'
SIGNAL = '<signalEventDefinition signalRef="S"/>'
ERROR = '<errorEventDefinition errorRef="E1"/>'
ANY_ERROR = "<errorEventDefinition/>"
ESCALATION = '<escalationEventDefinition escalationRef="X1"/>'
ANY_ESCALATION = "<escalationEventDefinition/>"
DECLARED = (
    message("M", "reply")
    + '<signal id="S" name="alarm"/><error id="E1" errorCode="one"/><error id="E2" errorCode="two"/>'
    + '<escalation id="X1" escalationCode="late"/><escalation id="X2" escalationCode="other"/>'
)


def conditional(condition: str, extra: str = "") -> str:
    """Return a conditional event definition."""
    box = f"<extensionElements>{extra}</extensionElements>" if extra else ""
    return f"<conditionalEventDefinition>{box}<condition>{condition}</condition></conditionalEventDefinition>"
