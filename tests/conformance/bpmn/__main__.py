"""Play every scenario and write the table of what is supported: ``python -m tests.conformance.bpmn
--report FILE``."""

from __future__ import annotations

import argparse
import sys
from itertools import groupby
from pathlib import Path

from tests.conformance.bpmn.scenarios import Scenario, play, scenarios

SECTIONS = (
    "Activities",
    "Variables",
    "Gateways",
    "Timers",
    "Messages and signals",
    "Errors and escalations",
    "Event sub-processes",
    "Other events",
    "Loops",
    "Compensation and transactions",
    "Files",
)
HEAD = """# What of BPMN is supported

Made by `python -m tests.conformance.bpmn --report docs/bpmn-support.md`; do not edit. Every line is a small
diagram in `tests/conformance/bpmn/diagrams` that was just played twice, straight and saved and restored
between every two steps, or refused with findings that name the element.
"""


def main() -> int:
    """Return 0 when every scenario went as told."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--report", type=Path, help="the Markdown file to write")
    chosen = options.parse_args()
    results = [(scenario, _outcome(scenario)) for scenario in scenarios()]
    wrong = [scenario.name for scenario, outcome in results if outcome == "wrong"]
    if chosen.report:
        chosen.report.write_text(report(results), encoding="utf-8")
    sys.stdout.write(f"{len(results) - len(wrong)} of {len(results)} as told\n")
    for name in wrong:
        sys.stdout.write(f"wrong: {name}\n")
    return 1 if wrong else 0


def _outcome(scenario: Scenario) -> str:
    try:
        for restore in (False, True):
            play(scenario, restore=restore)
    except Exception:  # noqa: BLE001 - whatever goes wrong, the table says so
        return "wrong"
    return "refused" if scenario.refused else "supported"


def report(results: list[tuple[Scenario, str]]) -> str:
    """Return the table as Markdown."""
    order = sorted(
        results, key=lambda result: (SECTIONS.index(result[0].section), result[0].construct, result[0].name)
    )
    lines = [HEAD]
    for section, rows in groupby(order, key=lambda result: result[0].section):
        lines += [f"## {section}\n", "| construct | rule | | diagram |", "|---|---|---|---|"]
        lines += [
            f"| {scenario.construct} | {scenario.rule} | {outcome} | `{scenario.name}` |"
            for scenario, outcome in rows
        ]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
