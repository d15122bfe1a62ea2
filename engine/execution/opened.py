"""What is open in a case, as seen from outside, and what is said when something else was expected."""

from __future__ import annotations

from dataclasses import dataclass

from SpiffWorkflow.util.task import TaskState

from engine.errors import Conflict, Invalid, NotFound
from engine.execution.token import Token


class ElementNotFound(NotFound):
    """There is no such open element instance."""

    code = "element_not_found"


class ElementNotWaiting(Conflict):
    """The element instance does not wait for this."""

    code = "element_not_waiting"


class NoSuchStart(Invalid):
    """The process cannot be started there."""

    code = "no_such_start"


@dataclass(frozen=True, slots=True)
class OpenElement:
    """An open element instance, or a listener.

    ``waiting_for``: task, job, timer, message, signal, condition, child (called instance), children (of a
    scope), gateway, handlers (compensation), join, incident.
    """

    key: int
    element_id: str
    scope_key: int
    waiting_for: str
    listener: bool


def waiting_for(token: Token) -> str:
    """Return what a token waits for, in the words of ``OpenElement``."""
    if "incident" in token.internal_data:
        return "incident"
    if token.wait is not None:
        return token.wait
    return "join" if token.state == TaskState.WAITING else "nothing"
