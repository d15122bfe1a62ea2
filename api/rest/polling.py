"""Requests that wait: how many may, how long, and noticing that nobody listens any more or may any more (rest-v2 §8)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import cast

from flask import current_app, request

from api.context import the_service
from api.identity.doors import still_admitted

USUAL_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(seconds=60)
NOTHING = timedelta(0)


class Hangup(threading.Event):
    """An event that is also set once the client has closed the connection, or may come in no longer."""

    def __init__(self, is_gone: Callable[[], bool]) -> None:
        """``is_gone`` asks the server."""
        super().__init__()
        self._is_gone = is_gone

    def is_set(self) -> bool:
        """Tell whether waiting has become pointless."""
        return super().is_set() or self._is_gone()


def hangup() -> Hangup:
    """Return the hang-up of this request: its client has gone, or its account was changed or token ended meanwhile."""
    has_gone = request.environ.get("waitress.client_disconnected", lambda: False)
    return Hangup(lambda: has_gone() or not still_admitted())


@contextmanager
def place_to_wait() -> Iterator[bool]:
    """Hold one of the places for waiting requests, half the service's threads; yields False when all are taken."""
    places = cast(
        "threading.BoundedSemaphore",
        current_app.extensions.setdefault(
            "redress_waiting", threading.BoundedSemaphore(max(1, the_service().settings.threads // 2))
        ),
    )
    held = places.acquire(blocking=False)
    try:
        yield held
    finally:
        if held:
            places.release()


def wait_of(asked: timedelta | None) -> timedelta | None:
    """Return how long to wait for ``requestTimeout``: 0 or none the usual time, below 0 not at all (None)."""
    if asked is None or asked == NOTHING:
        return USUAL_WAIT
    return min(asked, LONGEST_WAIT) if asked > NOTHING else None
