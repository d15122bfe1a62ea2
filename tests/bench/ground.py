"""What the measurements stand on: fresh databases, the small diagram, and counting statements and commits."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.engine import Engine
from engine.store.database import Database, connect
from engine.store.migrations import upgrade
from tests.engine.diagrams import END, START, bpmn, chain, flow, user_task

POSTGRES = os.environ.get("REDRESS_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1/postgres")
OFFERED = '<zeebe:assignmentDefinition candidateGroups="handlers"/>'


def small(process_id: str = "small") -> bytes:
    """Return start → user task with a boundary timer → gateway → user task → end."""
    late = (
        '<boundaryEvent id="late" attachedToRef="assess"><timerEventDefinition>'
        '<timeDuration xsi:type="tFormalExpression">P3D</timeDuration></timerEventDefinition></boundaryEvent>'
    )
    body = START + user_task("assess", OFFERED) + late + '<endEvent id="gone"/>'
    body += '<exclusiveGateway id="which" default="which-end"/>' + user_task("answer", OFFERED) + END
    flows = chain("start", "assess", "which") + flow("which", "answer", "=severe and amount &gt; 100")
    straight = '<sequenceFlow id="which-end" sourceRef="which" targetRef="end"/>'
    return bpmn(process_id, body + flows + straight + flow("answer", "end") + flow("late", "gone"))


START_WITH = {"severe": True, "amount": 250, "reference": "RD-2026-000123", "channel": "web"}


def play(engine: Engine) -> None:
    """Take one case from its start through both tasks to its end."""
    case = engine.start("small", START_WITH)
    (first,) = engine.open_tasks(case.key)
    opened = engine.complete_task(first.user_task_key, {"note": "seen"}).opened
    engine.complete_task(opened[0].key, {"answer": "sorry"})


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="redress-bench-") as name:
        yield Path(name)


@contextmanager
def sqlite() -> Iterator[Database]:
    """Give a fresh SQLite database, written as carefully as in service."""
    with folder() as place:
        database = connect(f"sqlite:///{place / 'redress.db'}")
        upgrade(database)
        try:
            yield database
        finally:
            database.dispose()


@contextmanager
def postgres_url() -> Iterator[str | None]:
    """Give the address of a fresh PostgreSQL database, dropped afterwards; None when no server answers."""
    name = f"redress_bench_{uuid.uuid4().hex[:12]}"
    server = sa.create_engine(
        sa.make_url(POSTGRES).set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": 3},
    )
    try:
        try:
            with server.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        except sa.exc.OperationalError:
            yield None
            return
        try:
            yield sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
        finally:
            with server.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        server.dispose()


def size_of(database: Database) -> int:
    """Return how many bytes the database takes, its log written back."""
    with database.writer.connect() as connection:
        if database.is_remote:
            connection.exec_driver_sql("CHECKPOINT")
            size = sa.text("SELECT pg_database_size(current_database())")
            return int(connection.execute(size).scalar_one())
    raw = database.writer.raw_connection()
    try:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages, page = (
            raw.cursor().execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "page_size")
        )
        return int(pages) * int(page)
    finally:
        raw.close()


@dataclass
class Counted:
    """What went to the database."""

    statements: int = 0
    commits: int = 0


@contextmanager
def counting(database: Database) -> Iterator[Counted]:
    """Count statements (BEGIN and COMMIT aside) and commits while inside."""
    counted = Counted()

    def statement(_c: Any, _cursor: Any, text: str, *_more: Any) -> None:
        counted.statements += not text.startswith("BEGIN")

    def commit(_connection: Any) -> None:
        counted.commits += 1

    engines = {id(engine): engine for engine in (database.writer, database.reader)}.values()
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", statement)
        sa.event.listen(engine, "commit", commit)
    try:
        yield counted
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", statement)
            sa.event.remove(engine, "commit", commit)
