"""Comparing what the rows say with what the stored states say: every open case is loaded (nightly, of a
backup, and after a restore).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actors import SYSTEM
from engine.commands import family
from engine.commands.house import House
from engine.commands.step import Step
from engine.errors import RedressError
from engine.execution.run import Execution
from engine.store import incidents, instances
from engine.store.instances import InstanceRow
from engine.store.tables import instances as instances_table
from engine.store.tables import jobs, subscriptions, tasks
from engine.store.unit_of_work import read, write

MANY = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """An open case whose rows and state disagree, or whose state cannot be loaded; ``what`` says how."""

    instance_key: int
    what: str


def verify(house: House) -> tuple[Difference, ...]:
    """Load every open case, compare, and raise an incident for each that disagrees."""
    found: list[Difference] = []
    for difference in differences(house):
        write(house.database, partial(_raise, house=house, difference=difference))
        found.append(difference)
    return tuple(found)


def differences(house: House) -> Iterator[Difference]:
    """Load every open case and yield each that disagrees or cannot be loaded; nothing is written.

    A case that waits to be started has no state yet, and one with an incident is as well as any other.
    """
    last = 0
    while keys := read(house.database, partial(_next_keys, after=last)):
        last = keys[-1]
        for key in keys:
            what = read(house.database, partial(_look, house=house, key=key))
            if what is not None:
                yield Difference(key, what)


def _next_keys(session: Session, *, after: int) -> list[int]:
    c = instances_table.c
    rows = sa.select(c.key).where(c.state == "ACTIVE", c.key > after).order_by(c.key).limit(MANY)
    return list(session.execute(rows).scalars())


def _look(session: Session, *, house: House, key: int) -> str | None:
    """Return what is wrong with one case, None if nothing is; rows and state come from one view of the
    database.
    """
    row = instances.read(session, key)
    if row is None or not row.is_open:
        return None
    try:
        live = instances.saved(session, key)
        if live is None:
            return "The open case has no stored state."
        execution = _revived(session, house, row, live)
    except RedressError as problem:
        return f"The state cannot be loaded: {problem}"
    return _compared(session, key, execution)


def _revived(session: Session, house: House, row: InstanceRow, live: bytes) -> Execution:
    definition = house.catalogue.process(session, row.definition_key)
    world = Step(house, session, actor=SYSTEM, command="verify").world(row, definition)
    return family.revive(definition, row, live, world=world)


def _compared(session: Session, key: int, execution: Execution) -> str | None:
    waiting: dict[str, set[int]] = {
        "task": set(),
        "job": set(),
        "timer": set(),
        "message": set(),
        "signal": set(),
    }
    for one in execution.open_elements():
        if one.waiting_for in waiting:
            waiting[one.waiting_for].add(one.key)
    waiting["message"] |= waiting.pop("signal")
    t, j, s = tasks.c, jobs.c, subscriptions.c
    stored = {
        "task": sa.select(t.key).where(t.instance_key == key, t.state == "CREATED"),
        "job": sa.select(j.element_instance_key).where(
            j.instance_key == key, j.kind.in_(("service", "own")), j.status.in_(("ready", "dead"))
        ),
        "timer": sa.select(j.element_instance_key).where(
            j.instance_key == key, j.kind == "timer", j.status.in_(("ready", "dead"))
        ),
        "message": sa.select(s.element_instance_key).where(s.instance_key == key, s.state == "CREATED"),
    }
    for kind, query in stored.items():
        rows = set(session.execute(query).scalars())
        if rows != waiting[kind]:
            return f"The state waits for {kind} {sorted(waiting[kind])}, the rows for {sorted(rows)}."
    return None


def _raise(session: Session, *, house: House, difference: Difference) -> None:
    step = Step(house, session, actor=SYSTEM, command="verify")
    step.lock("instance", difference.instance_key)
    head = step.head(difference.instance_key)
    row = incidents.new_row(
        key=house.keys.next(),
        now=step.now,
        place=f"found:{head.key}",
        error_type="UNKNOWN",
        code="state_and_rows_differ",
        message=difference.what,
        instance_key=head.key,
        root_key=head.root_key,
        definition_key=head.definition_key,
        process_id=head.process_id,
    )
    if incidents.open_one(session, row):
        instances.count_incidents(session, head, 1)
