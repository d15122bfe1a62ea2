"""`redress import cfpb FILE` and `redress import csv FILE --mapping FILE`: complaints from files, on simulated time."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path

from tqdm import tqdm

from api.cli.arguments import Subparsers
from api.complaints.importing import cfpb, generic
from api.complaints.importing.rows import read_rows
from api.complaints.importing.run import Report, run_import
from api.complaints.intake import NewComplaint
from api.installation import ready_service
from api.settings import read_settings
from engine.clock import FrozenClock, SystemClock

START = datetime(1990, 1, 1, tzinfo=UTC)


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("import", help="register complaints from a CSV file, each row once")
    formats = parser.add_subparsers(dest="format", required=True, metavar="FORMAT")
    public = formats.add_parser("cfpb", help="the US Consumer Complaint Database, both layouts")
    own = formats.add_parser("csv", help="any CSV with a header, with a mapping file")
    own.add_argument("--mapping", type=Path, required=True, metavar="FILE", help="JSON; docs/admin.md shows one")
    for each in (public, own):
        each.add_argument("file", type=Path, metavar="FILE")
        each.add_argument("--until", type=date.fromisoformat, metavar="DATE", help="let time go on to this day (local)")
        each.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Import and print the report; 1 when a row was refused. Interrupt it and run it again: it goes on where it was."""
    settings = read_settings()
    clock = FrozenClock(START)
    service = ready_service(settings, clock=clock)
    until = datetime.combine(options.until, time(17, 0), settings.time_zone) if options.until else None
    if until is not None and until > SystemClock().now():
        until = SystemClock().now()
    if options.format == "cfpb":
        rows = read_rows(options.file, needed=cfpb.NEEDED, id_column=cfpb.ID_COLUMN)
        report = run_import(
            service, clock, rows, lambda row: cfpb.read(row, zone=settings.time_zone), source=cfpb.SOURCE, until=until,
            watch=_bar,
        )
    else:
        mapped = generic.read_mapping(options.mapping)
        rows = read_rows(options.file, needed=mapped.needed, id_column=mapped.id_column)
        report = run_import(
            service, clock, rows, lambda row: generic.read(row, mapped, zone=settings.time_zone), source=mapped.source,
            until=until, watch=_bar,
        )
    return _tell(report)


def _bar(complaints: list[NewComplaint]) -> Iterator[NewComplaint]:
    yield from tqdm(complaints, unit="complaint", desc="importing", disable=None)


def _tell(report: Report) -> int:
    sys.stdout.writelines(f"{line}\n" for line in report.lines())
    return 1 if report.refused else 0
