"""Compensation and canceled transactions: what was done is remembered in its scope, and undone by its
handlers (dialect §10)."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine import feel
from engine.dialect.definition import EventSubprocess
from engine.dialect.model import Element
from engine.dialect.specs import EACH
from engine.execution.changes import ElementActivated
from engine.execution.ending import clear, terminate
from engine.execution.listeners import boundary
from engine.execution.token import Token


def remember(token: Token) -> None:
    """Note in the scope that an activity with something to undo has completed."""
    data, element = token.internal_data, token.element
    if element.for_compensation:
        return
    record: dict[str, Any] = {"element": element.id}
    handler = None if token.is_round else _handler(token)
    if handler is not None:
        record["handler"] = handler
    elif data.get("undo") or (element.is_scope and not token.is_loop and _undoing_inside(token) is not None):
        own = token.workflow.scopes.own(token.key)
        record["inner"] = data.pop("undo", [])
        record["each"] = token.is_round
        record["loop"] = token.is_loop
        record["locals"] = {name: feel.pack(value) for name, value in own.items()}
    else:
        return
    token.scope.internal_data.setdefault("undo", []).append(record)


def start(thrower: Token, activity: str | None = None) -> bool:
    """Run the handlers of what completed in the thrower's scope, or of one ``activity``. Returns False if
    there is none.

    Inside an event sub-process the scope around it is meant too.
    """
    scope, found = thrower.scope, False
    while True:
        records = scope.internal_data.get("undo", [])
        chosen = [record for record in records if activity in (None, record["element"])]
        scope.internal_data["undo"] = [record for record in records if record not in chosen]
        for record in reversed(chosen):
            _undo(record, scope, thrower)
            found = True
        if not scope.element.is_event_subprocess:
            break
        scope = scope.scope
    if found:
        thrower.internal_data["wait"] = "handlers"
    return found


def still_waits(token: Token) -> bool:
    """Tell whether handlers that ``token`` started are still running."""
    if token.wait != "handlers":
        return False
    return any(other.internal_data.get("undoes") == token.key for other in token.workflow.tasks.values())


def cancel(thrower: Token) -> bool:
    """Cancel the transaction around a cancel end event. Returns True when nothing has to be undone first."""
    transaction = _transaction(thrower)
    inside = thrower
    while inside.scope is not transaction:
        inside = inside.scope
    clear(transaction, but=inside)
    transaction.internal_data["canceled"] = True
    return not start(thrower)


def canceled(transaction: Token) -> None:
    """Leave a canceled transaction by its cancel boundary event, if it has one."""
    host = transaction.scope if transaction.is_round else transaction
    for event in transaction.workflow.definition.boundaries.get(transaction.element.id, ()):
        if event.trigger is not None and event.trigger.kind == "cancel":
            boundary(host, event, {})
            return
    case, scope = host.workflow, host.scope
    terminate(host)
    case.emptied.append(scope.key)


def _transaction(token: Token) -> Token:
    scope = token.scope
    while scope.element.tag != "transaction" and scope.parent is not None:
        scope = scope.scope
    return scope


def _undo(record: dict[str, Any], scope: Token, thrower: Token) -> None:
    case = scope.workflow
    if "handler" in record:
        case.put(record["handler"], scope, undoes=thrower.key)
        return
    name = record["element"] + (EACH if record["each"] else "")
    again = case.new_token(
        name, scope, TaskState.STARTED, phase="undoing", wait="children", undoes=thrower.key
    )
    case.emit(ElementActivated(again.key, again.element.id, again.element.name, again.type, scope.key))
    case.scopes.set_local(again.key, {key: feel.unpack(value) for key, value in record["locals"].items()})
    again.internal_data["undo"] = record["inner"]
    inside = None if record["loop"] else _undoing_inside(again)
    if inside is not None:
        case.put(inside.element.id, again, start=inside.start.id)
        return
    for inner in reversed(again.internal_data.pop("undo")):
        _undo(inner, again, again)


def _handler(token: Token) -> str | None:
    for event in token.workflow.definition.boundaries.get(token.element.id, ()):
        if event.handler is not None:
            return event.handler
    return None


def _undoing_inside(token: Token) -> EventSubprocess | None:
    for inside in token.workflow.definition.event_subprocesses.get(token.element.id, ()):
        if _kind(inside.start) == "compensation":
            return inside
    return None


def _kind(element: Element) -> str:
    return element.trigger.kind if element.trigger else "none"
