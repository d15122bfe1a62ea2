"""Sequence flows: where they may start and end, their conditions, and what gateways ask of them."""

from __future__ import annotations

from typing import Final

from engine.dialect.lint.allowed import Kind
from engine.dialect.lint.drawing import ACTIVITIES, EVENTS, Drawing, Flow, Node, text_of
from engine.dialect.lint.notes import Notes
from engine.dialect.lint.texts import Texts

DECIDING: Final = frozenset({"exclusiveGateway", "inclusiveGateway"})
_AFTER_EVENT_GATEWAY: Final = frozenset({"message", "timer", "signal", "conditional"})


def check_flows(drawing: Drawing, texts: Texts) -> None:
    """Judge every sequence flow and gateway."""
    for flow in drawing.flows:
        _check_ends(flow, texts.notes)
        _check_condition(flow, texts)
    for node in drawing.nodes:
        _check_default(node, texts.notes)
        _check_place(node, texts.notes)
        if node.tag in DECIDING:
            _check_decision(node, texts.notes)
        elif node.tag == "eventBasedGateway":
            _check_event_gateway(node, texts.notes)


def _check_ends(flow: Flow, notes: Notes) -> None:
    for attribute, end in (("sourceRef", flow.source), ("targetRef", flow.target)):
        if end is None:
            value = flow.xml.get(attribute)
            message = (
                f"The flow's {attribute} points to {value!r}, which is no flow node of a running process."
            )
            notes.error(flow.xml, "dangling_reference", message, "Draw the flow again.", attribute=attribute)
        elif end.scope is not flow.scope:
            message = f"The flow crosses the border of {flow.scope.id!r} to or from {end.title!r}."
            advice = "A flow stays within its process or sub-process; use events to leave it."
            notes.error(flow.xml, "flow_across_scopes", message, advice, attribute=attribute)


def _check_condition(flow: Flow, texts: Texts) -> None:
    condition = flow.condition
    if condition is None or flow.source is None:
        return
    texts.judge(condition, "conditionExpression", text_of(condition), kind=Kind.FEEL)
    if flow.source.tag not in DECIDING | ACTIVITIES:
        message = f"A flow leaving {flow.source.title!r} cannot have a condition."
        advice = "Put an exclusive or inclusive gateway before it."
        texts.notes.error(flow.xml, "condition_misplaced", message, advice, attribute="conditionExpression")
    elif default_of(flow.source) is flow:
        message = "The condition of a default flow is ignored."
        texts.notes.warning(
            flow.xml, "condition_ignored", message, "Remove it.", attribute="conditionExpression"
        )


def default_of(node: Node) -> Flow | None:
    """Return the default flow among those leaving the node."""
    wanted = (node.xml.get("default") or "").strip()
    return next((flow for flow in node.outgoing if wanted and flow.id == wanted), None)


def _check_default(node: Node, notes: Notes) -> None:
    if node.xml.get("default") and default_of(node) is None:
        message = f"The default flow {node.xml.get('default')!r} does not leave this element."
        notes.error(node.xml, "dangling_reference", message, "Choose one of its flows.", attribute="default")
    if node.tag in ACTIVITIES and len(node.outgoing) > 1 and default_of(node) is not None:
        others = [flow for flow in node.outgoing if flow is not default_of(node)]
        if all(flow.condition is None for flow in others):
            message = "The default flow is always taken, as no other flow has a condition."
            advice = "Give another flow a condition, or make this one an ordinary flow."
            notes.warning(node.xml, "default_always", message, advice, attribute="default")


def _check_place(node: Node, notes: Notes) -> None:
    """Judge how many flows come and go where the kind of node sets a limit."""
    if node.tag == "startEvent" and node.incoming:
        notes.error(
            node.xml, "start_with_incoming", "A flow leads into a start event.", "Lead it to what comes next."
        )
    elif node.tag == "endEvent" and node.outgoing:
        notes.error(
            node.xml, "end_with_outgoing", "A flow leaves an end event.", "Use an intermediate event."
        )
    elif node.tag == "boundaryEvent" and node.incoming:
        notes.error(
            node.xml, "boundary_with_incoming", "A flow leads into a boundary event.", "Remove the flow."
        )
    elif node.is_event_scope and (node.incoming or node.outgoing):
        message = "An event sub-process has sequence flows."
        notes.error(
            node.xml, "event_sub_process_with_flows", message, "Remove them; its start event starts it."
        )
    elif node.is_compensation and (node.incoming or node.outgoing):
        message = "A compensation handler has sequence flows."
        notes.error(
            node.xml, "handler_with_flows", message, "Connect it only to its compensation boundary event."
        )
    elif node.tag.endswith("Gateway") and not node.outgoing:
        notes.error(
            node.xml, "gateway_without_outgoing", "No flow leaves the gateway.", "Draw what comes next."
        )
    elif node.tag in EVENTS and not node.outgoing and _must_go_on(node):
        notes.warning(
            node.xml, "path_ends_here", "No flow leaves the event, so its path ends here.", "Draw an end."
        )


def _must_go_on(node: Node) -> bool:
    if node.tag == "boundaryEvent":
        return node.trigger != "compensate"
    if node.tag == "intermediateThrowEvent":
        return node.trigger != "link"
    return node.tag in ("startEvent", "intermediateCatchEvent")


def _check_decision(node: Node, notes: Notes) -> None:
    if len(node.outgoing) < 2:
        return
    default = default_of(node)
    for flow in node.outgoing:
        if flow.condition is None and flow is not default:
            message = f"The flow to {flow.target.title if flow.target else '?'!r} has no condition."
            advice = "Give it one, or make it the default flow of the gateway."
            notes.error(flow.xml, "condition_missing", message, advice, attribute="conditionExpression")
    if default is None:
        message = (
            "The gateway has no default flow: when no condition is true, the case stops with an incident."
        )
        notes.warning(
            node.xml, "gateway_without_default", message, "Make one flow the default.", attribute="default"
        )


def _check_event_gateway(node: Node, notes: Notes) -> None:
    if len(node.outgoing) < 2:
        message = "An event-based gateway needs at least two events to wait for."
        notes.error(node.xml, "event_gateway_too_small", message, "Add one, or remove the gateway.")
    for flow in node.outgoing:
        target = flow.target
        if target is None:
            continue
        catches = target.tag == "intermediateCatchEvent" and target.trigger in _AFTER_EVENT_GATEWAY
        if not catches and target.tag != "receiveTask":
            message = f"{target.title!r} cannot follow an event-based gateway."
            advice = "Lead to message, timer, signal or conditional catch events or receive tasks."
            notes.error(flow.xml, "event_gateway_target", message, advice, attribute="targetRef")
        elif len(target.incoming) > 1:
            message = f"{target.title!r} follows an event-based gateway and has other incoming flows."
            notes.error(
                target.xml, "event_gateway_target", message, "Give the other flow an event of its own."
            )
