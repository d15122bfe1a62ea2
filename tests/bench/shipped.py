"""The shipped complaint process, from receipt to closure, on the real register: what each step costs."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.installation import ready_service
from api.settings import read_settings
from api.wiring import Redress
from engine.actors import SYSTEM
from engine.clock import FrozenClock
from tests.bench.client import environment
from tests.bench.ground import Counted, counting, folder
from tests.bench.report import Report
from tests.processes.office import Office

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CASES = 5


class Watched(Office):
    """An office on the real register whose every step is timed and counted."""

    def __init__(self, service: Redress, clock: FrozenClock) -> None:
        self.service, self.clock, self.engine = service, clock, service.engine
        self.key = self.complaint = 0
        self.spent: dict[str, list[float]] = defaultdict(list)
        self.asked: dict[str, list[Counted]] = defaultdict(list)

    def take_in(self) -> Watched:
        new = NewComplaint(
            channel="web",
            received_at=self.clock.now() - timedelta(hours=1),
            description="I was charged twice for one booking, and nobody called me back. " * 20,
            complainant=PartyDetails(name="Ada Byron", email="ada@example.org"),
            product="account",
            issues=("Charged twice", "Rude on the phone"),
        )
        made = self._watch("Receive", lambda: receive(self.service, new, by=SYSTEM))
        self.key, self.complaint = made.instance_key, made.key
        return self

    def do(self, name: str, **answers: Any) -> Watched:
        key = self.task(name).user_task_key
        self._watch(name, lambda: self.engine.complete_task(key, answers))
        return self

    def tell(self, message: str, **variables: Any) -> Watched:
        self._watch(
            f"Message {message}", lambda: self.engine.publish_message(message, str(self.complaint), variables)
        )
        self.engine.run_due_jobs()
        return self

    def _watch(self, name: str, work: Any) -> Any:
        with counting(self.engine.database) as counted:
            began = time.perf_counter()
            answer = work()
            self.spent[name].append(time.perf_counter() - began)
        self.asked[name].append(counted)
        return answer


def measure(report: Report) -> None:
    """Take some complaints the whole way and report every step."""
    with folder() as place, report.section("The shipped complaint process, per step, SQLite"):
        clock = FrozenClock(NOW)
        service = ready_service(read_settings(environment(place)), clock=clock)
        try:
            office = Watched(service, clock)
            for _ in range(CASES):
                office.take_in().screen().assess().investigate().draft().send()
                office.tell("complainant-answers", answer="accepts").correct().close()
                if not office.ended or office.troubles:
                    raise RuntimeError(f"open: {office.open}; troubles: {office.troubles}")
            _tell(report, office)
        finally:
            service.database.dispose()


def _tell(report: Report, office: Watched) -> None:
    for name, spent in office.spent.items():
        counted = office.asked[name]
        statements = statistics.median(one.statements for one in counted)
        commits = max(one.commits for one in counted)
        note = f"{statements:.0f} statements, {commits} commit{'s' if commits != 1 else ''}"
        report.add(name, statistics.median(spent) * 1e3, "ms", note=note)
    every = [one for counted in office.asked.values() for one in counted]
    report.add("most commits of one step", max(one.commits for one in every), "commits", target=1)
    report.add(
        "statements per step, median", statistics.median(one.statements for one in every), "statements"
    )
    whole = sum(sum(spent) for spent in office.spent.values()) / CASES
    report.add("a whole complaint, receipt to closure", whole * 1e3, "ms")
