"""The inbox: open tasks of one person by box, in order, fast among a hundred thousand; and how many there
are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store.entities import TASKS
from engine.store.expressions import small_letters
from engine.store.records import TaskRecord
from engine.store.tables import task_candidates, tasks

Box = Literal["mine", "groups", "unassigned", "overdue", "open"]
Order = Literal["due", "priority", "created"]
MOST_COUNTED = 1_000
T, C = tasks.c, task_candidates.c


@dataclass(frozen=True, slots=True)
class InboxPage:
    """Tasks in order; ``more`` tells whether the next page has any."""

    items: tuple[TaskRecord, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class InboxCounts:
    """Open tasks by box, each counted up to 1,000."""

    mine: int
    groups: int
    unassigned: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: name and groups, and the root instances that are hidden from them."""

    name: str
    groups: Collection[str]
    hidden: Collection[int] = ()


def page(
    session: Session,
    box: Box,
    reader: Reader,
    *,
    now: datetime,
    text: str = "",
    order: Order = "due",
    limit: int = 50,
    offset: int = 0,
) -> InboxPage:
    """Return one page of a box.

    ``mine`` are the tasks the reader holds, ``groups`` those offered to the reader or a group of theirs,
    ``unassigned`` the offered ones nobody holds, ``overdue`` the held or offered ones past their due
    moment, ``open`` all. ``text`` is looked for in the task's name and the case's business id, word by word.
    """
    keys = session.execute(
        _keys(box, reader, now=now, text=text, order=order, most=offset + limit + 1).offset(offset)
    ).scalars()
    found = list(keys)
    rows = session.execute(TASKS.select().where(T.key.in_(found[:limit]))).all()
    records = {record.user_task_key: record for record in map(TASKS.build, rows)}
    return InboxPage(tuple(records[key] for key in found[:limit] if key in records), len(found) > limit)


def counts(session: Session, reader: Reader, *, now: datetime) -> InboxCounts:
    """Return how many open tasks each box holds."""

    def count(box: Box) -> int:
        inner = _keys(box, reader, now=now, text="", order="due", most=MOST_COUNTED).subquery()
        return session.execute(sa.select(sa.func.count()).select_from(inner)).scalar_one()

    return InboxCounts(count("mine"), count("groups"), count("unassigned"), count("overdue"))


def _keys(box: Box, reader: Reader, *, now: datetime, text: str, order: Order, most: int) -> sa.Select[Any]:
    """Return the query for the keys of a box, in order, at most ``most``.

    Each offer is walked along its own ordered index and cut off before they are put together: that is what
    keeps it fast when a group has tens of thousands of tasks.
    """
    wanted = [T.state == "CREATED"]
    if reader.hidden:
        wanted.append(T.root_key.not_in(list(reader.hidden)))
    for word in dict.fromkeys(text.lower().replace("*", " ").replace("?", " ").split()):
        holds = (small_letters(column).contains(word, autoescape=True) for column in (T.name, T.business_id))
        wanted.append(sa.or_(*holds))
    if box == "unassigned":
        wanted.append(T.assignee.is_(None))
    parts = []
    if box in ("mine", "overdue", "open"):
        held = [] if box == "open" else [T.assignee == reader.name]
        late = [T.due_sort <= now] if box == "overdue" else []
        parts.append(_part(T.key, T.due_sort, T.priority, tasks, [*held, *late, *wanted], order, most))
    if box in ("groups", "unassigned", "overdue"):
        late = [C.due_sort <= now] if box == "overdue" else []
        source = task_candidates.join(tasks, T.key == C.task_key)
        for kind, name in [("user", reader.name), *(("group", group) for group in sorted(reader.groups))]:
            offered = [C.kind == kind, C.name == name, *late, *wanted]
            parts.append(_part(C.task_key, C.due_sort, C.priority, source, offered, order, most))
    merged = sa.union(*parts).subquery("merged") if len(parts) > 1 else parts[0].subquery("merged")
    m = merged.c
    return sa.select(m.key).order_by(*_ordering(order, m.key, m.due_sort, m.priority)).limit(most)


def _part(
    key: Any, due: Any, priority: Any, source: Any, wanted: Sequence[Any], order: Order, most: int
) -> sa.Select[Any]:
    inner = (
        sa.select(key.label("key"), due.label("due_sort"), priority.label("priority"))
        .select_from(source)
        .where(*wanted)
        .order_by(*_ordering(order, key, due, priority))
        .limit(most)
        .subquery()
    )
    return sa.select(inner.c.key, inner.c.due_sort, inner.c.priority)


def _ordering(order: Order, key: Any, due: Any, priority: Any) -> list[Any]:
    if order == "priority":
        return [priority.desc(), due, key]
    if order == "created":
        return [key.desc()]
    return [due, key]
