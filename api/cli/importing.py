"""`redress import cfpb FILE`, `redress import csv FILE --mapping FILE`: complaints from files; it says first what it will do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from tqdm import tqdm

from api.cli.arguments import Subparsers
from api.complaints.importing import cfpb, generic
from api.complaints.importing.rows import Row, read_rows
from api.complaints.importing.run import Plan, plan_import, run_import
from api.complaints.intake import NewComplaint
from api.installation import begin_service
from api.settings import read_settings
from api.wiring import Redress
from engine.errors import Invalid


class NotConfirmed(Invalid):
    """Nothing was stored. Say --yes to do what stands above, or --dry-run to look only."""

    code = "not_confirmed"


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "import", help="take complaints in from a CSV file, each row once, silently"
    )
    formats = parser.add_subparsers(dest="format", required=True, metavar="FORMAT")
    public = formats.add_parser("cfpb", help="the US Consumer Complaint Database, both layouts")
    own = formats.add_parser("csv", help="any CSV with a header, with a mapping file")
    own.add_argument(
        "--mapping", type=Path, required=True, metavar="FILE", help="JSON; docs/admin.md shows one"
    )
    for each in (public, own):
        each.add_argument("file", type=Path, metavar="FILE")
        each.add_argument(
            "--open-as",
            choices=["running"],
            help="start the cases of open complaints (else they are refused)",
        )
        each.add_argument(
            "--send-letters", action="store_true", help="let letters of the started cases leave (else held)"
        )
        each.add_argument("--dry-run", action="store_true", help="say what would be done and do nothing")
        each.add_argument("--yes", action="store_true", help="do it without asking")
        each.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Say what will be done, ask, import, and print the report; 1 when a row was refused.

    Interrupt it and run it again: it goes on where it was. Raises ``NotConfirmed``.
    """
    settings = read_settings()
    zone = settings.time_zone
    source, rows, read = _cfpb(options, zone) if options.format == "cfpb" else _csv(options, zone)
    service = begin_service(settings)
    try:
        plan = plan_import(
            service,
            rows,
            read,
            source=source,
            open_as_running=options.open_as == "running",
            now=service.clock.now(),
        )
        sys.stdout.writelines(f"{line}\n" for line in plan.lines(send_letters=options.send_letters))
        if options.dry_run:
            sys.stdout.write("Nothing was stored (--dry-run).\n")
            return 1 if plan.refused else 0
        return _import(service, plan, options)
    finally:
        service.database.dispose()


def _import(service: Redress, plan: Plan, options: argparse.Namespace) -> int:
    if not options.yes and not (
        sys.stdin.isatty() and input("Do it? [y/N] ").strip().lower() in ("y", "yes")
    ):
        raise NotConfirmed
    report = run_import(service, plan, send_letters=options.send_letters, watch=_bar)
    sys.stdout.writelines(f"{line}\n" for line in report.lines())
    return 1 if report.refused else 0


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
