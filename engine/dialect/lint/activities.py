"""Activities: exactly one implementation, its obligatory parts, mappings, headers, loops."""

from __future__ import annotations

from typing import Final

from lxml import etree

from engine.dialect.lint.allowed import Kind
from engine.dialect.lint.drawing import EVENTS, ZEEBE, Drawing, Node, bpmn, first_zeebe, text_of, zeebe
from engine.dialect.lint.notes import Notes, quote
from engine.dialect.lint.texts import Texts

# What makes the element run; exactly one of them (dialect §4).
IMPLEMENTATIONS: Final[dict[str, tuple[str, ...]]] = {
    "serviceTask": ("taskDefinition",),
    "sendTask": ("taskDefinition",),
    "scriptTask": ("script", "taskDefinition"),
    "businessRuleTask": ("calledDecision", "taskDefinition"),
    "callActivity": ("calledElement",),
}
_WORDS: Final = {
    "taskDefinition": "job type",
    "script": "FEEL expression",
    "calledDecision": "called decision",
    "calledElement": "called process",
}
_MESSAGE_THROWS: Final = frozenset({"intermediateThrowEvent", "endEvent"})


def check_activities(drawing: Drawing, texts: Texts) -> None:
    """Judge implementation, form, mappings, headers and loop markers of every node."""
    for node in drawing.nodes:
        _check_implementation(node, texts.notes)
        _check_bindings(node, texts.notes)
        _check_form(node, texts.notes)
        _check_mappings(node, texts.notes)
        _check_headers(node, texts.notes)
        _check_loop(node, texts)


def _check_implementation(node: Node, notes: Notes) -> None:
    good = IMPLEMENTATIONS.get(node.tag, ())
    if node.tag in _MESSAGE_THROWS:
        if node.trigger == "message":
            good = ("taskDefinition",)
        elif first_zeebe(node.xml, "taskDefinition") is not None:
            message = "Only a message event is a job; this event has a job type."
            notes.error(
                node.xml, "job_misplaced", message, "Remove it, or use a message event.", attribute="type"
            )
    if good:
        given = [name for name in good if first_zeebe(node.xml, name) is not None]
        words = " or ".join(_WORDS[name] for name in good)
        if not given:
            message = f"The {node.tag} has no {words}."
            notes.error(
                node.xml, "implementation_missing", message, "Choose what it does.", attribute=good[0]
            )
        elif len(given) > 1:
            message = f"The {node.tag} has both {' and '.join(_WORDS[name] for name in given)}."
            notes.error(node.xml, "implementation_twice", message, "Keep one.", attribute=given[1])
    if node.tag == "userTask" and first_zeebe(node.xml, "userTask") is None:
        message = "The user task lacks zeebe:userTask; it is treated as if it had it."
        notes.warning(node.xml, "user_task_legacy", message, "Choose the implementation “Camunda user task”.")


def _check_bindings(node: Node, notes: Notes) -> None:
    for name in ("calledElement", "calledDecision", "formDefinition"):
        for element in zeebe(node.xml, name):
            tag = (element.get("versionTag") or "").strip()
            if element.get("bindingType") == "versionTag" and not tag:
                message = f"zeebe:{name} is bound to a version tag, but names none."
                notes.error(
                    element, "version_tag_missing", message, "Fill in the tag.", attribute="versionTag"
                )
            elif tag and element.get("bindingType") != "versionTag":
                message = f"The version tag {quote(tag)} is ignored: the binding is not versionTag."
                notes.warning(
                    element, "ignored", message, "Choose the binding “version tag”.", attribute="versionTag"
                )


def _check_form(node: Node, notes: Notes) -> None:
    form = first_zeebe(node.xml, "formDefinition")
    if form is None:
        return
    if node.tag == "startEvent" and (node.trigger != "none" or node.scope.parent is not None):
        message = "Only the none start event of a process can have a form."
        notes.error(node.xml, "form_misplaced", message, "Remove the form.", attribute="formId")
    given = [name for name in ("formId", "externalReference", "formKey") if form.get(name) is not None]
    if not given:
        notes.error(node.xml, "form_empty", "The form is not named.", "Fill in formId.", attribute="formId")
    elif len(given) > 1:
        message = f"The form is named twice ({' and '.join(given)})."
        notes.error(node.xml, "form_twice", message, "Keep one.", attribute=given[1])
    elif node.tag == "startEvent" and form.get("formId") is None:
        message = "A start form is named by formId."
        notes.error(node.xml, "form_misplaced", message, "Fill in formId.", attribute=given[0])


def _check_mappings(node: Node, notes: Notes) -> None:
    mapping = first_zeebe(node.xml, "ioMapping")
    if mapping is None:
        return
    only_out = node.tag in EVENTS and node.tag not in _MESSAGE_THROWS
    for element in mapping.iterchildren(f"{{{ZEEBE}}}input"):
        if only_out:
            message = "A catching event has no input mappings."
            notes.error(element, "input_misplaced", message, "Use an output mapping.", attribute="target")


def _check_headers(node: Node, notes: Notes) -> None:
    headers = first_zeebe(node.xml, "taskHeaders")
    if headers is None:
        return
    is_task = node.tag == "userTask" or first_zeebe(node.xml, "taskDefinition") is not None
    if not is_task:
        message = "Headers belong to a job; this element makes none."
        notes.error(node.xml, "headers_misplaced", message, "Remove them.", attribute="taskHeaders")
    seen: set[str] = set()
    for header in headers.iterchildren(f"{{{ZEEBE}}}header"):
        key = str(header.get("key") or "")
        if key in seen:
            message = f"The header {quote(key)} is there twice."
            notes.error(header, "header_twice", message, "Remove one.", attribute="key")
        seen.add(key)


def _check_loop(node: Node, texts: Texts) -> None:
    multiple = list(bpmn(node.xml, "multiInstanceLoopCharacteristics"))
    standard = list(bpmn(node.xml, "standardLoopCharacteristics"))
    if len(multiple) + len(standard) > 1:
        texts.notes.error(node.xml, "loop_twice", "The activity has several loop markers.", "Keep one.")
    if node.is_event_scope and multiple + standard:
        message = "An event sub-process cannot have a loop marker."
        texts.notes.error(node.xml, "loop_misplaced", message, "Put a sub-process into it.")
    for marker in multiple:
        _check_multiple(node, marker, texts)
    for marker in standard:
        _check_standard(node, marker, texts)


def _check_multiple(node: Node, marker: etree._Element, texts: Texts) -> None:
    details = first_zeebe(marker, "loopCharacteristics")
    if details is None:
        message = "The multi-instance has no input collection."
        texts.notes.error(node.xml, "collection_missing", message, "Fill it in.", attribute="inputCollection")
    elif (details.get("outputCollection") is None) != (details.get("outputElement") is None):
        message = "The multi-instance has only one of output collection and output element."
        texts.notes.error(
            node.xml, "output_incomplete", message, "Fill in both, or neither.", attribute="outputElement"
        )
    for condition in bpmn(marker, "completionCondition"):
        texts.judge(condition, "completionCondition", text_of(condition), kind=Kind.FEEL)


def _check_standard(node: Node, marker: etree._Element, texts: Texts) -> None:
    condition = next(bpmn(marker, "loopCondition"), None)
    most = marker.get("loopMaximum")
    if condition is not None:
        texts.judge(condition, "loopCondition", text_of(condition), kind=Kind.FEEL)
    elif most is None:
        message = "The loop has neither a condition nor a maximum, so it never ends."
        texts.notes.error(node.xml, "loop_endless", message, "Give it one.", attribute="loopCondition")
    if most is not None and not (most.strip().isdecimal() and int(most.strip()[:9]) >= 1 and len(most) < 9):
        message = f"loopMaximum is {quote(str(most))}, not a number from 1."
        texts.notes.error(node.xml, "bad_value", message, attribute="loopMaximum")
