"""Decisions made for a caller, with how they came about."""

from __future__ import annotations

from marshmallow import fields

from api.rest.shapes import Body, Key, Record, Tenant, Variables


class Evaluation(Body):
    """A decision to make: by id (latest version) or key."""

    decision_definition_id = fields.String(allow_none=True, load_default=None)
    decision_definition_key = Key(allow_none=True, load_default=None)
    variables = Variables(load_default=None)
    tenant_id = Tenant(load_default=None)


class EvaluatedOutput(Record):
    """One output of a rule that matched; ``outputValue`` is JSON text."""

    output_id = fields.String()
    output_name = fields.String()
    output_value = fields.String()
    rule_id = fields.String(allow_none=True)
    rule_index = fields.Integer(allow_none=True)


class MatchedRule(Record):
    """A rule that matched; ``ruleIndex`` counts from 1."""

    rule_id = fields.String()
    rule_index = fields.Integer()
    evaluated_outputs = fields.List(fields.Nested(EvaluatedOutput))


class EvaluatedInput(Record):
    """One input; ``inputValue`` is JSON text."""

    input_id = fields.String()
    input_name = fields.String()
    input_value = fields.String()


class EvaluatedDecision(Record):
    """One decision on the way."""

    decision_definition_id = fields.String()
    decision_definition_key = Key()
    decision_definition_name = fields.String()
    decision_definition_version = fields.Integer()
    decision_definition_type = fields.String(
        metadata={"enum": ["DECISION_TABLE", "LITERAL_EXPRESSION", "UNKNOWN"]}
    )
    decision_evaluation_instance_key = fields.String()
    output = fields.String()
    tenant_id = Tenant()
    matched_rules = fields.List(fields.Nested(MatchedRule))
    evaluated_inputs = fields.List(fields.Nested(EvaluatedInput))


class DecisionEvaluation(Record):
    """A decision that was made, or failed; then the two failure members are set."""

    decision_definition_id = fields.String()
    decision_definition_key = Key()
    decision_definition_name = fields.String()
    decision_definition_version = fields.Integer()
    decision_requirements_id = fields.String()
    decision_requirements_key = Key()
    decision_evaluation_key = Key()
    decision_instance_key = Key()
    output = fields.String()
    failed_decision_definition_id = fields.String(allow_none=True)
    failure_message = fields.String(allow_none=True)
    tenant_id = Tenant()
    evaluated_decisions = fields.List(fields.Nested(EvaluatedDecision))
