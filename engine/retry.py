"""When a failed job is tried again, and when it is handed to a person as an incident."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.zones import in_utc

WAITS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient we are with a job that keeps failing (reliability P6): the last wait repeats.

    ``spread`` is the share by which a wait is lengthened or shortened, so that what failed together does not
    return together.
    """

    tries: int = 3
    waits: tuple[timedelta, ...] = WAITS
    spread: float = 0.1

    def next_due(
        self, failed_at: datetime, failed_tries: int, *, chance: Callable[[], float]
    ) -> datetime | None:
        """Return the UTC moment of the next try, or None when patience has run out.

        ``failed_tries`` counts from 1; conflicts and lapsed leases are not tries. ``chance`` yields a number
        from 0 to 1, such as ``random.random``. Raises ``ValueError`` if ``failed_at`` carries no zone.
        """
        if failed_tries >= self.tries:
            return None
        wait = self.waits[min(failed_tries, len(self.waits)) - 1]
        return in_utc(failed_at) + wait * (1 + self.spread * (2 * chance() - 1))
