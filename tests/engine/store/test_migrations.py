"""The schema's history ends at the tables this release uses."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from engine.store import tables
from engine.store.database import connect
from engine.store.errors import SchemaMismatch
from engine.store.migrations import check_schema, upgrade
from engine.store.tables import METADATA

UNSEEN = ("alembic_version", "ix_jobs_offer", "ix_tasks_open_priority", "ix_task_candidates_priority")


def _is_of_the_engine(thing, name, kind, *_more):
    """Tell the engine's own tables from those of a service that shares its metadata."""
    table = name if kind == "table" else thing.table.name
    return table in tables.__all__


@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_the_migrations_lead_to_the_tables_of_the_code(database):
    with database.writer.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": False, "include_object": _is_of_the_engine}
        )
        changes = [str(change) for change in compare_metadata(context, METADATA)]
    assert [one for one in changes if not any(known in one for known in UNSEEN)] == []


def test_upgrading_twice_changes_nothing(database):
    upgrade(database)
    check_schema(database)


def test_a_schema_of_another_release_is_refused(database):
    with database.writer.begin() as connection:
        newest = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        with pytest.raises(SchemaMismatch):
            check_schema(database)
    finally:
        with database.writer.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = :it"), {"it": newest})


def test_an_empty_database_is_refused(tmp_path):
    database = connect(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(SchemaMismatch):
        check_schema(database)
    database.dispose()
