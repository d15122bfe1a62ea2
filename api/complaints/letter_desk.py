"""Letters outside the diagram's own steps: written when a colleague extends a clock, marked when posted, met when sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import extensions
from api.complaints.clocks import CaseClocks, Desk
from api.complaints.errand import Tools
from api.complaints.evidence import meet_each
from api.complaints.letter_writing import addressee, day_over, keep, today_at, why_not_leave, write
from api.complaints.tables import ComplaintRow, LetterRow
from engine.actors import Actor
from engine.clock import Clock
from engine.deadlines.clocks import Act
from engine.deadlines.state import Evidence
from engine.errors import Conflict, NotFound
from engine.jobs.letters import LetterReport
from engine.store.outbox import queue_letter
from engine.zones import local_date

if TYPE_CHECKING:
    from api.wiring import Redress


class LetterNotWaiting(Conflict):
    """This letter has left already."""

    code = "letter_not_waiting"


class LetterMayNotLeave(Conflict):
    """The letter was written to somebody we no longer deal with."""

    code = "letter_may_not_leave"


class LetterUnknown(NotFound):
    """There is no such letter."""

    code = "letter_not_found"


def write_now(service: Redress, desk: Desk, complaint: ComplaintRow, letter: str, *, reason: str) -> str:
    """Write ``letter`` to the complainant with ``reason`` in it, queue it in this transaction, and return the letter's name."""
    tools = Tools(service.letters, service.case_clocks, service.settings, service.organisation)
    to = service.letters.addressee(letter)
    given = {"holdingText": reason, "extensionReason": reason, "reason": reason}
    party = addressee(desk, complaint, to)
    keep(
        desk,
        complaint,
        write(tools, desk, complaint, letter, party=party, variables=given),
        to=to,
        party=party,
        send=lambda row: _send(service, desk, complaint, row),
    )
    return letter


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


def mark_posted(service: Redress, complaint_key: int, letter_key: int, *, by: Actor) -> None:
    """Note that a paper letter has been posted. Raises what ``_to_leave`` raises."""
    act = Act(at=service.clock.now(), by=by.name, reason="Letter posted")

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        row = _to_leave(service, desk, complaint, letter_key, waits=lambda row: row.dispatched_at is None)
        return dispatched(
            service.case_clocks, desk, complaint, row, kind="letter_posted", evidence=f"posted by {by.name}"
        )

    service.move_clocks(complaint_key, change, act=act, by=by)


def send_held(service: Redress, complaint_key: int, letter_key: int, *, by: Actor) -> None:
    """Let a letter leave that was held since the complaint was imported. Raises what ``_to_leave`` raises."""
    act = Act(at=service.clock.now(), by=by.name, reason="Held letter sent")

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        row = _to_leave(service, desk, complaint, letter_key, waits=is_held)
        row.outbox_key = _send(service, desk, complaint, row)
        return ()

    service.move_clocks(complaint_key, change, act=act, by=by)
    service.engine.house.call_workers()


def _to_leave(
    service: Redress,
    desk: Desk,
    complaint: ComplaintRow,
    letter_key: int,
    *,
    waits: Callable[[LetterRow], bool],
) -> LetterRow:
    """Return a letter that may leave now. Raises ``LetterUnknown``, ``LetterNotWaiting``, ``LetterMayNotLeave``."""
    row = desk.session.get(LetterRow, letter_key)
    if row is None or row.complaint_key != complaint.key:
        raise LetterUnknown(letter=str(letter_key))
    if not waits(row):
        raise LetterNotWaiting(letter=str(letter_key))
    reason = why_not_leave(desk.session, row, on=today_at(desk)) or day_over(
        service.case_clocks, service.letters, desk, complaint, row
    )
    if reason:
        raise LetterMayNotLeave(f"The letter stays here: {reason}.", letter=str(letter_key))
    return row


def is_held(letter: LetterRow) -> bool:
    """Tell whether a mailed letter was never given to the postman."""
    return letter.channel == "e-mail" and letter.outbox_key is None and letter.dispatched_at is None


class LetterGuard:
    """Judges a mailed letter once more as it leaves: who may act for the complaint can have changed since it was
    written, and a day it names can be over."""

    def __init__(
        self, clock: Clock, zone: ZoneInfo, look: Callable[[Session, ComplaintRow, LetterRow], str | None]
    ) -> None:
        """``zone`` is the service's; authority ends with a day in it. ``look`` says which day the letter names that is over."""
        self._clock, self._zone, self._look = clock, zone, look

    def __call__(self, session: Session, outbox_key: int) -> str | None:
        """Return why the letter may not leave, None when it may."""
        row = session.scalar(select(LetterRow).where(LetterRow.outbox_key == outbox_key))
        if row is None:  # a link somebody asked for: judged when it was written, a moment ago
            return None
        reason = why_not_leave(session, row, on=local_date(self._clock.now(), self._zone))
        complaint = session.get(ComplaintRow, row.complaint_key)
        return reason or (None if complaint is None else self._look(session, complaint, row))


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
        row = session.scalar(select(LetterRow).where(LetterRow.outbox_key == report.outbox_key))
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
    letter.dispatched_at, letter.evidence = desk.act.at, evidence[:500]
    facts = {"letter": str(letter.key)}
    desk.tell(complaint.key, "letter-sent", f"Letter sent: {letter.subject}", public=True, facts=facts)
    evidence_of = Evidence(kind, str(letter.key), desk.act.at)
    written_at = letter.queued_at
    moved = meet_each(clocks, desk, complaint, letter.meets or "", evidence_of, counted_from=written_at)
    return (*moved, *extensions.begin(clocks, desk, complaint, letter))
