"""Asking a model: which decision, for which inputs, at which moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.dmn.decided import Decided
from engine.dmn.elements import service_ready
from engine.dmn.errors import DecisionNotFound
from engine.dmn.evaluation import Evaluation, Log
from engine.dmn.model import Decision, DecisionService, Model
from engine.dmn.program import Program, program_of
from engine.dmn.reading import normal
from engine.dmn.types import constraints_run_in
from engine.feel import Budget, Moment, Run, exact_numbers, inward
from engine.feel.values import Value


def decide(
    model: Model,
    decision: str,
    inputs: Mapping[str, Any],
    *,
    moment: Moment,
    imports: Iterable[Model] = (),
    budget: Budget | None = None,
) -> Decided:
    """Return the answer of a decision or decision service, named by id or name, with notes and trace.

    ``inputs`` are plain Python or FEEL values by name; those of an imported model stand in a mapping under
    the name of the import. ``imports`` are the models this one imports, directly or not. All expressions
    share one budget.

    Errors in data give null and notes. Raises ``DecisionNotFound``, ``ImportMissing``, ``BudgetExceeded``,
    and ``TypeError`` for inputs that are no data.
    """
    target = _target(model, decision)
    program = program_of(model, tuple(imports))
    run = Run(moment, Budget.of_decision() if budget is None else budget)
    log = Log(run)
    with exact_numbers(), constraints_run_in(run):
        evaluation = Evaluation(run, _by_namespace(program, inputs), program.root, log)
        if isinstance(target, Decision):
            value = evaluation.decision(program.root, target)
        else:
            value = _asked_service(evaluation, program, target)
    return Decided(value, tuple(log.notes), tuple(log.trace))


def _target(model: Model, name: str) -> Decision | DecisionService:
    wanted = normal(name)
    for found in (model.decisions.get(name), model.services.get(name)):
        if found is not None:
            return found
    elements: tuple[Decision | DecisionService, ...] = (*model.decisions.values(), *model.services.values())
    for element in elements:
        if element.name == wanted:
            return element
    raise DecisionNotFound(decision=name, model=model.name)


def _by_namespace(program: Program, inputs: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    given: dict[str, Mapping[str, Any]] = {}
    for path, linked in program.root.descendants():
        inside: Any = inputs
        for name in filter(None, path):
            inside = inside.get(name) if isinstance(inside, Mapping) else None
        if isinstance(inside, Mapping):
            given.setdefault(linked.model.namespace, inside)
    given[program.root.model.namespace] = inputs
    return given


def _asked_service(evaluation: Evaluation, program: Program, service: DecisionService) -> Value:
    """Take the arguments from the inputs, by the names of the parameters."""
    parameters = service_ready(program.root, service).parameters
    arguments = [inward(evaluation.given_for(need)) for need in parameters]
    return evaluation.service(program.root, service, arguments)
