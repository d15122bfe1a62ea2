"""`redress init`: make a house: tables, the account admin, and the procedure that is shipped."""

from __future__ import annotations

import argparse
import sys

from api.cli.arguments import Subparsers
from api.installation import ready_service
from api.settings import read_settings


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "init", help="make database, account and procedure, where there are none yet"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:  # noqa: ARG001
    """Make what is not there; a house that is there stays as it is."""
    settings = read_settings()
    ready_service(settings).database.dispose()
    sys.stdout.write("Ready. `redress serve` answers requests.\n")
    return 0
