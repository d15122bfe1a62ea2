"""The days that clocks count from, as the complaint keeps them; those that nobody told us are asked for."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import Desk
from api.complaints.tables import ComplaintRow, EventRow
from engine.calendars import Calendar
from engine.deadlines.compute import Anchor
from engine.deadlines.state import ClockState
from engine.errors import Invalid
from engine.zones import day_in_words, local_date

RECEIVED = "received"
PLAN = "plan_agreed"  # the clock that a colleague meets by keeping the day agreed
KEPT = {  # event of a deadline policy → where the complaint keeps its day
    "first_raised": "first_raised_on",
    "sent_to_company": "sent_to_company_on",
    "offer_accepted": "accepted_on",
    "agreed": "agreed_on",
}
WORDS = {
    "first_raised": "First told to us",
    "sent_to_company": "Sent to us",
    "offer_accepted": "Offer accepted",
    "agreed": "Answer agreed for",
}
EARLIEST = date(1990, 1, 1)  # no day of a complaint lies before it
# How a day lies to that of the receipt; one that is in neither may lie on either side of it.
_NOT_BEFORE_RECEIPT = frozenset({"offer_accepted", "agreed"})
_NOT_AFTER_RECEIPT = frozenset({"first_raised"})
ASKED = {  # days that somebody knows while we do not, as we ask for them
    "first_raised": "the day the complainant first told us of it",
    "sent_to_company": "the day it was sent to us by the portal",
}


class DayImpossible(Invalid):
    """This day cannot be."""

    code = "day_impossible"


def anchor_of(complaint: ComplaintRow, event: str) -> Anchor | None:
    """Return the anchor ``event`` of a complaint, empty while its day is not known; None for an event that is no day of it."""
    if event == RECEIVED:
        return Anchor(event, at=complaint.received_at)
    return Anchor(event, on=getattr(complaint, KEPT[event])) if event in KEPT else None


def expected_day(complaint: ComplaintRow, event: str, calendar: Calendar) -> tuple[date, bool]:
    """Return the local day from which a clock is counted while nobody knows the day of ``event``, and whether it is the last it can
    have been: what is due by then is missed past it."""
    return local_date(complaint.received_at, calendar.zone), event in _NOT_AFTER_RECEIPT


def missing(state: ClockState) -> str | None:
    """Return the event of a clock whose day somebody knows while we do not, None for any other clock."""
    return (
        state.anchor.event
        if state.is_open and not state.anchor_known and state.anchor.event in ASKED
        else None
    )


def known_days(complaint: ComplaintRow, calendar: Calendar) -> dict[str, date]:
    """Return the local day of every anchor whose day is known, the receipt first."""
    days = {RECEIVED: local_date(complaint.received_at, calendar.zone)}
    for event, column in KEPT.items():
        day = getattr(complaint, column)
        if day is not None:
            days[event] = day
    return days


def possible_days(complaint: ComplaintRow, event: str, *, zone: ZoneInfo) -> tuple[date, date | None]:
    """Return the first and the last local day on which ``event`` may have been, None: today.

    What can only follow the complaint lies on the day of receipt or later; what is past is over today.
    """
    received = local_date(complaint.received_at, zone)
    begins, ends = EARLIEST, received if event in _NOT_AFTER_RECEIPT else None
    if event in _NOT_BEFORE_RECEIPT:
        begins = received
    elif event == "sent_to_company":
        begins = complaint.first_raised_on or complaint.occurred_on or EARLIEST
    return begins, ends


def refuse_impossible(complaint: ComplaintRow, event: str, day: date, *, today: date, zone: ZoneInfo) -> None:
    """Return if ``event`` may have been, or be, on this local ``day``, whatever door it was typed at. Raises ``DayImpossible``."""
    begins, ends = possible_days(complaint, event, zone=zone)
    ends = ends or today
    if day < begins:
        raise DayImpossible(f"{WORDS[event]}: the day cannot be before {day_in_words(begins)}.", event=event)
    if event != "agreed" and day > ends:
        raise DayImpossible(f"{WORDS[event]}: the day cannot be after {day_in_words(ends)}.", event=event)


def standing(complaint: ComplaintRow, *, today: date, zone: ZoneInfo) -> frozenset[str]:
    """Return the events whose kept days may have been as they are."""
    found = set[str]()
    for event, column in KEPT.items():
        day = getattr(complaint, column)
        if day is not None:
            with suppress(DayImpossible):
                refuse_impossible(complaint, event, day, today=today, zone=zone)
                found.add(event)
    return frozenset(found)


def refuse_contradicted(
    complaint: ComplaintRow, stood: Collection[str], *, today: date, zone: ZoneInfo
) -> None:
    """Return if the kept days of the events that ``stood`` may still have been, once another day is put right beside them.

    Raises ``DayImpossible`` saying which is to be put right first.
    """
    for event in sorted(set(stood) - standing(complaint, today=today, zone=zone)):
        day = getattr(complaint, KEPT[event])
        begins, ends = possible_days(complaint, event, zone=zone)
        side = f"before {day_in_words(begins)}" if day < begins else f"after {day_in_words(ends or today)}"
        raise DayImpossible(
            f"{WORDS[event]}: {day_in_words(day)} is noted, and that day cannot be {side}. Put it right first.",
            event=event,
        )


def keep_day(complaint: ComplaintRow, event: str, day: date) -> None:
    """Keep the day of an event that has just happened, unless it was known already."""
    if event in KEPT and getattr(complaint, KEPT[event]) is None:
        setattr(complaint, KEPT[event], day)


def ask_for(desk: Desk, complaint: ComplaintRow, event: str) -> None:
    """Ask for the day of ``event``, once: whoever looks after the complaint, else intake."""
    if _asked_before(desk.session, complaint.key, event):
        return
    what = ASKED[event]
    text = (
        f"Complaint {complaint.reference}: a deadline counts from {what}, and nobody has noted it. "
        "Enter it on the page of the clocks within one working day; until then the date shown is only expected."
    )
    desk.notify_owner(complaint, "A date is missing", text, otherwise="intake")
    desk.tell(complaint.key, "date-missing", f"Asked for {what}", facts={"event": event})


def _asked_before(session: Session, complaint_key: int, event: str) -> bool:
    asked = select(EventRow.facts).where(
        EventRow.complaint_key == complaint_key, EventRow.kind == "date-missing"
    )
    return any((facts or {}).get("event") == event for facts in session.scalars(asked))
