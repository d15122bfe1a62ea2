"""Reading and writing what was deployed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store.tables import (
    decision_definitions,
    decision_requirements,
    forms,
    jobs,
    process_definitions,
    resources,
    start_subscriptions,
)

VERSIONED: Mapping[str, tuple[sa.Table, str]] = {
    "process": (process_definitions, "process_id"),
    "decision": (decision_definitions, "decision_id"),
    "requirements": (decision_requirements, "requirements_id"),
    "form": (forms, "form_id"),
}

_LATEST = {
    kind: sa.select(table)
    .where(table.c[identity] == sa.bindparam("identity"), table.c.state != "DELETED")
    .order_by(table.c.version.desc())
    .limit(1)
    for kind, (table, identity) in VERSIONED.items()
}


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """One version of something deployed; ``identity`` is its id in the file."""

    key: int
    kind: str
    identity: str
    version: int
    version_tag: str | None
    name: str | None
    resource_name: str
    resource_key: int
    deployment_key: int
    state: str
    requirements_key: int | None = None
    requirements_id: str | None = None
    has_start_form: bool = False
    start_form: Mapping[str, Any] | None = None


def by_key(session: Session, kind: str, key: int) -> DefinitionRow | None:
    """Return the definition with this key, or None."""
    table, _ = VERSIONED[kind]
    return _one(session, kind, sa.select(table).where(table.c.key == key))


def latest(session: Session, kind: str, identity: str) -> DefinitionRow | None:
    """Return the newest version that has not been deleted, or None."""
    row = session.execute(_LATEST[kind], {"identity": identity}).first()
    return None if row is None else _row(kind, row)


def newest_contents(session: Session, kind: str) -> list[tuple[str, bytes]]:
    """Return id and bytes of the newest version of everything of this kind that has not been deleted."""
    table, identity = VERSIONED[kind]
    alive = table.c.state != "DELETED"
    newest = (
        sa.select(table.c[identity], sa.func.max(table.c.version).label("version"))
        .where(alive)
        .group_by(table.c[identity])
        .subquery()
    )
    rows = session.execute(
        sa.select(table.c[identity], resources.c.content)
        .join(newest, sa.and_(newest.c[identity] == table.c[identity], newest.c.version == table.c.version))
        .join(resources, resources.c.key == table.c.resource_key)
        .where(alive)
        .order_by(table.c[identity])
    )
    return [(row[0], row[1]) for row in rows]


def tagged(session: Session, kind: str, identity: str, tag: str) -> DefinitionRow | None:
    """Return the newest version carrying this tag, or None."""
    table, _ = VERSIONED[kind]
    return _newest(session, kind, identity, table.c.version_tag == tag)


def numbered(session: Session, kind: str, identity: str, version: int) -> DefinitionRow | None:
    """Return this version, or None."""
    table, _ = VERSIONED[kind]
    return _newest(session, kind, identity, table.c.version == version)


def deployed_with(session: Session, kind: str, identity: str, deployment_key: int) -> DefinitionRow | None:
    """Return the version that came with this deployment, or None."""
    table, _ = VERSIONED[kind]
    return _newest(session, kind, identity, table.c.deployment_key == deployment_key)


def newest_version(session: Session, kind: str, identity: str) -> int:
    """Return the highest version ever given to this id, deleted ones included; 0 if there is none."""
    table, column = VERSIONED[kind]
    return (
        session.execute(sa.select(sa.func.max(table.c.version)).where(table.c[column] == identity)).scalar()
        or 0
    )


def of_resource(session: Session, kind: str, resource_key: int) -> list[DefinitionRow]:
    """Return what was found in one stored file, in the order of keys."""
    table, _ = VERSIONED[kind]
    rows = session.execute(sa.select(table).where(table.c.resource_key == resource_key).order_by(table.c.key))
    return [_row(kind, row) for row in rows]


def contents_besides(session: Session, known: Collection[int]) -> list[tuple[int, str, bytes]]:
    """Return key, kind and bytes of every stored diagram, table and form but those with a ``known`` key."""
    kinds = ("bpmn", "dmn", "form")
    keys = session.scalars(sa.select(resources.c.key).where(resources.c.kind.in_(kinds)))
    new = [key for key in keys if key not in known]
    rows = session.execute(
        sa.select(resources.c.key, resources.c.kind, resources.c.content).where(resources.c.key.in_(new))
    )
    return [(row.key, row.kind, bytes(row.content)) for row in rows] if new else []


def content(session: Session, resource_key: int) -> tuple[str, bytes] | None:
    """Return name and bytes of a stored file, or None."""
    row = session.execute(
        sa.select(resources.c.name, resources.c.content).where(resources.c.key == resource_key)
    ).first()
    return None if row is None else (row.name, bytes(row.content))


def resources_like(session: Session, name: str, sha256: str) -> list[int]:
    """Return the keys of the stored files with this name and content."""
    found = sa.select(resources.c.key).where(resources.c.name == name, resources.c.sha256 == sha256)
    return list(session.scalars(found))


def close_starts(session: Session, process_ids: Sequence[str], now: Any) -> None:
    """Close the start subscriptions and start timers of all versions of these processes."""
    session.execute(
        sa.update(start_subscriptions)
        .where(start_subscriptions.c.process_id.in_(process_ids), start_subscriptions.c.is_open)
        .values(is_open=False, updated_at=now)
    )
    session.execute(
        sa.update(jobs)
        .where(
            jobs.c.process_id.in_(process_ids),
            jobs.c.instance_key.is_(None),
            jobs.c.status == "ready",
            jobs.c.kind == "timer",
        )
        .values(status="cancelled", state="CANCELED", ended_at=now, updated_at=now)
    )


def close_starts_of(session: Session, definition_key: int, now: Any) -> None:
    """Close the start subscriptions and start timers of one version."""
    session.execute(
        sa.update(start_subscriptions)
        .where(start_subscriptions.c.definition_key == definition_key, start_subscriptions.c.is_open)
        .values(is_open=False, updated_at=now)
    )
    session.execute(
        sa.update(jobs)
        .where(
            jobs.c.definition_key == definition_key,
            jobs.c.instance_key.is_(None),
            jobs.c.status == "ready",
        )
        .values(status="cancelled", state="CANCELED", ended_at=now, updated_at=now)
    )


def _newest(session: Session, kind: str, identity: str, *more: Any) -> DefinitionRow | None:
    table, column = VERSIONED[kind]
    return _one(
        session,
        kind,
        sa.select(table)
        .where(table.c[column] == identity, table.c.state != "DELETED", *more)
        .order_by(table.c.version.desc())
        .limit(1),
    )


def _one(session: Session, kind: str, statement: Any) -> DefinitionRow | None:
    row = session.execute(statement).first()
    return None if row is None else _row(kind, row)


def _row(kind: str, row: Any) -> DefinitionRow:
    members = dict(row._mapping)
    members["identity"] = members.pop(VERSIONED[kind][1])
    known = DefinitionRow.__dataclass_fields__
    return DefinitionRow(kind=kind, **{name: value for name, value in members.items() if name in known})
