"""The service's handle on the database: Flask-SQLAlchemy over the engine's own connections and metadata."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase

from engine.store.columns import METADATA


class Row(DeclarativeBase):
    """A row of the service; its tables stand beside the engine's."""

    metadata = METADATA


class Database(SQLAlchemy):
    """Sessions of a request share the engine's pool.

    ``db.session`` is for reading in a request; everything that writes goes through the engine's unit of work.
    """

    def _make_engine(self, bind_key: str | None, options: dict[str, Any], app: Flask) -> sa.Engine:  # noqa: ARG002
        reader: sa.Engine = app.extensions["redress"].database.reader
        return reader


db = Database(metadata=METADATA)
