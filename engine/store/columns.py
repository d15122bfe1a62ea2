"""The column types both databases share: moments, JSON, and the registry of all engine tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeEngine

from engine import values

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FAR = datetime(9999, 1, 1, tzinfo=UTC)  # stands for "no due moment" where order matters
MICROSECOND = timedelta(microseconds=1)


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware UTC moment: timestamptz on PostgreSQL, microseconds since 1970 on SQLite.

    Refuses naive ones.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of this database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.BigInteger())
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn a moment into what the database stores."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        if dialect.name == "sqlite":
            return (value - EPOCH) // MICROSECOND
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Turn what the database stored into an aware UTC moment."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return EPOCH + timedelta(microseconds=value)
        moment: datetime = value.astimezone(UTC)
        return moment


class Json(sa.types.TypeDecorator[Any]):
    """Plain data as JSON text; what is read back has lists for tuples and text for dates."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Turn plain data into JSON text."""
        return None if value is None else values.to_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Turn JSON text into plain data."""
        return None if value is None else orjson.loads(value)


def key(name: str = "key") -> sa.Column[int]:
    """Return a primary key column filled from the one sequence of keys."""
    return sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)


def number(
    name: str, *, null: bool = False, default: int | None = None, index: bool = False
) -> sa.Column[int]:
    """Return a column for a key of another row, a count or a small number."""
    return sa.Column(name, sa.BigInteger, nullable=null, default=default, index=index)


def text(name: str, *, null: bool = False, default: str | None = None, index: bool = False) -> sa.Column[str]:
    """Return a text column."""
    return sa.Column(name, sa.Text, nullable=null, default=default, index=index)


def moment(name: str, *, null: bool = False) -> sa.Column[datetime]:
    """Return a column for an aware moment in UTC."""
    return sa.Column(name, Moment, nullable=null)


def flag(name: str, *, default: bool = False) -> sa.Column[bool]:
    """Return a column that is true or false."""
    return sa.Column(name, sa.Boolean, nullable=False, default=default)


def data(name: str, *, null: bool = False, default: Any = None) -> sa.Column[Any]:
    """Return a column for plain data as JSON text."""
    return sa.Column(name, Json, nullable=null, default=default)


def blob(name: str, *, null: bool = False) -> sa.Column[bytes]:
    """Return a column for bytes."""
    return sa.Column(name, sa.LargeBinary, nullable=null)


def index(name: str, *columns: Any, where: str | None = None, unique: bool = False) -> sa.Index:
    """Return an index, partial on both databases when ``where`` is given."""
    if where is None:
        return sa.Index(name, *columns, unique=unique)
    condition = sa.text(where)
    return sa.Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
