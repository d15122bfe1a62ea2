"""Types: which values belong to them, and how a value is made to fit one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from engine.feel.syntax import (
    Between,
    Boolean,
    Chain,
    Comparison,
    ContextOf,
    FunctionOf,
    If,
    In,
    InstanceOf,
    ListOf,
    Logic,
    Name,
    NamedType,
    Node,
    Number,
    Quantified,
    RangeOf,
    String,
    TypeNode,
)
from engine.feel.temporal import Date, DateTime, Offset, Time
from engine.feel.values import MISSING, Function, Range, Value, kind_of


class Type(ABC):
    """A type of FEEL or of a decision model."""

    name: str

    @abstractmethod
    def holds(self, value: Value) -> bool:
        """Say whether a value that is not null belongs to the type.

        Nulls inside lists and contexts do no harm.
        """

    def accepts(self, value: Value) -> bool:
        """Say whether the value, or null, may stand where this type is declared."""
        return value is None or self.holds(value)

    def is_type_of(self, value: Value) -> bool:
        """Answer ``value instance of`` this type: null belongs to no type but ``Null``."""
        return value is not None and self.holds(value)

    def coerced(self, value: Value) -> Value:
        """Return the value, or what the rules of conversion make of it, or ``MISSING`` if it does not fit.

        A list of one gives its item, an item a list of one, a date the date and time at midnight UTC.
        """
        if self.accepts(value):
            return value
        if type(value) is list:
            return value[0] if len(value) == 1 and self.holds(value[0]) else MISSING
        if self.holds([value]):
            return [value]
        if type(value) is Date:
            moment = DateTime(value, Time(0, 0, 0, 0, Offset(0)))
            if self.holds(moment):
                return moment
        return MISSING


@dataclass(frozen=True, slots=True)
class AnyType(Type):
    """Every value."""

    name: str = "Any"

    def holds(self, value: Value) -> bool:  # noqa: ARG002 - it asks nothing
        """Say yes."""
        return True


@dataclass(frozen=True, slots=True)
class NullType(Type):
    """Null alone."""

    name: str = "Null"

    def holds(self, value: Value) -> bool:
        """Say whether the value is null."""
        return value is None

    def is_type_of(self, value: Value) -> bool:
        """Say whether the value is null."""
        return value is None


@dataclass(frozen=True, slots=True)
class KindType(Type):
    """All values of one kind: ``number``, ``list``, …."""

    name: str

    def holds(self, value: Value) -> bool:
        """Compare kinds."""
        return kind_of(value) == self.name


@dataclass(frozen=True, slots=True)
class ListType(Type):
    """``list<T>``."""

    of: Type
    name: str = "list"

    def holds(self, value: Value) -> bool:
        """Say whether it is a list of nothing but ``of``."""
        return type(value) is list and all(self.of.accepts(item) for item in value)


@dataclass(frozen=True, slots=True)
class RangeType(Type):
    """``range<T>``."""

    of: Type
    name: str = "range"

    def holds(self, value: Value) -> bool:
        """Say whether it is a range between values of ``of``."""
        return type(value) is Range and self.of.accepts(value.start) and self.of.accepts(value.end)


@dataclass(frozen=True, slots=True)
class ContextType(Type):
    """``context<a: T, …>``: more entries than declared are welcome, fewer are not."""

    entries: Mapping[str, Type]
    name: str = "context"

    def holds(self, value: Value) -> bool:
        """Say whether it is a context with at least these entries."""
        return type(value) is dict and all(
            key in value and kind.accepts(value[key]) for key, kind in self.entries.items()
        )


@dataclass(frozen=True, slots=True)
class FunctionType(Type):
    """``function<T, …> -> T``; what a function does not declare is taken to fit."""

    parameters: tuple[Type, ...]
    result: Type
    name: str = "function"

    def holds(self, value: Value) -> bool:
        """Say whether it is a function that takes these parameters and gives this result."""
        if kind_of(value) != "function":
            return False
        if type(value) is not Function:
            return bool(value.takes(len(self.parameters)))
        if len(value.parameters) != len(self.parameters):
            return False
        takes = all(
            own.type is None or conforms(given, own.type)
            for own, given in zip(value.parameters, self.parameters, strict=True)
        )
        return takes and (value.result is None or conforms(value.result, self.result))


def conforms(one: Type, other: Type) -> bool:
    """Say whether every value of ``one`` belongs to ``other``."""
    if isinstance(other, AnyType) or isinstance(one, NullType) or one is other:
        return True
    if isinstance(one, (ListType, RangeType)) and type(one) is type(other):
        return conforms(one.of, other.of)
    if isinstance(one, ContextType) and isinstance(other, ContextType):
        return all(
            key in one.entries and conforms(one.entries[key], kind) for key, kind in other.entries.items()
        )
    if isinstance(one, FunctionType) and isinstance(other, FunctionType):
        return (
            len(one.parameters) == len(other.parameters)
            and conforms(one.result, other.result)
            and all(conforms(b, a) for a, b in zip(one.parameters, other.parameters, strict=True))
        )
    if isinstance(other, KindType):
        return one.name == other.name
    return one == other


ANY: Final = AnyType()
NULL: Final = NullType()
_LONG: Final = ("date and time", "days and time duration", "years and months duration")
_KIND_NAMES: Final = (
    "number", "string", "boolean", "date", "time", *_LONG, "list", "context", "function", "range",
)  # fmt: skip
BUILT_IN_TYPES: Final[dict[str, Type]] = {
    **{name: KindType(name) for name in _KIND_NAMES},
    "Any": ANY,
    "any": ANY,
    "Null": NULL,
    "dateTime": KindType("date and time"),
    "dayTimeDuration": KindType("days and time duration"),
    "yearMonthDuration": KindType("years and months duration"),
}


def resolve(node: TypeNode, find: Callable[[str], Type | None] | None = None) -> Type | None:
    """Return the type a name or type expression stands for, None if some name in it is unknown.

    ``find`` knows the types of a decision model; the built-in names come first.
    """
    if isinstance(node, NamedType):
        found = BUILT_IN_TYPES.get(node.name.removeprefix("feel:"))
        return found or (find(node.name) if find is not None else None)
    if isinstance(node, (ListOf, RangeOf)):
        of = resolve(node.of, find)
        if of is None:
            return None
        return ListType(of) if isinstance(node, ListOf) else RangeType(of)
    if isinstance(node, ContextOf):
        entries = {name: resolve(kind, find) for name, kind in node.entries}
        known = {name: kind for name, kind in entries.items() if kind is not None}
        return ContextType(known) if len(known) == len(entries) else None
    return _function_type(node, find)


def _function_type(node: FunctionOf, find: Callable[[str], Type | None] | None) -> Type | None:
    parameters = [resolve(kind, find) for kind in node.parameters]
    result = resolve(node.result, find)
    known = tuple(kind for kind in parameters if kind is not None)
    if result is None or len(known) < len(parameters):
        return None
    return FunctionType(known, result)


def type_of(node: Node, names: Mapping[str, Type | None]) -> Type | None:
    """Return the type of an expression as far as it can be seen without running it; None if it cannot.

    ``names`` are the parameters around it with their declared types. That any of it may be null is left out.
    """
    if isinstance(node, Name):
        return names.get(node.name)
    if isinstance(node, Chain):
        kinds = {type_of(part, names) for part in (node.first, *(operand for _, operand in node.rest))}
        only = kinds.pop() if len(kinds) == 1 else None
        return only if only in (BUILT_IN_TYPES["number"], BUILT_IN_TYPES["string"]) else None
    if isinstance(node, If):
        then, otherwise = type_of(node.then, names), type_of(node.otherwise, names)
        return then if then == otherwise else None
    name = _SEEN.get(type(node))
    return BUILT_IN_TYPES[name] if name else None


_SEEN: Final[dict[type, str]] = {
    Number: "number",
    String: "string",
    Boolean: "boolean",
    Comparison: "boolean",
    Between: "boolean",
    In: "boolean",
    Logic: "boolean",
    Quantified: "boolean",
    InstanceOf: "boolean",
}
