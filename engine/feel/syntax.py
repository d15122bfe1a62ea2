"""The syntax tree of FEEL: frozen nodes that compare by what they say, not by where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from typing import Literal as OneOf
from typing import TypeAlias

ComparisonSign = OneOf["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Any part of an expression; ``start`` and ``end`` are offsets into the text."""

    start: int = field(default=0, compare=False, repr=False)
    end: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Number(Node):
    """``1.2e3``; never negative."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class String(Node):
    """A string literal with its escapes undone."""

    value: str


@dataclass(frozen=True, slots=True)
class Boolean(Node):
    """``true`` or ``false``."""

    value: bool


@dataclass(frozen=True, slots=True)
class Null(Node):
    """``null``."""


@dataclass(frozen=True, slots=True)
class At(Node):
    """``@"…"``, the text of a date, time, date and time or duration."""

    text: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable or function by its name, white space normalised; ``?`` is the input of a unary test."""

    name: str


@dataclass(frozen=True, slots=True)
class Minus(Node):
    """Unary minus."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """Operators of one level of precedence, left to right: ``first`` and pairs of sign and operand."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """``and`` or ``or`` over two or more operands."""

    word: OneOf["and", "or"]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """One comparison; they do not chain."""

    sign: ComparisonSign
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Between(Node):
    """``value between low and high``."""

    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class SignTest(Node):
    """A unary test that starts with a sign: ``< 5``."""

    sign: ComparisonSign
    operand: Node


@dataclass(frozen=True, slots=True)
class In(Node):
    """``value in test`` or ``value in (test, …)``."""

    value: Node
    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class InstanceOf(Node):
    """``value instance of type``."""

    value: Node
    type: TypeNode


@dataclass(frozen=True, slots=True)
class If(Node):
    """``if … then … else …``."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Iterator(Node):
    """``name in domain`` or ``name in domain..to``."""

    name: str
    domain: Node
    to: Node | None = None


@dataclass(frozen=True, slots=True)
class For(Node):
    """``for … return …``."""

    iterators: tuple[Iterator, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    """``some`` or ``every`` … ``satisfies`` …."""

    word: OneOf["some", "every"]
    iterators: tuple[Iterator, ...]
    condition: Node


@dataclass(frozen=True, slots=True)
class FormalParameter(Node):
    """A parameter of a function literal."""

    name: str
    type: TypeNode | None = None


@dataclass(frozen=True, slots=True)
class FunctionLiteral(Node):
    """``function(…) body``; an ``external`` one can be read but never run."""

    parameters: tuple[FormalParameter, ...]
    body: Node
    external: bool = False


@dataclass(frozen=True, slots=True)
class Entry(Node):
    """One ``key: value`` of a context literal."""

    key: str
    value: Node


@dataclass(frozen=True, slots=True)
class ContextLiteral(Node):
    """``{key: value, …}``."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class ListLiteral(Node):
    """``[item, …]``."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class RangeLiteral(Node):
    """``[low..high]`` with either end open or closed."""

    low: Node
    high: Node
    low_included: bool
    high_included: bool


@dataclass(frozen=True, slots=True)
class SignRange(Node):
    """``(< x)``: a range with one end."""

    sign: ComparisonSign
    operand: Node


@dataclass(frozen=True, slots=True)
class PathStep(Node):
    """``.name``."""

    name: str


@dataclass(frozen=True, slots=True)
class FilterStep(Node):
    """``[condition or index]``."""

    condition: Node


@dataclass(frozen=True, slots=True)
class CallStep(Node):
    """``(arguments)``: ``names`` is None for a call by position, else one name per argument."""

    arguments: tuple[Node, ...]
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Postfix(Node):
    """A value followed by paths, filters and calls, applied left to right."""

    base: Node
    steps: tuple[PathStep | FilterStep | CallStep, ...]


@dataclass(frozen=True, slots=True)
class UnaryTests(Node):
    """The tests of a table cell; no tests at all is ``-``, which any value passes."""

    tests: tuple[Node, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class NamedType(Node):
    """A built-in type or an item definition, perhaps with the alias of an import before it."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    """``list<T>``."""

    of: TypeNode


@dataclass(frozen=True, slots=True)
class RangeOf(Node):
    """``range<T>``."""

    of: TypeNode


@dataclass(frozen=True, slots=True)
class ContextOf(Node):
    """``context<name: T, …>``."""

    entries: tuple[tuple[str, TypeNode], ...]


@dataclass(frozen=True, slots=True)
class FunctionOf(Node):
    """``function<T, …> -> T``."""

    parameters: tuple[TypeNode, ...]
    result: TypeNode


TypeNode: TypeAlias = NamedType | ListOf | RangeOf | ContextOf | FunctionOf


def mentions(node: object, name: str) -> bool:
    """Say whether ``Name(name)`` stands anywhere in the tree."""
    if type(node) is Name:
        return node.name == name
    if isinstance(node, Node):
        return any(mentions(getattr(node, part), name) for part in type(node).__slots__)
    return isinstance(node, tuple) and any(mentions(part, name) for part in node)


def calls(node: Node) -> Iterable[tuple[str, CallStep]]:
    """Yield every call of a function by name beneath the node, with its arguments."""
    for each in parts(node):
        if isinstance(each, Postfix) and isinstance(each.base, Name) and each.steps:
            step = each.steps[0]
            if isinstance(step, CallStep):
                yield each.base.name, step


def parts(node: Node) -> Iterable[Node]:
    """Yield the node and everything beneath it."""
    waiting: list[object] = [node]
    while waiting:
        at = waiting.pop()
        if isinstance(at, tuple):
            waiting += at
        elif is_dataclass(at) and isinstance(at, Node):
            yield at
            waiting += [getattr(at, item.name) for item in fields(at)]
