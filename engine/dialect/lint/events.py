"""Events: what may stand where, what they refer to, and catchers that would take each other's events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from engine.dialect.lint.allowed import Kind, Reads
from engine.dialect.lint.drawing import (
    ACTIVITIES,
    EVENTS,
    Drawing,
    Node,
    Scope,
    bpmn,
    first_zeebe,
    text_of,
    zeebe,
)
from engine.dialect.lint.notes import Notes, quote
from engine.dialect.lint.partners import THROWS, check_compensation, check_links, dangling
from engine.dialect.lint.positions import EVENT_TABLE
from engine.dialect.lint.texts import Texts
from engine.dialect.values import is_formula

REFERENCES: Final = {
    "message": "messageRef",
    "signal": "signalRef",
    "error": "errorRef",
    "escalation": "escalationRef",
}
CODES: Final = {"error": "errorCode", "escalation": "escalationCode"}
_NEVER_WAITING: Final = frozenset({"task", "manualTask"})


def check_events(drawing: Drawing, texts: Texts) -> None:
    """Judge every event, receive task and the catchers that stand side by side."""
    for node in drawing.nodes:
        if node.tag in EVENTS and _check_cell(node, texts.notes):
            _check_event(drawing, node, texts)
        elif node.tag == "receiveTask":
            _check_message(drawing, node, node.xml, texts)
        if node.boundaries:
            _check_twins(drawing, node.boundaries, texts.notes)
        if node.tag == "eventBasedGateway":
            after = [flow.target for flow in node.outgoing if flow.target is not None]
            _check_twins(drawing, after, texts.notes)
    for scope in drawing.scopes:
        _check_twins(drawing, list(_starts_of(scope)), texts.notes)
        check_links(scope, texts.notes)
    check_compensation(drawing, texts.notes)


def _check_cell(node: Node, notes: Notes) -> bool:
    """Judge trigger and position by the table; False if the event makes no sense at all."""
    if node.trigger == "multiple":
        message = "The event has several event definitions."
        notes.error(node.xml, "event_multiple", message, "Use one event for each.")
        return False
    rule = EVENT_TABLE.get(node.trigger, {}).get(node.position)
    if rule is None:
        message = f"An event of kind {node.trigger} cannot stand here ({node.position})."
        notes.error(node.xml, "event_not_allowed", message, "Choose another kind of event.")
        return False
    if rule == "interrupting" and not node.interrupts:
        message = f"A catching {node.trigger} event always interrupts."
        name = "cancelActivity" if node.tag == "boundaryEvent" else "isInterrupting"
        notes.error(node.xml, "must_interrupt", message, "Make it interrupting.", attribute=name)
    return True


def _check_event(drawing: Drawing, node: Node, texts: Texts) -> None:
    definition = node.definitions[0] if node.definitions else None
    if node.tag == "boundaryEvent":
        _check_boundary(node, texts.notes)
    if definition is None:
        return
    if node.trigger == "message":
        _check_message(drawing, node, definition, texts)
    elif node.trigger == "signal":
        _check_named(drawing, node, definition, "signal", texts)
    elif node.trigger in CODES:
        _check_code(drawing, node, definition, texts)
    elif node.trigger == "conditional":
        _check_condition(definition, texts)
    elif node.trigger == "link":
        if not (definition.get("name") or "").strip():
            texts.notes.error(
                node.xml, "link_nameless", "The link has no name.", "Name it.", attribute="name"
            )
    elif node.trigger == "cancel":
        _check_cancel(node, texts.notes)


def _check_boundary(node: Node, notes: Notes) -> None:
    host = node.attached_to
    if host is None or host.scope is not node.scope or host.tag not in ACTIVITIES:
        message = (
            f"The event is attached to {node.xml.get('attachedToRef')!r}, which is no activity beside it."
        )
        notes.error(node.xml, "dangling_reference", message, "Attach it again.", attribute="attachedToRef")
    elif host.is_event_scope:
        message = "An event sub-process cannot carry boundary events."
        notes.error(node.xml, "boundary_host", message, "Catch the event inside it.")
    elif host.tag in _NEVER_WAITING and node.trigger != "compensate":
        message = f"{host.title!r} is passed through at once, so this event can never happen."
        notes.warning(node.xml, "never_fires", message, "Attach it to a task that waits.")


def _check_message(drawing: Drawing, node: Node, holder: etree._Element, texts: Texts) -> None:
    """Judge the message a catcher (or receive task) waits for; a thrower is a job and needs none."""
    if node.tag in EVENTS and node.position in THROWS:
        if holder.get("messageRef") and drawing.find("message", holder.get("messageRef")) is None:
            dangling(node, "messageRef", holder, texts.notes)
        return
    message = _check_named(drawing, node, holder, "message", texts)
    if message is None or (node.tag in EVENTS and node.position == "process start"):
        return
    subscription = first_zeebe(message, "subscription")
    if subscription is None or subscription.get("correlationKey") is None:
        said = f"The message {quote(message.get('name') or '')} has no correlation key."
        advice = "Fill in “Subscription correlation key”, for example =complaintId."
        texts.notes.error(node.xml, "correlation_key_missing", said, advice, attribute="correlationKey")


def _check_named(
    drawing: Drawing, node: Node, holder: etree._Element, kind: str, texts: Texts
) -> etree._Element | None:
    attribute = REFERENCES[kind]
    if not holder.get(attribute):
        message = f"No {kind} is chosen."
        texts.notes.error(node.xml, f"{kind}_missing", message, f"Choose a {kind}.", attribute=attribute)
        return None
    thing = drawing.find(kind, holder.get(attribute))
    if thing is None:
        dangling(node, attribute, holder, texts.notes)
        return None
    name = (thing.get("name") or "").strip()
    if not name:
        message = f"The {kind} has no name."
        texts.notes.error(
            node.xml, f"{kind}_nameless", message, "Name it; names are what is matched.", attribute="name"
        )
        return thing
    expression = texts.judge(node.xml, f"{kind} name", name)
    if (
        expression is not None
        and expression.variables
        and node.tag == "startEvent"
        and node.scope.parent is None
    ):
        message = f"The {kind} name of a process start is read at deployment and cannot use variables."
        texts.notes.error(node.xml, "start_reads_variables", message, "Write the name out.", attribute="name")
    return thing


def _check_code(drawing: Drawing, node: Node, definition: etree._Element, texts: Texts) -> None:
    kind, reference = node.trigger, REFERENCES[node.trigger]
    if not definition.get(reference):
        if node.position in THROWS:
            message = f"No {kind} is chosen."
            texts.notes.error(node.xml, f"{kind}_missing", message, f"Choose an {kind}.", attribute=reference)
        return
    thing = drawing.find(kind, definition.get(reference))
    if thing is None:
        dangling(node, reference, definition, texts.notes)
        return
    code = (thing.get(CODES[kind]) or "").strip()
    if not code:
        message = f"The {kind} has no code."
        advice = "Give it a code; a catcher for any code refers to none at all."
        texts.notes.error(node.xml, "code_missing", message, advice, attribute=CODES[kind])
        return
    judged = Kind.EITHER if node.position in THROWS else Kind.LITERAL
    texts.judge(node.xml, CODES[kind], code, kind=judged, reads=Reads.FILLED)


def _check_condition(definition: etree._Element, texts: Texts) -> None:
    condition = next(bpmn(definition, "condition"), None)
    if condition is None:
        message = "The conditional event has no condition."
        texts.notes.error(definition, "condition_missing", message, "Write one.", attribute="condition")
    else:
        texts.judge(condition, "condition", text_of(condition), kind=Kind.FEEL)
    for wanted in zeebe(definition, "conditionalFilter"):
        events = {part.strip() for part in str(wanted.get("variableEvents") or "").split(",")} - {""}
        if events - {"create", "update"}:
            message = f"variableEvents is {quote(str(wanted.get('variableEvents')))}."
            advice = "Use create, update or both."
            texts.notes.error(wanted, "bad_value", message, advice, attribute="variableEvents")


def _check_cancel(node: Node, notes: Notes) -> None:
    if node.tag == "boundaryEvent":
        if node.attached_to is not None and node.attached_to.tag != "transaction":
            message = "A cancel boundary event stands on a transaction only."
            notes.error(node.xml, "cancel_misplaced", message, "Use an error event.")
    elif node.scope.tag != "transaction":
        message = "A cancel end event stands in a transaction only."
        notes.error(node.xml, "cancel_misplaced", message, "Use an error end event.")


def _starts_of(scope: Scope) -> Iterator[Node]:
    """Yield a process's start events, and those of the event sub-processes of a scope."""
    for node in scope.nodes:
        if node.tag == "startEvent" and scope.parent is None:
            yield node
        elif node.is_event_scope and node.inner is not None:
            yield from (inner for inner in node.inner.nodes if inner.tag == "startEvent")


def _check_twins(drawing: Drawing, catchers: list[Node], notes: Notes) -> None:
    """Note catchers side by side that would take the same message, error or escalation."""
    seen: dict[tuple[str, str, bool], Node] = {}
    for node in catchers:
        key = _caught(drawing, node)
        if key is None:
            continue
        own = (*key, node.scope.parent is None and node.tag == "startEvent")
        if own in seen:
            what = f"{key[0]} {quote(key[1])}" if key[1] else f"every {key[0]}"
            message = f"{seen[own].title!r} catches {what} here too."
            notes.error(node.xml, "caught_twice", message, "Remove one, or tell them apart by name or code.")
        seen.setdefault(own, node)


def _caught(drawing: Drawing, node: Node) -> tuple[str, str] | None:
    """Return what an event catches: kind and name or code (empty = any); None if it cannot clash."""
    if node.tag == "receiveTask":
        return _caught_name(drawing, node.xml)
    if len(node.definitions) != 1:
        return None
    definition = node.definitions[0]
    if node.trigger == "message":
        return _caught_name(drawing, definition)
    if node.trigger in CODES:
        thing = drawing.find(node.trigger, definition.get(REFERENCES[node.trigger]))
        if thing is None:
            return (node.trigger, "") if not definition.get(REFERENCES[node.trigger]) else None
        return node.trigger, (thing.get(CODES[node.trigger]) or "").strip()
    return (node.trigger, "") if node.trigger in ("cancel", "compensate") else None


def _caught_name(drawing: Drawing, holder: etree._Element) -> tuple[str, str] | None:
    message = drawing.find("message", holder.get("messageRef"))
    name = (message.get("name") or "").strip() if message is not None else ""
    return ("message", name) if name and not is_formula(name) else None
