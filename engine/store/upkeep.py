"""Keeping house: signs of life of workers, what is over is removed, answers to repeated requests are
remembered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine.errors import Conflict, Invalid
from engine.store import dialects, messages, tasks
from engine.store.tables import commands, idempotency, jobs, workers

KEPT = timedelta(hours=24)
LOCK_NOT_AVAILABLE = "55P03"  # the first request holds the key for longer than lock_timeout


class OtherBody(Invalid):
    """This idempotency key was used with another request."""

    code = "idempotency_key_reused"


class StillOpen(Conflict):
    """The first request with this idempotency key has not been answered yet."""

    code = "request_still_open"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request; ``replayed`` tells that it was given before."""

    status: int
    body: bytes
    replayed: bool = False


def once(
    session: Session,
    scope: str,
    key: str,
    request: bytes,
    work: Callable[[Session], Answer],
    *,
    now: datetime,
) -> Answer:
    """Do ``work`` the first time this key comes in ``scope``; later return the first answer.

    Raises ``OtherBody`` when the key comes with another request, ``StillOpen`` while the first is under way.
    """
    digest = hashlib.sha256(request).hexdigest()
    c = idempotency.c
    here = [c.scope == scope, c.key == key]
    session.execute(sa.delete(idempotency).where(*here, c.created_at < now - KEPT))
    place = dialects.insert(session, idempotency).values(
        scope=scope, key=key, body_sha256=digest, created_at=now
    )
    try:
        mine = session.execute(place.on_conflict_do_nothing().returning(c.key)).scalar()
    except OperationalError as problem:
        if getattr(problem.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise StillOpen(key=key) from problem
        raise
    if mine is None:
        row = session.execute(sa.select(c.body_sha256, c.status, c.response).where(*here)).one()
        if row.body_sha256 != digest:
            raise OtherBody(key=key)
        if row.status is None:
            raise StillOpen(key=key)
        return Answer(row.status, bytes(row.response or b""), replayed=True)
    answer = work(session)
    session.execute(sa.update(idempotency).where(*here).values(status=answer.status, response=answer.body))
    return answer


def beat(session: Session, name: str, host: str, *, chore: str | None, now: datetime) -> None:
    """Note that a process lives, and that a chore of it went well."""
    dialects.take_turns(session, f"beat:{name}")  # chores of one process end at the same time
    known = session.execute(sa.select(workers.c.chores).where(workers.c.name == name)).scalar()
    chores = dict(known or {})
    if chore is not None:
        chores[chore] = now.isoformat()
    row = {
        "name": name,
        "host": host,
        "started_at": now,
        "beat_at": now,
        "chores": chores,
        "clock_offset": 0.0,
    }
    statement = dialects.insert(session, workers).values(row)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"beat_at": statement.excluded.beat_at, "chores": statement.excluded.chores},
        )
    )


def beats(session: Session) -> dict[str, dict[str, Any]]:
    """Return the signs of life by worker name: started_at, beat_at, and when each of its chores last went
    well (aware UTC).
    """
    rows = session.execute(sa.select(workers))
    return {
        row.name: {
            "host": row.host,
            "started_at": row.started_at,
            "beat_at": row.beat_at,
            "chores": {chore: datetime.fromisoformat(at) for chore, at in row.chores.items()},
        }
        for row in rows
    }


def purge(session: Session, *, now: datetime) -> int:
    """Remove expired messages and answers, proofs of old commands, offers of closed tasks; return how
    many rows.
    """
    total = messages.purge(session, now) + tasks.purge_offers(session)
    for statement in (
        sa.delete(idempotency).where(idempotency.c.created_at < now - KEPT),
        sa.delete(commands).where(commands.c.done_at < now - KEPT),
        sa.delete(workers).where(workers.c.beat_at < now - 7 * KEPT),
    ):
        done: Any = session.execute(statement)
        total += int(done.rowcount)
    return total


def next_due(session: Session) -> datetime | None:
    """Return when the next job of ours is due."""
    return session.execute(
        sa.select(sa.func.min(jobs.c.due_at)).where(
            jobs.c.status == "ready", jobs.c.kind.in_(("timer", "own", "chore", "mail"))
        )
    ).scalar()
