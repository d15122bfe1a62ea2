"""Callers of /v2 and /api found valid a moment ago, so that eight requests a second do not ask the database eight times."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import secrets
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from engine.store.unit_of_work import after_commit

if TYPE_CHECKING:
    from api.identity.people import Person

REMEMBERED = timedelta(minutes=1)
_changes = itertools.count(1)
_latest_change = [0]


class Verified:
    """Who showed what, by keyed hash; of one service in one process. Safe to share between threads.

    Everything is forgotten when an account or token changes in this process; in another process a revoked token is
    known for up to a minute more.
    """

    def __init__(self, keep: int = 10_000) -> None:
        """Start with nobody; ``keep`` is how many callers are remembered at most."""
        self._keep, self._change = keep, _latest_change[0]
        self._secret = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, tuple[Person, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, shown: str, *, now: datetime) -> Person | None:
        """Return whose credential this is if it was verified less than a minute ago."""
        with self._lock:
            self._forget_after_change()
            known = self._known.get(self._digest(shown))
        return known[0] if known is not None and known[1] <= now < known[1] + REMEMBERED else None

    def put(self, shown: str, person: Person, *, now: datetime, seen: int) -> None:
        """Remember a credential verified while ``change_number`` was ``seen``."""
        with self._lock:
            self._forget_after_change()
            if seen != self._change:
                return
            digest = self._digest(shown)
            self._known[digest] = (person, now)
            self._known.move_to_end(digest)
            while len(self._known) > self._keep:
                self._known.popitem(last=False)

    def _forget_after_change(self) -> None:
        if self._change != _latest_change[0]:
            self._change = _latest_change[0]
            self._known.clear()

    def _digest(self, shown: str) -> bytes:
        return hmac.digest(self._secret, shown.encode("utf-8", "surrogatepass"), hashlib.sha256)


def change_number() -> int:
    """Return a number that is another one after every change of an account or token in this process."""
    return _latest_change[0]


def forget_verified(session: Session) -> None:
    """Have every ``Verified`` of this process forget its callers once this transaction is committed."""

    def forget() -> None:
        _latest_change[0] = next(_changes)

    after_commit(session, forget)
