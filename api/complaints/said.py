"""What a colleague records of what somebody said to us: the acts of the status page that are open now, one door for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from api.complaints.answers.sheets import Sheet
from api.complaints.from_complainant import (
    ACCEPTED,
    ADDS,
    ANSWERS,
    REJECTED,
    WITHDRAWS,
    add_information,
    answer,
    open_to,
    withdraw,
)
from api.complaints.heard import Heard
from api.complaints.our_answer import way_of_answer
from api.complaints.tables import ComplaintRow
from engine.errors import Invalid

if TYPE_CHECKING:
    from api.wiring import Redress

ADDITION, WITHDRAWAL = "adds", "withdraws"
ACTS = {ACCEPTED: ANSWERS, REJECTED: ANSWERS, ADDITION: ADDS, WITHDRAWAL: WITHDRAWS}
"""What they may say → the message by which the case hears it."""


class DangerIsAdded(Invalid):
    """Danger is told with what they add. Record it as that, then what else they said."""

    code = "danger_is_added"


@dataclass(frozen=True, slots=True)
class Said:
    """``what`` is one of ``ACTS``, ``words`` are theirs; with ``danger`` whoever is on duty hears of it at once."""

    what: str
    words: str
    heard: Heard
    danger: bool = False


def offered(service: Redress, complaint_key: int) -> tuple[str, ...]:
    """Return which of ``ACTS`` the complaint takes now, as its status page would from somebody who may decide."""
    can = open_to(service, complaint_key)
    if reply_waits(service, complaint_key):
        can -= {ANSWERS}
    return tuple(act for act, message in ACTS.items() if message in can)


def reply_waits(service: Redress, complaint_key: int) -> bool:
    """Tell whether a reply is waited for that nobody can give yet, as our answer has not left."""

    def on_its_way(session: Session) -> bool:
        return bool(way_of_answer(service.letters, session, session.get_one(ComplaintRow, complaint_key)))

    return ANSWERS in open_to(service, complaint_key) and service.engine.read(on_its_way)


def record(service: Redress, complaint_key: int, said: Said, *, sheet: Sheet, key: str) -> None:
    """Do what they said, as if they had done it on their status page; ``key`` names this recording: again it changes nothing.

    Raises ``TooLate``, ``AnswerOnItsWay``, ``DayImpossible``, ``SpeaksForNobody``, ``DecidesNothing``, ``DangerIsAdded``.
    """
    words, heard = said.words, said.heard
    if said.danger and said.what != ADDITION:
        raise DangerIsAdded
    if said.what == ADDITION:
        add_information(
            service, complaint_key, text=words, sheet=sheet, key=key, danger=said.danger, heard=heard
        )
    elif said.what == WITHDRAWAL:
        withdraw(service, complaint_key, reason=words, sheet=sheet, key=key, heard=heard)
    else:
        accepts = said.what == ACCEPTED
        answer(service, complaint_key, accepts=accepts, reason=words, sheet=sheet, key=key, heard=heard)
