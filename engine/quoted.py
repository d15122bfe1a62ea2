"""What a case knows, quoted in words of ours: between two marks nobody sees (Unicode's isolates), so that it can be taken out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

_OPEN: Final = "\u2068"
_CLOSE: Final = "\u2069"
_MARKS: Final = str.maketrans("", "", _OPEN + _CLOSE)
_QUOTED: Final = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}?")


def quoted(value: object) -> str:
    """Return ``value`` as text between the marks; marks it holds itself go."""
    return f"{_OPEN}{plain(str(value))}{_CLOSE}"


def plain(text: str) -> str:
    """Return ``text`` without the marks, for somebody who may know all of it."""
    return text.translate(_MARKS)


def quoting(text: str, known: Iterable[str]) -> str:
    """Return ``text`` with every occurrence of what is ``known`` between the marks, the longest first."""
    there = sorted({one for one in known if one.strip() and one in text}, key=len, reverse=True)
    if not there:
        return text
    anyone = re.compile(rf"{_OPEN}[^{_CLOSE}]*{_CLOSE}|(?<!\w)(?:{'|'.join(map(re.escape, there))})(?!\w)")
    return anyone.sub(lambda found: found[0] if found[0].startswith(_OPEN) else quoted(found[0]), text)


def retold(text: str, instead: Callable[[str], str]) -> str:
    """Return ``text`` with ``instead(words)`` in place of everything that is quoted, cut off or whole."""
    return _QUOTED.sub(lambda found: instead(found[1]), text)


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text in plain data, as it is and as Python writes it; names of members too."""
    if isinstance(value, str):
        yield value
        yield repr(value)[1:-1]
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from texts_in(name)
            yield from texts_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts_in(item)
