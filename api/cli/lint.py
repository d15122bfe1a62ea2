"""`redress lint PATH…`: the judgement of a deployment, with nothing stored."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from api.cli.arguments import Subparsers, tell
from api.complaints.job_types import JOB_TYPE_NAMES
from api.complaints.letter_lint import unknown_facts
from api.complaints.letters import Letters, LetterTextRefused
from api.organisation import FILE, read_organisation
from api.procedure.files import ProcedureFiles, read_files
from engine.commands.check import judge
from engine.commands.errors import DeploymentRefused
from engine.findings import Finding


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("lint", help="check diagrams, tables and forms without deploying them")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file, or a folder of them")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print every finding; 1 when one of them is an error."""
    try:
        files = read_files(options.paths)
        findings = [*judge(files.definitions, job_types=JOB_TYPE_NAMES), *_letters(files)]
    except DeploymentRefused as refusal:
        tell(refusal.findings)
        return 1
    tell(findings)
    errors = sum(finding.severity == "error" for finding in findings)
    sys.stdout.write(f"{len(files)} files, {errors} errors, {len(findings) - errors} warnings\n")
    return 1 if errors else 0


def _letters(files: ProcedureFiles) -> tuple[Finding, ...]:
    """Return what is wrong with the letters beside the definitions; their facts come from these files alone."""
    findings: list[Finding] = []
    for folder in files.folders:
        if (folder / "letters").is_dir() and (folder / FILE).is_file():
            try:
                letters = Letters(folder / "letters")
                findings += unknown_facts(letters, files.definitions, read_organisation(folder))
            except LetterTextRefused as refusal:
                findings += refusal.findings
    return tuple(findings)
