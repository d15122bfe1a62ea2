"""The only reader of the machine's clock; everything else is told what time it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

BUSY = 1 / 16  # of the limit, as processor time: less means that the machine stood still or was waited for


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
    """How long something has kept this thread, by counters that nobody sets; never a date."""

    def __init__(self, limit: timedelta) -> None:
        """Start; the time is up after ``limit``."""
        self._limit = limit.total_seconds()
        self._began, self._worked = time.monotonic(), time.thread_time()

    def is_up(self) -> bool:
        """Tell whether the limit has passed while this thread worked.

        A process that was stopped, or waited for a lock, has not run away: it also takes a sixteenth of the
        limit in processor time of this thread.
        """
        if time.monotonic() - self._began < self._limit:
            return False
        return time.thread_time() - self._worked >= self._limit * BUSY
