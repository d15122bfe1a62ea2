"""The reserved properties ``redress.*``: where they may stand and what they may say (dialect §14)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lxml import etree

from engine.dialect.lint.context import KnownResources
from engine.dialect.lint.drawing import ZEEBE, Drawing, Node, first_zeebe, zeebe
from engine.dialect.lint.notes import Notes, quote
from engine.dialect.lint.paths import IN_STEP
from engine.suggest import perhaps, slip_of
from engine.zones import ZoneUnknown, read_zone

PREFIX: Final = "redress."
LATER: Final = frozenset({"redress.recalculate", "redress.unknownVariables"})
KNOWN: Final = LATER | {
    *("redress.calendar", "redress.timeZone", "redress.execution"),
    *("redress.clock", "redress.noLaterThan", "redress.states", "redress.needs"),
}


def read_properties(node: etree._Element) -> dict[str, str]:
    """Return the properties of an element; of a name used twice, the first."""
    found: dict[str, str] = {}
    for holder in zeebe(node, "properties"):
        for item in holder.iterchildren(f"{{{ZEEBE}}}property"):
            found.setdefault(str(item.get("name") or ""), str(item.get("value") or ""))
    return found


def check_properties(drawing: Drawing, notes: Notes, known: KnownResources) -> None:
    """Judge the reserved properties of processes, nodes and flows."""
    nodes = {node.xml: node for node in drawing.nodes}
    for element in (*drawing.executable, *nodes, *(flow.xml for flow in drawing.flows)):
        seen: set[str] = set()
        for holder in zeebe(element, "properties"):
            for item in holder.iterchildren(f"{{{ZEEBE}}}property"):
                name = str(item.get("name") or "")
                if slip_of(name, KNOWN - LATER) is None and not name.startswith(PREFIX):
                    continue  # of whoever drew it
                if name in seen:
                    notes.error(
                        item, "property_twice", f"{name} is there twice.", "Remove one.", attribute=name
                    )
                seen.add(name)
                _check(item, name, nodes.get(element), notes, known)


def _check(item: etree._Element, name: str, node: Node | None, notes: Notes, known: KnownResources) -> None:
    value = str(item.get("value") or "").strip()
    if name not in KNOWN:
        message = f"The property {name} is not known."
        notes.error(item, "property_unknown", message, perhaps(name, KNOWN - LATER), attribute=name)
    elif name in LATER:
        notes.error(item, "not_supported_yet", f"{name} is not supported yet.", "Remove it.", attribute=name)
    else:
        misplaced, complaint = _RULES[name](value, node, known)
        if misplaced:
            notes.error(item, "property_misplaced", f"{name} has no effect here.", misplaced, attribute=name)
        elif complaint:
            notes.error(item, "property_value", f"{name} is {quote(value)}: {complaint}.", attribute=name)


def _calendar(value: str, _node: Node | None, known: KnownResources) -> tuple[str, str]:
    if not value:
        return "", "no calendar is named"
    if known.service is not None and value not in known.service.calendars:
        return "", f"there is no such calendar. {perhaps(value, known.service.calendars)}".rstrip(". ")
    return "", ""


def _time_zone(value: str, node: Node | None, _known: KnownResources) -> tuple[str, str]:
    if node is not None:
        return "Put it on the process.", ""
    try:
        read_zone(value)
    except ZoneUnknown:
        return "", "not an IANA time zone such as Europe/London"
    return "", ""


def _execution(value: str, node: Node | None, _known: KnownResources) -> tuple[str, str]:
    job = first_zeebe(node.xml, "taskDefinition") if node is not None else None
    if job is None:
        return "Put it on an element with a job type.", ""
    if value not in ("in-transaction", "async"):
        return "", "neither in-transaction nor async"
    if value == "in-transaction" and not str(job.get("type") or "").startswith(IN_STEP):
        return "", f"only job types that start with {IN_STEP} run within the transaction"
    return "", ""


def _clock(value: str, node: Node | None, _known: KnownResources) -> tuple[str, str]:
    if node is None or not (node.tag == "userTask" or node.trigger == "timer"):
        return "Put it on a timer event or a user task.", ""
    return "", _names_clocks(value)


def _no_later_than(value: str, node: Node | None, _known: KnownResources) -> tuple[str, str]:
    if node is None or node.tag != "userTask":
        return "Put it on a user task.", ""
    return "", _names_clocks(value)


def _states(value: str, node: Node | None, _known: KnownResources) -> tuple[str, str]:
    return _not_begun_by_a_message(node), "" if _names(value) else "the name of a state is missing"


def _needs(value: str, node: Node | None, _known: KnownResources) -> tuple[str, str]:
    return _not_begun_by_a_message(node), "" if _names(value) else "the name of a variable is missing"


def _not_begun_by_a_message(node: Node | None) -> str:
    """Return where else it belongs; empty on a message start event of a process."""
    if node is None or (node.tag, node.trigger) != ("startEvent", "message") or node.scope.parent is not None:
        return "Put it on a message start event of a process."
    return ""


def _names_clocks(value: str) -> str:
    return "" if _names(value) else "the name of a case clock is missing"


def _names(value: str) -> bool:
    return all(part.strip() for part in value.split(",")) and not value.startswith("=")


_RULES: Final[dict[str, Callable[[str, Node | None, KnownResources], tuple[str, str]]]] = {
    "redress.calendar": _calendar,
    "redress.timeZone": _time_zone,
    "redress.execution": _execution,
    "redress.clock": _clock,
    "redress.noLaterThan": _no_later_than,
    "redress.states": _states,
    "redress.needs": _needs,
}
