"""One request under way: each decision once, functions for knowledge and services, notes and trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine.dmn.decided import DecisionNote, EvaluatedDecision, EvaluatedInput, MatchedRule
from engine.dmn.elements import (
    Need,
    Ready,
    ReadyKnowledge,
    decision_ready,
    knowledge_ready,
    service_ready,
)
from engine.dmn.model import Decision, DecisionService, Element, InputData, KnowledgeModel
from engine.dmn.odd_names import NO_NAMES, OddNames
from engine.dmn.program import Linked
from engine.dmn.scope import Placed, Scope, Spot, converted
from engine.dmn.table import Table
from engine.feel import Function, Parameter, inward
from engine.feel.notes import Severity
from engine.feel.run import Run
from engine.feel.values import MISSING, Value

MOST_NOTES: Final = 100
MOST_TRACED: Final = 500

Key = tuple[str, str]


class _Under:
    """A decision being made, with what its own table has to tell."""

    __slots__ = ("decision", "inputs", "matched", "table")

    def __init__(self, decision: Decision | None, table: object) -> None:
        self.decision = decision
        self.table = table
        self.inputs: tuple[EvaluatedInput, ...] | None = None
        self.matched: tuple[MatchedRule, ...] = ()


class Log:
    """Notes and trace of a request, shared by the services called in it."""

    __slots__ = ("notes", "odd", "trace", "under")

    def __init__(self, run: Run) -> None:
        """Start with nothing."""
        self.odd = OddNames(run.budget)
        self.notes: list[DecisionNote] = []
        self.trace: list[EvaluatedDecision] = []
        self.under = _Under(None, None)


class Evaluation:
    """The values worked out so far for one set of inputs."""

    def __init__(self, run: Run, given: Mapping[str, Mapping[str, Any]], root: Linked, log: Log) -> None:
        """``given`` are the inputs by namespace of their model, then by name; ``root`` is the model asked."""
        self.run = run
        self.given = given
        self.root = root
        self.log = log
        self.values: dict[Key, Value] = {}
        self.odd = log.odd

    def decision(self, linked: Linked, decision: Decision) -> Value:
        """Return the decision's value, worked out once."""
        key = (linked.model.namespace, decision.id)
        if key in self.values:
            return self.values[key]
        ready = decision_ready(linked, decision)
        log = self.log
        scope = self._scope(ready)
        above, under = log.under, _Under(decision, ready.code)
        log.under = under
        try:
            value = None if ready.code is None else ready.code(scope)
            if ready.result is not None:
                value = converted(value, ready.result, self, Spot(decision.id))
        finally:
            log.under = above
        self.values[key] = value
        self._trace_decision(decision, under, scope, value)
        return value

    def _trace_decision(self, decision: Decision, under: _Under, scope: Scope, value: Value) -> None:
        inputs = under.inputs
        if inputs is None:
            inputs = tuple(
                EvaluatedInput(None, name, given)
                for name, given in scope.variables.items()
                if type(given) is not Function
            )
        self._trace(
            EvaluatedDecision(decision.id, decision.name, decision.kind, inputs, under.matched, value)
        )

    def _trace(self, evaluated: EvaluatedDecision) -> None:
        if len(self.log.trace) < MOST_TRACED:
            self.log.trace.append(evaluated)

    def table_done(
        self,
        table: Table,
        inputs: tuple[EvaluatedInput, ...],
        matched: tuple[MatchedRule, ...],
        answer: Value,
    ) -> None:
        """Remember what a table did: the decision's own as part of it, any other as an entry of its own."""
        under = self.log.under
        if under.table is table:
            under.inputs, under.matched = inputs, matched
            return
        name = under.decision.name if under.decision is not None else ""
        self._trace(
            EvaluatedDecision(table.box.element_id or "", name, "decision table", inputs, matched, answer)
        )

    def service(self, linked: Linked, service: DecisionService, arguments: Sequence[Value]) -> Value:
        """Return what the service answers; it sees its arguments and nothing else of this request."""
        ready = service_ready(linked, service)
        inside = Evaluation(self.run, {}, self.root, self.log)
        for need, argument in zip(ready.parameters, arguments, strict=True):
            kind = need.linked.types.find(need.element.variable.type_ref)
            inside.values[need.linked.model.namespace, need.element.id] = converted(
                argument, kind, self, Spot(service.id, column=need.names[0])
            )
        answers = {need.names[0]: inside.value_of(need) for need in ready.outputs}
        answer = next(iter(answers.values())) if len(answers) == 1 else answers
        return converted(answer, ready.result, self, Spot(service.id))

    def value_of(self, need: Need) -> Value:
        """Return the value of a required element."""
        element, linked = need.element, need.linked
        if isinstance(element, Decision):
            return self.decision(linked, element)
        key = (linked.model.namespace, element.id)
        if key not in self.values:
            self.values[key] = self._made(linked, element)
        return self.values[key]

    def _made(self, linked: Linked, element: Element) -> Value:
        if isinstance(element, InputData):
            return self._input(linked, element)
        if isinstance(element, KnowledgeModel):
            ready = knowledge_ready(linked, element)
            return ready.make(self._scope(ready), element.name)
        assert isinstance(element, DecisionService)  # noqa: S101 - decisions are answered before
        return self._service_function(linked, element)

    def _service_function(self, linked: Linked, service: DecisionService) -> Function:
        ready = service_ready(linked, service)
        parameters = tuple(
            Parameter(need.names[0], need.linked.types.find(need.element.variable.type_ref))
            for need in ready.parameters
        )

        def body(run: Run, values: list[Value]) -> Value:  # noqa: ARG001 - the evaluation has it
            return self.service(linked, service, values)

        return Function(parameters, body, service.name, ready.result)

    def _input(self, linked: Linked, element: InputData) -> Value:
        given = self._given(linked, element)
        if given is MISSING:
            self.note("missing_input", Spot(element.id), severity="warning", name=element.name)
            return None
        kind = linked.types.find(element.variable.type_ref)
        value = inward(given)
        if kind is None or kind.accepts(value):
            return value
        return converted(value, kind, self, Spot(element.id, column=element.name))

    def given_for(self, need: Need) -> Any:
        """Return what was given for a parameter of a service, None if nothing was."""
        given = self._given(need.linked, need.element)
        return None if given is MISSING else given

    def _given(self, linked: Linked, element: Element) -> Any:
        """Look among the inputs of the element's own model.

        An imported element may also be given without its import's name, if the asked model has none of its
        name.
        """
        namespace = linked.model.namespace
        found = _named(self.given.get(namespace), element)
        if found is MISSING and namespace != self.root.model.namespace:
            own = self.root.model.inputs.values()
            if all(other.name != element.name for other in own):
                return _named(self.given.get(self.root.model.namespace), element)
        return found

    def _scope(self, ready: Ready | ReadyKnowledge) -> Scope:
        variables: dict[str, Value] = {}
        odd = NO_NAMES
        if isinstance(ready, Ready) and ready.sees_all_inputs:
            variables.update(self._all_inputs(ready.linked))
            odd = self.odd.inside_all(variables.values())
        for need in ready.needs:
            value = self.value_of(need)
            if type(value) is dict or type(value) is list:
                odd |= self.odd.inside(value)
            place = variables
            for name in need.path:
                place = place.setdefault(name, {})
            for name in need.names:
                place[name] = value
        return Scope(self, variables, odd)

    def _all_inputs(self, linked: Linked) -> dict[str, Value]:
        given = self.given.get(linked.model.namespace, {})
        key = (linked.model.namespace, "")
        if key not in self.values:
            self.values[key] = {name: inward(value) for name, value in given.items()}
        return dict(self.values[key])

    def note(
        self, code: str, place: Placed | None, *, severity: Severity = "error", note: Any = None, **facts: Any
    ) -> None:
        """Write down why something is null; only the first hundred are kept."""
        if len(self.log.notes) >= MOST_NOTES:
            self.run.budget.charge(1)
            return
        decision = self.log.under.decision
        self.log.notes.append(
            DecisionNote(
                code,
                severity,
                None if decision is None else decision.id,
                None if decision is None else decision.name,
                None if place is None else place.element_id,
                None if place is None else place.rule_id,
                None if place is None else place.column,
                facts,
                note,
            )
        )

    def take_notes(self, since: int, place: Placed) -> None:
        """Move the notes of the expression just evaluated, from ``since`` on, to the place it stands in."""
        notes = self.run.notes
        for found in notes[since:]:
            self.note(found.code, place, severity=found.severity, note=found, **found.facts)
        del notes[since:]


def _named(given: Mapping[str, Any] | None, element: Element) -> Any:
    if given is not None:
        for name in (element.name, element.variable.name):
            if name in given:
                return given[name]
    return MISSING
