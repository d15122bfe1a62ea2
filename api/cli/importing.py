"""`redress import cfpb FILE` and `redress import csv FILE --mapping FILE`: complaints from files, on simulated time."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from tqdm import tqdm

from api.cli.arguments import Subparsers
from api.complaints.importing import cfpb, generic
from api.complaints.importing.rows import Row, RowRefused, read_rows
from api.complaints.importing.run import Report, run_import
from api.complaints.intake import NewComplaint
from api.installation import begin_service
from api.settings import read_settings
from engine.clock import FrozenClock, SystemClock

START = datetime(1990, 1, 1, tzinfo=UTC)


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("import", help="register complaints from a CSV file, each row once")
    formats = parser.add_subparsers(dest="format", required=True, metavar="FORMAT")
    public = formats.add_parser("cfpb", help="the US Consumer Complaint Database, both layouts")
    own = formats.add_parser("csv", help="any CSV with a header, with a mapping file")
    own.add_argument(
        "--mapping", type=Path, required=True, metavar="FILE", help="JSON; docs/admin.md shows one"
    )
    for each in (public, own):
        each.add_argument("file", type=Path, metavar="FILE")
        each.add_argument(
            "--until", type=date.fromisoformat, metavar="DATE", help="let time go on to this day (local)"
        )
        each.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Import and print the report; 1 when a row was refused. Interrupt it and run it again: it goes on where it was."""
    settings, present = read_settings(), SystemClock().now()
    zone = settings.time_zone
    until = datetime.combine(options.until, time(17, 0), zone) if options.until else None
    source, rows, read = _cfpb(options, zone) if options.format == "cfpb" else _csv(options, zone)

    def read_past(row: Row) -> NewComplaint:
        complaint = read(row)
        if complaint.received_at > present:
            raise RowRefused("It was received in the future.")
        return complaint

    clock = FrozenClock(START)
    service = begin_service(settings, clock=clock)
    try:
        report = run_import(
            service,
            clock,
            rows,
            read_past,
            source=source,
            until=min(until, present) if until else None,
            watch=_bar,
        )
    finally:
        service.database.dispose()
    return _tell(report)


Reader = tuple[str, Iterator[Row], Callable[[Row], NewComplaint]]


def _cfpb(options: argparse.Namespace, zone: ZoneInfo) -> Reader:
    rows = read_rows(options.file, needed=cfpb.NEEDED, id_column=cfpb.ID_COLUMN)
    return cfpb.SOURCE, rows, lambda row: cfpb.read(row, zone=zone)


def _csv(options: argparse.Namespace, zone: ZoneInfo) -> Reader:
    mapped = generic.read_mapping(options.mapping)
    rows = read_rows(
        options.file, needed=mapped.needed, id_column=mapped.id_column, delimiter=mapped.delimiter
    )
    return mapped.source, rows, lambda row: generic.read(row, mapped, zone=zone)


def _bar(complaints: list[NewComplaint]) -> Iterator[NewComplaint]:
    yield from tqdm(complaints, unit="complaint", desc="importing", disable=None)


def _tell(report: Report) -> int:
    sys.stdout.writelines(f"{line}\n" for line in report.lines())
    return 1 if report.refused else 0
