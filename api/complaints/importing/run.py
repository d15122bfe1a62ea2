"""The import itself: first what it would do, then each row once whatever happens, oldest first, every refusal reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.complaints.importing.history import keep_closed
from api.complaints.importing.rows import Row, RowRefused
from api.complaints.intake import NewComplaint, receive, refuse_unfit
from api.complaints.policies import known_kinds
from api.complaints.tables import ClockRow, ComplaintRow, NoticeRow
from engine.actors import service as as_service
from engine.deadlines.state import OPEN
from engine.errors import RedressError
from engine.zones import local_date

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from api.wiring import Redress

IMPORTER = as_service("import")
STILL_OPEN = (
    "It is still open. With --open-as running its case starts; without, only closed complaints come in."
)


@dataclass(slots=True)
class Plan:
    """What an import would do: the complaints to come in, by receipt, each with its line; ``refused`` has line and reason."""

    source: str
    read: int = 0
    known: int = 0
    closed: list[tuple[NewComplaint, int]] = field(default_factory=list)
    running: list[tuple[NewComplaint, int]] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)

    def lines(self, *, send_letters: bool) -> Iterator[str]:
        """Yield for a terminal what is going to happen, before it does."""
        yield (
            f"{self.read} rows read: {len(self.closed)} closed complaints to keep as they ended, {len(self.running)} open "
            f"ones whose case starts, {self.known} known already, {len(self.refused)} refused"
        )
        if self.running and send_letters:
            yield "Letters of the cases that start leave as soon as they are written (--send-letters)."
        elif self.running:
            yield (
                "No letter leaves: what a case writes by itself is held until somebody sends it. Once a colleague has had a letter "
                "of a complaint leave, what its case writes after that leaves too."
            )
        else:
            yield "No letter leaves, no case starts."
        yield from _refusals(self.refused)


@dataclass(slots=True)
class Report:
    """What came of an import. ``refused`` holds line and reason of each row that was not registered."""

    read: int
    known: int
    closed: int = 0
    running: int = 0
    meanwhile: int = 0  # that another import had registered when their turn came
    refused: list[tuple[int, str]] = field(default_factory=list)

    @property
    def registered(self) -> int:
        """Return how many complaints came in."""
        return self.closed + self.running

    def lines(self) -> Iterator[str]:
        """Yield the report for a terminal."""
        yield (
            f"{self.read} rows read: {self.registered} registered ({self.closed} closed, {self.running} running), "
            f"{self.known + self.meanwhile} known already, {len(self.refused)} refused"
        )
        if self.meanwhile:
            yield (
                f"{self.meanwhile} of those known came in from another import while this one ran: each is in the register "
                "once, as the other import took it in."
            )
        yield from _refusals(self.refused)


def plan_import(
    service: Redress,
    rows: Iterable[Row],
    read: Callable[[Row], NewComplaint],
    *,
    source: str,
    open_as_running: bool,
    now: datetime,
) -> Plan:
    """Judge every row and say what would come in; nothing is stored. What was received, or sent to us, after ``now`` is refused.

    A row with an ending comes in closed. Without ``open_as_running`` the others are refused.
    """
    plan = Plan(source)
    have, places = _registered(service, source), dict[str | None, int]()
    zone, kinds = service.settings.time_zone, service.engine.read(known_kinds)
    for row in rows:
        plan.read += 1
        try:
            complaint = _by(now, read(row), zone)
            if complaint.source_key not in have:
                _refuse_to_come(complaint, local_date(now, zone))
                refuse_unfit(complaint, now=now, zone=zone, kinds=kinds)
        except RedressError as refusal:
            plan.refused.append((row.line, refusal.message))
            continue
        if (twin := places.setdefault(complaint.source_key, row.line)) != row.line:
            plan.refused.append((row.line, f"It has the same name as line {twin}."))
        elif complaint.source_key in have:
            plan.known += 1
        elif complaint.ending is not None:
            plan.closed.append((complaint, row.line))
        elif open_as_running:
            plan.running.append((complaint, row.line))
        else:
            plan.refused.append((row.line, STILL_OPEN))
    for complaints in (plan.closed, plan.running):
        complaints.sort(key=lambda pair: pair[0].received_at)
    return plan


def _by(now: datetime, complaint: NewComplaint, zone: ZoneInfo) -> NewComplaint:
    """Return the complaint as received by ``now`` where its day is today, whatever hour a file that knows the day alone was given."""
    is_today = local_date(complaint.received_at, zone) == local_date(now, zone)
    return replace(complaint, received_at=min(complaint.received_at, now)) if is_today else complaint


def run_import(
    service: Redress,
    plan: Plan,
    *,
    send_letters: bool = False,
    watch: Callable[[list[NewComplaint]], Iterable[NewComplaint]] = iter,
) -> Report:
    """Do what ``plan`` says; safe to plan and run again after any interruption, and beside another run.

    Letters that the cases write by themselves are held unless ``send_letters``, each until a colleague has had a letter of its
    complaint leave. ``watch`` may wrap the work to show progress.
    """
    report = Report(plan.read, plan.known, refused=list(plan.refused))
    lines = {id(complaint): line for complaint, line in (*plan.closed, *plan.running)}
    for complaint in watch([pair[0] for pair in (*plan.closed, *plan.running)]):
        try:
            if complaint.ending is not None:
                keep_closed(service, complaint, by=IMPORTER)
                report.closed += 1
            else:
                receive(service, replace(complaint, letters_held=not send_letters), by=IMPORTER)
                report.running += 1
        except RedressError as refusal:
            report.refused.append((lines[id(complaint)], refusal.message))
        except IntegrityError:
            if not _is_registered(service, complaint):
                raise
            report.meanwhile += 1
    if report.running:
        service.engine.write(
            lambda session: _tell_managers(service, session, plan.source, report, send_letters)
        )
    report.refused.sort()
    return report


def _tell_managers(
    service: Redress, session: Session, source: str, report: Report, send_letters: bool
) -> None:
    waiting = f"{service.settings.base_url}/staff/complaints?open=yes&held=yes"
    held = (
        ""
        if send_letters
        else f" Letters their cases write by themselves are held: look at each and send it ({waiting}). Once somebody has had a "
        "letter of a complaint leave, what its case writes after that leaves too."
    )
    late = session.scalar(_late_as_they_came(source))
    listed = f"{service.settings.base_url}/staff/complaints?open=yes&breached=yes"
    told = f" {late} of them are late already: {listed}." if late else ""
    session.add(
        NoticeRow(
            key=service.database.keys.next(),
            group_name="complaints-managers",
            subject=f"{report.running} open complaints came in from {source}",
            text=f"Their deadlines count from the day each was received.{told}{held}",
            at=service.clock.now(),
        )
    )


def _late_as_they_came(source: str) -> Select[int]:
    return (
        select(func.count(ComplaintRow.key.distinct()))
        .join(ClockRow, ClockRow.complaint_key == ComplaintRow.key)
        .where(
            ComplaintRow.source == source,
            ClockRow.state.in_(OPEN),
            ClockRow.bound_at <= ComplaintRow.recorded_at,
        )
    )


def _refusals(refused: Iterable[tuple[int, str]]) -> Iterator[str]:
    for line, reason in sorted(refused):
        yield f"line {line}: {reason}"


def _refuse_to_come(complaint: NewComplaint, today: date) -> None:
    """Refuse a day of the file that has not come: where history is played day by day, the register sees it ahead of its time."""
    if complaint.sent_to_company_on is not None and complaint.sent_to_company_on > today:
        raise RowRefused("sentToCompanyOn: the day it was sent to us lies in the future.")


def _is_registered(service: Redress, complaint: NewComplaint) -> bool:
    query = select(ComplaintRow.key).where(
        ComplaintRow.source == complaint.source, ComplaintRow.source_key == complaint.source_key
    )
    return service.engine.read(lambda session: session.scalar(query)) is not None


def _registered(service: Redress, source: str) -> frozenset[str | None]:
    query = select(ComplaintRow.source_key).where(ComplaintRow.source == source)
    return frozenset(service.engine.read(lambda session: session.scalars(query).all()))
