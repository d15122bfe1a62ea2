"""Regular expressions of FEEL: XPath's language, run in linear time by RE2 wherever RE2 can."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import lru_cache

import re2

from engine.feel.characters import Ranges
from engine.feel.pattern_matcher import Charge, Matcher, Spans
from engine.feel.pattern_syntax import (
    BackReference,
    BadPattern,
    Chars,
    Choice,
    End,
    Group,
    Node,
    Repeat,
    Sequence,
    Start,
    Tree,
    parse,
)

_NOTHING = r"[^\x{0}-\x{10FFFF}]"


def compile_pattern(text: str, flags: str = "") -> Pattern | None:
    """Return the regular expression, or None if XPath or our limits do not allow it.

    ``flags`` may hold ``s`` (dot takes line ends), ``m`` (``^`` and ``$`` at lines), ``i`` (ignore case),
    ``x`` (ignore white space). Look-around, named groups and inline flags do not exist in XPath.
    """
    return _compile(text, "".join(sorted(set(flags))))


@lru_cache(maxsize=1000)
def _compile(text: str, flags: str) -> Pattern | None:
    try:
        return Pattern(parse(text, flags))
    except BadPattern:
        return None


class Pattern:
    """A compiled regular expression; immutable, shared by threads.

    Every method takes ``charge``, which is told the costs before the work and may raise.
    """

    def __init__(self, tree: Tree) -> None:
        """Raises ``BadPattern`` if the tree is too large to run."""
        self._tree = tree
        self._matcher: Matcher | None = None
        self._linear: re2._Regexp | None = None
        if tree.has_back_reference:
            self._matcher = Matcher(tree)
        else:
            self._linear = _linear(tree)

    def matches(self, text: str, charge: Charge) -> bool:
        """Say whether some part of ``text`` matches."""
        text = _clean(text)
        charge(1 + len(text) // 64)
        linear = self._engine_for(text)
        if linear is not None:
            return linear.search(text) is not None
        return next(self._slow().spans(text, charge), None) is not None

    def replace(self, text: str, replacement: str, charge: Charge) -> str | None:
        r"""Return ``text`` with every match replaced; ``$1`` is a group, ``$0`` the match, ``\$`` a dollar.

        None if the replacement is malformed, or the pattern matches nothing at all (XPath's FORX0003).
        """
        parts = _replacement(replacement, self._tree.groups)
        if parts is None or self.matches("", charge):
            return None
        text = _clean(text)
        pieces: list[str] = []
        end = 0
        for spans in self._spans(text, charge):
            made = [text[end : spans[0]], *(_expanded(part, text, spans) for part in parts)]
            charge(sum(map(len, made)) >> 2)
            pieces.extend(made)
            end = spans[1]
        pieces.append(text[end:])
        return "".join(pieces)

    def split(self, text: str, charge: Charge) -> list[str] | None:
        """Return what stands between the matches; None if the pattern matches nothing at all."""
        if self.matches("", charge):
            return None
        text = _clean(text)
        pieces: list[str] = []
        end = 0
        for spans in self._spans(text, charge):
            pieces.append(text[end : spans[0]])
            end = spans[1]
        pieces.append(text[end:])
        return pieces

    def find_all(self, text: str, charge: Charge) -> list[str]:
        """Return the texts of all matches, from left to right, never overlapping."""
        text = _clean(text)
        return [text[spans[0] : spans[1]] for spans in self._spans(text, charge)]

    def _spans(self, text: str, charge: Charge) -> Iterator[Spans]:
        charge(1 + len(text) // 64)
        linear = self._engine_for(text)
        if linear is None:
            yield from self._slow().spans(text, charge)
            return
        for match in linear.finditer(text):
            charge(1 + (len(text) - match.end()) // 512)
            yield tuple(itertools.chain.from_iterable(match.span(i) for i in range(self._tree.groups + 1)))

    def _engine_for(self, text: str) -> re2._Regexp | None:
        """RE2 would also find a line's start behind a text's final newline; XPath does not."""
        if self._tree.lines and self._tree.has_start and text.endswith("\n"):
            return None
        return self._linear

    def _slow(self) -> Matcher:
        if self._matcher is None:
            self._matcher = Matcher(self._tree)
        return self._matcher


def _clean(text: str) -> str:
    """Return ``text`` without lone halves of surrogate pairs, which no encoding can carry."""
    if text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text):
        return text
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def _linear(tree: Tree) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 16 << 20
    try:
        return re2.compile(_written(tree.root, lines=tree.lines), options)
    except re2.error:
        raise BadPattern from None


def _written(node: Node, *, lines: bool) -> str:
    """Return the tree in RE2's syntax, every set of characters spelled out."""

    def write(part: Node) -> str:
        return _written(part, lines=lines)

    if isinstance(node, Chars):
        return _written_set(node.ranges)
    if isinstance(node, Sequence):
        return "".join(f"(?:{write(p)})" if isinstance(p, Choice) else write(p) for p in node.parts)
    if isinstance(node, Choice):
        return "|".join(map(write, node.branches))
    if isinstance(node, Group):
        return f"({write(node.body)})"
    if isinstance(node, Repeat):
        body = write(node.body)
        return f"{body if isinstance(node.body, Chars | Group) else f'(?:{body})'}{_written_count(node)}"
    if isinstance(node, Start):
        return "(?m:^)" if lines else r"\A"
    if isinstance(node, End):
        return "(?m:$)" if lines else r"\z"
    assert not isinstance(node, BackReference)  # noqa: S101
    raise AssertionError(node)


def _written_count(node: Repeat) -> str:
    count = {(0, 1): "?", (0, None): "*", (1, None): "+"}.get((node.least, node.most))
    if count is None:
        most = "" if node.most is None else node.most
        count = f"{{{node.least}}}" if node.least == node.most else f"{{{node.least},{most}}}"
    return count + ("" if node.greedy else "?")


def _written_set(ranges: Ranges) -> str:
    if not ranges:
        return _NOTHING
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        char = chr(ranges[0][0])
        return char if char.isascii() and char.isalnum() else f"\\x{{{ranges[0][0]:X}}}"
    spelled = (f"\\x{{{a:X}}}" if a == b else f"\\x{{{a:X}}}-\\x{{{b:X}}}" for a, b in ranges)
    return f"[{''.join(spelled)}]"


def _expanded(part: str | int, text: str, spans: Spans) -> str:
    if isinstance(part, str):
        return part
    start, end = spans[2 * part], spans[2 * part + 1]
    return text[start:end] if end >= 0 else ""


@lru_cache(maxsize=200)
def _replacement(text: str, groups: int) -> tuple[str | int, ...] | None:
    r"""Return the replacement as literal texts and group numbers; None if a ``$`` or ``\`` stands alone."""
    parts: list[str | int] = []
    at = 0
    while at < len(text):
        char = text[at]
        following = text[at + 1 : at + 2]
        at += 1
        if char == "\\":
            if following not in ("\\", "$"):
                return None
            parts.append(following)
            at += 1
        elif char == "$":
            if not (following.isascii() and following.isdigit()):
                return None
            at = _group_reference(text, at, groups, parts)
        else:
            parts.append(char)
    return tuple(_joined(parts))


def _group_reference(text: str, at: int, groups: int, parts: list[str | int]) -> int:
    """Read the longest number that is a group; a single digit that is none stands for nothing."""
    number = int(text[at])
    at += 1
    while (
        text[at : at + 1].isascii() and text[at : at + 1].isdigit() and number * 10 + int(text[at]) <= groups
    ):
        number = number * 10 + int(text[at])
        at += 1
    if number <= groups:
        parts.append(number)
    return at


def _joined(parts: list[str | int]) -> Iterator[str | int]:
    key: Callable[[str | int], bool] = lambda part: isinstance(part, str)  # noqa: E731
    for literal, run in itertools.groupby(parts, key):
        if literal:
            yield "".join(str(part) for part in run)
        else:
            yield from run
