"""Stable ids for the flow elements a modeller drew without one."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from lxml import etree

BPMN: Final = "http://www.omg.org/spec/BPMN/20100524/MODEL"
LONGEST_ID: Final = 200

SCOPES: Final = frozenset({"process", "subProcess", "transaction", "adHocSubProcess"})
FLOW_NODES: Final = frozenset(
    {
        *("task", "manualTask", "userTask", "serviceTask", "sendTask", "receiveTask", "scriptTask"),
        *("businessRuleTask", "callActivity", "subProcess", "transaction", "adHocSubProcess"),
        *("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"),
        *("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"),
    }
)

# A global task is called like a process with that one task.
GLOBAL_TASKS: Final = {
    "globalTask": "task",
    "globalUserTask": "userTask",
    "globalManualTask": "manualTask",
    "globalScriptTask": "scriptTask",
    "globalBusinessRuleTask": "businessRuleTask",
}

_EVENT_DEFINITION: Final = "EventDefinition"


def assign_ids(root: etree._Element) -> tuple[str, ...]:
    """Give an id, in place, to each flow node and sequence flow that has none; return the new ids.

    An id is made of what stands around the element (the ends of a flow, the activity of a boundary event, the
    scope and name of a node), so the same drawing gets the same ids again and an edit elsewhere changes none.
    Only elements with the same surroundings are numbered, in document order. Repeating is harmless.
    """
    taken = {value for node in root.iter(etree.Element) if (value := node.get("id"))}
    given: list[str] = []
    last: dict[str, int] = {}
    for scope in root.iter(*(f"{{{BPMN}}}{tag}" for tag in sorted(SCOPES))):
        for node in scope.iterchildren(etree.Element):
            kind = etree.QName(node)
            nameless = kind.namespace == BPMN and not node.get("id")
            if nameless and (kind.localname in FLOW_NODES or kind.localname == "sequenceFlow"):
                new = _free(_describe(node, kind.localname, scope), taken, last)
                node.set("id", new)
                taken.add(new)
                given.append(new)
    return tuple(given)


def _describe(node: etree._Element, tag: str, scope: etree._Element) -> str:
    around = scope.get("id") or "process"
    if tag == "sequenceFlow":
        parts = ["Flow", node.get("sourceRef") or around, node.get("targetRef") or around]
    elif tag == "boundaryEvent":
        parts = ["BoundaryEvent", node.get("attachedToRef") or around, _trigger(node)]
    else:
        parts = [tag[0].upper() + tag[1:], around, node.get("name") or _trigger(node)]
    text = re.sub(r"[^\w.-]+", "_", "_".join(part for part in parts if part)).strip("_")
    if len(text) > LONGEST_ID - 8:
        text = f"{text[: LONGEST_ID - 24]}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    return text


def _trigger(node: etree._Element) -> str:
    for child in node.iterchildren(etree.Element):
        tag = etree.QName(child).localname
        if tag.endswith(_EVENT_DEFINITION):
            return tag.removesuffix(_EVENT_DEFINITION)
    return ""


def _free(wanted: str, taken: set[str], last: dict[str, int]) -> str:
    free, number = wanted, last.get(wanted, 1)
    while free in taken:
        number += 1
        free = f"{wanted}_{number}"
    last[wanted] = number
    return free
