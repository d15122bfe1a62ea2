"""A changed calendar and the open deadlines: what it would move, moving them, what waits for approval (rule 5)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from api.complaints import told_days
from api.complaints.clock_rows import label
from api.complaints.clocks import Desk
from api.complaints.tables import ClockRow, ComplaintRow
from api.deadlines import calendars
from api.deadlines.calendars import CalendarChange
from api.deadlines.tables import CalendarRow
from api.deadlines.timers import element_name
from engine.actors import SYSTEM, Actor
from engine.calendars import Calendar
from engine.deadlines import clocks
from engine.deadlines.clocks import Act
from engine.deadlines.state import ClockState
from engine.store.tables import jobs, tasks

if TYPE_CHECKING:
    from api.wiring import Redress

BATCH = 10  # complaints in one transaction: others wait for it no longer than a moment
MOST_REHEARSED = 300  # complaints whose timers and tasks are tried out for a preview
MOVABLE = ("projected", "running", "paused")
SETTLE = timedelta(minutes=1)  # a clock begun elsewhere in the second of the change is found by then


@dataclass(frozen=True, slots=True)
class MovedClock:
    """An open clock a change moves. ``held``: it would become shorter, so it keeps its date until somebody approves."""

    complaint_key: int
    reference: str
    name: str
    before: date | None
    after: date | None
    held: bool


@dataclass(frozen=True, slots=True)
class MovedTimer:
    """A waiting timer, or the due moment of a task, that follows a moved clock."""

    complaint_key: int
    reference: str
    element_id: str
    name: str
    before: datetime
    after: datetime


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do to ``looked_at`` open clocks; ``complete`` is false when timers were too many to try."""

    calendar: Calendar
    looked_at: int
    clocks: tuple[MovedClock, ...]
    timers: tuple[MovedTimer, ...]
    complete: bool


def preview(service: Redress, calendar: Calendar, *, besides: Collection[int] = ()) -> Preview:
    """Return every open clock, waiting timer and task date that the version ``calendar`` would move; nothing is stored.

    Those of the complaints ``besides`` are left out: whoever looks may not know of them. They move all the same.
    """
    looked_at, moved = service.engine.read(lambda session: _moved_clocks(session, service, calendar, besides))
    keys = list(dict.fromkeys(each.complaint_key for each in moved if not each.held))
    references = {each.complaint_key: each.reference for each in moved}
    timers: list[MovedTimer] = []
    for batch in _batches(keys[:MOST_REHEARSED]):
        timers += _rehearsed(service, calendar, batch, references)
    return Preview(calendar, looked_at, moved, tuple(timers), len(keys) <= MOST_REHEARSED)


def change(service: Redress, calendar: Calendar, asked: CalendarChange, *, reason: str, by: Actor) -> int:
    """Store ``calendar`` (a version made by ``asked``) and apply it to the open clocks; return how many moved.

    Every batch is a transaction: interrupted, the chore goes on where it stopped. Raises ``CalendarMoved``.
    """
    at = service.clock.now()
    service.engine.write(
        lambda session: calendars.store_change(session, calendar, asked, reason=reason, by=by.name, at=at)
    )
    service.engine.read(service.calendars.refresh)
    return _apply(service, calendar, reason=reason, by=by)


def apply_newest(service: Redress, calendar_id: str, *, reason: str, by: Actor) -> int:
    """Apply the newest version, which came with a file, to the open clocks; return how many moved."""
    calendar, at = service.calendars.get(calendar_id), service.clock.now()
    service.engine.write(
        lambda session: session.execute(
            update(CalendarRow)
            .where(
                CalendarRow.id == calendar_id,
                CalendarRow.version == calendar.version,
                CalendarRow.applied_at.is_(None),
            )
            .values(applied_at=at, applied_by=by.name, reason=reason)
        )
    )
    return _apply(service, calendar, reason=reason, by=by)


def settle(service: Redress) -> int:
    """Finish what was begun: clocks an interrupted change has not reached, or that began elsewhere meanwhile. A chore."""
    waiting = service.engine.read(
        lambda session: session.execute(
            select(
                CalendarRow.id,
                CalendarRow.version,
                CalendarRow.reason,
                CalendarRow.applied_by,
                CalendarRow.applied_at,
            )
            .where(CalendarRow.applied_at.is_not(None), CalendarRow.settled_at.is_(None))
            .order_by(CalendarRow.id, CalendarRow.version)
        ).all()
    )
    moved, now = 0, service.clock.now()
    for row in waiting:
        calendar = service.calendars.get_version(row.id, row.version)
        moved += _apply(service, calendar, reason=row.reason, by=Actor(row.applied_by or "system"))
        if row.applied_at is not None and now - row.applied_at >= SETTLE:
            service.engine.write(partial(_settled, calendar=calendar, at=now))
    return moved


def behind(session: Session, calendar: Calendar, *, besides: Collection[int] = ()) -> int:
    """Return how many open clocks have not been counted with this version yet, those of complaints ``besides`` left out."""
    mine = (*_behind(calendar), ClockRow.complaint_key.not_in(besides))
    return session.scalar(select(func.count()).select_from(ClockRow).where(*mine)) or 0


def held(session: Session, calendar_id: str) -> list[tuple[ClockRow, ComplaintRow, ClockState]]:
    """Return the clocks whose shortening waits for approval."""
    rows = session.execute(
        select(ClockRow, ComplaintRow)
        .join(ComplaintRow, ComplaintRow.key == ClockRow.complaint_key)
        .where(ClockRow.calendar_id == calendar_id, ClockRow.state.in_(MOVABLE))
        .where(ClockRow.calendar_seen > ClockRow.calendar_version)
        .order_by(ClockRow.due_on, ClockRow.key)
    )
    found = ((row, complaint, ClockState.from_json(row.saved)) for row, complaint in rows)
    return [each for each in found if each[2].held is not None]


def decide_held(service: Redress, clock_keys: Sequence[int], *, approve: bool, reason: str, by: Actor) -> int:
    """Approve or decline shortenings that wait; return how many. One decided meanwhile is passed over."""
    decided = 0
    for key in clock_keys:
        row = service.engine.read(partial(_clock, key=key))
        if row is not None:
            act = Act(service.clock.now(), by.name, reason)
            done: list[bool] = []

            def work(
                desk: Desk, complaint: ComplaintRow, key: int = key, done: list[bool] = done
            ) -> tuple[str, ...]:
                clock = desk.session.get(ClockRow, key, populate_existing=True)
                if clock is None or ClockState.from_json(clock.saved).held is None:
                    return ()
                done.append(True)
                decide = service.case_clocks.approve if approve else service.case_clocks.decline
                return (*decide(desk, clock), *service.case_clocks.as_told(desk, complaint))

            service.move_clocks(row.complaint_key, work, act=act, by=by)
            decided += bool(done)
    return decided


def _settled(session: Session, *, calendar: Calendar, at: datetime) -> None:
    session.execute(
        update(CalendarRow)
        .where(CalendarRow.id == calendar.id, CalendarRow.version == calendar.version)
        .values(settled_at=at)
    )


def _clock(session: Session, *, key: int) -> ClockRow | None:
    return session.get(ClockRow, key)


def _behind(calendar: Calendar) -> tuple[ColumnElement[bool], ...]:
    return (
        ClockRow.calendar_id == calendar.id,
        ClockRow.calendar_seen < calendar.version,
        ClockRow.state.in_(MOVABLE),
    )


def _moved_clocks(
    session: Session, service: Redress, calendar: Calendar, besides: Collection[int]
) -> tuple[int, tuple[MovedClock, ...]]:
    """Return how many clocks were looked at, and those that move; news whose day was told keep it."""
    act = Act(service.clock.now(), "preview", "preview")
    rows = session.execute(
        select(ClockRow, ComplaintRow.reference)
        .join(ComplaintRow, ComplaintRow.key == ClockRow.complaint_key)
        .where(*_behind(calendar), ClockRow.complaint_key.not_in(besides))
        .order_by(ClockRow.due_on, ClockRow.key)
    )
    looked_at, moved, desk = 0, [], service.desk(session, act)
    for row, reference in rows:
        looked_at += 1
        state = ClockState.from_json(row.saved)
        result = clocks.recalendar(state, calendar, act).state
        if told_days.keeps_its_day(desk, row, result.due_on):
            continue
        if result.held is not None:
            moved.append(
                MovedClock(
                    row.complaint_key, reference, label(row.name), state.due_on, result.held.due_on, True
                )
            )
        elif (result.bound_at, result.days_left) != (state.bound_at, state.days_left):
            moved.append(
                MovedClock(row.complaint_key, reference, label(row.name), state.due_on, result.due_on, False)
            )
    return looked_at, tuple(moved)


def _rehearsed(
    service: Redress, calendar: Calendar, keys: Sequence[int], references: Mapping[int, str]
) -> list[MovedTimer]:
    """Move the clocks of some complaints for real, look what followed them, and undo it all."""

    def work(session: Session) -> list[MovedTimer]:
        found = []
        for key in keys:
            root = session.scalar(select(ComplaintRow.instance_key).where(ComplaintRow.key == key))
            if root is None:
                continue
            before = _dates(session, root)
            _recalendar(service, session, key, calendar, Act(service.clock.now(), "preview", "preview"))
            after = _dates(session, root)
            found += [
                MovedTimer(
                    key, references[key], element, _name(service, process, element), due, after[place][2]
                )
                for place, (process, element, due) in before.items()
                if place in after and after[place][2] != due
            ]
        return found

    with service.calendars.supposing(calendar):
        return service.rehearse(work)


def _dates(session: Session, root_key: int) -> dict[int, tuple[int, str, datetime]]:
    """Return process, element and due moment of the family's waiting timers and open tasks, by element instance."""
    waiting = select(
        jobs.c.element_instance_key, jobs.c.definition_key, jobs.c.element_id, jobs.c.due_at
    ).where(jobs.c.root_key == root_key, jobs.c.kind == "timer", jobs.c.status == "ready")
    open_tasks = select(tasks.c.key, tasks.c.definition_key, tasks.c.element_id, tasks.c.due_at).where(
        tasks.c.root_key == root_key, tasks.c.state == "CREATED", tasks.c.due_at.is_not(None)
    )
    session.flush()
    rows = [*session.execute(waiting), *session.execute(open_tasks)]
    return {key: (process, element, due) for key, process, element, due in rows}


def _name(service: Redress, process_key: int, element_id: str) -> str:
    name, process = element_name(service, process_key, element_id)
    return f"{name} ({process})"


def _apply(service: Redress, calendar: Calendar, *, reason: str, by: Actor) -> int:
    moved = 0
    while keys := service.engine.read(lambda session: _next_complaints(session, calendar)):
        act = Act(
            service.clock.now(), by.name, reason or f"Calendar {calendar.name}, version {calendar.version}"
        )

        def work(session: Session, keys: Sequence[int] = keys, act: Act = act) -> int:
            return sum(_recalendar(service, session, key, calendar, act) for key in keys)

        moved += service.engine.write(work)
    return moved


def _next_complaints(session: Session, calendar: Calendar) -> list[int]:
    query = (
        select(ClockRow.complaint_key).where(*_behind(calendar)).distinct().order_by(ClockRow.complaint_key)
    )
    return list(session.scalars(query.limit(BATCH)))


def _recalendar(service: Redress, session: Session, complaint_key: int, calendar: Calendar, act: Act) -> int:
    """Count the open clocks of one complaint anew, with whatever follows them; return how many moved.

    A calendar holds for every complaint, also for those that are not there for whoever changes it: ``act`` names the person,
    the case is moved by the system.
    """
    moved: list[str] = []

    def work(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        mine = (ClockRow.complaint_key == complaint_key, *_behind(calendar))
        rows = session.scalars(select(ClockRow).where(*mine).execution_options(populate_existing=True)).all()
        moved.extend(service.case_clocks.recalendar(desk, rows, calendar))
        return (*moved, *service.case_clocks.as_told(desk, complaint))

    service.move_clocks_within(session, complaint_key, work, act=act, by=SYSTEM)
    return len(moved)


def _batches(keys: Sequence[int]) -> Iterator[list[int]]:
    places = iter(keys)
    while batch := list(islice(places, BATCH)):
        yield batch
