"""The grammar of XPath's regular expressions: text in, tree out; what XPath does not allow is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.feel import characters
from engine.feel.characters import Ranges

MAX_LENGTH: Final = 4_096
MAX_DEPTH: Final = 60
MAX_REPEAT: Final = 1_000
_WHITE = " \t\n\r"
_META = frozenset("\\|.?*+(){}[]-^$")
_CONTROLS = {"n": 0x0A, "r": 0x0D, "t": 0x09}
_RESERVED = frozenset("?*+{}])|")


class BadPattern(ValueError):
    """The text is no regular expression of XPath."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts one after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The first branch that lets the rest succeed."""

    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The body ``least`` to ``most`` times (None: any number), as often as possible if ``greedy``."""

    body: Node
    least: int
    most: int | None
    greedy: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A part whose text is remembered under a number."""

    body: Node
    number: int


@dataclass(frozen=True, slots=True)
class Start:
    """The start of the text, or of a line."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of the text, or of a line."""


@dataclass(frozen=True, slots=True)
class BackReference:
    """The text that a group matched last."""

    number: int


Node = Chars | Sequence | Choice | Repeat | Group | Start | End | BackReference


@dataclass(frozen=True, slots=True)
class Tree:
    """A regular expression with what an engine must know about it."""

    root: Node
    groups: int
    lines: bool
    ignore_case: bool
    has_back_reference: bool
    has_start: bool


def parse(text: str, flags: str) -> Tree:
    """Read a regular expression of XPath. Raises ``BadPattern`` for anything else, unknown flags included."""
    if len(text) > MAX_LENGTH or not set(flags) <= set("smix"):
        raise BadPattern
    parser = _Parser(without_white_space(text) if "x" in flags else text, flags)
    root = parser.choice()
    if parser.at < len(parser.text):
        raise BadPattern
    return Tree(
        root,
        parser.opened,
        "m" in flags,
        "i" in flags,
        parser.has_back_reference,
        parser.has_start,
    )


def without_white_space(text: str) -> str:
    """Return the pattern as flag ``x`` reads it: white space counts only inside a character class."""
    kept: list[str] = []
    depth = 0
    escaped = False
    for char in text:
        if char in _WHITE and depth == 0:
            continue
        kept.append(char)
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "[":
            depth += 1
        elif char == "]" and depth:
            depth -= 1
    return "".join(kept)


class _Parser:
    """One pass over the text; ``at`` is the next character."""

    def __init__(self, text: str, flags: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.opened = 0
        self.closed: set[int] = set()
        self.ignore_case = "i" in flags
        self.dot = characters.EVERYTHING if "s" in flags else characters.complement(((10, 10), (13, 13)))
        self.has_back_reference = False
        self.has_start = False

    def peek(self, ahead: int = 0) -> str:
        return self.text[self.at + ahead : self.at + ahead + 1]

    def take(self) -> str:
        char = self.peek()
        if not char:
            raise BadPattern
        self.at += 1
        return char

    def expect(self, char: str) -> None:
        if self.take() != char:
            raise BadPattern

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise BadPattern

    def choice(self) -> Node:
        self.enter()
        branches = [self.branch()]
        while self.peek() == "|":
            self.at += 1
            branches.append(self.branch())
        self.depth -= 1
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def branch(self) -> Node:
        parts: list[Node] = []
        while (char := self.peek()) and char not in "|)":
            parts.append(self.repeated(self.atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def repeated(self, body: Node) -> Node:
        char = self.peek()
        if not char or char not in "?*+{":
            return body
        self.at += 1
        if char == "{":
            least, most = self.counts()
        else:
            least, most = {"?": (0, 1), "*": (0, None), "+": (1, None)}[char]
        greedy = self.peek() != "?"
        self.at += not greedy
        return Repeat(body, least, most, greedy)

    def counts(self) -> tuple[int, int | None]:
        least = self.number()
        most: int | None = least
        if self.peek() == ",":
            self.at += 1
            most = None if self.peek() == "}" else self.number()
        self.expect("}")
        if most is not None and most < least:
            raise BadPattern
        return least, most

    def number(self) -> int:
        start = self.at
        while self.peek() in tuple("0123456789"):
            self.at += 1
        digits = self.text[start : self.at]
        if not digits or len(digits) > 4 or int(digits) > MAX_REPEAT:
            raise BadPattern
        return int(digits)

    def atom(self) -> Node:
        char = self.take()
        if char == "(":
            return self.group()
        if char == "[":
            return Chars(self.char_class())
        if char == ".":
            return Chars(self.dot)
        if char == "^":
            self.has_start = True
            return Start()
        if char == "$":
            return End()
        if char == "\\":
            return self.escaped_atom()
        if char in _RESERVED:
            raise BadPattern
        return Chars(self.of_point(ord(char)))

    def group(self) -> Node:
        if self.peek() == "?":
            self.at += 1
            self.expect(":")
            body = self.choice()
            self.expect(")")
            return body
        self.opened += 1
        number = self.opened
        body = self.choice()
        self.expect(")")
        self.closed.add(number)
        return Group(body, number)

    def escaped_atom(self) -> Node:
        if self.peek() in tuple("123456789"):
            return self.back_reference()
        found = self.escape()
        return Chars(self.of_point(found) if isinstance(found, int) else found)

    def back_reference(self) -> Node:
        """The longest number of a group opened so far counts; that group must be closed."""
        number = int(self.take())
        while (digit := self.peek()) in tuple("0123456789") and number * 10 + int(digit) <= self.opened:
            number = number * 10 + int(self.take())
        if number not in self.closed:
            raise BadPattern
        self.has_back_reference = True
        return BackReference(number)

    def of_point(self, point: int) -> Ranges:
        return self.of_range(point, point)

    def of_range(self, low: int, high: int) -> Ranges:
        ranges = ((low, high),)
        return characters.with_case_variants(ranges) if self.ignore_case else ranges

    def escape(self) -> int | Ranges:
        """Return what follows a backslash: the code point of one character, or a set."""
        char = self.take()
        if char in _META:
            return ord(char)
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char in "pP":
            return self.property(char)
        sets = {"s": characters.SPACE, "i": characters.NAME_START, "c": characters.NAME}
        lower = char.lower()
        if lower in sets:
            found = sets[lower]
        elif lower in ("d", "w"):
            found = characters.digits() if lower == "d" else characters.word()
        else:
            raise BadPattern
        return found if char == lower else characters.complement(found)

    def property(self, letter: str) -> Ranges:
        self.expect("{")
        end = self.text.find("}", self.at)
        if end < 0:
            raise BadPattern
        name = self.text[self.at : end]
        self.at = end + 1
        found = characters.block(name[2:]) if name.startswith("Is") else characters.category(name)
        if found is None:
            raise BadPattern
        return found if letter == "p" else characters.complement(found)

    def char_class(self) -> Ranges:
        r"""Read the inside of ``[…]`` and its closing bracket: ``^``, characters, ranges, sets, ``-[…]``."""
        self.enter()
        negative = self.peek() == "^"
        self.at += negative
        members: list[tuple[int, int]] = []
        first = True
        without: Ranges | None = None
        while (char := self.peek()) != "]" or first:
            if char == "-" and self.peek(1) == "[" and not first:
                self.at += 2
                without = self.char_class()
                break
            members.extend(self.member(first))
            first = False
        self.expect("]")
        self.depth -= 1
        found = union_of(members, negative)
        return found if without is None else characters.difference(found, without)

    def member(self, first: bool) -> Ranges:
        start = self.class_char(first)
        if not isinstance(start, int):
            return start
        if self.peek() == "-" and self.peek(1) not in ("]", "["):
            self.at += 1
            end = self.class_char(first=False)
            if not isinstance(end, int) or end < start:
                raise BadPattern
            return self.of_range(start, end)
        return self.of_point(start)

    def class_char(self, first: bool) -> int | Ranges:
        char = self.take()
        if char == "\\":
            return self.escape()
        if char in "[]":
            raise BadPattern
        if (
            char == "-"
            and not first
            and self.peek() != "]"
            and not (self.peek() == "-" and self.peek(1) == "[")
        ):
            raise BadPattern
        return ord(char)


def union_of(members: list[tuple[int, int]], negative: bool) -> Ranges:
    """Return the set of a character class from its members."""
    found = characters.union(members)
    return characters.complement(found) if negative else found
