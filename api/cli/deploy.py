"""`redress deploy PATH…`: store new versions of diagrams, tables, forms and calendars, or say everything that is wrong with them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from api.cli.arguments import Subparsers, tell
from api.installation import open_service
from api.organisation import FILE as ORGANISATION
from api.procedure.deployment import deploy
from api.procedure.files import LETTERS, read_files
from api.settings import Settings, read_settings
from engine.actors import service as as_service
from engine.calendar_files import CalendarRefused
from engine.commands.errors import DeploymentRefused
from engine.findings import counted


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("deploy", help="deploy diagrams, tables, forms and calendars")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file, or a folder of them")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Deploy all files in one transaction, warnings said; 1 and every finding when they are refused."""
    settings = read_settings()
    try:
        files = read_files(options.paths)
        for line in left_out(files.folders, settings):
            sys.stdout.write(f"{line}\n")
        service = open_service(settings)
        try:
            deployed = deploy(service, files, by=as_service("deploy"))
        finally:
            service.database.dispose()
    except (DeploymentRefused, CalendarRefused) as refusal:
        tell(refusal.findings)
        return 1
    findings = (*files.passed_over, *deployed.findings)
    tell(findings)
    for process in deployed.processes:
        sys.stdout.write(f"{process.process_definition_id} version {process.version}\n")
    found = f", {counted(findings)}" if findings else ""
    sys.stdout.write(f"{len(files)} files deployed{found}\n")
    return 0


def left_out(folders: Iterable[Path], settings: Settings) -> Iterator[str]:
    """Yield for each folder what lies in it and is no part of a deployment: letters and organisation, read at a start."""
    for folder in folders:
        beside = " and ".join(name for name in (LETTERS, ORGANISATION) if (folder / name).exists())
        if beside and folder.resolve() == settings.processes_dir.resolve():
            yield f"Not part of a deployment: {beside} in {folder}. Service and worker read them when they start."
        elif beside:
            yield (
                f"Not part of a deployment: {beside} in {folder}. Service and worker read those in "
                f"{settings.processes_dir} (REDRESS_PROCESSES_DIR) when they start; copy yours there, then start them again."
            )
