"""When an organisation works: opening hours, days off, and counting in working days and working time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from typing import Protocol
from zoneinfo import ZoneInfo

from engine.durations import SpanTooLong
from engine.errors import Invalid, NotFound
from engine.zones import at_wall, in_utc, local_date

MOST_DAYS = 10_000
MOST_OPENING_TIME = timedelta(hours=10_000)
_MOST_OPENINGS = 25_000
_LAST_DAY = date.max.toordinal() - 1


class CalendarNotFound(NotFound):
    """There is no calendar of this name."""

    code = "calendar_not_found"


class CalendarNeverOpens(Invalid):
    """A calendar needs opening hours on at least one weekday."""

    code = "calendar_never_opens"


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """One stretch of wall time on one day. ``closes`` at 00:00 means midnight at the end of the day."""

    opens: time
    closes: time

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the UTC moments at which it opens and closes on ``day``."""
        end = datetime.combine(day, self.closes)
        if self.closes == time():
            end += timedelta(days=1)
        return at_wall(datetime.combine(day, self.opens), zone), at_wall(end, zone)


Openings = tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days and opening hours of one place, at one version.

    ``hours`` has seven entries, Monday first, each the day's openings in order; an empty one is a day off.
    ``holidays`` and ``closures`` (date → name) are days off; ``special`` gives single days their own openings
    and beats both. ``known_until`` is the last date up to which the holidays are known, None if that is not
    said. Moments are returned aware, in the calendar's zone: convert to UTC before you subtract
    or compare two of them with == (in an hour that occurs twice Python calls equal moments unequal).
    Counting working days costs O(log n) of the exceptions, however long the span.
    """

    id: str
    version: int
    name: str
    zone: ZoneInfo
    hours: tuple[Openings, ...] = field(hash=False)
    holidays: Mapping[date, str] = field(default_factory=dict, hash=False)
    closures: Mapping[date, str] = field(default_factory=dict, hash=False)
    special: Mapping[date, Openings] = field(default_factory=dict, hash=False)
    known_until: date | None = None
    _week: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _odd_days: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _odd_sums: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare counting. Raises ``CalendarNeverOpens``."""
        if len(self.hours) != 7 or not any(self.hours):
            raise CalendarNeverOpens(calendar=self.id)
        works = [1 if openings else 0 for openings in self.hours]
        odd = dict.fromkeys((*self.holidays, *self.closures), 0) | {
            d: int(bool(o)) for d, o in self.special.items()
        }
        deltas = sorted(
            (d.toordinal(), n - works[d.weekday()]) for d, n in odd.items() if n != works[d.weekday()]
        )
        object.__setattr__(self, "_week", tuple(accumulate(works, initial=0)))
        object.__setattr__(self, "_odd_days", tuple(day for day, _ in deltas))
        object.__setattr__(self, "_odd_sums", tuple(accumulate((delta for _, delta in deltas), initial=0)))

    # Days

    def is_working_day(self, day: date) -> bool:
        """Whether anything is open on ``day``."""
        return bool(self.openings_on(day))

    def why_closed(self, day: date) -> str | None:
        """Return the holiday or closure that closes ``day``, or None (open, or an ordinary day off)."""
        if self.is_working_day(day) or not self.hours[day.weekday()]:
            return None
        return self.closures.get(day) or self.holidays.get(day)

    def openings_on(self, day: date) -> Openings:
        """Return the openings of ``day`` in order, empty when closed."""
        if day in self.special:
            return self.special[day]
        if day in self.holidays or day in self.closures:
            return ()
        return self.hours[day.weekday()]

    def next_working_day(self, day: date) -> date:
        """Return the first working day on or after ``day``. Raises ``SpanTooLong`` at the end of time."""
        return day if self.is_working_day(day) else self._nth(self._count(day.toordinal()) + 1, near=day)

    def previous_working_day(self, day: date) -> date:
        """Return the last working day on or before ``day``.

        Raises ``SpanTooLong`` at the beginning of time.
        """
        return day if self.is_working_day(day) else self._nth(self._count(day.toordinal()), near=day)

    def add_working_days(self, day: date, n: int) -> date:
        """Return the n-th working day after ``day``, which is day 0; before it if ``n`` < 0.

        ``n`` = 0 rolls forward to a working day. Raises ``SpanTooLong`` if |n| > 10,000 or the years run out.
        """
        if abs(n) > MOST_DAYS:
            raise SpanTooLong(working_days=n, limit=MOST_DAYS)
        if n == 0:
            return self.next_working_day(day)
        start = day.toordinal()
        return self._nth(self._count(start) + n if n > 0 else self._count(start - 1) + n + 1, near=day)

    def working_days_between(self, a: date, b: date) -> int:
        """Return the number of working days d with a < d ≤ b; if b < a, minus those with b < d ≤ a."""
        return self._count(b.toordinal()) - self._count(a.toordinal())

    def _count(self, ordinal: int) -> int:
        """Return the number of working days up to and including ``ordinal`` (1 = Monday, 1 January 1)."""
        weeks, rest = divmod(ordinal, 7)
        return (
            weeks * self._week[7] + self._week[rest] + self._odd_sums[bisect_right(self._odd_days, ordinal)]
        )

    def _nth(self, n: int, *, near: date) -> date:
        """Return the earliest day up to which there are ``n`` working days, searching around ``near``."""
        start, step = near.toordinal(), 8
        low = high = start
        while low > 1 and self._count(low) >= n:
            low, step = max(1, low - step), step * 2
        while high < _LAST_DAY and self._count(high) < n:
            high, step = min(_LAST_DAY, high + step), step * 2
        if n < 1 or self._count(high) < n:
            raise SpanTooLong(start=near.isoformat(), calendar=self.id)
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self._count(middle) >= n else (middle + 1, high)
        return date.fromordinal(low)

    # Moments

    def start_of_working_day(self, day: date) -> datetime:
        """Return the moment work begins on ``day`` or the next working day."""
        day = self.next_working_day(day)
        return self.openings_on(day)[0].on(day, self.zone)[0].astimezone(self.zone)

    def end_of_working_day(self, day: date) -> datetime:
        """Return the moment work ends on ``day`` or the next working day."""
        day = self.next_working_day(day)
        return self.openings_on(day)[-1].on(day, self.zone)[1].astimezone(self.zone)

    def is_open(self, moment: datetime) -> bool:
        """Whether ``moment`` falls into opening hours: opening included, closing not."""
        return in_utc(self.next_opening(moment)) == in_utc(moment)

    def next_opening(self, moment: datetime) -> datetime:
        """Return ``moment`` itself if open then, else the next opening. Raises ``SpanTooLong``."""
        now = in_utc(moment)
        opens, _ = next(self._openings_from(now))
        return max(opens, now).astimezone(self.zone)

    def add_working_time(self, moment: datetime, days: int, time: timedelta) -> datetime:
        """Return ``moment`` moved by working days, then by time that passes in opening hours only.

        Days keep the wall time (Friday 15:00 + 1 = Monday 15:00), like ``add_working_days``. Time then uses
        up opening hours, measured as elapsed time, and ends at a closing rather than the next opening when it
        is used up exactly; negative time goes back. With no days and no time the result is the next moment in
        opening hours. Raises ``SpanTooLong`` beyond 10,000 days or hours.
        """
        if abs(time) > MOST_OPENING_TIME:
            raise SpanTooLong(hours=time / timedelta(hours=1), limit=MOST_OPENING_TIME / timedelta(hours=1))
        now = in_utc(moment)
        if days:
            wall = moment.astimezone(self.zone)
            now = at_wall(datetime.combine(self.add_working_days(wall.date(), days), wall.time()), self.zone)
        elif not time:
            return self.next_opening(now)
        left = abs(time)
        if not left:
            return now.astimezone(self.zone)
        for opens, closes in self._openings_from(now) if time > timedelta() else self._openings_to(now):
            opens, closes = (max(opens, now), closes) if time > timedelta() else (opens, min(closes, now))
            if closes - opens >= left:
                return (opens + left if time > timedelta() else closes - left).astimezone(self.zone)
            left -= closes - opens
        raise SpanTooLong(start=moment.isoformat(), calendar=self.id)

    def working_time_between(self, a: datetime, b: datetime) -> timedelta:
        """Return the opening time between two moments, as elapsed time; negative if ``b`` < ``a``."""
        start, end = in_utc(a), in_utc(b)
        if end < start:
            return -self.working_time_between(b, a)
        total = timedelta()
        for opens, closes in self._openings_from(start):
            if opens >= end:
                return total
            total += min(closes, end) - max(opens, start)
        raise SpanTooLong(start=a.isoformat(), end=b.isoformat(), calendar=self.id)

    def _openings_from(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the openings that close after ``moment``, in order, in UTC; a bounded number."""
        day = self.next_working_day(local_date(moment, self.zone) - timedelta(days=1))
        for _ in range(_MOST_OPENINGS):
            for opening in self.openings_on(day):
                opens, closes = opening.on(day, self.zone)
                if closes > max(moment, opens):
                    yield opens, closes
            day = self.next_working_day(day + timedelta(days=1))
        raise SpanTooLong(start=moment.isoformat(), calendar=self.id)

    def _openings_to(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the openings that open before ``moment``, latest first, in UTC; a bounded number."""
        day = self.previous_working_day(local_date(moment, self.zone) + timedelta(days=1))
        for _ in range(_MOST_OPENINGS):
            for opening in reversed(self.openings_on(day)):
                opens, closes = opening.on(day, self.zone)
                if opens < min(moment, closes):
                    yield opens, closes
            day = self.previous_working_day(day - timedelta(days=1))
        raise SpanTooLong(start=moment.isoformat(), calendar=self.id)


class Calendars(Protocol):
    """Where calendars are looked up."""

    def get(self, calendar_id: str | None) -> Calendar:
        """Return the newest version of a calendar, the default one for None. Raises ``CalendarNotFound``."""


class CalendarSet:
    """Calendars held in memory, each perhaps in several versions."""

    def __init__(self, calendars: Iterable[Calendar], *, default: str) -> None:
        """``default`` is the id of the calendar used where none is named.

        Raises ``CalendarNotFound`` if it is missing.
        """
        self._versions = {(calendar.id, calendar.version): calendar for calendar in calendars}
        self._newest: dict[str, Calendar] = {}
        for (calendar_id, _), calendar in sorted(self._versions.items(), key=lambda item: item[0]):
            self._newest[calendar_id] = calendar
        self.default = default
        self.get(default)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all calendars, in alphabetical order."""
        return tuple(sorted(self._newest))

    def get(self, calendar_id: str | None) -> Calendar:
        """Return the newest version of a calendar, the default one for None. Raises ``CalendarNotFound``."""
        try:
            return self._newest[self.default if calendar_id is None else calendar_id]
        except KeyError as error:
            raise CalendarNotFound(calendar=calendar_id or self.default) from error

    def get_version(self, calendar_id: str, version: int) -> Calendar:
        """Return exactly this version of a calendar. Raises ``CalendarNotFound``."""
        try:
            return self._versions[calendar_id, version]
        except KeyError as error:
            raise CalendarNotFound(calendar=calendar_id, version=version) from error
