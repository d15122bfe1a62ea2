"""Guessing what somebody meant to write."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

MOST_COMPARED: Final = 300
LONGEST_SLIP: Final = 80  # letters; further on nobody looks for a slip
SHORTEST_SLIP: Final = 3  # letters; of shorter words everything is a slip of everything


def closest(name: str, known: Collection[str], *, likeness: float = 0.8) -> str | None:
    """Return the known name most like ``name``, or None if none is alike enough (1 = equal)."""
    if len(known) > MOST_COMPARED or len(name) > 80:
        return None
    folded = {candidate.casefold(): candidate for candidate in sorted(known)}
    matches = get_close_matches(name.casefold(), folded, n=1, cutoff=likeness)
    return folded[matches[0]] if matches else None


def slip_of(name: str, known: Collection[str]) -> str | None:
    """Return the known word that differs from ``name`` by one letter: left out, added, changed, two in the wrong order; or in
    capitals only.

    Words that differ in a digit alone are different on purpose. None for a known word.
    """
    if name in known:
        return None
    index = _by_shorter(frozenset(known))
    alike = {word for shorter in (*_shorter(name), name.casefold()) for word in index.get(shorter, ())}
    return min((word for word in alike if _but_capitals(name, word) or _one_slip(name, word)), default=None)


@lru_cache(maxsize=64)
def _by_shorter(known: frozenset[str]) -> Mapping[str, list[str]]:
    """Return the known words by themselves and by what is left of them without one letter: words a slip apart share one of these, or
    their small letters."""
    found: dict[str, list[str]] = {}
    for word in known:
        for shorter in _shorter(word) | {word.casefold()}:
            found.setdefault(shorter, []).append(word)
    return found


def _shorter(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(min(len(word), LONGEST_SLIP)))}


def _but_capitals(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _one_slip(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < SHORTEST_SLIP:
        return False
    start = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    a, b = one[start:], other[start:]
    if any(letter.isdigit() for letter in (*a[:1], *b[:1])):
        return False
    swapped = len(a) == len(b) and a[1:2] + a[0:1] == b[:2] and a[2:] == b[2:]
    return a[1:] == b or a == b[1:] or (len(a) == len(b) and a[1:] == b[1:]) or swapped


def perhaps(name: str, known: Collection[str]) -> str:
    """Return advice: the name that was perhaps meant, or the names to choose from."""
    match = slip_of(name, known) or closest(name, known)
    if match:
        return f"Did you mean {match}?"
    if not known:
        return "There is none yet."
    some = sorted(known)[:8]
    return f"Known: {', '.join(some)}{' …' if len(known) > len(some) else ''}."
