"""What a colleague records of what somebody said to us: the acts of the status page that are open now, one door for all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.complaints.answers.sheets import Sheet
from api.complaints.errand import Errand
from api.complaints.from_complainant import (
    ACCEPTED,
    ADDS,
    ANSWERS,
    REJECTED,
    WITHDRAWS,
    TooLate,
    add_information,
    answer,
    note_reply,
    note_withdrawal,
    waited_for,
    withdraw,
    words_of,
)
from api.complaints.from_complainant import ADDITION as LINE
from api.complaints.heard import Heard, answer_left_on, on_file
from api.complaints.history import ended_as
from api.complaints.letters import Letters
from api.complaints.lines import might_decide, said_by, said_on
from api.complaints.our_answer import reached_by_reply, way_of_answer
from api.complaints.parties import may_decide
from api.complaints.tables import ComplaintRow, EventRow
from api.complaints.unfinished import unread
from engine.errors import Invalid
from engine.zones import local_date

if TYPE_CHECKING:
    from api.wiring import Redress

ADDITION, WITHDRAWAL = "adds", "withdraws"
ACTS = {ACCEPTED: ANSWERS, REJECTED: ANSWERS, ADDITION: ADDS, WITHDRAWAL: WITHDRAWS}
"""What they may say → the message by which the case hears it."""
REPLIES = "repliesTaken"  # what the form that reads an addition finds by this name
TAKEN_UP = "takes_up"  # they want it taken up again, and nothing of it goes on here
ANSWERED = frozenset({"responded", "correcting", "closed", "not_accepted", "withdrawn"})
"""The states in which nothing of it goes on here once no reply is waited for: nobody is to decide anything any more."""


class DangerIsAdded(Invalid):
    """Danger is told with what they add. Record it as that, then what else they said."""

    code = "danger_is_added"


class NothingAdded(Invalid):
    """There is nothing that they added and that could be taken as said. Name what they added, and what it says."""

    code = "nothing_added"


@dataclass(frozen=True, slots=True)
class Said:
    """``what`` is one of ``ACTS``, ``words`` are theirs; with ``danger`` whoever is on duty hears of it at once."""

    what: str
    words: str
    heard: Heard
    danger: bool = False


def offered(service: Redress, complaint_key: int) -> tuple[str, ...]:
    """Return which of ``ACTS`` the complaint takes now, as its status page would from somebody who may decide."""
    return service.engine.read(
        lambda session: _taken(service.letters, session, session.get_one(ComplaintRow, complaint_key))
    )


def _taken(letters: Letters, session: Session, complaint: ComplaintRow) -> tuple[str, ...]:
    can = waited_for(session, complaint.key)
    if way_of_answer(letters, session, complaint):
        can -= {ANSWERS}
    return tuple(act for act, message in ACTS.items() if message in can)


def is_answered(session: Session, complaint: ComplaintRow) -> bool:
    """Tell whether nothing of it goes on here and no reply is waited for, also while an outside body has what had ended."""
    stands = ended_as(session, complaint) or complaint.state
    return stands in ANSWERED and ANSWERS not in waited_for(session, complaint.key)


def replies_taken(
    letters: Letters, session: Session, complaint: ComplaintRow, zone: ZoneInfo
) -> list[dict[str, Any]]:
    """Return as what the complaint takes now something that they wrote as an addition: ``what`` it may be, written ``since`` which
    local day, ``by`` whom (roles).

    That is what else can be recorded of what they say, and where no reply is taken any more, that it is taken up again.
    """
    came_in = local_date(complaint.received_at, zone)
    replied_to = answer_left_on(letters, session, complaint.key, zone) or came_in
    taken = [act for act in _taken(letters, session, complaint) if act != ADDITION]
    if is_answered(session, complaint):
        taken.append(TAKEN_UP)
    by = {role for role, party in on_file(session, complaint.key).items() if may_decide(party)}
    by |= {said_by(line) for line in unread(session, complaint) if might_decide(line)}
    return [
        {"what": act, "since": replied_to if ACTS.get(act) == ANSWERS else came_in, "by": sorted(by)}
        for act in taken
    ]


def take_as_said(errand: Errand) -> None:
    """``redress:take-as-said``: what they wrote as an addition, the line of input ``addition``, is what input ``said`` says.

    ``accepts`` or ``rejects`` our answer (also an appeal), or ``withdraws``: it takes effect as if it had been recorded as said by
    them on the day they wrote it. Whoever reads it stands in the timeline. Raises ``NothingAdded``, ``TooLate``, and what
    recording it raises.
    """
    complaint, what = errand.complaint, errand.text("said") or ""
    message = ACTS.get(what)
    line = _addition(errand)
    if message in (None, ADDS) or line is None:
        raise NothingAdded(said=what)
    if message not in waited_for(errand.session, complaint.key):
        raise TooLate
    zone, facts = errand.tools.settings.time_zone, line.facts or {}
    heard = Heard(
        said_by(line),
        str(facts.get("channel", "web")),
        said_on(line, zone),
        errand.context.actor,
        might_decide(line),
    )
    words, variables = words_of(line), dict[str, Any]()
    if what == WITHDRAWAL:
        note_withdrawal(errand.desk, complaint, reason=words, heard=heard)
    else:
        accepts = what == ACCEPTED
        letters = errand.tools.letters

        def reached(at: datetime) -> None:
            errand.moved(reached_by_reply(errand.tools.clocks, letters, errand.desk, complaint, at=at))

        variables = note_reply(
            letters, errand.desk, complaint, accepts=accepts, reason=words, heard=heard, reached=reached
        )
    errand.context.publish(message, str(complaint.key), variables)


def _addition(errand: Errand) -> EventRow | None:
    key = errand.text("addition") or ""
    line = errand.session.get(EventRow, int(key)) if key.isdecimal() else None
    if line is None or (line.complaint_key, line.kind) != (errand.complaint.key, LINE):
        return None
    return line


def reply_waits(service: Redress, complaint_key: int) -> bool:
    """Tell whether a reply is waited for that nobody can give yet, as our answer has not left."""

    def on_its_way(session: Session) -> bool:
        complaint = session.get_one(ComplaintRow, complaint_key)
        return ANSWERS in waited_for(session, complaint_key) and bool(
            way_of_answer(service.letters, session, complaint)
        )

    return service.engine.read(on_its_way)


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
