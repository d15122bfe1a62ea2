"""Where wall time meets UTC: zone names, what a wall time means when clocks change, the day it is and how that is written."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.errors import Invalid

A_DAY = re.compile(rf"(?<!\d)\d{{1,2}} (?:{'|'.join(calendar.month_name[1:])}) \d{{4}}(?!\d)")
"""Any day as ``day_in_words`` writes it."""


class ZoneUnknown(Invalid):
    """There is no time zone of this name; write an IANA name such as Europe/London."""

    code = "zone_unknown"


@lru_cache(maxsize=512)
def read_zone(name: str) -> ZoneInfo:
    """Return the IANA zone called ``name``. Raises ``ZoneUnknown``."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ZoneUnknown(zone=name) from error


def at_wall(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the UTC moment at which clocks in ``zone`` show ``wall`` (naive).

    A wall time that occurs twice means the first; one that never occurs moves forward by the gap
    (01:30 → 02:30).
    """
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the UTC moment at which ``day`` begins in ``zone``."""
    return at_wall(datetime.combine(day, time()), zone)


def reached_on(day: date, zone: ZoneInfo, *, now: datetime) -> datetime:
    """Return the moment that something done on ``day`` counts as done: the last of that day in ``zone``, at most ``now`` (UTC)."""
    return min(start_of_day(day + timedelta(days=1), zone) - timedelta(microseconds=1), in_utc(now))


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """Return the date on the wall in ``zone`` at ``moment`` (aware)."""
    return moment.astimezone(zone).date()


def in_utc(moment: datetime) -> datetime:
    """Return ``moment`` in UTC. Raises ``ValueError`` if it carries no zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(UTC)


def day_in_words(day: date) -> str:
    """Return a day as people write it: 18 November 2026."""
    return f"{day.day} {day:%B %Y}"
