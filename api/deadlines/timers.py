"""Waiting timers in people's hands: which wait, what they follow, moving one and firing one, told in the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import label
from api.complaints.tables import ComplaintRow, EventRow
from engine.actors import Actor
from engine.execution.case_clocks import NEVER
from engine.store.records import TimerRecord
from engine.store.search import Condition, Query, Sort

if TYPE_CHECKING:
    from api.wiring import Redress


@dataclass(frozen=True, slots=True)
class WaitingTimer:
    """A timer that waits. ``due_at`` None: it waits until its clock runs. ``follows`` names its clocks for people."""

    job_key: int
    name: str
    process: str
    due_at: datetime | None
    follows: tuple[str, ...]


def waiting(service: Redress, root_key: int) -> tuple[WaitingTimer, ...]:
    """Return the timers that wait in a case and the cases it called, the next one first."""
    found = service.engine.timers(
        Query(
            where=(Condition("root_process_instance_key", "eq", root_key),),
            sort=(Sort("due_date"), Sort("job_key")),
            limit=200,
        )
    )
    return tuple(_shown(service, timer) for timer in found.items)


def move(service: Redress, job_key: int, due_at: datetime, *, reason: str, by: Actor) -> None:
    """Give a waiting timer another moment (aware); the complaint's timeline says who, from when to when, and why.

    A timer that follows a clock goes with it again when the clock moves next. Raises ``TimerNotFound``, ``ReasonMissing``.
    """
    timer, name = _named(service, job_key)
    before = None if timer.due_date >= NEVER else timer.due_date.isoformat()

    def work(session: Session) -> None:
        service.engine.move_timer_within(session, job_key, due_at, reason=reason, by=by)
        facts = {"reason": reason, "from": before, "to": due_at.isoformat()}
        _tell(service, session, timer, kind="timer-moved", text=f"Timer moved: {name}", facts=facts, by=by)

    service.engine.write(work)


def fire(service: Redress, job_key: int, *, reason: str, by: Actor) -> None:
    """Fire a waiting timer now; the complaint's timeline says who and why. Raises ``TimerNotFound``, ``ReasonMissing``."""
    timer, name = _named(service, job_key)

    def work(session: Session) -> None:
        service.engine.fire_timer_within(session, job_key, reason=reason, by=by)
        text = f"Timer fired by hand: {name}"
        _tell(service, session, timer, kind="timer-fired", text=text, facts={"reason": reason}, by=by)

    service.engine.write(work)


def element_name(service: Redress, process_key: int, element_id: str) -> tuple[str, str]:
    """Return what element and process are called in the diagram."""
    process = service.engine.parsed_process(process_key)
    element = process.elements.get(element_id)
    return (element.name if element is not None else None) or element_id, process.name or process.process_id


def _named(service: Redress, job_key: int) -> tuple[TimerRecord, str]:
    timer = service.engine.timer(job_key)
    return timer, element_name(service, timer.process_definition_key, timer.element_id)[0]


def _shown(service: Redress, timer: TimerRecord) -> WaitingTimer:
    name, process = element_name(service, timer.process_definition_key, timer.element_id)
    due_at = None if timer.due_date >= NEVER else timer.due_date
    return WaitingTimer(timer.job_key, name, process, due_at, tuple(label(clock) for clock in timer.clocks))


def _tell(
    service: Redress,
    session: Session,
    timer: TimerRecord,
    *,
    kind: str,
    text: str,
    facts: dict[str, str | None],
    by: Actor,
) -> None:
    complaint_key = session.scalar(
        select(ComplaintRow.key).where(ComplaintRow.instance_key == timer.root_process_instance_key)
    )
    if complaint_key is not None:
        session.add(
            EventRow(
                key=service.database.keys.next(),
                complaint_key=complaint_key,
                at=service.clock.now(),
                by=by.name,
                kind=kind,
                text=text,
                public=False,
                facts={name: value for name, value in facts.items() if value is not None},
            )
        )
