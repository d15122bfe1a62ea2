"""`redress backup FOLDER`: a consistent copy of an SQLite database and its files, checked before it counts."""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
from pathlib import Path

from sqlalchemy.engine import make_url

from api.cli.arguments import Subparsers
from api.settings import Settings, read_settings
from engine.clock import SystemClock
from engine.errors import Broken, Invalid


class UseTheDatabasesOwnBackup(Invalid):
    """This command copies SQLite databases. PostgreSQL has pg_basebackup and pg_dump; then copy the uploads folder."""

    code = "not_sqlite"


class BackupDamaged(Broken):
    """The copy failed its integrity check and was removed. Check the disk and try again."""

    code = "backup_damaged"


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("backup", help="copy database and files while the service runs")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the backup's own folder is made")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Copy the database first, then the files: every row then has its file."""
    settings = read_settings()
    target: Path = options.folder / f"redress-{SystemClock().now():%Y%m%dT%H%M%SZ}"
    target.mkdir(parents=True)
    _copy_database(settings, target)
    for folder in (settings.uploads_dir, settings.outbox_dir):
        if folder.is_dir():
            shutil.copytree(folder, target / folder.name)
    sys.stdout.write(f"{target}\n")
    return 0


def _copy_database(settings: Settings, target: Path) -> None:
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise UseTheDatabasesOwnBackup
    copy = target / "redress.db"
    source = sqlite3.connect(f"file:{url.database}?mode=ro", uri=True)
    destination = sqlite3.connect(copy)
    try:
        source.backup(destination, pages=1000)
        (answer,) = destination.execute("PRAGMA integrity_check").fetchone()
    finally:
        destination.close()
        source.close()
    if answer != "ok":
        shutil.rmtree(target)
        raise BackupDamaged(answer=answer)
