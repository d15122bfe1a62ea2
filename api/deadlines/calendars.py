"""Calendars in every version: deployed as files, changed by people, read by engine and clocks without a restart."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.deadlines.tables import CalendarRow
from engine.calendar_files import CalendarRefused, read_calendar, write_calendar
from engine.calendars import Calendar, CalendarSet, Opening
from engine.clock import Clock
from engine.errors import Conflict, Invalid
from engine.findings import Finding
from engine.store import dialects
from engine.store.columns import METADATA
from engine.store.database import Database
from engine.store.errors import DatabaseAway
from engine.store.unit_of_work import read, read_aside

LOG = logging.getLogger(__name__)
LOOK_EVERY = timedelta(seconds=1)


class NothingChanged(Invalid):
    """The calendar would stay as it is."""

    code = "calendar_unchanged"


class CalendarMoved(Conflict):
    """Somebody else changed this calendar in the meantime. Look at the preview again."""

    code = "calendar_moved"


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """What a person changes: days off added (``holidays``, ``closures``: date → name), single days opened, days taken off.

    ``openings`` maps a date to its opening, as wall times. ``ordinary`` days lose whatever was special about them.
    """

    holidays: Mapping[date, str] = field(default_factory=dict)
    closures: Mapping[date, str] = field(default_factory=dict)
    openings: Mapping[date, tuple[time, time]] = field(default_factory=dict)
    ordinary: frozenset[date] = frozenset()

    def on(self, calendar: Calendar, *, version: int) -> Calendar:
        """Return the calendar with this change, as ``version``."""
        touched = {*self.holidays, *self.closures, *self.openings, *self.ordinary}

        def kept(days: Mapping[date, Any]) -> dict[date, Any]:
            return {day: what for day, what in days.items() if day not in touched}

        special = {day: (Opening(opens, closes),) for day, (opens, closes) in self.openings.items()}
        return replace(
            calendar,
            version=version,
            holidays=kept(calendar.holidays) | dict(self.holidays),
            closures=kept(calendar.closures) | dict(self.closures),
            special=kept(calendar.special) | special,
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "holidays": {day.isoformat(): why for day, why in self.holidays.items()},
            "closures": {day.isoformat(): why for day, why in self.closures.items()},
            "openings": {
                day.isoformat(): [f"{a:%H:%M}", f"{b:%H:%M}"] for day, (a, b) in self.openings.items()
            },
            "ordinary": sorted(day.isoformat() for day in self.ordinary),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CalendarChange:
        """Return the change that ``to_json`` wrote."""
        return cls(
            {date.fromisoformat(day): why for day, why in stored.get("holidays", {}).items()},
            {date.fromisoformat(day): why for day, why in stored.get("closures", {}).items()},
            {
                date.fromisoformat(day): (time.fromisoformat(a), time.fromisoformat(b))
                for day, (a, b) in stored.get("openings", {}).items()
            },
            frozenset(date.fromisoformat(day) for day in stored.get("ordinary", ())),
        )


class KeptCalendars:
    """Every stored version; looks at most once a second whether another process has added one. Safe between threads."""

    def __init__(self, database: Database, clock: Clock, *, default: str) -> None:
        """``default`` is the id of the organisation's calendar. Raises ``CalendarNotFound`` if it is not stored."""
        self.default = default
        self._database, self._clock = database, clock
        self._looked_at = clock.now()
        self._here = threading.local()
        self._known, self._set = read(database, self._load)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all calendars, in alphabetical order."""
        return self._set.ids

    def get(self, calendar_id: str | None) -> Calendar:
        """Return the newest version of a calendar, the organisation's for None. Raises ``CalendarNotFound``."""
        supposed = self._supposed
        if supposed is not None and supposed.id == (calendar_id or self.default):
            return supposed
        self._look()
        return self._set.get(calendar_id)

    def get_version(self, calendar_id: str, version: int) -> Calendar:
        """Return exactly this version. Raises ``CalendarNotFound``."""
        supposed = self._supposed
        if supposed is not None and (supposed.id, supposed.version) == (calendar_id, version):
            return supposed
        self._look()
        return self._set.get_version(calendar_id, version)

    def refresh(self, session: Session) -> None:
        """Take up versions that were stored since; one small question while there are none."""
        if session.scalar(select(func.count()).select_from(CalendarRow)) != self._known:
            self._known, self._set = self._load(session)

    @contextmanager
    def supposing(self, calendar: Calendar) -> Iterator[None]:
        """Let this thread, and no other, count with a version that is not stored."""
        self._here.supposed = calendar
        try:
            yield
        finally:
            self._here.supposed = None

    @property
    def _supposed(self) -> Calendar | None:
        return getattr(self._here, "supposed", None)

    def _look(self) -> None:
        now = self._clock.now()
        if abs(now - self._looked_at) < LOOK_EVERY:
            return
        self._looked_at = now
        try:
            read_aside(self._database, self.refresh)  # engine and clocks ask inside their transactions
        except (
            DBAPIError,
            DatabaseAway,
        ) as problem:  # what is known still counts; whoever needs the database will say so
            LOG.warning("calendars could not be looked at: %s", problem)

    def _load(self, session: Session) -> tuple[int, CalendarSet]:
        contents = session.scalars(select(CalendarRow.content)).all()
        return len(contents), CalendarSet(
            (read_calendar(each.encode()) for each in contents), default=self.default
        )


def store_files(session: Session, files: Iterable[tuple[str, bytes]], *, at: datetime) -> tuple[str, ...]:
    """Store every calendar file (name, bytes) that is new or was edited; return the names of those. Safe to repeat.

    What people changed on the page since is repeated on an edited file. Open clocks are not moved by it: that is
    previewed and applied on the calendar's page. Raises ``CalendarRefused`` with the findings of all files.
    """
    given = tuple(files)
    findings: list[Finding] = []
    for name, data in given:
        try:
            read_calendar(data, name=name)
        except CalendarRefused as refused:
            findings += refused.findings
    if findings:
        raise CalendarRefused(findings)
    return tuple(name for name, data in given if _store_file(session, name, data, at=at))


def stored_ids(session: Session) -> frozenset[str]:
    """Return the ids of all calendars, as this transaction sees them."""
    return frozenset(session.scalars(select(CalendarRow.id).distinct()))


def newest(session: Session, calendar_id: str) -> CalendarRow | None:
    """Return the newest stored version of a calendar."""
    return session.scalar(
        select(CalendarRow).where(CalendarRow.id == calendar_id).order_by(CalendarRow.version.desc()).limit(1)
    )


def versions(session: Session, calendar_id: str) -> tuple[CalendarRow, ...]:
    """Return all versions of a calendar, newest first."""
    return tuple(
        session.scalars(
            select(CalendarRow).where(CalendarRow.id == calendar_id).order_by(CalendarRow.version.desc())
        )
    )


def store_change(
    session: Session, calendar: Calendar, change: CalendarChange, *, reason: str, by: str, at: datetime
) -> None:
    """Store ``calendar``, a version made by ``change``, to be applied to open clocks.

    Raises ``CalendarMoved`` when another version was stored meanwhile.
    """
    before = newest(session, calendar.id)
    if before is None or before.version != calendar.version - 1:
        raise CalendarMoved(calendar=calendar.id)
    session.add(
        CalendarRow(
            id=calendar.id,
            version=calendar.version,
            content=write_calendar(calendar).decode(),
            source="page",
            change=change.to_json(),
            reason=reason,
            recorded_at=at,
            recorded_by=by,
            applied_at=at,
            applied_by=by,
        )
    )


def _store_file(session: Session, name: str, data: bytes, *, at: datetime) -> bool:
    sha256 = hashlib.sha256(data).hexdigest()
    given = read_calendar(data, name=name)
    before = versions(session, given.id)
    from_file = next((row for row in before if row.source == "file"), None)
    if from_file is not None and from_file.file_sha256 == sha256:
        return False
    version = max(given.version, before[0].version + 1) if before else given.version
    calendar = replace(given, version=version)
    for row in reversed(before):
        if row.source == "page":
            calendar = CalendarChange.from_json(row.change).on(calendar, version=version)
    content = write_calendar(calendar, source=str(json.loads(data).get("source", "")))
    session.execute(
        dialects.insert(session, METADATA.tables[CalendarRow.__tablename__])
        .values(
            id=calendar.id,
            version=version,
            content=content.decode(),
            source="file",
            file_sha256=sha256,
            change={},
            reason=f"{name} was edited" if before else "",
            recorded_at=at,
            recorded_by="system",
            settled_at=None if before else at,
        )
        .on_conflict_do_nothing()
    )
    return True
