"""Passwords: argon2id, few at a time, common ones refused; an unknown person costs as much as a known one."""

from __future__ import annotations

import threading
from pathlib import Path

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from engine.errors import Invalid, Unavailable

SHORTEST, LONGEST = 12, 256  # characters
_hasher = PasswordHasher(
    time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)
_at_once = threading.BoundedSemaphore(2)
_in_line = threading.BoundedSemaphore(20)
_nobody = _hasher.hash("the password of nobody at all")
_common = frozenset((Path(__file__).parent / "common-passwords.txt").read_text(encoding="utf-8").split())


class PasswordRefused(Invalid):
    """Choose another password."""

    code = "password_refused"


class TooBusy(Unavailable):
    """Too many people are signing in at this moment. Try again in a few seconds."""

    code = "too_busy"


def check_strength(password: str, *, person_name: str) -> None:
    """Raise ``PasswordRefused`` for a password that is too short, too long, common, or made of the person's name."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordRefused(f"A password has {SHORTEST} to {LONGEST} characters.")
    plain = password.casefold()
    if (
        plain in _common
        or len(set(plain)) < 4
        or plain == person_name.casefold() * (len(plain) // len(person_name))
    ):
        raise PasswordRefused(
            "This password is easy to guess. Choose another, for example three unrelated words."
        )


def hash_password(password: str) -> str:
    """Return the argon2id hash to store."""
    return _hasher.hash(_bytes(password))


def verify(password: str, stored: str | None) -> bool:
    """Tell whether ``password`` matches; ``stored`` None (no such person) takes the same time.

    At most two are judged at once, twenty wait or are judged. Raises ``TooBusy`` beyond that.
    """
    if not _in_line.acquire(blocking=False):
        raise TooBusy
    try:
        with _at_once:
            try:
                _hasher.verify(stored or _nobody, _bytes(password[:LONGEST]))
            except (VerificationError, InvalidHashError):
                return False
            return stored is not None and len(password) <= LONGEST
    finally:
        _in_line.release()


def is_outdated(stored: str) -> bool:
    """Tell whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
