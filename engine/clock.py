"""The only reader of the machine's clock; everything else is told what time it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Something that knows the present moment."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)


class FrozenClock:
    """A clock that moves only when told to: tests, imports on simulated time, dry runs."""

    def __init__(self, start: datetime) -> None:
        """``start`` must carry a zone; it is kept in UTC."""
        self.set(start)

    def now(self) -> datetime:
        """Return the moment the clock was last set or advanced to, in UTC."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Move to ``moment``, forward or back. Raises ``ValueError`` if it carries no zone."""
        if moment.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        self._now = moment.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move forward by ``by``."""
        self.set(self._now + by)


class Stopwatch:
    """How long this thread has worked: processor time of its own, never a date and never the wall clock.

    Who waited for a lock, for other programs or for a stopped machine has not run away.
    """

    def __init__(self, limit: timedelta) -> None:
        """Start; the time is up after ``limit`` of processor time. One thread uses it."""
        self._limit, self._began = limit.total_seconds(), time.thread_time()

    def is_up(self) -> bool:
        """Tell whether this thread has worked for the limit since the start."""
        return time.thread_time() - self._began >= self._limit
