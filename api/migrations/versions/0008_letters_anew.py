"""A letter knows who it is for and what it was written from: one that may not leave is written anew to whom it concerns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.columns import Json, Moment

revision = "0008_letters_anew"
down_revision = "0007_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what was written to representatives so far said nothing of their complaints."""
    with op.batch_alter_table("complaint_letters") as table:
        table.add_column(sa.Column("party_key", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("copy_of", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("neutral", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("given", Json(), nullable=True))
        table.add_column(sa.Column("replaced_at", Moment(), nullable=True))
    letters = sa.table("complaint_letters", sa.column("to_role"), sa.column("neutral"))
    op.execute(letters.update().where(letters.c.to_role == "representative").values(neutral=True))
    with op.batch_alter_table("complaint_letters") as table:
        table.alter_column(
            "neutral", server_default=None, existing_type=sa.Boolean(), existing_nullable=False
        )
