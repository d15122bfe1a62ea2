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


class small_letters(FunctionElement[str]):  # noqa: N801
    """``small_letters(text)``: in small letters of every alphabet; the ``lower`` of SQLite knows those from a to z only."""

    type = sa.Text()
    inherit_cache = True


@compiles(small_letters, "sqlite")
def _small_letters_in_sqlite(element: small_letters, compiler: SQLCompiler, **more: Any) -> str:
    return f"small_letters({compiler.process(element.clauses, **more)})"


@compiles(small_letters, "postgresql")
def _small_letters_in_postgresql(element: small_letters, compiler: SQLCompiler, **more: Any) -> str:
    return f"lower({compiler.process(element.clauses, **more)})"


def teach_sqlite(connection: Any) -> None:
    """Give a new connection to SQLite what these expressions ask of it."""
    connection.create_function("small_letters", 1, _in_small_letters, deterministic=True)


def _in_small_letters(text: str | None) -> str | None:
    return None if text is None else text.lower()
