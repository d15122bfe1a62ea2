"""Tables of what waits to be done or to happen: jobs, letters, subscriptions, buffered messages, workers."""

from __future__ import annotations

import sqlalchemy as sa

from engine.store.columns import METADATA, blob, data, flag, index, key, moment, number, text

jobs = sa.Table(
    "jobs",
    METADATA,
    key(),
    text("kind"),  # timer | service (outside workers) | own (our handlers) | mail | chore
    text("type"),  # job type; for timers the element id, for chores the name of the chore
    sa.Column("dedup_key", sa.Text, nullable=False, unique=True),
    text("status", default="ready"),  # ready | done | cancelled | dead
    text("state", default="CREATED"),  # as in /v2
    moment("due_at"),
    number("retries", default=3),
    number("tries", default=0),
    number("priority", default=0),
    text("lease_owner", null=True),
    moment("lease_until", null=True),
    number("fence", default=0),
    number("claims", default=0),
    text("worker", null=True),  # the outside worker that leased it last
    moment("deadline", null=True),  # until when that worker has it
    number("instance_key", null=True),
    number("root_key", null=True),
    number("definition_key", null=True),
    text("process_id", null=True),
    text("element_id", null=True),
    number("element_instance_key", null=True),
    number("occurrence", default=1),
    data("rule", null=True),
    data("clocks", default=()),
    data("headers", default=dict),
    text("error_code", null=True),
    text("error_message", null=True),
    blob("payload", null=True),
    moment("created_at"),
    moment("updated_at"),
    moment("ended_at", null=True),
    index("ix_jobs_due", "due_at", where="status = 'ready'"),
    index(
        "ix_jobs_offer",
        "type",
        sa.text("priority DESC"),
        "key",
        where="status = 'ready' AND kind = 'service'",
    ),
    index("ix_jobs_timers", "root_key", "due_at", where="status = 'ready' AND kind = 'timer'"),
    index("ix_jobs_instance_key", "instance_key"),
    index("ix_jobs_start_timers", "process_id", where="instance_key IS NULL AND status = 'ready'"),
    index("ix_jobs_dead", "key", where="status = 'dead'"),
)

outbox = sa.Table(
    "outbox",
    METADATA,
    key(),
    number("job_key", index=True),
    number("case_key", index=True, null=True),  # root instance
    sa.Column("message_id", sa.Text, nullable=False, unique=True),
    blob("recipient"),  # bytes as the caller encrypted them
    blob("body"),
    text("state", default="queued"),  # queued | sending | sent | dead | held | replaced
    number("smtp_code", null=True),
    text("smtp_reply", null=True),
    moment("queued_at"),
    moment("sent_at", null=True),
    index("ix_outbox_waiting", "queued_at", where="state IN ('queued', 'sending')"),
)

subscriptions = sa.Table(
    "subscriptions",
    METADATA,
    key(),
    sa.Column("instance_key", sa.ForeignKey("instances.key"), nullable=False),
    number("root_key"),
    number("definition_key"),
    text("process_id"),
    text("element_id"),
    number("element_instance_key"),
    text("kind"),  # message | signal
    text("name"),
    text("correlation_key", null=True),
    flag("interrupting", default=True),
    text("state", default="CREATED"),  # CREATED | CORRELATED | DELETED
    moment("updated_at"),
    index("ix_subscriptions_open", "name", "correlation_key", where="state = 'CREATED'"),
    index("ix_subscriptions_instance_key", "instance_key"),
)

message_buffer = sa.Table(
    "message_buffer",
    METADATA,
    key(),
    text("name"),
    text("correlation_key"),
    text("message_id", null=True),
    blob("variables"),
    data("delivered", default=()),  # process ids that have taken it
    data("publisher", null=True),  # {name, kind} of who sent it, judged again at delivery; null: not known
    moment("published_at"),
    moment("expires_at"),
    index("ix_message_buffer_name_correlation_key", "name", "correlation_key"),
    index("ix_message_buffer_expires_at", "expires_at"),
    index(
        "uq_message_buffer_message_id",
        "name",
        "correlation_key",
        "message_id",
        where="message_id IS NOT NULL",
        unique=True,
    ),
)

workers = sa.Table(
    "workers",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    text("host"),
    moment("started_at"),
    moment("beat_at"),
    data("chores", default=dict),  # chore → moment of its last success, ISO text
    sa.Column("clock_offset", sa.Float, nullable=False, default=0.0),  # seconds ahead of the database
)
