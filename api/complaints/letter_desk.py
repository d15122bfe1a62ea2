"""Letters outside the diagram's own steps: written when a colleague extends a clock, marked when posted, met when sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import extensions
from api.complaints.clocks import CaseClocks, Desk
from api.complaints.errand import Tools
from api.complaints.evidence import meet_each
from api.complaints.letter_writing import (
    NOBODY_LEFT,
    day_over,
    note_unreachable,
    today_at,
    why_not_leave,
    write_anew,
    write_out,
)
from api.complaints.tables import ComplaintRow, LetterRow
from engine.actors import SYSTEM, Actor
from engine.commands.errors import MessageNotCorrelated
from engine.deadlines.clocks import Act
from engine.deadlines.state import Evidence
from engine.errors import Conflict, NotFound
from engine.jobs.letters import LetterReport
from engine.store.outbox import queue_letter

if TYPE_CHECKING:
    from api.wiring import Redress


KEPT_BACK = "The complaint was withdrawn before the letter left."


class LetterNotWaiting(Conflict):
    """This letter does not wait any more: it has left, or is not sent."""

    code = "letter_not_waiting"


class LetterUnknown(NotFound):
    """There is no such letter."""

    code = "letter_not_found"


def write_now(service: Redress, desk: Desk, complaint: ComplaintRow, letter: str, *, reason: str) -> str:
    """Write ``letter`` to the complainant with ``reason`` in it, queue it in this transaction, and return the letter's name."""
    write_out(
        _tools(service),
        desk,
        complaint,
        letter,
        to=service.letters.addressee(letter),
        variables={"holdingText": reason, "extensionReason": reason, "reason": reason},
        send=lambda row: _send(service, desk, complaint, row),
    )
    return letter


def _tools(service: Redress) -> Tools:
    return Tools(service.letters, service.case_clocks, service.settings, service.organisation)


def _send(service: Redress, desk: Desk, complaint: ComplaintRow, row: LetterRow) -> int:
    return queue_letter(
        desk.session,
        service.database.keys,
        case_key=complaint.instance_key,
        recipient=row.recipient or "",
        subject=row.subject,
        text=row.text,
        html=row.html,
        dedup=f"{complaint.instance_key}:{row.key}",
        now=desk.act.at,
    )


def mark_posted(service: Redress, complaint_key: int, letter_key: int, *, by: Actor) -> bool:
    """Note that a paper letter has been posted. False: it may not be, and was written anew to whom it concerns.

    Raises what ``_let_leave`` raises.
    """
    act = Act(at=service.clock.now(), by=by.name, reason="Letter posted")

    def leave(desk: Desk, complaint: ComplaintRow, row: LetterRow) -> tuple[str, ...]:
        return dispatched(
            service.case_clocks, desk, complaint, row, kind="letter_posted", evidence=f"posted by {by.name}"
        )

    return _let_leave(service, complaint_key, letter_key, waits=is_to_be_posted, leave=leave, act=act, by=by)


def send_held(service: Redress, complaint_key: int, letter_key: int, *, by: Actor) -> bool:
    """Let a letter leave that was held since the complaint was imported. False: it left, written anew to whom it concerns.

    Raises what ``_let_leave`` raises.
    """
    act = Act(at=service.clock.now(), by=by.name, reason="Held letter sent")

    def leave(desk: Desk, complaint: ComplaintRow, row: LetterRow) -> tuple[str, ...]:
        row.outbox_key = _send(service, desk, complaint, row)
        return ()

    left = _let_leave(service, complaint_key, letter_key, waits=is_held, leave=leave, act=act, by=by)
    service.engine.house.call_workers()
    return left


def _let_leave(
    service: Redress,
    complaint_key: int,
    letter_key: int,
    *,
    waits: Callable[[LetterRow], bool],
    leave: Callable[[Desk, ComplaintRow, LetterRow], tuple[str, ...]],
    act: Act,
    by: Actor,
) -> bool:
    """Let one letter leave that ``waits``, or put another in its place; tell which.

    Raises ``LetterUnknown``, ``LetterNotWaiting``, and what writing it anew raises.
    """

    def work(session: Session) -> bool:
        left = []

        def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
            row = session.get(LetterRow, letter_key)
            if row is None or row.complaint_key != complaint.key:
                raise LetterUnknown(letter=str(letter_key))
            if not waits(row):
                raise LetterNotWaiting(letter=str(letter_key))
            why = _why_not_leave(service, desk, complaint, row)
            if why is None:
                left.append(row)
                return leave(desk, complaint, row)
            return _put_another_in_its_place(service, desk, complaint, row, why)

        service.move_clocks_within(session, complaint_key, change, act=act, by=by)
        return bool(left)

    return service.engine.write(work)


def _put_another_in_its_place(
    service: Redress, desk: Desk, complaint: ComplaintRow, row: LetterRow, why: str
) -> tuple[str, ...]:
    """Write a letter anew that may not leave, and have somebody look for a way where nobody can be written to."""
    tools = _tools(service)
    copies, moved = write_anew(
        tools,
        desk,
        complaint,
        row,
        why=why,
        send=lambda new: _send(service, desk, complaint, new),
    )
    if note_unreachable(tools.letters, desk.session, complaint, row.template, row.to_role, copies):
        with suppress(MessageNotCorrelated):  # the case has ended: the notice is all there is to do
            service.engine.correlate_within(
                desk.session, NOBODY_LEFT, str(complaint.key), {"letter": row.template}, by=SYSTEM
            )
    return moved


def is_held(letter: LetterRow) -> bool:
    """Tell whether a mailed letter was never given to the postman."""
    return letter.channel == "e-mail" and letter.outbox_key is None and _waits(letter)


def is_to_be_posted(letter: LetterRow) -> bool:
    """Tell whether a letter on paper has not left yet."""
    return letter.channel == "post" and _waits(letter)


def _waits(letter: LetterRow) -> bool:
    return letter.dispatched_at is None and letter.replaced_at is None


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
        return _why_not_leave(service, desk, complaint, row)

    def replace(self, session: Session, outbox_key: int, reason: str) -> None:
        """Write the letter anew to whom it concerns. Raises ``LetterNotFound``, ``LetterIncomplete``."""
        row, service = _of_outbox(session, outbox_key), self._service()
        if row is None:
            raise LetterUnknown(letter=str(outbox_key))
        if row.replaced_at is not None:  # kept back: nothing takes its place
            return
        letter = row

        def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
            return _put_another_in_its_place(service, desk, complaint, letter, reason)

        act = Act(at=service.clock.now(), by="system", reason=reason)
        service.move_clocks_within(session, letter.complaint_key, change, act=act, by=SYSTEM)


def _of_outbox(session: Session, outbox_key: int) -> LetterRow | None:
    return session.scalar(select(LetterRow).where(LetterRow.outbox_key == outbox_key))


def _why_not_leave(service: Redress, desk: Desk, complaint: ComplaintRow, row: LetterRow) -> str | None:
    """Return why a letter written earlier may not leave now: for whom it is, or a day it names that is over."""
    reason = why_not_leave(service.letters, desk.session, row, on=today_at(desk))
    return reason or day_over(service.case_clocks, service.letters, desk, complaint, row)


class LetterListener:
    """Told by the engine, in its transaction, how a mailed letter fared; a letter that left answers its clock.

    ``rearm`` is called with the root instance and the names of the clocks that moved, for after the commit.
    """

    def __init__(
        self,
        clocks: CaseClocks,
        desk: Callable[[Session, Act], Desk],
        rearm: Callable[[Session, int, tuple[str, ...]], None],
    ) -> None:
        """``desk`` makes a desk for a transaction."""
        self._clocks, self._desk, self._rearm = clocks, desk, rearm

    def __call__(self, session: Session, report: LetterReport) -> None:
        """Note the dispatch with its evidence, or tell people that a letter will not arrive."""
        row = _of_outbox(session, report.outbox_key)
        complaint = session.get(ComplaintRow, row.complaint_key) if row is not None else None
        if row is None or complaint is None or row.dispatched_at is not None:
            return
        if report.state != "sent":
            not_delivered(
                self._desk(session, Act(at=report.at, by="system", reason="Letter refused")),
                complaint,
                row,
                report,
            )
            return
        desk = self._desk(session, Act(at=report.at, by="system", reason="Letter sent"))
        moved = dispatched(
            self._clocks,
            desk,
            complaint,
            row,
            kind="message_accepted",
            evidence=f"{report.code} {report.reply}",
        )
        if moved and complaint.instance_key is not None:
            self._rearm(session, complaint.instance_key, moved)


def not_delivered(desk: Desk, complaint: ComplaintRow, letter: LetterRow, report: LetterReport) -> None:
    """Tell whoever looks after the complaint, else the complaints managers, that a letter was given up."""
    desk.notify_owner(
        complaint,
        f"Letter not delivered: {letter.subject}",
        f"The letter to {letter.recipient} came back: {report.reply}. Reach the person another way.",
        otherwise="complaints-managers",
    )
    facts = {"letter": str(letter.key), "reply": report.reply[:500]}
    desk.tell(complaint.key, "letter-not-delivered", f"Letter not delivered: {letter.subject}", facts=facts)


def dispatched(
    clocks: CaseClocks, desk: Desk, complaint: ComplaintRow, letter: LetterRow, *, kind: str, evidence: str
) -> tuple[str, ...]:
    """Note that a letter has left, answer the clock it was written for, and return the names of the clocks that moved.

    The clock is answered when the letter leaves. What counts from it counts from when the letter was written: the day that
    somebody reads in it is the day that counts, however long it lay in the post room.
    """
    letter.dispatched_at, letter.evidence, letter.given = desk.act.at, evidence[:500], None
    facts = {"letter": str(letter.key)}
    desk.tell(complaint.key, "letter-sent", f"Letter sent: {letter.subject}", public=True, facts=facts)
    evidence_of = Evidence(kind, str(letter.key), desk.act.at)
    written_at = letter.queued_at
    moved = meet_each(clocks, desk, complaint, letter.meets or "", evidence_of, counted_from=written_at)
    return (*moved, *extensions.begin(clocks, desk, complaint, letter))
