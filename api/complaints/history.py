"""How a complaint stood at a place of its history, by its timeline, whatever has become of it since."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.complaints.reading import decided_outside
from api.complaints.states import ASKED_IF_TURNED_AWAY, AWAITED, ENDED, is_outside_again
from api.complaints.tables import ComplaintRow, EventRow, LetterRow, oldest_first

REACHED_BY_REPLY = "answer-reached"  # the line that says that our answer has reached who replied to it
_REPLIES = ("complainant-answer", REACHED_BY_REPLY)
_CHANGE, _END = "state", "closed"  # the lines that tell another state, and the end


class Place(NamedTuple):
    """A place in the history of a complaint: a moment (aware UTC), and the last key of what happened at it that belongs to it."""

    at: datetime
    key: int = sys.maxsize


@dataclass(frozen=True, slots=True)
class Standing:
    """How a complaint stands ``at`` a moment (aware UTC), as far as a letter of it says so."""

    at: datetime
    state: str
    closed_at: datetime | None
    decided_outside: bool
    waits_for_reply: bool  # a reply to the answer that the letter gives is still taken
    answer_on_its_way: bool = False  # our newest answer is written, and has not left
    replies_taken: bool = False  # our newest answer has left, and its reply is waited for


def standing(session: Session, complaint: ComplaintRow, place: Place, *, first: Place | None) -> Standing:
    """Return how the complaint stood at ``place`` for a letter that was ``first`` written there; None: one not written yet."""
    state = state_at(session, complaint, place)
    over = first is not None and replied(session, complaint.key, first, until=place)
    ended_later = any(_place(line) > place for line in _lines(session, complaint.key, (_END,)))
    closed_at = None if ended_later else complaint.closed_at
    asked = ended_as(session, complaint) if is_outside_again(state, closed_at) else state
    return Standing(
        at=place.at,
        state=state,
        closed_at=closed_at,
        decided_outside=decided_outside(session, complaint.key, until=place),
        waits_for_reply=asked in AWAITED | ASKED_IF_TURNED_AWAY | {"responded"} and not over,
    )


def state_at(session: Session, complaint: ComplaintRow, place: Place) -> str:
    """Return the state the complaint was in at this place."""
    before = "received"
    for line in _lines(session, complaint.key, (_CHANGE, _END)):
        if _place(line) > place:
            return str(line.facts.get("from", before))
        before = line.facts.get("to", before)
    return complaint.state


def first_written(session: Session, complaint_key: int, letter: str, copies: int | None) -> Place | None:
    """Return where the set ``copies`` of a letter was first written, also where nobody got a copy; None: it belongs to no set."""
    if copies is None:
        return None
    written = session.execute(
        select(LetterRow.queued_at, LetterRow.key).where(
            LetterRow.complaint_key == complaint_key,
            or_(LetterRow.key == copies, LetterRow.copy_of == copies),
        )
    )
    if places := [Place(at, key) for at, key in written]:
        return min(places)
    kept = _lines(session, complaint_key, ("letter-not-sent",))
    return max((_place(line) for line in kept if line.facts.get("letter") == letter), default=None)


def in_order(session: Session, complaint_key: int, sets: Mapping[int, str]) -> list[int]:
    """Return the sets of copies in the order they were first written, each given with the name of its letter."""
    if len(sets) < 2:
        return [*sets]
    places = {one: first_written(session, complaint_key, letter, one) for one, letter in sets.items()}
    return sorted(sets, key=lambda one: places[one] or Place(datetime.min.replace(tzinfo=UTC)))


def replied(session: Session, complaint_key: int, first: Place, *, until: Place | None = None) -> bool:
    """Tell whether somebody replied to an answer that was ``first`` written there ``until`` a place (None: by now).

    An answer belongs to the look that it ends. Whoever replies to it has it, and ends the time of replies to it: one that comes
    after a no belongs to the next look.
    """
    return any(
        first < _place(line) and (until is None or _place(line) <= until)
        for line in _lines(session, complaint_key, (*_REPLIES, _CHANGE))
        if line.kind in _REPLIES or _is_no(line)
    )


def opening(session: Session, complaint_key: int) -> EventRow | None:
    """Return the line of the timeline that opened the second look, the newest; None before there was one."""
    return next(filter(_is_no, reversed(_lines(session, complaint_key, (_CHANGE,)))), None)


def has_been(session: Session, complaint_key: int, state: str) -> bool:
    """Tell whether the complaint came into this state once."""
    return any(line.facts.get("to") == state for line in _lines(session, complaint_key, (_CHANGE,)))


def ended_as(session: Session, complaint: ComplaintRow) -> str | None:
    """Return the state in which the complaint ended, also while an outside body has it since; None while it has not ended."""
    if complaint.closed_at is None or complaint.state in ENDED:
        return None if complaint.closed_at is None else complaint.state
    left = [
        line.facts["from"] for line in _lines(session, complaint.key, (_CHANGE,)) if _leaves_the_end(line)
    ]
    return left[-1] if left else None


def asked_if_turned_away(session: Session, complaint: ComplaintRow) -> bool:
    """Tell whether a reply says if it is accepted that we do not take the complaint up, also while an outside body has it since."""
    return (ended_as(session, complaint) or complaint.state) in ASKED_IF_TURNED_AWAY


def _leaves_the_end(line: EventRow) -> bool:
    return line.facts.get("from") in ENDED and line.facts.get("to") not in ENDED


def _is_no(line: EventRow) -> bool:
    return line.facts.get("to") == "rejected_open"


def _lines(session: Session, complaint_key: int, kinds: Collection[str]) -> list[EventRow]:
    """Return the lines of the timeline of these kinds, oldest first."""
    query = select(EventRow).where(EventRow.complaint_key == complaint_key, EventRow.kind.in_(kinds))
    return list(session.scalars(query.order_by(*oldest_first(EventRow))))


def _place(line: EventRow) -> Place:
    return Place(line.at, line.key)
