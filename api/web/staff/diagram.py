"""Where a case stands in its diagram: the drawing with markers, and the table of steps that says the same in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.context import the_engine
from engine.store.search import Condition, Query, Sort

STATES = {"ACTIVE": "in progress", "COMPLETED": "done", "TERMINATED": "ended early"}
_UNTOLD = frozenset(
    {"PROCESS", "MULTI_INSTANCE_BODY", "EXCLUSIVE_GATEWAY", "PARALLEL_GATEWAY", "INCLUSIVE_GATEWAY"}
)


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step in words."""

    name: str
    state: str
    stuck: bool
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """A diagram to draw: ``data`` for the viewer (xml, markers, badges), and its steps, newest first."""

    process: str
    data: dict[str, Any]
    steps: tuple[StepLine, ...]
    focus: str


def drawing(instance_key: int, *, focus: str = "") -> Drawing:
    """Return the drawing of one process instance."""
    engine = the_engine()
    instance = engine.instance(instance_key)
    elements = engine.element_instances(
        Query(
            where=(Condition("process_instance_key", "eq", instance_key),),
            sort=(Sort("start_date", descending=True), Sort("element_instance_key", descending=True)),
            limit=500,
        )
    ).items
    markers: dict[str, str] = {}
    badges: dict[str, str] = {}
    for element in reversed(elements):
        if element.incident_key is not None and element.state == "ACTIVE":
            markers[element.element_id] = "stuck"
        elif element.state == "ACTIVE":
            markers[element.element_id] = "active"
        elif markers.get(element.element_id) not in ("active", "stuck"):
            markers[element.element_id] = "done"
    for element_id in {element.element_id for element in elements if element.state == "ACTIVE"}:
        count = sum(each.element_id == element_id and each.state == "ACTIVE" for each in elements)
        if count > 1:
            badges[element_id] = str(count)
    steps = tuple(
        StepLine(
            element.element_name
            if element.element_name != element.element_id
            else element.type.replace("_", " ").capitalize(),
            "stuck"
            if element.incident_key and element.state == "ACTIVE"
            else STATES.get(element.state, element.state),
            bool(element.incident_key and element.state == "ACTIVE"),
            element.start_date,
            element.end_date,
        )
        for element in elements
        if element.type not in _UNTOLD and not element.type.endswith("EVENT_SUB_PROCESS")
    )
    xml = engine.diagram(instance.process_definition_key).decode("utf-8", "replace")
    data = {"xml": xml, "markers": markers, "badges": badges}
    return Drawing(instance.process_definition_name or instance.process_definition_id, data, steps, focus)
