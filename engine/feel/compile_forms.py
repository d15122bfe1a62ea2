"""Closures for lists, ranges, contexts, functions, ``if``, ``for``, ``some`` and ``every``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from engine.feel.compile_operators import constant, literal_value
from engine.feel.compiler import Code, Compiler, Frame, Rule, Scope
from engine.feel.iteration import rounds_between, rounds_of
from engine.feel.logic import compare
from engine.feel.notes import Fault, Place, Severity
from engine.feel.run import Run
from engine.feel.syntax import (
    ContextLiteral,
    For,
    FunctionLiteral,
    If,
    ListLiteral,
    Quantified,
    RangeLiteral,
    SignRange,
    mentions,
)
from engine.feel.syntax import Iterator as IteratorNode
from engine.feel.types import resolve, type_of
from engine.feel.values import Function, Parameter, Range, Value, kind_of

Domain = Callable[[Frame, Run], Iterable[Value]]


def _list(compiler: Compiler, node: ListLiteral, scope: Scope) -> Code:
    items = [compiler.code(item, scope) for item in node.items]
    length = len(items)

    def make(frame: Frame, run: Run) -> Value:
        run.budget.make(length)
        return [item(frame, run) for item in items]

    return make


def _range(compiler: Compiler, node: RangeLiteral, scope: Scope) -> Code:
    low, high = compiler.code(node.low, scope), compiler.code(node.high, scope)
    place = compiler.place(node)
    low_included, high_included = node.low_included, node.high_included
    first, last = literal_value(node.low), literal_value(node.high)
    if first is not None and last is not None and compare(first, last) is not None:
        return constant(Range(first, last, low_included, high_included))

    def make(frame: Frame, run: Run) -> Value:
        start, end = low(frame, run), high(frame, run)
        if compare(start, end) is None:
            severity: Severity = "warning" if start is None or end is None else "error"
            return run.note("not_comparable", place, severity, start=kind_of(start), end=kind_of(end))
        return Range(start, end, low_included, high_included)

    return make


def sign_range(sign: str, value: Value) -> Range:
    """Return the range of ``(< value)`` and its like."""
    if sign == "=":
        return Range(value, value)
    if sign == "!=":
        return Range(value, value, False, False, negated=True)
    included = sign.endswith("=")
    if sign.startswith("<"):
        return Range(None, value, start_included=False, end_included=included)
    return Range(value, None, start_included=included, end_included=False)


def _sign_range(compiler: Compiler, node: SignRange, scope: Scope) -> Code:
    operand = compiler.code(node.operand, scope)
    place, sign = compiler.place(node), node.sign

    def make(frame: Frame, run: Run) -> Value:
        value = operand(frame, run)
        if compare(value, value) is None:
            return run.note(
                "wrong_type", place, "warning" if value is None else "error", operand=kind_of(value)
            )
        return sign_range(sign, value)

    return make


def _context(compiler: Compiler, node: ContextLiteral, scope: Scope) -> Code:
    """Entries see those before them; a function sees itself, so that it may call itself."""
    entries: list[tuple[str, Code]] = []
    known: set[str] = set()
    for entry in node.entries:
        own = {entry.key} if isinstance(entry.value, FunctionLiteral) else set()
        code = compiler.code(entry.value, Scope(frozenset(known | own), scope))
        entries.append((entry.key, code))
        known.add(entry.key)
    place = compiler.place(node)
    if len(known) < len(entries):
        return lambda _frame, run: run.note("wrong_arguments", place, reason="a key is given twice")
    length = len(entries)

    def make(frame: Frame, run: Run) -> Value:
        run.budget.make(length)
        made: dict[str, Value] = {}
        inner = (made, frame)
        for key, code in entries:
            made[key] = code(inner, run)
        return made

    return make


def _function(compiler: Compiler, node: FunctionLiteral, scope: Scope) -> Code:
    place = compiler.place(node)
    if node.external:
        return lambda _frame, run: run.note("external_refused", place)
    types = [resolve(part.type, compiler.find_type) if part.type else None for part in node.parameters]
    names = tuple(part.name for part in node.parameters)
    parameters = tuple(Parameter(name, kind) for name, kind in zip(names, types, strict=True))
    code, size = compiler.sized(node.body, Scope(frozenset(names), scope))
    result = type_of(node.body, {part.name: kind for part, kind in zip(node.parameters, types, strict=True)})

    def make(frame: Frame, run: Run) -> Value:  # noqa: ARG001
        def body(run: Run, values: list[Value]) -> Value:
            run.budget.charge(size)
            return code((dict(zip(names, values, strict=True)), frame), run)

        return Function(parameters, body, result=result)

    return make


def _if(compiler: Compiler, node: If, scope: Scope) -> Code:
    condition = compiler.code(node.condition, scope)
    then, otherwise = compiler.code(node.then, scope), compiler.code(node.otherwise, scope)
    place = compiler.place(node.condition)

    def choose(frame: Frame, run: Run) -> Value:
        answer = condition(frame, run)
        if answer is True:
            return then(frame, run)
        if answer is not False:
            severity: Severity = "warning" if answer is None else "error"
            run.note("wrong_type", place, severity, expected="boolean", found=kind_of(answer))
        return otherwise(frame, run)

    return choose


def _domain(compiler: Compiler, node: IteratorNode, scope: Scope) -> tuple[str, Domain]:
    start = compiler.code(node.domain, scope)
    if node.to is None:
        return node.name, lambda frame, run: rounds_of(start(frame, run))
    end = compiler.code(node.to, scope)
    return node.name, lambda frame, run: rounds_between(start(frame, run), end(frame, run))


def _nested(
    compiler: Compiler, iterators: tuple[IteratorNode, ...], scope: Scope, *, growing: bool
) -> tuple[list[tuple[str, Domain]], Scope]:
    """Return the domains, and the scope of the body: a later iterator sees the earlier ones."""
    domains = []
    for index, iterator in enumerate(iterators):
        domains.append(_domain(compiler, iterator, scope))
        names = {iterator.name}
        grows = growing and index == len(iterators) - 1 and iterator.name != "partial"
        scope = Scope(frozenset(names | {"partial"} if grows else names), scope, growing=grows)
    return domains, scope


def _frames(
    domains: list[tuple[str, Domain]], frame: Frame, run: Run, cost: int, partial: list[Value] | None
) -> Iterator[Frame]:
    """Yield the frame of every round, having paid for it."""
    name, domain = domains[0]
    charge = run.budget.charge
    if len(domains) > 1:
        for item in domain(frame, run):
            charge(1)
            yield from _frames(domains[1:], ({name: item}, frame), run, cost, partial)
    elif partial is None:
        for item in domain(frame, run):
            charge(cost)
            yield {name: item}, frame
    else:
        for item in domain(frame, run):
            charge(cost)
            yield {"partial": partial, name: item}, frame


def _for(compiler: Compiler, node: For, scope: Scope) -> Code:
    growing = mentions(node.body, "partial")
    domains, inner = _nested(compiler, node.iterators, scope, growing=growing)
    body, size = compiler.sized(node.body, inner)
    place = compiler.place(node)

    def loop(frame: Frame, run: Run) -> Value:
        made: list[Value] = []
        make = run.budget.make
        try:
            for inside in _frames(domains, frame, run, size, made if growing else None):
                make(1)
                made.append(body(inside, run))
        except Fault as fault:
            return run.fault(fault, place)
        return made

    return loop


def _quantified(compiler: Compiler, node: Quantified, scope: Scope) -> Code:
    domains, inner = _nested(compiler, node.iterators, scope, growing=False)
    condition, size = compiler.sized(node.condition, inner)
    place = compiler.place(node)
    return _judge(domains, condition, size + 1, place, decisive=node.word == "some")


def _judge(
    domains: list[tuple[str, Domain]], condition: Code, cost: int, place: Place, *, decisive: bool
) -> Code:
    def judge(frame: Frame, run: Run) -> Value:
        result: bool | None = not decisive
        try:
            for inside in _frames(domains, frame, run, cost, None):
                answer = condition(inside, run)
                if answer is decisive:
                    return decisive
                if type(answer) is not bool:
                    result = None
        except Fault as fault:
            return run.fault(fault, place)
        return result

    return judge


RULES: Final[dict[type, Rule]] = {
    ListLiteral: _list,
    RangeLiteral: _range,
    SignRange: _sign_range,
    ContextLiteral: _context,
    FunctionLiteral: _function,
    If: _if,
    For: _for,
    Quantified: _quantified,
}
