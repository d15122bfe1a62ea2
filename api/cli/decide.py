"""`redress decide FILE DECISION --input FILE`: try a decision and see which rules matched."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.cli.arguments import Subparsers
from api.settings import read_settings
from engine import dmn, feel, values
from engine.calendar_files import read_calendars
from engine.clock import SystemClock
from engine.commands.decisions import unmatched
from engine.errors import Invalid, RedressError


class InputsRefused(Invalid):
    """The inputs must be one JSON object, each member an input by its name."""

    code = "inputs_refused"


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "decide",
        help="evaluate a decision of a .dmn file",
        description="Prints output, rules that matched and notes as JSON. Exit codes: 0 answered, "
        "1 the decision failed for these inputs, 2 the file has no such decision, "
        "4 the file or the inputs cannot be read.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the .dmn file")
    parser.add_argument("decision", metavar="DECISION", help="id or name of the decision or decision service")
    parser.add_argument(
        "--input", type=Path, metavar="FILE", help="JSON object of inputs; - reads standard input"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print how the decision came about, and on standard error why a case would stop there."""
    settings = read_settings()
    name, inputs = options.file.name, _inputs(options.input)
    try:
        model = dmn.read(options.file.read_bytes(), name=name)
    except dmn.ModelRefused as refused:
        sys.stderr.writelines(f"redress: {finding}\n" for finding in refused.findings)
        return 4
    moment = feel.Moment(
        now=SystemClock().now(),
        zone=settings.time_zone,
        calendars=read_calendars(settings.processes_dir / "calendars"),
    )
    try:
        decided = dmn.decide(model, options.decision, inputs, moment=moment)
    except dmn.DecisionNotFound:
        sys.stderr.write(f"redress: {name} has no decision {options.decision!r}; it has {_names(model)}\n")
        return 2
    sys.stdout.write(values.to_lines(dmn.explained(decided)))
    return _tell(decided)


def _inputs(place: Path | None) -> Mapping[str, Any]:
    if place is None:
        return {}
    data = sys.stdin.buffer.read() if str(place) == "-" else place.read_bytes()
    inputs = values.read_json(data)
    if not isinstance(inputs, Mapping):
        raise InputsRefused
    return inputs


def _names(model: dmn.Model) -> str:
    pairs = [(one.id, one.name) for one in model.decisions.values()]
    pairs += [(one.id, one.name) for one in model.services.values()]
    return ", ".join(f"{key} ({name})" if name != key else key for key, name in pairs) or "none"


def _tell(decided: dmn.Decided) -> int:
    """Return 1 where a business rule task would stop with an incident, having said why."""
    try:
        decided.required()
    except RedressError as failed:
        sys.stderr.write(f"redress: {failed}\n")
        places = (note.note for note in decided.notes if note.severity == "error" and note.note is not None)
        sys.stderr.writelines(f"{place.caret()}\n" for place in places)
        return 1
    problem = unmatched(decided)
    if problem is not None:
        sys.stderr.write(f"redress: {problem}\n")
    return 1 if problem else 0
