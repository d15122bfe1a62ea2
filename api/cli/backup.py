"""`redress backup FOLDER`: a consistent copy of an SQLite database and its files, checked before it counts."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from api.cli.arguments import Subparsers
from api.complaints.tables import DocumentRow
from api.settings import read_settings
from engine.actors import SYSTEM
from engine.clock import SystemClock
from engine.commands.step import Step
from engine.engine import Engine
from engine.errors import Broken, Invalid, NotFound, RedressError
from engine.store import database as databases
from engine.store.tables import instances

DATABASE = "redress.db"


class UseTheDatabasesOwnBackup(Invalid):
    """This command copies SQLite databases. PostgreSQL has pg_basebackup and pg_dump; then copy the uploads folder."""

    code = "not_sqlite"


class NothingToBackUp(NotFound):
    """There is no database yet. Start the service once, or set REDRESS_DATA_DIR."""

    code = "nothing_to_back_up"


class BackupDamaged(Broken):
    """The copy is not whole and was removed. Check the disk and try again."""

    code = "backup_damaged"


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("backup", help="copy database and files while the service runs")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the backup's own folder is made")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Copy the database first, then the files: every row then has its file. Every case of the copy is loaded once."""
    settings = read_settings()
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise UseTheDatabasesOwnBackup
    if not Path(url.database).is_file():
        raise NothingToBackUp(database=url.database)
    target: Path = options.folder / f"redress-{SystemClock().now():%Y%m%dT%H%M%SZ}"
    target.mkdir(parents=True)
    try:
        _copy_database(Path(url.database), target / DATABASE)
        if settings.uploads_dir.is_dir():  # letters that left hold secret links: the outbox folder stays here
            shutil.copytree(
                settings.uploads_dir,
                target / settings.uploads_dir.name,
                ignore=shutil.ignore_patterns("*.part"),
            )
        cases, files = _look_over(target)
    except (sqlite3.Error, RedressError, OSError) as problem:
        shutil.rmtree(target)
        raise BackupDamaged(reason=str(problem)) from problem
    sys.stdout.write(f"{target}: {cases} open cases load, {files} files are complete\n")
    return 0


def _load(engine: Engine, session: Session, key: int) -> None:
    """Load a case as its next step would. Raises when its stored state cannot be used."""
    Step(engine.house, session, actor=SYSTEM, command="look_over").case(key)


def _copy_database(source: Path, copy: Path) -> None:
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(copy)) as target,
    ):
        live.backup(target, pages=1000)
        (answer,) = target.execute("PRAGMA integrity_check").fetchone()
    if answer != "ok":
        raise BackupDamaged(answer=answer)


def _look_over(folder: Path) -> tuple[int, int]:
    """Load every open case and compare every document with its digest; return how many there are."""
    database = databases.connect(f"sqlite:///{(folder / DATABASE).absolute()}")
    try:
        engine = Engine(database)
        cases = engine.read(
            lambda session: session.scalars(
                select(instances.c.key).where(instances.c.state == "ACTIVE")
            ).all()
        )
        for key in cases:
            engine.write(lambda session, key=key: _load(engine, session, key))  # type: ignore[misc]
        rows = engine.read(
            lambda session: session.execute(select(DocumentRow.storage, DocumentRow.sha256)).all()
        )
    finally:
        database.dispose()
    for storage, sha256 in rows:
        if hashlib.sha256((folder / "uploads" / storage).read_bytes()).hexdigest() != sha256:
            raise BackupDamaged("A document is not as it was stored.", document=storage)
    for beside in folder.glob(f"{DATABASE}-*"):
        beside.unlink()
    return len(cases), len(rows)
