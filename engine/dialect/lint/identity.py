"""Who a file and its elements are: platform, executable processes, ids, version tags."""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from engine.dialect.ids import BPMN, GLOBAL_TASKS, LONGEST_ID
from engine.dialect.lint.drawing import MODELER, Drawing, zeebe
from engine.dialect.lint.notes import Notes, elements, quote, split
from engine.truth import is_true, read_truth

NEWEST_PLATFORM: Final = (8, 9)
_ID: Final = re.compile(r"[^\W\d][\w.\-]*")


def check_platform(drawing: Drawing, notes: Notes) -> None:
    """Judge the platform the modeller wrote into the file."""
    root = drawing.root
    platform = root.get(f"{{{MODELER}}}executionPlatform")
    if platform not in (None, "Camunda Cloud"):
        message = f"The diagram is made for {quote(str(platform))}."
        advice = "Convert it to Camunda 8 (Zeebe) in the Modeler."
        notes.error(root, "platform", message, advice, attribute="executionPlatform")
    version = str(root.get(f"{{{MODELER}}}executionPlatformVersion") or "")
    numbers = tuple(int(part) for part in re.findall(r"\d{1,6}", version)[:2])
    if numbers > NEWEST_PLATFORM:
        message = f"The diagram is made for version {version[:40]}; this engine knows 8.9."
        notes.warning(root, "platform_newer", message, attribute="executionPlatformVersion")


def check_ids(drawing: Drawing, notes: Notes) -> None:
    """Note ids that are missing, malformed, or used twice in the file."""
    for process in drawing.executable:
        if not process.get("id"):
            notes.error(
                process, "id_missing", "An executable process has no id.", "Give it one.", attribute="id"
            )
    inside = _executable_elements(drawing)
    seen: dict[str, etree._Element] = {}
    for node in drawing.root.iter(etree.Element):
        value = node.get("id")
        if value is None or split(node.tag)[0] != BPMN:
            continue
        value = str(value)
        if node in inside:
            _check_id(node, value, notes)
        if value in seen:
            message = f"The id {quote(value)} is used twice (first in line {seen[value].sourceline})."
            notes.error(node, "id_twice", message, "Give one of them another id.", attribute="id")
        seen.setdefault(value, node)


def _executable_elements(drawing: Drawing) -> set[etree._Element]:
    things = {thing for kind in drawing.named.values() for thing in kind.values()}
    nodes = {node.xml for node in drawing.nodes} | {flow.xml for flow in drawing.flows}
    return things | nodes | set(drawing.executable)


def _check_id(node: etree._Element, value: str, notes: Notes) -> None:
    if not _ID.fullmatch(value):
        message = f"The id {quote(value)} is malformed."
        advice = "Use a letter or _, then letters, digits, _, - or full stops."
        notes.error(node, "id_malformed", message, advice, attribute="id")
    elif len(value) > LONGEST_ID:
        message = f"The id has {len(value)} characters; at most {LONGEST_ID} are accepted."
        notes.error(node, "id_too_long", message, "Shorten it.", attribute="id")


def check_model_only(drawing: Drawing, notes: Notes) -> None:
    """Say that a file without executable process is stored as a model."""
    advice = "Tick “Executable” on the process if it is meant to run."
    message = "No process is executable, so the diagram is stored as a model and never run."
    notes.warning(drawing.root, "stored_as_model", message, advice)


def check_executable(drawing: Drawing, notes: Notes) -> None:
    """Refuse a process that says neither that it is executable nor that it is not."""
    for process in drawing.models:
        text = process.get("isExecutable")
        if split(process.tag)[1] == "process" and text is not None and read_truth(text) is None:
            message = f"isExecutable is {quote(text)}, neither true nor false."
            notes.error(process, "bad_value", message, "Tick “Executable” anew.", attribute="isExecutable")


def version_tag(process: etree._Element) -> str | None:
    """Return the version tag of a process, or None."""
    return next((str(tag.get("value") or "") or None for tag in zeebe(process, "versionTag")), None)


def process_tags(root: etree._Element) -> dict[str, str | None]:
    """Return the ids of executable processes and of global tasks beside them, with their version tags."""
    drawn = [child for child in elements(root) if split(child.tag)[0] == BPMN and child.get("id")]
    processes = [
        child for child in drawn if split(child.tag)[1] == "process" and is_true(child.get("isExecutable"))
    ]
    tasks = [child for child in drawn if split(child.tag)[1] in GLOBAL_TASKS] if processes else []
    return {str(child.get("id")): version_tag(child) for child in (*processes, *tasks)}


def is_bpmn(root: etree._Element) -> bool:
    """Tell whether this is the root of a BPMN file."""
    return split(root.tag) == (BPMN, "definitions")
