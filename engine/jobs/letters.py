"""Carrying letters: noted as being sent before the postman goes, as sent only after the receipt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from engine.actors import Actor
from engine.commands.errors import FenceLost
from engine.commands.house import House
from engine.commands.step import Step
from engine.errors import NotFound, RedressError
from engine.retry import LETTER_TRIES, LETTERS
from engine.store import jobs, outbox
from engine.store.jobs import Claim
from engine.store.outbox import StoredLetter
from engine.store.unit_of_work import read, write


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter on its way; ``message_id`` is the same at every try, ``at`` is when it was written (aware
    UTC).
    """

    key: int
    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the server answered on accepting a letter: kept as evidence."""

    code: int
    reply: str


class LetterDelayed(Exception):
    """The letter could not be handed over now; it is tried again."""


class LetterRefused(Exception):
    """The letter will never be accepted."""


class LetterNotFound(NotFound):
    """There is no such letter."""

    code = "letter_not_found"


class Postman(Protocol):
    """Somebody who carries letters."""

    def send(self, letter: Letter) -> Receipt:
        """Hand the letter over. Raises ``LetterDelayed`` or ``LetterRefused``."""


@dataclass(frozen=True, slots=True)
class LetterReport:
    """How a letter fared, told inside the transaction that notes it: ``state`` sent or dead."""

    outbox_key: int
    case_key: int | None
    state: str
    at: datetime
    code: int | None
    reply: str


UNDELIVERED = "A letter could not be delivered. To whom, and why, stands with the case and is told to whoever looks after it."
LetterListener = Callable[[Session, LetterReport], None]


class LetterGuard(Protocol):
    """Judges each letter once more as it leaves: what it was written for can have changed since."""

    def __call__(self, session: Session, outbox_key: int) -> str | None:
        """Return why the letter may not leave any more, None when it may."""

    def replace(self, session: Session, outbox_key: int, reason: str) -> None:
        """Put another letter in the place of one that may not leave, in this transaction.

        Raises a kind of ``RedressError`` when there can be none.
        """


def carry(
    house: House,
    claim: Claim,
    postman: Postman,
    *,
    by: Actor,
    lease: timedelta,
    listeners: tuple[LetterListener, ...] = (),
    guard: LetterGuard | None = None,
) -> None:
    """Send the letter of a claimed job and settle it; ``lease`` is what it is claimed for, counted anew.

    ``guard`` judges the letter once more as it leaves and replaces one that may not; where it cannot, the letter is given
    up with the reason. Raises ``FenceLost``: then nothing was noted, and if the claim was lost before, nothing was sent.
    """
    letter, refused = write(house.database, lambda session: _begin(house, session, claim, lease, guard))
    if letter is None:
        return
    if refused is not None and guard is not None:
        _put_another_in_its_place(house, claim, letter, refused, guard, by=by, listeners=listeners)
        return
    try:
        receipt = postman.send(
            Letter(
                letter.key,
                letter.recipient,
                letter.subject,
                letter.text,
                letter.html,
                letter.message_id,
                letter.queued_at,
            )
        )
    except LetterRefused as refusal:
        reason = str(refusal)
        write(house.database, lambda session: _give_up(house, session, claim, letter, reason, by, listeners))
    except Exception as problem:  # noqa: BLE001  (whatever the carrier stumbles over, the letter must not be lost)
        reason = str(problem) or type(problem).__name__
        write(house.database, lambda session: _delay(house, session, claim, letter, reason, by, listeners))
    else:
        write(house.database, lambda session: _done(house, session, claim, letter, receipt, listeners))


def _put_another_in_its_place(
    house: House,
    claim: Claim,
    letter: StoredLetter,
    reason: str,
    guard: LetterGuard,
    *,
    by: Actor,
    listeners: tuple[LetterListener, ...],
) -> None:
    def replace(session: Session) -> None:
        since = house.clock.now()
        guard.replace(session, letter.key, reason)
        outbox.go_on_trying(session, letter, tries=claim.tries, since=since)
        if not jobs.settle(session, claim, now=house.clock.now()):
            raise FenceLost(job=claim.key)
        outbox.mark(session, letter.key, "replaced", reply=reason)

    try:
        write(house.database, replace)
    except FenceLost:
        raise
    except RedressError as problem:
        why = f"{reason} {problem.message}"
        write(house.database, lambda session: _give_up(house, session, claim, letter, why, by, listeners))
    else:
        house.call_workers()


def _begin(
    house: House, session: Session, claim: Claim, lease: timedelta, guard: LetterGuard | None
) -> tuple[StoredLetter | None, str | None]:
    if not jobs.renew(session, claim, lease=lease, now=house.clock.now()):
        raise FenceLost(job=claim.key)
    letter = outbox.of_job(session, claim.key)
    if letter is None or letter.state not in (
        "queued",
        "sending",
        "dead",
    ):  # dead: somebody wants another try
        return None, None
    refused = guard(session, letter.key) if guard is not None else None
    if refused is None:
        outbox.mark(session, letter.key, "sending")
    return letter, refused


def _done(
    house: House,
    session: Session,
    claim: Claim,
    letter: StoredLetter,
    receipt: Receipt,
    listeners: tuple[LetterListener, ...],
) -> None:
    now = house.clock.now()
    if not jobs.settle(session, claim, now=now):
        raise FenceLost(job=claim.key)
    outbox.mark(session, letter.key, "sent", code=receipt.code, reply=receipt.reply, sent_at=now)
    _tell(
        session,
        listeners,
        LetterReport(letter.key, letter.case_key, "sent", now, receipt.code, receipt.reply),
    )


def _delay(
    house: House,
    session: Session,
    claim: Claim,
    letter: StoredLetter,
    reason: str,
    by: Actor,
    listeners: tuple[LetterListener, ...],
) -> None:
    if claim.tries >= len(LETTERS.waits):
        _give_up(house, session, claim, letter, reason, by, listeners)
        return
    now = house.clock.now()
    due_at = LETTERS.next_due(now, claim.tries + 1, key=claim.key)
    if not jobs.put_back(session, claim, due_at=due_at, now=now, message=reason):
        raise FenceLost(job=claim.key)
    outbox.mark(session, letter.key, "queued", reply=reason)


def _give_up(
    house: House,
    session: Session,
    claim: Claim,
    letter: StoredLetter,
    reason: str,
    by: Actor,
    listeners: tuple[LetterListener, ...],
) -> None:
    now = house.clock.now()
    step = Step(house, session, actor=by, command="give_up_letter")
    if letter.case_key is not None:
        step.lock("instance", letter.case_key)
    if not jobs.put_back(session, claim, due_at=now, now=now, message=reason, dead=True):
        raise FenceLost(job=claim.key)
    outbox.mark(session, letter.key, "dead", reply=reason)
    if letter.case_key is not None:
        step.rows.open_incident(
            step.head(letter.case_key),
            error_type="JOB_NO_RETRIES",
            code="letter_not_delivered",
            message=UNDELIVERED,
            job_key=claim.key,
            facts={"letter": letter.key},
        )
    _tell(session, listeners, LetterReport(letter.key, letter.case_key, "dead", now, None, reason))
    step.finish()


def release_held(house: House, key: int) -> None:
    """Send a letter after all that was held back or given up. Raises ``LetterNotFound``."""

    def work(session: Session) -> None:
        job_key = outbox.job_of(session, key)
        if job_key is None:
            raise LetterNotFound(letter=key)
        now = house.clock.now()
        outbox.mark(session, key, "queued")
        jobs.change(
            session,
            job_key,
            now=now,
            status="ready",
            state="CREATED",
            due_at=now,
            tries=0,
            claims=0,
            retries=LETTER_TRIES,
        )

    write(house.database, work)
    house.call_workers()


def letter_state(house: House, key: int) -> str | None:
    """Return how far a letter has come, or None if there is none."""
    return read(house.database, lambda session: outbox.state_of(session, key))


def _tell(session: Session, listeners: tuple[LetterListener, ...], report: LetterReport) -> None:
    for listener in listeners:
        listener(session, report)
