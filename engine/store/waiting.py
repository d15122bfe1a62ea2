"""Searching what waits for messages: catchers of running cases and start events, as one kind of record."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.store import records, tables
from engine.store.search import Entity, Field

C, S = tables.instances.c, tables.subscriptions.c
P, SS = tables.process_definitions.c, tables.start_subscriptions.c


def _message_subscriptions() -> Entity[records.MessageSubscriptionRecord]:
    """Return the union of what cases wait for and what starts cases."""
    nothing_number = sa.cast(sa.null(), sa.BigInteger)
    nothing_text = sa.cast(sa.null(), sa.Text)
    waiting = (
        sa.select(
            S.key.label("key"),
            S.state.label("state"),
            sa.literal("PROCESS_EVENT").label("type"),
            S.name.label("name"),
            S.correlation_key.label("correlation_key"),
            S.updated_at.label("updated_at"),
            S.element_id.label("element_id"),
            S.element_instance_key.label("element_instance_key"),
            S.process_id.label("process_id"),
            S.definition_key.label("definition_key"),
            S.instance_key.label("instance_key"),
            S.root_key.label("root_key"),
            C.business_id.label("business_id"),
        )
        .select_from(tables.subscriptions.join(tables.instances, C.key == S.instance_key))
        .where(S.kind == "message")
    )
    starting = sa.select(
        SS.key,
        sa.case((SS.is_open, "CREATED"), else_="DELETED"),
        sa.literal("START_EVENT"),
        SS.name,
        nothing_text,
        SS.updated_at,
        SS.element_id,
        nothing_number,
        SS.process_id,
        SS.definition_key,
        nothing_number,
        nothing_number,
        nothing_text,
    ).where(SS.kind == "message")
    both = sa.union_all(waiting, starting).subquery("both")
    c = both.c
    columns = {
        "message_subscription_key": c.key,
        "message_subscription_state": c.state,
        "message_subscription_type": c.type,
        "message_name": c.name,
        "correlation_key": c.correlation_key,
        "last_updated_date": c.updated_at,
        "element_id": c.element_id,
        "element_instance_key": c.element_instance_key,
        "process_definition_id": c.process_id,
        "process_definition_key": c.definition_key,
        "process_definition_name": P.name,
        "process_definition_version": P.version,
        "process_instance_key": c.instance_key,
        "root_process_instance_key": c.root_key,
        "business_id": c.business_id,
    }
    kinds: dict[str, Any] = dict.fromkeys(columns, "text")
    kinds |= {name: "key" for name in columns if name.endswith("_key") and name != "correlation_key"}
    kinds |= {
        "last_updated_date": "moment",
        "process_definition_version": "number",
        "message_subscription_state": "state",
        "message_subscription_type": "state",
    }
    return Entity(
        record=records.MessageSubscriptionRecord,
        source=both.join(tables.process_definitions, P.key == c.definition_key),
        key=c.key,
        columns=columns,
        fields={name: Field(column, kinds[name]) for name, column in columns.items()},
    )


MESSAGE_SUBSCRIPTIONS = _message_subscriptions()
