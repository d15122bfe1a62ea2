"""Clocks whose day is only expected warn as others do, and are missed where it can only be sooner: they are looked at once."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from engine.store.columns import Json, Moment

revision = "0011_days_expected"
down_revision = "0010_pages_of_drafts"
branch_labels = None
depends_on = None

AT_LATEST = "first_raised"  # a day that lies on the day of receipt or before


def upgrade() -> None:
    """Note which expected days are the last that can be, and have every expected clock looked at soon."""
    clocks = sa.table(
        "complaint_clocks",
        sa.column("key", sa.BigInteger()),
        sa.column("state", sa.String()),
        sa.column("saved", Json()),
        sa.column("next_at", Moment()),
    )
    connection = op.get_bind()
    expected = sa.select(clocks.c.key, clocks.c.saved).where(clocks.c.state == "projected")
    for row in connection.execute(expected).all():
        last = row.saved["anchor"]["event"] == AT_LATEST
        connection.execute(
            clocks.update()
            .where(clocks.c.key == row.key)
            .values(saved=row.saved | {"at_latest": last}, next_at=datetime(1990, 1, 1, tzinfo=UTC))
        )
