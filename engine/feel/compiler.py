"""From syntax tree to closures: which frame holds a name, and the one place that dispatches on the kind of
node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.feel.names import nearest
from engine.feel.notes import Place
from engine.feel.run import Run
from engine.feel.syntax import Name, Node
from engine.feel.types import Type
from engine.feel.values import MISSING, Value

Frame = tuple[Mapping[str, Value], Any]
"""A mapping of names and the frame around it; the outermost frame holds the variables and None."""

Code = Callable[[Frame, Run], Value]
Rule = Callable[["Compiler", Any, "Scope"], Code]


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known when compiling about one frame.

    ``names`` of None: the frame's names come with the data (variables of the caller, entries of a filtered
    item). ``growing`` marks the frame of a loop, whose ``partial`` is still being made.
    """

    names: frozenset[str] | None
    outer: Scope | None
    growing: bool = False


ROOT: Final = Scope(None, None)
EMPTY: Final[Mapping[str, Value]] = {}


class Compiler:
    """Turns the nodes of one text into closures.

    ``size`` counts them, ``variables`` collects the free names.
    """

    __slots__ = ("find_type", "functions", "rules", "size", "text", "variables")

    def __init__(
        self,
        text: str,
        *,
        rules: Mapping[type, Rule],
        functions: Mapping[str, Value],
        find_type: Callable[[str], Type | None] | None,
    ) -> None:
        """``functions`` are those of the library by name, ``find_type`` knows the types of a decision
        model.
        """
        self.text = text
        self.rules = rules
        self.functions = functions
        self.find_type = find_type
        self.size = 0
        self.variables: set[str] = set()

    def code(self, node: Node, scope: Scope) -> Code:
        """Return the closure that evaluates ``node`` in frames shaped like ``scope``."""
        self.size += 1
        return self.rules[type(node)](self, node, scope)

    def sized(self, node: Node, scope: Scope) -> tuple[Code, int]:
        """Return the closure and its number of nodes: what one round through it costs."""
        before = self.size
        code = self.code(node, scope)
        return code, self.size - before

    def place(self, node: Node) -> Place:
        """Return where the node stands."""
        return Place(self.text, node.start, node.end)

    def lookup(self, node: Name, scope: Scope, *, called: bool = False) -> tuple[Code, bool]:
        """Return the closure that reads a variable, and whether what it reads is a list still growing.

        The closure gives ``MISSING`` if no frame has the name. A built-in function that is ``called`` is no
        variable.
        """
        name = node.name
        uncertain: list[int] = []
        depth = 0
        here: Scope | None = scope
        while here is not None:
            if here.names is None:
                uncertain.append(depth)
                if here.outer is None and not (called and name in self.functions):
                    self.variables.add(name)
            elif name in here.names:
                return _reader(name, uncertain, depth), here.growing and name == "partial"
            depth += 1
            here = here.outer
        return _reader(name, uncertain[:-1], uncertain[-1]), False

    def unknown(self, node: Name, scope: Scope) -> Code:
        """Return the closure that reports a name which no frame has, with the names that were perhaps
        meant.
        """
        place, name = self.place(node), node.name
        declared: set[str] = set()
        filtered = False
        here: Scope | None = scope
        while here is not None:
            filtered = filtered or (here.names is None and here.outer is not None)
            declared |= here.names or frozenset()
            here = here.outer
        functions = self.functions

        def report(frame: Frame | None, run: Run) -> Value:
            if filtered and not run.is_news("unknown_property", place):
                return None
            if not run.is_news("unknown_variable", place):
                return None
            known: list[str] = []
            inside = False
            while frame is not None:
                inside = inside or (filtered and frame[1] is not None and frame[0] is not EMPTY)
                known.extend(frame[0])
                frame = frame[1]
            run.budget.charge(len(known))
            if filtered and inside:
                return run.note("unknown_property", place, "warning", name=name, nearest=nearest(name, known))
            return run.note("unknown_variable", place, name=name, nearest=nearest(name, [*known, *functions]))

        return report


def _reader(name: str, uncertain: list[int], depth: int) -> Code:
    """Return the closure that looks first into the uncertain frames, then into the one at ``depth``."""
    if uncertain:
        return _searching_reader(name, uncertain, depth)
    if depth == 0:

        def here(frame: Frame, run: Run) -> Value:  # noqa: ARG001
            return frame[0].get(name, MISSING)

        return here
    if depth == 1:

        def next_frame(frame: Frame, run: Run) -> Value:  # noqa: ARG001
            return frame[1][0].get(name, MISSING)

        return next_frame

    def farther(frame: Frame, run: Run) -> Value:  # noqa: ARG001
        for _ in range(depth):
            frame = frame[1]
        return frame[0].get(name, MISSING)

    return farther


def _searching_reader(name: str, uncertain: list[int], depth: int) -> Code:
    stops = [after - before for before, after in zip([0, *uncertain], [*uncertain, depth], strict=True)]

    def search(frame: Frame, run: Run) -> Value:  # noqa: ARG001
        for steps in stops:
            for _ in range(steps):
                frame = frame[1]
            value = frame[0].get(name, MISSING)
            if value is not MISSING:
                return value
        return MISSING

    return search
