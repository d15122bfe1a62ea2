"""The service itself: topology, licence, and who is asking."""

from __future__ import annotations

from marshmallow import fields

from api.rest.shapes import Record, names


class Partition(Record):
    """The only partition."""

    partition_id = fields.Integer()
    role = fields.String()
    health = fields.String()
    state = fields.String()


class Broker(Record):
    """The only broker."""

    node_id = fields.Integer()
    broker_id = fields.String()
    host = fields.String()
    port = fields.Integer()
    version = fields.String()
    partitions = fields.List(fields.Nested(Partition))


class Topology(Record):
    """What a modeller looks at first."""

    brokers = fields.List(fields.Nested(Broker))
    cluster_id = fields.String(allow_none=True)
    cluster_size = fields.Integer()
    partitions_count = fields.Integer()
    replication_factor = fields.Integer()
    gateway_version = fields.String()
    last_completed_change_id = fields.String()


class TenantOfMine(Record):
    """A tenant the caller belongs to."""

    tenant_id = fields.String()
    name = fields.String()
    description = fields.String(allow_none=True)


class Me(Record):
    """The caller."""

    username = fields.String()
    display_name = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    authorized_components = names()
    tenants = fields.List(fields.Nested(TenantOfMine))
    groups = names()
    roles = names()
    sales_plan_type = fields.String(allow_none=True)
    c8_links = fields.Dict(data_key="c8Links")
    can_logout = fields.Boolean()


class License(Record):
    """Redress is free software; there is nothing to expire."""

    valid_license = fields.Boolean()
    license_type = fields.String()
    is_commercial = fields.Boolean()
    expires_at = fields.String(allow_none=True)
