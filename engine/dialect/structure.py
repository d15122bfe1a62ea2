"""What the engine itself needs of a diagram: every node has a meaning, and everything it refers to is there.

The lint (``engine.dialect.lint``) says far more; this is the last gate, so that nothing is accepted and
then ignored.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.dialect.model import Element, Trigger
from engine.dialect.notes import Problems
from engine.dialect.parser import links
from engine.dialect.reader import ACTIVITIES, RawProcess
from engine.findings import Finding

EVENTS = {
    "startEvent": {"none", "message", "timer", "signal", "conditional"},
    "start of an event sub-process": {
        *("message", "timer", "signal", "conditional", "error", "escalation", "compensation"),
    },
    "intermediateCatchEvent": {"message", "timer", "signal", "conditional", "link"},
    "boundaryEvent": {
        *("message", "timer", "signal", "conditional", "error", "escalation", "compensation", "cancel"),
    },
    "intermediateThrowEvent": {"none", "message", "signal", "escalation", "link", "compensation"},
    "endEvent": {"none", "message", "signal", "error", "escalation", "terminate", "compensation", "cancel"},
}
WAITING = ("message", "timer", "signal", "conditional")


def check_structure(raw: RawProcess, problems: Problems) -> None:
    """Add an error for every node that could not be executed as drawn."""
    for element in raw.elements.values():
        for code, message, advice in _of_element(element, raw):
            problems.found.append(
                Finding(
                    "error",
                    code,
                    message,
                    advice,
                    problems.file,
                    element.id,
                    element.name,
                    line=element.line,
                )
            )


def _of_element(element: Element, raw: RawProcess) -> Iterator[tuple[str, str, str]]:
    if element.trigger is not None:
        yield from _of_event(element, element.trigger, raw)
    missing = _missing(element)
    if missing:
        yield "implementation_missing", f"It has no {missing}.", "Say what is to be done."
    if element.multi_instance and element.standard_loop:
        yield "two_loops", "It has two loop markers.", "Keep one."
    if element.is_event_subprocess:
        starts = [child for child in raw.elements.values() if child.scope_id == element.id]
        if sum(child.tag == "startEvent" for child in starts) != 1:
            yield "event_subprocess_start", "It must have exactly one start event.", "Draw one."
        if element.incoming or element.outgoing:
            yield "event_subprocess_flow", "An event sub-process has no flows.", "Remove them."
    if element.tag == "eventBasedGateway":
        yield from _of_gateway(element, raw)


def _of_event(element: Element, trigger: Trigger, raw: RawProcess) -> Iterator[tuple[str, str, str]]:
    place = element.tag
    around = raw.elements.get(element.scope_id)
    if place == "startEvent" and around is not None:
        place = "start of an event sub-process" if around.is_event_subprocess else "none"
        if place == "none" and trigger.kind != "none":
            yield "trigger_refused", "A sub-process begins without an event.", "Use an event sub-process."
    allowed = EVENTS.get(place)
    if allowed is not None and trigger.kind not in allowed:
        yield "trigger_refused", f"A {trigger.kind} trigger cannot stand here.", "Use another event."
    if element.tag == "boundaryEvent":
        yield from _of_boundary(element, trigger, raw)
    if trigger.kind == "timer" and trigger.timer is None:
        yield "timer_missing", "The timer says nothing.", "Set a date, duration or cycle."
    catches = element.tag in ("intermediateCatchEvent", "boundaryEvent", "receiveTask")
    catches = catches or (element.tag == "startEvent" and around is not None)
    if trigger.kind == "message" and catches and trigger.correlation_key is None:
        yield "correlation_key_missing", "Its message has no correlation key.", "Set one."
    throws = trigger.kind == "link" and element.tag == "intermediateThrowEvent"
    if throws and element.id not in dict(links(raw)):
        yield "link_without_catch", "No link catch event of this name stands in its scope.", "Draw one."


def _of_boundary(element: Element, trigger: Trigger, raw: RawProcess) -> Iterator[tuple[str, str, str]]:
    host = raw.elements.get(element.attached_to or "")
    if host is None or host.tag not in ACTIVITIES:
        yield "boundary_without_activity", "It is attached to no activity.", "Attach it to one."
    elif trigger.kind == "cancel" and host.tag != "transaction":
        yield "cancel_without_transaction", "Only a transaction can be canceled.", "Attach it to one."
    if trigger.kind in ("error", "cancel") and not element.interrupting:
        yield "must_interrupt", f"A {trigger.kind} event always interrupts.", "Make it interrupting."
    if trigger.kind == "compensation" and element.handler not in raw.elements:
        yield "handler_missing", "No activity undoes it.", "Connect one by an association."


def _of_gateway(element: Element, raw: RawProcess) -> Iterator[tuple[str, str, str]]:
    targets = [raw.elements.get(flow.target) for flow in element.outgoing]
    for target in targets:
        kind = target.trigger.kind if target is not None and target.trigger is not None else "none"
        catching = target is not None and target.tag in ("intermediateCatchEvent", "receiveTask")
        if not catching or kind not in WAITING:
            yield "event_gateway_target", "Each flow must lead to a catch event.", "Draw one there."
            return
    if len(targets) < 2:
        yield "event_gateway_target", "It needs at least two flows.", "Draw another."


def _missing(element: Element) -> str | None:
    """Return what an element needs and lacks."""
    tag = element.tag
    kind = element.trigger.kind if element.trigger else "none"
    if tag in ("serviceTask", "sendTask") and element.job is None:
        return "task definition"
    if tag == "scriptTask" and element.job is None and element.script is None:
        return "script"
    if tag == "businessRuleTask" and element.job is None and element.decision is None:
        return "decision"
    if tag in ("intermediateThrowEvent", "endEvent") and kind == "message" and element.job is None:
        return "task definition"
    if tag == "receiveTask" and element.trigger is not None and element.trigger.name is None:
        return "message"
    return None
