"""Proof that no node and no flow of the file was lost on the way into the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from lxml import etree

from engine.dialect.lint.drawing import GLOBAL, draw
from engine.dialect.lint.notes import Notes
from engine.findings import Finding


class ParsedFlow(Protocol):
    """A sequence flow as the engine knows it."""

    @property
    def id(self) -> str:
        """Its id in the file."""


class ParsedElement(Protocol):
    """A flow node as the engine knows it."""

    @property
    def id(self) -> str:
        """Its id in the file."""

    @property
    def incoming(self) -> Iterable[ParsedFlow]:
        """The flows that lead to it."""

    @property
    def outgoing(self) -> Iterable[ParsedFlow]:
        """The flows that leave it."""


class ParsedDefinition(Protocol):
    """A process as the engine knows it."""

    @property
    def process_id(self) -> str:
        """Its id in the file."""

    @property
    def elements(self) -> Mapping[str, ParsedElement]:
        """Its flow nodes by id."""


def check_parsed(
    root: etree._Element, definition: ParsedDefinition, *, file: str = ""
) -> tuple[Finding, ...]:
    """Return an error for every flow node or flow drawn in the process that the definition does not have."""
    notes = Notes(file)
    drawing = draw(root)
    leaving = {flow.id for element in definition.elements.values() for flow in element.outgoing}
    arriving = {flow.id for element in definition.elements.values() for flow in element.incoming}
    ours = [scope for scope in drawing.scopes if list(scope.outward())[-1].id == definition.process_id]
    if not ours:
        message = f"The file has no executable process {definition.process_id!r}."
        notes.error(root, "process_lost", message, "Report this as a fault of the engine.")
    advice = "Report this as a fault of the engine; the diagram was not deployed."
    for scope in ours:
        for node in scope.nodes:
            if scope.tag != GLOBAL and node.id not in definition.elements:
                notes.error(node.xml, "node_lost", "The engine did not take over this element.", advice)
        for flow in scope.flows:
            if flow.id not in leaving or flow.id not in arriving:
                notes.error(flow.xml, "flow_lost", "The engine did not take over this flow.", advice)
    return notes.findings()
