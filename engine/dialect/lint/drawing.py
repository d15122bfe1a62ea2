"""One pass from the XML of a diagram to scopes, nodes, flows and named things, which the rules look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from lxml import etree

from engine.dialect.ids import BPMN, FLOW_NODES, GLOBAL_TASKS, SCOPES
from engine.dialect.lint.notes import elements, split
from engine.truth import is_true

ZEEBE: Final = "http://camunda.org/schema/zeebe/1.0"
MODELER: Final = "http://camunda.org/schema/modeler/1.0"
CAMUNDA: Final = "http://camunda.org/schema/1.0/bpmn"

Position = Literal[
    "process start", "event sub-process start", "sub-process start", "catch", "boundary", "throw", "end"
]
TASKS: Final = frozenset(tag for tag in FLOW_NODES if tag.endswith("Task")) | {"task"}
ACTIVITIES: Final = TASKS | (SCOPES - {"process"}) | {"callActivity"}
GATEWAYS: Final = frozenset(tag for tag in FLOW_NODES if tag.endswith("Gateway"))
EVENTS: Final = frozenset(tag for tag in FLOW_NODES if tag.endswith("Event"))
GLOBAL: Final = "global task"  # the scope around a global task, which is called like a process
_POSITIONS: Final[dict[str, Position]] = {
    "endEvent": "end",
    "intermediateCatchEvent": "catch",
    "intermediateThrowEvent": "throw",
    "boundaryEvent": "boundary",
}


def bpmn(node: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the BPMN children of that local name."""
    return node.iterchildren(f"{{{BPMN}}}{name}")


def zeebe(node: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the Zeebe extension elements of that local name."""
    for extensions in bpmn(node, "extensionElements"):
        yield from extensions.iterchildren(f"{{{ZEEBE}}}{name}")


def first_zeebe(node: etree._Element, name: str) -> etree._Element | None:
    """Return the first Zeebe extension element of that local name."""
    return next(zeebe(node, name), None)


def text_of(node: etree._Element) -> str:
    """Return the text of an element without the white space around it."""
    return "".join(str(part) for part in node.itertext()).strip()


def reference(value: str | None) -> str:
    """Return the id a QName reference such as ``tns:Message_1`` points to, prefix cut off."""
    return (value or "").strip().rpartition(":")[2]


@dataclass(slots=True, eq=False)
class Flow:
    """A sequence flow; ``source`` and ``target`` are None when they dangle."""

    xml: etree._Element
    scope: Scope
    source: Node | None = None
    target: Node | None = None

    @property
    def id(self) -> str:
        """Return the id, never empty after ``assign_ids``."""
        return self.xml.get("id") or ""

    @property
    def condition(self) -> etree._Element | None:
        """Return the condition as drawn."""
        return next(bpmn(self.xml, "conditionExpression"), None)


@dataclass(slots=True, eq=False)
class Node:
    """A flow node: activity, gateway or event."""

    xml: etree._Element
    tag: str
    scope: Scope
    inner: Scope | None = None
    definitions: tuple[etree._Element, ...] = ()
    outgoing: list[Flow] = field(default_factory=list)
    incoming: list[Flow] = field(default_factory=list)
    boundaries: list[Node] = field(default_factory=list)
    attached_to: Node | None = None

    @property
    def id(self) -> str:
        """Return the id, never empty after ``assign_ids``."""
        return self.xml.get("id") or ""

    @property
    def title(self) -> str:
        """Return the name, or the id of a nameless node."""
        return " ".join((self.xml.get("name") or "").split()) or self.id

    @property
    def trigger(self) -> str:
        """Return ``none``, ``multiple`` or the name of the only event definition, e.g. ``timer``."""
        if len(self.definitions) > 1:
            return "multiple"
        if not self.definitions:
            return "none"
        return split(self.definitions[0].tag)[1].removesuffix("EventDefinition")

    @property
    def position(self) -> Position:
        """Return where in the drawing this event stands; only for events."""
        if self.tag != "startEvent":
            return _POSITIONS[self.tag]
        if self.scope.parent is None:
            return "process start"
        return "event sub-process start" if self.scope.is_event else "sub-process start"

    @property
    def is_event_scope(self) -> bool:
        """Whether this is an event sub-process."""
        return self.inner is not None and self.inner.is_event

    @property
    def interrupts(self) -> bool:
        """Whether a boundary or start event ends what it interrupts (the default)."""
        name = "cancelActivity" if self.tag == "boundaryEvent" else "isInterrupting"
        return is_true(self.xml.get(name), default=True)

    @property
    def is_compensation(self) -> bool:
        """Whether this is a compensation handler."""
        return is_true(self.xml.get("isForCompensation"))


@dataclass(slots=True, eq=False)
class Scope:
    """A process, sub-process or global task with what is drawn directly in it."""

    xml: etree._Element
    tag: str
    parent: Scope | None
    nodes: list[Node] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Return the id."""
        return self.xml.get("id") or ""

    @property
    def is_event(self) -> bool:
        """Whether this is an event sub-process."""
        return self.tag == "subProcess" and is_true(self.xml.get("triggeredByEvent"))

    def outward(self) -> Iterator[Scope]:
        """Yield this scope and those around it."""
        at: Scope | None = self
        while at is not None:
            yield at
            at = at.parent


@dataclass(slots=True, eq=False)
class Drawing:
    """A diagram file. ``scopes``, ``nodes`` and ``flows`` are those of executable processes only."""

    root: etree._Element
    executable: list[etree._Element] = field(default_factory=list)
    models: list[etree._Element] = field(default_factory=list)
    global_tasks: list[etree._Element] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    by_id: dict[str, Node] = field(default_factory=dict)
    flow_by_id: dict[str, Flow] = field(default_factory=dict)
    named: dict[str, dict[str, etree._Element]] = field(default_factory=dict)
    associations: list[tuple[etree._Element, str, str]] = field(default_factory=list)

    def find(self, kind: str, value: str | None) -> etree._Element | None:
        """Return the message, signal, error or escalation a reference points to."""
        things = self.named.get(kind, {})
        return things.get((value or "").strip(), things.get(reference(value)))

    def processes(self) -> Iterator[Scope]:
        """Yield the scopes of the executable processes."""
        return (scope for scope in self.scopes if scope.parent is None)


def draw(root: etree._Element) -> Drawing:
    """Read the tree; never fails, whatever the tree."""
    drawing = Drawing(root, named={kind: {} for kind in ("message", "signal", "error", "escalation")})
    for child in elements(root):
        namespace, name = split(child.tag)
        if namespace != BPMN:
            continue
        if name == "process":
            (drawing.executable if is_true(child.get("isExecutable")) else drawing.models).append(child)
        elif name in GLOBAL_TASKS:
            drawing.global_tasks.append(child)
        elif name in drawing.named and child.get("id"):
            drawing.named[name].setdefault(child.get("id", ""), child)
    for process in drawing.executable:
        _read_scopes(drawing, Scope(process, "process", None))
    for task in drawing.global_tasks if drawing.executable else ():
        alone = Scope(task, GLOBAL, None)
        alone.nodes.append(_read_node(task, GLOBAL_TASKS[split(task.tag)[1]], alone))
        drawing.scopes.append(alone)
        drawing.nodes += alone.nodes
    _connect(drawing)
    return drawing


def _read_scopes(drawing: Drawing, process: Scope) -> None:
    waiting = [process]
    while waiting:
        scope = waiting.pop()
        drawing.scopes.append(scope)
        inner: list[Scope] = []
        for child in elements(scope.xml):
            namespace, name = split(child.tag)
            if namespace != BPMN:
                continue
            if name in FLOW_NODES:
                node = _read_node(child, name, scope)
                scope.nodes.append(node)
                if node.inner is not None:
                    inner.append(node.inner)
            elif name == "sequenceFlow":
                scope.flows.append(Flow(child, scope))
            elif name == "association":
                ends = (child.get("sourceRef") or "", child.get("targetRef") or "")
                drawing.associations.append((child, *ends))
        drawing.nodes += scope.nodes
        drawing.flows += scope.flows
        waiting += reversed(inner)


def _read_node(xml: etree._Element, tag: str, scope: Scope) -> Node:
    node = Node(xml, tag, scope)
    if tag in SCOPES:
        node.inner = Scope(xml, tag, scope)
    if tag in EVENTS:
        children = ((child, *split(child.tag)) for child in elements(xml))
        node.definitions = tuple(
            child for child, space, name in children if space == BPMN and name.endswith("EventDefinition")
        )
    return node


def _connect(drawing: Drawing) -> None:
    for node in drawing.nodes:
        drawing.by_id.setdefault(node.id, node)
    for flow in drawing.flows:
        drawing.flow_by_id.setdefault(flow.id, flow)
        flow.source = drawing.by_id.get((flow.xml.get("sourceRef") or "").strip())
        flow.target = drawing.by_id.get((flow.xml.get("targetRef") or "").strip())
        if flow.source is not None:
            flow.source.outgoing.append(flow)
        if flow.target is not None:
            flow.target.incoming.append(flow)
    for node in drawing.nodes:
        if node.tag == "boundaryEvent":
            node.attached_to = drawing.by_id.get((node.xml.get("attachedToRef") or "").strip())
            if node.attached_to is not None:
                node.attached_to.boundaries.append(node)
