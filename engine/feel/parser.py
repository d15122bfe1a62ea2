"""From text to syntax tree: literals, names, brackets and keyword forms."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from engine.feel.cursor import Cursor
from engine.feel.lexer import unescape
from engine.feel.names import NameTable
from engine.feel.operators import ADDING, SIGNS, OperatorParser
from engine.feel.syntax import (
    At,
    Boolean,
    ContextLiteral,
    Entry,
    For,
    FormalParameter,
    FunctionLiteral,
    If,
    Iterator,
    ListLiteral,
    Name,
    Node,
    Null,
    Number,
    Quantified,
    RangeLiteral,
    SignRange,
    String,
    UnaryTests,
)
from engine.feel.type_parser import type_here

_CONSTANTS: Final = {"true": True, "false": False}


def parse_expression(text: str, names: Iterable[str] = (), functions: NameTable | None = None) -> Node:
    """Return the tree of a whole expression. Raises ``FeelSyntaxError``."""
    parser = Parser(Cursor(text, NameTable(names), functions or NameTable()))
    node = parser.expression()
    parser.finish()
    return node


def parse_unary_tests(text: str, names: Iterable[str] = (), functions: NameTable | None = None) -> UnaryTests:
    """Return the tests of a table cell; empty text is ``-``. Raises ``FeelSyntaxError``."""
    parser = Parser(Cursor(text, NameTable(names), functions or NameTable()))
    node = parser.unary_tests()
    parser.finish()
    return node


class Parser(OperatorParser):
    """Literals, names, brackets and forms that start with a keyword: one method per rule."""

    __slots__ = ()

    def finish(self) -> None:
        """Raise ``FeelSyntaxError`` unless the whole text has been read."""
        if self._cursor.token.kind != "end":
            self._cursor.fail("an operator or the end of the expression")

    def unary_tests(self) -> UnaryTests:
        """``-``, nothing, tests, or ``not(tests)``."""
        cursor = self._cursor
        start = cursor.token.start
        if cursor.token.kind == "end":
            return UnaryTests((), start=start, end=start)
        if cursor.sees("-") and cursor.tokens[cursor.at + 1].kind == "end":
            cursor.next()
            return UnaryTests((), start=start, end=cursor.last_end)
        if cursor.sees("not") and cursor.sees("(", 1):
            before = cursor.at
            cursor.next()
            cursor.next()
            tests = self._tests()
            if cursor.skip(")") and cursor.token.kind == "end":
                return UnaryTests(tests, negated=True, start=start, end=cursor.last_end)
            cursor.at = before
        return UnaryTests(self._tests(), start=start, end=cursor.last_end)

    def _primary(self) -> Node:
        cursor = self._cursor
        token = cursor.token
        if token.kind == "number":
            cursor.next()
            return Number(Decimal(token.text), start=token.start, end=token.end)
        if token.kind == "string":
            cursor.next()
            return String(unescape(cursor.text, token), start=token.start, end=token.end)
        name = cursor.name_here() if token.text not in ("function",) or not cursor.sees("(", 1) else None
        if name is not None:
            return Name(name, start=token.start, end=cursor.last_end)
        if token.kind == "word":
            return self._keyword()
        return self._bracketed()

    def _keyword(self) -> Node:
        cursor = self._cursor
        token = cursor.token
        if token.text in _CONSTANTS:
            cursor.next()
            return Boolean(_CONSTANTS[token.text], start=token.start, end=token.end)
        if token.text in ("and", "or") and cursor.sees("(", 1):
            cursor.next()
            return Name(token.text, start=token.start, end=token.end)
        if cursor.skip("null"):
            return Null(start=token.start, end=token.end)
        rule = {
            "if": self._if,
            "for": self._for,
            "some": self._quantified,
            "every": self._quantified,
            "function": self._function,
        }.get(token.text)
        if rule is None:
            cursor.fail("an expression")
        return rule()

    def _bracketed(self) -> Node:
        cursor = self._cursor
        token = cursor.token
        if cursor.skip("?"):
            return Name("?", start=token.start, end=token.end)
        if cursor.skip("@"):
            literal = cursor.token
            if literal.kind != "string":
                cursor.fail("a string")
            cursor.next()
            return At(unescape(cursor.text, literal), start=token.start, end=literal.end)
        if token.text == "(":
            return self._parenthesis()
        if token.text in ("[", "]"):
            return self._bracket()
        if token.text == "{":
            return self._context()
        return cursor.fail("an expression")

    def _parenthesis(self) -> Node:
        cursor = self._cursor
        start = cursor.next().start
        token = cursor.token
        if token.kind == "sign" and token.text in SIGNS:
            cursor.next()
            operand = self._operators(ADDING)
            cursor.take(")")
            return SignRange(SIGNS[token.text], operand, start=start, end=cursor.last_end)
        node = self.expression()
        if cursor.sees(".."):
            return self._range_end(start, node, low_included=False)
        cursor.take(")")
        return node

    def _bracket(self) -> Node:
        cursor = self._cursor
        opening = cursor.next()
        if opening.text == "[" and cursor.skip("]"):
            return ListLiteral((), start=opening.start, end=cursor.last_end)
        first = self.expression()
        if cursor.sees(".."):
            return self._range_end(opening.start, first, low_included=opening.text == "[")
        if opening.text == "]":
            cursor.fail("'..'")
        items = [first]
        while cursor.skip(","):
            items.append(self.expression())
        cursor.take("]")
        return ListLiteral(tuple(items), start=opening.start, end=cursor.last_end)

    def _range_end(self, start: int, low: Node, *, low_included: bool) -> Node:
        cursor = self._cursor
        cursor.take("..")
        high = self.expression()
        closing = cursor.token
        if closing.text not in ("]", ")", "["):
            cursor.fail("']', ')' or '['")
        cursor.next()
        return RangeLiteral(low, high, low_included, closing.text == "]", start=start, end=closing.end)

    def _context(self) -> Node:
        cursor = self._cursor
        start = cursor.next().start
        entries: list[Entry] = []
        with cursor.declaring():
            while not cursor.sees("}"):
                if entries:
                    cursor.take(",")
                entries.append(self._entry())
        cursor.take("}")
        return ContextLiteral(tuple(entries), start=start, end=cursor.last_end)

    def _entry(self) -> Entry:
        cursor = self._cursor
        token = cursor.token
        if token.kind == "string":
            cursor.next()
            key = unescape(cursor.text, token)
        else:
            key = cursor.declared_name(":")
        cursor.declare_key(key)
        cursor.take(":")
        value = self.expression()
        return Entry(key, value, start=token.start, end=value.end)

    def _if(self) -> Node:
        cursor = self._cursor
        start = cursor.next().start
        condition = self.expression()
        cursor.take("then")
        then = self.expression()
        cursor.take("else")
        otherwise = self.expression()
        return If(condition, then, otherwise, start=start, end=otherwise.end)

    def _for(self) -> Node:
        cursor = self._cursor
        start = cursor.next().start
        with cursor.declaring():
            iterators = self._iterators()
            cursor.take("return")
            body = self.expression()
        return For(iterators, body, start=start, end=body.end)

    def _quantified(self) -> Node:
        cursor = self._cursor
        word = cursor.next()
        with cursor.declaring():
            iterators = self._iterators()
            cursor.take("satisfies")
            condition = self.expression()
        kind = "some" if word.text == "some" else "every"
        return Quantified(kind, iterators, condition, start=word.start, end=condition.end)  # type: ignore[arg-type]

    def _iterators(self) -> tuple[Iterator, ...]:
        cursor = self._cursor
        iterators = []
        while True:
            start = cursor.token.start
            name = cursor.declared_name("in")
            cursor.take("in")
            domain = self.expression()
            to = self.expression() if cursor.skip("..") else None
            iterators.append(Iterator(name, domain, to, start=start, end=cursor.last_end))
            cursor.declare(name)
            if not cursor.skip(","):
                return tuple(iterators)

    def _function(self) -> Node:
        cursor = self._cursor
        start = cursor.next().start
        cursor.take("(")
        parameters: list[FormalParameter] = []
        with cursor.declaring():
            while not cursor.sees(")"):
                if parameters:
                    cursor.take(",")
                token = cursor.token
                name = cursor.declared_name(":", ",", ")")
                kind = type_here(cursor) if cursor.skip(":") else None
                parameters.append(FormalParameter(name, kind, start=token.start, end=cursor.last_end))
                cursor.declare(name)
            cursor.take(")")
            external = cursor.skip("external")
            body = self.expression()
        return FunctionLiteral(tuple(parameters), body, external, start=start, end=body.end)
