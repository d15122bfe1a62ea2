"""What is wrong with a model as a whole: references, circles, types, and FEEL that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from engine.dmn.elements import decision_ready, knowledge_ready
from engine.dmn.errors import ImportMissing, ModelRefused
from engine.dmn.model import (
    Boxed,
    ContextBox,
    Decision,
    DecisionService,
    FunctionBox,
    InputData,
    InvocationBox,
    ItemDefinition,
    KnowledgeModel,
    LiteralBox,
    Model,
    Reference,
    RelationBox,
    Requirer,
    TableBox,
)
from engine.dmn.program import Linked, program_of
from engine.dmn.types import TypeBook
from engine.dmn.walk import boxes_in
from engine.findings import Finding

MOST_LEVELS: Final = 100
_KINDS = {"input": (InputData,), "decision": (Decision,), "knowledge": (KnowledgeModel, DecisionService)}


def findings_about(model: Model, imports: Iterable[Model] = ()) -> tuple[Finding, ...]:
    """Return everything that is wrong with the model as a whole.

    FEEL that cannot be read is found only if every imported model is given, as its names decide how a text is
    read.
    """
    found = [*_reference_findings(model), *_circles(model), *_type_findings(model)]
    if found:
        return tuple(found)
    try:
        root = program_of(model, tuple(imports)).root
    except ImportMissing:
        return ()
    except ModelRefused as refused:
        return refused.findings
    return tuple(_text_findings(root))


def _finding(
    model: Model, code: str, message: str, element: Requirer | None = None, advice: str = ""
) -> Finding:
    return Finding(
        "error",
        code,
        message,
        advice,
        file=model.file,
        element_id=None if element is None else element.id,
        element_name=None if element is None else element.name,
    )


def _references_of(element: Requirer) -> tuple[Reference, ...]:
    if isinstance(element, DecisionService):
        return (*element.outputs, *element.encapsulated, *element.input_decisions, *element.input_data)
    return element.requirements


def _requirers(model: Model) -> Iterator[Requirer]:
    yield from model.decisions.values()
    yield from model.knowledge.values()
    yield from model.services.values()


def _reference_findings(model: Model) -> Iterator[Finding]:
    imported = {entry.namespace for entry in model.imports}
    for element in _requirers(model):
        for reference in _references_of(element):
            if reference.namespace is not None:
                if not imported:
                    message = f"{reference.namespace} is not imported."
                    yield _finding(model, "unresolved_reference", message, element, "Import it.")
            elif not isinstance(model.element(reference.element_id), _KINDS[reference.kind]):
                message = f"There is no {reference.kind} with the id {reference.element_id}."
                yield _finding(model, "unresolved_reference", message, element)


def _circles(model: Model) -> Iterator[Finding]:
    """Find requirements that lead back to where they start; each circle once."""
    done: set[str] = set()

    def visit(element: Requirer, above: list[str]) -> Iterator[Finding]:
        if element.id in above:
            circle = [*above[above.index(element.id) :], element.id]
            message = "Requirements go in a circle: " + " → ".join(circle) + "."
            yield _finding(model, "requirement_cycle", message, element)
            return
        if element.id in done:
            return
        if len(above) >= MOST_LEVELS:
            message = f"Requirements go more than {MOST_LEVELS} levels deep."
            yield _finding(model, "requirements_too_deep", message, element)
            return
        for reference in _references_of(element):
            required = None if reference.namespace else model.element(reference.element_id)
            if isinstance(required, Decision | KnowledgeModel | DecisionService):
                yield from visit(required, [*above, element.id])
        done.add(element.id)

    for element in _requirers(model):
        yield from visit(element, [])


def _type_findings(model: Model) -> Iterator[Finding]:
    for item in model.types.values():
        yield from _item_findings(model, item)
        if _names_itself(model, item.name):
            yield Finding(
                "error",
                "type_cycle",
                f"The type {item.name} is defined by itself.",
                file=model.file,
                element_id=item.element_id,
                element_name=item.name,
            )
    for element in (*model.inputs.values(), *_requirers(model)):
        yield from _unknown_types(model, [element.variable.type_ref], element.id)
        logic: Boxed | None = None
        if isinstance(element, Decision):
            logic = element.expression
        elif isinstance(element, KnowledgeModel):
            logic = element.logic
        for box in boxes_in(logic):
            yield from _unknown_types(model, _types_named_in(box), box.element_id or element.id)


def _item_findings(model: Model, item: ItemDefinition) -> Iterator[Finding]:
    named = [item.type_ref]
    if item.function is not None:
        named += [item.function.result, *(part.type_ref for part in item.function.parameters)]
    yield from _unknown_types(model, named, item.element_id)
    for part in item.components:
        yield from _item_findings(model, part)


def _types_named_in(box: Boxed) -> list[str | None]:
    named = [box.type_ref]
    if isinstance(box, ContextBox):
        named += [variable.type_ref for variable, _ in box.entries]
    elif isinstance(box, InvocationBox):
        named += [variable.type_ref for variable, _ in box.bindings]
    elif isinstance(box, RelationBox):
        named += [column.type_ref for column in box.columns]
    elif isinstance(box, FunctionBox):
        named += [parameter.type_ref for parameter in box.parameters]
    elif isinstance(box, TableBox):
        named += [column.expression.type_ref for column in box.inputs]
        named += [column.type_ref for column in box.outputs]
    elif isinstance(box, LiteralBox):
        named.append(box.text.type_ref)
    return named


def _unknown_types(model: Model, names: Iterable[str | None], element_id: str | None) -> Iterator[Finding]:
    aliases = tuple(f"{entry.name}." for entry in model.imports)
    book = TypeBook(model.types, frozenset(), lambda _: None)
    for name in dict.fromkeys(names):
        if not name or (aliases and name.startswith(aliases)):
            continue
        if book.find(name) is None:
            yield Finding(
                "error",
                "unknown_type",
                f"There is no type {name}.",
                file=model.file,
                element_id=element_id,
            )


def _names_itself(model: Model, name: str) -> bool:
    seen: set[str] = set()
    item = model.types.get(name)
    while item is not None and item.type_ref is not None and not item.components:
        if item.name in seen:
            return True
        seen.add(item.name)
        item = model.types.get(item.type_ref)
    return False


def _text_findings(root: Linked) -> Iterator[Finding]:
    model = root.model
    for decision in model.decisions.values():
        decision_ready(root, decision)
    for knowledge in model.knowledge.values():
        knowledge_ready(root, knowledge)
    for item in model.types.values():
        root.types.compile_constraints(item)
    for text, error in root.unreadable:
        line, column = error.facts["line"], error.facts["column"]
        yield Finding(
            "error",
            "syntax",
            f"Expected {error.facts['expected']} at line {line}, column {column}:\n{error.caret(text.text)}",
            file=model.file,
            element_id=text.element_id,
            line=None if text.line is None else text.line,
        )
