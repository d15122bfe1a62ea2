"""Every instance knows the case it belongs to, and a kept message who published it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.columns import Json

revision = "0002_access"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let what runs or ran already belong to its own root; the service joins what began beside a complaint."""
    op.add_column(
        "instances", sa.Column("case_key", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    )
    op.execute("UPDATE instances SET case_key = root_key")
    op.create_index(op.f("ix_instances_case_key"), "instances", ["case_key"], unique=False)
    op.add_column("message_buffer", sa.Column("publisher", Json(), nullable=True))
