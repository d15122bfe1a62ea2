"""What an ISO 8601 duration says, and what it means when added to a moment somewhere."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from engine.errors import Invalid
from engine.zones import at_wall, in_utc

_PATTERN = re.compile(
    r"(?P<sign>-)?P(?!$)"
    r"(?:(?P<years>\d{1,9})Y)?(?:(?P<months>\d{1,9})M)?(?:(?P<weeks>\d{1,9})W)?(?:(?P<days>\d{1,9})D)?"
    r"(?:T(?!$)(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,12})(?:\.(?P<part>\d{1,9}))?S)?)?",
    re.ASCII,
)


class DurationUnreadable(Invalid):
    """This is not a duration; write it as in P3D, PT2H30M or P1Y6M."""

    code = "duration_unreadable"


class SpanTooLong(Invalid):
    """The calculation leaves the years 1 to 9999 or counts too far."""

    code = "span_too_long"


@dataclass(frozen=True, slots=True)
class Duration:
    """An ISO 8601 duration: a date part that follows the calendar and a time part that elapses.

    ``years``, ``months``, ``days`` and ``time`` are never negative; ``negative`` turns the whole. A week is 7
    days.
    """

    years: int = 0
    months: int = 0
    days: int = 0
    time: timedelta = timedelta()
    negative: bool = False

    @property
    def has_date_part(self) -> bool:
        """Whether years, months or days are given and not zero."""
        return bool(self.years or self.months or self.days)

    @property
    def is_zero(self) -> bool:
        """Whether nothing is added."""
        return not self.has_date_part and not self.time

    @property
    def is_positive(self) -> bool:
        """Whether adding it moves forward."""
        return not self.negative and not self.is_zero

    def times(self, count: int) -> Duration:
        """Return the duration ``count`` (≥ 0) times over, each part by itself: P1M twice is P2M.

        Raises ``SpanTooLong``.
        """
        try:
            time = self.time * count
        except OverflowError as error:
            raise SpanTooLong(duration=str(self), times=count) from error
        return Duration(self.years * count, self.months * count, self.days * count, time, self.negative)

    def add_to(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return ``moment`` (aware) moved by this duration, in UTC.

        The date part moves the wall date in ``zone`` at an unchanged wall time: first years and months, the
        day cut to the month's last, then days. The time part then elapses on the UTC line. A wall time in a
        gap moves forward by the gap, one that occurs twice means the first. Raises ``SpanTooLong`` outside
        the years 1 to 9999.
        """
        sign = -1 if self.negative else 1
        try:
            moved = in_utc(moment)
            if self.has_date_part:
                wall = moment.astimezone(zone).replace(tzinfo=None)
                day = add_months(wall.date(), sign * (12 * self.years + self.months)) + timedelta(
                    sign * self.days
                )
                moved = at_wall(datetime.combine(day, wall.time()), zone)
            return moved + sign * self.time
        except OverflowError as error:
            raise SpanTooLong(duration=str(self), start=moment.isoformat()) from error

    def __str__(self) -> str:
        """Return the shortest ISO text: ``-P1Y2M3DT4H5M6.7S``, ``PT0S`` for nothing."""
        minutes, seconds = divmod(self.time // timedelta(seconds=1), 60)
        hours, minutes = divmod(minutes, 60)
        fraction = f".{self.time.microseconds:06d}".rstrip("0") if self.time.microseconds else ""
        second = f"{seconds}{fraction}"
        day = "".join(f"{n}{u}" for n, u in ((self.years, "Y"), (self.months, "M"), (self.days, "D")) if n)
        clock = "".join(f"{n}{u}" for n, u in ((hours, "H"), (minutes, "M")) if n) + (
            f"{second}S" if second != "0" else ""
        )
        text = "P" + day + ("T" + clock if clock or not day else "")
        return ("-" if self.negative else "") + (text + "0S" if text.endswith("T") else text)


def read_duration(text: str) -> Duration:
    """Read ``[-]PnYnMnWnDTnHnMnS``; only seconds may have a fraction (to the microsecond).

    Raises ``DurationUnreadable``.
    """
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise DurationUnreadable(text=text[:80])
    number = {
        name: int(value or 0) for name, value in match.groupdict().items() if name not in ("sign", "part")
    }
    micro = int((match["part"] or "0").ljust(6, "0")[:6])
    time = timedelta(
        hours=number["hours"], minutes=number["minutes"], seconds=number["seconds"], microseconds=micro
    )
    days = 7 * number["weeks"] + number["days"]
    return Duration(number["years"], number["months"], days, time, match["sign"] is not None)


def add_months(day: date, months: int) -> date:
    """Return the same day number ``months`` later (earlier if negative), cut to the month's last day.

    Raises ``OverflowError`` outside the years 1 to 9999, like ``date`` arithmetic does.
    """
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError("date value out of range")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
