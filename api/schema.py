"""Bringing a database up to this release: first the engine's tables, then the service's own."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from api.complaints import tables as _complaint_tables
from api.deadlines import tables as _deadline_tables
from api.identity import tables as _identity_tables
from engine.errors import Broken
from engine.store import migrations
from engine.store.database import Database
from engine.store.tables import METADATA, deployments
from engine.store.tables import __all__ as engine_names

VERSION_TABLE = "alembic_version_service"
SERVICE_TABLES = frozenset(METADATA.tables) - frozenset(engine_names)
HERE = Path(__file__).parent / "migrations"
_KNOWN = (_complaint_tables, _deadline_tables, _identity_tables)  # imported so that METADATA has their tables


class SchemaDiffers(Broken):
    """The database was written by another release than this one. Use that release, or restore a backup."""

    code = "schema_differs"


def is_there(database: Database) -> bool:
    """Tell whether the database holds a house: tables of ours, and something that was deployed."""
    with database.reader.connect() as connection:
        if not sa.inspect(connection).has_table(deployments.name):
            return False
        return connection.execute(sa.select(deployments.c.key).limit(1)).first() is not None


def upgrade(database: Database) -> None:
    """Create or upgrade every table of ``database``. Raises ``SchemaDiffers`` when it is ahead of this release."""
    migrations.upgrade(database)
    scripts = ScriptDirectory(str(HERE))
    with database.writer.connect() as connection:
        found = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE}
        ).get_current_revision()
    known = {revision.revision for revision in scripts.walk_revisions()}
    if found is not None and found not in known:
        raise SchemaDiffers(found=found, newest=scripts.get_current_head())
    if found == scripts.get_current_head():
        return
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    with database.writer.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    database.dispose()
