"""Tables of what happened: incidents, history, decisions; and the rows that make repeating safe."""

from __future__ import annotations

import sqlalchemy as sa

from engine.store.columns import METADATA, blob, data, index, key, moment, number, text

incidents = sa.Table(
    "incidents",
    METADATA,
    key(),
    number("instance_key", null=True, index=True),
    number("root_key", null=True, index=True),
    number("definition_key", null=True),
    text("process_id", null=True),
    text("element_id", null=True),
    number("element_instance_key", null=True),
    number("job_key", null=True),
    text("error_type"),  # dialect §13
    text("code"),
    text("message"),
    data("facts", default=dict),
    text("state", default="ACTIVE"),  # ACTIVE | RESOLVED
    text("place"),  # job:<key>, element:<key>, instance:<key> …: one open incident per place and code
    moment("created_at"),
    moment("resolved_at", null=True),
    text("resolved_by", null=True),
    index("uq_incidents_open", "place", "code", where="state = 'ACTIVE'", unique=True),
)

history = sa.Table(  # append-only: the timeline of a case
    "history",
    METADATA,
    sa.Column(
        "number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    ),
    number("root_key", null=True),
    number("instance_key", null=True),
    moment("at"),
    text("actor"),
    text("kind"),
    text("element_id", null=True),
    number("element_instance_key", null=True),
    data("facts", default=dict),
    index("ix_history_root_key_number", "root_key", "number"),
)

decision_evaluations = sa.Table(
    "decision_evaluations",
    METADATA,
    key(),
    number("decision_key"),
    text("decision_id"),
    number("instance_key", null=True, index=True),
    moment("evaluated_at"),
    data("inputs"),
    data("output", null=True),
    data("trace", default=()),
    text("failure", null=True),
)

idempotency = sa.Table(
    "idempotency",
    METADATA,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    text("body_sha256"),
    number("status", null=True),
    blob("response", null=True),
    moment("created_at"),
)

commands = (
    sa.Table(  # a row means: the transaction of this command was committed, even if its answer was lost
        "commands", METADATA, sa.Column("key", sa.Text, primary_key=True), moment("done_at")
    )
)

key_blocks = sa.Table(
    "key_blocks", METADATA, sa.Column("name", sa.Text, primary_key=True), number("next_key")
)
