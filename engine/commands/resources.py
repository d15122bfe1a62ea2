"""Deleting what was deployed, unless running instances stand on it."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actors import Actor
from engine.commands.errors import ResourceInUse, ResourceNotFound
from engine.commands.house import House
from engine.dialect import Binding
from engine.dialect.model import Element
from engine.dialect.values import Formula, Value
from engine.store import definitions
from engine.store.definitions import VERSIONED, DefinitionRow
from engine.store.tables import instances, tasks

_RUNNING = instances.c.state.in_(("ACTIVE", "SUSPENDED"))


def delete_resource(house: House, session: Session, key: int, *, by: Actor) -> None:
    """Withdraw one version of a process, decision, graph of decisions or form: nothing new binds to it.

    Its number is never given again. Raises ``ResourceNotFound``; ``ResourceInUse`` while instances run on it, have an open
    task with it, or would find nothing in its place where their diagram names it, with how many of them ``by`` may know of.
    """
    for kind in VERSIONED:
        row = definitions.by_key(session, kind, key)
        if row is None:
            continue
        if row.state == "DELETED":
            break
        withdrawn = [row, *_decisions_of(session, row)]
        _refuse_in_use(house, session, withdrawn, by=by)
        if kind == "process":
            definitions.close_starts_of(session, key, house.clock.now())
        for one in withdrawn:
            gone = VERSIONED[one.kind][0]
            session.execute(sa.update(gone).where(gone.c.key == one.key).values(state="DELETED"))
            house.catalogue.forget(one.kind, one.key)
        return
    raise ResourceNotFound(key=key)


def _decisions_of(session: Session, row: DefinitionRow) -> list[DefinitionRow]:
    """Return the decisions that go with a graph of decisions, none for anything else."""
    if row.kind != "requirements":
        return []
    found = definitions.of_resource(session, "decision", row.resource_key)
    return [one for one in found if one.requirements_key == row.key and one.state != "DELETED"]


def _refuse_in_use(house: House, session: Session, withdrawn: list[DefinitionRow], *, by: Actor) -> None:
    bound: dict[int, int] = {}
    for row in withdrawn:
        bound |= _standing_on(session, row) | _naming(house, session, row)
    if bound:
        hidden = house.access.hidden_cases(session, by)
        seen = sum(root not in hidden for root in bound.values())
        raise ResourceInUse(key=withdrawn[0].key, **({"instances": seen} if seen else {}))


def _standing_on(session: Session, row: DefinitionRow) -> dict[int, int]:
    """Return the running instances of a process, or with an open task that has this form; each with its root."""
    if row.kind == "process":
        here = instances.c.definition_key == row.key
    elif row.kind == "form":
        open_tasks = sa.select(tasks.c.instance_key).where(
            tasks.c.form_key == row.key, tasks.c.state == "CREATED"
        )
        here = instances.c.key.in_(open_tasks)
    else:
        return {}
    return _running(session, here)


def _naming(house: House, session: Session, row: DefinitionRow) -> dict[int, int]:
    """Return the running instances whose diagram names what ``row`` is the only version of that their binding may mean."""
    found: dict[int, int] = {}
    running = sa.select(instances.c.definition_key).where(_RUNNING).distinct()
    for key in session.scalars(running).all():
        deployment = house.catalogue.row(session, "process", key).deployment_key
        process = house.catalogue.process(session, key)
        if any(
            not isinstance(name, Formula)
            and name == row.identity
            and _is_only(session, row, binding, deployment)
            for element in process.elements.values()
            for name, binding in _named(element, row.kind)
        ):
            found |= _running(session, instances.c.definition_key == key)
    return found


def _named(element: Element, kind: str) -> Iterator[tuple[Value, Binding]]:
    """Yield what an element names of a kind, and which version it means."""
    if kind == "form" and element.form is not None:
        yield element.form.form_id, element.form.binding
    elif kind == "decision" and element.decision is not None:
        yield element.decision.decision_id, element.decision.binding
    elif kind == "process" and element.call is not None:
        yield element.call.process_id, element.call.binding


def _is_only(session: Session, row: DefinitionRow, binding: Binding, deployment_key: int) -> bool:
    """Tell whether a binding of a process of this deployment means ``row`` and would mean nothing without it."""
    table, identity = VERSIONED[row.kind]
    meant = [table.c[identity] == row.identity, table.c.state != "DELETED"]
    if binding.kind == "deployment":
        meant.append(table.c.deployment_key == deployment_key)
    elif binding.kind == "versionTag":
        meant.append(table.c.version_tag == (binding.version_tag or ""))
    return session.scalars(sa.select(table.c.key).where(*meant)).all() == [row.key]


def _running(session: Session, here: sa.ColumnElement[bool]) -> dict[int, int]:
    rows = session.execute(sa.select(instances.c.key, instances.c.root_key).where(_RUNNING, here))
    return {row.key: row.root_key for row in rows}
