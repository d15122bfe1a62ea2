"""Waking those who wait for work: a shortcut for polling, never a replacement."""

from __future__ import annotations

import threading


class Wakeup:
    """Something to wait on until work may have come. Safe between threads."""

    def __init__(self) -> None:
        """Nobody has been called yet."""
        self._condition = threading.Condition()
        self._calls = 0

    def call(self) -> None:
        """Wake everybody who waits."""
        with self._condition:
            self._calls += 1
            self._condition.notify_all()

    def count(self) -> int:
        """Return how often ``call`` was made; hand it to ``wait`` so that no call is missed."""
        with self._condition:
            return self._calls

    def wait(self, seen: int, seconds: float) -> int:
        """Return the count of calls, at once if it exceeds ``seen``, at the latest after ``seconds``."""
        with self._condition:
            self._condition.wait_for(lambda: self._calls != seen, timeout=max(seconds, 0.0))
            return self._calls
