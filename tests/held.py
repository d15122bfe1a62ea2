"""Seeing that no thread waits for a connection while it holds one: under load all would wait for each other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import sqlalchemy as sa

from engine.store.database import UNBOUNDED

_mine = threading.local()


@contextmanager
def two_at_once() -> Iterator[None]:
    """Let this thread take a second one: where a test plays two people in one thread."""
    before, _mine.connections = getattr(_mine, "connections", None), WeakSet()
    try:
        yield
    finally:
        _mine.connections = before


def watch_connections() -> None:
    """From now on a thread that takes a second connection it may have to wait for gets an ``AssertionError``."""
    sa.event.listen(sa.pool.QueuePool, "checkout", _taken)


def _taken(_connection: Any, _record: Any, taken: Any) -> None:
    if taken._pool._max_overflow == UNBOUNDED:
        return
    mine: WeakSet[Any] | None = getattr(_mine, "connections", None)
    if mine is None:
        mine = _mine.connections = WeakSet()
    held = any(one.is_valid for one in mine)
    mine.add(taken)
    assert not held, "a connection is waited for by a thread that holds one"
