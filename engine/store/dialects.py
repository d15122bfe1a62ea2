"""The few statements the two databases spell differently."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.store.columns import Moment

_TAKE_TURN = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


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
    for name in sorted(set(names)):
        session.execute(_TAKE_TURN, {"name": name})
