"""`redress backup FOLDER`: a consistent copy of an SQLite database and its files, looked over and never thrown away."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from api.cli.arguments import Subparsers
from api.settings import read_settings
from engine.clock import SystemClock
from engine.engine import Engine
from engine.errors import Broken, Invalid, NotFound
from engine.store import database as databases

DATABASE = "redress.db"


class UseTheDatabasesOwnBackup(Invalid):
    """This command copies SQLite databases. PostgreSQL has pg_basebackup and pg_dump; then copy the uploads folder."""

    code = "not_sqlite"


class NothingToBackUp(NotFound):
    """There is no database yet. Start the service once, or set REDRESS_DATA_DIR."""

    code = "nothing_to_back_up"


class BackupDamaged(Broken):
    """The copy is not whole. It was kept under the name below for what can be saved from it; check the disk and try again."""

    code = "backup_damaged"


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("backup", help="copy database and files while the service runs")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the backup's own folder is made")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Copy the database first, then the files: every row then has its file. Then look the copy over.

    0: all is well; 1: the copy is good, and what was amiss in the house already is listed (a case that does not load, a file
    that is gone or changed). A copy that is not whole is kept as ``…-damaged``. Raises ``BackupDamaged``.
    """
    settings = read_settings()
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise UseTheDatabasesOwnBackup
    if not Path(url.database).is_file():
        raise NothingToBackUp(database=url.database)
    target: Path = options.folder / f"redress-{SystemClock().now():%Y%m%dT%H%M%S.%fZ}"
    target.mkdir(mode=0o700, parents=True)
    try:
        _copy_database(Path(url.database), target / DATABASE)
        if settings.uploads_dir.is_dir():  # letters that left hold secret links: the outbox folder stays here
            _copy_files(settings.uploads_dir, target / settings.uploads_dir.name)
        amiss = [*_cases_amiss(target), *_files_amiss(target)]
        complaints, documents = _counted(target)
    except (sqlite3.Error, DBAPIError, OSError) as problem:
        damaged = target.with_name(f"{target.name}-damaged")
        target.rename(damaged)
        raise BackupDamaged(reason=str(problem), kept=str(damaged)) from problem
    for beside in target.glob(f"{DATABASE}-*"):
        beside.unlink()
    whole = "every open case loads, every document is complete"
    found = f"{len(amiss)} things are amiss, in the house as in the copy:" if amiss else whole
    sys.stdout.write(f"{target}: {complaints} complaints, {documents} documents; {found}\n")
    sys.stdout.writelines(f"{line}\n" for line in amiss)
    return 1 if amiss else 0


def _copy_database(source: Path, copy: Path) -> None:
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(copy)) as target,
    ):
        live.backup(target, pages=1000)
        (answer,) = target.execute("PRAGMA integrity_check").fetchone()
    if answer != "ok":
        raise sqlite3.DatabaseError(f"integrity check: {answer}")


def _copy_files(source: Path, copy: Path) -> None:
    """Copy a folder that is in use: a file that is erased meanwhile is not in the copy."""
    for path in sorted(source.rglob("*")):
        if path.suffix == ".part" or path.is_dir():
            continue
        target = copy / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            shutil.copy2(path, target)


def _counted(folder: Path) -> tuple[int, int]:
    """Return how many complaints and documents the copy holds."""
    with closing(sqlite3.connect(folder / DATABASE)) as copy:
        (complaints,) = copy.execute("SELECT count(*) FROM complaints").fetchone()
        (documents,) = copy.execute("SELECT count(*) FROM documents").fetchone()
    return complaints, documents


def _cases_amiss(folder: Path) -> Iterator[str]:
    """Load every open case of the copy and yield a line for each that cannot go on from it."""
    database = databases.connect(f"sqlite:///{(folder / DATABASE).absolute()}")
    try:
        for found in Engine(database).differences():
            yield f"case {found.instance_key}: {found.what}"
    finally:
        database.dispose()


def _files_amiss(folder: Path) -> Iterator[str]:
    """Compare every document of the copy with its digest and yield a line for each that is gone or changed."""
    with closing(sqlite3.connect(folder / DATABASE)) as copy:
        rows = copy.execute("SELECT key, storage, sha256 FROM documents").fetchall()
    for key, storage, sha256 in rows:
        path = folder / "uploads" / storage
        if not path.is_file():
            yield f"document {key}: its file {storage} is gone"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            yield f"document {key}: its file {storage} is not as it was stored"
