"""Boxed expressions at work: each becomes a closure over the scope it is evaluated in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from engine.dmn.model import (
    Boxed,
    ConditionalBox,
    ContextBox,
    FilterBox,
    FunctionBox,
    InvocationBox,
    IterationBox,
    ListBox,
    LiteralBox,
    RelationBox,
    TableBox,
    Variable,
)
from engine.dmn.program import Linked
from engine.dmn.scope import Code, Formula, Scope, Spot, converted
from engine.dmn.table import Table
from engine.dmn.walk import boxes_in
from engine.feel import Fault, Function, Parameter, call, is_plain, kind_of
from engine.feel.iteration import rounds_of
from engine.feel.run import Run
from engine.feel.values import Value

_CALL: Final = 12
"""Steps a call costs beside the body it runs."""

Compile = Callable[[Any, Linked, frozenset[str]], Code]


def compiled(box: Boxed | None, linked: Linked, known: frozenset[str]) -> Code:
    """Return the closure of a boxed expression; ``known`` are the names in scope that are no plain
    identifiers.
    """
    if box is None:
        return _nothing
    code = _COMPILERS[type(box)](box, linked, known)
    kind = None if isinstance(box, LiteralBox | TableBox) else linked.types.find(box.type_ref)
    if kind is None:
        return code
    spot = Spot(box.element_id)
    return lambda scope: converted(code(scope), kind, scope.evaluation, spot)


def with_names(known: frozenset[str], names: Sequence[str]) -> frozenset[str]:
    """Return ``known`` and those of ``names`` that are no plain identifiers."""
    odd = {name for name in names if not is_plain(name)}
    return known | odd if odd else known


def _nothing(scope: Scope) -> Value:  # noqa: ARG001 - all closures share one shape
    return None


def _literal(box: LiteralBox, linked: Linked, known: frozenset[str]) -> Code:
    if not box.text.text.strip():
        return _nothing
    return Formula(box.text, linked, known, result=linked.types.find(box.type_ref))


def _table(box: TableBox, linked: Linked, known: frozenset[str]) -> Code:
    return Table(box, linked, known)


def _context(box: ContextBox, linked: Linked, known: frozenset[str]) -> Code:
    """Entries see those before them; a function sees itself, as its scope has grown by when it is called."""
    entries = []
    for variable, part in box.entries:
        known = with_names(known, [variable.name])
        spot = Spot(box.element_id, column=variable.name)
        kind = linked.types.find(variable.type_ref)
        entries.append((variable.name, compiled(part, linked, known), kind, spot))
    result = None if box.result is None else compiled(box.result, linked, known)

    def make(scope: Scope) -> Value:
        evaluation = scope.evaluation
        evaluation.run.budget.make(len(entries))
        variables = dict(scope.variables)
        inner = Scope(evaluation, variables, scope.odd)
        made: dict[str, Value] = {}
        for name, code, kind, spot in entries:
            value = converted(code(inner), kind, evaluation, spot)
            made[name] = variables[name] = value
            if type(value) is dict or type(value) is list:
                inner.odd |= evaluation.odd.inside(value)
        return made if result is None else result(inner)

    return make


def _invocation(box: InvocationBox, linked: Linked, known: frozenset[str]) -> Code:
    callee = compiled(box.callee, linked, known)
    names = [variable.name for variable, _ in box.bindings]
    kinds = [linked.types.find(variable.type_ref) for variable, _ in box.bindings]
    arguments = [compiled(part, linked, known) for _, part in box.bindings]
    spot = Spot(box.element_id)

    def invoke(scope: Scope) -> Value:
        evaluation = scope.evaluation
        function = callee(scope)
        values = [
            converted(argument(scope), kind, evaluation, spot)
            for argument, kind in zip(arguments, kinds, strict=True)
        ]
        try:
            return call(evaluation.run, function, values, names)
        except Fault as fault:
            evaluation.note(fault.code, spot, severity=fault.severity, **fault.facts)
            return None

    return invoke


def _list(box: ListBox, linked: Linked, known: frozenset[str]) -> Code:
    items = [compiled(item, linked, known) for item in box.items]

    def make(scope: Scope) -> Value:
        scope.evaluation.run.budget.make(len(items))
        return [item(scope) for item in items]

    return make


def _relation(box: RelationBox, linked: Linked, known: frozenset[str]) -> Code:
    columns = [
        (column.name, linked.types.find(column.type_ref), Spot(box.element_id, column=column.name))
        for column in box.columns
    ]
    rows = [[compiled(cell, linked, known) for cell in row] for row in box.rows]

    def make(scope: Scope) -> Value:
        evaluation = scope.evaluation
        evaluation.run.budget.make(len(rows) * (1 + len(columns)))
        return [
            {
                name: converted(cell(scope), kind, evaluation, spot)
                for (name, kind, spot), cell in zip(columns, row, strict=False)
            }
            for row in rows
        ]

    return make


def _function(box: FunctionBox, linked: Linked, known: frozenset[str]) -> Code:
    make = function_maker(box, linked, known)
    return lambda scope: make(scope, "")


def function_maker(
    box: FunctionBox, linked: Linked, known: frozenset[str], result: Any = None
) -> Callable[[Scope, str], Value]:
    """Return what makes the function value in a scope; ``result`` is the type its result is converted to."""
    spot = Spot(box.element_id)
    if box.kind != "FEEL":

        def refuse(scope: Scope, name: str) -> Value:  # noqa: ARG001
            scope.evaluation.note("external_refused", spot, kind=box.kind)

        return refuse
    names = [parameter.name for parameter in box.parameters]
    parameters = tuple(_parameter(parameter, linked) for parameter in box.parameters)
    code = compiled(box.body, linked, with_names(known, names))

    def make(scope: Scope, name: str) -> Value:
        def body(run: Run, values: list[Value]) -> Value:
            run.budget.charge(_CALL + len(scope.variables))
            inner = scope.having(dict(zip(names, values, strict=True)))
            return converted(code(inner), result, scope.evaluation, spot)

        return Function(parameters, body, name, result)

    return make


def _parameter(variable: Variable, linked: Linked) -> Parameter:
    return Parameter(variable.name, linked.types.find(variable.type_ref))


def _conditional(box: ConditionalBox, linked: Linked, known: frozenset[str]) -> Code:
    condition, then, otherwise = (
        compiled(part, linked, known) for part in (box.condition, box.then, box.otherwise)
    )
    spot = Spot(box.element_id)

    def choose(scope: Scope) -> Value:
        answer = condition(scope)
        if answer is True:
            return then(scope)
        if answer is False or answer is None:
            return otherwise(scope)
        scope.evaluation.note("wrong_type", spot, expected="boolean", found=kind_of(answer))
        return None

    return choose


def _filter(box: FilterBox, linked: Linked, known: frozenset[str]) -> Code:
    """A condition that is neither true, false nor null makes the whole null."""
    source, match = compiled(box.source, linked, known), compiled(box.match, linked, known)
    spot = Spot(box.element_id)

    def keep(scope: Scope) -> Value:
        evaluation = scope.evaluation
        budget = evaluation.run.budget
        value = source(scope)
        if value is None:
            evaluation.note("wrong_type", spot, severity="warning", expected="list", found="null")
            return None
        kept: list[Value] = []
        items = value if type(value) is list else [value]
        odd = evaluation.odd.inside_all(items)
        for item in items:
            budget.charge(1 + len(scope.variables))
            entries = item if type(item) is dict else {}
            answer = match(scope.having({"item": item, **entries}, odd))
            if answer is True:
                budget.make(1)
                kept.append(item)
            elif answer is not False and answer is not None:
                evaluation.note("wrong_type", spot, expected="boolean", found=kind_of(answer))
                return None
        return kept

    return keep


def _iteration(box: IterationBox, linked: Linked, known: frozenset[str]) -> Code:
    source = _domain(box.source, linked, known)
    body = compiled(box.body, linked, with_names(known, [box.variable]))
    spot = Spot(box.element_id)
    go_round = _for(box, body) if box.kind == "for" else _quantified(box, body, spot)

    def iterate(scope: Scope) -> Value:
        domain = source(scope)
        odd = scope.evaluation.odd.inside(domain)
        try:
            return go_round(domain, scope, odd)
        except Fault as fault:
            scope.evaluation.note(fault.code, spot, severity=fault.severity, **fault.facts)
            return None

    return iterate


def _domain(box: Boxed | None, linked: Linked, known: frozenset[str]) -> Code:
    """A domain may be written as in FEEL's own ``for``: ``1..5`` is none of its expressions."""
    if isinstance(box, LiteralBox) and ".." in box.text.text:
        spelled = replace(box.text, text=f"for item in {box.text.text}\n return item")
        formula = Formula(spelled, linked, known, result=linked.types.find(box.type_ref))
        if formula.is_readable:
            return formula
    return compiled(box, linked, known)


def _for(box: IterationBox, body: Code) -> Callable[[Value, Scope, frozenset[str]], Value]:
    partial = any(isinstance(part, LiteralBox) and "partial" in part.text.text for part in boxes_in(box.body))
    partial = partial or any(isinstance(part, TableBox) for part in boxes_in(box.body))

    def collect(domain: Value, scope: Scope, odd: frozenset[str]) -> Value:
        made: list[Value] = []
        budget = scope.evaluation.run.budget
        for item in rounds_of(domain):
            budget.make(1)
            budget.charge(len(scope.variables))
            more = {box.variable: item}
            if partial:
                budget.make(len(made))
                more["partial"] = list(made)
                odd |= scope.evaluation.odd.inside_all(made[-1:])
            made.append(body(scope.having(more, odd)))
        return made

    return collect


def _quantified(box: IterationBox, body: Code, spot: Spot) -> Callable[[Value, Scope, frozenset[str]], Value]:
    decisive = box.kind == "some"

    def judge(domain: Value, scope: Scope, odd: frozenset[str]) -> Value:
        result: bool | None = not decisive
        budget = scope.evaluation.run.budget
        for item in rounds_of(domain):
            budget.charge(1 + len(scope.variables))
            answer = body(scope.having({box.variable: item}, odd))
            if answer is decisive:
                return decisive
            if answer is None:
                result = None
            elif type(answer) is not bool:
                scope.evaluation.note("wrong_type", spot, expected="boolean", found=kind_of(answer))
                return None
        return result

    return judge


_COMPILERS: Final[dict[type, Compile]] = {
    LiteralBox: _literal,
    TableBox: _table,
    ContextBox: _context,
    InvocationBox: _invocation,
    ListBox: _list,
    RelationBox: _relation,
    FunctionBox: _function,
    ConditionalBox: _conditional,
    FilterBox: _filter,
    IterationBox: _iteration,
}
