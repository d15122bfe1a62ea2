"""Input and output mappings: what an element takes in, and what leaves it (dialect §3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import feel
from engine.execution.expressions import evaluate
from engine.execution.scopes import MISSING
from engine.execution.token import Token
from engine.execution.world import Halt

IO = "IO_MAPPING_ERROR"


def map_inputs(token: Token) -> None:
    """Run the input mappings top to bottom; each result is local and visible to the next. Raises ``Halt``."""
    if not token.element.inputs:
        return
    fresh: dict[str, Any] = {}
    scope = token.key if token.is_round else token.scope.key
    for rule in token.element.inputs:
        value = storable(evaluate(token, rule.source, at=scope, extra=fresh, error=IO))
        name, *path = rule.target
        fresh[name] = placed(fresh.get(name), path, value) if path else value
    token.workflow.scopes.set_local(token.key, fresh)


def take_result(token: Token, variables: Mapping[str, Any]) -> None:
    """Let result variables in: local when output mappings will lift them, else merged at the element."""
    scopes = token.workflow.scopes
    if token.element.outputs:
        scopes.set_local(token.key, variables)
    else:
        scopes.merge(token.key, variables)


def map_outputs(token: Token) -> None:
    """Run the output mappings in the element's scope and merge their targets at the enclosing one. Raises
    ``Halt``."""
    if not token.element.outputs:
        return
    scopes = token.workflow.scopes
    target_scope = token.key if token.is_round else token.scope.key
    fresh: dict[str, Any] = {}
    for rule in token.element.outputs:
        value = storable(evaluate(token, rule.source, extra=fresh, error=IO))
        name, *path = rule.target
        if path:
            before = fresh[name] if name in fresh else scopes.get(token.key, name)
            value = placed(None if before is MISSING else before, path, value)
        fresh[name] = value
    scopes.merge(target_scope, fresh)


def placed(around: Any, path: list[str], value: Any) -> Any:
    """Return a copy of the context ``around`` (anything else counts as empty) with ``value`` at ``path``."""
    if not path:
        return value
    copy = dict(around) if isinstance(around, dict) else {}
    copy[path[0]] = placed(copy.get(path[0]), path[1:], value)
    return copy


def storable(value: Any) -> Any:
    """Return ``value``. Raises ``Halt`` if it holds a function, which cannot be stored."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, list):
            todo.extend(item)
        elif isinstance(item, dict):
            todo.extend(item.values())
        elif feel.kind_of(item) == "function":
            raise Halt(IO, "A function cannot be stored in a variable.")
    return value
