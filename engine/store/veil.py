"""Searches by somebody who may not read what people wrote: filters and orders answer alike, whatever was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import sqlalchemy as sa

from engine.store.search import Entity, Field

R = TypeVar("R")


def veiled(entity: Entity[R], roots: sa.Select[tuple[int]]) -> Entity[R]:
    """Return ``entity`` as it may be searched by somebody who does not read the cases of these root instances.

    Of their records each field of ``entity.content`` compares and sorts as if it were null, and a condition
    on content never holds. What the records show is not changed here.
    """
    kept_back: sa.ColumnElement[bool] = entity.columns["root_process_instance_key"].in_(roots)

    def veiled_field(field: Field) -> Field:
        return replace(field, column=sa.case((kept_back, sa.null()), else_=field.column))

    def veiled_condition(holds: Callable[[str, Any], sa.ColumnElement[bool]]) -> Any:
        return lambda op, value: sa.and_(sa.not_(kept_back), holds(op, value))

    return replace(
        entity,
        fields={
            name: veiled_field(field) if name in entity.content else field
            for name, field in entity.fields.items()
        },
        special={
            name: veiled_condition(holds) if name in entity.content else holds
            for name, holds in entity.special.items()
        },
    )
