"""Rows of jobs: claiming under a lease, renewing, settling under the fence, and handing out to outside
workers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import INTERVAL
from sqlalchemy.orm import Session

from engine.store import dialects
from engine.store.columns import MICROSECOND, Moment
from engine.store.tables import jobs

J = jobs.c
MOST_CLAIMS = 5  # pick-ups never settled; then the job is suspected of killing its workers


@dataclass(frozen=True, slots=True)
class Claim:
    """A job leased to one of our workers; ``fence`` proves that it still is."""

    key: int
    kind: str
    type: str
    fence: int
    owner: str
    due_at: datetime
    instance_key: int | None
    root_key: int | None
    definition_key: int | None
    element_id: str | None
    element_instance_key: int | None
    occurrence: int
    rule: Mapping[str, Any] | None
    headers: Mapping[str, str]
    retries: int
    tries: int


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as commands need it."""

    key: int
    kind: str
    type: str
    status: str
    state: str
    due_at: datetime
    retries: int
    tries: int
    instance_key: int | None
    root_key: int | None
    element_id: str | None
    element_instance_key: int | None
    occurrence: int
    rule: Mapping[str, Any] | None
    deadline: datetime | None


CLAIM_COLUMNS = [J[name] for name in Claim.__slots__ if name != "owner"]
ROW_COLUMNS = [J[name] for name in JobRow.__slots__]


def claim(
    session: Session,
    kinds: Sequence[str],
    *,
    owner: str,
    lease: timedelta,
    limit: int,
    now: datetime,
    types: Sequence[str],
    urgent_first: bool = False,
) -> list[Claim]:
    """Lease up to ``limit`` due jobs to ``owner``, the longest due first. A transaction of its own.

    ``types`` are those of kind ``own`` that are meant. With ``urgent_first`` the priority of a job comes before its due moment:
    for lines in which few jobs are due at a time, as all of these are looked at.
    """
    sqlite = dialects.is_sqlite(session)
    clock: Any = sa.literal(now, J.lease_until.type) if sqlite else dialects.now(session)
    span = _span(session, lease)
    free = sa.or_(
        J.lease_until.is_(None), J.lease_until < clock, J.lease_until > clock + _span(session, 2 * lease)
    )
    wanted = [J.status == "ready", J.due_at <= now, *_meant(kinds, types), J.claims < MOST_CLAIMS, free]
    order = (J.priority.desc(), J.due_at) if urgent_first else (J.due_at,)
    picked = sa.select(J.key).where(*wanted).order_by(*order).limit(limit)
    rows = session.execute(
        sa.update(jobs)
        .where(J.key.in_(_locked(session, picked)))
        .values(lease_owner=owner, lease_until=clock + span, fence=J.fence + 1, claims=J.claims + 1)
        .returning(*CLAIM_COLUMNS)
        .execution_options(synchronize_session=False)
    ).all()
    claims = [Claim(owner=owner, **row._mapping) for row in rows]
    return sorted(claims, key=lambda one: (one.due_at, one.key))


def renew(session: Session, claim: Claim, *, lease: timedelta, now: datetime) -> bool:
    """Prolong a lease; False means that somebody else has the job now: stop at once."""
    clock: Any = sa.literal(now, J.lease_until.type) if dialects.is_sqlite(session) else dialects.now(session)
    done: Any = session.execute(
        sa.update(jobs).where(*_ours(claim)).values(lease_until=clock + _span(session, lease))
    )
    return bool(done.rowcount == 1)


_SETTLE = (
    sa.update(jobs)
    .where(
        J.key == sa.bindparam("job"),
        J.fence == sa.bindparam("seen"),
        J.lease_owner == sa.bindparam("owner"),
        J.status == "ready",
    )
    .values(
        status="done",
        state=sa.bindparam("new_state"),
        claims=0,
        lease_owner=None,
        lease_until=None,
        updated_at=sa.bindparam("now", type_=Moment),
        ended_at=sa.bindparam("now", type_=Moment),
    )
)
_DONE = (
    sa.update(jobs)
    .where(J.key == sa.bindparam("job"))
    .values(
        status="done",
        state="COMPLETED",
        claims=0,
        lease_owner=None,
        lease_until=None,
        updated_at=sa.bindparam("now", type_=Moment),
        ended_at=sa.bindparam("now", type_=Moment),
    )
)
_NEXT_TIMER = (
    sa.select(*ROW_COLUMNS)
    .where(
        J.root_key == sa.bindparam("root"),
        J.kind == "timer",
        J.status == "ready",
        J.due_at <= sa.bindparam("now", type_=Moment),
    )
    .order_by(J.due_at, J.key)
    .limit(1)
)


def settle(session: Session, claim: Claim, *, now: datetime, state: str = "COMPLETED") -> bool:
    """Mark a claimed job done; False when the fence is lost, then everything must be rolled back."""
    given = {"job": claim.key, "seen": claim.fence, "owner": claim.owner, "new_state": state, "now": now}
    done: Any = session.execute(_SETTLE, given)
    return bool(done.rowcount == 1)


def add_chores(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store jobs of kind chore."""
    session.execute(sa.insert(jobs), [dict(row) for row in rows])


def payload_of(session: Session, key: int) -> bytes:
    """Return the payload of a job."""
    return bytes(session.execute(sa.select(J.payload).where(J.key == key)).scalar() or b"")


def take_timer(session: Session, key: int, *, now: datetime) -> None:
    """Mark a ready timer done, whoever may have claimed it; its family must be locked."""
    session.execute(_DONE, {"job": key, "now": now})


def due_timer(session: Session, root_key: int, *, now: datetime) -> JobRow | None:
    """Return the timer of a family that has been due the longest, or None."""
    row = session.execute(_NEXT_TIMER, {"root": root_key, "now": now}).first()
    return None if row is None else JobRow(**row._mapping)


def put_back(
    session: Session,
    claim: Claim,
    *,
    due_at: datetime,
    now: datetime,
    message: str,
    code: str | None = None,
    dead: bool = False,
) -> bool:
    """Note a failed try: due again at ``due_at``, or ``dead``; False when the fence is lost."""
    done: Any = session.execute(
        sa.update(jobs)
        .where(*_ours(claim), J.status == "ready")
        .values(
            status="dead" if dead else "ready",
            state="FAILED",
            tries=J.tries + 1,
            retries=0 if dead else sa.func.coalesce(sa.case((J.retries > 1, J.retries - 1), else_=1), 1),
            claims=0,
            lease_owner=None,
            lease_until=None,
            due_at=due_at,
            error_message=message[:10_000],
            error_code=code,
            updated_at=now,
        )
    )
    return bool(done.rowcount == 1)


def release(session: Session, claims: Sequence[Claim]) -> None:
    """Give back jobs that were claimed and not begun; they cost no try."""
    for one in claims:
        session.execute(
            sa.update(jobs)
            .where(*_ours(one))
            .values(lease_owner=None, lease_until=None, claims=sa.case((J.claims > 0, J.claims - 1), else_=0))
        )


def next_due(session: Session, kinds: Sequence[str], types: Sequence[str]) -> datetime | None:
    """Return when the next job that ``claim`` would lease is due, one that nobody has leased."""
    return session.execute(
        sa.select(sa.func.min(J.due_at)).where(
            J.status == "ready", *_meant(kinds, types), J.claims < MOST_CLAIMS, J.lease_until.is_(None)
        )
    ).scalar()


Besides = Collection[int] | sa.Select[tuple[int]]  # root instances: their keys, or a query of them


def _besides(roots: Besides) -> sa.ColumnElement[bool]:
    return J.root_key.not_in(roots if isinstance(roots, sa.Select) else list(roots))


def offer(
    session: Session,
    job_type: str,
    *,
    worker: str,
    now: datetime,
    deadline: datetime,
    limit: int,
    besides: Besides = (),
) -> list[int]:
    """Hand up to ``limit`` free jobs of a type to an outside worker until ``deadline``: by priority, then
    age. Those of the root instances in ``besides`` are left.
    """
    picked = (
        sa.select(J.key)
        .where(
            J.status == "ready",
            J.kind == "service",
            J.type == job_type,
            J.due_at <= now,
            sa.or_(J.deadline.is_(None), J.deadline <= now),
            _besides(besides),
        )
        .order_by(J.priority.desc(), J.key)
        .limit(limit)
    )
    return sorted(
        session.execute(
            sa.update(jobs)
            .where(J.key.in_(_locked(session, picked)))
            .values(worker=worker, deadline=deadline, updated_at=now)
            .returning(J.key)
        ).scalars()
    )


def has_offer(session: Session, job_type: str, *, now: datetime, besides: Besides = ()) -> bool:
    """Tell whether a job of this type is free; one indexed query, so that empty polls are cheap."""
    return (
        session.execute(
            sa.select(J.key)
            .where(
                J.status == "ready",
                J.kind == "service",
                J.type == job_type,
                J.due_at <= now,
                sa.or_(J.deadline.is_(None), J.deadline <= now),
                _besides(besides),
            )
            .limit(1)
        ).first()
        is not None
    )


def read(session: Session, key: int) -> JobRow | None:
    """Return a job, or None; lock its family first when it is to be changed."""
    row = session.execute(sa.select(*ROW_COLUMNS).where(J.key == key)).first()
    return None if row is None else JobRow(**row._mapping)


def change(session: Session, key: int, *, now: datetime, **values: Any) -> None:
    """Change a job."""
    session.execute(sa.update(jobs).where(J.key == key).values(updated_at=now, **values))


def _locked(session: Session, picked: sa.Select[Any]) -> Any:
    """Return the chosen keys, passing over rows others have locked; materialised, so that LIMIT is exact."""
    if dialects.is_sqlite(session):
        return picked
    chosen = picked.with_for_update(skip_locked=True).cte("picked").prefix_with("MATERIALIZED")
    return sa.select(sa.column("key")).select_from(chosen)


def _meant(kinds: Sequence[str], types: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    return [J.kind.in_(kinds), sa.or_(J.kind != "own", J.type.in_(types))]


def _ours(claim: Claim) -> list[sa.ColumnElement[bool]]:
    return [J.key == claim.key, J.fence == claim.fence, J.lease_owner == claim.owner]


def _span(session: Session, lease: timedelta) -> Any:
    if dialects.is_sqlite(session):
        return sa.literal(lease // MICROSECOND, sa.BigInteger)
    return sa.literal(lease, INTERVAL())
