"""Handing jobs to outside workers, at once or as soon as there is one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from sqlalchemy.orm import Session

from engine.actors import Actor
from engine.commands.errors import JobRefused
from engine.commands.house import House
from engine.store import jobs, reading
from engine.store.records import ActivatedJob
from engine.store.unit_of_work import read, write

LOOK_AGAIN = 1.0  # seconds: another process may have opened one
OURS = "redress:"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a worker asks for; ``fetch`` names the variables it wants, None all that are visible.

    Of a case whose content ``by`` may not read, only what the job's own input mappings name is handed over.
    """

    job_type: str
    worker: str
    timeout: timedelta
    limit: int
    fetch: Sequence[str] | None
    by: Actor


def activate_jobs(
    house: House, asked: Asked, *, wait: timedelta | None, stop: threading.Event | None
) -> tuple[ActivatedJob, ...]:
    """Return leased jobs by priority, then age; none after ``wait`` (None: at once). Our own types are
    never handed out.

    Waiting holds no database connection. Raises ``JobRefused``.
    """
    if not asked.job_type or asked.timeout <= timedelta(0) or asked.limit < 1:
        raise JobRefused("A job type, a timeout and a number of jobs are needed.")
    until = monotonic() + (wait.total_seconds() if wait is not None else 0.0)
    while True:
        seen = house.wakeup.count()
        if stop is not None and stop.is_set():
            return ()
        if not asked.job_type.startswith(OURS) and read(
            house.database, lambda session: _any(house, session, asked)
        ):
            found = write(house.database, lambda session: _take(house, session, asked))
            if found:
                return found
        left = until - monotonic()
        if left <= 0:
            return ()
        house.wakeup.wait(seen, min(left, LOOK_AGAIN))


def _any(house: House, session: Session, asked: Asked) -> bool:
    kept = house.access.kept_work(session, asked.by)
    return jobs.has_offer(session, asked.job_type, now=house.clock.now(), besides=kept)


def _take(house: House, session: Session, asked: Asked) -> tuple[ActivatedJob, ...]:
    now = house.clock.now()
    keys = jobs.offer(
        session,
        asked.job_type,
        worker=asked.worker,
        now=now,
        deadline=now + asked.timeout,
        limit=asked.limit,
        besides=house.access.kept_work(session, asked.by),
    )
    if not keys:
        return ()
    fetch = None if asked.fetch is None else list(asked.fetch)
    return tuple(
        reading.activated_jobs(
            session, keys, fetch, whole=lambda case: house.access.reads_content(session, asked.by, case)
        )
    )
