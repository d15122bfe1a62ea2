"""Decisions, knowledge models and services, compiled once per program, with what they need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.dmn.boxed import compiled, function_maker, with_names
from engine.dmn.model import (
    Decision,
    DecisionService,
    Element,
    FunctionBox,
    KnowledgeModel,
    Reference,
)
from engine.dmn.program import Linked
from engine.dmn.scope import Code, Scope
from engine.dmn.table import Table
from engine.feel import is_plain
from engine.feel.types import FunctionType, Type
from engine.feel.values import Value


@dataclass(frozen=True, slots=True)
class Need:
    """One required element: where it lives, and the path and names under which it is seen."""

    path: tuple[str, ...]
    names: tuple[str, ...]
    linked: Linked
    element: Element


@dataclass(frozen=True, slots=True)
class Ready:
    """An element with what it needs; ``code`` is its boxed expression, ``result`` the type of its answer.

    ``sees_all_inputs``: the model draws no input data, as Camunda's modeller allows, so every input is seen.
    """

    linked: Linked
    needs: tuple[Need, ...]
    code: Code | None
    result: Type | None
    sees_all_inputs: bool = False


def decision_ready(linked: Linked, decision: Decision) -> Ready:
    """Return the compiled decision."""
    found = linked.compiled.get(decision.id)
    if isinstance(found, Ready):
        return found
    needs = _needs(linked, decision.requirements)
    result = linked.types.find(decision.variable.type_ref)
    code = compiled(decision.expression, linked, known_names(linked, needs))
    if isinstance(code, Table):
        code.typed(result)
    ready = Ready(linked, needs, code, result, sees_all_inputs=not linked.model.inputs)
    linked.compiled[decision.id] = ready
    return ready


@dataclass(frozen=True, slots=True)
class ReadyKnowledge:
    """A compiled knowledge model: ``make`` makes its function in a scope."""

    linked: Linked
    needs: tuple[Need, ...]
    make: Callable[[Scope, str], Value]


def knowledge_ready(linked: Linked, knowledge: KnowledgeModel) -> ReadyKnowledge:
    """Return the compiled knowledge model."""
    found = linked.compiled.get(knowledge.id)
    if isinstance(found, ReadyKnowledge):
        return found
    needs = _needs(linked, knowledge.requirements)
    result = result_type(linked.types.find(knowledge.variable.type_ref))
    logic = knowledge.logic or FunctionBox("FEEL", (), None)
    make = function_maker(logic, linked, known_names(linked, needs), result)
    ready = ReadyKnowledge(linked, needs, make)
    linked.compiled[knowledge.id] = ready
    return ready


@dataclass(frozen=True, slots=True)
class ReadyService:
    """A compiled decision service: its parameters and outputs."""

    linked: Linked
    parameters: tuple[Need, ...]
    outputs: tuple[Need, ...]
    result: Type | None


def service_ready(linked: Linked, service: DecisionService) -> ReadyService:
    """Return the compiled decision service."""
    found = linked.compiled.get(service.id)
    if isinstance(found, ReadyService):
        return found
    parameters = _needs(linked, (*service.input_data, *service.input_decisions))
    outputs = _needs(linked, service.outputs)
    ready = ReadyService(
        linked, parameters, outputs, result_type(linked.types.find(service.variable.type_ref))
    )
    linked.compiled[service.id] = ready
    return ready


def result_type(declared: Type | None) -> Type | None:
    """Return the type of a result: a function type declared for a callable speaks of what it gives."""
    return declared.result if isinstance(declared, FunctionType) else declared


def known_names(linked: Linked, needs: Sequence[Need]) -> frozenset[str]:
    """Return the names an expression with these needs can meet that are no plain identifiers."""
    names = [name for need in needs for name in (*need.path[:1], *need.names)]
    return with_names(linked.key_names, names)


def _needs(linked: Linked, references: Sequence[Reference]) -> tuple[Need, ...]:
    needs = []
    for reference in references:
        found = linked.resolve(reference)
        if found is not None:
            path, owner, element = found
            needs.append(Need(path, _names_of(element), owner, element))
    return tuple(needs)


def _names_of(element: Element) -> tuple[str, ...]:
    """A decision without a variable of its own is also known by its id: so Camunda's modeller writes them."""
    name = element.variable.name or element.name
    if isinstance(element, Decision) and not element.has_own_variable and is_plain(element.id):
        return (name, element.id) if name != element.id else (name,)
    return (name,)
