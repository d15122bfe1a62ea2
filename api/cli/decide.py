"""`redress decide FILE DECISION --input FILE`: try a decision and see which rules matched."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from api.cli.arguments import Subparsers
from api.settings import read_settings
from engine import dmn, feel
from engine.calendar_files import read_calendars
from engine.clock import SystemClock
from engine.values import read_json


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("decide", help="evaluate a decision of a .dmn file")
    parser.add_argument("file", type=Path, metavar="FILE", help="the .dmn file")
    parser.add_argument("decision", metavar="DECISION", help="id or name of the decision")
    parser.add_argument("--input", type=Path, metavar="FILE", help="JSON object of inputs; - reads standard input")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the result, the rules that matched and the notes as JSON; 1 when the table had no lawful answer."""
    settings = read_settings()
    model = dmn.read(options.file.read_bytes(), name=options.file.name)
    inputs = _inputs(options.input)
    moment = feel.Moment(
        now=SystemClock().now(),
        zone=settings.time_zone,
        calendars=read_calendars(settings.processes_dir / "calendars"),
    )
    decided = dmn.decide(model, options.decision, {k: feel.inward(v) for k, v in inputs.items()}, moment=moment)
    answer = {
        "result": feel.to_json(decided.value),
        "notes": [str(note) for note in decided.notes],
        "evaluated": [_evaluated(decision) for decision in decided.trace],
    }
    sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False, default=str) + "\n")
    return 1 if decided.notes and decided.value is None else 0


def _inputs(place: Path | None) -> dict[str, Any]:
    if place is None:
        return {}
    data = sys.stdin.buffer.read() if str(place) == "-" else place.read_bytes()
    return dict(read_json(data))


def _evaluated(decision: dmn.EvaluatedDecision) -> dict[str, Any]:
    return {
        "decision": decision.name,
        "inputs": {item.name: feel.to_json(item.value) for item in decision.inputs},
        "rules": [rule.index for rule in decision.matched],
        "output": feel.to_json(decision.output),
    }
