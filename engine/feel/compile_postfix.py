"""Closures for what follows a value: paths, filters and calls."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from engine.feel import temporal
from engine.feel.calls import call
from engine.feel.compiler import EMPTY, Code, Compiler, Frame, Rule, Scope
from engine.feel.library import BuiltIn
from engine.feel.names import nearest
from engine.feel.notes import Fault, Place, Severity
from engine.feel.run import Run
from engine.feel.syntax import (
    Between,
    Boolean,
    CallStep,
    Comparison,
    FilterStep,
    In,
    InstanceOf,
    Logic,
    Minus,
    Name,
    Node,
    Number,
    PathStep,
    Postfix,
    Quantified,
)
from engine.feel.values import MISSING, TEMPORAL, Function, Range, Value, kind_of

Step = Callable[[Value, Frame, Run], Value]
_ASKING: Final = frozenset(("is defined", "get or else"))
_CONDITIONS: Final = (Comparison, Logic, Boolean, Between, In, InstanceOf, Quantified)


def _postfix(compiler: Compiler, node: Postfix, scope: Scope) -> Code:
    steps = [_STEPS[type(step)](compiler, step, scope) for step in node.steps]
    compiler.size += len(steps)
    first = node.steps[0]
    if type(node.base) is Name and node.base.name in _ASKING and type(first) is CallStep:
        steps[0] = _asking(compiler, first, scope)
    base = _base(compiler, node, scope)
    if len(steps) == 1:
        (only,) = steps
        return lambda frame, run: only(base(frame, run), frame, run)

    def follow(frame: Frame, run: Run) -> Value:
        value = base(frame, run)
        for step in steps:
            value = step(value, frame, run)
        return value

    return follow


def _base(compiler: Compiler, node: Postfix, scope: Scope) -> Code:
    """The list a loop is still making may be filtered where it is.

    What is called may be a built-in by its name.
    """
    if type(node.base) is Name:
        called = type(node.steps[0]) is CallStep
        read, growing = compiler.lookup(node.base, scope, called=called)
        if growing and type(node.steps[0]) is FilterStep:
            return read
        if called:
            return _called(compiler, node.base, read)
    return compiler.code(node.base, scope)


def _called(compiler: Compiler, node: Name, read: Code) -> Code:
    """A variable that is no function does not hide the built-in function of its name."""
    function = compiler.functions.get(node.name, MISSING)
    place = compiler.place(node)
    name, functions = node.name, compiler.functions
    compiler.size += 1

    def find(frame: Frame, run: Run) -> Value:
        value = read(frame, run)
        if type(value) is Function or (value is not MISSING and function is MISSING):
            return value
        if function is MISSING and run.is_news("unknown_function", place):
            run.note("unknown_function", place, name=name, nearest=nearest(name, functions))
        return function

    return find


def _path(compiler: Compiler, step: PathStep, _scope: Scope) -> Step:
    key, place = step.name, compiler.place(step)

    def path(value: Value, frame: Frame, run: Run) -> Value:  # noqa: ARG001
        if type(value) is dict:
            found = value.get(key, MISSING)
            if found is not MISSING:
                return found
        return property_of(value, key, run, place)

    return path


def property_of(value: Value, key: str, run: Run, place: Place) -> Value:
    """Return an entry or property; a list answers item by item; what is not there is null with a note."""
    if type(value) is list:
        run.budget.make(len(value))
        return [property_of(item, key, run, place) for item in value]
    if type(value) is dict:
        found = value.get(key, MISSING)
    elif type(value) in TEMPORAL:
        found = temporal.property_of(value, key)
    elif type(value) is Range:
        found = _of_range(value, key)
    else:
        found = MISSING
    if found is not MISSING:
        return found
    if not run.is_news("unknown_property", place):
        return None
    known = value if type(value) is dict else ()
    severity: Severity = "warning" if value is None or type(value) is dict else "error"
    facts: dict[str, Any] = {"name": key, "of": kind_of(value), "nearest": nearest(key, known)}
    return run.note("unknown_property", place, severity, **facts)


def _of_range(value: Range, key: str) -> Value:
    if key == "start":
        return value.start
    if key == "end":
        return value.end
    if key == "start included":
        return value.start_included
    return value.end_included if key == "end included" else MISSING


def _filter(compiler: Compiler, step: FilterStep, scope: Scope) -> Step:
    inner = Scope(None, Scope(frozenset(("item",)), scope))
    condition, size = compiler.sized(step.condition, inner)
    fixed = _fixed_index(step.condition)
    if fixed is not None:
        place = compiler.place(step)
        return lambda value, _frame, run: item_at(value, fixed, run, place)
    decides = isinstance(step.condition, _CONDITIONS)
    place = compiler.place(step)

    def keep(value: Value, frame: Frame, run: Run) -> Value:
        if value is None:
            return run.note("wrong_type", place, "warning", expected="list", found="null")
        items = value if type(value) is list else [value]
        if not items:
            answer = (
                None if decides else condition((EMPTY, ({"item": None}, frame)), Run(run.moment, run.budget))
            )
            return item_at(items, answer, run, place) if type(answer) is Decimal else []
        return _kept(items, condition, size + 2, frame, run, place)

    return keep


def _kept(items: list[Value], condition: Code, cost: int, frame: Frame, run: Run, place: Place) -> Value:
    kept: list[Value] = []
    budget = run.budget
    for index, item in enumerate(items):
        budget.charge(cost)
        entries = item if type(item) is dict else EMPTY
        answer = condition((entries, ({"item": item}, frame)), run)
        if answer is True:
            budget.make(1)
            kept.append(item)
        elif index == 0 and type(answer) is Decimal:
            return item_at(items, answer, run, place)
    return kept


def _fixed_index(node: Node) -> Decimal | None:
    if type(node) is Number:
        return node.value
    if type(node) is Minus and type(node.operand) is Number:
        return -node.operand.value
    return None


def item_at(value: Value, index: Decimal, run: Run, place: Place) -> Value:
    """Return the item at ``index``, from 1, negative from the end; null with a note if there is none."""
    if value is None:
        return run.note("wrong_type", place, "warning", expected="list", found="null")
    items = value if type(value) is list else [value]
    if index == index.to_integral_value() and 0 < abs(index) <= len(items):
        at = int(index)
        return items[at - 1 if at > 0 else at]
    return run.note("wrong_arguments", place, "warning", reason="there is no item at this index")


def _call(compiler: Compiler, step: CallStep, scope: Scope) -> Step:
    return _applied(compiler, step, [compiler.code(argument, scope) for argument in step.arguments])


def _asking(compiler: Compiler, step: CallStep, scope: Scope) -> Step:
    """The call of a function that asks whether its first argument is there: what is not leaves no note."""
    arguments = [compiler.code(argument, scope) for argument in step.arguments]
    if arguments:
        arguments[0] = _quiet(arguments[0])
    return _applied(compiler, step, arguments)


def _quiet(code: Code) -> Code:
    def without_notes(frame: Frame, run: Run) -> Value:
        return code(frame, Run(run.moment, run.budget))

    return without_notes


def _applied(compiler: Compiler, step: CallStep, arguments: list[Code]) -> Step:
    names, place = step.names, compiler.place(step)

    def apply(function: Value, frame: Frame, run: Run) -> Value:
        values = [argument(frame, run) for argument in arguments]
        if function is MISSING:
            return None
        try:
            if type(function) is BuiltIn:
                return function.invoke(run, values, names)
            return call(run, function, values, names)
        except Fault as fault:
            return run.fault(fault, place)

    return apply


_STEPS: Final[dict[type, Callable[[Compiler, Any, Scope], Step]]] = {
    PathStep: _path,
    FilterStep: _filter,
    CallStep: _call,
}
RULES: Final[dict[type, Rule]] = {Postfix: _postfix}
