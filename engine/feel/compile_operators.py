"""Closures for literals, names, operators, logic and comparison."""

from __future__ import annotations

from typing import Final

from engine.feel import temporal
from engine.feel.compile_tests import compared, comparison
from engine.feel.compiler import Code, Compiler, Frame, Rule, Scope
from engine.feel.notes import Fault
from engine.feel.numbers import CONTEXT, OPERATORS, negate
from engine.feel.run import Run
from engine.feel.syntax import (
    At,
    Between,
    Boolean,
    Chain,
    Comparison,
    InstanceOf,
    Logic,
    Minus,
    Name,
    Node,
    Null,
    Number,
    String,
)
from engine.feel.types import resolve
from engine.feel.values import MISSING, Value


def constant(value: Value) -> Code:
    """Return the closure of a value that never changes."""

    def always(frame: Frame, run: Run) -> Value:  # noqa: ARG001 - all closures share one shape
        return value

    return always


def _number(compiler: Compiler, node: Number, _scope: Scope) -> Code:
    value = CONTEXT.plus(node.value)
    if value.is_finite():
        return constant(value)
    place = compiler.place(node)
    return lambda _frame, run: run.note("number_overflow", place)


def _string(_compiler: Compiler, node: String | Boolean, _scope: Scope) -> Code:
    return constant(node.value)


def _null(_compiler: Compiler, _node: Null, _scope: Scope) -> Code:
    return constant(None)


def _at(compiler: Compiler, node: At, _scope: Scope) -> Code:
    value = temporal.parse_literal(node.text)
    if value is not None:
        return constant(value)
    place = compiler.place(node)
    return lambda _frame, run: run.note("invalid_temporal", place)


def _name(compiler: Compiler, node: Name, scope: Scope) -> Code:
    read, growing = compiler.lookup(node, scope)
    if growing:

        def copied(frame: Frame, run: Run) -> Value:
            items = read(frame, run)
            run.budget.make(len(items))
            return list(items)

        return copied
    unknown = compiler.unknown(node, scope)
    name = node.name
    function = compiler.functions.get(node.name, MISSING)

    if scope.outer is None:

        def outermost(frame: Frame, run: Run) -> Value:
            value = frame[0].get(name, MISSING)
            if value is not MISSING:
                return value
            return unknown(frame, run) if function is MISSING else function

        return outermost

    def variable(frame: Frame, run: Run) -> Value:
        value = read(frame, run)
        if value is not MISSING:
            return value
        return unknown(frame, run) if function is MISSING else function

    return variable


def literal_value(node: Node) -> Value:
    """Return the value of a number, string or temporal literal.

    None for any other node, or if it has no value.
    """
    if type(node) is Number:
        value = CONTEXT.plus(node.value)
        return value if value.is_finite() else None
    if type(node) is String:
        return node.value
    return temporal.parse_literal(node.text) if type(node) is At else None


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


def _comparison(compiler: Compiler, node: Comparison, scope: Scope) -> Code:
    left, right = compiler.code(node.left, scope), compiler.code(node.right, scope)
    fixed = literal_value(node.right)
    return comparison(compiler.place(node), node.sign, left, right, fixed)


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


def _instance_of(compiler: Compiler, node: InstanceOf, scope: Scope) -> Code:
    value = compiler.code(node.value, scope)
    kind = resolve(node.type, compiler.find_type)
    place = compiler.place(node)
    if kind is None:
        return lambda _frame, run: run.note("wrong_type", place, type="unknown")

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
    InstanceOf: _instance_of,
}
