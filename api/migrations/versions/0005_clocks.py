"""Complaints keep the dates that clocks count from; clocks that are owed no more are looked at once."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from engine.store.columns import Json, Moment

revision = "0005_clocks"
down_revision = "0004_letters"
branch_labels = None
depends_on = None

DATES = ("first_raised_on", "sent_to_company_on", "accepted_on", "agreed_on")


def upgrade() -> None:
    """Add the dates, filled as far as a file said them, and have clocks that nobody is owed looked at soon."""
    for name in DATES:
        op.add_column("complaints", sa.Column(name, sa.Date(), nullable=True))
    _keep_what_files_said()
    _look_again_soon("not_accepted", "merged", "withdrawn")
    _look_again_soon("responded", "correcting", "rejected_open", "external", names=("update", "target"))


def _look_again_soon(*states: str, names: tuple[str, ...] = ()) -> None:
    """Let the next look at the clocks come at once: what a complaint in this state does not owe ends there."""
    clocks = sa.table(
        "complaint_clocks",
        sa.column("complaint_key", sa.BigInteger()),
        sa.column("name", sa.String()),
        sa.column("next_at", Moment()),
    )
    complaints = sa.table("complaints", sa.column("key", sa.BigInteger()), sa.column("state", sa.String()))
    chosen = sa.select(complaints.c.key).where(complaints.c.state.in_(states))
    waiting = clocks.update().where(clocks.c.complaint_key.in_(chosen), clocks.c.next_at.is_not(None))
    if names:
        waiting = waiting.where(clocks.c.name.in_(names))
    op.execute(waiting.values(next_at=datetime(1990, 1, 1, tzinfo=UTC)))


def _keep_what_files_said() -> None:
    """Imports of the CFPB noted beside the facts when a complaint was sent to the company."""
    complaints = sa.table(
        "complaints",
        sa.column("key", sa.BigInteger()),
        sa.column("facts", Json()),
        sa.column("sent_to_company_on", sa.Date()),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(complaints.c.key, complaints.c.facts)).all():
        told = (row.facts or {}).get("sentToCompanyOn")
        if told:
            connection.execute(
                complaints.update()
                .where(complaints.c.key == row.key)
                .values(sent_to_company_on=datetime.fromisoformat(told).date())
            )
