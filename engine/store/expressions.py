"""Expressions that SQLite and PostgreSQL spell in two ways and mean alike."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement


class member(FunctionElement[str]):  # noqa: N801  (written where a function of SQL stands)
    """``member(data, name)``: the text that plain data of a ``Json`` column has under a name; null without it."""

    type = sa.Text()
    inherit_cache = True

    def __init__(self, column: Any, name: str) -> None:
        """``name`` is one of the outermost names."""
        super().__init__(column, sa.literal(name, sa.Text))


@compiles(member, "sqlite")
def _member_in_sqlite(element: member, compiler: SQLCompiler, **more: Any) -> str:
    column, name = (compiler.process(clause, **more) for clause in element.clauses)
    return f"""json_extract({column}, '$."' || {name} || '"')"""


@compiles(member, "postgresql")
def _member_in_postgresql(element: member, compiler: SQLCompiler, **more: Any) -> str:
    column, name = (compiler.process(clause, **more) for clause in element.clauses)
    return f"(CAST({column} AS json) ->> CAST({name} AS text))"
