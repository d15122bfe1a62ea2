"""Taking a database of this release back to the first one, whatever has been added since: what an upgrade starts from."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from api import schema
from engine.store import migrations
from engine.store.columns import Moment
from engine.store.database import Database, connect

FIRST = "0001"
TREES = ((migrations.HERE, "alembic_version"), (schema.HERE, schema.VERSION_TABLE))


def go_to(database: Database, revision: str, *, trees=TREES) -> None:
    """Bring an older database up to ``revision`` of each tree."""
    for folder, _ in trees:
        config = Config()
        config.set_main_option("script_location", str(folder))
        with database.writer.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    database.dispose()


def as_first_release(database: Database) -> None:
    """Undo everything that later releases added or removed, and keep the rows that the first one knows."""
    before, indexes = _first_schema()
    with database.writer.begin() as connection:
        for name in _indexes(connection) - indexes:
            connection.execute(sa.text(f"DROP INDEX {name}"))
        now = sa.MetaData()
        now.reflect(connection)
        for table in reversed(now.sorted_tables):
            if table.name not in before.tables:
                table.drop(connection)
            else:
                _undo(connection, table, before.tables[table.name])
        for _, version in TREES:
            connection.execute(sa.text(f"UPDATE {version} SET version_num = '{FIRST}'"))
    database.dispose()


def _undo(connection: sa.Connection, table: sa.Table, before: sa.Table) -> None:
    for column in table.columns:
        if column.name not in before.columns:
            connection.execute(sa.text(f"ALTER TABLE {table.name} DROP COLUMN {column.name}"))
    for column in before.columns:
        if column.name not in table.columns:
            kind = column.type.compile(connection.dialect)
            connection.execute(sa.text(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}"))


def _indexes(connection: sa.Connection) -> set[str]:
    remote = connection.dialect.name != "sqlite"
    known = (
        "SELECT indexname FROM pg_indexes"
        if remote
        else "SELECT name FROM sqlite_master WHERE type = 'index'"
    )
    return {name for name in connection.execute(sa.text(known)).scalars() if name.startswith("ix_")}


def _first_schema() -> tuple[sa.MetaData, set[str]]:
    with tempfile.TemporaryDirectory() as folder:
        database = connect(f"sqlite:///{Path(folder) / 'first.db'}")
        go_to(database, FIRST)
        found = sa.MetaData()
        with database.writer.connect() as connection:
            found.reflect(connection)
            indexes = _indexes(connection)
        database.dispose()
    return found, indexes


def put(database: Database, table: str, **values: object) -> None:
    """Store a row by a table's columns as they are there; what is needed and not given is nothing, moments are aware."""
    with database.writer.begin() as connection:
        there = sa.Table(table, sa.MetaData(), autoload_with=connection)
        needed = {
            column.name: False if isinstance(column.type, sa.Boolean) else 0
            for column in there.columns
            if not column.nullable and column.name not in values
        }
        stored = {
            name: Moment().process_bind_param(value, connection.dialect)
            if isinstance(value, datetime)
            else value
            for name, value in values.items()
        }
        connection.execute(sa.insert(there).values({**needed, **stored}))
