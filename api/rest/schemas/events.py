"""Messages, signals and what waits for them."""

from __future__ import annotations

from marshmallow import fields

from api.rest.shapes import Body, Key, Milliseconds, Record, Tenant, Variables, When


class Message(Body):
    """A message to deliver now."""

    name = fields.String(required=True)
    correlation_key = fields.String(load_default="", allow_none=True)
    variables = Variables(load_default=None)
    tenant_id = Tenant(load_default=None)


class Publication(Message):
    """A message to deliver now or, within its time to live, later."""

    time_to_live = Milliseconds(load_default=None, allow_none=True)
    message_id = fields.String(load_default=None, allow_none=True)


class PublishedMessage(Record):
    """A message that was taken; nothing says whether anybody caught it."""

    tenant_id = Tenant()
    message_key = Key()


class CorrelatedMessage(Record):
    """A message that was caught, and the first instance it reached."""

    tenant_id = Tenant()
    message_key = Key()
    process_instance_key = Key(attribute="instance_key")


class Broadcast(Body):
    """A signal for everybody who waits for it."""

    signal_name = fields.String(required=True)
    variables = Variables(load_default=None)
    tenant_id = Tenant(load_default=None)


class SentSignal(Record):
    """A signal that was broadcast."""

    tenant_id = Tenant()
    signal_key = Key()


class MessageSubscription(Record):
    """Something that waits for a message."""

    message_subscription_key = Key()
    message_subscription_state = fields.String(
        metadata={"enum": ["CREATED", "CORRELATED", "DELETED", "MIGRATED"]}
    )
    message_subscription_type = fields.String(metadata={"enum": ["PROCESS_EVENT", "START_EVENT"]})
    message_name = fields.String()
    correlation_key = fields.String(allow_none=True)
    last_updated_date = When()
    element_id = fields.String()
    element_instance_key = Key(allow_none=True)
    process_definition_id = fields.String()
    process_definition_key = Key(allow_none=True)
    process_definition_name = fields.String(allow_none=True)
    process_definition_version = fields.Integer(allow_none=True)
    process_instance_key = Key(allow_none=True)
    root_process_instance_key = Key(allow_none=True)
    business_id = fields.String(allow_none=True)
    tool_name = fields.String(allow_none=True, dump_default=None)
    inbound_connector_type = fields.String(allow_none=True, dump_default=None)
    tool_properties = fields.Dict(dump_default={})
    tenant_id = Tenant()


class ConditionalEvaluation(Body):
    """Variables to judge conditional start events by, of all processes or of one definition."""

    variables = Variables(required=True)
    process_definition_key = Key(allow_none=True, load_default=None)
    tenant_id = Tenant(load_default=None)


class BegunInstance(Record):
    """A process instance that a condition started."""

    process_definition_key = Key()
    process_instance_key = Key()


class EvaluatedConditionals(Record):
    """An evaluation, and the process instances it started."""

    conditional_evaluation_key = Key()
    tenant_id = Tenant()
    process_instances = fields.List(fields.Nested(BegunInstance))
