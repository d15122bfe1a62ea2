"""Making a decision for a caller, without a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from engine import feel, values
from engine.actors import Actor
from engine.commands import decisions
from engine.commands.data import accept
from engine.commands.errors import DecisionDefinitionNotFound
from engine.commands.house import House
from engine.store import definitions
from engine.store.definitions import DefinitionRow


@dataclass(frozen=True, slots=True)
class DecisionEvaluation:
    """A decision that was made, or failed (then ``failure_message`` is set). ``output`` is JSON text.

    ``evaluated`` are the decisions on the way as ``decisions.trace`` gives them, with the key, version and
    id of each under ``definition_key`` and ``version``.
    """

    evaluation_key: int
    decision_definition_id: str
    decision_definition_key: int
    decision_definition_name: str
    decision_definition_version: int
    decision_requirements_id: str
    decision_requirements_key: int
    output: str
    failure_message: str | None
    evaluated: tuple[Mapping[str, Any], ...]


def evaluate_decision(
    house: House,
    session: Session,
    decision_id: str | None,
    variables: Mapping[str, Any] | None,
    *,
    decision_key: int | None,
    by: Actor,  # noqa: ARG001
) -> DecisionEvaluation:
    """Make a decision by id (latest version) or key.

    Raises ``DecisionDefinitionNotFound``, ``ValueRefused``.
    """
    context = accept(variables)
    row = _find(session, decision_id, decision_key)
    decided, failure = decisions.evaluate(house, session, row, context, moment=house.moment())
    key = decisions.keep(house, session, row, context, decided, failure, instance_key=None)
    siblings = {one.identity: one for one in definitions.of_resource(session, "decision", row.resource_key)}
    evaluated = [] if decided is None else decisions.trace(decided)
    return DecisionEvaluation(
        evaluation_key=key,
        decision_definition_id=row.identity,
        decision_definition_key=row.key,
        decision_definition_name=row.name or row.identity,
        decision_definition_version=row.version,
        decision_requirements_id=row.requirements_id or "",
        decision_requirements_key=row.requirements_key or 0,
        output=values.to_text(None if decided is None else feel.to_json(decided.value)),
        failure_message=failure,
        evaluated=tuple(_placed(one, siblings.get(one["decision_id"])) for one in evaluated),
    )


def _placed(one: Mapping[str, Any], row: DefinitionRow | None) -> Mapping[str, Any]:
    return {**one, "definition_key": row.key if row else None, "version": row.version if row else None}


def _find(session: Session, decision_id: str | None, decision_key: int | None) -> DefinitionRow:
    if decision_key is not None:
        row = definitions.by_key(session, "decision", decision_key)
    else:
        row = definitions.latest(session, "decision", decision_id or "")
    if row is None or row.state == "DELETED":
        raise DecisionDefinitionNotFound(decision=decision_id or decision_key)
    return row
