"""Closures for comparison and membership: ``=``, ``<``, ``in`` and the tests behind it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from engine.feel.compiler import Code, Compiler, Frame, Rule, Scope
from engine.feel.logic import LONG_TEXT, compare, equal, member
from engine.feel.notes import Place
from engine.feel.numbers import weight
from engine.feel.run import Run
from engine.feel.syntax import In, Node, RangeLiteral, SignRange, SignTest, mentions
from engine.feel.values import Range, Value, kind_of

Test = Callable[[Value, Frame, Run], bool | None]
ORDER: Final[dict[str, Callable[[Value, Value], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def not_comparable(run: Run, place: Place, a: Value, b: Value) -> None:
    """Note that the two have no order; a null among them is only a warning."""
    left, right = kind_of(a), kind_of(b)
    facts: dict[str, Any] = {"left": left, "right": right}
    if {left, right} == {"date", "date and time"}:
        facts["advice"] = "date(…) makes a date of a date and time"
    elif left == right and left in ("time", "date and time"):
        run.note("zone_mismatch", place, **facts)
        return
    run.note("not_comparable", place, "warning" if a is None or b is None else "error", **facts)


def compared(sign: str, a: Value, b: Value, run: Run, place: Place) -> bool | None:
    """Return ``a sign b``; kinds that do not fit give None and a note."""
    if sign in ("=", "!="):
        same = equal(a, b, run.budget)
        if same is None:
            not_comparable(run, place, a, b)
            return None
        return same if sign == "=" else not same
    run.budget.charge(weight(a) + weight(b))
    if type(a) is str and len(a) > LONG_TEXT:
        run.budget.read(len(a))
    order = compare(a, b)
    if order is None:
        not_comparable(run, place, a, b)
        return None
    return ORDER[sign](order, 0)


def comparison(place: Place, sign: str, left: Code, right: Code, fixed: Value = None) -> Code:
    """Return the closure of one comparison, with a short way for two numbers and two short texts.

    ``fixed`` is the right side where it is a literal.
    """
    if sign in ORDER:
        order = ORDER[sign]
        if type(fixed) is Decimal:

            def bounded(frame: Frame, run: Run) -> Value:
                a = left(frame, run)
                return order(a, fixed) if type(a) is Decimal else compared(sign, a, fixed, run, place)

            return bounded

        def ordered(frame: Frame, run: Run) -> Value:
            a = left(frame, run)
            b = right(frame, run)
            if type(a) is Decimal and type(b) is Decimal:
                return order(a, b)
            return compared(sign, a, b, run, place)

        return ordered
    if sign == "=" and fixed is not None and type(fixed) is str and len(fixed) < LONG_TEXT:

        def is_text(frame: Frame, run: Run) -> Value:
            a = left(frame, run)
            return a == fixed if type(a) is str else compared("=", a, fixed, run, place)

        return is_text
    same = sign == "="

    def equality(frame: Frame, run: Run) -> Value:
        a = left(frame, run)
        b = right(frame, run)
        if type(a) is str and type(b) is str and len(a) < LONG_TEXT:
            return (a == b) is same
        return compared(sign, a, b, run, place)

    return equality


def _in(compiler: Compiler, node: In, scope: Scope) -> Code:
    value = compiler.code(node.value, scope)
    inner = Scope(frozenset("?"), scope)
    tests = [membership(compiler, test, inner) for test in node.tests]

    def contained(frame: Frame, run: Run) -> Value:
        subject = value(frame, run)
        return any_of(tests, subject, ({"?": subject}, frame), run)

    return contained


def any_of(tests: list[Test], subject: Value, frame: Frame, run: Run) -> bool | None:
    """Join tests by ``or``: one True suffices, else an undecided one gives None."""
    result: bool | None = False
    for test in tests:
        passed = test(subject, frame, run)
        if passed is True:
            return True
        if passed is None:
            result = None
    return result


RANGES: Final = frozenset((RangeLiteral, SignRange))
"""A range that came to nothing holds nothing, not even null."""


def membership(compiler: Compiler, node: Node, scope: Scope) -> Test:
    """Return the test behind ``in``: signs compare, an expression with ``?`` answers itself, else
    membership.
    """
    if isinstance(node, SignTest):
        return sign_test(compiler, node, scope)
    code = compiler.code(node, scope)
    place = compiler.place(node)
    if mentions(node, "?"):

        def own_answer(subject: Value, frame: Frame, run: Run) -> bool | None:  # noqa: ARG001
            answer = code(frame, run)
            return answer if type(answer) is bool else None

        return own_answer

    is_range = type(node) in RANGES

    def belongs(subject: Value, frame: Frame, run: Run) -> bool | None:
        test = code(frame, run)
        return None if test is None and is_range else member_noted(subject, test, run, place)

    return belongs


def member_noted(subject: Value, test: Value, run: Run, place: Place) -> bool | None:
    """Return ``subject in test``, with a note where the two have nothing in common."""
    found = member(subject, test, run.budget)
    if found is None:
        against = test.start if type(test) is Range and test.start is not None else test
        not_comparable(run, place, subject, against)
    return found


def sign_test(compiler: Compiler, node: SignTest, scope: Scope) -> Test:
    """Return the test of ``< 5`` and its like."""
    code = compiler.code(node.operand, scope)
    place, sign = compiler.place(node), node.sign

    def holds(subject: Value, frame: Frame, run: Run) -> bool | None:
        return compared(sign, subject, code(frame, run), run, place)

    return holds


RULES: Final[dict[type, Rule]] = {In: _in}
