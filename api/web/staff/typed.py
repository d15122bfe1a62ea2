"""What people type into the small forms of a complaint's pages: a line with its length, a day, a moment."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from flask import request

from api.context import the_service
from engine.errors import Invalid
from engine.zones import at_wall

LONGEST = 2_000  # characters of a reason


class TypedTooMuch(Invalid):
    """This text is too long. Shorten it."""

    code = "typed_too_much"


def typed(name: str) -> str:
    """Return what was typed into a field: trimmed, without what no database keeps. Raises ``TypedTooMuch``, cuts nothing."""
    text = request.form.get(name, "").replace("\x00", "").strip()
    if len(text) > LONGEST:
        raise TypedTooMuch(
            f"{name.capitalize()} takes {LONGEST:,} characters; this has {len(text):,}. Shorten it."
        )
    return text


def read_moment(day: str, clock_time: str) -> datetime:
    """Return the UTC moment of a local day such as ``27 3 2026`` and time such as ``14:30``. Raises ``ValueError``."""
    zone: ZoneInfo = the_service().settings.time_zone
    if len(clock_time) > 20:
        raise ValueError("too long for a time")
    return at_wall(datetime.combine(read_day(day), time.fromisoformat(clock_time.strip())), zone)


def read_day(day: str) -> date:
    """Return a day such as ``27 3 2026``. Raises ``ValueError``."""
    if len(day) > 20:
        raise ValueError("too long for a day")
    parts = [int(part) for part in day.replace("/", " ").replace(".", " ").split()]
    if len(parts) != 3:
        raise ValueError("a day has three parts")
    if not 1900 <= parts[2] <= 2200:
        raise ValueError("no year of ours")
    return date(parts[2], parts[1], parts[0])
