"""The life of an element instance: activate, wait, complete; and what happens when it cannot (dialect §3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.dialect.model import Flow
from engine.execution import catching, listeners, loops, undoing
from engine.execution.changes import ElementActivated, IncidentClosed
from engine.execution.ending import close_wait, halt_at, tell_ended, terminate
from engine.execution.expressions import truth
from engine.execution.mapping import map_inputs, map_outputs
from engine.execution.registry import BEHAVIOURS
from engine.execution.token import Token
from engine.execution.world import BpmnError, Halt


def enter(token: Token) -> bool:
    """Activate the element; return True when the token may leave at once (called by the library's
    ``run``)."""
    token._set_state(TaskState.STARTED)
    element = token.element
    token.workflow.emit(ElementActivated(token.key, element.id, element.name, token.type, token.scope.key))
    return activate(token) and settle(token)


def halt_before(token: Token, problem: Halt) -> None:
    """Begin an element no further than its incident; repeating it activates it."""
    token._set_state(TaskState.STARTED)
    element = token.element
    token.workflow.emit(ElementActivated(token.key, element.id, element.name, token.type, token.scope.key))
    token.internal_data["phase"] = "activating"
    halt_at(token, problem)


def activate(token: Token) -> bool:
    """Input mappings, listeners, behaviour. Returns True when the element is done and may complete."""
    token.internal_data["phase"] = "activating"
    try:
        if token.is_round:
            loops.begin_round(token)
        if not token.is_loop:
            map_inputs(token)
        listeners.arm(token)
        done = BEHAVIOURS[token.kind](token)
    except Halt as halt:
        halt_at(token, halt)
        return False
    except BpmnError as error:
        throw_error(token, error.code, error.message, error.variables)
        return False
    return done and token.key in token.workflow.tasks


def settle(token: Token) -> bool:
    """Output mappings and choice of flows; return True when the library may complete the token."""
    data = token.internal_data
    steps: tuple[tuple[str, Callable[[Token], None]], ...] = (
        ("completing", _lift),
        ("collecting", loops.collect),
        ("leaving", _choose),
    )
    begin = next((index for index, (name, _) in enumerate(steps) if name == data.get("phase")), 0)
    try:
        for name, step in steps[begin:]:
            data["phase"] = name
            step(token)
    except Halt as halt:
        halt_at(token, halt)
        return False
    _close(token)
    return True


def leave(token: Token) -> None:
    """Complete an element that waited, unless something it started is still being undone."""
    if undoing.still_waits(token):
        return
    if token.internal_data.get("canceled"):
        undoing.canceled(token)
        return
    close_wait(token, canceled=False)
    if token.internal_data.get("phase") == "undoing":
        _close(token)
        token.complete()
    elif settle(token):
        token.complete()


def _lift(token: Token) -> None:
    if not token.is_loop:
        map_outputs(token)
    undoing.remember(token)


def _choose(token: Token) -> None:
    data = token.internal_data
    if "take" not in data and not token.is_round:
        data["take"] = [(flow.id, flow.target) for flow in outgoing(token)]
        target = token.workflow.definition.links.get(token.element.id)
        if target is not None:
            data["take"].append(("", target))


def outgoing(token: Token) -> tuple[Flow, ...]:
    """Return the flows the token leaves by (dialect §4, §11). Raises ``Halt`` when none may be taken.

    The default flow is taken if no condition was true, also beside flows that need none (BPMN 2.0.2 §13.2.1,
    §13.3.3). An exclusive gateway takes one flow alone.
    """
    flows = token.element.outgoing
    if token.kind == "parallel" or not flows:
        return flows
    chosen: list[Flow] = []
    conditional = False
    for flow in flows:
        if not flow.default and (flow.condition is None or truth(token, flow.condition)):
            chosen.append(flow)
            conditional = conditional or flow.condition is not None
            if token.kind == "exclusive":
                return tuple(chosen)
    if not conditional:
        chosen += [flow for flow in flows if flow.default]
    if not chosen:
        raise Halt("CONDITION_ERROR", "No outgoing flow has a true condition, and there is no default flow.")
    return tuple(chosen)


def _close(token: Token) -> None:
    """Tell the world that the element is over, and take down its listeners."""
    case = token.workflow
    for listener in token.inner:
        terminate(listener)
    case.scopes.drop(token.key)
    tell_ended(token, terminated=False)


def retry(token: Token) -> bool:
    """Repeat the step that failed. Returns False when the token has no incident."""
    data = token.internal_data
    if data.pop("incident", None) is None:
        return False
    token.workflow.emit(IncidentClosed(token.key))
    if token.waits_at_join:
        return True  # judged anew when the step has come to rest
    if token.wait == "condition":
        token.workflow.fresh.append(token.key)
    elif data.get("phase") == "looping":
        loops.next_round(token)
    elif (data.get("phase") != "activating" or activate(token)) and settle(token):
        token.complete()
    return True


def throw_error(token: Token, code: str, message: str, variables: Mapping[str, Any]) -> None:
    """Throw a BPMN error from an element; without a catcher it waits with an incident (dialect §10)."""
    close_wait(token, canceled=False, outcome="error")
    if catching.catch(token, "error", code, variables):
        return
    token.internal_data["phase"] = "activating"
    if token.workflow.has_parent:
        catching.escape(token, "error", code, message, variables)
    else:
        unhandled(token, code, message)


def unhandled(token: Token, code: str, message: str) -> None:
    """Open the incident of an error nobody catches."""
    text = f"Nothing catches the error {code}" + (f": {message}" if message and message != code else "") + "."
    halt_at(token, Halt("UNHANDLED_ERROR_EVENT", text))
