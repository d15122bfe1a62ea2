"""What a timer text means: a date, a duration or a cycle, when it is first due and when again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from engine.cron import Cron, CronNeverFires, CronUnreadable, read_cron
from engine.durations import Duration, DurationUnreadable, read_duration
from engine.errors import Invalid
from engine.zones import ZoneUnknown, at_wall, in_utc, read_zone

Kind = Literal["date", "duration", "cycle"]
SHORTEST_INTERVAL = timedelta(seconds=1)

_DATE_TIME = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<part>\d{1,9}))?)?"
    r"(?P<offset>Z|[+-]\d\d:\d\d)?(?:\[(?P<zone>[\w+\-/]{1,64})\]|@(?P<region>[\w+\-/]{1,64}))?",
    re.ASCII,
)
_CYCLE = re.compile(r"R(?P<count>\d{0,9})/(?:(?P<start>.+)/)?(?P<interval>[^/]+)", re.ASCII)
_INSTANT = timedelta(microseconds=1)


class TimerUnreadable(Invalid):
    """This timer cannot be read."""

    code = "timer_unreadable"


class TimerDateUnreadable(TimerUnreadable):
    """A timer date is written as 2026-12-01T09:00:00, with Z, an offset or [Area/City] if it is not local."""

    code = "timer_date_unreadable"


class TimerDurationUnreadable(TimerUnreadable):
    """A timer duration is written as P3D, PT2H30M or P1M."""

    code = "timer_duration_unreadable"


class TimerCycleUnreadable(TimerUnreadable):
    """A timer cycle is written as R/PT1H, R3/2026-12-01T08:00:00Z/P1D, or as cron: 0 0 9 * * MON-FRI."""

    code = "timer_cycle_unreadable"


class TimerNeverRepeats(TimerUnreadable):
    """A cycle that repeats zero times never fires."""

    code = "timer_never_repeats"


class TimerTooFast(TimerUnreadable):
    """The cycle's interval is shorter than this service allows."""

    code = "timer_too_fast"


@dataclass(frozen=True, slots=True)
class Interval:
    """Again and again, from a start or from the moment of arming.

    Occurrence k is start + k times the interval, each part by itself, so that a monthly cycle begun on 31
    January falls on the last day of February and on 31 March. ``count`` None means endlessly.
    """

    every: Duration
    count: int | None
    start_at: datetime | None

    def first(self, armed_at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the moment occurrences are counted from, and the first that is due."""
        if self.start_at is None:
            return armed_at, self.every.add_to(armed_at, zone)
        if self.start_at >= armed_at:
            return self.start_at, self.start_at
        return self.start_at, self.next_after(self.start_at, armed_at - _INSTANT, zone)

    def next_after(self, base_at: datetime, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return the first occurrence, counted from ``base_at``, that is later than ``moment``."""
        low, high = 0, 1
        while self.every.times(high).add_to(base_at, zone) <= moment:
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            late = self.every.times(middle).add_to(base_at, zone) > moment
            low, high = (low, middle) if late else (middle, high)
        return self.every.times(high).add_to(base_at, zone)


Schedule = datetime | Duration | Interval | Cron


@dataclass(frozen=True, slots=True)
class TimerRule:
    """A timer text that has been read; two are equal if they say the same in the same zone.

    ``zone`` is that of wall times: cron, the date part of durations, times without offset.
    """

    kind: Kind
    text: str
    zone: str

    @property
    def schedule(self) -> Schedule:
        """What the text says: a UTC moment, a duration, an interval or a cron."""
        return _read(self.kind, self.text, self.zone)

    def first_due(self, armed_at: datetime) -> Armed:
        """Return the timer armed at ``armed_at`` (aware). A date in the past, a duration ≤ 0: due at once.

        A cycle with a start is first due at the start or, if that has passed, at its first occurrence not
        before ``armed_at``, and still fires as often as it says. One without is first due an interval after
        ``armed_at``. Raises ``SpanTooLong`` or ``CronNeverFires`` when the years run out.
        """
        now, zone, schedule = in_utc(armed_at), read_zone(self.zone), self.schedule
        if isinstance(schedule, datetime):
            return Armed(self, now, schedule, remaining=1)
        if isinstance(schedule, Duration):
            return Armed(self, now, max(schedule.add_to(now, zone), now), remaining=1)
        if isinstance(schedule, Cron):
            return Armed(self, now, schedule.next_after(now, zone), remaining=None)
        base_at, due_at = schedule.first(now, zone)
        return Armed(self, base_at, due_at, remaining=schedule.count)

    def to_json(self) -> dict[str, Any]:
        """Return the rule as plain JSON values."""
        return {"kind": self.kind, "text": self.text, "zone": self.zone}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> TimerRule:
        """Return the rule that ``to_json`` wrote."""
        return cls(stored["kind"], stored["text"], stored["zone"])


@dataclass(frozen=True, slots=True)
class Armed:
    """A timer waiting for ``due_at`` (UTC): what a job row stores.

    ``base_at`` is where occurrences are counted from, ``remaining`` the firings left, the one waited for
    included (None = endless); ``number`` counts firings from 1. ``calendars`` are the (id, version) of the
    working-day calendars its text was computed with.
    """

    rule: TimerRule
    base_at: datetime
    due_at: datetime
    remaining: int | None
    number: int = 1
    calendars: tuple[tuple[str, int], ...] = ()

    def next_due(self, fired_at: datetime) -> Armed | None:
        """Return the timer re-armed after firing at ``fired_at``, or None when that was the last time.

        It is next due at the first occurrence later than ``fired_at``: whatever was missed during a downtime
        counts as the one that fired. ``Rn`` still fires n times in all.
        """
        later_than, zone, schedule = (
            max(in_utc(fired_at), self.due_at),
            read_zone(self.rule.zone),
            self.rule.schedule,
        )
        if isinstance(schedule, Cron):
            due_at = schedule.next_after(later_than, zone)
        elif isinstance(schedule, Interval) and self.remaining != 1:
            due_at = schedule.next_after(self.base_at, later_than, zone)
        else:
            return None
        remaining = None if self.remaining is None else self.remaining - 1
        return replace(self, due_at=due_at, remaining=remaining, number=self.number + 1)

    def to_json(self) -> dict[str, Any]:
        """Return the armed timer as plain JSON values."""
        stored = self.rule.to_json() | {
            "base_at": self.base_at.isoformat(),
            "due_at": self.due_at.isoformat(),
            "remaining": self.remaining,
            "number": self.number,
        }
        return stored | {"calendars": dict(self.calendars)} if self.calendars else stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Armed:
        """Return the armed timer that ``to_json`` wrote."""
        return cls(
            TimerRule.from_json(stored),
            datetime.fromisoformat(stored["base_at"]),
            datetime.fromisoformat(stored["due_at"]),
            stored["remaining"],
            stored["number"],
            tuple(stored.get("calendars", {}).items()),
        )


def read_timer(kind: Kind, value: object, *, zone: str, shortest: timedelta = SHORTEST_INTERVAL) -> TimerRule:
    """Read a timer's literal or the result of its expression, as `dialect.md` §10 says.

    ``value`` is a text or, for dates, a ``datetime`` (naive = in ``zone``), for durations a ``timedelta``
    (its days are calendar days) or ``Duration``. ``zone`` is an IANA name. A cycle faster than ``shortest``
    is refused. Raises a kind of ``TimerUnreadable``, or ``ZoneUnknown``.
    """
    read_zone(zone)
    text = _text_of(kind, value)
    schedule = _read(kind, text, zone)
    if _too_fast(schedule, shortest):
        raise TimerTooFast(text=text, shortest=str(Duration(time=shortest)))
    return TimerRule(kind, text, zone)


def _text_of(kind: Kind, value: object) -> str:
    """Return the timer text for a value of the right type. Raises ``TimerUnreadable``."""
    if isinstance(value, str):
        return value.strip()
    if kind == "date" and isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat() if value.tzinfo is None else in_utc(value).isoformat()
    if kind == "duration" and isinstance(value, Duration):
        return str(value)
    if kind == "duration" and isinstance(value, timedelta):
        size = abs(value)
        return str(Duration(0, 0, size.days, size - timedelta(size.days), value < timedelta()))
    raise TimerUnreadable(kind=kind, value=repr(value)[:80], type=type(value).__name__)


def _too_fast(schedule: Schedule, shortest: timedelta) -> bool:
    """Whether a cycle fires sooner again than allowed.

    A calendar day counts as 23 hours, cron as one second.
    """
    if isinstance(schedule, Cron):
        return shortest > SHORTEST_INTERVAL and schedule.shortest_wait() < shortest
    if not isinstance(schedule, Interval):
        return False
    days = 365 * schedule.every.years + 28 * schedule.every.months + schedule.every.days
    return schedule.every.time + min(days, 10_000) * timedelta(hours=23) < shortest


@lru_cache(maxsize=4096)
def _read(kind: Kind, text: str, zone: str) -> Schedule:
    """Read a timer text. Raises a kind of ``TimerUnreadable``."""
    if kind == "date":
        return _read_date_time(text, read_zone(zone))
    if kind == "duration":
        try:
            return read_duration(text)
        except DurationUnreadable as error:
            raise TimerDurationUnreadable(text=text[:120]) from error
    if not text.startswith("R"):
        return _read_cron(text)
    return _read_interval(text, read_zone(zone))


def _read_cron(text: str) -> Cron:
    try:
        return read_cron(text)
    except CronUnreadable as error:
        raise TimerCycleUnreadable(**error.facts) from error
    except CronNeverFires as error:
        raise TimerNeverRepeats(error.message, text=text[:120]) from error


def _read_interval(text: str, zone: ZoneInfo) -> Interval:
    match = _CYCLE.fullmatch(text)
    if match is None:
        raise TimerCycleUnreadable(text=text[:120])
    try:
        interval = read_duration(match["interval"])
        start_at = _read_date_time(match["start"], zone) if match["start"] else None
    except (DurationUnreadable, TimerDateUnreadable) as error:
        raise TimerCycleUnreadable(text=text[:120], because=error.message) from error
    count = int(match["count"]) if match["count"] else None
    if count == 0:
        raise TimerNeverRepeats(text=text[:120])
    if not interval.is_positive:
        raise TimerTooFast(text=text[:120])
    return Interval(interval, count, start_at)


def _read_date_time(text: str, zone: ZoneInfo) -> datetime:
    """Return the UTC moment an ISO or FEEL date-time means; an offset beats the zone named beside it."""
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise TimerDateUnreadable(text=text[:120])
    part = (match["part"] or "0").ljust(6, "0")[:6]
    offset = match["offset"]
    try:
        named = match["zone"] or match["region"]
        place = read_zone(named) if named else zone
        clock = f"{match['hour']}:{match['minute']}:{match['second'] or '00'}.{part}"
        wall = datetime.fromisoformat(f"{match['date']}T{clock}")
        if offset is None:
            return at_wall(wall, place)
        return datetime.fromisoformat(
            f"{wall.isoformat()}{'+00:00' if offset == 'Z' else offset}"
        ).astimezone(UTC)
    except (ValueError, OverflowError, ZoneUnknown) as error:
        raise TimerDateUnreadable(text=text[:120]) from error
