"""Who catches an error or escalation: the search goes outward from the thrower, scope by scope (dialect
§10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.dialect.definition import EventSubprocess
from engine.dialect.model import Element
from engine.execution.changes import ErrorEscaped
from engine.execution.listeners import boundary, event_subprocess
from engine.execution.token import Token


def catch(token: Token, kind: str, code: str, variables: Mapping[str, Any]) -> bool:
    """Let the nearest catcher of an error or escalation take it. Returns False when there is none in this
    instance.

    The boundary events of the thrower are asked first, then the event sub-processes of its scope, then the
    scope's own boundary events, and so on. An event sub-process does not catch what is thrown inside it.
    """
    level: Token | None = token
    while level is not None:
        if not level.is_round:
            events = level.workflow.definition.boundaries.get(level.element.id, ())
            caught = _best(events, kind, code)
            if caught is not None:
                boundary(level, caught, variables)
                return True
        scope: Token | None = level.parent
        inside = None if scope is None else _event_subprocess(scope, level, kind, code)
        if scope is not None and inside is not None:
            event_subprocess(scope, inside, variables)
            return True
        level = scope
    return False


def _event_subprocess(scope: Token, thrower: Token, kind: str, code: str) -> EventSubprocess | None:
    if scope.is_loop or scope.internal_data.get("interrupted"):
        return None
    there = scope.workflow.definition.event_subprocesses.get(scope.element.id, ())
    by_start = {inside.start: inside for inside in there if inside.element.id != thrower.element.id}
    start = _best(by_start, kind, code)
    return None if start is None else by_start[start]


def _best(events: Iterable[Element], kind: str, code: str) -> Element | None:
    """Return the catcher of exactly this code, else one of any code."""
    hits = [event for event in events if event.trigger and event.trigger.kind == kind]
    exact = [event for event in hits if event.trigger and event.trigger.code == code]
    every = [event for event in hits if event.trigger and event.trigger.code is None]
    return next(iter(exact + every), None)


def escape(token: Token, kind: str, code: str, message: str, variables: Mapping[str, Any]) -> None:
    """Hand an error or escalation to the calling instance; an error leaves its thrower waiting for the
    answer."""
    token.workflow.emit(ErrorEscaped(token.key, kind, code, message, dict(variables)))
