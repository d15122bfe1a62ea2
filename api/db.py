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
    """Sessions of a request take the engine's connections that nobody waits for.

    ``db.session`` is for reading in a request, and keeps its connection until the answer; everything that writes
    goes through the engine's unit of work, which may have to wait for another.
    """

    def _make_engine(self, bind_key: str | None, options: dict[str, Any], app: Flask) -> sa.Engine:  # noqa: ARG002
        aside: sa.Engine = app.extensions["redress"].database.aside
        return aside


db = Database(metadata=METADATA)
