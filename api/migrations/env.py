"""How Alembic reaches the database: through the connection ``api.schema`` gives it."""

from __future__ import annotations

from alembic import context

from api.schema import SERVICE_TABLES, VERSION_TABLE
from engine.store.columns import METADATA

with context.config.attributes["connection"] as connection:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        version_table=VERSION_TABLE,
        render_as_batch=True,
        include_object=lambda _thing, name, kind, *_more: kind != "table" or name in SERVICE_TABLES,
    )
    with context.begin_transaction():
        context.run_migrations()
