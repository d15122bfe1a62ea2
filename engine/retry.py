"""When a failed job is tried again, and when it is handed to a person as an incident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

SPREAD = 0.1  # waits differ by up to ± 10 % from job to job, so that failures together do not return together


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient we are with a job that keeps failing."""

    waits: tuple[timedelta, ...]

    def next_due(self, failed_at: datetime, failed_tries: int, *, key: int = 0) -> datetime:
        """Return the moment of the next try; the last wait repeats when the tries outnumber the waits.

        ``failed_tries`` counts from 1. ``key`` (of the job) decides the spread: a replay waits as long.
        Raises ``ValueError`` if ``failed_at`` carries no time zone.
        """
        if failed_at.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        wait = self.waits[min(failed_tries, len(self.waits)) - 1]
        lot = (key * 2_654_435_761 % 2_001 - 1_000) / 1_000
        return failed_at + wait * (1 + SPREAD * lot)


JOBS = RetryPolicy(
    (
        timedelta(seconds=10),
        timedelta(minutes=1),
        timedelta(minutes=10),
        timedelta(hours=1),
        timedelta(hours=6),
    )
)
LETTERS = RetryPolicy(
    (
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
        timedelta(minutes=30),
        *[timedelta(hours=1)] * (5 * 24),  # five days: RFC 5321, 4.5.4.1
    )
)
LETTER_TRIES = len(LETTERS.waits) + 1
