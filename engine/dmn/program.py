"""A model linked with its imports: which element a reference means, and under which names it is seen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Final

from engine.dmn.errors import ImportMissing, ModelRefused
from engine.dmn.model import (
    Boxed,
    ContextBox,
    Element,
    FunctionBox,
    InvocationBox,
    ItemDefinition,
    Model,
    Reference,
    RelationBox,
    TableBox,
    Text,
)
from engine.dmn.types import TypeBook
from engine.dmn.walk import boxes_of
from engine.feel import FeelSyntaxError, is_plain
from engine.findings import Finding


class Linked:
    """One model of a program. ``imports`` maps the names it gives to other models to them."""

    def __init__(self, model: Model, program: Program) -> None:
        """``program`` finds the models this one imports."""
        self.model = model
        self.program = program
        self.compiled: dict[str, object] = {}
        self.unreadable: list[tuple[Text, FeelSyntaxError]] = []

    @cached_property
    def imports(self) -> dict[str, Linked]:
        """The imported models by the name they have here. Raises ``ImportMissing``."""
        return {
            entry.name: self.program.linked(entry.namespace, needed_by=self.model)
            for entry in self.model.imports
        }

    @cached_property
    def types(self) -> TypeBook:
        """The types this model knows."""

        def imported(alias: str) -> TypeBook | None:
            found = self.imports.get(alias)
            return None if found is None else found.types

        return TypeBook(self.model.types, self.key_names, imported, self.unreadable)

    @cached_property
    def key_names(self) -> frozenset[str]:
        """Names that may follow a dot here and are no plain identifiers, those of imports included."""
        found = set(_names_within(self.model))
        for other in self.imports.values():
            found |= other.key_names
            found.update(_element_names(other.model))
        return frozenset(name for name in found if not is_plain(name))

    def resolve(self, reference: Reference) -> tuple[tuple[str, ...], Linked, Element] | None:
        """Return the names that lead to the element's model, that model, and the element; None if it is
        nowhere.
        """
        for path, linked in self._reachable(reference.namespace):
            element = linked.model.element(reference.element_id)
            if element is not None:
                return tuple(name for name in path if name), linked, element
        return None

    def _reachable(self, namespace: str | None) -> Iterator[tuple[tuple[str, ...], Linked]]:
        if namespace is None or namespace == self.model.namespace:
            yield (), self
            return
        for path, linked in self.descendants():
            if linked.model.namespace == namespace:
                yield path, linked

    def descendants(self) -> Iterator[tuple[tuple[str, ...], Linked]]:
        """Yield all models imported here, the nearest first, with the names that lead to them."""
        level: list[tuple[tuple[str, ...], Linked]] = [((), self)]
        while level:
            level = [
                ((*path, name), other) for path, linked in level for name, other in linked.imports.items()
            ]
            yield from level


class Program:
    """A model with everything it imports, ready to be asked."""

    def __init__(self, model: Model, imports: tuple[Model, ...]) -> None:
        """Raises ``ModelRefused`` if models import each other in a circle, ``ImportMissing`` if one was not
        given.
        """
        self._models = {other.namespace: other for other in (*imports, model)}
        self._linked: dict[str, Linked] = {}
        self.root = self.linked(model.namespace, needed_by=model)
        self._refuse_circles(self.root, ())

    def linked(self, namespace: str, *, needed_by: Model) -> Linked:
        """Return the model of that namespace. Raises ``ImportMissing``."""
        model = self._models.get(namespace)
        if model is None:
            raise ImportMissing(namespace=namespace, needed_by=needed_by.name)
        if namespace not in self._linked:
            self._linked[namespace] = Linked(model, self)
        return self._linked[namespace]

    def _refuse_circles(self, linked: Linked, above: tuple[str, ...]) -> None:
        namespace = linked.model.namespace
        if namespace in above:
            message = "Models import each other in a circle: " + " → ".join((*above, namespace))
            raise ModelRefused([Finding("error", "import_cycle", message, file=linked.model.file)])
        for other in linked.imports.values():
            self._refuse_circles(other, (*above, namespace))


_MOST_PROGRAMS: Final = 8


def program_of(model: Model, imports: tuple[Model, ...]) -> Program:
    """Return the model linked with its imports; worked out once per set of imports and kept on the model."""
    found = model.compiled.get(imports)
    if found is None:
        if len(model.compiled) >= _MOST_PROGRAMS:
            model.compiled.clear()
        found = model.compiled[imports] = Program(model, imports)
    return found


def _element_names(model: Model) -> Iterator[str]:
    for elements in (model.inputs, model.decisions, model.knowledge, model.services):
        for element in elements.values():
            yield element.name
            yield element.variable.name


def _names_within(model: Model) -> Iterator[str]:
    """Yield the names of everything that can be an entry of a context in this model."""
    for item in model.types.values():
        yield from _component_names(item)
    for box in boxes_of(model):
        yield from _names_in_box(box)
    for decision in model.decisions.values():
        yield decision.variable.name
    for service in model.services.values():
        for reference in (*service.input_data, *service.input_decisions):
            element = model.element(reference.element_id)
            if element is not None:
                yield element.variable.name
    yield from (entry.name for entry in model.imports)


def _names_in_box(box: Boxed) -> Iterator[str]:
    if isinstance(box, ContextBox):
        yield from (variable.name for variable, _ in box.entries)
    elif isinstance(box, InvocationBox):
        yield from (variable.name for variable, _ in box.bindings)
    elif isinstance(box, RelationBox):
        yield from (column.name for column in box.columns)
    elif isinstance(box, TableBox):
        yield from (column.name for column in box.outputs)
    elif isinstance(box, FunctionBox):
        yield from (parameter.name for parameter in box.parameters)


def _component_names(item: ItemDefinition) -> Iterator[str]:
    for part in item.components:
        yield part.name
        yield from _component_names(part)
    if item.function is not None:
        yield from (parameter.name for parameter in item.function.parameters)
