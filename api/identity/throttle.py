"""How often somebody may try: waits that grow per account and address, and buckets per minute; nobody locks out others."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.errors import Broken


class TooManyTries(Broken):
    """Too many tries. Wait a little and try again."""

    code = "too_many_tries"


@dataclass(slots=True)
class _Tally:
    count: int
    until: datetime


class Throttle:
    """Remembers tries of one process, at most ``keep`` keys; moments are aware UTC."""

    def __init__(self, keep: int = 50_000) -> None:
        """Start with nothing remembered."""
        self._keep = keep
        self._tallies: OrderedDict[tuple[str, ...], _Tally] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, *key: str, limit: int, window: timedelta, now: datetime) -> None:
        """Count one try under ``key``. Raises ``TooManyTries`` with fact ``retry_after`` (seconds) above ``limit`` a window."""
        with self._lock:
            tally = self._tallies.get(key)
            if tally is None or tally.until <= now:
                tally = _Tally(0, now + window)
            tally.count += 1
            self._remember(key, tally)
            if tally.count > limit:
                raise TooManyTries(retry_after=max(1, int((tally.until - now).total_seconds())))

    def waiting(self, *key: str, now: datetime) -> None:
        """Raise ``TooManyTries`` while the wait after failed tries under ``key`` lasts."""
        with self._lock:
            tally = self._tallies.get(key)
        if tally is not None and tally.count > 5 and tally.until > now:
            raise TooManyTries(retry_after=max(1, int((tally.until - now).total_seconds())))

    def failed(self, *key: str, now: datetime) -> None:
        """Count a failed try: five are free, then the wait is 1, 2, 4 … 60 seconds."""
        with self._lock:
            tally = self._tallies.get(key)
            count = tally.count + 1 if tally else 1
            wait = timedelta(seconds=min(60, 2 ** (count - 6))) if count > 5 else timedelta(0)
            self._remember(key, _Tally(count, now + wait))

    def succeeded(self, *key: str) -> None:
        """Forget failed tries under ``key``."""
        with self._lock:
            self._tallies.pop(key, None)

    def _remember(self, key: tuple[str, ...], tally: _Tally) -> None:
        self._tallies[key] = tally
        self._tallies.move_to_end(key)
        while len(self._tallies) > self._keep:
            self._tallies.popitem(last=False)


def network_of(address: str | None) -> str:
    """Return what counts as one visitor: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network(f"{parsed}/64", strict=False))
