"""The import itself: oldest first, on simulated time, each row once whatever happens, every refusal reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from api.complaints.importing.rows import Row
from api.complaints.intake import NewComplaint, receive
from api.complaints.tables import ComplaintRow
from engine.actors import service as as_service
from engine.clock import FrozenClock
from engine.errors import RedressError

if TYPE_CHECKING:
    from api.wiring import Redress


@dataclass(slots=True)
class Report:
    """What came of an import. ``refused`` holds line and reason of each row that was not registered."""

    read: int = 0
    registered: int = 0
    known: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield the report for a terminal."""
        yield f"{self.read} rows read: {self.registered} registered, {self.known} known already, {len(self.refused)} refused"
        for line, reason in self.refused:
            yield f"line {line}: {reason}"


def run_import(
    service: Redress,
    clock: FrozenClock,
    rows: Iterable[Row],
    read: Callable[[Row], NewComplaint],
    *,
    source: str,
    until: datetime | None = None,
    watch: Callable[[list[NewComplaint]], Iterable[NewComplaint]] = iter,
) -> Report:
    """Register every row that is not registered yet, in order of receipt; ``service`` must run on ``clock``.

    Between two moments of receipt everything that fell due is done, so timers and letters happen when they would have.
    ``until`` lets time go on afterwards. ``watch`` may wrap the work to show progress. Safe to repeat after any interruption.
    """
    report, complaints = Report(), list[tuple[NewComplaint, int]]()
    have, places = _registered(service, source), dict[str | None, int]()
    for row in rows:
        report.read += 1
        try:
            complaint = read(row)
        except RedressError as refusal:
            report.refused.append((row.line, refusal.message))
            continue
        if (twin := places.setdefault(complaint.source_key, row.line)) != row.line:
            report.refused.append((row.line, f"It has the same name as line {twin}."))
        elif complaint.source_key in have:
            report.known += 1
        else:
            complaints.append((complaint, row.line))
    complaints.sort(key=lambda pair: pair[0].received_at)
    lines = {id(complaint): line for complaint, line in complaints}
    for complaint in watch([pair[0] for pair in complaints]):
        if complaint.received_at > clock.now():
            run_until(service, clock, complaint.received_at)
        try:
            receive(service, complaint, by=as_service("import"))
        except RedressError as refusal:
            report.refused.append((lines[id(complaint)], refusal.message))
        else:
            report.registered += 1
    if until is not None:
        run_until(service, clock, until)
    report.refused.sort()
    return report


def run_until(service: Redress, clock: FrozenClock, moment: datetime) -> None:
    """Let time go on to ``moment``, doing on the way everything that falls due, each at its own time."""
    while (due_at := service.next_due_at()) is not None and due_at <= moment:
        if due_at > clock.now():
            clock.set(due_at)
        if not service.run_due():
            break
    if moment > clock.now():
        clock.set(moment)


def _registered(service: Redress, source: str) -> frozenset[str | None]:
    query = select(ComplaintRow.source_key).where(ComplaintRow.source == source)
    return frozenset(service.engine.read(lambda session: session.scalars(query).all()))
