"""Searching: named fields, operators, sorting and paging, turned into one bounded query."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store.errors import SearchRefused

R = TypeVar("R")
MOST = 10_000  # rows of a page, and how far a total is counted
Kind = Literal["text", "number", "key", "moment", "flag", "state"]
EQUALITY = ("eq", "neq", "exists", "in")
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "text": (*EQUALITY, "notIn", "like"),
    "state": (*EQUALITY, "notIn", "like"),
    "key": (*EQUALITY, "notIn"),
    "number": (*EQUALITY, "gt", "gte", "lt", "lte"),
    "moment": (*EQUALITY, "gt", "gte", "lt", "lte"),
    "flag": ("eq", "neq", "exists"),
}
PYTHON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "text": str,
    "state": str,
    "key": int,
    "number": int,
    "moment": datetime,
    "flag": bool,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """``field`` compared with ``value``. Operators: eq neq exists gt gte lt lte in notIn like.

    ``like`` knows ``*``, ``?`` and the backslash; ``exists`` takes true or false.
    """

    field: str
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class Sort:
    """Order by ``field``; rows without a value come last either way."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: all of ``where`` and, if given, all of one group of ``any_of``.

    ``after`` and ``before`` are cursors of an earlier page; otherwise ``offset`` rows are skipped.
    """

    where: tuple[Condition, ...] = ()
    any_of: tuple[tuple[Condition, ...], ...] = ()
    sort: tuple[Sort, ...] = ()
    limit: int = 100
    offset: int = 0
    after: str | None = None
    before: str | None = None

    def texts(self) -> Iterator[str]:
        """Yield the texts that something is compared with."""
        for condition in (*self.where, *(one for group in self.any_of for one in group)):
            asked = condition.value if isinstance(condition.value, (list, tuple)) else (condition.value,)
            yield from (one for one in asked if isinstance(one, str))


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """One page. ``total`` stops at 10,000, then ``more`` is true. Cursors are None on an empty page."""

    items: tuple[R, ...]
    total: int
    more: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Field:
    """A field that can be filtered by and, unless told otherwise, sorted by."""

    column: Any
    kind: Kind
    sortable: bool = True


@dataclass(frozen=True, slots=True)
class Entity(Generic[R]):
    """Something that can be searched: its record, the source of its rows, and its fields.

    ``columns`` gives each member of ``record``; ``special`` holds conditions that are more than a comparison.
    ``content`` names the fields and conditions over what people wrote, ``codes`` the conditions that compare with the
    engine's own words; other texts may have been computed by a diagram (``store.veil``).
    """

    record: type[R]
    source: Any
    key: sa.ColumnElement[int]
    columns: Mapping[str, Any]
    fields: Mapping[str, Field]
    special: Mapping[str, Callable[[str, Any], sa.ColumnElement[bool]]] = field(default_factory=dict)
    content: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()

    def select(self) -> sa.Select[Any]:
        """Return the query for all rows, each column labelled with its member's name."""
        return sa.select(*(column.label(name) for name, column in self.columns.items())).select_from(
            self.source
        )

    def build(self, row: Any) -> R:
        """Return the record of one row of ``select``."""
        members = row._mapping
        return self.record(**{name: members[name] for name in self.columns})


def find(session: Session, entity: Entity[R], key: int) -> R | None:
    """Return the record with this key, or None."""
    row = session.execute(entity.select().where(entity.key == key)).first()
    return None if row is None else entity.build(row)


def search(
    session: Session, entity: Entity[R], query: Query, *, within: Sequence[sa.ColumnElement[bool]] = ()
) -> Page[R]:
    """Return one page of what ``query`` asks for; ``within`` are further conditions of our own.

    Raises ``SearchRefused`` for unknown fields, operators, cursors, and values of the wrong kind.
    """
    if not 0 < query.limit <= MOST or query.offset < 0:
        raise SearchRefused(problem=f"a page has 1 to {MOST} rows")
    conditions = [*within, *(_condition(entity, condition) for condition in query.where)]
    if query.any_of:
        groups = [sa.and_(sa.true(), *(_condition(entity, one) for one in group)) for group in query.any_of]
        conditions.append(sa.or_(*groups))
    order = _order(entity, query.sort)
    backwards = query.before is not None and query.after is None
    counted = (
        sa.select(sa.literal(1)).select_from(entity.source).where(*conditions).limit(MOST + 1).subquery()
    )
    total = session.execute(sa.select(sa.func.count()).select_from(counted)).scalar_one()
    statement = entity.select().add_columns(
        *(column.label(f"_sort{n}") for n, (column, _) in enumerate(order))
    )
    statement = statement.where(*conditions)
    cursor = query.before if backwards else query.after
    if cursor is not None:
        statement = statement.where(_beyond(order, _read_cursor(cursor, order), backwards=backwards))
    for column, descending in order:
        statement = _ordered(statement, column, descending=descending, backwards=backwards)
    rows = session.execute(
        statement.limit(query.limit).offset(0 if cursor is not None else query.offset)
    ).all()
    if backwards:
        rows = list(reversed(rows))
    return Page(
        items=tuple(entity.build(row) for row in rows),
        total=min(total, MOST),
        more=total > MOST,
        start_cursor=_cursor(rows[0], order) if rows else None,
        end_cursor=_cursor(rows[-1], order) if rows else None,
    )


def _condition(entity: Entity[Any], condition: Condition) -> sa.ColumnElement[bool]:
    special = entity.special.get(condition.field)
    if special is not None:
        return special(condition.op, condition.value)
    known = entity.fields.get(condition.field)
    if known is None:
        raise SearchRefused(field=condition.field, problem="no such field")
    return compare(known.column, known.kind, condition)


def compare(column: Any, kind: Kind, condition: Condition) -> sa.ColumnElement[bool]:
    """Return the comparison of ``column`` that ``condition`` asks for. Raises ``SearchRefused``."""
    op, value = condition.op, condition.value
    if op not in OPERATORS[kind]:
        raise SearchRefused(field=condition.field, operator=op, problem="no such operator for this field")
    if op == "exists":
        present: sa.ColumnElement[bool] = column.is_not(None) if value else column.is_(None)
        return present
    if op in ("in", "notIn"):
        if not isinstance(value, (list, tuple)):
            raise SearchRefused(field=condition.field, operator=op, problem="a list is needed")
        values = [_typed(condition.field, kind, item) for item in value]
        chosen: sa.ColumnElement[bool] = column.in_(values)
        return chosen if op == "in" else sa.or_(sa.not_(chosen), column.is_(None))
    wanted = _typed(condition.field, kind, value)
    if op == "like":
        matched: sa.ColumnElement[bool] = column.like(like_pattern(wanted), escape="\\")
        return matched
    comparisons: dict[str, Callable[[], Any]] = {
        "eq": lambda: column == wanted,
        "neq": lambda: sa.or_(column != wanted, column.is_(None)),
        "gt": lambda: column > wanted,
        "gte": lambda: column >= wanted,
        "lt": lambda: column < wanted,
        "lte": lambda: column <= wanted,
    }
    result: sa.ColumnElement[bool] = comparisons[op]()
    return result


def like_pattern(text: str) -> str:
    r"""Return the SQL pattern for one with ``*``, ``?`` and ``\``."""
    pattern, escaped = [], False
    for character in text:
        if escaped or character not in "*?\\":
            pattern.append(f"\\{character}" if character in "%_\\" else character)
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            pattern.append("%" if character == "*" else "_")
    return "".join(pattern)


def _typed(name: str, kind: Kind, value: Any) -> Any:
    if not isinstance(value, PYTHON_TYPES[kind]) or (isinstance(value, bool) and kind != "flag"):
        raise SearchRefused(field=name, problem=f"a value of kind {kind} is needed")
    if isinstance(value, datetime) and value.tzinfo is None:
        raise SearchRefused(field=name, problem="a moment needs a time zone")
    if isinstance(value, int) and abs(value) >= 2**63:
        raise SearchRefused(field=name, problem="a number is out of range")
    return value


def _order(entity: Entity[Any], sorts: Sequence[Sort]) -> list[tuple[Any, bool]]:
    order: list[tuple[Any, bool]] = []
    for sort in sorts:
        known = entity.fields.get(sort.field)
        if known is None or not known.sortable:
            raise SearchRefused(field=sort.field, problem="no such field to sort by")
        order.append((known.column, sort.descending))
    return [*order, (entity.key, False)]


def _ordered(statement: sa.Select[Any], column: Any, *, descending: bool, backwards: bool) -> sa.Select[Any]:
    falling = descending != backwards
    if getattr(column, "nullable", True):
        absent = column.is_(None)
        statement = statement.order_by(absent.desc() if backwards else absent)
    return statement.order_by(column.desc() if falling else column.asc())


def _beyond(order: list[tuple[Any, bool]], values: list[Any], *, backwards: bool) -> sa.ColumnElement[bool]:
    """Return the condition for rows that come after (before) the row with these sort values."""
    result: Any = sa.false()
    for (column, descending), value in reversed(list(zip(order, values, strict=True))):
        falling = descending != backwards
        if value is None:
            nearer = column.is_not(None) if backwards else sa.false()
            result = sa.or_(nearer, sa.and_(column.is_(None), result))
        else:
            nearer = column < value if falling else column > value
            if not backwards:
                nearer = sa.or_(nearer, column.is_(None))
            result = sa.or_(nearer, sa.and_(column == value, result))
    return result  # type: ignore[no-any-return]


def _cursor(row: Any, order: list[tuple[Any, bool]]) -> str:
    values = [getattr(row, f"_sort{n}") for n in range(len(order))]
    plain = [{"at": item.isoformat()} if isinstance(item, datetime) else item for item in values]
    return base64.b64encode(orjson.dumps(plain)).decode()


def _read_cursor(cursor: str, order: list[tuple[Any, bool]]) -> list[Any]:
    try:
        plain = orjson.loads(base64.b64decode(cursor, validate=True))
        values = [
            datetime.fromisoformat(item["at"]).astimezone(UTC) if isinstance(item, dict) else item
            for item in plain
        ]
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise SearchRefused(problem="this cursor is not one of ours") from None
    if len(values) != len(order):
        raise SearchRefused(problem="this cursor belongs to another sort order")
    return values
