"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.keys import FIRST_KEY
from engine.store.columns import Json, Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table of the engine, and the row that counts keys."""
    op.create_table(
        "commands",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("done_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_commands")),
    )
    op.create_table(
        "decision_evaluations",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("decision_key", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("instance_key", sa.BigInteger(), nullable=True),
        sa.Column("evaluated_at", Moment(), nullable=False),
        sa.Column("inputs", Json(), nullable=False),
        sa.Column("output", Json(), nullable=True),
        sa.Column("trace", Json(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_decision_evaluations")),
    )
    op.create_index(
        op.f("ix_decision_evaluations_instance_key"), "decision_evaluations", ["instance_key"], unique=False
    )
    op.create_table(
        "deployments",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("deployed_at", Moment(), nullable=False),
        sa.Column("deployed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_deployments")),
    )
    op.create_table(
        "history",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("root_key", sa.BigInteger(), nullable=True),
        sa.Column("instance_key", sa.BigInteger(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=True),
        sa.Column("element_instance_key", sa.BigInteger(), nullable=True),
        sa.Column("facts", Json(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_history")),
    )
    op.create_index("ix_history_root_key_number", "history", ["root_key", "number"], unique=False)
    op.create_table(
        "idempotency",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_idempotency")),
    )
    op.create_table(
        "incidents",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("instance_key", sa.BigInteger(), nullable=True),
        sa.Column("root_key", sa.BigInteger(), nullable=True),
        sa.Column("definition_key", sa.BigInteger(), nullable=True),
        sa.Column("process_id", sa.Text(), nullable=True),
        sa.Column("element_id", sa.Text(), nullable=True),
        sa.Column("element_instance_key", sa.BigInteger(), nullable=True),
        sa.Column("job_key", sa.BigInteger(), nullable=True),
        sa.Column("error_type", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("resolved_at", Moment(), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_incidents")),
    )
    op.create_index(op.f("ix_incidents_instance_key"), "incidents", ["instance_key"], unique=False)
    op.create_index(op.f("ix_incidents_root_key"), "incidents", ["root_key"], unique=False)
    op.create_index(
        "uq_incidents_open",
        "incidents",
        ["place", "code"],
        unique=True,
        sqlite_where=sa.text("state = 'ACTIVE'"),
        postgresql_where=sa.text("state = 'ACTIVE'"),
    )
    op.create_table(
        "jobs",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("dedup_key", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("retries", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("claims", sa.BigInteger(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("deadline", Moment(), nullable=True),
        sa.Column("instance_key", sa.BigInteger(), nullable=True),
        sa.Column("root_key", sa.BigInteger(), nullable=True),
        sa.Column("definition_key", sa.BigInteger(), nullable=True),
        sa.Column("process_id", sa.Text(), nullable=True),
        sa.Column("element_id", sa.Text(), nullable=True),
        sa.Column("element_instance_key", sa.BigInteger(), nullable=True),
        sa.Column("occurrence", sa.BigInteger(), nullable=False),
        sa.Column("rule", Json(), nullable=True),
        sa.Column("clocks", Json(), nullable=False),
        sa.Column("headers", Json(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_jobs")),
        sa.UniqueConstraint("dedup_key", name=op.f("uq_jobs_dedup_key")),
    )
    op.create_index(
        "ix_jobs_dead",
        "jobs",
        ["key"],
        unique=False,
        sqlite_where=sa.text("status = 'dead'"),
        postgresql_where=sa.text("status = 'dead'"),
    )
    op.create_index(
        "ix_jobs_due",
        "jobs",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("status = 'ready'"),
        postgresql_where=sa.text("status = 'ready'"),
    )
    op.create_index("ix_jobs_instance_key", "jobs", ["instance_key"], unique=False)
    op.create_index(
        "ix_jobs_offer",
        "jobs",
        ["type", sa.literal_column("priority DESC"), "key"],
        unique=False,
        sqlite_where=sa.text("status = 'ready' AND kind = 'service'"),
        postgresql_where=sa.text("status = 'ready' AND kind = 'service'"),
    )
    op.create_index(
        "ix_jobs_start_timers",
        "jobs",
        ["process_id"],
        unique=False,
        sqlite_where=sa.text("instance_key IS NULL AND status = 'ready'"),
        postgresql_where=sa.text("instance_key IS NULL AND status = 'ready'"),
    )
    op.create_index(
        "ix_jobs_timers",
        "jobs",
        ["root_key", "due_at"],
        unique=False,
        sqlite_where=sa.text("status = 'ready' AND kind = 'timer'"),
        postgresql_where=sa.text("status = 'ready' AND kind = 'timer'"),
    )
    op.create_table(
        "key_blocks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_key", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_key_blocks")),
    )
    op.create_table(
        "message_buffer",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("correlation_key", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("variables", sa.LargeBinary(), nullable=False),
        sa.Column("delivered", Json(), nullable=False),
        sa.Column("published_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_message_buffer")),
    )
    op.create_index("ix_message_buffer_expires_at", "message_buffer", ["expires_at"], unique=False)
    op.create_index(
        "ix_message_buffer_name_correlation_key", "message_buffer", ["name", "correlation_key"], unique=False
    )
    op.create_index(
        "uq_message_buffer_message_id",
        "message_buffer",
        ["name", "correlation_key", "message_id"],
        unique=True,
        sqlite_where=sa.text("message_id IS NOT NULL"),
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.create_table(
        "models",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("kept_at", Moment(), nullable=False),
        sa.Column("kept_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_models")),
    )
    op.create_table(
        "outbox",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("job_key", sa.BigInteger(), nullable=False),
        sa.Column("case_key", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("recipient", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("smtp_code", sa.BigInteger(), nullable=True),
        sa.Column("smtp_reply", sa.Text(), nullable=True),
        sa.Column("queued_at", Moment(), nullable=False),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )
    op.create_index(op.f("ix_outbox_case_key"), "outbox", ["case_key"], unique=False)
    op.create_index(op.f("ix_outbox_job_key"), "outbox", ["job_key"], unique=False)
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["queued_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('queued', 'sending')"),
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )
    op.create_table(
        "start_subscriptions",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("definition_key", sa.BigInteger(), nullable=False),
        sa.Column("process_id", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_start_subscriptions")),
    )
    op.create_index(
        op.f("ix_start_subscriptions_definition_key"), "start_subscriptions", ["definition_key"], unique=False
    )
    op.create_index(
        "ix_start_subscriptions_name_kind",
        "start_subscriptions",
        ["name", "kind"],
        unique=False,
        sqlite_where=sa.text("is_open"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_index("ix_start_subscriptions_process_id", "start_subscriptions", ["process_id"], unique=False)
    op.create_table(
        "variables",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("instance_key", sa.BigInteger(), nullable=False),
        sa.Column("root_key", sa.BigInteger(), nullable=False),
        sa.Column("scope_key", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_variables")),
        sa.UniqueConstraint("scope_key", "name", name=op.f("uq_variables_scope_key_name")),
    )
    op.create_index("ix_variables_instance_key", "variables", ["instance_key"], unique=False)
    op.create_table(
        "workers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("beat_at", Moment(), nullable=False),
        sa.Column("chores", Json(), nullable=False),
        sa.Column("clock_offset", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )
    op.create_table(
        "resources",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("deployment_key", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_key"], ["deployments.key"], name=op.f("fk_resources_deployment_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_resources")),
    )
    op.create_index("ix_resources_deployment_key", "resources", ["deployment_key"], unique=False)
    op.create_index("ix_resources_name_key", "resources", ["name", "key"], unique=False)
    op.create_table(
        "decision_definitions",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("version_tag", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("resource_name", sa.Text(), nullable=False),
        sa.Column("resource_key", sa.BigInteger(), nullable=False),
        sa.Column("deployment_key", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requirements_key", sa.BigInteger(), nullable=False),
        sa.Column("requirements_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_key"], ["resources.key"], name=op.f("fk_decision_definitions_resource_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_decision_definitions")),
        sa.UniqueConstraint(
            "decision_id", "version", name=op.f("uq_decision_definitions_decision_id_version")
        ),
    )
    op.create_index(
        "ix_decision_definitions_deployment_key", "decision_definitions", ["deployment_key"], unique=False
    )
    op.create_index(
        "ix_decision_definitions_requirements_key", "decision_definitions", ["requirements_key"], unique=False
    )
    op.create_table(
        "decision_requirements",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("requirements_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("version_tag", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("resource_name", sa.Text(), nullable=False),
        sa.Column("resource_key", sa.BigInteger(), nullable=False),
        sa.Column("deployment_key", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_key"], ["resources.key"], name=op.f("fk_decision_requirements_resource_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_decision_requirements")),
        sa.UniqueConstraint(
            "requirements_id", "version", name=op.f("uq_decision_requirements_requirements_id_version")
        ),
    )
    op.create_index(
        "ix_decision_requirements_deployment_key", "decision_requirements", ["deployment_key"], unique=False
    )
    op.create_table(
        "forms",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("form_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("version_tag", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("resource_name", sa.Text(), nullable=False),
        sa.Column("resource_key", sa.BigInteger(), nullable=False),
        sa.Column("deployment_key", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["resource_key"], ["resources.key"], name=op.f("fk_forms_resource_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_forms")),
        sa.UniqueConstraint("form_id", "version", name=op.f("uq_forms_form_id_version")),
    )
    op.create_index("ix_forms_deployment_key", "forms", ["deployment_key"], unique=False)
    op.create_table(
        "process_definitions",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("process_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("version_tag", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("resource_name", sa.Text(), nullable=False),
        sa.Column("resource_key", sa.BigInteger(), nullable=False),
        sa.Column("deployment_key", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("has_start_form", sa.Boolean(), nullable=False),
        sa.Column("start_form", Json(), nullable=True),
        sa.ForeignKeyConstraint(
            ["resource_key"], ["resources.key"], name=op.f("fk_process_definitions_resource_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_process_definitions")),
        sa.UniqueConstraint("process_id", "version", name=op.f("uq_process_definitions_process_id_version")),
    )
    op.create_index(
        "ix_process_definitions_deployment_key", "process_definitions", ["deployment_key"], unique=False
    )
    op.create_table(
        "instances",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("definition_key", sa.BigInteger(), nullable=False),
        sa.Column("process_id", sa.Text(), nullable=False),
        sa.Column("parent_key", sa.BigInteger(), nullable=True),
        sa.Column("parent_element_key", sa.BigInteger(), nullable=True),
        sa.Column("root_key", sa.BigInteger(), nullable=False),
        sa.Column("depth", sa.BigInteger(), nullable=False),
        sa.Column("business_id", sa.Text(), nullable=True),
        sa.Column("start_key", sa.Text(), nullable=True),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("saved", sa.LargeBinary(), nullable=True),
        sa.Column("stop_after", Json(), nullable=False),
        sa.Column("open_incidents", sa.BigInteger(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("suspended_at", Moment(), nullable=True),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_key"], ["process_definitions.key"], name=op.f("fk_instances_definition_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_instances")),
    )
    op.create_index(
        "ix_instances_business_id",
        "instances",
        ["business_id"],
        unique=False,
        sqlite_where=sa.text("business_id IS NOT NULL"),
        postgresql_where=sa.text("business_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_instances_definition_key"), "instances", ["definition_key"], unique=False)
    op.create_index(
        "ix_instances_live",
        "instances",
        ["changed_at"],
        unique=False,
        sqlite_where=sa.text("state = 'ACTIVE'"),
        postgresql_where=sa.text("state = 'ACTIVE'"),
    )
    op.create_index(op.f("ix_instances_parent_key"), "instances", ["parent_key"], unique=False)
    op.create_index("ix_instances_process_id_state", "instances", ["process_id", "state"], unique=False)
    op.create_index(op.f("ix_instances_root_key"), "instances", ["root_key"], unique=False)
    op.create_index(
        "uq_instances_start_key",
        "instances",
        ["process_id", "start_key"],
        unique=True,
        sqlite_where=sa.text("start_key IS NOT NULL AND state = 'ACTIVE'"),
        postgresql_where=sa.text("start_key IS NOT NULL AND state = 'ACTIVE'"),
    )
    op.create_table(
        "element_instances",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("instance_key", sa.BigInteger(), nullable=False),
        sa.Column("root_key", sa.BigInteger(), nullable=False),
        sa.Column("definition_key", sa.BigInteger(), nullable=False),
        sa.Column("process_id", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("scope_key", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("incident_key", sa.BigInteger(), nullable=True),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["instance_key"], ["instances.key"], name=op.f("fk_element_instances_instance_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_element_instances")),
    )
    op.create_index("ix_element_instances_instance_key", "element_instances", ["instance_key"], unique=False)
    op.create_index(
        "ix_element_instances_open",
        "element_instances",
        ["definition_key", "element_id"],
        unique=False,
        sqlite_where=sa.text("state = 'ACTIVE'"),
        postgresql_where=sa.text("state = 'ACTIVE'"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("instance_key", sa.BigInteger(), nullable=False),
        sa.Column("root_key", sa.BigInteger(), nullable=False),
        sa.Column("definition_key", sa.BigInteger(), nullable=False),
        sa.Column("process_id", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=False),
        sa.Column("element_instance_key", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("correlation_key", sa.Text(), nullable=True),
        sa.Column("interrupting", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_key"], ["instances.key"], name=op.f("fk_subscriptions_instance_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_subscriptions")),
    )
    op.create_index("ix_subscriptions_instance_key", "subscriptions", ["instance_key"], unique=False)
    op.create_index(
        "ix_subscriptions_open",
        "subscriptions",
        ["name", "correlation_key"],
        unique=False,
        sqlite_where=sa.text("state = 'CREATED'"),
        postgresql_where=sa.text("state = 'CREATED'"),
    )
    op.create_table(
        "tasks",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("instance_key", sa.BigInteger(), nullable=False),
        sa.Column("root_key", sa.BigInteger(), nullable=False),
        sa.Column("definition_key", sa.BigInteger(), nullable=False),
        sa.Column("process_id", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("candidate_groups", Json(), nullable=False),
        sa.Column("candidate_users", Json(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("due_sort", Moment(), nullable=False),
        sa.Column("follow_up_at", Moment(), nullable=True),
        sa.Column("clock", sa.Text(), nullable=True),
        sa.Column("form_key", sa.BigInteger(), nullable=True),
        sa.Column("external_reference", sa.Text(), nullable=True),
        sa.Column("headers", Json(), nullable=False),
        sa.Column("business_id", sa.Text(), nullable=True),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("completed_at", Moment(), nullable=True),
        sa.Column("completed_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["instance_key"], ["instances.key"], name=op.f("fk_tasks_instance_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_tasks")),
    )
    op.create_index("ix_tasks_instance_key", "tasks", ["instance_key"], unique=False)
    op.create_index(
        "ix_tasks_open_assignee",
        "tasks",
        ["assignee", "due_sort", "key"],
        unique=False,
        sqlite_where=sa.text("state = 'CREATED'"),
        postgresql_where=sa.text("state = 'CREATED'"),
    )
    op.create_index(
        "ix_tasks_open_due",
        "tasks",
        ["due_sort", "key"],
        unique=False,
        sqlite_where=sa.text("state = 'CREATED'"),
        postgresql_where=sa.text("state = 'CREATED'"),
    )
    op.create_index(
        "ix_tasks_open_priority",
        "tasks",
        [sa.literal_column("priority DESC"), "due_sort", "key"],
        unique=False,
        sqlite_where=sa.text("state = 'CREATED'"),
        postgresql_where=sa.text("state = 'CREATED'"),
    )
    op.create_index("ix_tasks_root_key", "tasks", ["root_key"], unique=False)
    op.create_table(
        "task_candidates",
        sa.Column("task_key", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due_sort", Moment(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["task_key"], ["tasks.key"], name=op.f("fk_task_candidates_task_key")),
        sa.PrimaryKeyConstraint("task_key", "kind", "name", name=op.f("pk_task_candidates")),
    )
    op.create_index(
        "ix_task_candidates_due", "task_candidates", ["kind", "name", "due_sort", "task_key"], unique=False
    )
    op.create_index(
        "ix_task_candidates_priority",
        "task_candidates",
        ["kind", "name", sa.literal_column("priority DESC"), "due_sort", "task_key"],
        unique=False,
    )

    op.execute(
        sa.text("INSERT INTO key_blocks (name, next_key) VALUES ('keys', :first)").bindparams(first=FIRST_KEY)
    )
