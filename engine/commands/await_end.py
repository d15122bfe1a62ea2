"""Waiting for an instance to end."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

from sqlalchemy.orm import Session

from engine.commands.errors import InstanceNotFound, NotYetEnded
from engine.commands.house import House
from engine.store import instances, reading
from engine.store.unit_of_work import read

LOOK_AGAIN = 1.0  # seconds: another process may have ended it


def await_end(
    house: House,
    instance_key: int,
    *,
    timeout: timedelta,
    fetch: Sequence[str] | None,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Return the root variables of an instance once it has ended, those in ``fetch`` only if given.

    Raises ``NotYetEnded`` after ``timeout`` or once ``stop`` is set, ``InstanceNotFound``.
    """
    until = monotonic() + timeout.total_seconds()
    while True:
        seen = house.wakeup.count()
        if stop is not None and stop.is_set():
            raise NotYetEnded(instance=instance_key, seconds=timeout.total_seconds())
        values = read(house.database, lambda session: _look(session, instance_key))
        if values is not None:
            return {name: value for name, value in values.items() if fetch is None or name in fetch}
        left = until - monotonic()
        if left <= 0:
            raise NotYetEnded(instance=instance_key, seconds=timeout.total_seconds())
        house.wakeup.wait(seen, min(left, LOOK_AGAIN))


def _look(session: Session, key: int) -> dict[str, Any] | None:
    row = instances.read(session, key)
    if row is None:
        raise InstanceNotFound(instance=key)
    return None if row.is_open else reading.root_values(session, key)
