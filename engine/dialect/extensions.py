"""What the ``zeebe:`` elements of an activity or event mean (dialect §3 to §8)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from lxml import etree

from engine.dialect.model import (
    Binding,
    CallRule,
    DecisionRule,
    FormRule,
    JobRule,
    MultiInstance,
    ScriptRule,
    StandardLoop,
    TaskRule,
    VariableMapping,
)
from engine.dialect.notes import BPMN, ZEEBE, Problems, text_of
from engine.truth import is_true


def extension(node: etree._Element, tag: str) -> etree._Element | None:
    """Return the first ``zeebe:`` extension element called ``tag``."""
    box = node.find(BPMN + "extensionElements")
    return None if box is None else box.find(ZEEBE + tag)


def extensions(node: etree._Element, group: str, tag: str) -> list[etree._Element]:
    """Return the ``zeebe:`` elements called ``tag`` inside the extension element ``group``."""
    box = extension(node, group)
    return [] if box is None else box.findall(ZEEBE + tag)


def version_tag(node: etree._Element) -> str | None:
    """Return the version tag of a process."""
    tag = extension(node, "versionTag")
    return None if tag is None else tag.get("value") or None


def properties(node: etree._Element) -> MappingProxyType[str, str]:
    """Return the extension properties by name."""
    found = extensions(node, "properties", "property")
    return MappingProxyType({item.get("name", ""): item.get("value", "") for item in found})


def headers(node: etree._Element) -> MappingProxyType[str, str]:
    """Return the static task headers by key."""
    found = extensions(node, "taskHeaders", "header")
    return MappingProxyType({item.get("key", ""): item.get("value", "") for item in found})


def binding_of(node: etree._Element) -> Binding:
    """Return the version binding written on a called element, decision or form."""
    return Binding(node.get("bindingType", "latest"), node.get("versionTag") or None)


def mappings(node: etree._Element, kind: str, problems: Problems) -> tuple[VariableMapping, ...]:
    """Return the mappings of one ``kind`` (input or output) in document order."""
    found = []
    for item in extensions(node, "ioMapping", kind):
        target = problems.required(item, "target")
        found.append(VariableMapping(problems.value(item, "source"), tuple(target.split("."))))
    return tuple(found)


def job_rule(node: etree._Element, problems: Problems) -> JobRule | None:
    """Return the job an element makes, if it has a task definition."""
    found = extension(node, "taskDefinition")
    if found is None:
        return None
    problems.required(found, "type")
    return JobRule(problems.value(found, "type"), problems.value(found, "retries") or "3")


def script_rule(node: etree._Element, problems: Problems) -> ScriptRule | None:
    """Return the FEEL script of a script task."""
    found = extension(node, "script")
    if found is None:
        return None
    result = problems.required(found, "resultVariable")
    problems.required(found, "expression")
    expression = problems.formula(found, found.get("expression"), "expression")
    return None if expression is None else ScriptRule(expression, result)


def decision_rule(node: etree._Element, problems: Problems) -> DecisionRule | None:
    """Return the decision a business rule task asks."""
    found = extension(node, "calledDecision")
    if found is None:
        return None
    problems.required(found, "decisionId")
    result = problems.required(found, "resultVariable")
    return DecisionRule(problems.value(found, "decisionId"), result, binding_of(found))


def call_rule(node: etree._Element, problems: Problems) -> CallRule | None:
    """Return what a call activity calls."""
    found = extension(node, "calledElement")
    if found is None:
        problems.error(
            node, "called_element_missing", "The call activity calls nothing.", "Choose the called process."
        )
        return None
    problems.required(found, "processId")
    return CallRule(
        problems.value(found, "processId"),
        binding_of(found),
        is_true(found.get("propagateAllParentVariables"), default=True),
        is_true(found.get("propagateAllChildVariables"), default=True),
        "" if found.get("businessId") == "" else problems.value(found, "businessId"),
    )


def form_rule(node: etree._Element, problems: Problems) -> FormRule | None:
    """Return the form linked to a user task or start event; an external reference is no form of ours."""
    found = extension(node, "formDefinition")
    if found is None or not found.get("formId"):
        return None
    return FormRule(problems.value(found, "formId"), binding_of(found))


def task_rule(node: etree._Element, problems: Problems) -> TaskRule:
    """Return who may do a user task and until when."""
    nothing: dict[str, Any] = {}

    def read(tag: str, attribute: str) -> Any:
        found = extension(node, tag)
        return nothing.get(attribute) if found is None else problems.value(found, attribute)

    return TaskRule(
        assignee=read("assignmentDefinition", "assignee"),
        candidate_groups=read("assignmentDefinition", "candidateGroups"),
        candidate_users=read("assignmentDefinition", "candidateUsers"),
        due=read("taskSchedule", "dueDate"),
        follow_up=read("taskSchedule", "followUpDate"),
        priority=read("priorityDefinition", "priority"),
        external_reference=read("formDefinition", "externalReference"),
    )


def multi_instance(node: etree._Element, problems: Problems) -> MultiInstance | None:
    """Return the multi-instance marker of an activity."""
    marker = node.find(BPMN + "multiInstanceLoopCharacteristics")
    if marker is None:
        return None
    rule = extension(marker, "loopCharacteristics")
    if rule is None:
        problems.error(
            marker,
            "collection_missing",
            "The multi-instance marker names no collection.",
            "Set inputCollection.",
        )
        return None
    problems.required(rule, "inputCollection")
    collection = problems.formula(rule, rule.get("inputCollection"), "inputCollection")
    if collection is None:
        return None
    return MultiInstance(
        is_true(marker.get("isSequential")),
        collection,
        rule.get("inputElement") or None,
        rule.get("outputCollection") or None,
        problems.formula(rule, rule.get("outputElement"), "outputElement"),
        problems.formula(marker, text_of(marker, "completionCondition"), "completionCondition"),
    )


def standard_loop(node: etree._Element, problems: Problems) -> StandardLoop | None:
    """Return the standard loop marker of an activity."""
    marker = node.find(BPMN + "standardLoopCharacteristics")
    if marker is None:
        return None
    maximum = marker.get("loopMaximum")
    if maximum is not None and not (maximum.isascii() and maximum.isdigit() and int(maximum) >= 1):
        problems.error(
            marker, "loop_maximum", "loopMaximum must be a whole number from 1.", "Correct it.", "loopMaximum"
        )
        maximum = None
    condition = problems.formula(marker, text_of(marker, "loopCondition"), "loopCondition")
    if condition is None and maximum is None:
        problems.error(
            marker, "loop_without_end", "The loop has neither condition nor maximum.", "Set loopCondition."
        )
    return StandardLoop(condition, is_true(marker.get("testBefore")), int(maximum) if maximum else None)
