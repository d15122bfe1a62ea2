"""The names of types as they are written after ``instance of`` and after a parameter."""

from __future__ import annotations

from typing import Final

from engine.feel.cursor import Cursor
from engine.feel.names import KEYWORDS
from engine.feel.syntax import ContextOf, FunctionOf, ListOf, NamedType, RangeOf, TypeNode

_LONG_NAMES: Final = (
    ("days", "and", "time", "duration"),
    ("years", "and", "months", "duration"),
    ("date", "and", "time"),
)


def type_here(cursor: Cursor) -> TypeNode:
    """Read a type. Raises ``FeelSyntaxError``."""
    with cursor.deeper():
        return _type_here(cursor)


def _type_here(cursor: Cursor) -> TypeNode:
    start = cursor.token.start
    if cursor.sees("<", 1):
        word = cursor.token.text
        if word in ("list", "range"):
            cursor.next()
            cursor.next()
            of = type_here(cursor)
            cursor.take(">")
            kind = ListOf if word == "list" else RangeOf
            return kind(of, start=start, end=cursor.last_end)
        if word == "context":
            return _context(cursor)
        if word == "function":
            return _function(cursor)
    return _named(cursor)


def _context(cursor: Cursor) -> ContextOf:
    start = cursor.next().start
    cursor.next()
    entries: list[tuple[str, TypeNode]] = []
    while not cursor.sees(">"):
        if entries:
            cursor.take(",")
        name = cursor.declared_name(":")
        cursor.take(":")
        entries.append((name, type_here(cursor)))
    cursor.take(">")
    return ContextOf(tuple(entries), start=start, end=cursor.last_end)


def _function(cursor: Cursor) -> FunctionOf:
    start = cursor.next().start
    cursor.next()
    parameters: list[TypeNode] = []
    while not cursor.sees(">"):
        if parameters:
            cursor.take(",")
        parameters.append(type_here(cursor))
    cursor.take(">")
    cursor.take("->")
    return FunctionOf(tuple(parameters), type_here(cursor), start=start, end=cursor.last_end)


def _named(cursor: Cursor) -> NamedType:
    start = cursor.token.start
    for words in _LONG_NAMES:
        if all(cursor.sees(word, ahead) for ahead, word in enumerate(words)):
            for _ in words:
                cursor.next()
            return NamedType(" ".join(words), start=start, end=cursor.last_end)
    if cursor.skip("null"):
        return NamedType("Null", start=start, end=cursor.last_end)
    if cursor.skip("function"):
        return NamedType("function", start=start, end=cursor.last_end)
    name = cursor.name_here()
    if name is None:
        cursor.fail("a type")
    while cursor.token.kind == "word" and cursor.token.text not in KEYWORDS and not cursor.sees("external"):
        name = f"{name} {cursor.next().text}"
    while cursor.skip("."):
        part = cursor.key_here()
        if part is None:
            cursor.fail("a type")
        name = f"{name}.{part}"
    return NamedType(name, start=start, end=cursor.last_end)
