"""Names with spaces and signs in them: which token sequences are one name, and which known name was perhaps
meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from engine.feel.budget import DATA_DEPTH
from engine.feel.lexer import SPACE, WORD, Token, tokens_of
from engine.feel.notes import FeelSyntaxError

KEYWORDS: Final = frozenset(
    (
        "and", "between", "else", "every", "false", "for", "function", "if",
        "in", "instance", "null", "or", "return", "satisfies", "some", "then", "true",
    )
)  # fmt: skip
_SIGNS: Final = frozenset("./-'+*?")  # what a name may have beside words and digits
MOST_COMPARED: Final = 400


def is_plain(name: str) -> bool:
    """Say whether the name is a single identifier, which needs no declaration to be read."""
    return WORD.fullmatch(name) is not None and name not in KEYWORDS


def normalised(name: str) -> str:
    """Return the name with white space trimmed and every run of it made one blank."""
    return SPACE.sub(" ", name).strip()


def names_in(context: Mapping[str, Any]) -> frozenset[str]:
    """Return the keys, those of nested contexts and lists included, that are not plain identifiers."""
    found: set[str] = set()
    seen: set[int] = set()

    def walk(value: object, depth: int) -> None:
        if not isinstance(value, (Mapping, list, tuple)) or id(value) in seen or depth > DATA_DEPTH:
            return
        seen.add(id(value))
        if isinstance(value, Mapping):
            found.update(key for key in value if not is_plain(key))
            value = list(value.values())
        for item in value:
            walk(item, depth + 1)

    walk(context, 0)
    return frozenset(found)


class NameTable:
    """Names of several tokens, found by their first token, the longest first."""

    __slots__ = ("_by_first", "_known")

    def __init__(self, names: Iterable[str] = ()) -> None:
        """Names that cannot be written in an expression are left out."""
        self._by_first: dict[str, list[tuple[tuple[tuple[str, bool], ...], str]]] = {}
        self._known: set[str] = set()
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Make ``name`` known; a single word needs no entry, and a keyword must not become a name.

        Keys of data may hold any sign. One that no name has would change what others wrote: ``[v, v]`` is a list,
        whatever is called ``[`` or ``v, v`` (DMN 1.3, grammar rules 25 to 30).
        """
        if name in self._known or WORD.fullmatch(name):
            return
        self._known.add(name)
        if "//" in name or "/*" in name or '"' in name:
            return
        try:
            tokens = tokens_of(name)[:-1]
        except FeelSyntaxError:
            return
        if not tokens or not _begins(tokens[0]) or not all(map(goes_on, tokens[1:])):
            return
        parts = tuple((token.text, token.spaced) for token in tokens[1:])
        entries = self._by_first.setdefault(tokens[0].text, [])
        entries.append((parts, normalised(name)))
        entries.sort(key=lambda entry: -len(entry[0]))

    def match(self, tokens: Sequence[Token], at: int) -> tuple[int, str] | None:
        """Return how many tokens from ``at`` are the longest known name, and that name."""
        entries = self._by_first.get(tokens[at].text)
        if entries is None:
            return None
        for parts, name in entries:
            upto = at + 1 + len(parts)
            if upto < len(tokens) and all(
                token.text == text and token.spaced == spaced
                for token, (text, spaced) in zip(tokens[at + 1 : upto], parts, strict=True)
            ):
                return len(parts) + 1, name
        return None


def goes_on(token: Token) -> bool:
    """Say whether the token may stand in a name, after its first."""
    return token.kind in ("word", "number") or (token.kind == "sign" and _SIGNS.issuperset(token.text))


def _begins(token: Token) -> bool:
    return token.kind == "word" or token.text == "?"


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return up to three known names that look like ``name``.

    Among very many names only the first are looked at.
    """
    few = list(_first(known, MOST_COMPARED))
    folded = {candidate.casefold(): candidate for candidate in reversed(few) if len(candidate) < 100}
    if len(name) >= 100:
        return []
    return [folded[match] for match in get_close_matches(name.casefold(), folded, n=3, cutoff=0.7)]


def _first(known: Iterable[str], count: int) -> Iterator[str]:
    for index, name in enumerate(known):
        if index >= count:
            return
        yield name
