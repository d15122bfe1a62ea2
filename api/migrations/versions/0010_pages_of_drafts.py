"""A draft knows the page that saved it last, so that another page of the same person does not replace it in silence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_pages_of_drafts"
down_revision = "0009_held_by_hand"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was saved before was saved by no page that is known."""
    with op.batch_alter_table("drafts") as table:
        table.add_column(sa.Column("page", sa.String(40), nullable=True))
