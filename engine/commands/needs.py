"""What running instances stand on and may still come to need: named by their diagrams, by what those call, by what may begin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.house import House
from engine.dialect import Binding
from engine.dialect.model import Element
from engine.dialect.values import Formula, Value
from engine.store import messages
from engine.store.definitions import VERSIONED, DefinitionRow
from engine.store.tables import instances, tasks

_RUNNING = instances.c.state.in_(("ACTIVE", "SUSPENDED"))


@dataclass(frozen=True, slots=True)
class Need:
    """A running instance that needs a definition; ``named_by`` are the ids of the processes on its way that name it."""

    instance_key: int
    root_key: int
    case_key: int
    named_by: frozenset[str]


def standing_on(session: Session, row: DefinitionRow) -> list[Need]:
    """Return the running instances of a process, or with an open task that has this form."""
    if row.kind == "process":
        return _running(session, instances.c.definition_key == row.key)
    if row.kind == "form":
        open_tasks = sa.select(tasks.c.instance_key).where(
            tasks.c.form_key == row.key, tasks.c.state == "CREATED"
        )
        return _running(session, instances.c.key.in_(open_tasks))
    return []


class Reach:
    """How far running instances reach, as it is now: the processes they call, those that call further, and those that an event
    begins, because a case of the register or the service may throw it at any time.
    """

    def __init__(self, house: House, session: Session) -> None:
        """Nothing is looked up yet."""
        self._house, self._session = house, session
        self._called: dict[int, frozenset[int]] = {}

    def needing(self, row: DefinitionRow) -> list[Need]:
        """Return the running instances that may come to need ``row`` and would find nothing in its place."""
        found: list[Need] = []
        begun = messages.begun_by_events(self._session)
        beside = self.naming(row, begun)
        keys = self._session.scalars(sa.select(instances.c.definition_key).where(_RUNNING).distinct()).all()
        for key in keys:
            here = instances.c.definition_key == key
            named_by = self.naming(row, [key])
            if named_by:
                found += _running(self._session, here, named_by)
            elif beside or (row.kind == "process" and row.key in begun):
                found += filter(self._is_conducted, _running(self._session, here, beside))
        return found

    def _is_conducted(self, need: Need) -> bool:
        return self._house.access.is_conducted(self._session, need.case_key)

    def naming(self, row: DefinitionRow, keys: Iterable[int]) -> frozenset[str]:
        """Return the ids of the processes among these, and all they call, that name what only ``row`` is."""
        catalogue, session = self._house.catalogue, self._session
        found: set[str] = set()
        for key in self._with_called(keys):
            deployment = catalogue.row(session, "process", key).deployment_key
            process = catalogue.process(session, key)
            if any(
                name == row.identity and is_only(session, row, binding, deployment)
                for element in process.elements.values()
                for name, binding in _named(element, row.kind)
            ):
                found.add(process.process_id)
        return frozenset(found)

    def _with_called(self, keys: Iterable[int]) -> set[int]:
        reached, left = set(keys), list(keys)
        while left:
            new = self._calls(left.pop()) - reached
            reached |= new
            left += new
        return reached

    def _calls(self, key: int) -> frozenset[int]:
        if key not in self._called:
            catalogue, session = self._house.catalogue, self._session
            deployment = catalogue.row(session, "process", key).deployment_key
            bound = (
                catalogue.bound(session, "process", name, binding, deployment)
                for element in catalogue.process(session, key).elements.values()
                for name, binding in _named(element, "process")
            )
            self._called[key] = frozenset(one.key for one in bound if one is not None)
        return self._called[key]


def is_only(
    session: Session, row: DefinitionRow, binding: Binding, deployment_key: int | None = None
) -> bool:
    """Tell whether a binding, of a process of this deployment, means ``row`` and would mean nothing without it."""
    table, identity = VERSIONED[row.kind]
    meant = [table.c[identity] == row.identity, table.c.state != "DELETED"]
    if binding.kind == "deployment":
        meant.append(table.c.deployment_key == deployment_key)
    elif binding.kind == "versionTag":
        meant.append(table.c.version_tag == (binding.version_tag or ""))
    return session.scalars(sa.select(table.c.key).where(*meant)).all() == [row.key]


def _named(element: Element, kind: str) -> Iterator[tuple[str, Binding]]:
    """Yield what an element itself names of a kind, and which version it means; what it computes nobody knows yet."""
    named: tuple[Value, Binding] | None = None
    if kind == "form" and element.form is not None:
        named = element.form.form_id, element.form.binding
    elif kind == "decision" and element.decision is not None:
        named = element.decision.decision_id, element.decision.binding
    elif kind == "process" and element.call is not None:
        named = element.call.process_id, element.call.binding
    if named is not None and named[0] is not None and not isinstance(named[0], Formula):
        yield named[0], named[1]


def _running(
    session: Session, here: sa.ColumnElement[bool], named_by: frozenset[str] = frozenset()
) -> list[Need]:
    """Return the running instances there; where nothing else names what they need, their own process does."""
    c = instances.c
    rows = session.execute(sa.select(c.key, c.root_key, c.case_key, c.process_id).where(_RUNNING, here))
    return [
        Need(row.key, row.root_key, row.case_key, named_by or frozenset((row.process_id,))) for row in rows
    ]
