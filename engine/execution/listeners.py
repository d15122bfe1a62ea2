"""Waiting for events: arming and firing catch events, boundary events, event sub-processes and event-based
gateways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.dialect.definition import EventSubprocess
from engine.dialect.model import Element, Trigger
from engine.execution.case import Case
from engine.execution.case_clocks import dormant, followed
from engine.execution.changes import SubscriptionOpened, TimerDisarmed
from engine.execution.ending import clear, close_wait, halt_at, terminate
from engine.execution.expressions import correlation_key, evaluate, text
from engine.execution.mapping import take_result
from engine.execution.scopes import Touched
from engine.execution.timing import announce, arm_timer, remember_fired
from engine.execution.token import Token
from engine.execution.world import Halt
from engine.quoted import quoted
from engine.timers import Armed

WAITS = {"timer": "timer", "message": "message", "signal": "signal", "conditional": "condition"}


@dataclass(frozen=True, slots=True)
class Arming:
    """What an event will wait for, its expressions evaluated."""

    element: Element
    wait: str
    name: str = ""
    correlation_key: str | None = None
    armed: Armed | None = None


def plan(token: Token, element: Element, *, at: int, around: int) -> Arming:
    """Evaluate what ``element`` waits for: timers from scope ``at``, names and keys from ``around``.
    Raises ``Halt``."""
    trigger = element.trigger or Trigger()
    if trigger.kind == "timer" and trigger.timer is not None:
        return Arming(element, "timer", armed=arm_timer(token, element, trigger.timer, at=at))
    if trigger.kind == "conditional":
        return Arming(element, "condition")
    name = text(token, trigger.name, f"{trigger.kind} name", at=around)
    key = None
    if trigger.correlation_key is not None:
        key = correlation_key(token, trigger.correlation_key, at=around)
    elif trigger.kind == "message":
        raise Halt("EXTRACT_VALUE_ERROR", f"The message “{quoted(name)}” has no correlation key.")
    return Arming(element, WAITS[trigger.kind], name, key)


def open_wait(token: Token, arming: Arming) -> None:
    """Make ``token`` wait as planned and tell the world."""
    case, data = token.workflow, token.internal_data
    data["wait"] = arming.wait
    if arming.armed is not None:
        announce(token, arming.armed)
    elif arming.wait == "condition":
        case.conditions.add(token.key)
        case.fresh.append(token.key)
    else:
        element = arming.element
        case.emit(
            SubscriptionOpened(
                token.key, element.id, arming.wait, arming.name, arming.correlation_key, element.interrupting
            )
        )


def arm(token: Token) -> None:
    """Open the listeners of an element that begins: its boundary events, and the event sub-processes inside
    it.

    All are evaluated before the first opens; those already open (the activation is repeated) stay. Raises
    ``Halt``.
    """
    definition, element = token.workflow.definition, token.element
    there = {child.task_spec.name for child in token.inner if child.is_listener}
    planned: list[tuple[str, Arming]] = []
    if not token.is_round:
        planned += [
            ("boundary", plan(token, event, at=token.key, around=token.scope.key))
            for event in definition.boundaries.get(element.id, ())
            if _listens(event) and event.id not in there
        ]
    if not token.is_loop:
        planned += [
            ("event_subprocess", plan(token, inside.start, at=token.key, around=token.key))
            for inside in definition.event_subprocesses.get(element.id, ())
            if _listens(inside.start) and inside.start.id not in there
        ]
    for role, arming in planned:
        listen(token, role, arming)


def listen(host: Token, role: str, arming: Arming, **data: Any) -> None:
    """Put a listener under ``host``."""
    case = host.workflow
    listener = case.new_token(arming.element.id, host, TaskState.WAITING, listener=role, **data)
    open_wait(listener, arming)


def _listens(event: Element) -> bool:
    return event.trigger is not None and event.trigger.kind in WAITS


# -- firing


def fire(token: Token, payload: Mapping[str, Any]) -> None:
    """Let the event that ``token`` waits for happen."""
    role = token.internal_data.get("listener")
    if role is None:
        close_wait(token, canceled=False)
        take_result(token, payload)
        token.workflow.leave(token)
    elif role == "gateway":
        _fire_gateway(token, payload)
    else:
        _fire_listener(token, role, payload)


def _fire_listener(listener: Token, role: str, payload: Mapping[str, Any]) -> None:
    host, event = listener.scope, listener.element
    if event.interrupting:
        close_wait(listener, canceled=False)
        terminate(listener)
    else:
        _stay(listener)
    if role == "boundary":
        boundary(host, event, payload)
    else:
        inside = next(
            item
            for item in host.workflow.definition.event_subprocesses[host.element.id]
            if item.start.id == event.id
        )
        event_subprocess(host, inside, payload)


def _stay(listener: Token) -> None:
    """Keep a non-interrupting listener open; a timer only as long as it repeats."""
    if listener.wait != "timer":
        return
    now, fired = listener.workflow.world.moment.now, Armed.from_json(listener.internal_data["timer"])
    again = fired.next_due(now)
    if again is None and _returns_with_its_clock(listener.element):
        remember_fired(listener, listener.element, fired.due_at)
        again = dormant(now)
    if again is None:
        terminate(listener)
    else:
        listener.workflow.emit(TimerDisarmed(listener.key))
        announce(listener, again)


def _returns_with_its_clock(element: Element) -> bool:
    """Tell whether a timer waits for the next moment of its case clock: a cycle does, a date fires once."""
    timer = element.trigger.timer if element.trigger else None
    return timer is not None and timer.kind == "cycle" and bool(followed(element))


def _fire_gateway(listener: Token, payload: Mapping[str, Any]) -> None:
    gateway, case = listener.scope, listener.workflow
    flow, target = listener.internal_data["flow"], listener.element.id
    close_wait(listener, canceled=False)
    gateway.internal_data["take"] = []
    caught = case.put(target, gateway.scope, flow=flow, caught=True)
    case.held[caught.key] = {"payload": dict(payload)}
    case.flow_taken(flow)
    case.leave(gateway)


def boundary(host: Token, event: Element, payload: Mapping[str, Any]) -> None:
    """Continue at a boundary event of ``host``, which ends if the event interrupts."""
    case, scope = host.workflow, host.scope
    inherited = {name: host.internal_data[name] for name in ("undoes",) if name in host.internal_data}
    if event.interrupting:
        terminate(host)
    token = case.put(event.id, scope, **(inherited if event.interrupting else {}))
    case.held[token.key] = {"payload": dict(payload)}


def event_subprocess(scope: Token, inside: EventSubprocess, payload: Mapping[str, Any]) -> None:
    """Start an event sub-process of ``scope``; an interrupting one ends everything else in it first."""
    case = scope.workflow
    if inside.start.interrupting:
        scope.internal_data["interrupted"] = True
        clear(scope)
    token = case.put(inside.element.id, scope, start=inside.start.id)
    case.held[token.key] = {"payload": dict(payload)}


# -- conditions


def judge_all(case: Case) -> bool:
    """Fire every condition that has come true since last asked. Returns False if there was none."""
    fresh, touched = set(case.fresh), list(case.scopes.touched)
    case.fresh.clear()
    case.scopes.touched.clear()
    true = [key for key in sorted(case.conditions) if judge(case.tasks[key], key in fresh, touched)]
    for key in true:
        if key in case.conditions:
            fire(case.tasks[key], {})
    return bool(true)


def judge(token: Token, fresh: bool, touched: list[Touched]) -> bool:
    """Tell whether the condition that ``token`` waits for has come true; null counts as not yet."""
    trigger = token.element.trigger
    if trigger is None or trigger.condition is None:
        return False
    case = token.workflow
    at = token.scope.key if token.is_listener else token.key
    if not fresh and not _concerns(trigger, touched, set(case.scopes.chain(at))):
        return False
    try:
        found = evaluate(token, trigger.condition, at=at)
        if found is not None and not isinstance(found, bool):
            raise Halt("EXTRACT_VALUE_ERROR", f"“={trigger.condition.text[:80]}” must be true or false.")
    except Halt as halt:
        if "incident" not in token.internal_data:
            halt_at(token, halt)
        return False
    return found is True


def _concerns(trigger: Trigger, touched: list[Touched], visible: set[int]) -> bool:
    names = trigger.filter_names
    if names is None and trigger.condition is not None:
        names = trigger.condition.expression.variables
    events = trigger.filter_events or {"create", "update"}
    return any(
        change.name in (names or ())
        and change.scope_key in visible
        and ("create" if change.created else "update") in events
        for change in touched
    )
