"""What was measured: printed as it comes, then as one table and as JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Better = Literal["less", "more"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. ``target`` None: nothing was promised. ``met`` says whether the promise was kept."""

    group: str
    what: str
    value: float
    unit: str
    target: float | None
    better: Better
    met: bool | None
    note: str


class Report:
    """Collects figures; ``say`` is for what was left out and why."""

    def __init__(self, *, long: bool = False) -> None:
        """``long``: measure with as many as promised, however long it takes."""
        self.long = long
        self.figures: list[Figure] = []
        self.remarks: list[str] = []
        self.group = ""

    @contextmanager
    def section(self, title: str) -> Iterator[None]:
        """Measure under a heading."""
        self.group = title
        print(f"\n{title}", flush=True)
        yield

    def add(
        self,
        what: str,
        value: float,
        unit: str,
        *,
        target: float | None = None,
        better: Better = "less",
        note: str = "",
    ) -> None:
        """Add one number, with what was promised for it."""
        met = None if target is None else (value <= target if better == "less" else value >= target)
        figure = Figure(self.group, what, value, unit, target, better, met, note)
        self.figures.append(figure)
        print(line(figure), flush=True)

    def times(self, what: str, seconds: Sequence[float], *, target_ms: float | None = None) -> None:
        """Add the median and the 95th percentile of some durations, in milliseconds."""
        ordered = sorted(seconds)
        self.add(f"{what}, median", statistics.median(ordered) * 1e3, "ms", target=target_ms)
        self.add(f"{what}, p95", ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] * 1e3, "ms")

    def say(self, remark: str) -> None:
        """Note what was not measured, and why."""
        self.remarks.append(f"{self.group}: {remark}")
        print(f"  - {remark}", flush=True)

    def write(self, path: Path) -> None:
        """Write everything as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        machine = {
            "python": platform.python_version(),
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
        }
        told = {
            "machine": machine,
            "figures": [asdict(figure) for figure in self.figures],
            "remarks": self.remarks,
        }
        path.write_text(json.dumps(told, indent=2) + "\n")


def line(figure: Figure) -> str:
    """Return one row of the table."""
    sign = "≤" if figure.better == "less" else "≥"
    target = "" if figure.target is None else f"{sign} {shown(figure.target)}"
    verdict = {None: "", True: "ok", False: "MISSED"}[figure.met]
    text = f"  {figure.what:<62}{shown(figure.value):>10} {figure.unit:<12}{target:>9}  {verdict}"
    return f"{text}  {figure.note}".rstrip()


def shown(value: float) -> str:
    """Return a number with three digits that matter."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds ``work`` took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def busy(work: Callable[[], object]) -> float:
    """Return how many seconds of processor time ``work`` took: what others do meanwhile hardly counts."""
    began = time.process_time()
    work()
    return time.process_time() - began


def per_call(work: Callable[[], object], *, rounds: int = 7, seconds: float = 0.1) -> float:
    """Return seconds of processor time per call: the best of some rounds, each long enough to be measured."""
    count = 1
    while (spent := busy(_many(work, count))) < seconds / 10:
        count *= 4
    count = max(1, int(count * seconds / max(spent, 1e-9)))
    return min(busy(_many(work, count)) for _ in range(rounds)) / count


def _many(work: Callable[[], object], count: int) -> Callable[[], None]:
    def repeat() -> None:
        for _ in range(count):
            work()

    return repeat


def complain(text: str) -> None:
    """Say on standard error what went wrong."""
    print(text, file=sys.stderr, flush=True)
