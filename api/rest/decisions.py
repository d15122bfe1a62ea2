"""Making a decision without a case, and explaining it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.context import the_engine, the_person
from api.identity.doors import action
from api.rest.interface import ShapeRefused
from api.rest.noun import noun
from api.rest.schemas.decisions import DecisionEvaluation, Evaluation
from engine.commands.evaluate_decision import DecisionEvaluation as Made
from engine.values import to_text

blueprint = noun("decision-definitions", "Decision tables.")
TYPES = {"decision table": "DECISION_TABLE", "literal expression": "LITERAL_EXPRESSION"}


@blueprint.post("/decision-definitions/evaluation")
@action("decision.try")
@blueprint.arguments(Evaluation)
@blueprint.answers(200, DecisionEvaluation)
def evaluate(body: dict[str, Any]) -> Any:
    """Make a decision; a failed one is 200 too, with the failure named."""
    decision_id, key = body["decision_definition_id"], body["decision_definition_key"]
    if (decision_id is None) == (key is None):
        raise ShapeRefused(
            {"decisionDefinitionId": ["Name either a decisionDefinitionId or a decisionDefinitionKey."]}
        )
    made = the_engine().evaluate_decision(
        decision_id, body["variables"], decision_key=key, by=the_person().actor
    )
    return _told(made)


def _told(made: Made) -> dict[str, Any]:
    failed = made.failure_message is not None
    return {
        "decision_definition_id": made.decision_definition_id,
        "decision_definition_key": made.decision_definition_key,
        "decision_definition_name": made.decision_definition_name,
        "decision_definition_version": made.decision_definition_version,
        "decision_requirements_id": made.decision_requirements_id,
        "decision_requirements_key": made.decision_requirements_key,
        "decision_evaluation_key": made.evaluation_key,
        "decision_instance_key": made.evaluation_key,
        "output": made.output,
        "failed_decision_definition_id": made.decision_definition_id if failed else None,
        "failure_message": made.failure_message,
        "evaluated_decisions": [
            _evaluated(made, one, number) for number, one in enumerate(made.evaluated, start=1)
        ],
    }


def _evaluated(made: Made, one: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {
        "decision_definition_id": one["decision_id"],
        "decision_definition_key": one["definition_key"] or made.decision_definition_key,
        "decision_definition_name": one["name"] or one["decision_id"],
        "decision_definition_version": one["version"] or made.decision_definition_version,
        "decision_definition_type": TYPES.get(str(one["kind"]), "UNKNOWN"),
        "decision_evaluation_instance_key": f"{made.evaluation_key}-{number}",
        "output": to_text(one["output"]),
        "matched_rules": [_rule(rule) for rule in one["matched"]],
        "evaluated_inputs": [
            {
                "input_id": each["id"] or "",
                "input_name": each["name"] or "",
                "input_value": to_text(each["value"]),
            }
            for each in one["inputs"]
        ],
    }


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "rule_id": rule["id"] or "",
        "rule_index": rule["index"],
        "evaluated_outputs": [
            {
                "output_id": each["id"],
                "output_name": each["name"],
                "output_value": to_text(each["value"]),
                "rule_id": rule["id"],
                "rule_index": rule["index"],
            }
            for each in rule["outputs"]
        ],
    }
