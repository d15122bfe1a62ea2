"""How Alembic reaches the database: through the connection ``upgrade`` gives it."""

from __future__ import annotations

from alembic import context

from engine.store.tables import METADATA

with context.config.attributes["connection"] as connection:
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
