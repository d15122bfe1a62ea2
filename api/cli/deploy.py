"""`redress deploy PATH…`: store new versions of diagrams, tables and forms, or say everything that is wrong with them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from api.cli.arguments import Subparsers
from api.installation import definition_files, open_service
from api.settings import read_settings
from engine.actors import service as as_service
from engine.commands.errors import DeploymentRefused


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("deploy", help="deploy diagrams, tables and forms")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file, or a folder of them")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Deploy all files in one transaction; 1 and every finding when they are refused."""
    files = definition_files(options.paths)
    service = open_service(read_settings())
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
