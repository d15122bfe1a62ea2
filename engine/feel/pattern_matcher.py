"""A matcher that remembers groups while it tries: for back-references, which no linear engine has."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.feel import characters
from engine.feel.pattern_syntax import (
    BackReference,
    BadPattern,
    Chars,
    Choice,
    Group,
    Node,
    Repeat,
    Sequence,
    Start,
    Tree,
)

Charge = Callable[[int], None]
Spans = tuple[int, ...]
"""Start and end of the match, then of each group; -1 where a group took no part."""

_MAX_PROGRAM = 20_000
_CHARGE_EVERY = 256
_CHARS, _SPLIT, _JUMP, _SAVE, _START, _END, _BACK, _MARK, _MOVED, _MATCH = range(10)


@dataclass(slots=True)
class _Instruction:
    code: int
    a: int = 0
    b: int = 0
    lows: tuple[int, ...] = ()
    highs: tuple[int, ...] = ()


class Matcher:
    """A regular expression as a small program that is run with backtracking, paying for every step."""

    def __init__(self, tree: Tree) -> None:
        """Raises ``BadPattern`` if repetitions make the program too long."""
        self._tree = tree
        self._program: list[_Instruction] = []
        self._marks = 0
        self._write(tree.root)
        self._emit(_MATCH)
        self._slots = 2 * (tree.groups + 1)

    def spans(self, text: str, charge: Charge) -> Iterator[Spans]:
        """Yield the matches from left to right, never overlapping; ``charge`` may raise."""
        at = 0
        while at <= len(text):
            found = self._search(text, at, charge)
            if found is None:
                return
            yield found
            at = found[1] + (found[1] == found[0])

    def _emit(self, code: int, a: int = 0, b: int = 0) -> int:
        if len(self._program) >= _MAX_PROGRAM:
            raise BadPattern
        self._program.append(_Instruction(code, a, b))
        return len(self._program) - 1

    def _write(self, node: Node) -> None:
        if isinstance(node, Chars):
            at = self._emit(_CHARS)
            self._program[at].lows = tuple(low for low, _ in node.ranges)
            self._program[at].highs = tuple(high for _, high in node.ranges)
        elif isinstance(node, Sequence):
            for part in node.parts:
                self._write(part)
        elif isinstance(node, Choice):
            self._write_choice(node)
        elif isinstance(node, Repeat):
            self._write_repeat(node)
        elif isinstance(node, Group):
            self._emit(_SAVE, 2 * node.number)
            self._write(node.body)
            self._emit(_SAVE, 2 * node.number + 1)
        elif isinstance(node, BackReference):
            self._emit(_BACK, 2 * node.number)
        else:
            self._emit(_START if isinstance(node, Start) else _END)

    def _write_choice(self, node: Choice) -> None:
        jumps = []
        for branch in node.branches[:-1]:
            split = self._emit(_SPLIT)
            self._program[split].a = len(self._program)
            self._write(branch)
            jumps.append(self._emit(_JUMP))
            self._program[split].b = len(self._program)
        self._write(node.branches[-1])
        for jump in jumps:
            self._program[jump].a = len(self._program)

    def _write_repeat(self, node: Repeat) -> None:
        for _ in range(node.least):
            self._write(node.body)
        if node.most is None:
            self._marks += 1
            mark = -self._marks
            split = self._emit(_SPLIT)
            self._emit(_MARK, mark)
            self._write(node.body)
            self._emit(_MOVED, mark)
            self._emit(_JUMP, split)
            self._aim(split, greedy=node.greedy)
            return
        splits = []
        for _ in range(node.most - node.least):
            splits.append(self._emit(_SPLIT))
            self._write(node.body)
        for split in splits:
            self._aim(split, greedy=node.greedy)

    def _aim(self, split: int, *, greedy: bool) -> None:
        """Let the split try the body first, or the way past it."""
        body, past = split + 1, len(self._program)
        self._program[split].a, self._program[split].b = (body, past) if greedy else (past, body)

    def _search(self, text: str, start: int, charge: Charge) -> Spans | None:
        steps = 0
        for at in range(start, len(text) + 1):
            stack: list[tuple[int, int, Spans]] = [
                (0, at, (at, -1) + (-1,) * (self._slots - 2 + self._marks))
            ]
            while stack:
                following, position, saved = stack.pop()
                advanced = self._step(following, text, position, saved, stack)
                steps += 1
                if steps == _CHARGE_EVERY:
                    charge(steps)
                    steps = 0
                if advanced is not None:
                    charge(steps)
                    return (advanced[0], advanced[1], *advanced[2 : self._slots])
        charge(steps)
        return None

    def _step(
        self, at: int, text: str, position: int, saved: Spans, stack: list[tuple[int, int, Spans]]
    ) -> Spans | None:
        """Run one instruction: push what may follow; return the spans if it was the last."""
        instruction = self._program[at]
        code = instruction.code
        if code == _SPLIT:
            stack.append((instruction.b, position, saved))
            stack.append((instruction.a, position, saved))
        elif code == _JUMP:
            stack.append((instruction.a, position, saved))
        elif code in (_SAVE, _MARK):
            slot = instruction.a % len(saved)
            stack.append((at + 1, position, (*saved[:slot], position, *saved[slot + 1 :])))
        elif code == _MATCH:
            return (saved[0], position, *saved[2:])
        else:
            end = self._passes(instruction, text, position, saved)
            if end is not None:
                stack.append((at + 1, end, saved))
        return None

    def _passes(self, instruction: _Instruction, text: str, position: int, saved: Spans) -> int | None:
        """Return where the text goes on after a test, None if the test fails."""
        code = instruction.code
        if code == _CHARS:
            matches = position < len(text) and _among(ord(text[position]), instruction)
            return position + 1 if matches else None
        if code == _MOVED:
            return position if saved[instruction.a] != position else None
        if code == _BACK:
            return self._repeated(text, position, saved[instruction.a], saved[instruction.a + 1])
        return position if self._holds(code, text, position) else None

    def _holds(self, code: int, text: str, position: int) -> bool:
        if code == _START:
            line = self._tree.lines and position < len(text) and text[position - 1 : position] == "\n"
            return position == 0 or line
        return position == len(text) or (self._tree.lines and text[position] == "\n")

    def _repeated(self, text: str, position: int, start: int, end: int) -> int | None:
        """Return where the repetition of a group's text ends; a group that took no part repeats nothing."""
        if end < 0:
            return position
        wanted, found = text[start:end], text[position : position + end - start]
        if wanted == found:
            return position + len(wanted)
        if not self._tree.ignore_case or len(wanted) != len(found):
            return None
        alike = all(ord(b) in characters.variants(ord(a)) for a, b in zip(wanted, found, strict=True))
        return position + len(wanted) if alike else None


def _among(point: int, instruction: _Instruction) -> bool:
    index = bisect_right(instruction.lows, point) - 1
    return index >= 0 and point <= instruction.highs[index]
