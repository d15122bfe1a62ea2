"""Words that somebody looks for: found whatever their capitals and accents, on both databases alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, reduce
from typing import Any

import sqlalchemy as sa

_ACCENTS = "\u0300-\u036f"  # as they stand behind a letter that is written in two characters
_ACCENT = re.compile(f"[{_ACCENTS}]")
_STRUCK = re.compile(
    r"LATIN (?:SMALL|CAPITAL) LETTER ([A-Z]) WITH "
)  # ø, ł: no accent that could be taken off
_WRITTEN = (range(0x41, 0x250), range(0x370, 0x530), range(0x1E00, 0x2000))  # Latin, Greek, Cyrillic


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of ``text``, each once, without capitals and accents: ``Müller muller`` is one word."""
    plain, _ = _letters()
    told = _ACCENT.sub("", "".join(plain.get(sign, sign) for sign in text))
    return tuple(dict.fromkeys(told.split()))


def has_word(word: str, *columns: Any) -> sa.ColumnElement[bool]:
    """Return the condition that one of these texts has ``word`` (of ``words_of``) in it; a text may be NULL."""
    texts: list[sa.ColumnElement[Any]] = [sa.func.coalesce(column, "") for column in columns]
    return reduce(lambda one, other: one + "\n" + other, texts).regexp_match(_pattern(word))


def _pattern(word: str) -> str:
    """Return the regular expression for every spelling of a word, in what PostgreSQL and Python read alike."""
    return "".join(_spellings(word))


def _spellings(word: str) -> Iterator[str]:
    _, spelt = _letters()
    place = 0
    while place < len(word):
        pair = word[place : place + 2]
        if len(pair) == 2 and pair in spelt:
            yield f"(?:{_one(pair[0])}{_one(pair[1])}|[{spelt[pair]}])"
        else:
            yield _one(pair[0])
        place += 2 if len(pair) == 2 and pair in spelt else 1


def _one(sign: str) -> str:
    _, spelt = _letters()
    return f"[{spelt[sign]}][{_ACCENTS}]*" if sign in spelt else re.escape(sign)


@cache
def _letters() -> tuple[dict[str, str], dict[str, str]]:
    """Return each letter's plain form (``ü``: u, ``ß``: ss), and for each plain form all letters that have it."""
    plain: dict[str, str] = {}
    spelt: dict[str, str] = {}
    for sign in (chr(point) for points in _WRITTEN for point in points):
        if sign.isalpha():
            plain[sign] = _plain(sign)
            spelt[plain[sign]] = spelt.get(plain[sign], "") + sign
    return plain, spelt


def _plain(sign: str) -> str:
    struck = _STRUCK.match(unicodedata.name(sign, ""))
    if struck:
        return struck[1].lower()
    return _ACCENT.sub("", unicodedata.normalize("NFD", sign)).casefold()
