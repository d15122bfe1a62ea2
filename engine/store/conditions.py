"""Conditions of searches that are more than a comparison: lists, variables, elements, latest versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from engine import values
from engine.store import tables
from engine.store.errors import SearchRefused
from engine.store.search import Condition, compare, like_pattern

C, E = tables.instances.c, tables.element_instances.c
N, V = tables.incidents.c, tables.variables.c
Special = Callable[[str, Any], sa.ColumnElement[bool]]


def listed(column: Any) -> Special:
    """Return the condition for a column that holds a JSON list of texts: some item is, or is like, the
    value.
    """
    stored = sa.type_coerce(column, sa.Text)

    def holds(op: str, value: Any) -> sa.ColumnElement[bool]:
        if op == "exists":
            return stored != "[]" if value else stored == "[]"
        items = value if isinstance(value, (list, tuple)) else [value]
        if not all(isinstance(item, str) for item in items):
            raise SearchRefused(problem="texts are needed")
        if op == "like":
            return stored.like(f'%"{like_pattern(items[0])}"%', escape="\\")
        quoted = [
            values.to_text(item).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            for item in items
        ]
        found = sa.or_(*(stored.like(f"%{item}%", escape="\\") for item in quoted))
        if op in ("eq", "in"):
            return found
        if op in ("neq", "notIn"):
            return sa.not_(found)
        raise SearchRefused(operator=op, problem="no such operator for this field")

    return holds


def all_listed(column: Any) -> Special:
    """Return the condition that a JSON list holds every one of the given texts."""
    one = listed(column)

    def holds(op: str, value: Any) -> sa.ColumnElement[bool]:
        items = value if isinstance(value, (list, tuple)) else [value]
        return sa.and_(sa.true(), *(one(op, item) for item in items))

    return holds


def variable(scope: Any) -> Special:
    """Return the condition on a variable of ``scope``: the value is ``(name, JSON text)``."""

    def holds(op: str, value: Any) -> sa.ColumnElement[bool]:
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise SearchRefused(field="variables", problem="a name and a value are needed")
        name, wanted = value
        condition = compare(V.value, "text", Condition("variables", op, wanted))
        return sa.exists().where(V.scope_key == scope, V.name == name, condition)

    return holds


def element(column: Any, kind: Any) -> Special:
    """Return the condition that some element instance of the process instance has this."""

    def holds(op: str, value: Any) -> sa.ColumnElement[bool]:
        condition = compare(column, kind, Condition("element", op, value))
        return sa.exists().where(E.instance_key == C.key, condition)

    return holds


def incident_message(op: str, value: Any) -> sa.ColumnElement[bool]:
    """Return the condition that an open incident of the process instance says this."""
    condition = compare(N.message, "text", Condition("error_message", op, value))
    return sa.exists().where(N.instance_key == C.key, N.state == "ACTIVE", condition)


def only_latest(table: sa.Table, identity: str) -> Special:
    """Return the condition that a version is (not) the newest of its id."""
    newer = table.alias("newer")

    def holds(op: str, value: Any) -> sa.ColumnElement[bool]:
        if op != "eq":
            raise SearchRefused(operator=op, problem="no such operator for this field")
        latest = ~sa.exists().where(
            newer.c[identity] == table.c[identity],
            newer.c.version > table.c.version,
            newer.c.state != "DELETED",
        )
        return latest if value else sa.not_(latest)

    return holds
