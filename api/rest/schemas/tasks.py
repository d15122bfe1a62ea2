"""User tasks and what can be asked of them."""

from __future__ import annotations

from marshmallow import fields, validate

from api.rest.shapes import Body, Key, Record, Tenant, Variables, When, names


class UserTask(Record):
    """One user task."""

    user_task_key = Key()
    name = fields.String(allow_none=True)
    state = fields.String(
        metadata={
            "enum": [
                "CREATING",
                "CREATED",
                "ASSIGNING",
                "UPDATING",
                "COMPLETING",
                "COMPLETED",
                "CANCELING",
                "CANCELED",
                "FAILED",
            ]
        }
    )
    assignee = fields.String(allow_none=True)
    element_id = fields.String()
    element_instance_key = Key()
    candidate_groups = names()
    candidate_users = names()
    priority = fields.Integer()
    creation_date = When()
    completion_date = When(allow_none=True)
    follow_up_date = When(allow_none=True)
    due_date = When(allow_none=True)
    form_key = Key(allow_none=True)
    external_form_reference = fields.String(allow_none=True)
    custom_headers = fields.Dict(keys=fields.String(), values=fields.String())
    process_definition_id = fields.String()
    process_definition_version = fields.Integer()
    process_definition_key = Key()
    process_name = fields.String(allow_none=True)
    process_instance_key = Key()
    root_process_instance_key = Key(allow_none=True)
    tenant_id = Tenant()
    business_id = fields.String(allow_none=True)
    tags = names()


class Assignment(Body):
    """Whom to give a task; with ``allowOverride`` false only if nobody else holds it."""

    assignee = fields.String(required=True, validate=validate.Length(min=1, max=256))
    allow_override = fields.Boolean(load_default=True, allow_none=True)
    action = fields.String(allow_none=True)


class Completion(Body):
    """The answers to a task's form."""

    variables = Variables(load_default=None)
    action = fields.String(allow_none=True)


class Changeset(Body):
    """New values; null keeps, an empty text or list clears."""

    due_date = fields.String(allow_none=True, load_default=None, metadata={"format": "date-time"})
    follow_up_date = fields.String(allow_none=True, load_default=None, metadata={"format": "date-time"})
    candidate_users = names(allow_none=True, load_default=None)
    candidate_groups = names(allow_none=True, load_default=None)
    priority = fields.Integer(allow_none=True, load_default=None, strict=True)


class TaskUpdate(Body):
    """A change of dates, candidates or priority."""

    changeset = fields.Nested(Changeset, allow_none=True, load_default=None)
    action = fields.String(allow_none=True)
