"""How long a start takes, and how much memory a fresh server needs."""

from __future__ import annotations

import time

from tests.bench.client import environment, free_port, memory_of, serving
from tests.bench.ground import folder
from tests.bench.report import Report

PROMISED = 5


def measure(report: Report) -> None:
    """Measure a first start (schema, account, shipped definitions) and a second."""
    with folder() as place, report.section("Start-up of `redress serve`, SQLite"):
        settings = environment(place)
        for which, promised in (("first", None), ("second", PROMISED)):
            began = time.perf_counter()
            with serving(free_port(), settings) as process:
                report.add(
                    f"the {which} start, until it answers", time.perf_counter() - began, "s", target=promised
                )
                resident, peak = memory_of(process)
        report.add("memory after the start", resident / 2**20, "MB")
        report.add("memory at its peak", peak / 2**20, "MB")
