"""Time zones of FEEL values: a fixed offset or a name of the IANA database, for any year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MAX_OFFSET = 18 * 3600
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CYCLE = 146_097 * 86_400  # seconds in 400 years, after which calendar and weekdays repeat
_FIRST = int((datetime(1, 1, 2, tzinfo=UTC) - _EPOCH).total_seconds())
_LAST = int((datetime(9999, 12, 30, tzinfo=UTC) - _EPOCH).total_seconds())
_NAME = re.compile(r"(?!posix/|right/)[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*")


@dataclass(frozen=True, slots=True)
class Offset:
    """A fixed distance from UTC in seconds, east positive; ``Z`` is ``Offset(0)``."""

    seconds: int

    def __str__(self) -> str:
        """Return ``Z``, ``±hh:mm`` or ``±hh:mm:ss``."""
        if self.seconds == 0:
            return "Z"
        sign = "-" if self.seconds < 0 else "+"
        hours, rest = divmod(abs(self.seconds), 3600)
        minutes, seconds = divmod(rest, 60)
        return f"{sign}{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")


@dataclass(frozen=True, slots=True)
class Region:
    """A zone by its IANA name, written ``@Europe/Berlin``."""

    name: str

    def __str__(self) -> str:
        """Return ``@`` and the name."""
        return f"@{self.name}"


Zone = Offset | Region


@lru_cache(maxsize=1000)
def known(name: str) -> ZoneInfo | None:
    """Return the zone of that IANA name, or None."""
    if len(name) > 64 or not _NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zone_named(text: str) -> Zone | None:
    """Read ``Z``, ``±hh:mm[:ss]`` or an IANA name, with or without ``@``; None if it is neither."""
    if text in ("Z", "z"):
        return Offset(0)
    if text[:1] in ("+", "-"):
        return offset_of(text)
    name = text.removeprefix("@")
    return Region(name) if known(name) is not None else None


def offset_of(text: str) -> Offset | None:
    """Read ``±hh:mm[:ss]``; None if malformed or further than 18 hours from UTC."""
    match = re.fullmatch(r"([+-])([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?", text)
    if match is None:
        return None
    hours, minutes, seconds = int(match[2]), int(match[3]), int(match[4] or 0)
    length = hours * 3600 + minutes * 60 + seconds
    if minutes > 59 or seconds > 59 or length > MAX_OFFSET:
        return None
    return Offset(-length if match[1] == "-" else length)


def _info(region: Region) -> ZoneInfo:
    zone = known(region.name)
    if zone is None:
        raise ValueError(f"unknown zone {region.name}")
    return zone


def _within_python(seconds: int) -> datetime:
    """Return the moment, or for a year ``datetime`` cannot hold the nearest with the same rules."""
    if seconds > _LAST:
        seconds -= -((_LAST - seconds) // _CYCLE) * _CYCLE
    return _EPOCH + timedelta(seconds=max(seconds, _FIRST))


def offset_at(zone: Zone, moment: int) -> int:
    """Return the zone's offset in seconds at ``moment`` (seconds since 1970-01-01T00:00:00Z)."""
    if isinstance(zone, Offset):
        return zone.seconds
    return _seconds(_within_python(moment).astimezone(_info(zone)))


def offsets_of_wall_time(zone: Zone, wall: int) -> tuple[int, int]:
    """Return the offsets (earlier reading, later reading) of a wall time given in seconds since 1970.

    They differ only in the hour that occurs twice when clocks go back, and in the one that is skipped.
    """
    if isinstance(zone, Offset):
        return zone.seconds, zone.seconds
    local = _within_python(wall).replace(tzinfo=_info(zone))
    return _seconds(local.replace(fold=0)), _seconds(local.replace(fold=1))


def _seconds(aware: datetime) -> int:
    offset = aware.utcoffset()
    return 0 if offset is None else int(offset.total_seconds())
