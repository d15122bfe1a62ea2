"""A BPMN file as facts to compare: every element with what it says, references told by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from engine.dialect.ids import BPMN, SCOPES, assign_ids

ZEEBE: Final = "http://camunda.org/schema/zeebe/1.0"
MODELER: Final = "http://camunda.org/schema/modeler/1.0"
_SKIPPED: Final = frozenset({"incoming", "outgoing", "flowNodeRef"})
_PARTS: Final = (
    "EventDefinition",
    "Expression",
    "LoopCharacteristics",
    "Condition",
    "timeDate",
    "timeDuration",
)
_NEVER_ALONE: Final = frozenset(
    {"condition", "timeCycle", "extensionElements", "itemDefinition", "documentation"}
)
_KEYED: Final = {"header": "key", "property": "name", "input": "target", "output": "target"}
_NODES: Final = frozenset({"sourceRef", "targetRef", "attachedToRef", "default", "activityRef"})
_NAMED: Final = {
    "messageRef": "name",
    "signalRef": "name",
    "errorRef": "errorCode",
    "escalationRef": "escalationCode",
}

# Paths (without ids and extensionElements) in the words of the Modeler's panel.
LABELS: Final[dict[str, str]] = {
    "@name": "name",
    "@sourceRef": "start",
    "@targetRef": "target",
    "@attachedToRef": "host",
    "@default": "default flow",
    "@cancelActivity": "interrupting",
    "@isInterrupting": "interrupting",
    "@isExecutable": "executable",
    "@errorCode": "error code",
    "@escalationCode": "escalation code",
    "documentation": "documentation",
    "conditionExpression": "condition",
    "timerEventDefinition/timeDate": "timer date",
    "timerEventDefinition/timeDuration": "timer duration",
    "timerEventDefinition/timeCycle": "timer cycle",
    "messageEventDefinition@messageRef": "message",
    "@messageRef": "message",
    "signalEventDefinition@signalRef": "signal",
    "errorEventDefinition@errorRef": "error",
    "escalationEventDefinition@escalationRef": "escalation",
    "linkEventDefinition@name": "link name",
    "compensateEventDefinition@activityRef": "activity to compensate",
    "conditionalEventDefinition/condition": "condition",
    "subscription@correlationKey": "correlation key",
    "taskDefinition@type": "job type",
    "taskDefinition@retries": "retries",
    "assignmentDefinition@assignee": "assignee",
    "assignmentDefinition@candidateGroups": "candidate groups",
    "assignmentDefinition@candidateUsers": "candidate users",
    "taskSchedule@dueDate": "due date",
    "taskSchedule@followUpDate": "follow-up date",
    "priorityDefinition@priority": "priority",
    "formDefinition@formId": "form",
    "formDefinition@bindingType": "binding of the form",
    "formDefinition@versionTag": "version tag of the form",
    "calledDecision@decisionId": "called decision",
    "calledDecision@resultVariable": "result variable",
    "calledElement@processId": "called process",
    "script@expression": "expression",
    "script@resultVariable": "result variable",
    "versionTag@value": "version tag",
    "multiInstanceLoopCharacteristics@isSequential": "one after the other",
    "multiInstanceLoopCharacteristics/loopCharacteristics@inputCollection": "input collection",
    "multiInstanceLoopCharacteristics/loopCharacteristics@inputElement": "input element",
    "multiInstanceLoopCharacteristics/loopCharacteristics@outputCollection": "output collection",
    "multiInstanceLoopCharacteristics/loopCharacteristics@outputElement": "output element",
    "multiInstanceLoopCharacteristics/completionCondition": "completion condition",
}
_KEYED_LABELS: Final = (
    (re.compile(r"taskHeaders/header\[(.*)\](?:@value)?"), "header {}"),
    (re.compile(r"properties/property\[(.*)\](?:@value)?"), "property {}"),
    (re.compile(r"ioMapping/input\[(.*)\](?:@source)?"), "input {}"),
    (re.compile(r"ioMapping/output\[(.*)\](?:@source)?"), "output {}"),
)


@dataclass(slots=True)
class Part:
    """One element that is compared on its own.

    ``aspects`` are what it says, by label; ``order`` the flows leaving a gateway that decides.
    """

    key: str
    node: etree._Element
    kind: str
    title: str
    where: str
    aspects: dict[str, str]
    references: dict[str, str] = field(default_factory=dict)
    order: tuple[str, ...] = ()

    def shown(self, name: str) -> str | None:
        """Return an aspect as a person would read it."""
        return self.references.get(name, self.aspects.get(name))


class Facts:
    """A file read for comparison: elements by id, their titles, where shapes stand."""

    def __init__(self, root: etree._Element) -> None:
        """``root`` is what ``read_xml`` returned; missing ids are given in place."""
        assign_ids(root)
        self.root = root
        self.by_id: dict[str, etree._Element] = {}
        for node in root.iter(f"{{{BPMN}}}*"):
            self.by_id.setdefault(str(node.get("id") or ""), node)
        self.place = dict(self._places())
        self.leaving: dict[str, list[str]] = {}
        for flow in root.iter(f"{{{BPMN}}}sequenceFlow"):
            self.leaving.setdefault(str(flow.get("sourceRef") or ""), []).append(str(flow.get("id") or ""))

    def title(self, key: str) -> str:
        """Return the name of an element in quotes, or how a nameless one is told."""
        node = self.by_id.get(key)
        if node is None:
            return key
        name = " ".join((node.get("name") or "").split())
        return f"“{name}”" if name else f"{kind_of(node)} {key}"

    def _places(self) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
        for shape in self.root.iter("{*}BPMNShape", "{*}BPMNEdge"):
            points = [
                (str(name), str(value))
                for item in shape.iter("{*}Bounds", "{*}waypoint")
                for name, value in item.items()
            ]
            yield str(shape.get("bpmnElement") or ""), tuple(points)


def kind_of(node: etree._Element) -> str:
    """Return what an element is in words: ``user task``, ``timer boundary event``, ``flow``."""
    tag = etree.QName(node).localname
    if tag == "sequenceFlow":
        return "flow"
    words = re.sub(r"([A-Z])", r" \1", tag).lower().replace("sub process", "sub-process").strip()
    for child in node.iterchildren(f"{{{BPMN}}}*") if tag.endswith("Event") else ():
        name = etree.QName(child).localname
        if name.endswith("EventDefinition"):
            return f"{name.removesuffix('EventDefinition')} {words}"
    return words


def parts_of(facts: Facts) -> dict[str, Part]:
    """Return every element that has an identity of its own, in the order of the file."""
    parts: dict[str, Part] = {}
    for node in facts.root.iter(f"{{{BPMN}}}*"):
        key = str(node.get("id") or "")
        if key and key not in parts and _stands_alone(node) and node is not facts.root:
            parts[key] = _part(node, key, facts)
    return parts


def _part(node: etree._Element, key: str, facts: Facts) -> Part:
    tag = etree.QName(node).localname
    title = " ".join((node.get("name") or "").split()) or key
    if tag == "sequenceFlow" and title == key:
        title = f"{facts.title(node.get('sourceRef') or '')} to {facts.title(node.get('targetRef') or '')}"
    part = Part(key, node, kind_of(node), title, _where(node), {})
    for path, value in _says(node):
        label = _label(path)
        attribute = path.rpartition("@")[2]
        if attribute in _NAMED:
            thing = facts.by_id.get(value.rpartition(":")[2])
            value = (thing.get(_NAMED[attribute]) or value) if thing is not None else value
        elif attribute in _NODES:
            part.references[label] = facts.title(value)
        part.aspects[label] = value
    part.aspects["place"] = part.where
    if tag in ("exclusiveGateway", "inclusiveGateway"):
        part.order = tuple(facts.leaving.get(key, ()))
    return part


def _where(node: etree._Element) -> str:
    parent = node.getparent()
    if parent is None or etree.QName(parent).localname not in SCOPES:
        return ""
    name = " ".join((parent.get("name") or "").split()) or str(parent.get("id") or "")
    return f"{kind_of(parent)} “{name}”"


def _stands_alone(node: etree._Element) -> bool:
    tag = etree.QName(node).localname
    return not (tag.endswith(_PARTS) or tag in _NEVER_ALONE)


def _says(node: etree._Element, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and text of everything the element says by itself or by parts without identity."""
    key = _KEYED.get(_short(node.tag)) if path.endswith("]") else None
    for name, value in node.attrib.items():
        if name not in ("id", key) and not str(name).startswith("{http://www.w3.org/"):
            yield f"{path}@{_short(str(name))}", str(value)
    if key and len(node.attrib) == 1:
        yield path, ""
    text = (node.text or "").strip()
    if text:
        yield path, text
    seen: Counter[str] = Counter()
    for child in node.iterchildren(etree.Element):
        name = _short(child.tag)
        own = etree.QName(child).namespace == BPMN and child.get("id") and _stands_alone(child)
        if own or name in _SKIPPED:
            continue
        key = child.get(_KEYED[name]) if name in _KEYED else None
        step = f"{name}[{key}]" if key else name
        seen[step] += 1
        step = f"{step}#{seen[step]}" if seen[step] > 1 else step
        if name == "extensionElements":
            step = ""
        yield from _says(child, "/".join(part for part in (path, step) if part))


def _short(name: str) -> str:
    """Return the local name; of a foreign namespace with the namespace, so that two never collide."""
    namespace, _, local = name.rpartition("}")
    return local if namespace[1:] in ("", BPMN, ZEEBE) else f"{namespace[1:]}:{local}"


def _label(path: str) -> str:
    if path in LABELS:
        return LABELS[path]
    for pattern, words in _KEYED_LABELS:
        match = pattern.fullmatch(path)
        if match:
            return words.format(match.group(1))
    return path.replace("@", " ").replace("/", " ").strip()
