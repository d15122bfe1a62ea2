"""How an element instance stops: closing what it waited with, terminating it, or leaving it halted with an
incident."""

from __future__ import annotations

from engine.execution.changes import (
    ChildTerminated,
    ElementEnded,
    IncidentClosed,
    IncidentOpened,
    JobClosed,
    SubscriptionClosed,
    TaskClosed,
    TimerDisarmed,
)
from engine.execution.token import Token
from engine.execution.world import Halt


def close_wait(token: Token, *, canceled: bool, outcome: str = "completed") -> None:
    """Close the task, job, timer, subscription or call the token waited with."""
    case, key = token.workflow, token.key
    match token.internal_data.pop("wait", None):
        case "task":
            case.emit(TaskClosed(key, canceled))
        case "job":
            case.emit(JobClosed(key, "canceled" if canceled else outcome))
        case "timer":
            case.emit(TimerDisarmed(key))
        case "message" | "signal":
            case.emit(SubscriptionClosed(key, correlated=not canceled))
        case "child" if canceled:
            case.emit(ChildTerminated(key))
        case "condition":
            case.conditions.discard(key)


def terminate(token: Token) -> None:
    """End a token and everything inside it, children first; nothing is mapped out."""
    case, data = token.workflow, token.internal_data
    for child in token.inner:
        terminate(child)
    close_wait(token, canceled=True)
    if data.pop("incident", None):
        case.emit(IncidentClosed(token.key))
    case.scopes.drop(token.key)
    if "phase" in data:
        tell_ended(token, terminated=True)
    token.cancel()
    case.forget(token)


def tell_ended(token: Token, *, terminated: bool) -> None:
    """Tell the world that an element is over, and ask whether the instance is to end with it."""
    case = token.workflow
    case.emit(ElementEnded(token.key, terminated))
    if not token.is_round and case.world.stops_after(token.element.id):
        case.stopping = True


def clear(scope: Token, *, but: Token | None = None) -> None:
    """Terminate everything inside a scope except ``but`` and the boundary events of the scope itself."""
    for child in scope.inner:
        if child is not but and child.internal_data.get("listener") != "boundary":
            terminate(child)


def halt_at(token: Token, halt: Halt) -> None:
    """Leave the token where it is, with an incident."""
    token.internal_data["incident"] = halt.error_type
    token.workflow.emit(
        IncidentOpened(token.key, token.element.id, halt.error_type, halt.message, halt.code, halt.facts)
    )
