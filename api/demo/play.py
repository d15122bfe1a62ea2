"""A play on simulated time: complaints arrive, staff visits them, complainants answer, until everything is closed."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from sqlalchemy import select

from api.complaints.intake import NewComplaint, Registered, receive
from api.complaints.tables import ComplaintRow
from api.demo.staff import Staff, Wish
from engine.actors import service as as_service
from engine.clock import FrozenClock

if TYPE_CHECKING:
    from api.wiring import Redress

MOST_VISITS = 40


@dataclass(frozen=True, slots=True)
class Role:
    """How one complaint is played: what is wished, when staff first comes (after receipt), and how often it returns."""

    wish: Wish
    first_visit: timedelta = timedelta(hours=20)
    between: timedelta = timedelta(days=4)
    visits: int = MOST_VISITS


class Play:
    """The stage: one service on one clock, its staff, and the visits still to come."""

    def __init__(self, service: Redress, clock: FrozenClock, staff: Staff) -> None:
        """``service`` must run on ``clock``."""
        self._service, self._clock, self._staff = service, clock, staff
        self._visits: list[tuple[datetime, int, int, Role, int]] = []
        self._order = count()

    def arrive(self, complaint: NewComplaint, role: Role) -> Registered:
        """Let time go on to the receipt of a complaint, register it, and plan the first visit."""
        self.go_on(complaint.received_at)
        made = receive(self._service, complaint, by=as_service("demo"))
        self.plan(made.instance_key, complaint.received_at, role)
        return made

    def plan(self, root_key: int, received_at: datetime, role: Role) -> None:
        """Plan the first visit to a complaint that is registered."""
        self._push(received_at + role.first_visit, root_key, role, 1)

    def watch(
        self, role_of: Callable[[NewComplaint], Role]
    ) -> Callable[[list[NewComplaint]], Iterable[NewComplaint]]:
        """Return what an import may wrap its work in, so that staff works between two receipts."""

        def watching(complaints: list[NewComplaint]) -> Iterator[NewComplaint]:
            for complaint in complaints:
                self.go_on(complaint.received_at)
                yield complaint
                root_key = self._root_of(complaint)
                if root_key is not None:
                    self.plan(root_key, complaint.received_at, role_of(complaint))

        return watching

    def go_on(self, moment: datetime) -> None:
        """Let time go on to ``moment``: whatever falls due, and every visit planned before."""
        while self._visits and self._visits[0][0] <= moment:
            at, _, root_key, role, number = heapq.heappop(self._visits)
            run_until(self._service, self._clock, at)
            self._visit(root_key, role, number)
        run_until(self._service, self._clock, moment)

    def finish(self) -> None:
        """Let time go on until no visit is planned any more."""
        while self._visits:
            self.go_on(self._visits[0][0])

    def _visit(self, root_key: int, role: Role, number: int) -> None:
        staff, engine = self._staff, self._service.engine
        staff.work(root_key, role.wish)
        staff.answer(root_key, role.wish)
        staff.work(root_key, role.wish)
        if engine.instance(root_key).state == "ACTIVE" and number < role.visits:
            self._push(self._clock.now() + role.between, root_key, role, number + 1)

    def _push(self, at: datetime, root_key: int, role: Role, number: int) -> None:
        heapq.heappush(self._visits, (at, next(self._order), root_key, role, number))

    def _root_of(self, complaint: NewComplaint) -> int | None:
        query = select(ComplaintRow.instance_key).where(
            ComplaintRow.source == complaint.source, ComplaintRow.source_key == complaint.source_key
        )
        return self._service.engine.read(lambda session: session.scalar(query))


def run_until(service: Redress, clock: FrozenClock, moment: datetime) -> None:
    """Let time go on to ``moment``, doing on the way everything that falls due, each at its own time."""
    while (due_at := service.next_due_at()) is not None and due_at <= moment:
        if due_at > clock.now():
            clock.set(due_at)
        if not service.run_due():
            break
    if moment > clock.now():
        clock.set(moment)
