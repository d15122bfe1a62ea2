"""Compiled expressions and unary tests: made once, shared by threads, evaluated for data at a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import getcontext, setcontext
from functools import lru_cache
from typing import Final

from engine.feel import compile_forms, compile_operators, compile_postfix, compile_tests
from engine.feel.budget import Budget
from engine.feel.compile_tests import Test
from engine.feel.compiler import ROOT, Code, Compiler, Frame, Rule
from engine.feel.functions import BUILT_IN_NAMES, FUNCTIONS
from engine.feel.names import is_plain
from engine.feel.notes import BudgetExceeded, ExpressionFailed, Note, syntax_error
from engine.feel.numbers import CONTEXT
from engine.feel.parser import parse_expression, parse_unary_tests
from engine.feel.run import Moment, Run
from engine.feel.syntax import Node, UnaryTests
from engine.feel.types import Type
from engine.feel.unary import cell
from engine.feel.values import Value

RULES: Final[dict[type, Rule]] = {
    **compile_operators.RULES,
    **compile_tests.RULES,
    **compile_forms.RULES,
    **compile_postfix.RULES,
}
CACHED: Final = 1_000
_NO_NAMES: Final[frozenset[str]] = frozenset()
FindType = Callable[[str], Type | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The value of an expression and what there was to note on the way to it."""

    value: Value
    notes: tuple[Note, ...] = ()

    def required(self) -> Value:
        """Return the value. Raises ``ExpressionFailed`` with the facts of the first error among the notes."""
        for note in self.notes:
            if note.severity == "error":
                raise ExpressionFailed(
                    reason=note.code,
                    line=note.line,
                    column=note.column,
                    start=note.start,
                    end=note.end,
                    **note.facts,
                )
        return self.value


@contextmanager
def exact_numbers() -> Iterator[None]:
    """Make this thread reckon as FEEL does, and turn an overflowing stack into ``BudgetExceeded``."""
    before = getcontext()
    setcontext(CONTEXT)
    try:
        yield
    except (RecursionError, MemoryError):
        raise BudgetExceeded(limit="depth") from None
    finally:
        setcontext(before)


class Expression:
    """A compiled expression. ``variables`` are the free names it may read.

    Called library functions are not among them.
    """

    __slots__ = ("_code", "_size", "text", "tree", "variables")

    def __init__(self, text: str, tree: Node, code: Code, size: int, variables: frozenset[str]) -> None:
        """Made by ``compile``."""
        self.text = text
        self.tree = tree
        self.variables = variables
        self._code = code
        self._size = size

    def evaluate(
        self, context: Mapping[str, Value], *, moment: Moment, budget: Budget | None = None
    ) -> Outcome:
        """Return the value for these variables, all of them FEEL values.

        Errors in data give null and a note. Raises ``BudgetExceeded``.
        """
        run = Run(moment, Budget() if budget is None else budget)
        before = getcontext()
        setcontext(CONTEXT)
        try:
            run.budget.charge(self._size)
            value = self._code((context, None), run)
        except (RecursionError, MemoryError):
            raise BudgetExceeded(limit="depth") from None
        finally:
            setcontext(before)
        return Outcome(value, tuple(run.notes))

    def value_in(self, context: Mapping[str, Value], run: Run) -> Value:
        """Return the value as part of a larger run, whose notes and budget it shares.

        Within ``exact_numbers``.
        """
        run.budget.charge(self._size)
        return self._code((context, None), run)


class UnaryTest:
    """A compiled table cell or list of allowed values.

    For tables: ``test(value, frame, run)`` judges within ``exact_numbers`` and a frame made once per input by
    ``input_frame``; whoever calls it pays ``size`` steps.
    """

    __slots__ = ("size", "test", "text", "tree", "variables")

    def __init__(self, text: str, tree: UnaryTests, test: Test, size: int, variables: frozenset[str]) -> None:
        """Made by ``compile_unary``."""
        self.text = text
        self.tree = tree
        self.variables = variables
        self.test = test
        self.size = size

    def judge(
        self, value: Value, context: Mapping[str, Value], *, moment: Moment, budget: Budget | None = None
    ) -> Outcome:
        """Say whether ``value`` passes: True, False, or None where it cannot be said.

        Raises ``BudgetExceeded``.
        """
        run = Run(moment, Budget() if budget is None else budget)
        with exact_numbers():
            passed = self.passes(value, context, run)
        return Outcome(passed, tuple(run.notes))

    def passes(self, value: Value, context: Mapping[str, Value], run: Run) -> bool | None:
        """Judge ``value`` as part of a larger run, whose notes and budget it shares.

        Within ``exact_numbers``.
        """
        run.budget.charge(self.size)
        return self.test(value, ({"?": value}, (context, None)), run)


def input_frame(value: Value, context: Mapping[str, Value]) -> Frame:
    """Return the frame in which unary tests judge ``value``."""
    return {"?": value}, (context, None)


def compile(text: str, names: Iterable[str] = frozenset(), types: FindType | None = None) -> Expression:
    """Return the compiled expression. Raises ``FeelSyntaxError``.

    ``names`` are those names in scope, keys of nested contexts included, that are not plain identifiers:
    what the text
    means depends on them. ``types`` finds the item definitions of a decision model by name; with it nothing
    is cached.
    """
    odd = frozenset(name for name in names if not is_plain(name)) if names else _NO_NAMES
    return _expression(text, odd) if types is None else _compile(text, odd, types)


def compile_unary(text: str, names: Iterable[str] = frozenset(), types: FindType | None = None) -> UnaryTest:
    """Return the compiled unary tests; ``names`` and ``types`` as for ``compile``.

    Raises ``FeelSyntaxError``.
    """
    odd = frozenset(name for name in names if not is_plain(name)) if names else _NO_NAMES
    return _unary(text, odd) if types is None else _compile_unary(text, odd, types)


@lru_cache(maxsize=CACHED)
def _expression(text: str, names: frozenset[str]) -> Expression:
    return _compile(text, names, None)


@lru_cache(maxsize=CACHED)
def _unary(text: str, names: frozenset[str]) -> UnaryTest:
    return _compile_unary(text, names, None)


def _compile(text: str, names: frozenset[str], types: FindType | None) -> Expression:
    with _shallow(text):
        tree = parse_expression(text, names, BUILT_IN_NAMES)
        compiler = Compiler(text, rules=RULES, functions=FUNCTIONS, find_type=types)
        code = compiler.code(tree, ROOT)
    return Expression(text, tree, code, compiler.size, frozenset(compiler.variables))


def _compile_unary(text: str, names: frozenset[str], types: FindType | None) -> UnaryTest:
    with _shallow(text):
        tree = parse_unary_tests(text, names, BUILT_IN_NAMES)
        compiler = Compiler(text, rules=RULES, functions=FUNCTIONS, find_type=types)
        test = cell(compiler, tree)
    return UnaryTest(text, tree, test, compiler.size, frozenset(compiler.variables))


@contextmanager
def _shallow(text: str) -> Iterator[None]:
    """Refuse what the limit on nesting let through and the stack cannot hold."""
    try:
        yield
    except RecursionError:
        raise syntax_error(text, 0, len(text), "less deeply nested operators") from None
