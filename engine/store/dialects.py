"""The few statements the two databases spell differently."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.store.columns import Moment


def is_sqlite(session: Session) -> bool:
    """Tell whether this session speaks to SQLite."""
    return session.get_bind().dialect.name == "sqlite"


def insert(session: Session, table: sa.Table) -> Any:
    """Return an INSERT that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return sqlite.insert(table) if is_sqlite(session) else postgresql.insert(table)


def now(session: Session) -> Any:
    """Return the expression for the database's own present moment (for leases and proofs, never for due
    moments).
    """
    if is_sqlite(session):
        return sa.cast(
            sa.text("CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER)"), sa.BigInteger
        )
    return sa.func.clock_timestamp(type_=Moment)


def take_turns(session: Session, *names: str) -> None:
    """Wait for, and until the end of the transaction hold, the right to deal with these names.

    On SQLite the transaction already holds the only write lock.
    """
    if not names or is_sqlite(session):
        return
    ordered = sorted(set(names))
    session.execute(
        sa.select(
            sa.func.count(
                sa.func.pg_advisory_xact_lock(
                    sa.func.hashtextextended(sa.column("name", sa.Text), sa.literal(0, sa.BigInteger))
                )
            )
        ).select_from(sa.func.unnest(sa.cast(ordered, sa.ARRAY(sa.Text))).table_valued("name"))
    )
