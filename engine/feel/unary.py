"""Unary tests: what a table cell, or a list of allowed values, asks of its input."""

from __future__ import annotations

import operator
from decimal import Decimal
from typing import Final

from engine.feel.compile_operators import literal_value
from engine.feel.compile_tests import ORDER, RANGES, Test, any_of, compared, member_noted, not_comparable
from engine.feel.compiler import ROOT, Compiler, Frame, Scope
from engine.feel.logic import LONG_TEXT, member, negation
from engine.feel.notes import Place
from engine.feel.numbers import CONTEXT
from engine.feel.run import Run
from engine.feel.syntax import (
    Boolean,
    Name,
    Node,
    Number,
    PathStep,
    Postfix,
    RangeLiteral,
    SignTest,
    String,
    UnaryTests,
    mentions,
)
from engine.feel.values import Range, Value

INPUT_SCOPE: Final = Scope(frozenset("?"), ROOT)


def cell(compiler: Compiler, node: UnaryTests) -> Test:
    """Return the closure that judges an input; its frames hold ``?`` and, around it, the variables."""
    if not node.tests:
        return lambda _subject, _frame, _run: True
    texts = [test.value for test in node.tests if type(test) is String and len(test.value) < LONG_TEXT]
    tests = [_test(compiler, test) for test in node.tests]
    if len(tests) == 1:
        joined = tests[0]
    elif len(texts) == len(tests):
        joined = _one_of(frozenset(texts), tests)
    else:

        def joined(subject: Value, frame: Frame, run: Run) -> bool | None:
            return any_of(tests, subject, frame, run)

    if not node.negated:
        return joined
    return lambda subject, frame, run: negation(joined(subject, frame, run))


def _test(compiler: Compiler, node: Node) -> Test:
    if type(node) is SignTest:
        return _sign(compiler, node)
    if type(node) is String:
        return _text(compiler, node)
    if type(node) is RangeLiteral:
        low, high = literal_value(node.low), literal_value(node.high)
        if type(low) is Decimal and type(high) is Decimal:
            compiler.size += 1
            interval = Range(low, high, node.low_included, node.high_included)
            return _numbers_between(interval, compiler.place(node))
    return _expression(compiler, node)


def _expression(compiler: Compiler, node: Node) -> Test:
    code = compiler.code(node, INPUT_SCOPE)
    place = compiler.place(node)
    if mentions(node, "?"):

        def own_answer(subject: Value, frame: Frame, run: Run) -> bool | None:  # noqa: ARG001
            answer = code(frame, run)
            if type(answer) is bool:
                return answer
            if answer is not None:
                run.note("wrong_type", place, expected="boolean")
            return None

        return own_answer

    is_value, is_range = _is_value(node), type(node) in RANGES

    def belongs(subject: Value, frame: Frame, run: Run) -> bool | None:
        wanted = code(frame, run)
        if type(wanted) is bool and type(subject) is not bool and not is_value:
            return wanted
        if (subject is None and type(wanted) is Range) or (wanted is None and is_range):
            return None
        if type(wanted) is list and wanted and not any(_fit(subject, one, run) for one in (wanted, *wanted)):
            not_comparable(run, place, subject, wanted[0])
            return None
        return member_noted(subject, wanted, run, place)

    return belongs


def _fit(subject: Value, wanted: Value, run: Run) -> bool:
    """Tell whether the two can be compared at all; what a list names is of the input's kind, or the cell is wrong."""
    return (
        member(subject, wanted, run.budget) is not None if type(wanted) is not list else type(subject) is list
    )


def _is_value(node: Node) -> bool:
    """Tell whether a test names what the input is to be: ``true`` or a variable, not a question like ``x > 5``."""
    if type(node) is Postfix:
        return all(type(step) is PathStep for step in node.steps)
    return type(node) in (Boolean, Name)


def _one_of(texts: frozenset[str], tests: list[Test]) -> Test:
    def is_one(subject: Value, frame: Frame, run: Run) -> bool | None:
        return subject in texts if type(subject) is str else any_of(tests, subject, frame, run)

    return is_one


def _numbers_between(interval: Range, place: Place) -> Test:
    above = operator.ge if interval.start_included else operator.gt
    below = operator.le if interval.end_included else operator.lt
    start, end = interval.start, interval.end

    def between(subject: Value, frame: Frame, run: Run) -> bool | None:  # noqa: ARG001
        if type(subject) is Decimal:
            return bool(above(subject, start) and below(subject, end))
        return None if subject is None else member_noted(subject, interval, run, place)

    return between


def _text(compiler: Compiler, node: String) -> Test:
    compiler.size += 1
    wanted, place = node.value, compiler.place(node)

    def is_text(subject: Value, frame: Frame, run: Run) -> bool | None:  # noqa: ARG001
        if type(subject) is str and len(subject) < LONG_TEXT:
            return subject == wanted
        return member_noted(subject, wanted, run, place)

    return is_text


def _sign(compiler: Compiler, node: SignTest) -> Test:
    place, sign = compiler.place(node), node.sign
    code = compiler.code(node.operand, INPUT_SCOPE)
    order = ORDER.get(sign)
    if order is not None and type(node.operand) is Number and CONTEXT.plus(node.operand.value).is_finite():
        bound = CONTEXT.plus(node.operand.value)

        def beyond(subject: Value, frame: Frame, run: Run) -> bool | None:  # noqa: ARG001
            if type(subject) is Decimal:
                return order(subject, bound)
            return None if subject is None else compared(sign, subject, bound, run, place)

        return beyond

    def holds(subject: Value, frame: Frame, run: Run) -> bool | None:
        if subject is None and order is not None:
            return None
        return compared(sign, subject, code(frame, run), run, place)

    return holds
