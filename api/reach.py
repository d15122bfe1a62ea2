"""What of the engine the acting person is shown, on pages and over REST: one filter, one veil, one way to be not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.complaints.access import unread_roots
from api.complaints.content import open_words, refuse_veil, shown_to, unread
from api.complaints.guard import visible_tasks
from api.context import the_engine, the_person
from api.identity.decide import reach
from engine.commands.errors import InstanceNotFound, ScopeNotFound
from engine.errors import NotFound
from engine.questions import SERVICE_JOBS, WAITING_TIMERS
from engine.store import entities, instances
from engine.store.records import InstanceRecord, VariableRecord
from engine.store.search import Entity, Page, Query, search
from engine.store.veil import veiled

R = TypeVar("R")
_ALWAYS: Mapping[int, tuple[Any, ...]] = {
    id(entities.JOBS): SERVICE_JOBS,
    id(entities.TIMERS): WAITING_TIMERS,
}


def page(entity: Entity[R], query: Query) -> Page[R]:
    """Return the page of what ``query`` asks for and the person may see."""
    return the_engine().read(lambda session: _page(session, entity, query))


def shown(records: Iterable[VariableRecord]) -> list[VariableRecord]:
    """Return variables, of cases the person may not read without what people wrote."""
    return list(the_engine().read(lambda session: _shown(session, records)))


def values(instance_key: int, found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the variables of an instance (plain data by name), veiled as ``shown`` does."""

    def work(session: Session) -> Mapping[str, Any]:
        if not unread(session, the_person(), (instances.root_of(session, instance_key),)):
            return found
        words = open_words(session, the_engine().house.catalogue, the_person())
        return {words.told(name): words.veil(name, value) for name, value in found.items()}

    return the_engine().read(work)


def seen(record: R, absent: Callable[[], NotFound]) -> R:
    """Return ``record`` as the person may see it. Raises ``absent``: its case is hidden from them, so it is not there."""
    if getattr(record, "root_process_instance_key", None) in hidden():
        raise absent()
    (found,) = the_engine().read(lambda session: _shown(session, (record,)))
    return found


def hidden() -> frozenset[int]:
    """Return the root instances that are not there for the person."""
    return the_engine().hidden_cases(the_person().actor)


def instance_seen(key: int) -> InstanceRecord:
    """Return a process instance that is there for the person. Raises ``InstanceNotFound``."""
    return seen(the_engine().instance(key), lambda: InstanceNotFound(key=key))


def scope_seen(key: int) -> None:
    """Return if this process or element instance is there for the person. Raises ``ScopeNotFound``."""
    if not (kept_out := hidden()):
        return
    root = the_engine().read(lambda session: instances.root_of(session, key))
    if root is None:
        root = the_engine().element_instance(key).root_process_instance_key
    if root in kept_out:
        raise ScopeNotFound(key=key)


def writable(variables: Any) -> Any:
    """Return variables about to be written. Raises ``ContentVeiled`` if a veil would replace what it stands for."""
    refuse_veil(variables)
    return variables


def _page(session: Session, entity: Entity[R], query: Query) -> Page[R]:
    person = the_person()
    conditions: list[sa.ColumnElement[bool]] = list(_ALWAYS.get(id(entity), ()))
    root = entity.columns.get("root_process_instance_key")
    kept_out = the_engine().house.access.hidden_cases(session, person.actor)
    if kept_out and root is not None:
        conditions.append(sa.or_(root.is_(None), root.not_in(list(kept_out))))
    if entity is entities.TASKS:
        conditions.append(visible_tasks(person))
    asked = entity
    if root is not None and not reach(person).every:
        words = open_words(session, the_engine().house.catalogue, person)
        asked = veiled(entity, unread_roots(person), words.among(query.texts()))
    found = search(session, asked, query, within=conditions)
    return Page(
        _shown(session, found.items),
        found.total,
        found.more,
        found.start_cursor,
        found.end_cursor,
    )


def _shown(session: Session, records: Iterable[R]) -> tuple[R, ...]:
    return shown_to(session, the_engine().house.catalogue, the_person(), records)
