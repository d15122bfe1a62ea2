"""Old data survives an upgrade of the service's own tables."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa

from api import schema
from engine.store.database import connect
from tests.conftest import POSTGRES_URL, START
from tests.releases import FIRST, go_to, put

REPRESENTED, ALONE, NAMELESS = 1, 2, 3
LADY, AGENT, ANN = 11, 12, 21


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request, tmp_path):
    """A database as the first release left it, empty."""
    if request.param == "sqlite":
        database = connect(f"sqlite:///{tmp_path / 'old.db'}")
        yield _at_first_release(database)
        database.dispose()
        return
    server = sa.create_engine(
        sa.make_url(POSTGRES_URL).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    name = f"redress_test_{uuid.uuid4().hex[:12]}"
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except sa.exc.OperationalError:
        pytest.skip("no PostgreSQL server is reachable")
    database = connect(sa.make_url(POSTGRES_URL).set(database=name).render_as_string(hide_password=False))
    yield _at_first_release(database)
    database.dispose()
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


def _at_first_release(database):
    go_to(database, FIRST)
    return database


def _complaint(database, key, *, people):
    words = dict.fromkeys(("state", "channel", "recorded_by", "regime", "description"), "x")
    moments = {"received_at": START, "recorded_at": START}
    put(database, "complaints", key=key, reference=f"RD-{key}", facts="{}", private="{}", **words, **moments)
    for role, party in people.items():
        put(database, "complaint_parties", key=party, complaint_key=key, role=role, details="{}")
    put(
        database,
        "complaint_links",
        token_sha256=bytes([key]) * 32,
        complaint_key=key,
        purpose="follow",
        expires_at=START,
    )


def test_old_representatives_count_as_claiming_and_links_belong_to_whom_the_letters_went(old):
    _complaint(old, REPRESENTED, people={"complainant": LADY, "representative": AGENT})
    _complaint(old, ALONE, people={"complainant": ANN})
    _complaint(old, NAMELESS, people={})

    schema.upgrade(old)

    with old.reader.connect() as connection:
        people = dict(connection.execute(sa.text("SELECT key, authority FROM complaint_parties")).all())
        links = dict(
            connection.execute(sa.text("SELECT complaint_key, party_key FROM complaint_links")).all()
        )
    assert people == {LADY: "none", AGENT: "claimed", ANN: "none"}
    assert links == {REPRESENTED: AGENT, ALONE: ANN, NAMELESS: None}
