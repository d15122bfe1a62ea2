"""Decision tables at work: inputs once, rules from top to bottom, then the hit policy."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.dmn import hit_policy
from engine.dmn.decided import EvaluatedInput, MatchedRule
from engine.dmn.hit_policy import Outputs, Violated
from engine.dmn.model import InputColumn, OutputColumn, Rule, TableBox, Text
from engine.dmn.program import Linked
from engine.dmn.scope import Formula, Judge, Scope, Spot, Test
from engine.dmn.types import ItemType
from engine.feel import Fault
from engine.feel.compiler import Frame
from engine.feel.expression import input_frame
from engine.feel.types import ListType, Type
from engine.feel.values import Value

_ANYTHING = ("", "-")


@dataclass(frozen=True, slots=True)
class _Input:
    id: str | None
    label: str
    value: Formula
    allowed: Test | None


@dataclass(frozen=True, slots=True)
class _Output:
    name: str
    allowed: Test | None
    default: Formula | None
    priorities: Formula | None


@dataclass(frozen=True, slots=True)
class _Rule:
    id: str | None
    index: int
    tests: tuple[tuple[int, Test], ...]
    results: tuple[Formula | None, ...]


_PreparedRule = tuple[_Rule, list[tuple[int, Judge, Test]]]


class Table:
    """A compiled decision table; it is called with a scope and gives its answer there."""

    def __init__(self, box: TableBox, linked: Linked, known: frozenset[str]) -> None:
        """``known`` are the names in scope that are no plain identifiers."""
        self.box = box
        self._linked = linked
        self._known = known
        self._spot = Spot(box.element_id)
        self._inputs = [self._input(column) for column in box.inputs]
        self._outputs = [self._output(column) for column in box.outputs]
        self._rules = [self._rule(rule, index) for index, rule in enumerate(box.rules, start=1)]
        self._prepared, self._price = _prepared(self._rules)
        self._stops_at_first = box.hit_policy == "FIRST"

    def typed(self, result: Type | None) -> Table:
        """Take the order of priority from the type of the result where the columns say nothing; return the
        table.
        """
        for at, (output, column) in enumerate(zip(self._outputs, self.box.outputs, strict=True)):
            if output.priorities is None:
                order = self._order_by_type(result, column)
                self._outputs[at] = _Output(output.name, output.allowed, output.default, order)
        return self

    def _input(self, column: InputColumn) -> _Input:
        kind = self._linked.types.find(column.expression.type_ref)
        formula = Formula(column.expression, self._linked, self._known, result=kind, column=column.label)
        return _Input(
            column.element_id, column.label, formula, self._test(column.allowed, None, column.label)
        )

    def _output(self, column: OutputColumn) -> _Output:
        default = None if column.default is None else self._result(column.default, column, None)
        order = self._order(column.allowed)
        for name in (column.type_ref, self.box.type_ref):
            order = order or self._order_by_type(self._linked.types.find(name), column)
        return _Output(column.name, self._test(column.allowed, None, column.name), default, order)

    def _order_by_type(self, kind: Type | None, column: OutputColumn) -> Formula | None:
        if isinstance(kind, ListType):
            kind = kind.of
        if isinstance(kind, ItemType) and len(self.box.outputs) > 1:
            kind = kind.component(column.name) or kind
        return self._order(kind.allowed_text) if isinstance(kind, ItemType) else None

    def _order(self, allowed: Text | None) -> Formula | None:
        if allowed is None:
            return None
        return Formula(Text(f"[{allowed.text}\n]", allowed.element_id), self._linked, self._known)

    def _rule(self, rule: Rule, index: int) -> _Rule:
        tests = tuple(
            (at, test)
            for at, (cell, column) in enumerate(zip(rule.conditions, self.box.inputs, strict=False))
            if (test := self._test(cell, rule.element_id, column.label)) is not None
        )
        results = tuple(
            self._result(cell, column, rule.element_id)
            for cell, column in zip(rule.results, self.box.outputs, strict=False)
        )
        return _Rule(rule.element_id, index, tests, results)

    def _test(self, cell: Text | None, rule_id: str | None, column: str) -> Test | None:
        if cell is None or cell.text.strip() in _ANYTHING:
            return None
        return Test(cell, self._linked, self._known, rule_id=rule_id, column=column)

    def _result(self, cell: Text, column: OutputColumn, rule_id: str | None) -> Formula | None:
        if cell.text.strip() in _ANYTHING:
            return None
        kind = self._linked.types.find(column.type_ref)
        return Formula(cell, self._linked, self._known, result=kind, rule_id=rule_id, column=column.name)

    def __call__(self, scope: Scope) -> Value:
        """Return the answer for this scope and leave what happened in the evaluation's trace."""
        values = [self._value_of(column, scope) for column in self._inputs]
        matched = self._matching(values, scope)
        hits = [self._outputs_of(rule, scope) for rule in matched]
        answer = self._answer(matched, hits, scope) if matched else self._without_match(scope)
        inputs = tuple(
            EvaluatedInput(column.id, column.label, value)
            for column, value in zip(self._inputs, values, strict=True)
        )
        rules = tuple(
            MatchedRule(rule.id, rule.index, outputs) for rule, outputs in zip(matched, hits, strict=True)
        )
        scope.evaluation.table_done(self, inputs, rules, answer)
        return answer

    def _value_of(self, column: _Input, scope: Scope) -> Value:
        value = column.value(scope)
        if column.allowed is not None and not _allowed(value, column.allowed, scope):
            scope.evaluation.note("value_not_allowed", Spot(column.id, column=column.label))
            return None
        return value

    def _matching(self, values: list[Value], scope: Scope) -> list[_Rule]:
        """Return the rules whose cells all pass, top to bottom, cells left to right until one fails."""
        if scope.odd or self._prepared is None:
            return self._matching_by_names(values, scope)
        run = scope.evaluation.run
        run.budget.charge(self._price)
        frames = [input_frame(value, scope.variables) for value in values]
        outer, run.notes = run.notes, []
        try:
            return self._judged(values, frames, scope)
        finally:
            run.notes = outer

    def _judged(self, values: list[Value], frames: list[Frame], scope: Scope) -> list[_Rule]:
        run = scope.evaluation.run
        notes = run.notes
        matched = []
        for rule, cells in self._prepared or ():
            for at, judge, test in cells:
                passed = judge(values[at], frames[at], run)
                if notes:
                    scope.evaluation.take_notes(0, test)
                if passed is not True:
                    break
            else:
                matched.append(rule)
                if self._stops_at_first:
                    break
        return matched

    def _matching_by_names(self, values: list[Value], scope: Scope) -> list[_Rule]:
        """The same where names inside the data decide how a cell is read."""
        matched = []
        for rule in self._rules:
            if all(test.passes(values[at], scope) for at, test in rule.tests):
                matched.append(rule)
                if self._stops_at_first:
                    break
        return matched

    def _outputs_of(self, rule: _Rule, scope: Scope) -> Outputs:
        outputs: dict[str, Value] = {}
        for column, result in zip(self._outputs, rule.results, strict=False):
            value = None if result is None else result(scope)
            if column.allowed is not None and not _allowed(value, column.allowed, scope):
                spot = Spot(self.box.element_id, rule.id, column.name)
                scope.evaluation.note("value_not_allowed", spot)
                value = None
            outputs[column.name] = value
        return outputs

    def _answer(self, matched: list[_Rule], hits: list[Outputs], scope: Scope) -> Value:
        policy, aggregation = self.box.hit_policy, self.box.aggregation
        evaluation = scope.evaluation
        try:
            order = hit_policy.chosen(policy, hits, self._priorities(scope), evaluation.run)
        except Violated:
            rules = [rule.id or str(rule.index) for rule in matched]
            evaluation.note("hit_policy_violated", self._spot, policy=policy, rules=rules)
            return None
        answers = [self._shaped(hits[at]) for at in order]
        if policy not in hit_policy.MULTIPLE:
            return answers[0]
        evaluation.run.budget.make(len(answers))
        if aggregation is None:
            return answers
        try:
            return hit_policy.aggregated(aggregation, answers, evaluation.run)
        except Fault as fault:
            evaluation.note(fault.code, self._spot, severity=fault.severity, **fault.facts)
            return None

    def _priorities(self, scope: Scope) -> list[list[Value]]:
        if self.box.hit_policy not in ("PRIORITY", "OUTPUT ORDER"):
            return []
        orders = []
        for column in self._outputs:
            order = None if column.priorities is None else column.priorities(scope)
            orders.append(order if type(order) is list else [])
        return orders

    def _shaped(self, outputs: Outputs) -> Value:
        """Several outputs are a context, a single one is its value."""
        return dict(outputs) if len(self._outputs) > 1 else next(iter(outputs.values()), None)

    def _without_match(self, scope: Scope) -> Value:
        if self.box.aggregation == "COUNT":
            return Decimal(0)
        if all(column.default is None for column in self._outputs):
            scope.evaluation.note(
                "no_rule_matched", self._spot, severity="warning", policy=self.box.hit_policy
            )
            return None
        return self._shaped(
            {
                column.name: None if column.default is None else column.default(scope)
                for column in self._outputs
            }
        )


def _prepared(rules: list[_Rule]) -> tuple[list[_PreparedRule] | None, int]:
    """Return the closures of each rule's cells and what a round through all costs; None if a cell cannot be
    read.
    """
    prepared: list[_PreparedRule] = []
    price = 0
    for rule in rules:
        cells = []
        for at, test in rule.tests:
            parts = test.parts
            if parts is None:
                return None, 0
            price += parts[1]
            cells.append((at, parts[0], test))
        prepared.append((rule, cells))
    return prepared, price


def _allowed(value: Value, allowed: Test, scope: Scope) -> bool:
    """Say whether the value, or every item of a list, is allowed; null always is."""
    if type(value) is list:
        return all(item is None or allowed.passes(item, scope) for item in value)
    return value is None or allowed.passes(value, scope)
