"""Starting alone: what makes a house (schema, first contents) is done by one process at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from engine.store.database import Database

LONGEST: Final = 120  # seconds a process waits for another that is making the house
_LOCK: Final = 0x52656472  # any number that all processes of Redress share


@contextmanager
def alone(database: Database) -> Iterator[None]:
    """Keep out every other process that starts on this database; wait for it at most two minutes.

    The lock ends with the process that holds it, however that ends. PostgreSQL has a lock for it; beside an SQLite file
    stands an empty one, ``….starting``, which is locked instead of the file itself, where the work is done.
    Raises the database's own error when the wait was in vain.
    """
    if database.is_remote:
        with database.aside.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"SET lock_timeout = '{LONGEST}s'")
            connection.exec_driver_sql(f"SET statement_timeout = '{LONGEST + 5}s'")
            connection.execute(sa.select(sa.func.pg_advisory_lock(_LOCK)))
            try:
                yield
            finally:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))
                connection.invalidate()  # its own limits are not those of the pool
        return
    beside = Path(f"{database.writer.url.database}.starting")
    beside.touch(mode=0o600)
    with closing(sqlite3.connect(beside, timeout=LONGEST, isolation_level=None)) as turn:
        turn.execute("BEGIN EXCLUSIVE")
        yield
