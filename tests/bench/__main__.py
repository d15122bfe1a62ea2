"""``python -m tests.bench [NAME…]``: measure everything, or the modules named; table and ``build/bench.json``."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import time
from pathlib import Path

import tests.bench
from tests.bench.report import Report, complain, line

NOT_MEASURING = {"__main__", "report", "ground", "client", "naive"}
FIRST = ("language", "steps", "growth", "inbox", "shipped", "over_http", "start_up")


def main() -> int:
    """Measure; 1 if a module could not be measured. A missed promise is a number like any other."""
    found = {module.name for module in pkgutil.iter_modules(tests.bench.__path__)} - NOT_MEASURING
    names = [name for name in FIRST if name in found] + sorted(found - set(FIRST))
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(names)}")
    parser.add_argument("--output", type=Path, default=Path("build/bench.json"), metavar="FILE")
    parser.add_argument("--long", action="store_true", help="with full numbers: some minutes more")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there is {', '.join(names)}")
    report, began, failed = Report(long=options.long), time.perf_counter(), 0
    for name in options.names or names:
        try:
            importlib.import_module(f"tests.bench.{name}").measure(report)
        except Exception as problem:  # noqa: BLE001 - the others are still worth having
            failed += 1
            complain(f"{name} could not be measured: {type(problem).__name__}: {problem}")
            report.say(f"{name} could not be measured: {type(problem).__name__}")
    report.write(options.output)
    missed = [figure for figure in report.figures if figure.met is False]
    kept = sum(figure.met is True for figure in report.figures)
    print(
        f"\n{kept} promises kept, {len(missed)} missed, {time.perf_counter() - began:.0f} s, {options.output}"
    )
    for figure in missed:
        print(f"{figure.group}:\n{line(figure)}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
