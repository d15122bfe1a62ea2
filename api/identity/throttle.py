"""How often somebody may try: waits that grow per account and place, and buckets per window; slow, never locked.

What is counted lives in one process: every server of a service counts for itself, and a restart begins anew.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.errors import Broken

FORGOTTEN_AFTER = timedelta(hours=1)  # without a wrong try


class TooManyTries(Broken):
    """Too many tries. Wait a little and try again."""

    code = "too_many_tries"


@dataclass(frozen=True, slots=True)
class Patience:
    """How many wrong tries are free, and how long the wait after each further one is: doubled each time, up to ``longest``."""

    free: int
    first: timedelta
    longest: timedelta

    def wait_after(self, wrong: int) -> timedelta:
        """Return the wait after ``wrong`` wrong tries."""
        if wrong <= self.free:
            return timedelta(0)
        doublings = min(wrong - self.free - 1, 20)  # enough to reach any wait, few enough to count with
        return min(self.longest, self.first * (1 << doublings))


A_PLACE = Patience(5, timedelta(seconds=1), timedelta(minutes=1))
AN_ACCOUNT = Patience(
    15, timedelta(minutes=1), timedelta(minutes=15)
)  # from all places that never signed in to it
PROGRAMS = Patience(60, timedelta(seconds=1), timedelta(minutes=1))

Key = tuple[str, ...]


@dataclass(slots=True)
class _Tally:
    count: int
    until: datetime
    last: datetime


class Throttle:
    """Remembers tries of one process, at most ``keep`` keys of each kind (their first part); moments are aware UTC.

    A flood of one kind makes room among its own: it does not wash away what is known about another.
    """

    def __init__(self, keep: int = 50_000) -> None:
        """Start with nothing remembered."""
        self._keep = keep
        self._kinds: defaultdict[str, OrderedDict[Key, _Tally]] = defaultdict(OrderedDict)
        self._lock = threading.Lock()

    def take(self, *key: str, limit: int, window: timedelta, now: datetime) -> None:
        """Count one try under ``key``. Raises ``TooManyTries`` with fact ``retry_after`` (seconds) above ``limit`` a window."""
        with self._lock:
            tally = self._kinds[key[0]].get(key)
            if tally is None or tally.until <= now:
                tally = _Tally(0, now + window, now)
            tally.count += 1
            self._remember(key, tally)
            if tally.count > limit:
                raise TooManyTries(retry_after=_seconds(tally.until - now))

    def give_back(self, *key: str) -> None:
        """Undo one ``take`` under ``key``: it was no wrong try after all."""
        with self._lock:
            tally = self._kinds[key[0]].get(key)
            if tally is not None and tally.count:
                tally.count -= 1

    def wrong(self, tries: dict[Key, Patience], *, now: datetime) -> None:
        """Count one wrong try under every key, all or none. Raises ``TooManyTries`` while the wait of any of them lasts.

        Counted before it is judged, so that many at the same moment are not judged together; see ``right``.
        """
        with self._lock:
            held = max((self._wait(key, now) for key in tries), default=timedelta(0))
            if held > timedelta(0):
                raise TooManyTries(retry_after=_seconds(held))
            for key, patience in tries.items():
                tally = self._kinds[key[0]].get(key)
                fresh = tally is None or now - tally.last >= FORGOTTEN_AFTER
                count = 1 if tally is None or fresh else tally.count + 1
                self._remember(key, _Tally(count, now + patience.wait_after(count), now))

    def right(self, *, forget: tuple[Key, ...] = (), uncount: tuple[Key, ...] = (), now: datetime) -> None:
        """Take back a try that ``wrong`` counted: all wrong ones under ``forget``, this single one under ``uncount``."""
        with self._lock:
            for key in forget:
                self._kinds[key[0]].pop(key, None)
            for key in uncount:
                tally = self._kinds[key[0]].get(key)
                if tally is not None:
                    tally.count, tally.until = max(0, tally.count - 1), now

    def vouch(self, *key: str, now: datetime) -> None:
        """Remember that ``key`` was right once."""
        with self._lock:
            self._remember(key, _Tally(0, now, now))

    def knows(self, *key: str) -> bool:
        """Tell whether ``key`` was vouched for in this process."""
        with self._lock:
            return key in self._kinds[key[0]]

    def _wait(self, key: Key, now: datetime) -> timedelta:
        tally = self._kinds[key[0]].get(key)
        return timedelta(0) if tally is None else tally.until - now

    def _remember(self, key: Key, tally: _Tally) -> None:
        kind = self._kinds[key[0]]
        kind[key] = tally
        kind.move_to_end(key)
        while len(kind) > self._keep:
            kind.popitem(last=False)


def _seconds(wait: timedelta) -> int:
    return max(1, int(wait.total_seconds()))


def network_of(address: str | None) -> str:
    """Return what counts as one visitor: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network(f"{parsed}/64", strict=False))
