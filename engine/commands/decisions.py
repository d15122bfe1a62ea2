"""Making a decision for a case or a caller, and keeping how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import dmn, feel
from engine.commands.house import House
from engine.dialect import Binding
from engine.dmn import Decided
from engine.errors import RedressError
from engine.execution.world import Halt
from engine.quoted import quoted
from engine.store.definitions import DefinitionRow
from engine.store.tables import decision_evaluations

ONE_ANSWER: Final = frozenset({"UNIQUE", "ANY", "FIRST", "PRIORITY"})


def decide(
    house: House,
    session: Session,
    decision_id: str,
    binding: Binding,
    variables: Mapping[str, Any],
    *,
    moment: feel.Moment,
    deployment_key: int,
    instance_key: int,
) -> Any:
    """Return the FEEL value of the decision a binding means. Raises ``Halt`` as dialect §13 names it."""
    row = house.catalogue.bound(session, "decision", decision_id, binding, deployment_key)
    if row is None:
        wanted = f" with version tag {binding.version_tag}" if binding.kind == "versionTag" else ""
        raise Halt("CALLED_DECISION_ERROR", f"There is no decision {quoted(decision_id)}{wanted}. Deploy it.")
    decided, failure = evaluate(house, session, row, variables, moment=moment)
    keep(house, session, row, variables, decided, failure, instance_key=instance_key)
    if failure is None and decided is not None:
        failure = unmatched(decided)
    if failure is not None or decided is None:
        raise Halt("DECISION_EVALUATION_ERROR", f"The decision {quoted(decision_id)} failed: {failure}")
    return decided.value


def unmatched(decided: Decided) -> str | None:
    """Say which table had no rule for its inputs where its hit policy promises one answer; None if none had.

    A case must not go on with an empty answer nobody wrote down; a last rule of dashes or a default output is
    how a table says "otherwise".
    """
    for note in decided.notes:
        if note.code == "no_rule_matched" and note.facts["policy"] in ONE_ANSWER:
            names = next((made.inputs for made in decided.trace if made.decision_id == note.decision_id), ())
            inputs = ", ".join(given.name for given in names) or "none"
            table = note.decision_name or note.decision_id
            return (
                f"no rule of the table {table!r} matches its inputs ({inputs}), and it has no default output"
            )
    return None


def evaluate(
    house: House, session: Session, row: DefinitionRow, variables: Mapping[str, Any], *, moment: feel.Moment
) -> tuple[Decided | None, str | None]:
    """Return the answer (None if it could not even be tried), and what went wrong (None: nothing)."""
    model = house.catalogue.model(session, row.requirements_key or 0)
    decided = None
    try:
        decided = dmn.decide(model, row.identity, variables, moment=moment)
        decided.required()
    except RedressError as problem:
        return decided, str(problem)
    return decided, None


def keep(
    house: House,
    session: Session,
    row: DefinitionRow,
    variables: Mapping[str, Any],
    decided: Decided | None,
    failure: str | None,
    *,
    instance_key: int | None,
) -> int:
    """Store an evaluation with inputs (all variables if it could not be tried), rules and outputs; return
    its key.
    """
    key = house.keys.next()
    inputs = (
        variables
        if decided is None
        else {one.name: one.value for each in decided.trace for one in each.inputs}
    )
    session.execute(
        sa.insert(decision_evaluations).values(
            key=key,
            decision_key=row.key,
            decision_id=row.identity,
            instance_key=instance_key,
            evaluated_at=house.clock.now(),
            inputs={name: feel.to_json(value) for name, value in inputs.items()},
            output=None if decided is None else feel.to_json(decided.value),
            trace=[] if decided is None else trace(decided),
            failure=failure,
        )
    )
    return key


def trace(decided: Decided) -> list[dict[str, Any]]:
    """Return the decisions evaluated on the way as plain data, the one asked for last."""
    return [
        {
            "decision_id": one.decision_id,
            "name": one.name,
            "kind": one.kind,
            "output": feel.to_json(one.output),
            "inputs": [
                {"id": each.id, "name": each.name, "value": feel.to_json(each.value)} for each in one.inputs
            ],
            "matched": [
                {
                    "id": rule.id,
                    "index": rule.index,
                    "outputs": [
                        {"id": name, "name": name, "value": feel.to_json(value)}
                        for name, value in rule.outputs.items()
                    ],
                }
                for rule in one.matched
            ],
        }
        for one in decided.trace
    ]
