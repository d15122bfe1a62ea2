"""Letters outside the diagram's own steps: written when a colleague extends a clock, marked when posted, met when sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.clocks import Desk
from api.complaints.errand import Tools
from api.complaints.letter_addressees import missed
from api.complaints.letter_carrying import get_away, look_for
from api.complaints.letter_leaving import (
    delivered,
    dispatched,
    is_by_hand,
    is_to_be_posted,
    let_leave,
    put_another_in_its_place,
    why_not,
)
from api.complaints.letter_writing import tell_not_written, write_besides, write_out
from api.complaints.letters import LetterIncomplete, LetterUnknown
from api.complaints.letters_held import is_held
from api.complaints.parties import COMPLAINANT, person_of
from api.complaints.tables import ComplaintRow, LetterRow
from engine.actors import SYSTEM, Actor
from engine.commands.errors import MessageNotCorrelated
from engine.deadlines.clocks import Act
from engine.errors import Conflict
from engine.jobs.letters import LetterReport
from engine.store.outbox import queue_letter

if TYPE_CHECKING:
    from api.wiring import Redress


KEPT_BACK = "It was kept back before it left; the timeline of the complaint says why."


class LetterNotWaiting(Conflict):
    """This letter does not wait any more: it has left, or is not sent."""

    code = "letter_not_waiting"


class SomebodyAnswers(Conflict):
    """There is somebody to write to. What is to change about them stands in the complaint."""

    code = "somebody_answers"


def write_now(service: Redress, desk: Desk, complaint: ComplaintRow, letter: str, *, reason: str) -> str:
    """Write ``letter`` to the complainant with ``reason`` in it, queue it in this transaction, and return the letter's name."""
    write_out(
        tools_of(service),
        desk,
        complaint,
        letter,
        to=service.letters.addressee(letter),
        variables={"holdingText": reason, "extensionReason": reason, "reason": reason},
        carrier=DeskCarrier(service, desk, complaint),
    )
    return letter


def tools_of(service: Redress) -> Tools:
    """Return what letters are written with."""
    return Tools(service.letters, service.case_clocks, service.settings, service.organisation)


@dataclass(frozen=True, slots=True)
class DeskCarrier:
    """Gets letters away in the caller's own transaction."""

    service: Redress
    desk: Desk
    complaint: ComplaintRow
    holds: bool = False

    def mail(self, letter: LetterRow) -> int:
        """Give it to the postman, and return its key in the outbox."""
        return queue_letter(
            self.desk.session,
            self.service.database.keys,
            case_key=self.complaint.instance_key,
            recipient=letter.recipient or "",
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            dedup=f"{self.complaint.instance_key}:{letter.key}",
            now=self.desk.act.at,
        )

    def throw(self, message: str, key: str, variables: Mapping[str, Any]) -> None:
        """Throw a message at the complaint's case; one of the past has none."""
        case = self.complaint.instance_key
        if case is not None:
            with suppress(MessageNotCorrelated):
                self.service.engine.correlate_within(
                    self.desk.session, message, key, variables, to_case=case, by=SYSTEM
                )


def mark_posted(
    service: Redress, complaint_key: int, letter_key: int, *, on: date | None = None, by: Actor
) -> bool:
    """Note that a paper letter was posted ``on`` a local day (None: today). False: it might not be on that day, and was written
    anew to whom it concerns.

    Raises ``DayImpossible``, and what ``_let_leave`` raises.
    """
    act = Act(at=service.clock.now(), by=by.name, reason="Letter posted")

    def leave(desk: Desk, complaint: ComplaintRow, row: LetterRow) -> tuple[bool, tuple[str, ...]]:
        carrier = DeskCarrier(service, desk, complaint)
        return delivered(tools_of(service), desk, complaint, row, carrier, on=on)

    return _let_leave(service, complaint_key, letter_key, waits=is_to_be_posted, leave=leave, act=act, by=by)


def send_held(service: Redress, complaint_key: int, letter_key: int, *, by: Actor) -> bool:
    """Let a letter leave that was held since the complaint was imported: by mail, or as somebody's task to post or tell it.

    False: it was written anew to whom it concerns. Raises what ``_let_leave`` raises.
    """
    act = Act(at=service.clock.now(), by=by.name, reason="Held letter sent")

    def leave(desk: Desk, complaint: ComplaintRow, row: LetterRow) -> tuple[bool, tuple[str, ...]]:
        carrier = DeskCarrier(service, desk, complaint)

        def let_go() -> tuple[str, ...]:
            get_away(desk, complaint, row, carrier)
            return ()

        return let_leave(tools_of(service), desk, complaint, row, carrier, let_go, at=desk.act.at)

    left = _let_leave(service, complaint_key, letter_key, waits=is_held, leave=leave, act=act, by=by)
    service.engine.house.call_workers()
    return left


def kept_back(service: Redress, complaint_key: int) -> Mapping[int, str]:
    """Return why letters that wait to be delivered by hand may not leave now, by their keys; nothing is kept of the look."""
    query = select(LetterRow).where(
        LetterRow.complaint_key == complaint_key, LetterRow.dispatched_at.is_(None)
    )
    waiting = service.engine.read(
        lambda session: [one.key for one in session.scalars(query) if is_by_hand(one)]
    )
    if not waiting:
        return {}

    def judge(session: Session) -> dict[int, str]:
        desk = service.desk(session, Act(service.clock.now(), "system", "Letter looked at"))
        complaint = session.get_one(ComplaintRow, complaint_key)
        judged = ((key, session.get_one(LetterRow, key)) for key in waiting)
        found = {key: why_not(tools_of(service), desk, complaint, letter) for key, letter in judged}
        return {key: why for key, why in found.items() if why is not None}

    return service.rehearse(judge)


def look_for_a_way(service: Redress, complaint_key: int, *, person: str = COMPLAINANT) -> int | None:
    """Have somebody record how the ``person`` of this role can be reached; return the instance begun, None while one is open.

    Raises ``SomebodyAnswers``, unless letters are owed to them and do not reach them.
    """

    def work(session: Session) -> int | None:
        complaint = session.get_one(ComplaintRow, complaint_key)
        if person not in missed(service.letters, session, complaint_key, on=service.today()):
            raise SomebodyAnswers
        try:
            return service.engine.correlate_within(
                session, *look_for(complaint, person), to_case=complaint.instance_key
            ).instance_key
        except MessageNotCorrelated:
            return None

    return service.engine.write(work)


def _let_leave(
    service: Redress,
    complaint_key: int,
    letter_key: int,
    *,
    waits: Callable[[LetterRow], bool],
    leave: Callable[[Desk, ComplaintRow, LetterRow], tuple[bool, tuple[str, ...]]],
    act: Act,
    by: Actor,
) -> bool:
    """Let one letter ``leave`` that ``waits``, and tell whether it did.

    Raises ``LetterUnknown``, ``LetterNotWaiting``, and what writing it anew raises.
    """

    def work(session: Session) -> bool:
        answers = []

        def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
            row = session.get(LetterRow, letter_key)
            if row is None or row.complaint_key != complaint.key:
                raise LetterUnknown(letter=str(letter_key))
            if not waits(row):
                raise LetterNotWaiting(letter=str(letter_key))
            left, moved = leave(desk, complaint, row)
            answers.append(left)
            return moved

        service.move_clocks_within(session, complaint_key, change, act=act, by=by)
        return all(answers)

    return service.engine.write(work)


class LetterGuard:
    """Judges a mailed letter once more as it leaves: who may act for the complaint can have changed since it was
    written, and a day it names can be over."""

    def __init__(self, service: Callable[[], Redress]) -> None:
        """``service`` gives the composed service, which is there before the first letter leaves."""
        self._service = service

    def __call__(self, session: Session, outbox_key: int) -> str | None:
        """Return why the letter may not leave, None when it may."""
        row, service = _of_outbox(session, outbox_key), self._service()
        if row is None:  # not a letter of a complaint
            return None
        if row.replaced_at is not None:
            return KEPT_BACK
        desk = service.desk(session, Act(service.clock.now(), "system", "Letter leaves"))
        complaint = session.get_one(ComplaintRow, row.complaint_key)
        return why_not(tools_of(service), desk, complaint, row)

    def replace(self, session: Session, outbox_key: int, reason: str) -> None:
        """Write the letter anew to whom it concerns. Raises ``LetterNotFound``, ``LetterIncomplete``."""
        row, service = _of_outbox(session, outbox_key), self._service()
        if row is None:
            raise LetterUnknown(letter=str(outbox_key))
        if row.replaced_at is not None:  # kept back: nothing takes its place
            return
        letter = row

        def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
            carrier = DeskCarrier(service, desk, complaint)
            return put_another_in_its_place(tools_of(service), desk, complaint, letter, carrier, why=reason)

        act = Act(at=service.clock.now(), by="system", reason=reason)
        service.move_clocks_within(session, letter.complaint_key, change, act=act, by=SYSTEM)


def _of_outbox(session: Session, outbox_key: int) -> LetterRow | None:
    return session.scalar(select(LetterRow).where(LetterRow.outbox_key == outbox_key))


class LetterListener:
    """Told by the engine, in its transaction, how a mailed letter fared; a letter that left answers its clock.

    One that came back has somebody look for another way to its person: the letter waits for what they find, or to be tried again.
    """

    def __init__(self, service: Callable[[], Redress]) -> None:
        """``service`` gives the composed service, which is there before the first letter leaves."""
        self._service = service

    def __call__(self, session: Session, report: LetterReport) -> None:
        """Note the dispatch with its evidence, or tell people that a letter will not arrive."""
        row, service = _of_outbox(session, report.outbox_key), self._service()
        complaint = session.get(ComplaintRow, row.complaint_key) if row is not None else None
        if row is None or complaint is None or row.dispatched_at is not None:
            return
        if report.state != "sent":
            desk = service.desk(session, Act(at=report.at, by="system", reason="Letter refused"))
            moved = not_delivered(service, desk, complaint, row, report)
            _rearm(service, session, complaint, moved)
            return
        desk = service.desk(session, Act(at=report.at, by="system", reason="Letter sent"))
        moved = dispatched(
            tools_of(service),
            desk,
            complaint,
            row,
            DeskCarrier(service, desk, complaint),
            evidence=f"{report.code} {report.reply}",
            at=report.at,
        )
        _rearm(service, session, complaint, moved)


def _rearm(service: Redress, session: Session, complaint: ComplaintRow, moved: tuple[str, ...]) -> None:
    for name in dict.fromkeys(moved):
        if complaint.instance_key is not None:
            service.engine.rearm_within(session, complaint.instance_key, name)


def not_delivered(
    service: Redress, desk: Desk, complaint: ComplaintRow, letter: LetterRow, report: LetterReport
) -> tuple[str, ...]:
    """Tell whoever looks after the complaint, else the complaints managers, that a letter was given up, and look for a way.

    Whoever else is owed it gets it at once. Returns the names of the clocks that moved.
    """
    desk.notify_owner(
        complaint,
        f"Letter not delivered: {letter.subject}",
        f"The letter to {letter.recipient} came back: {report.reply}. Reach the person another way.",
        otherwise="complaints-managers",
    )
    facts = {"letter": str(letter.key), "reply": report.reply[:500]}
    desk.tell(complaint.key, "letter-not-delivered", f"Letter not delivered: {letter.subject}", facts=facts)
    party = person_of(desk.session, letter)
    if party is None or letter.template not in service.letters.ids:
        return ()
    tools, carrier = tools_of(service), DeskCarrier(service, desk, complaint)
    if why_not(tools, desk, complaint, letter) is not None:
        return ()
    carrier.throw(*look_for(complaint, party.role))
    try:
        return write_besides(tools, desk, complaint, letter, carrier=carrier)
    except (
        LetterIncomplete
    ) as problem:  # the letter is given up all the same, and nobody sends it again for this
        why = f"Whoever is owed {letter.template!r} besides has no copy. {problem.message}"
        tell_not_written(desk, complaint, letter, why)
        return ()
