"""The types of a decision model: item definitions as FEEL types, found by name across imports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from engine.dmn.model import ItemDefinition, Text
from engine.feel import Budget, FeelSyntaxError, Moment, Run, UnaryTest, compile_unary, exact_numbers
from engine.feel.functions import BUILT_IN_NAMES
from engine.feel.parser import parse_expression
from engine.feel.syntax import InstanceOf
from engine.feel.types import ANY, BUILT_IN_TYPES, FunctionType, KindType, ListType, Type, resolve
from engine.feel.values import Value

ALIASES: Final[Mapping[str, Type]] = {
    **BUILT_IN_TYPES,
    **{name: KindType("number") for name in ("integer", "long", "double")},
    "datetime": KindType("date and time"),
}
_LOOK: Final = 5
"""Steps it costs to hold a value against an item definition: a shared part is looked at each time."""
_EPOCH: Final = Moment(datetime(1970, 1, 1, tzinfo=UTC))
_RUN: ContextVar[Run | None] = ContextVar("run of the decision being made", default=None)


@contextmanager
def constraints_run_in(run: Run) -> Iterator[None]:
    """Let allowed values and constraints share the moment and the budget of ``run``; their notes stay their
    own.
    """
    token = _RUN.set(run)
    try:
        yield
    finally:
        _RUN.reset(token)


def _constraint_run() -> Run:
    run = _RUN.get()
    return Run(_EPOCH, Budget()) if run is None else Run(run.moment, run.budget)


class ItemType(Type):
    """An item definition or one of its components."""

    def __init__(self, item: ItemDefinition, book: TypeBook) -> None:
        """``book`` knows the other types."""
        self.name = item.name
        self._item = item
        self._book = book

    @cached_property
    def _base(self) -> Type | None:
        return self._book.find(self._item.type_ref)

    @cached_property
    def _components(self) -> tuple[tuple[str, Type], ...]:
        return tuple((part.name, self._book.type_of(part)) for part in self._item.components)

    @cached_property
    def _allowed(self) -> UnaryTest | None:
        return self._compiled(self._item.allowed)

    @cached_property
    def _constraint(self) -> UnaryTest | None:
        return self._compiled(self._item.constraint)

    @property
    def allowed_text(self) -> Text | None:
        """The allowed values as written here or in the type this one is made of."""
        if self._item.allowed is None and isinstance(self._base, ItemType):
            return self._base.allowed_text
        return self._item.allowed

    def component(self, name: str) -> Type | None:
        """Return the type of an entry, None if none is declared."""
        own = dict(self._components).get(name)
        return self._base.component(name) if own is None and isinstance(self._base, ItemType) else own

    def _compiled(self, text: Text | None) -> UnaryTest | None:
        if text is None:
            return None
        try:
            return compile_unary(text.text, self._book.key_names, self._book.find)
        except FeelSyntaxError as error:
            self._book.unreadable.append((text, error))
            return None

    def compile_constraints(self) -> None:
        """Compile the constraints now, those of components included."""
        _ = self._allowed, self._constraint
        for part in self._item.components:
            self._book.compile_constraints(part)

    def holds(self, value: Value) -> bool:
        """Say whether a value that is not null has the shape, the allowed values and the constraint."""
        run = _RUN.get()
        if run is not None:
            run.budget.charge(_LOOK + (len(value) if type(value) is list else 0))
        if self._item.is_collection:
            if type(value) is not list:
                return False
            if not all(item is None or self._holds_one(item) for item in value):
                return False
        elif not self._holds_one(value):
            return False
        return _passes(self._constraint, value)

    def _holds_one(self, value: Value) -> bool:
        if self._components:
            shaped = type(value) is dict and all(
                name in value and kind.accepts(value[name]) for name, kind in self._components
            )
        else:
            shaped = self._base is None or self._base.accepts(value)
        return shaped and _passes(self._allowed, value)


def _passes(test: UnaryTest | None, value: Value) -> bool:
    if test is None:
        return True
    with exact_numbers():
        return test.passes(value, {}, _constraint_run()) is True


class TypeBook:
    """The types one model knows: the built-in ones, its own, and those of its imports as ``alias.name``."""

    def __init__(
        self,
        items: Mapping[str, ItemDefinition],
        key_names: frozenset[str],
        imported: Callable[[str], TypeBook | None],
        unreadable: list[tuple[Text, FeelSyntaxError]] | None = None,
    ) -> None:
        """``key_names`` are names that are no plain identifiers, ``imported`` finds the book of an import.

        Constraints that cannot be read are put into ``unreadable``; they hold for nothing.
        """
        self.unreadable = [] if unreadable is None else unreadable
        self._items = items
        self._imported = imported
        self._known: dict[str, Type | None] = {}
        self.key_names = key_names

    def find(self, name: str | None) -> Type | None:
        """Return the type, None if there is none of that name or no name at all."""
        if not name:
            return None
        if name not in self._known:
            self._known[name] = ANY  # what stands for itself
            self._known[name] = self._found(" ".join(name.split()))
        return self._known[name]

    def _found(self, name: str) -> Type | None:
        own = self._items.get(name)
        if own is not None:
            return self.type_of(own)
        if "<" in name:
            return self._written(name)
        prefix, colon, local = name.rpartition(":")
        if local in ALIASES:
            return ALIASES[local]
        if colon:
            return self.find(local) or self._from_import(f"{prefix}.{local}")
        return self._from_import(name)

    def compile_constraints(self, item: ItemDefinition) -> None:
        """Compile the constraints of a type of this model now."""
        kind = self.type_of(item)
        if isinstance(kind, ItemType):
            kind.compile_constraints()

    def _written(self, text: str) -> Type | None:
        """Return a type that is written out in FEEL, such as ``list<number>``."""
        try:
            tree = parse_expression(f"null instance of {text}", self.key_names, BUILT_IN_NAMES)
        except FeelSyntaxError:
            return None
        return resolve(tree.type, self.find) if isinstance(tree, InstanceOf) else None

    def _from_import(self, name: str) -> Type | None:
        unnamed = self._imported("")
        found = None if unnamed is None else unnamed.find(name)
        if found is not None:
            return found
        at = name.find(".")
        while at > 0:
            book = self._imported(name[:at])
            if book is not None:
                return book.find(name[at + 1 :])
            at = name.find(".", at + 1)
        return None

    def type_of(self, item: ItemDefinition) -> Type:
        """Return the type of an item definition; one that only renames or collects another is just that."""
        if item.function is not None:
            parameters = tuple(self.find(part.type_ref) or ANY for part in item.function.parameters)
            return FunctionType(parameters, self.find(item.function.result) or ANY)
        if item.components or item.allowed is not None or item.constraint is not None:
            return ItemType(item, self)
        base = self.find(item.type_ref) or ANY
        return ListType(base) if item.is_collection else base
