"""What of the engine a person may see over REST: nothing of complaints they are excluded from, of tasks only theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.complaints.guard import visible_tasks
from api.context import the_engine, the_person
from api.rest.search import NOTHING, Searchable, as_answer, read_query
from engine.commands.errors import InstanceNotFound, ScopeNotFound
from engine.errors import NotFound
from engine.questions import SERVICE_JOBS, WAITING_TIMERS
from engine.store import entities, instances
from engine.store.search import Condition, Query, search

R = TypeVar("R")
_ALWAYS: Mapping[int, tuple[Any, ...]] = {
    id(entities.JOBS): SERVICE_JOBS,
    id(entities.TIMERS): WAITING_TIMERS,
}


def found(what: Searchable, body: Mapping[str, Any], *more: Condition) -> dict[str, Any]:
    """Return what ``body`` asks for and the acting person may see, narrowed by ``more``. Raises ``FilterRefused``."""
    query = read_query(what, body)
    if query is None:
        return as_answer(NOTHING)
    if more:
        query = Query(
            (*query.where, *more),
            query.any_of,
            query.sort,
            query.limit,
            query.offset,
            query.after,
            query.before,
        )
    asked = query
    return as_answer(
        the_engine().read(
            lambda session: search(session, what.entity, asked, within=_within(session, what.entity))
        )
    )


def _within(session: Session, entity: Any) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = list(_ALWAYS.get(id(entity), ()))
    root = entity.columns.get("root_process_instance_key")
    hidden = _hidden(session)
    if hidden and root is not None:
        conditions.append(sa.or_(root.is_(None), root.not_in(list(hidden))))
    if entity is entities.TASKS:
        conditions.append(visible_tasks(the_person()))
    return conditions


def _hidden(session: Session) -> frozenset[int]:
    return the_engine().house.guard.hidden_cases(session, the_person().actor)


def seen(record: R, absent: Callable[[], NotFound]) -> R:
    """Return ``record`` unless its case is hidden from the acting person; then it must look as if it were ``absent``."""
    hidden = the_engine().read(_hidden)
    if getattr(record, "root_process_instance_key", None) in hidden:
        raise absent()
    return record


def admit_instance(key: int) -> None:
    """Return if the acting person may touch this process instance. Raises ``InstanceNotFound``."""
    if hidden := the_engine().read(_hidden):
        root = the_engine().read(lambda session: instances.root_of(session, key))
        if root in hidden:
            raise InstanceNotFound(key=key)


def admit_scope(key: int) -> None:
    """Return if the acting person may touch this process or element instance. Raises ``ScopeNotFound``."""
    if not (hidden := the_engine().read(_hidden)):
        return
    root = the_engine().read(lambda session: instances.root_of(session, key))
    if root is None:
        root = the_engine().element_instance(key).root_process_instance_key
    if root in hidden:
        raise ScopeNotFound(scope=key)
