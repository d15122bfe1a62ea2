"""Judging one diagram: every rule, all findings at once."""

from __future__ import annotations

from lxml import etree

from engine.dialect.ids import assign_ids
from engine.dialect.lint.activities import check_activities
from engine.dialect.lint.bindings import check_bindings
from engine.dialect.lint.children import check_children
from engine.dialect.lint.conditions import check_conditions
from engine.dialect.lint.context import DeploymentContext
from engine.dialect.lint.drawing import Drawing, draw
from engine.dialect.lint.events import check_events
from engine.dialect.lint.flows import check_flows
from engine.dialect.lint.identity import (
    check_executable,
    check_ids,
    check_model_only,
    check_platform,
    is_bpmn,
)
from engine.dialect.lint.needs import check_needs
from engine.dialect.lint.notes import Notes, tag_of
from engine.dialect.lint.paths import check_paths
from engine.dialect.lint.people import check_people
from engine.dialect.lint.properties import check_properties, read_properties
from engine.dialect.lint.shapes import check_shapes
from engine.dialect.lint.texts import Texts
from engine.dialect.lint.timing import check_timers
from engine.dialect.lint.variables import check_variables
from engine.dialect.lint.words import check_words
from engine.findings import Finding
from engine.zones import ZoneUnknown, read_zone


def check_diagram(
    root: etree._Element, *, file: str = "", context: DeploymentContext | None = None
) -> tuple[Finding, ...]:
    """Return everything that is wrong or doubtful in a BPMN file, in the order of the file.

    ``root`` is what ``read_xml`` returned; elements without an id get one in place. A file without an
    executable process gets the single warning ``stored_as_model``. Never raises, whatever the tree.
    """
    notes = Notes(file)
    if not is_bpmn(root):
        message = f"The file is no BPMN diagram: its root is {tag_of(root)[:80]}."
        notes.error(root, "not_bpmn", message, "Export it as BPMN 2.0 XML.")
        return notes.findings()
    assign_ids(root)
    drawing = draw(root)
    check_executable(drawing, notes)
    if not drawing.executable:
        check_model_only(drawing, notes)
        return notes.findings()
    _check(drawing, notes, context or DeploymentContext())
    return notes.findings()


def _check(drawing: Drawing, notes: Notes, context: DeploymentContext) -> None:
    texts = Texts(notes, zone=_zone(drawing, context))
    check_platform(drawing, notes)
    check_ids(drawing, notes)
    check_shapes(drawing, texts)
    check_flows(drawing, texts)
    check_events(drawing, texts)
    check_timers(drawing, texts, context.known)
    check_activities(drawing, texts)
    check_properties(drawing, notes, context.known)
    check_paths(drawing, notes)
    check_people(drawing, notes, context)
    check_conditions(drawing, texts)
    check_bindings(drawing, notes, context)
    check_variables(drawing, texts, context)
    check_needs(drawing, texts)
    check_children(drawing, notes, context)
    if context.known.service is not None:
        check_words(drawing, texts, context.known.service)


def _zone(drawing: Drawing, context: DeploymentContext) -> str:
    """Return the zone of the first process that names a readable one, else that of the service."""
    for process in drawing.executable:
        name = read_properties(process).get("redress.timeZone", "").strip()
        try:
            return read_zone(name).key if name else context.known.zone
        except ZoneUnknown:
            continue
    return context.known.zone
