"""The five temporal kinds of FEEL as frozen values, with their canonical text and a calendar for any year."""

from __future__ import annotations

from dataclasses import dataclass

from engine.feel.zones import Offset, Region, Zone, offsets_of_wall_time

MAX_YEAR = 999_999_999
NANOS = 1_000_000_000
DAY_SECONDS = 86_400
DAY_NANOS = DAY_SECONDS * NANOS
MAX_LENGTH = 2**63 - 1  # months, or whole seconds, of a duration
_REFERENCE_DAY = 18_262  # 2020-01-01: the day whose rules a time of day with a named zone follows


@dataclass(frozen=True, slots=True)
class Date:
    """A day of the proleptic Gregorian calendar; years -999,999,999 to 999,999,999, year 0 exists."""

    year: int
    month: int
    day: int

    def __str__(self) -> str:
        """Return ``YYYY-MM-DD`` with at least four digits of year."""
        return f"{'-' if self.year < 0 else ''}{abs(self.year):04}-{self.month:02}-{self.day:02}"


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day to the nanosecond; ``zone`` None is a local time."""

    hour: int
    minute: int
    second: int
    nanosecond: int = 0
    zone: Zone | None = None

    def __str__(self) -> str:
        """Return ``hh:mm:ss[.f]`` and the zone as written."""
        return f"{self.wall_text}{self.zone or ''}"

    @property
    def wall_text(self) -> str:
        """The text without the zone."""
        return f"{self.hour:02}:{self.minute:02}:{self.second:02}{_fraction(self.nanosecond)}"

    @property
    def nanoseconds(self) -> int:
        """Nanoseconds since midnight on the wall."""
        return ((self.hour * 60 + self.minute) * 60 + self.second) * NANOS + self.nanosecond

    @property
    def offset(self) -> int | None:
        """Seconds east of UTC, None for a local time; a named zone is read on 1 January 2020."""
        if self.zone is None:
            return None
        return offsets_of_wall_time(self.zone, _REFERENCE_DAY * DAY_SECONDS + self.nanoseconds // NANOS)[0]

    @property
    def moment(self) -> int:
        """Nanoseconds since midnight UTC (since local midnight without a zone); may be negative."""
        return self.nanoseconds - (self.offset or 0) * NANOS


@dataclass(frozen=True, slots=True)
class DateTime:
    """A day and a time of day; the zone is that of the time.

    ``later`` picks the second pass of an hour that occurs twice when the clocks of a named zone go back.
    """

    date: Date
    time: Time
    later: bool = False

    def __str__(self) -> str:
        """Return ``<date>T<time>``; the second pass of a repeated hour as ``…+01:00[Europe/Berlin]``."""
        if self.later and isinstance(self.time.zone, Region):
            zone = f"{Offset(self.offset or 0)}[{self.time.zone.name}]"
            return f"{self.date}T{self.time.wall_text}{zone}"
        return f"{self.date}T{self.time}"

    @property
    def zone(self) -> Zone | None:
        """The zone, None for a local date and time."""
        return self.time.zone

    @property
    def wall(self) -> int:
        """Nanoseconds from 1970-01-01T00:00:00 on the wall."""
        return days_of(self.date) * DAY_NANOS + self.time.nanoseconds

    @property
    def offset(self) -> int | None:
        """Seconds east of UTC at this very date and time, None if local."""
        if self.time.zone is None:
            return None
        return offsets_of_wall_time(self.time.zone, self.wall // NANOS)[self.later]

    @property
    def moment(self) -> int:
        """Nanoseconds since 1970-01-01T00:00:00Z (a local value as if it were UTC)."""
        return self.wall - (self.offset or 0) * NANOS


@dataclass(frozen=True, slots=True)
class DaysDuration:
    """A length of physical time: days, hours, minutes, seconds, as whole nanoseconds."""

    nanoseconds: int

    def __str__(self) -> str:
        """Return ``[-]P1DT2H3M4.5S`` without empty parts; nothing at all is ``PT0S``."""
        if not self.nanoseconds:
            return "PT0S"
        total, nanos = divmod(abs(self.nanoseconds), NANOS)
        days, total = divmod(total, DAY_SECONDS)
        hours, total = divmod(total, 3600)
        minutes, seconds = divmod(total, 60)
        clock = f"{hours}H" if hours else ""
        clock += f"{minutes}M" if minutes else ""
        clock += f"{seconds}{_fraction(nanos)}S" if seconds or nanos else ""
        day = f"{days}D" if days else ""
        return f"{'-' if self.nanoseconds < 0 else ''}P{day}{'T' if clock else ''}{clock}"


@dataclass(frozen=True, slots=True)
class MonthsDuration:
    """A length of calendar time: years and months, as whole months."""

    months: int

    def __str__(self) -> str:
        """Return ``[-]P1Y2M`` without empty parts; nothing at all is ``P0M``."""
        if not self.months:
            return "P0M"
        years, months = divmod(abs(self.months), 12)
        year, month = (f"{years}Y" if years else ""), (f"{months}M" if months else "")
        return f"{'-' if self.months < 0 else ''}P{year}{month}"


Temporal = Date | Time | DateTime | DaysDuration | MonthsDuration


def _fraction(nanosecond: int) -> str:
    return f".{nanosecond:09}".rstrip("0") if nanosecond else ""


def month_length(year: int, month: int) -> int:
    """Return the number of days of a month."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def days_of(date: Date) -> int:
    """Return the number of days since 1970-01-01, counting March as the first month of a year."""
    year = date.year - (date.month <= 2)
    cycle, year_of_cycle = divmod(year, 400)
    day_of_year = (153 * ((date.month + 9) % 12) + 2) // 5 + date.day - 1
    day_of_cycle = year_of_cycle * 365 + year_of_cycle // 4 - year_of_cycle // 100 + day_of_year
    return cycle * 146_097 + day_of_cycle - 719_468


def date_of_days(days: int) -> Date | None:
    """Return the date so many days after 1970-01-01, None outside the years FEEL knows."""
    cycle, day_of_cycle = divmod(days + 719_468, 146_097)
    leaps = day_of_cycle // 1460 - day_of_cycle // 36_524 + day_of_cycle // 146_096
    year_of_cycle = (day_of_cycle - leaps) // 365
    day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle // 4 - year_of_cycle // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    year = cycle * 400 + year_of_cycle + (month <= 2)
    return Date(year, month, day) if abs(year) <= MAX_YEAR else None


def make_date(year: int, month: int, day: int) -> Date | None:
    """Return that date, None if there is no such day."""
    if abs(year) > MAX_YEAR or not 1 <= month <= 12 or not 1 <= day <= month_length(year, month):
        return None
    return Date(year, month, day)


def make_time(
    hour: int, minute: int, second: int, nanosecond: int = 0, zone: Zone | None = None
) -> Time | None:
    """Return that time of day, None if there is no such time; 24:00:00 must be resolved before."""
    if not (0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second <= 59 and 0 <= nanosecond < NANOS):
        return None
    return Time(hour, minute, second, nanosecond, zone)


def time_of_nanoseconds(nanoseconds: int, zone: Zone | None) -> Time:
    """Return the time of day so many nanoseconds after midnight, modulo 24 hours."""
    seconds, nanos = divmod(nanoseconds % DAY_NANOS, NANOS)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return Time(hour, minute, second, nanos, zone)


def date_time_of_wall(wall: int, zone: Zone | None) -> DateTime | None:
    """Return the date and time on the wall so many nanoseconds after 1970-01-01T00:00:00; None if too far."""
    days, nanoseconds = divmod(wall, DAY_NANOS)
    date = date_of_days(days)
    return None if date is None else DateTime(date, time_of_nanoseconds(nanoseconds, zone))


def make_days_duration(nanoseconds: int) -> DaysDuration | None:
    """Return that length, None if it is too long to be meant."""
    return DaysDuration(nanoseconds) if abs(nanoseconds) // NANOS <= MAX_LENGTH else None


def make_months_duration(months: int) -> MonthsDuration | None:
    """Return that length, None if it is too long to be meant."""
    return MonthsDuration(months) if abs(months) <= MAX_LENGTH else None
