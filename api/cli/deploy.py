"""`redress deploy PATH…`: store new versions of diagrams, tables and forms, or say everything that is wrong with them."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from api.cli.arguments import Subparsers, definition_files
from api.schema import bring_up_to_date
from api.settings import read_settings
from api.wiring import Redress, wire
from engine.actors import service as as_service
from engine.commands.errors import DeploymentRefused

log = logging.getLogger("redress")


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("deploy", help="deploy diagrams, tables and forms")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file, or a folder of them")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Deploy all files in one transaction; 1 and every finding when they are refused."""
    settings = read_settings()
    files = definition_files(options.paths)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    bring_up_to_date(settings)
    service = wire(settings)
    try:
        deployed = service.engine.deploy(files, by=as_service("deploy"))
    except DeploymentRefused as refusal:
        sys.stdout.writelines(f"{finding}\n" for finding in refusal.findings)
        return 1
    finally:
        service.database.dispose()
    for process in deployed.processes:
        sys.stdout.write(f"{process.process_definition_id} version {process.version}\n")
    sys.stdout.write(f"{len(files)} files deployed\n")
    return 0


def deploy_shipped(service: Redress) -> None:
    """Deploy the definitions of the installation; unchanged files make no new version."""
    files = definition_files([service.settings.processes_dir, service.settings.forms_dir])
    service.engine.deploy(files, by=as_service("installation"))
