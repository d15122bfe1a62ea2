"""Rows of incidents: one open incident per place and code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store import dialects
from engine.store.tables import element_instances, incidents


def new_row(
    *,
    key: int,
    now: datetime,
    place: str,
    error_type: str,
    code: str,
    message: str,
    facts: Mapping[str, Any] | None = None,
    **where: Any,
) -> dict[str, Any]:
    """Return the row of a new incident; ``where`` gives the keys and ids of what it concerns."""
    absent = dict.fromkeys(
        (
            "instance_key",
            "root_key",
            "definition_key",
            "process_id",
            "element_id",
            "element_instance_key",
            "job_key",
        )
    )
    return {
        **absent,
        **where,
        "key": key,
        "error_type": error_type,
        "code": code,
        "message": message[:10_000],
        "facts": dict(facts or {}),
        "state": "ACTIVE",
        "place": place,
        "created_at": now,
    }


def open_one(session: Session, row: Mapping[str, Any]) -> bool:
    """Store an incident unless one of this place and code is open; tell whether it was stored."""
    stored = session.execute(
        dialects.insert(session, incidents)
        .values(row)
        .on_conflict_do_nothing(index_elements=["place", "code"], index_where=sa.text("state = 'ACTIVE'"))
        .returning(incidents.c.key)
    ).scalar()
    if stored is not None and row["element_instance_key"] is not None:
        session.execute(
            sa.update(element_instances)
            .where(element_instances.c.key == row["element_instance_key"])
            .values(incident_key=row["key"])
        )
    return stored is not None


def close_at(session: Session, place: str, *, now: datetime, by: str) -> int:
    """Resolve what is open at ``place`` and return how many there were.

    For ``element:<key>`` that is also what its jobs failed at; ``all:<key>`` is everything of an instance.
    """
    kind, _, key = place.partition(":")
    here = incidents.c.place == place
    if kind == "element":
        here = incidents.c.element_instance_key == int(key)
    elif kind == "all":
        here = incidents.c.instance_key == int(key)
    return close(session, here, now=now, by=by)


def close(session: Session, condition: Any, *, now: datetime, by: str) -> int:
    """Resolve the open incidents that meet ``condition`` and return how many there were."""
    closed = session.execute(
        sa.update(incidents)
        .where(incidents.c.state == "ACTIVE", condition)
        .values(state="RESOLVED", resolved_at=now, resolved_by=by)
        .returning(incidents.c.element_instance_key)
    ).all()
    elements = [row.element_instance_key for row in closed if row.element_instance_key is not None]
    if elements:
        session.execute(
            sa.update(element_instances)
            .where(element_instances.c.key.in_(elements))
            .values(incident_key=None)
        )
    return len(closed)
