"""Days that clocks count from and nobody has noted: which is missing first, as a form asks for it, and how any door keeps it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.complaints.anchors import ASKED, KEPT, WORDS, missing, possible_days
from api.complaints.clock_rows import Desk, label, open_clocks
from api.complaints.tables import ClockRow, ComplaintRow
from engine.deadlines.state import ClockState
from engine.zones import day_in_words

if TYPE_CHECKING:
    from api.complaints.clocks import CaseClocks

MISSING = "missingDay"  # what the form of *Note the missing day* looks up


def missing_day(session: Session, complaint: ComplaintRow, *, zone: ZoneInfo) -> dict[str, Any] | None:
    """Return what is asked for of the clock that is due first of those whose day nobody has noted; None where no day is missing.

    ``event`` and ``asked``, its words; ``clock`` and ``expected``, what counts from it and the day in words that is only expected;
    ``earliest`` and ``latest`` (None: today), between which it may lie.
    """
    first = _first(session, complaint.key)
    if first is None or first.due_on is None:
        return None
    event = missing(ClockState.from_json(first.saved)) or ""
    earliest, latest = possible_days(complaint, event, zone=zone)
    return {
        "event": event,
        "asked": ASKED[event],
        "clock": label(first.name),
        "expected": day_in_words(first.due_on),
        "earliest": earliest,
        "latest": latest,
    }


def note_day(
    clocks: CaseClocks, desk: Desk, complaint: ComplaintRow, event: str, day: date
) -> tuple[str, ...]:
    """Keep the local ``day`` of ``event``, known now or corrected, and count anew what counts from it; return the clocks that moved.

    Raises ``DayImpossible`` and ``DayOutsideRules``.
    """
    before = getattr(complaint, KEPT[event])
    told = {"event": event, "to": day.isoformat()}
    told |= {"reason": desk.act.reason} if desk.act.reason else {}
    told |= {"from": before.isoformat()} if before else {}
    desk.tell(complaint.key, "day-corrected", f"{WORDS[event]}: {day.isoformat()}", facts=told)
    return clocks.days_corrected(desk, complaint, days={event: day})


def _first(session: Session, complaint_key: int) -> ClockRow | None:
    rows = [row for row in open_clocks(session, complaint_key) if missing(ClockState.from_json(row.saved))]
    return min(rows, key=lambda row: (row.due_on or date.max, row.key), default=None)
