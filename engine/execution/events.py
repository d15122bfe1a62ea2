"""What events and gateways do when a token reaches them (dialect §10, §11)."""

from __future__ import annotations

from typing import Any

from engine.execution import catching, undoing
from engine.execution.changes import SignalThrown
from engine.execution.ending import clear
from engine.execution.expressions import text
from engine.execution.listeners import Arming, listen, open_wait, plan
from engine.execution.mapping import take_result
from engine.execution.registry import behaviour
from engine.execution.token import Token
from engine.execution.world import BpmnError


@behaviour(
    "exclusive", "parallel", "inclusive", "throw none", "throw link", "catch link", "catch none", "end"
)
def pass_on(_: Token) -> bool:
    """Do nothing; what matters is which flows lead on."""
    return True


def _payload(token: Token) -> dict[str, Any]:
    payload: dict[str, Any] = token.workflow.held.pop(token.key, {}).get("payload", {})
    return payload


@behaviour("start", "caught")
def take_event(token: Token) -> bool:
    """Take what the event brought: local to it and, unless mapped or an error, merged around it."""
    payload, element, scopes = _payload(token), token.element, token.workflow.scopes
    scopes.set_local(token.key, payload)
    if not element.outputs and not (element.trigger and element.trigger.kind == "error"):
        scopes.merge(token.scope.key, payload)
    return True


@behaviour("catch message", "catch timer", "catch signal", "catch conditional")
def wait_for_event(token: Token) -> bool:
    """Wait for the event, unless an event-based gateway has just caught it."""
    if token.internal_data.pop("caught", False):
        take_result(token, _payload(token))
        return True
    open_wait(token, plan(token, token.element, at=token.key, around=token.key))
    return False


@behaviour("event gateway")
def wait_for_first(token: Token) -> bool:
    """Wait for whichever of the following events comes first."""
    elements, there = token.workflow.definition.elements, {child.element.id for child in token.inner}
    around = token.scope.key
    planned: list[tuple[str, Arming]] = [
        (flow.id, plan(token, elements[flow.target], at=around, around=around))
        for flow in token.element.outgoing
        if flow.target not in there
    ]
    token.internal_data["wait"] = "gateway"
    for flow_id, arming in planned:
        listen(token, "gateway", arming, flow=flow_id)
    return False


@behaviour("process", "scope")
def open_scope(token: Token) -> bool:
    """Begin inside: at the event that triggered it, or where it has no incoming flow."""
    case, data = token.workflow, token.internal_data
    data["wait"] = "children"
    if "at" in data:  # put there by a modification or a start instruction, which places the tokens itself
        return False
    if "start" in data:
        payload = _payload(token)
        started = case.put(data["start"], token)
        case.held[started.key] = {"payload": payload}
        return False
    starts = case.definition.starts.get(token.element.id, ())
    for element in starts:
        case.put(element.id, token)
    return not starts


@behaviour("throw signal")
def throw_signal(token: Token) -> bool:
    """Throw the signal with the variables that input mappings made."""
    trigger, case = token.element.trigger, token.workflow
    name = text(token, trigger.name if trigger else None, "signal name")
    case.emit(SignalThrown(name, case.scopes.own(token.key)))
    return True


def _code(token: Token) -> str:
    trigger = token.element.trigger
    kind = trigger.kind if trigger else "error"
    return text(token, trigger.code if trigger else None, f"{kind} code")


@behaviour("throw error")
def throw_error(token: Token) -> bool:
    """Throw the error; the path does not go on here."""
    raise BpmnError(_code(token), "", token.workflow.scopes.own(token.key))


@behaviour("throw escalation")
def throw_escalation(token: Token) -> bool:
    """Throw the escalation; the thrower goes on unless it is interrupted."""
    code, case = _code(token), token.workflow
    variables = case.scopes.own(token.key)
    if not catching.catch(token, "escalation", code, variables) and case.has_parent:
        catching.escape(token, "escalation", code, "", variables)
    return True


@behaviour("throw terminate")
def end_scope(token: Token) -> bool:
    """End everything else in the scope, which then completes."""
    clear(token.scope, but=token)
    return True


@behaviour("throw compensation")
def undo(token: Token) -> bool:
    """Run the handlers of what completed, and wait for them."""
    trigger = token.element.trigger
    return not undoing.start(token, trigger.activity if trigger else None)


@behaviour("throw cancel")
def cancel(token: Token) -> bool:
    """Cancel the transaction around."""
    return undoing.cancel(token)
