"""Searches by somebody who may not read what people wrote: filters and orders answer alike, whatever was written."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, TypeVar

import sqlalchemy as sa

from engine.store.records import told_by_a_case
from engine.store.search import Entity, Field

R = TypeVar("R")
Holds = Callable[[str, Any], sa.ColumnElement[bool]]


def veiled(entity: Entity[R], roots: sa.Select[tuple[int]], known: Collection[str]) -> Entity[R]:
    """Return ``entity`` as it may be searched by somebody who does not read the cases of these root instances.

    Of their records each field of ``entity.content`` compares and sorts as if it were null, and a condition
    on content never holds. So does every other text that a diagram may have computed, unless it is one of the
    ``known`` words. What the records show is not changed here.
    """
    kept_back: sa.ColumnElement[bool] = entity.columns["root_process_instance_key"].in_(roots)
    computed = told_by_a_case(entity.record)

    def veiled_field(name: str, field: Field) -> Field:
        if name in entity.content:
            return replace(field, column=sa.case((kept_back, sa.null()), else_=field.column))
        if name not in computed:
            return field
        hidden = sa.and_(kept_back, field.column.not_in(sorted(known)))
        return replace(field, column=sa.case((hidden, sa.null()), else_=field.column))

    def veiled_condition(name: str, holds: Holds) -> Holds:
        def condition(op: str, value: Any) -> sa.ColumnElement[bool]:
            if name not in entity.content and _is_open(op, value, known):
                return holds(op, value)
            return sa.and_(sa.not_(kept_back), holds(op, value))

        return holds if name in entity.codes else condition

    return replace(
        entity,
        fields={name: veiled_field(name, field) for name, field in entity.fields.items()},
        special={name: veiled_condition(name, holds) for name, holds in entity.special.items()},
    )


def _is_open(op: str, value: Any, known: Collection[str]) -> bool:
    asked = value if isinstance(value, (list, tuple)) else (value,)
    return op == "exists" or (op in ("eq", "in") and all(one in known for one in asked))
