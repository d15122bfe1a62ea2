"""Reading temporal values from text, as XML Schema and FEEL write them; what is not exactly so is None."""

from __future__ import annotations

import re

from engine.feel.temporal_values import (
    DAY_NANOS,
    DAY_SECONDS,
    MAX_LENGTH,
    NANOS,
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Temporal,
    Time,
    date_of_days,
    days_of,
    make_date,
    make_days_duration,
    make_months_duration,
    make_time,
)
from engine.feel.zones import (
    Offset,
    Region,
    Zone,
    known,
    offset_at,
    offset_of,
    offsets_of_wall_time,
    zone_named,
)

_MAX_TEXT = 128
_DATE = re.compile(r"(-?(?:[1-9][0-9]{4,8}|[0-9]{4}))-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(.*)", re.DOTALL)
_OFFSET_AND_REGION = re.compile(r"(Z|[+-][0-9:]+)\[([^\[\]]+)\]")
_MONTHS = re.compile(r"(-)?P(?:([0-9]+)Y)?(?:([0-9]+)M)?")
_DAYS = re.compile(
    r"(-)?P(?:([0-9]+)D)?(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]+))?S)?)?"
)


def parse_date(text: str) -> Date | None:
    """Read ``[-]YYYY-MM-DD``: four digits of year, up to nine if the first is not 0; no zone."""
    if len(text) > _MAX_TEXT:
        return None
    match = _DATE.fullmatch(text)
    return None if match is None else make_date(int(match[1]), int(match[2]), int(match[3]))


def parse_time(text: str) -> Time | None:
    """Read ``hh:mm:ss[.f]`` with an optional zone; 24:00:00 is midnight."""
    read = _read_clock(text)
    if read is None:
        return None
    time, _, expected = read
    return time if expected is None or time.offset == expected.seconds else None


def parse_date_time(text: str) -> DateTime | None:
    """Read ``<date>T<time>``, or a date alone, which is its midnight; 24:00:00 is the next day's midnight."""
    day, mark, clock = text.partition("T")
    date = parse_date(day)
    if date is None:
        return None
    if not mark:
        return DateTime(date, Time(0, 0, 0))
    read = _read_clock(clock)
    if read is None:
        return None
    time, next_day, expected = read
    final = date_of_days(days_of(date) + 1) if next_day else date
    if final is None:
        return None
    value = DateTime(final, time)
    return value if expected is None else _with_expected_offset(value, expected)


def _with_expected_offset(value: DateTime, expected: Offset) -> DateTime | None:
    """Resolve ``…+01:00[Europe/Berlin]``: the offset fixes the moment, the name the wall to read it on."""
    zone = value.zone
    if zone is None:
        return None
    earlier, later = offsets_of_wall_time(zone, value.wall // NANOS)
    if expected.seconds == earlier:
        return value
    if expected.seconds == later:
        return DateTime(value.date, value.time, later=True)
    return at_moment(value.wall - expected.seconds * NANOS, zone)


def at_moment(moment: int, zone: Zone) -> DateTime | None:
    """Return the date and time in ``zone`` so many nanoseconds after 1970-01-01T00:00Z; None if too far."""
    offset = offset_at(zone, moment // NANOS)
    days, nanoseconds = divmod(moment + offset * NANOS, DAY_NANOS)
    date = date_of_days(days)
    if date is None:
        return None
    seconds, nanos = divmod(nanoseconds, NANOS)
    time = Time(seconds // 3600, seconds // 60 % 60, seconds % 60, nanos, zone)
    return DateTime(date, time, later=_is_later(zone, days * DAY_SECONDS + seconds, offset))


def _is_later(zone: Zone, wall: int, offset: int) -> bool:
    """Say whether ``offset`` belongs to the second pass of an hour that occurs twice."""
    if isinstance(zone, Offset):
        return False
    earlier, later = offsets_of_wall_time(zone, wall)
    return earlier != later and offset == later


def _read_clock(text: str) -> tuple[Time, bool, Offset | None] | None:
    """Return (time, whether it is the end of the day, an offset the named zone must agree with)."""
    if len(text) > _MAX_TEXT:
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    zone: Zone | None = None
    expected: Offset | None = None
    both = _OFFSET_AND_REGION.fullmatch(match[5])
    if both is not None:
        expected = Offset(0) if both[1] == "Z" else offset_of(both[1])
        zone = Region(both[2]) if known(both[2]) is not None else None
        if zone is None or expected is None:
            return None
    elif match[5]:
        zone = zone_named(match[5]) if match[5][0] in "Zz+-@" else None
        if zone is None:
            return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3])
    nanosecond = int((match[4] or "")[:9].ljust(9, "0"))
    end_of_day = hour == 24 and not (minute or second or nanosecond)
    time = make_time(0 if end_of_day else hour, minute, second, nanosecond, zone)
    return None if time is None else (time, end_of_day, expected)


def parse_duration(text: str) -> DaysDuration | MonthsDuration | None:
    """Read ``[-]PnYnM`` or ``[-]PnDTnHnMn.nS``, at least one part, never both kinds, no weeks."""
    if len(text) > _MAX_TEXT:
        return None
    match = _MONTHS.fullmatch(text)
    if match is not None and (match[2] or match[3]):
        months = int(match[2] or 0) * 12 + int(match[3] or 0)
        return make_months_duration(-months if match[1] else months)
    match = _DAYS.fullmatch(text)
    if match is None or not any(match.group(2, 3, 4, 5)):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.group(2, 3, 4, 5))
    whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if whole > MAX_LENGTH:
        return None
    nanoseconds = whole * NANOS + int((match[6] or "")[:9].ljust(9, "0"))
    return make_days_duration(-nanoseconds if match[1] else nanoseconds)


def parse_literal(text: str) -> Temporal | None:
    """Read what stands in ``@"…"``: a date, a date and time, a time or a duration."""
    if text[:1] == "P" or text[:2] == "-P":
        return parse_duration(text)
    if text[2:3] == ":":
        return parse_time(text)
    return parse_date_time(text) if "T" in text[:20] else parse_date(text)
