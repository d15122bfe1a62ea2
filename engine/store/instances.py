"""Rows of process instances: locking a family, reading and writing the live state."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import Broken
from engine.store.columns import Moment
from engine.store.errors import VersionConflict
from engine.store.tables import element_instances, instances, jobs, tasks

HEAD = [column for column in instances.c if column.name != "saved"]
_SEAL = 32  # bytes of the sha256 in front of the state
LOCATED: Mapping[str, sa.Table] = {
    "instance": instances,
    "task": tasks,
    "element": element_instances,
    "job": jobs,
}

_STORE = (
    sa.update(instances)
    .where(instances.c.key == sa.bindparam("instance"), instances.c.revision == sa.bindparam("seen"))
    .values(
        saved=sa.bindparam("live", type_=sa.LargeBinary),
        state=sa.bindparam("new_state"),
        definition_key=sa.bindparam("definition"),
        process_id=sa.bindparam("process"),
        revision=sa.bindparam("next"),
        changed_at=sa.bindparam("now", type_=Moment),
        ended_at=sa.bindparam("end", type_=Moment),
    )
)
_SAVED = sa.select(instances.c.saved).where(instances.c.key == sa.bindparam("instance"))
_READ = sa.select(*HEAD).where(instances.c.key == sa.bindparam("instance"))
_LOCK = {
    kind: sa.select(*HEAD)
    .where(
        instances.c.key
        == sa.select(table.c.root_key).where(table.c.key == sa.bindparam("member")).scalar_subquery()
    )
    .with_for_update()
    for kind, table in LOCATED.items()
}


@dataclass(slots=True)
class InstanceRow:
    """An instance as its row says, without the live state. Mutable: a step keeps it up to date."""

    key: int
    definition_key: int
    process_id: str
    parent_key: int | None
    parent_element_key: int | None
    root_key: int
    case_key: int
    depth: int
    business_id: str | None
    start_key: str | None
    tags: Sequence[str]
    state: str
    revision: int
    stop_after: Sequence[str]
    open_incidents: int
    started_at: datetime
    ended_at: datetime | None
    suspended_at: datetime | None
    changed_at: datetime

    @property
    def is_open(self) -> bool:
        """Tell whether it has not ended."""
        return self.state in ("ACTIVE", "SUSPENDED")


def lock_family_of(session: Session, kind: str, key: int) -> InstanceRow | None:
    """Lock the family of an instance, task, element or job (``kind``) and return its root, or None.

    All locks of a family hang on the root's row, so whoever changes a member comes here first.
    """
    return _row(session.execute(_LOCK[kind], {"member": key}).first())


def read(session: Session, key: int) -> InstanceRow | None:
    """Return the row of an instance, or None. Lock its family first when it is to be changed."""
    return _row(session.execute(_READ, {"instance": key}).first())


def root_of(session: Session, key: int) -> int | None:
    """Return the root key of an instance, or None."""
    return session.execute(sa.select(instances.c.root_key).where(instances.c.key == key)).scalar()


class StateDamaged(Broken):
    """The stored state of this process instance is not what was written; restore it from a backup."""

    code = "state_damaged"


def roots_of_case(case_key: int | None) -> sa.Select[tuple[int]]:
    """Return the query of the root instances of a case: its own, and those of what began beside it."""
    c = instances.c
    return sa.select(c.key).where(c.case_key == case_key, c.key == c.root_key)


def saved(session: Session, key: int) -> bytes | None:
    """Return the stored live state of an instance; None once it has ended. Raises ``StateDamaged``."""
    stored = session.execute(_SAVED, {"instance": key}).scalar()
    if stored is None:
        return None
    digest, live = bytes(stored[:_SEAL]), bytes(stored[_SEAL:])
    if hashlib.sha256(live).digest() != digest:
        raise StateDamaged(instance=key)
    return live


def child_of(session: Session, element_key: int) -> InstanceRow | None:
    """Return the open instance called by this element instance, or None."""
    return _row(
        session.execute(
            sa.select(*HEAD).where(
                instances.c.parent_element_key == element_key,
                instances.c.parent_key
                == sa.select(element_instances.c.instance_key)
                .where(element_instances.c.key == element_key)
                .scalar_subquery(),
                instances.c.state.in_(("ACTIVE", "SUSPENDED")),
            )
        ).first()
    )


def open_with_start_key(
    session: Session, process_id: str, start_key: str, *, but: Sequence[int] = ()
) -> bool:
    """Tell whether an instance started by a message with this key is stored as open; those of ``but`` do not count."""
    return (
        session.execute(
            sa.select(instances.c.key)
            .where(
                instances.c.process_id == process_id,
                instances.c.start_key == start_key,
                instances.c.state == "ACTIVE",
                instances.c.key.not_in(but),
            )
            .limit(1)
        ).first()
        is not None
    )


def insert(session: Session, row: InstanceRow, live: bytes | None) -> None:
    """Store a new instance."""
    values = {name: getattr(row, name) for name in InstanceRow.__slots__}
    session.execute(sa.insert(instances), values | {"saved": _sealed(live)})


def update(session: Session, row: InstanceRow, live: bytes | None) -> None:
    """Store the state of an instance and count its revision up. Raises ``VersionConflict``."""
    done: Any = session.execute(
        _STORE,
        {
            "instance": row.key,
            "seen": row.revision,
            "next": row.revision + 1,
            "live": _sealed(live),
            "new_state": row.state,
            "definition": row.definition_key,
            "process": row.process_id,
            "now": row.changed_at,
            "end": row.ended_at,
        },
    )
    if done.rowcount != 1:
        raise VersionConflict(instance=row.key, revision=row.revision)
    row.revision += 1


def count_incidents(session: Session, row: InstanceRow, change: int) -> None:
    """Add ``change`` to the open incidents of an instance and of all that called it."""
    line = [row.key]
    parent = row.parent_key
    while parent is not None:
        line.append(parent)
        parent = session.execute(sa.select(instances.c.parent_key).where(instances.c.key == parent)).scalar()
    session.execute(
        sa.update(instances)
        .where(instances.c.key.in_(line))
        .values(open_incidents=instances.c.open_incidents + change)
    )
    row.open_incidents += change


def open_in_family(session: Session, root_key: int) -> dict[int, str]:
    """Return the process ids of the instances of a family that have not ended, by key."""
    found = session.execute(
        sa.select(instances.c.key, instances.c.process_id).where(
            instances.c.root_key == root_key, instances.c.state.in_(("ACTIVE", "SUSPENDED"))
        )
    )
    return {row.key: row.process_id for row in found}


def family_below(session: Session, key: int) -> list[int]:
    """Return the keys of an instance and of all it called, directly or not."""
    line = sa.select(sa.literal(key, sa.BigInteger).label("key")).cte("below", recursive=True)
    line = line.union_all(sa.select(instances.c.key).join(line, instances.c.parent_key == line.c.key))
    return list(session.execute(sa.select(line.c.key)).scalars())


def _sealed(live: bytes | None) -> bytes | None:
    """Return the state behind its own sha256, so that damage is noticed before it is acted on."""
    return None if live is None else hashlib.sha256(live).digest() + live


def _row(row: Any) -> InstanceRow | None:
    return None if row is None else InstanceRow(**row._mapping)
