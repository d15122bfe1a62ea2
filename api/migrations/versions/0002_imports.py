"""Letters of imported complaints are held until somebody sends them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_imports"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark; complaints of before are not held, as they were not."""
    op.add_column(
        "complaints", sa.Column("letters_held", sa.Boolean(), nullable=False, server_default=sa.false())
    )
