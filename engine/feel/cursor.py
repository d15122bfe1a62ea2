"""A place in the tokens of one expression, and which sequences of tokens are names there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

from engine.feel.budget import PARSE_DEPTH, TEXT_LENGTH
from engine.feel.lexer import SPACE, Token, tokens_of
from engine.feel.names import KEYWORDS, NameTable, goes_on
from engine.feel.notes import syntax_error

PROPERTIES: Final = NameTable(["start included", "end included", "time offset"])


class Cursor:
    """Reads tokens one after the other; counts nesting."""

    __slots__ = ("_depth", "_functions", "_keys", "_names", "_scopes", "at", "last_end", "text", "tokens")

    def __init__(self, text: str, names: NameTable, functions: NameTable) -> None:
        """``names`` are those of the data, ``functions`` those of the library."""
        if len(text) > TEXT_LENGTH:
            raise syntax_error(text, TEXT_LENGTH, len(text), f"at most {TEXT_LENGTH} characters")
        self.text = text
        self.tokens = tokens_of(text)
        self.at = 0
        self.last_end = 0
        self._names = names
        self._functions = functions
        self._keys = NameTable()
        self._scopes: list[NameTable] = []
        self._depth = 0

    @property
    def token(self) -> Token:
        """The token to be read next."""
        return self.tokens[self.at]

    def sees(self, text: str, ahead: int = 0) -> bool:
        """Say whether the next token, or the one ``ahead`` of it, is this sign or word."""
        at = self.at + ahead
        return at < len(self.tokens) and self.tokens[at].text == text and self.tokens[at].kind != "string"

    def next(self) -> Token:
        """Return the next token and step past it."""
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
            self.last_end = token.end
        return token

    def skip(self, text: str) -> bool:
        """Step past this sign or word if it is next, and say whether it was."""
        if not self.sees(text):
            return False
        self.next()
        return True

    def take(self, text: str) -> Token:
        """Step past this sign or word. Raises ``FeelSyntaxError`` if something else is next."""
        if not self.sees(text):
            self.fail(f"'{text}'")
        return self.next()

    def fail(self, expected: str) -> NoReturn:
        """Raise ``FeelSyntaxError`` at the next token."""
        token = self.token
        raise syntax_error(self.text, token.start, token.end, expected)

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Count one more level of nesting. Raises ``FeelSyntaxError`` beyond the allowed depth."""
        self._depth += 1
        if self._depth > PARSE_DEPTH:
            self.fail(f"at most {PARSE_DEPTH} nested levels")
        try:
            yield
        finally:
            self._depth -= 1

    @contextmanager
    def declaring(self) -> Iterator[None]:
        """Open a scope: names declared inside it are forgotten at its end."""
        self._scopes.append(NameTable())
        try:
            yield
        finally:
            self._scopes.pop()

    @contextmanager
    def among_keys(self) -> Iterator[None]:
        """Treat the keys of context literals read so far as names: inside a filter they are."""
        self._scopes.append(self._keys)
        try:
            yield
        finally:
            self._scopes.pop()

    def declare(self, name: str) -> None:
        """Make ``name`` known in the innermost scope."""
        self._scopes[-1].add(name)

    def declare_key(self, name: str) -> None:
        """Make ``name`` known to paths and filters as a key of some context, and to the innermost scope."""
        self._keys.add(name)
        self.declare(name)

    def name_here(self) -> str | None:
        """Step past the longest known name, else past one identifier.

        Return None and stay if there is neither.
        """
        best = self._names.match(self.tokens, self.at)
        for scope in self._scopes:
            best = _longer(best, scope.match(self.tokens, self.at))
        builtin = self._functions.match(self.tokens, self.at)
        if builtin is not None and self._may_be_function(builtin[0]):
            best = _longer(best, builtin)
        return self._accept(best)

    def key_here(self) -> str | None:
        """Step past a key after a dot: a known name, else all words up to a keyword or sign."""
        best = _longer(self._names.match(self.tokens, self.at), self._keys.match(self.tokens, self.at))
        best = _longer(best, PROPERTIES.match(self.tokens, self.at))
        if best is not None:
            return self._accept(best)
        if self.token.kind != "word":
            return None
        words = [self.next().text]
        while self.token.kind == "word" and self.token.text not in KEYWORDS:
            words.append(self.next().text)
        return " ".join(words)

    def _may_be_function(self, length: int) -> bool:
        """``date and time`` is a function only where it is called: ``x between date and time`` is not one
        name.
        """
        tokens = self.tokens[self.at : self.at + length]
        return self.sees("(", length) or not any(token.text in KEYWORDS for token in tokens)

    def _accept(self, match: tuple[int, str] | None) -> str | None:
        if match is not None:
            self.at += match[0]
            self.last_end = self.tokens[self.at - 1].end
            return match[1]
        token = self.token
        if token.kind == "word" and token.text not in KEYWORDS:
            return self.next().text
        return None

    def declared_name(self, *ends: str) -> str:
        """Step past a name being declared, up to but not past one of ``ends``. Raises ``FeelSyntaxError``."""
        length = self.name_length(*ends)
        if length is None:
            self.fail("a name")
        start = self.token.start
        self.at += length
        self.last_end = self.tokens[self.at - 1].end
        return SPACE.sub(" ", self.text[start : self.last_end])

    def name_length(self, *ends: str) -> int | None:
        """Return how many tokens make the name before one of ``ends``, None if what is next is no name."""
        ahead = self.at
        tokens = self.tokens
        if tokens[ahead].kind != "word":
            return None
        ahead += 1
        while tokens[ahead].text not in ends:
            if not goes_on(tokens[ahead]):
                return None
            ahead += 1
        return ahead - self.at


def _longer(one: tuple[int, str] | None, other: tuple[int, str] | None) -> tuple[int, str] | None:
    if one is None or other is None:
        return one or other
    return other if other[0] > one[0] else one
