"""Addresses and numbers that reached nobody: told to whoever looks for another way, so that none is typed in again unseen."""

from __future__ import annotations

import re
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.tables import ComplaintRow, EventRow, LetterRow, oldest_first
from engine.zones import local_date

STRUCK_OUT = "struckOut"
CAME_BACK = (
    "letter-came-back"  # the line of the timeline that says of a letter which had left that it came back
)
_BESIDE_WRITING = re.compile(
    r"[\s().,;/+-]"
)  # two spellings of one number or address differ in these and in capitals


def plain_form(written: str) -> str:
    """Return an address or number as it is compared: two that differ in blanks, marks or capitals only are one."""
    return _BESIDE_WRITING.sub("", written).lower()


def does_not_reach(letter: LetterRow) -> str:
    """Return why a letter is written anew whose address or number reached nobody; by these words it is known as struck out."""
    return f"It does not reach them at {letter.recipient}."


def struck_out(session: Session, complaint: ComplaintRow, zone: ZoneInfo) -> list[dict[str, str | date]]:
    """Return ``what`` reached nobody, its ``plain`` form for comparing, and ``on`` which local day that was found, oldest first."""
    replaced = session.scalars(
        select(EventRow)
        .where(EventRow.complaint_key == complaint.key, EventRow.kind.in_(("letter-replaced", CAME_BACK)))
        .order_by(*oldest_first(EventRow))
    )
    found: dict[str, dict[str, str | date]] = {}
    for event in replaced:
        letter = session.get(LetterRow, int((event.facts or {}).get("letter", 0)))
        what = letter.recipient if letter is not None else None
        if letter is not None and what and does_not_reach(letter) in event.text:
            plain = plain_form(what)
            found[plain] = {"what": what, "plain": plain, "on": local_date(event.at, zone)}
    return list(found.values())
