"""Running processes: instances, element instances, variables, incidents, and the commands that steer them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from api.rest.shapes import Body, Key, Long, Milliseconds, Record, Tenant, Text, Variables, When, names


class StartInstruction(Body):
    """An element to begin at instead of the start event."""

    element_id = fields.String(required=True)


class RuntimeInstruction(Body):
    """What to do when an element has ended."""

    type = fields.String(
        load_default="TERMINATE_PROCESS_INSTANCE",
        validate=validate.Equal("TERMINATE_PROCESS_INSTANCE"),
        metadata={"enum": ["TERMINATE_PROCESS_INSTANCE"]},
    )
    after_element_id = fields.String(required=True)


class Creation(Body):
    """A process instance to start: by key, or by id with perhaps a version or a version tag."""

    process_definition_key = Key(allow_none=True, load_default=None)
    process_definition_id = fields.String(allow_none=True, load_default=None)
    process_definition_version = Long(allow_none=True, load_default=None)
    process_definition_version_tag = fields.String(allow_none=True, load_default=None)
    variables = Variables(load_default=None)
    business_id = fields.String(allow_none=True, load_default=None)
    tags = names(allow_none=True, load_default=None)
    await_completion = fields.Boolean(allow_none=True, load_default=False)
    fetch_variables = names(allow_none=True, load_default=None)
    request_timeout = Milliseconds(allow_none=True, load_default=None)
    start_instructions = fields.List(fields.Nested(StartInstruction), allow_none=True, load_default=None)
    runtime_instructions = fields.List(fields.Nested(RuntimeInstruction), allow_none=True, load_default=None)
    operation_reference = Long(allow_none=True, load_default=None)
    tenant_id = Tenant(load_default=None)


class CreatedInstance(Record):
    """A process instance that was started."""

    process_definition_id = fields.String()
    process_definition_version = fields.Integer()
    process_definition_key = Key()
    process_instance_key = Key(attribute="key")
    tenant_id = Tenant()
    variables = fields.Dict(dump_default={})
    tags = names()
    business_id = fields.String(allow_none=True)


class ProcessInstance(Record):
    """A case or called process."""

    process_definition_id = fields.String()
    process_definition_name = fields.String(allow_none=True)
    process_definition_version = fields.Integer()
    process_definition_version_tag = fields.String(allow_none=True)
    process_definition_key = Key()
    process_instance_key = Key()
    parent_process_instance_key = Key(allow_none=True)
    parent_element_instance_key = Key(allow_none=True)
    root_process_instance_key = Key(allow_none=True)
    start_date = When()
    end_date = When(allow_none=True)
    suspended_date = When(allow_none=True)
    state = fields.String(metadata={"enum": ["ACTIVE", "COMPLETED", "TERMINATED", "SUSPENDED"]})
    has_incident = fields.Boolean()
    tenant_id = Tenant()
    tags = names()
    business_id = fields.String(allow_none=True)


class ElementInstance(Record):
    """One visit of an element."""

    element_instance_key = Key()
    element_id = fields.String()
    element_name = fields.String()
    type = fields.String()
    state = fields.String(metadata={"enum": ["ACTIVE", "COMPLETED", "TERMINATED"]})
    start_date = When()
    end_date = When(allow_none=True)
    has_incident = fields.Boolean()
    incident_key = Key(allow_none=True)
    process_definition_id = fields.String(allow_none=True)
    process_definition_key = Key(allow_none=True)
    process_instance_key = Key()
    root_process_instance_key = Key(allow_none=True)
    tenant_id = Tenant()


class Incident(Record):
    """Something that needs a person."""

    incident_key = Key()
    error_type = fields.String()
    error_message = fields.String()
    state = fields.String(metadata={"enum": ["ACTIVE", "PENDING", "RESOLVED", "MIGRATED"]})
    creation_time = When()
    element_id = Text()
    element_instance_key = fields.Function(
        lambda incident: str(_place(incident)), metadata={"type": "string"}
    )
    job_key = Key(allow_none=True)
    process_definition_id = Text()
    process_definition_key = fields.Function(
        lambda incident: str(incident.process_definition_key or 0), metadata={"type": "string"}
    )
    process_instance_key = fields.Function(
        lambda incident: str(incident.process_instance_key or 0), metadata={"type": "string"}
    )
    root_process_instance_key = Key(allow_none=True)
    tenant_id = Tenant()


def _place(incident: Any) -> int:
    """Return the element instance of an incident; that of a whole instance stands at it (rest-v2 §6: never null)."""
    return incident.element_instance_key or incident.process_instance_key or 0


class VariableText(Record):
    """A variable with its whole value, JSON as text."""

    variable_key = Key()
    name = fields.String()
    value = fields.String()
    scope_key = Key()
    process_instance_key = Key()
    root_process_instance_key = Key(allow_none=True)
    tenant_id = Tenant()


LONGEST_SHOWN = 8192


class Variable(VariableText):
    """A variable as searches show it; long values are cut unless asked for whole."""

    value = fields.Method("_shown", metadata={"type": "string"})  # type: ignore[assignment]
    is_truncated = fields.Function(lambda one: len(one.value) > LONGEST_SHOWN, metadata={"type": "boolean"})

    def _shown(self, one: Any) -> str:
        return str(one.value[:LONGEST_SHOWN])


class WholeVariable(VariableText):
    """A variable as searches show it when asked not to cut."""

    is_truncated = fields.Boolean(dump_default=False)


class NewVariables(Body):
    """Variables to write into a scope (``local``), or from it outward."""

    variables = fields.Dict(required=True)
    local = fields.Boolean(load_default=False)
    operation_reference = Long(allow_none=True)


class Steering(Body):
    """A command without particulars."""

    operation_reference = Long(allow_none=True)


class ScopedVariables(Body):
    """Variables for an element that is activated; ``scopeId`` names the scope they are local to."""

    variables = fields.Dict(required=True)
    scope_id = fields.String(load_default="")


class Activate(Body):
    """An element to activate."""

    element_id = fields.String(required=True)
    ancestor_element_instance_key = Key(allow_none=True, load_default=None)
    variable_instructions = fields.List(fields.Nested(ScopedVariables), load_default=[])


class Terminate(Body):
    """An element instance to end, by its key, or all of an element."""

    element_instance_key = Key(allow_none=True, load_default=None)
    element_id = fields.String(allow_none=True, load_default=None)


class Source(Body):
    """Where tokens are taken from."""

    source_type = fields.String(allow_none=True)
    source_element_id = fields.String(allow_none=True, load_default=None)
    source_element_instance_key = Key(allow_none=True, load_default=None)


class AncestorScope(Body):
    """In which scope the target begins: worked out, as the source's parent, or named."""

    ancestor_scope_type = fields.String(
        load_default="inferred", validate=validate.OneOf(("inferred", "sourceParent", "direct"))
    )
    ancestor_element_instance_key = Key(allow_none=True, load_default=None)


class MoveInstruction(Body):
    """Tokens to move from one element to another."""

    source_element_instruction = fields.Nested(Source, required=True)
    target_element_id = fields.String(required=True)
    ancestor_scope_instruction = fields.Nested(AncestorScope, allow_none=True, load_default=None)
    variable_instructions = fields.List(fields.Nested(ScopedVariables), load_default=[])


class ModificationRequest(Body):
    """Tokens to move, all or nothing."""

    activate_instructions = fields.List(fields.Nested(Activate), load_default=[])
    move_instructions = fields.List(fields.Nested(MoveInstruction), load_default=[])
    terminate_instructions = fields.List(fields.Nested(Terminate), load_default=[])
    operation_reference = Long(allow_none=True)


class MappingInstruction(Body):
    """An element of the present definition and the one it becomes."""

    source_element_id = fields.String(required=True)
    target_element_id = fields.String(required=True)


class MigrationRequest(Body):
    """Where an instance is to go on; elements that are not named keep their ids."""

    target_process_definition_key = Key(required=True)
    mapping_instructions = fields.List(fields.Nested(MappingInstruction), load_default=[])
    operation_reference = Long(allow_none=True)
