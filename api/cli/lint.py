"""`redress lint PATH…`: the judgement of a deployment, with nothing stored, beside what is deployed where there is a house."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from api.cli.arguments import Subparsers, tell
from api.installation import procedure_in_use
from api.procedure.files import read_files
from api.procedure.judging import lint
from api.settings import read_settings
from engine.commands.errors import DeploymentRefused
from engine.findings import counted


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("lint", help="check diagrams, tables and forms without deploying them")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file, or a folder of them")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print every finding; 1 when one of them is an error."""
    try:
        files, settings = read_files(options.paths), read_settings()
        before = procedure_in_use(settings)
        findings = lint(files, settings, before=before)
    except DeploymentRefused as refusal:
        tell(refusal.findings)
        return 1
    tell(findings)
    counts = counted(findings, always=("error", "warning"))
    beside = "" if before is None else ", beside what is deployed"
    sys.stdout.write(f"{len(files)} files{beside}, {counts}\n")
    return 1 if any(finding.severity == "error" for finding in findings) else 0
