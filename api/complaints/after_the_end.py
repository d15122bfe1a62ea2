"""An outside body takes up a complaint that has ended: followed beside the closed case, which is opened again in nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.complaints.answers import sheets
from api.complaints.answers.sheets import Sheet
from api.complaints.case_jobs import enter
from api.complaints.errand import Errand
from api.complaints.from_complainant import FROM_OUTSIDE, TAKES_UP, case_that_hears, waited_for
from api.complaints.history import ended_as
from api.complaints.issues import issues
from api.complaints.joined import MERGED
from api.complaints.states import is_outside_again
from api.complaints.tables import ComplaintRow, EventRow, RecordRow
from engine.actors import Actor
from engine.commands.errors import MessageNotCorrelated
from engine.errors import Conflict, Invalid
from engine.store.upkeep import Answer

if TYPE_CHECKING:
    from api.wiring import Redress

Act = Literal["taken_up", "decided"]
ACTS: tuple[Act, ...] = ("taken_up", "decided")
LONGEST_BODY, LONGEST_REFERENCE = 200, 60  # characters


class NotEnded(Conflict):
    """This complaint has not ended. While its case goes on, its tasks record an outside body; until one asks, keep it as a note."""

    code = "not_ended"


class OutsideAlready(Conflict):
    """An outside body has this complaint already. Once what came of it is recorded and carried out, record the next one."""

    code = "outside_already"


class GoesOnElsewhere(Conflict):
    """This complaint goes on under another reference. Record it there."""

    code = "goes_on_elsewhere"


class HasNoCase(Conflict):
    """This complaint was imported as ended and has no case. Register it as a new complaint that names it."""

    code = "has_no_case"


class NobodyFollows(Conflict):
    """No diagram follows an outside body after the end. Have outside-after-the-end.bpmn deployed with external-referral.bpmn."""

    code = "nobody_follows"


class NotAwaited(Conflict):
    """No decision of an outside body is waited for: none has this complaint, or what it asked of us comes first."""

    code = "not_awaited"


class WantedTooEarly(Invalid):
    """The day on which it wants the file is over. Enter today."""

    code = "wanted_too_early"


@dataclass(frozen=True, slots=True)
class TakenUp:
    """Which body took it up, its own reference, and the local day by which it wants the file (None: it wants none)."""

    body: str
    reference: str | None = None
    file_due_on: date | None = None


def offered(service: Redress, complaint_key: int) -> Act | None:
    """Return what can be recorded of an outside body now: that it takes the ended complaint up, that it has decided; None: nothing."""

    def look(session: Session) -> Act | None:
        if FROM_OUTSIDE in waited_for(session, complaint_key):
            return "decided"
        complaint = session.get_one(ComplaintRow, complaint_key)
        return "taken_up" if why_not(session, complaint) is None else None

    return service.engine.read(look)


def why_not(session: Session, complaint: ComplaintRow) -> Conflict | None:
    """Return why no outside body can take this complaint up now; None where one can."""
    if complaint.state == MERGED:
        return GoesOnElsewhere(_elsewhere(session, complaint))
    if complaint.closed_at is None:
        return NotEnded()
    if complaint.instance_key is None:
        return HasNoCase()
    if is_outside_again(complaint.state, complaint.closed_at):
        return OutsideAlready()
    return None


def take_up(
    service: Redress, complaint_key: int, taken: TakenUp, *, sheet: Sheet, key: str, by: Actor
) -> None:
    """Follow the body beside the closed case; ``key`` names this recording: again it changes nothing.

    Raises ``NotEnded``, ``OutsideAlready``, ``GoesOnElsewhere``, ``HasNoCase``, ``WantedTooEarly``, ``NobodyFollows``.
    """

    def work(session: Session) -> Answer:
        complaint = session.get_one(ComplaintRow, complaint_key, with_for_update=True)
        refusal = why_not(session, complaint)
        if refusal is not None:
            raise refusal
        if taken.file_due_on is not None and taken.file_due_on < service.today():
            raise WantedTooEarly
        due = taken.file_due_on.isoformat() if taken.file_due_on else None
        told = {"body": taken.body, "bodyReference": taken.reference, "fileDueOn": due}
        try:
            service.engine.correlate_within(session, TAKES_UP, str(complaint_key), told, by=by)
        except MessageNotCorrelated as nobody:
            raise NobodyFollows from nobody
        now = service.clock.now()
        new = service.database.keys.next()
        sheets.keep(session, sheet, key=new, complaint_key=complaint_key, at=now, by=by.name)
        return Answer(204, b"")

    service.engine.once(f"outside:{complaint_key}", key, b"", work)


def decided(service: Redress, complaint_key: int, *, key: str, by: Actor) -> None:
    """Tell the case, or what follows the body beside it, that the body has decided: what it decided is recorded in a task.

    ``key`` names this recording: again it changes nothing. Raises ``NotAwaited``.
    """

    def work(session: Session) -> Answer:
        try:
            service.engine.correlate_within(session, FROM_OUTSIDE, str(complaint_key), {}, by=by)
        except MessageNotCorrelated as nobody:
            raise NotAwaited from nobody
        return Answer(204, b"")

    service.engine.once(f"outside-decided:{complaint_key}", key, b"", work)


def judge(service: Redress, message: str, correlation_key: str, *, by: Actor) -> None:
    """Judge a message that begins the following by the rule of the page, where its case hears ``by``."""
    if message != TAKES_UP:
        return

    def look(session: Session) -> Conflict | None:
        complaint = case_that_hears(service, session, correlation_key, by)
        return None if complaint is None else why_not(session, complaint)

    refusal = service.engine.read(look)
    if refusal is not None:
        raise refusal


def begin(errand: Errand) -> dict[str, Any]:
    """``redress:taken-up-outside``: an outside body has taken up the complaint, which has ended.

    Returns what following it relies on, from the register: ``complaintKey``, ``reference``, ``regime``, ``priority``, ``owner``,
    ``issues`` and ``awardId``, the id of what this body may award. Raises what ``take_up`` raises.
    """
    complaint = errand.complaint
    errand.session.refresh(complaint, with_for_update=True)
    refusal = why_not(errand.session, complaint)
    if refusal is not None:
        raise refusal
    return {
        "complaintKey": str(complaint.key),
        "reference": complaint.reference,
        "regime": complaint.regime,
        "priority": complaint.priority,
        "owner": complaint.owner,
        "issues": issues(errand)["issues"],
        "awardId": f"award-{_taken_up_before(errand.session, complaint.key) + 1}",
    }


def end_again(errand: Errand) -> None:
    """``redress:end-again``: what the outside body decided is carried out: the complaint is as it had ended, on that day and for
    that reason.
    """
    ended = ended_as(errand.session, errand.complaint)
    if ended is None:
        raise NotEnded
    enter(errand, ended)


def _taken_up_before(session: Session, complaint_key: int) -> int:
    """Return how many outcomes of outside bodies were recorded."""
    of_bodies = select(func.count()).where(
        RecordRow.complaint_key == complaint_key, RecordRow.kind == "referral"
    )
    return session.scalar(of_bodies) or 0


def _elsewhere(session: Session, complaint: ComplaintRow) -> str | None:
    """Return in words under which reference the complaint goes on; None where its end does not say."""
    ended = select(EventRow).where(EventRow.complaint_key == complaint.key, EventRow.kind == "closed")
    into = next((line.facts.get("into") for line in session.scalars(ended) if line.facts), None)
    return f"This complaint goes on under {into}. Record it there." if into else None
