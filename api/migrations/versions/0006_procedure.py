"""Who may act for a complainant, and whose each secret link is."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from engine.store.columns import Moment

revision = "0006_procedure"
down_revision = "0005_clocks"
branch_labels = None
depends_on = None


_GIVEN_TO = sa.text(
    """
    UPDATE complaint_links SET party_key = (
        SELECT max(p.key) FROM complaint_parties AS p
        WHERE p.complaint_key = complaint_links.complaint_key AND p.role = :role)
    WHERE EXISTS (
        SELECT 1 FROM complaint_parties AS p
        WHERE p.complaint_key = complaint_links.complaint_key AND p.role = :role)
    """
)


def upgrade() -> None:
    """Note authority; representatives on file count as claiming it, and links as given to whom the letters went."""
    parties: tuple[sa.Column[Any], ...] = (
        sa.Column("authority", sa.String(length=16), nullable=False, server_default="none"),
        sa.Column("authority_scope", sa.Text(), nullable=True),
        sa.Column("authority_from", sa.Date(), nullable=True),
        sa.Column("authority_until", sa.Date(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
    )
    for column in parties:
        op.add_column("complaint_parties", column)
    for name in ("email", "name"):
        op.create_index(f"ix_complaint_parties_{name}", "complaint_parties", [sa.text(f"lower({name})")])
    op.add_column("complaint_links", sa.Column("party_key", sa.BigInteger(), nullable=True))
    op.execute("UPDATE complaint_parties SET authority = 'claimed' WHERE role = 'representative'")
    for role in ("complainant", "representative"):  # a representative got every letter there was
        op.execute(_GIVEN_TO.bindparams(role=role))
