"""What reaches us otherwise than by the status page: who says it, how and on which day; who may say what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.complaints.anchors import DayImpossible
from api.complaints.clock_rows import Desk
from api.complaints.letters import Letters
from api.complaints.lines import SAID_BY, SAID_ON
from api.complaints.our_answer import answer_letter, refuse_reply
from api.complaints.parties import COMPLAINANT, WAS_CONFIRMED, may_act, may_decide, parties
from api.complaints.tables import ComplaintRow, PartyRow
from engine.actors import Actor
from engine.errors import Conflict
from engine.zones import day_in_words, local_date

WAYS = {"phone": "by phone", "post": "by letter", "e-mail": "by e-mail", "in-person": "in person"}
"""How it reached us → in words."""
ON_THE_PAGE = {"web": "on the status page"}  # what they wrote as an addition, and is a reply


class SpeaksForNobody(Conflict):
    """On that day they could not speak for this complaint. Record it as a note, and have their authority confirmed first."""

    code = "speaks_for_nobody"


class DecidesNothing(Conflict):
    """They may receive letters and add something. Only the complainant may accept, reject or withdraw."""

    code = "decides_nothing"


@dataclass(frozen=True, slots=True)
class Heard:
    """How it reached us: ``role`` says who says it, ``channel`` is one of ``WAYS``, or of ``ON_THE_PAGE`` where somebody reads it
    there, ``on`` the local day they said it."""

    role: str
    channel: str
    on: date
    by: Actor  # who records it
    decides: bool | None = None
    """Whether they might decide as they wrote it; None: by what is known of that day."""

    @property
    def facts(self) -> dict[str, str]:
        """Return what the line of the timeline keeps of it."""
        return {SAID_BY: self.role, "channel": self.channel, SAID_ON: self.on.isoformat()}

    @property
    def in_words(self) -> str:
        """Return how and when they told it: ``told by phone on 1 June 2026``."""
        return f"told {(WAYS | ON_THE_PAGE)[self.channel]} on {day_in_words(self.on)}"


def on_file(session: Session, complaint_key: int) -> dict[str, PartyRow | None]:
    """Return by role who speaks for the complaint, or once did; None: a complainant of whom nothing is on file."""
    known: dict[str, PartyRow | None] = {COMPLAINANT: None, **parties(session, complaint_key)}
    return {
        role: party
        for role, party in known.items()
        if party is None or role == COMPLAINANT or party.authority in WAS_CONFIRMED
    }


def speakers(session: Session, complaint_key: int, *, on: date) -> dict[str, PartyRow | None]:
    """Return those of them who may speak for it on the local day ``on``."""
    known = on_file(session, complaint_key)
    return {role: party for role, party in known.items() if party is None or may_act(party, on=on)}


def refuse_addition(desk: Desk, complaint: ComplaintRow, heard: Heard) -> None:
    """Return if they may have added something on that day. Raises ``DayImpossible``, ``SpeaksForNobody``."""
    came_in = local_date(complaint.received_at, desk.moment.zone_info)
    _refuse_day(heard, came_in, desk.today, "the complaint came in")
    if heard.decides is None and heard.role not in speakers(desk.session, complaint.key, on=heard.on):
        raise SpeaksForNobody(complaint=complaint.reference, role=heard.role)


def refuse_decision(desk: Desk, complaint: ComplaintRow, heard: Heard) -> None:
    """Return if they may have withdrawn on that day. Raises ``DecidesNothing`` and what ``refuse_addition`` raises."""
    refuse_addition(desk, complaint, heard)
    decides = heard.decides
    if decides is None:
        decides = may_decide(speakers(desk.session, complaint.key, on=heard.on)[heard.role])
    if not decides:
        raise DecidesNothing(complaint=complaint.reference, role=heard.role)


def refuse_heard_reply(letters: Letters, desk: Desk, complaint: ComplaintRow, heard: Heard) -> None:
    """Return if they may have replied to our newest answer on that day.

    Raises ``AnswerOnItsWay`` and what ``refuse_decision`` raises.
    """
    refuse_reply(letters, desk.session, complaint)
    refuse_decision(desk, complaint, heard)
    left = answer_left_on(letters, desk.session, complaint.key, desk.moment.zone_info)
    if left is not None:
        _refuse_day(heard, left, desk.today, "our answer left")


def answer_left_on(letters: Letters, session: Session, complaint_key: int, zone: ZoneInfo) -> date | None:
    """Return the local day on which our newest answer left, None where none has (or nobody can be written to)."""
    letter = answer_letter(letters, session, complaint_key)
    return None if letter is None else local_date(letter.dispatched_at or letter.queued_at, zone)


def _refuse_day(heard: Heard, earliest: date, today: date, what: str) -> None:
    if heard.on < earliest:
        raise DayImpossible(f"The day cannot be before {day_in_words(earliest)}, when {what}.")
    if heard.on > today:
        raise DayImpossible(f"The day cannot be after today, {day_in_words(today)}.")
