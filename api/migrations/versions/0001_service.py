"""The first schema of the service: people, sessions, tokens, and the register of complaints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.columns import Json, Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table of the service."""
    op.create_table(
        "calendars",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("change", Json(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.Column("applied_at", Moment(), nullable=True),
        sa.Column("applied_by", sa.String(length=64), nullable=True),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_calendars")),
    )
    op.create_table(
        "complaints",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reference", sa.String(length=24), nullable=False),
        sa.Column("instance_key", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("regime", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("desired_remedy", sa.Text(), nullable=True),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("represented", sa.Boolean(), nullable=False),
        sa.Column("significant", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("lane", sa.String(length=24), nullable=True),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.Column("closing_reason", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("source_key", sa.String(length=200), nullable=True),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("private", Json(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_complaints")),
        sa.UniqueConstraint("instance_key", name=op.f("uq_complaints_instance_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_complaints_reference")),
    )
    op.create_index(op.f("ix_complaints_owner"), "complaints", ["owner"], unique=False)
    op.create_index("ix_complaints_source", "complaints", ["source", "source_key"], unique=True)
    op.create_index("ix_complaints_state_received_at", "complaints", ["state", "received_at"], unique=False)
    op.create_table(
        "drafts",
        sa.Column("place", sa.String(length=160), nullable=False),
        sa.Column("data", Json(), nullable=False),
        sa.Column("form_key", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_drafts")),
    )
    op.create_index(op.f("ix_drafts_expires_at"), "drafts", ["expires_at"], unique=False)
    op.create_table(
        "people",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_people")),
        sa.UniqueConstraint("name", name=op.f("uq_people_name")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_key", sa.BigInteger(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name=op.f("fk_api_tokens_person_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_api_tokens_token_sha256")),
    )
    op.create_index(op.f("ix_api_tokens_person_key"), "api_tokens", ["person_key"], unique=False)
    op.create_table(
        "complaint_clocks",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("complaint_key", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("bound_at", Moment(), nullable=True),
        sa.Column("calendar_id", sa.String(length=64), nullable=False),
        sa.Column("calendar_version", sa.Integer(), nullable=False),
        sa.Column("calendar_seen", sa.Integer(), nullable=False),
        sa.Column("next_at", Moment(), nullable=True),
        sa.Column("saved", Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_key"], ["complaints.key"], name=op.f("fk_complaint_clocks_complaint_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_complaint_clocks")),
        sa.UniqueConstraint(
            "complaint_key", "name", "number", name=op.f("uq_complaint_clocks_complaint_key_name_number")
        ),
    )
    op.create_index(
        "ix_complaint_clocks_calendar", "complaint_clocks", ["calendar_id", "calendar_seen"], unique=False
    )
    op.create_index(
        op.f("ix_complaint_clocks_complaint_key"), "complaint_clocks", ["complaint_key"], unique=False
    )
    op.create_index("ix_complaint_clocks_next_at", "complaint_clocks", ["next_at"], unique=False)
    op.create_index("ix_complaint_clocks_open", "complaint_clocks", ["state", "bound_at"], unique=False)
    op.create_table(
        "complaint_duties",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("complaint_key", sa.BigInteger(), nullable=False),
        sa.Column("task_key", sa.BigInteger(), nullable=False),
        sa.Column("duty", sa.String(length=32), nullable=False),
        sa.Column("person_name", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_key"], ["complaints.key"], name=op.f("fk_complaint_duties_complaint_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_complaint_duties")),
    )
    op.create_index(
        "ix_complaint_duties_who", "complaint_duties", ["complaint_key", "duty", "person_name"], unique=False
    )
    op.create_table(
        "complaint_events",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("complaint_key", sa.BigInteger(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_key"], ["complaints.key"], name=op.f("fk_complaint_events_complaint_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_complaint_events")),
    )
    op.create_index(
        "ix_complaint_events_timeline", "complaint_events", ["complaint_key", "at", "key"], unique=False
    )
    op.create_table(
        "complaint_exclusions",
        sa.Column("complaint_key", sa.BigInteger(), nullable=False),
        sa.Column("person_name", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_key"], ["complaints.key"], name=op.f("fk_complaint_exclusions_complaint_key")
        ),
        sa.PrimaryKeyConstraint("complaint_key", "person_name", name=op.f("pk_complaint_exclusions")),
    )
    op.create_table(
        "complaint_issues",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("complaint_key", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("root_cause", sa.Text(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["complaint_key"], ["complaints.key"], name=op.f("fk_complaint_issues_complaint_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_complaint_issues")),
        sa.UniqueConstraint("complaint_key", "number", name=op.f("uq_complaint_issues_complaint_key_number")),
    )
    op.create_index(
        op.f("ix_complaint_issues_complaint_key"), "complaint_issues", ["complaint_key"], unique=False
    )
    op.create_table(
        "complaint_letters",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("complaint_key", sa.BigInteger(), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("template_version", sa.String(length=64), nullable=False),
        sa.Column("to_role", sa.String(length=24), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("queued_at", Moment(), nullable=False),
        sa.Column("dispatched_at", Moment(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("outbox_key", sa.BigInteger(), nullable=True),
        sa.Column("meets", sa.Text(), nullable=True),
        sa.Column("extends", Json(), nullable=True),
        sa.ForeignKeyConstraint(
            ["complaint_key"], ["complaints.key"], name=op.f("fk_complaint_letters_complaint_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_complaint_letters")),
    )
    op.create_index(
        op.f("ix_complaint_letters_complaint_key"), "complaint_letters", ["complaint_key"], unique=False
    )
    op.create_index(
        op.f("ix_complaint_letters_outbox_key"), "complaint_letters", ["outbox_key"], unique=False
    )
    op.create_table(
        "complaint_links",
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("complaint_key", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["complaint_key"], ["complaints.key"], name=op.f("fk_complaint_links_complaint_key")
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_complaint_links")),
    )
    op.create_index(
        op.f("ix_complaint_links_complaint_key"), "complaint_links", ["complaint_key"], unique=False
    )
    op.create_table(
        "complaint_parties",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("complaint_key", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("preferred_channel", sa.String(length=16), nullable=True),
        sa.Column("person_name", sa.String(length=64), nullable=True),
        sa.Column("details", Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_key"], ["complaints.key"], name=op.f("fk_complaint_parties_complaint_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_complaint_parties")),
    )
    op.create_index(
        op.f("ix_complaint_parties_complaint_key"), "complaint_parties", ["complaint_key"], unique=False
    )
    op.create_table(
        "complaint_records",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("complaint_key", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=True),
        sa.Column("data", Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_key"], ["complaints.key"], name=op.f("fk_complaint_records_complaint_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_complaint_records")),
    )
    op.create_index(
        op.f("ix_complaint_records_complaint_key"), "complaint_records", ["complaint_key"], unique=False
    )
    op.create_table(
        "complaint_remedies",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("complaint_key", sa.BigInteger(), nullable=False),
        sa.Column("issue_number", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("amount", sa.String(length=40), nullable=True),
        sa.Column("mark", sa.String(length=80), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("decided_at", Moment(), nullable=False),
        sa.Column("corrected_at", Moment(), nullable=True),
        sa.Column("corrected_by", sa.String(length=64), nullable=True),
        sa.Column("verified_at", Moment(), nullable=True),
        sa.Column("verified_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["complaint_key"], ["complaints.key"], name=op.f("fk_complaint_remedies_complaint_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_complaint_remedies")),
    )
    op.create_index(
        op.f("ix_complaint_remedies_complaint_key"), "complaint_remedies", ["complaint_key"], unique=False
    )
    op.create_table(
        "deadline_feeds",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_key", sa.BigInteger(), nullable=False),
        sa.Column("group_name", sa.String(length=64), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name=op.f("fk_deadline_feeds_person_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_deadline_feeds")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_deadline_feeds_token_sha256")),
    )
    op.create_index(op.f("ix_deadline_feeds_person_key"), "deadline_feeds", ["person_key"], unique=False)
    op.create_table(
        "documents",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("complaint_key", sa.BigInteger(), nullable=True),
        sa.Column("draft_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage", sa.String(length=32), nullable=False),
        sa.Column("added_at", Moment(), nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_key"], ["complaints.key"], name=op.f("fk_documents_complaint_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_documents")),
        sa.UniqueConstraint("storage", name=op.f("uq_documents_storage")),
    )
    op.create_index(op.f("ix_documents_complaint_key"), "documents", ["complaint_key"], unique=False)
    op.create_index(op.f("ix_documents_draft_sha256"), "documents", ["draft_sha256"], unique=False)
    op.create_table(
        "notices",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("complaint_key", sa.BigInteger(), nullable=True),
        sa.Column("group_name", sa.String(length=64), nullable=True),
        sa.Column("person_name", sa.String(length=64), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("read_at", Moment(), nullable=True),
        sa.Column("read_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["complaint_key"], ["complaints.key"], name=op.f("fk_notices_complaint_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_complaint_key"), "notices", ["complaint_key"], unique=False)
    op.create_index(op.f("ix_notices_group_name"), "notices", ["group_name"], unique=False)
    op.create_index(op.f("ix_notices_person_name"), "notices", ["person_name"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_key", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.Column("revoked_why", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name=op.f("fk_sessions_person_key")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_person_key"), "sessions", ["person_key"], unique=False)
    op.create_table(
        "clock_reminders",
        sa.Column("clock_key", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(length=24), nullable=False),
        sa.Column("bound_at", Moment(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clock_key"], ["complaint_clocks.key"], name=op.f("fk_clock_reminders_clock_key")
        ),
        sa.PrimaryKeyConstraint("clock_key", "event", "bound_at", name=op.f("pk_clock_reminders")),
    )
    op.create_table(
        "complaint_clock_changes",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("clock_key", sa.BigInteger(), nullable=False),
        sa.Column("complaint_key", sa.BigInteger(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("change", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state_after", sa.String(length=16), nullable=False),
        sa.Column("due_before", sa.Date(), nullable=True),
        sa.Column("due_after", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clock_key"], ["complaint_clocks.key"], name=op.f("fk_complaint_clock_changes_clock_key")
        ),
        sa.ForeignKeyConstraint(
            ["complaint_key"], ["complaints.key"], name=op.f("fk_complaint_clock_changes_complaint_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_complaint_clock_changes")),
    )
    op.create_index(
        op.f("ix_complaint_clock_changes_clock_key"), "complaint_clock_changes", ["clock_key"], unique=False
    )
    op.create_index(
        op.f("ix_complaint_clock_changes_complaint_key"),
        "complaint_clock_changes",
        ["complaint_key"],
        unique=False,
    )
    # ### end Alembic commands ###
