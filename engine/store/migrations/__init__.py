"""The schema's history: bring a database up to this release, or say that it does not fit."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from engine.store.database import Database
from engine.store.errors import SchemaMismatch

HERE = Path(__file__).parent


def upgrade(database: Database) -> None:
    """Bring the schema of ``database`` to the newest version; safe to repeat.

    Stop other processes on SQLite first: connections opened before a change of schema must not outlive it.
    """
    config = _config()
    with database.writer.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    database.dispose()


def check_schema(database: Database) -> None:
    """Raise ``SchemaMismatch`` unless the schema of ``database`` is the one this release was written for."""
    with database.reader.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    wanted = ScriptDirectory.from_config(_config()).get_current_head()
    if found != wanted:
        raise SchemaMismatch(found=found, wanted=wanted)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    return config
