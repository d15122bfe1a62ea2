"""A letter by hand knows whether it is held: then nobody was told to deliver it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_held_by_hand"
down_revision = "0008_letters_anew"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was written before is posted from the complaint's page, as it was."""
    with op.batch_alter_table("complaint_letters") as table:
        table.add_column(sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("complaint_letters") as table:
        table.alter_column("held", server_default=None, existing_type=sa.Boolean(), existing_nullable=False)
