"""References: a complaint's public number; readable aloud, hard to guess, never reused, with a check character."""

from __future__ import annotations

import re
import secrets

ALPHABET = "3456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0/O, 1/I/L, 2/Z twins, U: 29 characters
_BODY = 8
_SHAPE = re.compile(rf"RD-?([{ALPHABET}]{{4}})-?([{ALPHABET}]{{4}})-?([{ALPHABET}])")


def new_reference() -> str:
    """Return a random reference such as ``RD-7K4M-9Q2X-T``: 29^8 possibilities, and the last character checks the others."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(_BODY))
    return f"RD-{body[:4]}-{body[4:]}-{_check(body)}"


def read_reference(text: str) -> str | None:
    """Return the reference as it is written, from what somebody typed; None when it is none, or mistyped."""
    found = _SHAPE.fullmatch(re.sub(r"\s", "", text).upper())
    if found is None or _check(found[1] + found[2]) != found[3]:
        return None
    return f"RD-{found[1]}-{found[2]}-{found[3]}"


def between_references(text: str) -> list[str]:
    """Return what stands before, between and after the references in a text."""
    found = [one for one in _SHAPE.finditer(text) if read_reference(one[0])]
    starts, ends = [0, *(one.end() for one in found)], [*(one.start() for one in found), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _check(body: str) -> str:
    """Weighted sum modulo 29, a prime: every single wrong character and every swap of neighbours is noticed."""
    total = sum(weight * ALPHABET.index(character) for weight, character in enumerate(body, start=1))
    return ALPHABET[total % 29]
