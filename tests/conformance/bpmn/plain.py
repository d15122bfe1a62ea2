"""The bare library with nothing of ours, to show what it would have done with the same diagram."""

from __future__ import annotations

from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from tests.engine.execution.story import diagram


def plain_specs(body: str, *, more: str = "") -> tuple[Any, dict[str, Any]]:
    """Return what the library parses from a process ``p`` around ``body`` (expressions are Python there)."""
    parser = BpmnParser()
    parser.add_bpmn_xml(etree.fromstring(diagram(body, more=more)))
    return parser.get_spec("p"), parser.get_subprocess_specs("p")


class Plain:
    """One instance run by the bare library."""

    def __init__(self, body: str = "", *, more: str = "", specs: Any = None, **data: Any) -> None:
        spec, inner = specs or plain_specs(body, more=more)
        self.workflow = BpmnWorkflow(spec, inner)
        self.workflow.task_tree.data.update(data)
        self.workflow.do_engine_steps()

    @property
    def ready(self) -> list[str]:
        return sorted(task.task_spec.name for task in self.tasks(TaskState.READY))

    def tasks(self, state: int) -> list[Task]:
        return list(self.workflow.get_tasks(state=state))

    def do(self, name: str, **data: Any) -> Plain:
        task = next(task for task in self.tasks(TaskState.READY) if task.task_spec.name == name)
        task.data.update(data)
        task.run()
        self.workflow.do_engine_steps()
        return self

    def tell(self, message: str, payload: Any = None) -> Plain:
        self.workflow.send_event(BpmnEvent(MessageEventDefinition(message), payload))
        self.workflow.do_engine_steps()
        return self
