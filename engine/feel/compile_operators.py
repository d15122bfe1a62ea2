"""Closures for literals, names, operators, logic and comparison."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from engine.feel import temporal
from engine.feel.compiler import Code, Compiler, Frame, Rule, Scope
from engine.feel.logic import LONG_TEXT, compare, equal, member
from engine.feel.notes import Fault, Place
from engine.feel.numbers import CONTEXT, OPERATORS, negate
from engine.feel.run import Run
from engine.feel.syntax import (
    At,
    Between,
    Boolean,
    Chain,
    Comparison,
    In,
    InstanceOf,
    Logic,
    Minus,
    Name,
    Null,
    Number,
    SignTest,
    String,
    mentions,
)
from engine.feel.types import resolve
from engine.feel.values import MISSING, Range, Value, kind_of


def constant(value: Value) -> Code:
    """Return the closure of a value that never changes."""

    def always(frame: Frame, run: Run) -> Value:  # noqa: ARG001 - all closures share one shape
        return value

    return always


def _number(compiler: Compiler, node: Number, scope: Scope) -> Code:
    value = CONTEXT.plus(node.value)
    if value.is_finite():
        return constant(value)
    place = compiler.place(node)
    return lambda frame, run: run.note("number_overflow", place)


def _string(compiler: Compiler, node: String | Boolean, scope: Scope) -> Code:
    return constant(node.value)


def _null(compiler: Compiler, node: Null, scope: Scope) -> Code:
    return constant(None)


def _at(compiler: Compiler, node: At, scope: Scope) -> Code:
    value = temporal.parse_literal(node.text)
    if value is not None:
        return constant(value)
    place = compiler.place(node)
    return lambda frame, run: run.note("invalid_temporal", place)


def _name(compiler: Compiler, node: Name, scope: Scope) -> Code:
    read, growing = compiler.lookup(node, scope)
    if growing:

        def copied(frame: Frame, run: Run) -> Value:
            items = read(frame, run)
            run.budget.make(len(items))
            return list(items)

        return copied
    unknown = compiler.unknown(node, scope)
    function = compiler.functions.get(node.name, MISSING)

    def variable(frame: Frame, run: Run) -> Value:
        value = read(frame, run)
        if value is not MISSING:
            return value
        return unknown(frame, run) if function is MISSING else function

    return variable


def _minus(compiler: Compiler, node: Minus, scope: Scope) -> Code:
    operand = compiler.code(node.operand, scope)
    place = compiler.place(node)

    def minus(frame: Frame, run: Run) -> Value:
        try:
            return negate(operand(frame, run))
        except Fault as fault:
            return run.fault(fault, place)

    return minus


def _chain(compiler: Compiler, node: Chain, scope: Scope) -> Code:
    first = compiler.code(node.first, scope)
    rest = [(OPERATORS[sign], compiler.code(operand, scope)) for sign, operand in node.rest]
    place = compiler.place(node)
    if len(rest) == 1:
        (operation, second) = rest[0]

        def pair(frame: Frame, run: Run) -> Value:
            try:
                return operation(first(frame, run), second(frame, run), run.budget)
            except Fault as fault:
                return run.fault(fault, place)

        return pair

    def chain(frame: Frame, run: Run) -> Value:
        try:
            value = first(frame, run)
            for operation, operand in rest:
                value = operation(value, operand(frame, run), run.budget)
        except Fault as fault:
            return run.fault(fault, place)
        return value

    return chain


def _logic(compiler: Compiler, node: Logic, scope: Scope) -> Code:
    operands = [compiler.code(operand, scope) for operand in node.operands]
    decisive = node.word == "or"
    if len(operands) == 2:
        left, right = operands

        def both(frame: Frame, run: Run) -> Value:
            one = left(frame, run)
            if one is decisive:
                return decisive
            other = right(frame, run)
            if other is decisive:
                return decisive
            return (not decisive) if type(one) is bool and type(other) is bool else None

        return both

    def all_of_them(frame: Frame, run: Run) -> Value:
        result: bool | None = not decisive
        for operand in operands:
            value = operand(frame, run)
            if value is decisive:
                return decisive
            if type(value) is not bool:
                result = None
        return result

    return all_of_them


ORDER: Final[dict[str, Callable[[Value, Value], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def not_comparable(run: Run, place: Place, a: Value, b: Value) -> None:
    """Note that the two have no order; a null among them is only a warning."""
    left, right = kind_of(a), kind_of(b)
    facts = {"left": left, "right": right}
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
    if type(a) is str and len(a) > LONG_TEXT:
        run.budget.read(len(a))
    order = compare(a, b)
    if order is None:
        not_comparable(run, place, a, b)
        return None
    return ORDER[sign](order, 0)


def comparison(place: Place, sign: str, left: Code, right: Code) -> Code:
    """Return the closure of one comparison, with a short way for two numbers and two short texts."""
    if sign in ORDER:
        order = ORDER[sign]

        def ordered(frame: Frame, run: Run) -> Value:
            a = left(frame, run)
            b = right(frame, run)
            if type(a) is Decimal and type(b) is Decimal:
                return order(a, b)
            return compared(sign, a, b, run, place)

        return ordered
    same = sign == "="

    def equality(frame: Frame, run: Run) -> Value:
        a = left(frame, run)
        b = right(frame, run)
        if type(a) is str and type(b) is str and len(a) < LONG_TEXT:
            return (a == b) is same
        return compared(sign, a, b, run, place)

    return equality


def _comparison(compiler: Compiler, node: Comparison, scope: Scope) -> Code:
    left, right = compiler.code(node.left, scope), compiler.code(node.right, scope)
    return comparison(compiler.place(node), node.sign, left, right)


def _between(compiler: Compiler, node: Between, scope: Scope) -> Code:
    value, low, high = (compiler.code(part, scope) for part in (node.value, node.low, node.high))
    place = compiler.place(node)

    def between(frame: Frame, run: Run) -> Value:
        middle = value(frame, run)
        above = compared(">=", middle, low(frame, run), run, place)
        below = compared("<=", middle, high(frame, run), run, place)
        if above is False or below is False:
            return False
        return True if above and below else None

    return between


def _in(compiler: Compiler, node: In, scope: Scope) -> Code:
    value = compiler.code(node.value, scope)
    inner = Scope(frozenset("?"), scope)
    tests = [membership(compiler, test, inner) for test in node.tests]

    def contained(frame: Frame, run: Run) -> Value:
        subject = value(frame, run)
        return any_of(tests, subject, ({"?": subject}, frame), run)

    return contained


Test = Callable[[Value, Frame, Run], bool | None]


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


def membership(compiler: Compiler, node: object, scope: Scope) -> Test:
    """Return the test behind ``in``: signs compare, an expression with ``?`` answers itself, else membership."""
    if isinstance(node, SignTest):
        return sign_test(compiler, node, scope)
    code = compiler.code(node, scope)  # type: ignore[arg-type]
    place = compiler.place(node)  # type: ignore[arg-type]
    if mentions(node, "?"):

        def own_answer(subject: Value, frame: Frame, run: Run) -> bool | None:  # noqa: ARG001
            answer = code(frame, run)
            return answer if type(answer) is bool else None

        return own_answer

    def belongs(subject: Value, frame: Frame, run: Run) -> bool | None:
        return member_noted(subject, code(frame, run), run, place)

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


def _instance_of(compiler: Compiler, node: InstanceOf, scope: Scope) -> Code:
    value = compiler.code(node.value, scope)
    kind = resolve(node.type, compiler.find_type)
    place = compiler.place(node)
    if kind is None:
        return lambda frame, run: run.note("wrong_type", place, type="unknown")

    def instance_of(frame: Frame, run: Run) -> Value:
        return kind.is_type_of(value(frame, run))

    return instance_of


RULES: Final[dict[type, Rule]] = {
    Number: _number,
    String: _string,
    Boolean: _string,
    Null: _null,
    At: _at,
    Name: _name,
    Minus: _minus,
    Chain: _chain,
    Logic: _logic,
    Comparison: _comparison,
    Between: _between,
    In: _in,
    InstanceOf: _instance_of,
}
