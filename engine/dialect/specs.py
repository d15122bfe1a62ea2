"""How tokens pass the elements of a diagram: SpiffWorkflow task specs that carry no data and draw nothing
ahead.

The library keeps the task tree and its states and calls the hooks below; a running case
(``engine.execution``) answers them. Its tree holds live tokens only, shaped like the scopes: a token's
parent is the token of the enclosing scope. Specs are shared by all instances and never change after
parsing.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.dialect.model import Element

ROOT = ".process"  # no element id may begin with a dot, so no element can take a generated name
EACH = "#each"  # no element id may contain #

JOBS = ("serviceTask", "sendTask")
PASSING = ("task", "manualTask")


class ElementSpec(BpmnSpecMixin):
    """One flow node. ``kind`` names its behaviour."""

    def __init__(self, process: BpmnProcessSpec, name: str, element: Element, kind: str) -> None:
        """``name`` is unique in the process; several specs may stand for one element."""
        super().__init__(
            process, name, bpmn_name=element.name, lane=element.lane, inputs=[], outputs=[], data={}
        )
        self.element = element
        self.kind = kind

    def test(self) -> None:
        """Accept any number of flows; the dialect's own checks have run."""

    def _predict(self, my_task: Task, *_: Any, **__: Any) -> None:
        """Draw nothing ahead: a token is where it is."""

    def _update_hook(self, _: Task) -> bool:
        return True

    def _on_ready_hook(self, my_task: Task) -> None:
        my_task.workflow.is_ready(my_task)

    def _run_hook(self, my_task: Task) -> bool | None:
        return True if my_task.workflow.enter(my_task) else None

    def _on_complete_hook(self, my_task: Task) -> None:
        my_task.workflow.move_on(my_task)


class JoinSpec(ElementSpec):
    """A gateway where tokens wait for each other; only waiting tokens count, so earlier rounds are
    forgotten."""

    def _update_hook(self, my_task: Task) -> bool:
        if len(self.element.incoming) < 2:
            return True  # nothing to wait for
        my_task._set_state(TaskState.WAITING)
        if self.kind == "inclusive":
            return False  # judged when everything else has come to rest
        chosen = self.one_of_each(self.waiting(my_task))
        return my_task.workflow.join(my_task, chosen) if chosen else False

    def waiting(self, my_task: Task) -> dict[str, list[Task]]:
        """Return the tokens waiting here in the same scope, by the flow they came on, oldest first."""
        found: dict[str, list[Task]] = {}
        for task in my_task.parent.children:
            if task.task_spec is self and task.state == TaskState.WAITING:
                found.setdefault(task.internal_data.get("flow", ""), []).append(task)
        return found

    def one_of_each(self, waiting: dict[str, list[Task]]) -> list[Task]:
        """Return one token per incoming flow, or nothing while a flow has none; surplus tokens stay."""
        if any(flow.id not in waiting for flow in self.element.incoming):
            return []
        return [waiting[flow.id][0] for flow in self.element.incoming]


class ProcessSpec(BpmnProcessSpec):
    """The specs of one process, sub-processes included, under one root."""

    def __init__(self, element: Element) -> None:
        """``element`` stands for the process itself."""
        super().__init__(name=element.id, description=element.name)
        self.task_specs.clear()  # the library's generated Start, End and EndJoin
        self.start = ElementSpec(self, ROOT, element, "process")
        self.end = None


def kind_of(element: Element) -> str:
    """Return the behaviour of an element, apart from its loop marker."""
    tag, trigger = element.tag, element.trigger.kind if element.trigger else "none"
    if tag in PASSING:
        return "pass"
    if tag in JOBS or (element.job and tag in ("scriptTask", "businessRuleTask")):
        return "job"
    if tag in ("subProcess", "transaction"):
        return "scope"
    if tag in ("endEvent", "intermediateThrowEvent"):
        if element.job or trigger == "message":
            return "job"
        return "end" if tag == "endEvent" and trigger in ("none", "link") else f"throw {trigger}"
    return {
        "userTask": "user task",
        "scriptTask": "script",
        "businessRuleTask": "decision",
        "receiveTask": "catch message",
        "callActivity": "call",
        "exclusiveGateway": "exclusive",
        "parallelGateway": "parallel",
        "inclusiveGateway": "inclusive",
        "eventBasedGateway": "event gateway",
        "startEvent": "start",
        "boundaryEvent": "caught",
        "intermediateCatchEvent": f"catch {trigger}",
    }[tag]
