"""What was deployed: deployments, process definitions, forms, deleted resources."""

from __future__ import annotations

from marshmallow import fields

from api.rest.shapes import Body, Key, Record, Tenant


class DeployedProcess(Record):
    """A process of a deployment."""

    process_definition_id = fields.String()
    process_definition_version = fields.Integer(attribute="version")
    process_definition_key = Key()
    resource_name = fields.String()
    tenant_id = Tenant()


class DeployedDecision(Record):
    """A decision of a deployment."""

    decision_definition_id = fields.String()
    name = fields.String()
    version = fields.Integer()
    decision_definition_key = Key()
    decision_requirements_id = fields.String()
    decision_requirements_key = Key()
    tenant_id = Tenant()


class DeployedRequirements(Record):
    """A file of decisions of a deployment."""

    decision_requirements_id = fields.String()
    decision_requirements_name = fields.String()
    version = fields.Integer()
    decision_requirements_key = Key()
    resource_name = fields.String()
    tenant_id = Tenant()


class DeployedForm(Record):
    """A form of a deployment."""

    form_id = fields.String()
    version = fields.Integer()
    form_key = Key()
    resource_name = fields.String()
    tenant_id = Tenant()


class DeployedResource(Record):
    """A resource of another kind; never sent."""

    resource_id = fields.String()
    resource_name = fields.String()
    version = fields.Integer()
    resource_key = Key()
    tenant_id = Tenant()


class DeploymentEntry(Record):
    """Exactly one of its members is set."""

    process_definition = fields.Nested(DeployedProcess, allow_none=True, dump_default=None)
    decision_definition = fields.Nested(DeployedDecision, allow_none=True, dump_default=None)
    decision_requirements = fields.Nested(DeployedRequirements, allow_none=True, dump_default=None)
    form = fields.Nested(DeployedForm, allow_none=True, dump_default=None)
    resource = fields.Nested(DeployedResource, allow_none=True, dump_default=None)


class Deployment(Record):
    """A deployment; processes come first."""

    deployment_key = Key()
    tenant_id = Tenant()
    deployments = fields.List(fields.Nested(DeploymentEntry))


class ProcessDefinition(Record):
    """One version of a process."""

    name = fields.String(allow_none=True)
    resource_name = fields.String()
    version = fields.Integer()
    version_tag = fields.String(allow_none=True)
    process_definition_id = fields.String()
    process_definition_key = Key()
    tenant_id = Tenant()
    has_start_form = fields.Boolean()
    state = fields.String(metadata={"enum": ["ACTIVE", "DRAINING", "DELETED"]})


class Form(Record):
    """One version of a form; ``schema`` is its JSON as text."""

    form_id = fields.String()
    form_key = Key()
    version = fields.Integer()
    schema = fields.String()
    tenant_id = Tenant()


class Deletion(Body):
    """What may come with a deletion; nothing of it is needed."""

    operation_reference = fields.Raw(allow_none=True)


class Deleted(Record):
    """A deleted resource."""

    resource_key = Key()
    batch_operation = fields.Raw(allow_none=True, dump_default=None)


class ElementCount(Record):
    """How many instances of an element there are, by state."""

    element_id = fields.String()
    active = fields.Integer()
    canceled = fields.Integer()
    incidents = fields.Integer()
    completed = fields.Integer()


class ElementCounts(Record):
    """The counts of all elements that were visited."""

    items = fields.List(fields.Nested(ElementCount))
