"""Events that need a partner: links, and compensation with its handlers."""

from __future__ import annotations

from typing import Final

from lxml import etree

from engine.dialect.lint.drawing import Drawing, Node, Scope
from engine.dialect.lint.notes import Notes, quote

THROWS: Final = frozenset({"throw", "end"})


def dangling(node: Node, attribute: str, holder: etree._Element, notes: Notes) -> None:
    """Note a reference to something that is not in the file."""
    value = holder.get(attribute)
    message = f"{attribute} points to {value!r}, which is not in the file."
    notes.error(node.xml, "dangling_reference", message, "Choose it again.", attribute=attribute)


def link_name(node: Node) -> str:
    """Return the name of a link event, else an empty text."""
    if node.trigger != "link":
        return ""
    return " ".join((node.definitions[0].get("name") or "").split())


def check_links(scope: Scope, notes: Notes) -> None:
    """Judge the links of a scope: many may throw to one that catches."""
    catches: dict[str, Node] = {}
    for node in scope.nodes:
        name = link_name(node)
        if name and node.tag == "intermediateCatchEvent":
            if name in catches:
                message = f"Two links named {quote(name)} are caught in the same scope."
                notes.error(node.xml, "caught_twice", message, "Keep one.", attribute="name")
            catches[name] = node
            if node.incoming:
                notes.error(
                    node.xml, "link_with_flow", "A flow leads into a catching link.", "Remove the flow."
                )
    for node in scope.nodes:
        name = link_name(node)
        if name and node.tag == "intermediateThrowEvent":
            if name not in catches:
                message = f"No link named {quote(name)} is caught in this scope."
                notes.error(
                    node.xml, "link_without_catch", message, "Draw the catching link.", attribute="name"
                )
            if node.outgoing:
                notes.error(node.xml, "link_with_flow", "A flow leaves a throwing link.", "Remove the flow.")


def check_compensation(drawing: Drawing, notes: Notes) -> None:
    """Judge handlers, the boundary events they belong to, and who throws to them."""
    handled: dict[str, str] = {}  # activity id -> handler id
    for _, source, target in drawing.associations:
        for event_id, handler_id in ((source, target), (target, source)):
            event, handler = drawing.by_id.get(event_id), drawing.by_id.get(handler_id)
            boundary = event is not None and event.tag == "boundaryEvent" and event.trigger == "compensate"
            if boundary and event is not None and handler is not None and handler.is_compensation:
                handled[event.id] = handler.id
    handlers = set(handled.values())
    for node in drawing.nodes:
        if node.tag == "boundaryEvent" and node.trigger == "compensate":
            if node.outgoing:
                message = "Sequence flows leave a compensation boundary event."
                notes.error(
                    node.xml, "compensation_with_flows", message, "Use an association to the handler."
                )
            elif node.id not in handled:
                message = "The compensation boundary event has no handler."
                advice = "Connect it to an activity marked “Compensation” by an association."
                notes.error(node.xml, "compensation_without_handler", message, advice)
        elif node.is_compensation and node.id not in handlers:
            message = "The compensation handler belongs to no compensation boundary event."
            notes.error(node.xml, "handler_without_event", message, "Connect it by an association.")
        elif node.trigger == "compensate" and node.position in THROWS:
            _check_throw(drawing, node, handled, notes)


def _check_throw(drawing: Drawing, node: Node, handled: dict[str, str], notes: Notes) -> None:
    wanted = (node.definitions[0].get("activityRef") or "").strip()
    if wanted and wanted not in drawing.by_id:
        dangling(node, "activityRef", node.definitions[0], notes)
    elif not handled and not any(
        inner.trigger == "compensate" for inner in drawing.nodes if inner is not node
    ):
        notes.warning(
            node.xml, "nothing_to_compensate", "No activity here can be compensated.", "Add handlers."
        )
