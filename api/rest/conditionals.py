"""Conditional start events, asked whether they are true."""

from __future__ import annotations

from typing import Any

from api.context import the_engine, the_person
from api.identity.doors import action
from api.rest.noun import noun
from api.rest.schemas.events import ConditionalEvaluation, EvaluatedConditionals

blueprint = noun("conditionals", "Conditions that start processes.")


@blueprint.post("/conditionals/evaluation")
@action("instance.start")
@blueprint.arguments(ConditionalEvaluation)
@blueprint.answers(200, EvaluatedConditionals)
def evaluate(body: dict[str, Any]) -> Any:
    """Start an instance at every conditional start event that these variables make true."""
    found = the_engine().evaluate_conditionals(
        body["variables"], definition_key=body["process_definition_key"], by=the_person().actor
    )
    return {"conditional_evaluation_key": found.key, "process_instances": found.begun}
