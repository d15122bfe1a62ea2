"""Guessing what somebody meant to write."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

MOST_COMPARED: Final = 300


def closest(name: str, known: Collection[str], *, likeness: float = 0.8) -> str | None:
    """Return the known name most like ``name``, or None if none is alike enough (1 = equal)."""
    if len(known) > MOST_COMPARED or len(name) > 80:
        return None
    folded = {candidate.casefold(): candidate for candidate in sorted(known)}
    matches = get_close_matches(name.casefold(), folded, n=1, cutoff=likeness)
    return folded[matches[0]] if matches else None


def perhaps(name: str, known: Collection[str]) -> str:
    """Return advice: the name that was perhaps meant, or the names to choose from."""
    match = closest(name, known)
    if match:
        return f"Did you mean {match}?"
    if not known:
        return "There is none yet."
    some = sorted(known)[:8]
    return f"Known: {', '.join(some)}{' …' if len(known) > len(some) else ''}."
