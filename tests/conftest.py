"""What most tests need: a real database (both kinds), a frozen clock, an engine."""

from __future__ import annotations

import os
import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.clock import FrozenClock
from engine.engine import Engine
from engine.store.database import connect, first_key_block
from engine.store.migrations import upgrade
from engine.store.tables import METADATA, key_blocks
from tests.held import watch_connections

POSTGRES_URL = os.environ.get("REDRESS_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1/postgres")
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday


@pytest.fixture(scope="session")
def shared():
    """The folder of public data beside the repository (or at REDRESS_SHARED); tests that need it skip without it."""
    folder = Path(os.environ.get("REDRESS_SHARED") or Path(__file__).parents[2] / "shared")
    if not folder.is_dir():
        pytest.skip("the folder of public data is not here")
    return folder


def pytest_addoption(parser):
    """``--long``: storms and generated cases as many as before a release."""
    parser.addoption("--long", action="store_true", help="run chaos and generated tests at their long size")


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory):
    """The path of a migrated SQLite file to copy from."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    database = connect(f"sqlite:///{path}")
    upgrade(database)
    database.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_url():
    """The address of a fresh PostgreSQL database of this session; None when no server is reachable."""
    name = f"redress_test_{uuid.uuid4().hex[:12]}"
    server = sa.create_engine(
        sa.make_url(POSTGRES_URL).set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": 3},
    )
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except sa.exc.OperationalError:
        server.dispose()
        yield None
        return
    url = sa.make_url(POSTGRES_URL).set(database=name)
    database = connect(url.render_as_string(hide_password=False))
    upgrade(database)
    yield url.render_as_string(hide_password=False)
    database.dispose()
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@pytest.fixture(scope="session", autouse=True)
def one_connection_each():
    """No thread of ours may ask for a connection while it holds one."""
    watch_connections()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """The address of an empty, migrated database of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "redress.db"
        shutil.copy(request.getfixturevalue("empty_sqlite"), path)
        return f"sqlite:///{path}"
    url = request.getfixturevalue("postgres_url")
    if url is None:
        pytest.skip("no PostgreSQL server is reachable")
    _empty(url)
    return url


@pytest.fixture
def database(database_url):
    """An empty, migrated database of each kind."""
    database = connect(database_url)
    yield database
    database.dispose()


@pytest.fixture
def sqlite_database(empty_sqlite, tmp_path):
    """An empty, migrated SQLite database, for tests that would learn nothing from a second kind."""
    path = tmp_path / "redress.db"
    shutil.copy(empty_sqlite, path)
    database = connect(f"sqlite:///{path}")
    yield database
    database.dispose()


@pytest.fixture
def clock():
    """A clock that stands at Monday 23 November 2026, 09:00 UTC."""
    return FrozenClock(START)


@pytest.fixture
def engine(database, clock):
    """An engine on each kind of database; every step is loaded again and compared before it is stored."""
    return Engine(database, clock=clock, zone="Europe/Berlin", look_over=1.0)


def _empty(url):
    server = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with server.begin() as connection:
        there = set(sa.inspect(connection).get_table_names())  # the service's own are made by its tests only
        for table in reversed(METADATA.sorted_tables):  # quicker than TRUNCATE, which syncs a file per table
            if table.name in there:
                connection.execute(sa.delete(table))
        connection.execute(sa.insert(key_blocks).values(first_key_block()))
    server.dispose()
