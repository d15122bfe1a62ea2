"""Deleting what was deployed."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actors import Actor
from engine.commands.errors import ResourceInUse, ResourceNotFound
from engine.commands.house import House
from engine.store import definitions
from engine.store.definitions import VERSIONED


def delete_resource(house: House, session: Session, key: int, *, by: Actor) -> None:  # noqa: ARG001
    """Withdraw one version of a process, decision, graph of decisions or form: nothing new binds to it.

    Its number is never given again. Raises ``ResourceNotFound``, ``ResourceInUse`` while instances run.
    """
    for kind, (table, _) in VERSIONED.items():
        row = definitions.by_key(session, kind, key)
        if row is None:
            continue
        if row.state == "DELETED":
            break
        if kind == "process":
            running = definitions.running_instances(session, key)
            if running:
                raise ResourceInUse(key=key, instances=running)
            definitions.close_starts_of(session, key, house.clock.now())
        session.execute(sa.update(table).where(table.c.key == key).values(state="DELETED"))
        if kind == "requirements":
            decisions = VERSIONED["decision"][0]
            session.execute(
                sa.update(decisions).where(decisions.c.requirements_key == key).values(state="DELETED")
            )
        house.catalogue.forget(kind, key)
        return
    raise ResourceNotFound(key=key)
