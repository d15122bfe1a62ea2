"""Reading a modification: activate, terminate, move, as the engine's command takes it; every problem is named at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.context import the_engine
from api.rest.interface import ShapeRefused
from engine.execution.modifying import Activation, Modification, Move
from engine.store.records import ElementInstanceRecord


def read(instance_key: int, body: Mapping[str, Any]) -> Modification:
    """Return the modification. Raises ``ShapeRefused`` with every problem."""
    tokens = the_engine().tokens(instance_key)
    known = the_engine().parsed_process(the_engine().instance(instance_key).process_definition_key).elements
    problems: dict[str, list[str]] = {}

    def element(path: str, element_id: str) -> str:
        if element_id not in known:
            problems.setdefault(path, []).append(f"There is no element {element_id!r} in this process.")
        return element_id

    activations = [
        Activation(
            element(f"activateInstructions.{number}.elementId", one["element_id"]),
            _scope(one["ancestor_element_instance_key"]),
            _variables(one["variable_instructions"]),
        )
        for number, one in enumerate(body["activate_instructions"])
    ]
    keys: list[int] = []
    ids: list[str] = []
    for number, one in enumerate(body["terminate_instructions"]):
        path = f"terminateInstructions.{number}"
        if (one["element_instance_key"] is None) == (one["element_id"] is None):
            problems[path] = ["Name either an elementInstanceKey or an elementId."]
        elif one["element_instance_key"] is not None:
            keys.append(one["element_instance_key"])
        else:
            ids.append(element(f"{path}.elementId", one["element_id"]))
    moves: list[Move] = []
    for number, one in enumerate(body["move_instructions"]):
        path = f"moveInstructions.{number}"
        target = element(f"{path}.targetElementId", one["target_element_id"])
        sources = _sources(one["source_element_instruction"], tokens)
        if not sources:
            problems[f"{path}.sourceElementInstruction"] = ["Nothing is active there."]
        _move(one, target, sources, moves, activations, keys)
    if problems:
        raise ShapeRefused(problems)
    return Modification(tuple(activations), tuple(keys), tuple(ids), tuple(moves))


def _move(
    one: Mapping[str, Any],
    target: str,
    sources: Sequence[ElementInstanceRecord],
    moves: list[Move],
    activations: list[Activation],
    keys: list[int],
) -> None:
    """Add what moving means: plain moves, or with variables or a chosen scope an activation and a termination each."""
    scope = one["ancestor_scope_instruction"] or {
        "ancestor_scope_type": "inferred",
        "ancestor_element_instance_key": None,
    }
    variables = _variables(one["variable_instructions"])
    for source in sources:
        if scope["ancestor_scope_type"] == "inferred" and not variables:
            moves.append(Move(source.element_instance_key, target))
            continue
        ancestor = None
        if scope["ancestor_scope_type"] == "direct":
            ancestor = _scope(scope["ancestor_element_instance_key"])
        elif scope["ancestor_scope_type"] == "sourceParent":
            ancestor = source.element_instance_scope_key
        activations.append(Activation(target, ancestor, variables))
        keys.append(source.element_instance_key)


def _sources(
    asked: Mapping[str, Any], tokens: Sequence[ElementInstanceRecord]
) -> list[ElementInstanceRecord]:
    if asked["source_element_instance_key"] is not None:
        return [one for one in tokens if one.element_instance_key == asked["source_element_instance_key"]]
    return [one for one in tokens if one.element_id == asked["source_element_id"]]


def _scope(key: int | None) -> int | None:
    """Return the scope that was named; clients send -1 for none."""
    return None if key in (None, -1) else key


def _variables(instructions: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for one in instructions:
        found.setdefault(one["scope_id"] or "", {}).update(one["variables"])
    return found
