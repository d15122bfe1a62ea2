"""How a letter gets away from here, and the messages by which somebody hears that there is work with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from api.complaints.clock_rows import Desk, clocks_in, open_clocks
from api.complaints.letters_held import release
from api.complaints.of_case import key_of_person
from api.complaints.parties import BY_HAND
from api.complaints.tables import ComplaintRow, LetterRow
from engine.zones import local_date

NOBODY_LEFT = "way-needed"  # the message that has somebody look for a way to a person of the complaint
REACHED = "way-known"  # the message that nobody has to any more
TO_DELIVER = "letter-by-hand"  # the message that has somebody post a letter, or ring and tell it
DELIVERED = (
    "letter-settled"  # the message that nobody has to any more: it has left, or another took its place
)


class Carrier(Protocol):
    """How a letter gets away from here."""

    @property
    def holds(self) -> bool:
        """Tell whether letters are written and stay, until a colleague sends them."""

    def mail(self, letter: LetterRow) -> int:
        """Give it to the postman, and return its key in the outbox."""

    def throw(self, message: str, key: str, variables: Mapping[str, Any]) -> None:
        """Throw a message at the complaint's case under the correlation key ``key``, whether or not anything waits for it."""


def get_away(desk: Desk, complaint: ComplaintRow, letter: LetterRow, carrier: Carrier) -> None:
    """Give a letter to the postman, or to whoever delivers it by hand; what follows it is not held any more."""
    letter.held = False
    if letter.channel in BY_HAND:
        carrier.throw(TO_DELIVER, str(letter.key), _errand_of(desk, complaint, letter))
    else:
        letter.outbox_key = carrier.mail(letter)
    release(desk, complaint)


def _errand_of(desk: Desk, complaint: ComplaintRow, letter: LetterRow) -> dict[str, Any]:
    """Return what whoever delivers a letter by hand has to know: nothing of what it says, or to whom."""
    written_on = local_date(letter.queued_at, desk.moment.zone_info)
    met = clocks_in(letter.meets)
    bounds = [row.bound_at for row in open_clocks(desk.session, complaint.key) if row.name in met]
    return _case_of(complaint) | {
        "letterKey": str(letter.key),
        "way": letter.channel,
        "writtenOn": written_on,
        "answerBy": min((bound for bound in bounds if bound is not None), default=None),
    }


def look_for(complaint: ComplaintRow, person: str) -> tuple[str, str, dict[str, Any]]:
    """Return the message that has somebody look for a way to the person of this role: its name, its key and what it brings.

    The key keeps it to one search for each person.
    """
    return NOBODY_LEFT, key_of_person(complaint.key, person), _case_of(complaint) | {"person": person}


def _case_of(complaint: ComplaintRow) -> dict[str, Any]:
    """Return what a process that begins beside a complaint's case knows of it."""
    return {
        "complaintKey": str(complaint.key),
        "reference": complaint.reference,
        "priority": complaint.priority,
        "regime": complaint.regime,
    }
