"""Operators of FEEL by precedence climbing, and what may follow a value: paths, filters, calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from engine.feel.cursor import Cursor
from engine.feel.syntax import (
    Between,
    CallStep,
    Chain,
    Comparison,
    ComparisonSign,
    FilterStep,
    In,
    InstanceOf,
    Logic,
    Minus,
    Node,
    PathStep,
    Postfix,
    SignTest,
)
from engine.feel.type_parser import type_here

SIGNS: Final[dict[str, ComparisonSign]] = {
    "=": "=",
    "!=": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}
_OPENING: Final = frozenset("-([{@?")
_JOINING: Final = frozenset(["and", "or", "then", "else", "return", "satisfies", "between", "in", "instance"])
OR, AND, COMPARING, ADDING, MULTIPLYING, RAISING = range(6)
_LEVELS: Final = {
    "or": OR,
    "and": AND,
    **dict.fromkeys((*SIGNS, "between", "in"), COMPARING),
    "+": ADDING,
    "-": ADDING,
    "*": MULTIPLYING,
    "/": MULTIPLYING,
    "**": RAISING,
}


class OperatorParser(ABC):
    """The rules between a whole expression and a single value; one frame per rule keeps the stack shallow."""

    __slots__ = ("_cursor",)

    def __init__(self, cursor: Cursor) -> None:
        """``cursor`` stands at the first token."""
        self._cursor = cursor

    @abstractmethod
    def _primary(self) -> Node:
        """Read a literal, a name, something in brackets, or a form that starts with a keyword."""

    def expression(self) -> Node:
        """Any expression; the only way down to a deeper level of nesting."""
        with self._cursor.deeper():
            return self._operators(OR)

    def _operators(self, level: int) -> Node:
        """Operators that bind at least as tightly as ``level``."""
        cursor = self._cursor
        left = self._minus()
        compared = False
        while True:
            token = cursor.token
            found = _LEVELS.get(token.text, -1) if token.kind in ("sign", "word") else -1
            if found < level or (found == COMPARING and compared):
                return left
            if found <= AND:
                left = self._logic(left, token.text, found)
            elif found == COMPARING:
                left = self._comparison(left)
                compared = True
            else:
                left = self._chain(left, found)

    def _logic(self, first: Node, word: str, level: int) -> Node:
        operands = [first]
        while self._cursor.skip(word):
            operands.append(self._operators(level + 1))
        return Logic("or" if level == OR else "and", tuple(operands), start=first.start, end=operands[-1].end)

    def _chain(self, first: Node, level: int) -> Node:
        cursor = self._cursor
        rest: list[tuple[str, Node]] = []
        while cursor.token.kind == "sign" and _LEVELS.get(cursor.token.text) == level:
            sign = cursor.next().text
            rest.append((sign, self._operators(level + 1)))
        return Chain(first, tuple(rest), start=first.start, end=cursor.last_end)

    def _comparison(self, left: Node) -> Node:
        cursor = self._cursor
        word = cursor.next().text
        if word == "between":
            low = self._operators(ADDING)
            cursor.take("and")
            high = self._operators(ADDING)
            return Between(left, low, high, start=left.start, end=cursor.last_end)
        if word == "in":
            tests = self._tests_after_in()
            return In(left, tests, start=left.start, end=cursor.last_end)
        right = self._operators(ADDING)
        return Comparison(SIGNS[word], left, right, start=left.start, end=cursor.last_end)

    def _tests_after_in(self) -> tuple[Node, ...]:
        """One test, or several in parentheses.

        ``(1..5)`` and ``(1 + 2) * 3`` start like the latter and are not.
        """
        cursor = self._cursor
        before = cursor.at
        if cursor.skip("("):
            with cursor.deeper():
                tests = self._tests()
            if cursor.skip(")") and not self._operator_is_next():
                return tests
            cursor.at = before
        token = cursor.token
        if token.kind == "sign" and token.text in SIGNS:
            return (self._test(),)
        return (self._operators(ADDING),)

    def _operator_is_next(self) -> bool:
        return any(self._cursor.sees(sign) for sign in ("+", "-", "*", "/", "**", ".", "[", "(", "instance"))

    def _tests(self) -> tuple[Node, ...]:
        tests = [self._test()]
        while self._cursor.skip(","):
            tests.append(self._test())
        return tuple(tests)

    def _test(self) -> Node:
        sign = self._cursor.token
        if sign.kind == "sign" and sign.text in SIGNS:
            self._cursor.next()
            operand = self._operators(ADDING)
            return SignTest(SIGNS[sign.text], operand, start=sign.start, end=self._cursor.last_end)
        return self.expression()

    def _minus(self) -> Node:
        cursor = self._cursor
        token = cursor.token
        if token.kind == "sign" and token.text == "-":
            cursor.next()
            with cursor.deeper():
                operand = self._minus()
            return Minus(operand, start=token.start, end=cursor.last_end)
        node = self._postfix()
        while cursor.sees("instance") and cursor.sees("of", 1):
            cursor.next()
            cursor.next()
            kind = type_here(cursor)
            node = InstanceOf(node, kind, start=node.start, end=cursor.last_end)
        return node

    def _postfix(self) -> Node:
        cursor = self._cursor
        base = self._primary()
        steps: list[PathStep | FilterStep | CallStep] = []
        while cursor.token.kind == "sign":
            start = cursor.token.start
            if cursor.skip("."):
                key = cursor.key_here()
                if key is None:
                    cursor.fail("a name")
                steps.append(PathStep(key, start=start, end=cursor.last_end))
            elif cursor.sees("[") and not self._closes_range():
                cursor.next()
                with cursor.among_keys():
                    condition = self.expression()
                cursor.take("]")
                steps.append(FilterStep(condition, start=start, end=cursor.last_end))
            elif cursor.sees("("):
                steps.append(self._call())
            else:
                break
        if not steps:
            return base
        return Postfix(base, tuple(steps), start=base.start, end=cursor.last_end)

    def _closes_range(self) -> bool:
        """``[1..10[``: a bracket before what cannot begin an expression ends a range; it is no filter."""
        token = self._cursor.tokens[self._cursor.at + 1]
        if token.kind == "sign":
            return token.text not in _OPENING
        return token.kind == "end" or token.text in _JOINING

    def _call(self) -> CallStep:
        cursor = self._cursor
        start = cursor.next().start
        arguments: list[Node] = []
        names: list[str] = []
        if not cursor.sees(")"):
            named = cursor.name_length(":") is not None
            while True:
                if named:
                    names.append(cursor.declared_name(":"))
                    cursor.take(":")
                arguments.append(self.expression())
                if not cursor.skip(","):
                    break
        cursor.take(")")
        return CallStep(tuple(arguments), tuple(names) or None, start=start, end=cursor.last_end)
