"""The service's handle on the database: Flask-SQLAlchemy over the engine's own connections and metadata."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from engine.store.columns import METADATA


class Database(SQLAlchemy):
    """Models of the service share the engine's metadata; sessions of a request share the engine's pool.

    ``db.session`` is for reading in a request; everything that writes goes through the engine's unit of work.
    """

    def _make_engine(self, bind_key: str | None, options: dict[str, Any], app: Flask) -> sa.Engine:  # noqa: ARG002
        return app.extensions["redress"].database.reader  # type: ignore[no-any-return]


db = Database(metadata=METADATA)
