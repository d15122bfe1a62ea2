"""One database: SQLite in a file, or PostgreSQL; how connections are opened and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

from engine.errors import Invalid
from engine.keys import FIRST_KEY, Keys
from engine.store.expressions import teach_sqlite
from engine.store.tables import key_blocks
from engine.store.turns import Turns

BUSY_MS = 15_000
CHANNEL = "redress_work"
UNBOUNDED = -1  # a pool that opens another connection rather than let somebody wait


class DatabaseRefused(Invalid):
    """This is not a database Redress can use."""

    code = "database_refused"


class Database:
    """The connections of one process to one database, and the keys it hands out."""

    def __init__(self, writer: sa.Engine, reader: sa.Engine, aside: sa.Engine) -> None:
        """``writer`` opens transactions that may write, ``reader`` such that cannot; one on PostgreSQL.

        ``aside`` opens such that cannot write, and never makes anybody wait for one: whoever is inside a
        transaction of the others, or holds a connection for as long as a request lasts, takes it from there.
        """
        self.writer, self.reader, self.aside = writer, reader, aside
        self.new_write_session: sessionmaker[Session] = sessionmaker(writer, expire_on_commit=False)
        self.new_read_session: sessionmaker[Session] = sessionmaker(reader, expire_on_commit=False)
        self.new_aside_session: sessionmaker[Session] = sessionmaker(aside, expire_on_commit=False)
        self.keys = Keys(self.reserve_keys)

    @property
    def is_remote(self) -> bool:
        """Tell whether the answer to a COMMIT can be lost on the way."""
        return self.writer.dialect.name != "sqlite"

    def notify(self) -> None:
        """Tell the other processes that there is work; only PostgreSQL can."""
        if self.is_remote:
            with self.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql(f"NOTIFY {CHANNEL}")

    def dispose(self) -> None:
        """Close all connections."""
        self.writer.dispose()
        self.reader.dispose()
        self.aside.dispose()

    def reserve_keys(self, count: int) -> int:
        """Set ``count`` keys aside, in a transaction of its own, and return the first of them."""
        with self.writer.begin() as connection:
            changed = connection.execute(
                sa.update(key_blocks)
                .where(key_blocks.c.name == "keys")
                .values(next_key=key_blocks.c.next_key + count)
                .returning(key_blocks.c.next_key)
            ).scalar()
            if changed is None:
                raise DatabaseRefused(problem="the row that counts keys is missing; run the migration")
            return int(changed) - count


def first_key_block() -> dict[str, Any]:
    """Return the row the initial migration stores in ``key_blocks``."""
    return {"name": "keys", "next_key": FIRST_KEY}


def connect(url: str, *, pool_size: int = 10, **options: Any) -> Database:
    """Return the database at ``url``: ``sqlite:////path/file.db`` or ``postgresql://user@host/name``.

    ``options`` go to psycopg. Raises ``DatabaseRefused`` for any other kind of address.
    """
    address = sa.make_url(url)
    if address.get_backend_name() == "sqlite":
        return _connect_sqlite(address)
    if address.get_backend_name() in ("postgresql", "postgres"):
        return _connect_postgresql(address.set(drivername="postgresql+psycopg"), pool_size, options)
    raise DatabaseRefused(kind=address.get_backend_name(), allowed="sqlite, postgresql")


def _connect_sqlite(address: sa.URL) -> Database:
    if not address.database or address.database == ":memory:":
        raise DatabaseRefused(problem="SQLite needs a file: readers and the writer are separate connections")
    Path(address.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    Path(address.database).touch(
        mode=0o600
    )  # what it holds is nobody else's to read; the files beside it follow
    writer, reader = _sqlite_engine(address, size=1), _sqlite_engine(address, size=8)
    aside = _sqlite_engine(address, size=8, overflow=UNBOUNDED)
    turns = Turns(Path(address.database))

    @sa.event.listens_for(writer, "begin")
    def begin_to_write(connection: sa.Connection) -> None:
        with turns.first():
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    @sa.event.listens_for(writer, "engine_disposed")
    def leave(_engine: sa.Engine) -> None:
        turns.close()

    for engine in (reader, aside):
        sa.event.listen(engine, "connect", _only_read)
        sa.event.listen(engine, "begin", _begin_to_read)
    return Database(writer, reader, aside)


def _begin_to_read(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _only_read(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA query_only=ON")


def _sqlite_engine(address: sa.URL, *, size: int, overflow: int = 0) -> sa.Engine:
    engine = sa.create_engine(
        address,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=overflow,
        pool_timeout=BUSY_MS / 1000,
        hide_parameters=True,  # an error's text goes to logs
        connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000},
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing; we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={BUSY_MS}",
            "foreign_keys=ON",
            "secure_delete=ON",
            "wal_autocheckpoint=1000",
            "case_sensitive_like=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        teach_sqlite(connection)

    return engine


def _connect_postgresql(address: sa.URL, pool_size: int, options: dict[str, Any]) -> Database:
    settings = "-c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"
    given: dict[str, Any] = {
        "isolation_level": "READ COMMITTED",
        "pool_pre_ping": True,
        "pool_recycle": 1800,
        "pool_timeout": 5,
        "hide_parameters": True,
        "connect_args": {
            "connect_timeout": 3,
            "keepalives": 1,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "options": settings,
            **options,
        },
    }
    shared = sa.create_engine(address, pool_size=pool_size, max_overflow=5, **given)
    aside = sa.create_engine(address, pool_size=5, max_overflow=UNBOUNDED, **given)
    return Database(shared, shared, aside)
