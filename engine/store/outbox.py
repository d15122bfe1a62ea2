"""Rows of outgoing letters and the jobs that carry them; what is sent, was sent, or cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.keys import Keys
from engine.retry import LETTER_TRIES
from engine.store import dialects
from engine.store.tables import jobs, outbox

URGENT = 100  # the priority of what leaves before all that wait
DOMAIN = "redress.invalid"  # of Message-IDs; no mail is ever addressed there


@dataclass(frozen=True, slots=True)
class StoredLetter:
    """A letter as it waits in the outbox."""

    key: int
    job_key: int
    case_key: int | None
    message_id: str
    recipient: str
    subject: str
    text: str
    html: str
    state: str
    queued_at: datetime


def queue_letter(
    session: Session,
    keys: Keys,
    *,
    case_key: int | None,
    recipient: str,
    subject: str,
    text: str,
    html: str,
    dedup: str,
    now: datetime,
    urgent: bool = False,
) -> int:
    """Store a letter and the job that sends it, in the caller's transaction, and return the outbox key.

    One that is ``urgent`` leaves before all that wait.

    Queueing the same ``dedup`` twice is one letter. The Message-ID follows from the job's key and never
    changes.
    """
    job_key, key = keys.next(), keys.next()
    stored = session.execute(
        dialects.insert(session, jobs)
        .values(
            key=job_key,
            kind="mail",
            type="mail",
            dedup_key=f"mail:{dedup}",
            due_at=now,
            retries=LETTER_TRIES,
            priority=URGENT if urgent else 0,
            root_key=case_key,
            instance_key=case_key,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing()
        .returning(jobs.c.key)
    ).scalar()
    if stored is None:
        known = sa.select(outbox.c.key).join(jobs, jobs.c.key == outbox.c.job_key)
        return int(session.execute(known.where(jobs.c.dedup_key == f"mail:{dedup}")).scalar_one())
    session.execute(
        sa.insert(outbox).values(
            key=key,
            job_key=job_key,
            case_key=case_key,
            message_id=f"<{job_key}@{DOMAIN}>",
            recipient=recipient.encode(),
            body=orjson.dumps({"subject": subject, "text": text, "html": html}),
            state="queued",
            queued_at=now,
        )
    )
    return key


def of_job(session: Session, job_key: int) -> StoredLetter | None:
    """Return the letter a job carries."""
    row = session.execute(sa.select(outbox).where(outbox.c.job_key == job_key)).first()
    if row is None:
        return None
    body = orjson.loads(row.body)
    return StoredLetter(
        key=row.key,
        job_key=row.job_key,
        case_key=row.case_key,
        message_id=row.message_id,
        recipient=bytes(row.recipient).decode(),
        subject=body["subject"],
        text=body["text"],
        html=body["html"],
        state=row.state,
        queued_at=row.queued_at,
    )


def go_on_trying(session: Session, before: StoredLetter, *, tries: int, since: datetime) -> None:
    """Count the ``tries`` of a letter on for what took its place ``since`` (aware UTC): patience is with the address, not the text."""
    placed = sa.select(outbox.c.job_key).where(
        outbox.c.case_key == before.case_key,
        outbox.c.recipient == before.recipient.encode(),
        outbox.c.queued_at >= since,
        outbox.c.key != before.key,
    )
    session.execute(
        sa.update(jobs)
        .where(jobs.c.key.in_(placed), jobs.c.tries == 0)
        .values(tries=tries, retries=max(1, LETTER_TRIES - tries))
    )


def mark(
    session: Session,
    key: int,
    state: str,
    *,
    code: int | None = None,
    reply: str | None = None,
    sent_at: datetime | None = None,
) -> None:
    """Note how far a letter has come, with the server's answer as evidence."""
    session.execute(
        sa.update(outbox)
        .where(outbox.c.key == key)
        .values(state=state, smtp_code=code, smtp_reply=reply and reply[:2000], sent_at=sent_at)
    )


def job_of(session: Session, key: int) -> int | None:
    """Return the job that carries a letter, or None."""
    return session.execute(sa.select(outbox.c.job_key).where(outbox.c.key == key)).scalar()


def state_of(session: Session, key: int) -> str | None:
    """Return how far a letter has come, or None."""
    return session.execute(sa.select(outbox.c.state).where(outbox.c.key == key)).scalar()
