"""Conditional start events of processes: they hold no case yet, so somebody has to ask, with variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from engine import feel
from engine.actors import Actor
from engine.commands import family
from engine.commands.data import accept
from engine.commands.errors import ConditionUnusable, DefinitionNotFound
from engine.commands.house import House
from engine.commands.step import Step
from engine.dialect import ProcessDefinition, StartEvent
from engine.store import messages


@dataclass(frozen=True, slots=True)
class Begun:
    """An instance that a condition started."""

    process_definition_key: int
    process_instance_key: int


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One evaluation and what it started."""

    key: int
    begun: tuple[Begun, ...]


def evaluate_conditionals(
    house: House,
    session: Session,
    variables: Mapping[str, Any] | None,
    *,
    definition_key: int | None = None,
    by: Actor,
) -> Evaluated:
    """Start an instance at every conditional start event whose condition is true of these variables.

    Those of the latest version of each process are asked, or those of one definition. A condition that is
    null, or whose ``variableNames`` filter names none of the variables, is not true. Raises
    ``DefinitionNotFound``, ``ConditionUnusable``, ``ValueRefused``.
    """
    values = accept(variables)
    step = Step(house, session, actor=by, command="evaluate_conditionals")
    begun: list[Begun] = []
    for key in _definitions(step, definition_key):
        process = house.catalogue.process(session, key)
        conditional = [event for event in process.start_events if event.kind == "conditional"]
        true = [event for event in conditional if _is_true(house, process, event, values)]
        begun += [_start(step, process, key, event, values) for event in true]
    step.finish()
    return Evaluated(house.keys.next(), tuple(begun))


def _definitions(step: Step, asked: int | None) -> Iterable[int]:
    if asked is None:
        return messages.conditional_starts(step.session)
    if step.house.catalogue.row(step.session, "process", asked).state == "DELETED":
        raise DefinitionNotFound(kind="process", key=asked)
    return [asked]


def _is_true(house: House, process: ProcessDefinition, event: StartEvent, values: Mapping[str, Any]) -> bool:
    formula, wanted = event.condition, event.trigger.filter_names
    if formula is None or (wanted is not None and not set(wanted) & set(values)):
        return False
    moment = house.moment(zone=process.time_zone, calendar=process.calendar)
    try:
        found = formula.expression.evaluate(values, moment=moment).value
    except feel.BudgetExceeded as spent:
        raise ConditionUnusable(
            process=process.process_id, element=event.element_id, problem=str(spent)
        ) from spent
    if found is not None and not isinstance(found, bool):
        problem = f"it is a {feel.kind_of(found)}"
        raise ConditionUnusable(process=process.process_id, element=event.element_id, problem=problem)
    return found is True


def _start(
    step: Step, process: ProcessDefinition, key: int, event: StartEvent, values: Mapping[str, Any]
) -> Begun:
    row = family.new_row(step, key=step.house.keys.next(), definition_key=key, process_id=process.process_id)
    family.begin(step, row, {}, at=event.element_id, payload=values)
    return Begun(key, row.key)
