"""When a cron text fires: six fields (second minute hour day month weekday) on the wall clock of a zone."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from engine.errors import Invalid
from engine.zones import at_wall, in_utc, local_date

MACROS = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = (
    ("second", 0, 59),
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day", 1, 31),
    ("month", 1, 12),
    ("weekday", 0, 7),
)
_MOST_MONTHS = 12 * 100
_ONE_DAY = timedelta(days=1)

DaysOfMonth = Callable[[int, int], frozenset[int]]


class CronUnreadable(Invalid):
    """This is not a cron text of six fields: second minute hour day month weekday."""

    code = "cron_unreadable"


class CronNeverFires(Invalid):
    """No date within a hundred years matches this cron text."""

    code = "cron_never_fires"


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron text, read. Day and weekday must both match, as in Camunda 8; Sunday is 0 or 7.

    Also ``@daily`` and its like, names (``MON``, ``JAN``), ``?``, ``L`` (last day), ``L-2`` (two before the
    last), ``15W`` and ``LW`` (nearest, last Monday to Friday of the month), ``FRIL`` (last Friday), ``FRI#2``
    (second Friday).
    """

    text: str
    seconds: tuple[int, ...] = field(repr=False)
    minutes: tuple[int, ...] = field(repr=False)
    hours: tuple[int, ...] = field(repr=False)
    months: tuple[int, ...] = field(repr=False)
    days: tuple[DaysOfMonth, ...] = field(repr=False, compare=False)
    weekdays: tuple[DaysOfMonth, ...] = field(repr=False, compare=False)

    def next_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return the first firing later than ``moment`` (aware), in UTC.

        A wall time in a gap fires later by the gap (once, if that time is listed too), one that occurs twice
        fires at the first. Raises ``CronNeverFires`` when no date matches within a hundred years.
        """
        now = in_utc(moment)
        best: datetime | None = None
        for day in self._dates_from(local_date(now, zone) - _ONE_DAY):
            if best is not None and at_wall(datetime.combine(day, time()), zone) - _ONE_DAY > best:
                break
            due = self._first_on(day, now, zone)
            if due is not None and (best is None or due < best):
                best = due
        if best is None:
            raise CronNeverFires(text=self.text)
        return best

    def shortest_wait(self) -> timedelta:
        """Return the shortest time between two firings of one day, or across midnight."""
        seconds = sorted(
            3600 * h + 60 * m + s for h in self.hours for m in self.minutes for s in self.seconds
        )
        waits = [later - earlier for earlier, later in pairwise(seconds)]
        return timedelta(seconds=min([*waits, seconds[0] + 86_400 - seconds[-1]]))

    def _dates_from(self, start: date) -> Iterator[date]:
        """Yield the matching dates on or after ``start``, for a hundred years."""
        first = 12 * start.year + start.month - 1
        for index in range(first, min(first + _MOST_MONTHS, 12 * 9999)):
            year, month = divmod(index, 12)
            if month + 1 in self.months:
                for day in self._days_in(year, month + 1):
                    if date(year, month + 1, day) >= start:
                        yield date(year, month + 1, day)

    def _days_in(self, year: int, month: int) -> list[int]:
        days = frozenset[int]().union(*(rule(year, month) for rule in self.days))
        return sorted(days & frozenset[int]().union(*(rule(year, month) for rule in self.weekdays)))

    def _first_on(self, day: date, now: datetime, zone: ZoneInfo) -> datetime | None:
        """Return the first firing that belongs to ``day`` and is later than ``now``."""
        start = at_wall(datetime.combine(day, time()), zone)
        if _clocks_change(day, zone):
            firings = _firings_on(self, day, zone)
            later = bisect_right(firings, now)
            return firings[later] if later < len(firings) else None
        at = self._first_time((now - start) // timedelta(seconds=1) + 1)
        return None if at is None else start + timedelta(seconds=at)

    def _first_time(self, second: int) -> int | None:
        """Return the first second of the day on or after ``second`` (perhaps negative) at which it fires."""
        hour, rest = divmod(max(second, 0), 3600)
        minute, second = divmod(rest, 60)
        for at_hour in self.hours[bisect_left(self.hours, hour) :]:
            for at_minute in self.minutes[bisect_left(self.minutes, minute) if at_hour == hour else 0 :]:
                exact = (at_hour, at_minute) == (hour, minute)
                for at_second in self.seconds[bisect_left(self.seconds, second) if exact else 0 :]:
                    return 3600 * at_hour + 60 * at_minute + at_second
        return None


def _clocks_change(day: date, zone: ZoneInfo) -> bool:
    here = [datetime.combine(d, time(), zone).utcoffset() for d in (day, day + _ONE_DAY)]
    return here[0] != here[1]


@lru_cache(maxsize=8)
def _firings_on(cron: Cron, day: date, zone: ZoneInfo) -> list[datetime]:
    """Return all firings of a day on which clocks change, in order, each once, in UTC."""
    walls = (time(h, m, s) for h in cron.hours for m in cron.minutes for s in cron.seconds)
    return sorted({at_wall(datetime.combine(day, wall), zone) for wall in walls})


def read_cron(text: str) -> Cron:
    """Read a cron text or macro.

    Raises ``CronUnreadable`` with the field, ``CronNeverFires`` for 30 February.
    """
    parts = MACROS.get(text.strip().lower(), text).split()
    if len(parts) != len(_FIELDS):
        raise CronUnreadable(text=text[:120], fields=len(parts))
    second, minute, hour, day, month, weekday = (part.upper() for part in parts)
    cron = Cron(
        text.strip(),
        _numbers(second, 0, text),
        _numbers(minute, 1, text),
        _numbers(hour, 2, text),
        _numbers(month, 4, text),
        tuple(_day_rule(item, text) for item in day.split(",")),
        tuple(_weekday_rule(item, text) for item in weekday.split(",")),
    )
    cron.next_after(datetime(2000, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
    return cron


def _numbers(part: str, index: int, text: str) -> tuple[int, ...]:
    """Read ``*``, numbers, names, ranges, steps and lists of them for one field."""
    name, low, high = _FIELDS[index]
    numbers: set[int] = set()
    for item in part.split(","):
        match = re.fullmatch(r"(\*|\w+)(?:-(\w+))?(?:/(\d{1,4}))?", item, re.ASCII)
        if match is None or (match[1] == "*" and match[2]) or match[3] in ("0", "00", "000", "0000"):
            raise CronUnreadable(text=text[:120], field=name, part=item)
        start = low if match[1] == "*" else _number(match[1], index, text)
        if match[2]:
            end = _number(match[2], index, text)
        else:
            end = min(high, 6 if name == "weekday" else high) if match[1] == "*" or match[3] else start
        if end < start:
            raise CronUnreadable(text=text[:120], field=name, part=item)
        numbers.update(range(start, end + 1, int(match[3] or 1)))
    return tuple(sorted(numbers))


def _number(item: str, index: int, text: str) -> int:
    """Read one number or name within the field's range."""
    name, low, high = _FIELDS[index]
    if name == "month" and item in _MONTHS:
        return _MONTHS.index(item) + 1
    if name == "weekday" and item in _WEEKDAYS:
        return _WEEKDAYS.index(item)
    if item.isascii() and item.isdigit() and len(item) <= 4 and low <= int(item) <= high:
        return int(item)
    raise CronUnreadable(text=text[:120], field=name, part=item)


def _day_rule(item: str, text: str) -> DaysOfMonth:
    """Read one item of the day field."""
    if item in ("?", "*"):
        return _every_day
    if item == "LW":
        return lambda year, month: frozenset({_nearest_weekday(year, month, monthrange(year, month)[1])})
    if match := re.fullmatch(r"L(?:-(\d{1,2}))?", item, re.ASCII):
        before = int(match[1] or 0)
        return lambda year, month: frozenset({monthrange(year, month)[1] - before}) - frozenset(range(-99, 1))
    if match := re.fullmatch(r"(\d{1,2})W", item, re.ASCII):
        wanted = _number(match[1], 3, text)
        return lambda year, month: (
            frozenset({_nearest_weekday(year, month, wanted)})
            if wanted <= monthrange(year, month)[1]
            else frozenset()
        )
    numbers = frozenset(_numbers(item, 3, text))
    return lambda year, month: frozenset(d for d in numbers if d <= monthrange(year, month)[1])


def _weekday_rule(item: str, text: str) -> DaysOfMonth:
    """Read one item of the weekday field."""
    if item in ("?", "*"):
        return _every_day
    if match := re.fullmatch(r"(\w+?)(?:#([1-5])|L)", item, re.ASCII):
        weekday = _number(match[1], 5, text) % 7
        number = int(match[2]) if match[2] else 0
        return lambda year, month: frozenset(_weekday_days(year, month, weekday)[number - 1 : number or None])
    wanted = frozenset(number % 7 for number in _numbers(item, 5, text))
    return lambda year, month: frozenset(d for w in wanted for d in _weekday_days(year, month, w))


def _every_day(year: int, month: int) -> frozenset[int]:
    return frozenset(range(1, monthrange(year, month)[1] + 1))


def _weekday_days(year: int, month: int, weekday: int) -> list[int]:
    """Return the days of a month that fall on ``weekday`` (0 = Sunday)."""
    first, length = monthrange(year, month)
    return list(range(1 + (weekday - 1 - first) % 7, length + 1, 7))


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """Return the Monday to Friday nearest to ``day`` without leaving the month."""
    weekday, length = date(year, month, day).weekday(), monthrange(year, month)[1]
    if weekday == 5:  # Saturday
        return day - 1 if day > 1 else day + 2
    if weekday == 6:  # Sunday
        return day + 1 if day < length else day - 2
    return day
