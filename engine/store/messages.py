"""Rows of what waits for messages and signals, and of messages that wait for a catcher."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store.tables import instances, message_buffer, start_subscriptions, subscriptions

S, B, SS = subscriptions.c, message_buffer.c, start_subscriptions.c


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open subscription of a running instance; ``element_key`` is what a delivery is addressed to."""

    key: int
    instance_key: int
    root_key: int
    case_key: int
    process_id: str
    element_id: str
    element_key: int
    name: str
    correlation_key: str | None


@dataclass(frozen=True, slots=True)
class Starting:
    """A start event waiting for a message or signal."""

    key: int
    definition_key: int
    process_id: str
    element_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Buffered:
    """A published message still waiting; ``delivered`` are the process ids that have taken it."""

    key: int
    name: str
    correlation_key: str
    variables: bytes
    delivered: Sequence[str]
    publisher: Mapping[str, str] | None


def waiting(session: Session, kind: str, name: str, correlation_key: str | None) -> list[Waiting]:
    """Return the open subscriptions for this event, oldest first."""
    wanted = [S.kind == kind, S.name == name, S.state == "CREATED"]
    if kind == "message":
        wanted.append(S.correlation_key == correlation_key)
    rows = session.execute(
        sa.select(
            S.key,
            S.instance_key,
            S.root_key,
            instances.c.case_key,
            S.process_id,
            S.element_id,
            S.element_instance_key.label("element_key"),
            S.name,
            S.correlation_key,
        )
        .join(instances, instances.c.key == S.instance_key)
        .where(*wanted)
        .order_by(instances.c.started_at, S.key)
    ).all()
    return [Waiting(**row._mapping) for row in rows]


def is_open(session: Session, key: int) -> bool:
    """Tell whether a subscription still waits; ask with its family locked."""
    return session.execute(sa.select(S.state).where(S.key == key)).scalar() == "CREATED"


def starting(session: Session, kind: str, name: str) -> list[Starting]:
    """Return the open start subscriptions for this event, by process id."""
    rows = session.execute(
        sa.select(SS.key, SS.definition_key, SS.process_id, SS.element_id, SS.name)
        .where(SS.kind == kind, SS.name == name, SS.is_open)
        .order_by(SS.process_id, SS.key)
    ).all()
    return [Starting(**row._mapping) for row in rows]


def begun_by_events(session: Session) -> frozenset[int]:
    """Return the definitions that a message or signal starts."""
    by_event = SS.kind.in_(("message", "signal"))
    return frozenset(session.scalars(sa.select(SS.definition_key).where(by_event, SS.is_open).distinct()))


def conditional_starts(session: Session) -> list[int]:
    """Return the latest definitions that a condition starts, by process id."""
    rows = session.execute(
        sa.select(SS.definition_key, SS.process_id)
        .where(SS.kind == "conditional", SS.is_open)
        .distinct()
        .order_by(SS.process_id)
    )
    return [row.definition_key for row in rows]


def start_names(session: Session, process_id: str) -> list[str]:
    """Return the message names that start this process."""
    return list(
        session.execute(
            sa.select(SS.name).where(SS.kind == "message", SS.process_id == process_id, SS.is_open)
        ).scalars()
    )


def open_starts(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store start subscriptions."""
    if rows:
        session.execute(sa.insert(start_subscriptions), [dict(row) for row in rows])


def buffered(session: Session, wanted: Iterable[tuple[str, str]], *, now: datetime) -> list[Buffered]:
    """Return the messages still waiting for one of these (name, correlation key), oldest first."""
    rows = session.execute(
        sa.select(B.key, B.name, B.correlation_key, B.variables, B.delivered, B.publisher)
        .where(sa.tuple_(B.name, B.correlation_key).in_(list(wanted)), B.expires_at > now)
        .order_by(B.published_at, B.key)
    ).all()
    return [Buffered(**row._mapping) for row in rows]


def is_doubled(session: Session, name: str, correlation_key: str, message_id: str, *, now: datetime) -> bool:
    """Tell whether a message with this id is still buffered; one that has expired is removed."""
    same = [B.name == name, B.correlation_key == correlation_key, B.message_id == message_id]
    session.execute(sa.delete(message_buffer).where(*same, B.expires_at <= now))
    return session.execute(sa.select(B.key).where(*same)).first() is not None


def buffer(
    session: Session,
    *,
    key: int,
    name: str,
    correlation_key: str,
    message_id: str | None,
    variables: bytes,
    delivered: Sequence[str],
    publisher: Mapping[str, str],
    now: datetime,
    expires_at: datetime,
) -> None:
    """Keep a message until ``expires_at``, with the name and kind of its publisher."""
    session.execute(
        sa.insert(message_buffer).values(
            key=key,
            name=name,
            correlation_key=correlation_key,
            message_id=message_id,
            variables=variables,
            delivered=list(delivered),
            publisher=dict(publisher),
            published_at=now,
            expires_at=expires_at,
        )
    )


def note_delivery(session: Session, key: int, delivered: Sequence[str]) -> None:
    """Note the process ids that have taken a buffered message."""
    session.execute(sa.update(message_buffer).where(B.key == key).values(delivered=list(delivered)))


def purge(session: Session, now: datetime) -> int:
    """Remove the messages whose time to live is over and return how many there were."""
    done: Any = session.execute(sa.delete(message_buffer).where(B.expires_at <= now))
    return int(done.rowcount)
