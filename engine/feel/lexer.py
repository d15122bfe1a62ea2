"""From text to tokens: numbers, strings, words and signs, each with its place."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from engine.feel.notes import syntax_error

_START: Final = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_PART: Final = _START + "0-9\u00b7\u0300-\u036f\u203f-\u2040"
_SPACE: Final = "\t\n\v\f\r \u0085\u00a0\u1680\u180e\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
WORD: Final = re.compile(f"[{_START}][{_PART}]*")
SPACE: Final = re.compile(f"[{_SPACE}]+")
_TOKEN: Final = re.compile(
    rf"""(?P<gap>[{_SPACE}]+|//[^\n\r]*|/\*.*?\*/)
    |(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<word>[{_START}][{_PART}]*)
    |(?P<sign>\*\*|\.\.|<=|>=|!=|->|.)""",
    re.DOTALL | re.VERBOSE,
)
_ESCAPE: Final = re.compile(
    r"\\(?:u([0-9a-fA-F]{4})(?:\\u([0-9a-fA-F]{4}))?|U([0-9a-fA-F]{6})|(.))|([\ud800-\udfff])", re.DOTALL
)
_SIMPLE: Final = {'"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t", "'": "'"}


class Token(NamedTuple):
    """A token; ``kind`` is number, string, word, sign or end, ``spaced`` whether white space comes before
    it.
    """

    kind: str
    text: str
    start: int
    end: int
    spaced: bool


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of ``text``, the last one of kind ``end``. Raises ``FeelSyntaxError``."""
    tokens: list[Token] = []
    spaced = False
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind == "gap":
            spaced = True
            continue
        word, start, end = match.group(), match.start(), match.end()
        if word == '"':
            raise syntax_error(text, start, len(text), 'a closing "')
        if word == "/" and text.startswith("/*", start):
            raise syntax_error(text, start, len(text), "a closing */")
        tokens.append(Token(kind, word, start, end, spaced))
        spaced = False
    tokens.append(Token("end", "", len(text), len(text), spaced))
    return tokens


def unescape(text: str, token: Token) -> str:
    """Return what the string token stands for. Raises ``FeelSyntaxError``.

    Pairs of surrogates are joined; a backslash before a letter that means nothing stays, as patterns need it.
    """
    inner = token.text[1:-1]
    if "\\" not in inner and inner.isascii():
        return inner

    def one(match: re.Match[str]) -> str:
        first, second, wide, simple, lone = match.groups()
        if simple is not None and simple not in "uU":
            return _SIMPLE.get(simple, f"\\{simple}")
        code = int(first or wide or "110000", 16)
        if first and second and 0xD800 <= code < 0xDC00 <= int(second, 16) < 0xE000:
            return chr(0x10000 + ((code - 0xD800) << 10) + int(second, 16) - 0xDC00)
        if lone or code > 0x10FFFF or 0xD800 <= code < 0xE000:
            start = token.start + 1 + match.start()
            raise syntax_error(text, start, start + len(match.group()), "a valid escape sequence")
        if second is None:
            return chr(code)
        return chr(code) + _ESCAPE.sub(one, f"\\u{second}")

    return _ESCAPE.sub(one, inner)
