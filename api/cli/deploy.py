"""`redress deploy PATH…`: store new versions of diagrams, tables, forms and calendars, or say everything that is wrong with them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from api.cli.arguments import Subparsers, tell
from api.installation import open_service
from api.procedure.deployment import deploy
from api.procedure.files import read_files
from api.settings import read_settings
from engine.actors import service as as_service
from engine.calendar_files import CalendarRefused
from engine.commands.errors import DeploymentRefused


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("deploy", help="deploy diagrams, tables, forms and calendars")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file, or a folder of them")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Deploy all files in one transaction, warnings said; 1 and every finding when they are refused."""
    try:
        files = read_files(options.paths)
        service = open_service(read_settings())
        try:
            deployed = deploy(service, files, by=as_service("deploy"))
        finally:
            service.database.dispose()
    except (DeploymentRefused, CalendarRefused) as refusal:
        tell(refusal.findings)
        return 1
    tell(deployed.findings)
    for process in deployed.processes:
        sys.stdout.write(f"{process.process_definition_id} version {process.version}\n")
    warnings = f", {len(deployed.findings)} warnings" if deployed.findings else ""
    sys.stdout.write(f"{len(files)} files deployed{warnings}\n")
    return 0
