"""Patterns that authors write for text fields: JavaScript regular expressions, run in linear time by RE2.

A pattern is unanchored, as in the browser. What JavaScript and RE2 would read differently is refused when the
form is read, so that the preview and the server agree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped, unused-ignore]

from engine.errors import Invalid

_ESCAPE = re.compile(r"\\(.)|(\[\[:)|(\(\?)(<[=!]|[=!]|<[A-Za-z_]|:|.)?", re.DOTALL)
_BOUND = re.compile(r"\{([0-9]+)(?:,([0-9]*))?\}")
_READ_DIFFERENTLY = {
    "A": r"\A is a letter in JavaScript",
    "z": r"\z is a letter in JavaScript",
    "Z": r"\Z is a letter in JavaScript",
    "Q": r"\Q is a letter in JavaScript",
    "E": r"\E is a letter in JavaScript",
    "C": r"\C is a letter in JavaScript",
    "a": r"\a is a letter in JavaScript",
    "p": "classes by Unicode property are read differently in the preview",
    "P": "classes by Unicode property are read differently in the preview",
    "u": r"\u escapes are not supported; write the character itself",
    "c": r"\c escapes are not supported",
    "k": "back-references are not supported",
}


class PatternRefused(Invalid):
    """This pattern cannot be used."""

    code = "pattern_refused"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern; ``text`` is as written."""

    text: str
    _engine: Any

    def found_in(self, value: str) -> bool:
        """Say whether the pattern occurs anywhere in ``value``, which must hold no lone surrogate."""
        return self._engine.search(value) is not None


@lru_cache(maxsize=500)
def compile_pattern(text: str) -> Pattern:
    """Return the compiled pattern. Raises ``PatternRefused`` with the reason, in words for the author."""
    _refuse_what_reads_differently(text)
    options = re2.Options()
    options.max_mem = 1 << 20
    options.log_errors = False
    try:
        return Pattern(text, re2.compile(text, options))
    except re2.error as wrong:
        reason = wrong.args[0] if wrong.args else ""
        if isinstance(reason, bytes):
            reason = reason.decode(errors="replace")
        raise PatternRefused(f"The pattern cannot be read: {reason}.") from None


def _refuse_what_reads_differently(text: str) -> None:
    for found in _ESCAPE.finditer(text):
        letter, posix, group, kind = found.groups()
        if letter is not None and letter in _READ_DIFFERENTLY:
            raise PatternRefused(f"{_READ_DIFFERENTLY[letter]}.")
        if letter is not None and letter.isascii() and letter.isdigit():
            raise PatternRefused("Back-references and octal escapes are not supported.")
        if letter == "x" and text[found.end() : found.end() + 1] == "{":
            raise PatternRefused(r"\x{…} is read differently in JavaScript; write the character itself.")
        if posix:
            raise PatternRefused("[[:…:]] classes are read differently in JavaScript.")
        if group and kind in ("=", "!", "<=", "<!"):
            raise PatternRefused("Look-ahead and look-behind are not supported.")
        if group and kind != ":" and not (kind or "").startswith("<"):
            raise PatternRefused("Flags inside a pattern are not supported.")
    if "[^]" in text or "[]" in text:
        raise PatternRefused("An empty character class is not supported.")
    if any(int(number) > 1000 for bound in _BOUND.finditer(text) for number in bound.groups() if number):
        raise PatternRefused("Repeats over 1,000 are not supported.")
