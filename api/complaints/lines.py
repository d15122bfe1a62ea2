"""What a line of the timeline keeps of who said something, and on which day."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from api.complaints.parties import COMPLAINANT
from api.complaints.tables import EventRow
from engine.zones import local_date

SAID_BY = "saidBy"  # the fact of a timeline's line, and the variable of the message: the role of who said it
SAID_ON = "saidOn"  # the fact of a timeline's line, and the variable of the message: the day, as ISO text
DECIDES = "decides"  # the fact: whether who wrote on the status page might decide for the complainant then
READS = "representative-reads"  # who said it, of a representative who decided nothing as they wrote it


def said_by(event: EventRow) -> str:
    """Return the role of who said what stands in this line; one kept before it named them is the complainant's."""
    return str((event.facts or {}).get(SAID_BY, COMPLAINANT))


def said_on(event: EventRow, zone: ZoneInfo) -> date:
    """Return the local day on which they said what stands in this line, whoever recorded it whenever."""
    kept = (event.facts or {}).get(SAID_ON)
    return local_date(event.at, zone) if kept is None else date.fromisoformat(kept)


def might_decide(event: EventRow) -> bool | None:
    """Tell whether who wrote this on the status page might decide for the complainant then; None where that was not kept."""
    kept = (event.facts or {}).get(DECIDES)
    return kept if isinstance(kept, bool) else None
