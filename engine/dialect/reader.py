"""Reading the processes of a diagram file into elements and flows, collecting every problem on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

from lxml import etree

from engine.dialect import extensions as ext
from engine.dialect.ids import FLOW_NODES
from engine.dialect.model import Bounds, Element, Flow, Trigger
from engine.dialect.notes import BPMN, Problems, line_of, tag_of, text_of
from engine.dialect.triggers import Triggers
from engine.truth import is_true

TYPES = {
    "task": "TASK",
    "manualTask": "MANUAL_TASK",
    "userTask": "USER_TASK",
    "serviceTask": "SERVICE_TASK",
    "sendTask": "SEND_TASK",
    "receiveTask": "RECEIVE_TASK",
    "scriptTask": "SCRIPT_TASK",
    "businessRuleTask": "BUSINESS_RULE_TASK",
    "callActivity": "CALL_ACTIVITY",
    "subProcess": "SUB_PROCESS",
    "transaction": "SUB_PROCESS",
    "exclusiveGateway": "EXCLUSIVE_GATEWAY",
    "parallelGateway": "PARALLEL_GATEWAY",
    "inclusiveGateway": "INCLUSIVE_GATEWAY",
    "eventBasedGateway": "EVENT_BASED_GATEWAY",
    "startEvent": "START_EVENT",
    "endEvent": "END_EVENT",
    "intermediateCatchEvent": "INTERMEDIATE_CATCH_EVENT",
    "intermediateThrowEvent": "INTERMEDIATE_THROW_EVENT",
    "boundaryEvent": "BOUNDARY_EVENT",
}
ACTIVITIES = frozenset(
    tag
    for tag in TYPES
    if tag.endswith("Task") or tag in ("task", "callActivity", "subProcess", "transaction")
)
GLOBAL_TASKS = frozenset(
    {"globalTask", "globalUserTask", "globalManualTask", "globalScriptTask", "globalBusinessRuleTask"}
)


@dataclass(frozen=True, slots=True)
class RawProcess:
    """One executable process as read: elements by id in document order, and flows.

    ``node`` is what was drawn, ``body`` the process holding the nodes (they differ for a global task).
    """

    node: etree._Element
    body: etree._Element
    process_id: str
    name: str
    elements: MappingProxyType[str, Element]
    flows: tuple[Flow, ...]


class Reader:
    """Reads the processes of one file."""

    def __init__(self, root: etree._Element, problems: Problems) -> None:
        """``root`` is the definitions element, ids assigned."""
        self.root, self.problems = root, problems
        self.triggers = Triggers(root, problems)
        self.bounds = _bounds(root)
        self.lanes = _lanes(root)
        self.taken: set[str] = set()  # ids of processes

    def processes(self) -> Iterator[RawProcess]:
        """Yield every executable process, then every global task as a process with that one task."""
        for node in self.root.iterchildren(BPMN + "process"):
            if is_true(node.get("isExecutable")):
                yield self._process(node, node)
        for node in self.root.iterchildren(etree.Element):
            if tag_of(node) in GLOBAL_TASKS and node.get("id"):
                yield self._process(node, _process_around(node))

    def _process(self, node: etree._Element, body: etree._Element) -> RawProcess:
        process_id = self.problems.required(node, "id")
        elements: dict[str, Element] = {}
        flows: list[Flow] = []
        self.taken.add(process_id)
        self._scope(body, process_id, elements, flows)
        for flow in flows:
            source, target = elements.get(flow.source), elements.get(flow.target)
            if source is None or target is None or source.scope_id != target.scope_id:
                message = f"The flow {flow.id} does not join two nodes of one scope."
                self.problems.error(node, "dangling_flow", message, "Draw it anew.")
        linked = {
            element.id: replace(
                element,
                incoming=tuple(flow for flow in flows if flow.target == element.id),
                outgoing=tuple(flow for flow in flows if flow.source == element.id),
            )
            for element in elements.values()
        }
        name = node.get("name") or process_id
        return RawProcess(node, body, process_id, name, MappingProxyType(linked), tuple(flows))

    def _scope(
        self, node: etree._Element, scope_id: str, elements: dict[str, Element], flows: list[Flow]
    ) -> None:
        defaults = {
            child.get("default") for child in node.iterchildren(etree.Element) if child.get("default")
        }
        for child in node.iterchildren(etree.Element):
            tag = tag_of(child)
            if not child.tag.startswith(BPMN):
                continue
            if tag == "sequenceFlow":
                flows.append(self._flow(child, defaults))
            elif tag in TYPES:
                if child.get("id") in elements or child.get("id") in self.taken:
                    self.problems.error(
                        child, "duplicate_id", "Another element has the same id.", "Give it its own.", "id"
                    )
                elements[child.get("id", "")] = self._element(child, tag, scope_id)
                if tag in ("subProcess", "transaction"):
                    self._scope(child, child.get("id", ""), elements, flows)
            elif tag in FLOW_NODES:
                self.problems.error(
                    child, "element_refused", f"{tag} is not supported.", "Draw it another way."
                )

    def _flow(self, node: etree._Element, defaults: set[str | None]) -> Flow:
        default = node.get("id") in defaults
        condition = None
        if not default and node.find(BPMN + "conditionExpression") is not None:
            text = text_of(node, "conditionExpression")
            condition = self.problems.formula(node, text, "conditionExpression")
        return Flow(
            node.get("id", ""),
            self.problems.required(node, "sourceRef"),
            self.problems.required(node, "targetRef"),
            condition,
            default,
        )

    def _element(self, node: etree._Element, tag: str, scope_id: str) -> Element:
        problems, activity = self.problems, tag in ACTIVITIES
        documentation = text_of(node, "documentation")
        event_subprocess = is_true(node.get("triggeredByEvent"))
        return Element(
            id=problems.required(node, "id"),
            name=node.get("name") or node.get("id") or "",
            tag=tag,
            type="EVENT_SUB_PROCESS" if event_subprocess else TYPES[tag],
            scope_id=scope_id,
            line=line_of(node),
            lane=self.lanes.get(node.get("id", "")),
            documentation=documentation.strip() if documentation else None,
            inputs=ext.mappings(node, "input", problems),
            outputs=ext.mappings(node, "output", problems),
            headers=ext.headers(node),
            properties=ext.properties(node),
            job=ext.job_rule(node, problems),
            script=ext.script_rule(node, problems) if tag == "scriptTask" else None,
            decision=ext.decision_rule(node, problems) if tag == "businessRuleTask" else None,
            call=ext.call_rule(node, problems) if tag == "callActivity" else None,
            task=ext.task_rule(node, problems) if tag == "userTask" else None,
            form=ext.form_rule(node, problems) if tag in ("userTask", "startEvent") else None,
            multi_instance=ext.multi_instance(node, problems) if activity else None,
            standard_loop=ext.standard_loop(node, problems) if activity else None,
            trigger=self._trigger(node, tag),
            attached_to=node.get("attachedToRef") if tag == "boundaryEvent" else None,
            interrupting=_interrupting(node, tag),
            handler=self._handler(node) if tag == "boundaryEvent" else None,
            for_compensation=is_true(node.get("isForCompensation")),
            bounds=self.bounds.get(node.get("id", "")),
        )

    def _trigger(self, node: etree._Element, tag: str) -> Trigger | None:
        if tag == "receiveTask":
            return self.triggers.message(node, node.get("messageRef"))
        if tag.endswith("Event"):
            return self.triggers.of(node, catching=tag not in ("endEvent", "intermediateThrowEvent"))
        return None

    def _handler(self, node: etree._Element) -> str | None:
        if node.find(BPMN + "compensateEventDefinition") is None:
            return None
        for association in self.root.iter(BPMN + "association"):
            if association.get("sourceRef") == node.get("id"):
                return association.get("targetRef")
        self.problems.error(
            node, "handler_missing", "No association leads to the activity that undoes.", "Connect one."
        )
        return None


def _interrupting(node: etree._Element, tag: str) -> bool:
    name = "cancelActivity" if tag == "boundaryEvent" else "isInterrupting"
    return is_true(node.get(name), default=True)


def _process_around(task: etree._Element) -> etree._Element:
    """Return a process holding a copy of a global task as an ordinary one."""
    process = etree.Element(BPMN + "process", {"id": task.get("id", "")})
    kind = tag_of(task).removeprefix("global")
    inner = etree.SubElement(
        process,
        BPMN + kind[0].lower() + kind[1:],
        {"id": f"{task.get('id')}.task", "name": task.get("name") or task.get("id") or ""},
    )
    for child in task.iterchildren(etree.Element):
        inner.append(etree.fromstring(etree.tostring(child)))
    return process


def _bounds(root: etree._Element) -> dict[str, Bounds]:
    found = {}
    for shape in root.iter("{*}BPMNShape"):
        box = shape.find("{*}Bounds")
        if box is not None and shape.get("bpmnElement"):
            try:
                numbers = [float(box.get(side, "0")) for side in ("x", "y", "width", "height")]
            except ValueError:
                continue
            found[shape.get("bpmnElement", "")] = Bounds(*numbers)
    return found


def _lanes(root: etree._Element) -> dict[str, str]:
    """Return the name of the innermost lane of each node."""
    found: dict[str, str] = {}
    for lane in root.iter(BPMN + "lane"):
        for reference in lane.findall(BPMN + "flowNodeRef"):
            found[str(reference.text or "").strip()] = lane.get("name") or lane.get("id") or ""
    return found
