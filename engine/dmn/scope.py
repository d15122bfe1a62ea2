"""What is seen while a part of a decision is evaluated, and the compiled FEEL texts that see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.dmn.model import Text
from engine.dmn.odd_names import NO_NAMES
from engine.dmn.program import Linked
from engine.feel import (
    Expression,
    FeelSyntaxError,
    Run,
    UnaryTest,
    compile,
    compile_unary,
    kind_of,
)
from engine.feel.types import Type
from engine.feel.values import MISSING, Value

if TYPE_CHECKING:
    from engine.dmn.evaluation import Evaluation

Code = Callable[["Scope"], Value]
Judge = Callable[[Value, Any, Run], "bool | None"]


class Scope:
    """Variables by name; ``odd`` are the names inside their values that are no plain identifiers."""

    __slots__ = ("evaluation", "odd", "variables")

    def __init__(
        self, evaluation: Evaluation, variables: Mapping[str, Value], odd: frozenset[str] = NO_NAMES
    ) -> None:
        """``variables`` are not copied: a boxed context lets them grow."""
        self.evaluation = evaluation
        self.variables = variables
        self.odd = odd

    def having(self, more: Mapping[str, Value], odd: frozenset[str] | None = None) -> Scope:
        """Return this scope with more variables; ``odd`` are the names inside them, if known already."""
        names = self.evaluation.odd.inside_all(more.values()) if odd is None else odd
        return Scope(self.evaluation, {**self.variables, **more}, self.odd | names if names else self.odd)


class Formula:
    """A FEEL expression at its place in a model, compiled for the names that are known without data."""

    __slots__ = (
        "_by_names",
        "_known",
        "_linked",
        "_plain",
        "_source",
        "column",
        "element_id",
        "result",
        "rule_id",
    )

    def __init__(
        self,
        text: Text,
        linked: Linked,
        known: frozenset[str],
        *,
        result: Type | None = None,
        rule_id: str | None = None,
        column: str | None = None,
    ) -> None:
        """``known`` are the names in scope that are no plain identifiers; ``result`` is the type to convert
        to.
        """
        self._source = text
        self.element_id = text.element_id
        self.rule_id = rule_id
        self.column = column
        self.result = result
        self._linked = linked
        self._known = known
        self._by_names: dict[frozenset[str], Expression | FeelSyntaxError] = {}
        self._plain = self._compiled(NO_NAMES)

    def _compiled(self, odd: frozenset[str]) -> Expression | FeelSyntaxError:
        found = self._by_names.get(odd)
        if found is None:
            try:
                found = compile(self._source.text, self._known | odd, self._linked.types.find)
            except FeelSyntaxError as error:
                found = error
                if not odd:
                    self._linked.unreadable.append((self._source, error))
            if len(self._by_names) < _MOST_VARIANTS:
                self._by_names[odd] = found
        return found

    @property
    def is_readable(self) -> bool:
        """Whether the text is FEEL, as far as the names known without data tell."""
        return not isinstance(self._plain, FeelSyntaxError)

    def __call__(self, scope: Scope) -> Value:
        """Return the value in that scope, converted to the declared type."""
        expression = self._plain if not scope.odd else self._compiled(scope.odd)
        evaluation = scope.evaluation
        if type(expression) is FeelSyntaxError:
            evaluation.note("syntax", self, **expression.facts)
            return None
        run = evaluation.run
        before = len(run.notes)
        value = expression.value_in(scope.variables, run)  # type: ignore[union-attr]
        if len(run.notes) > before:
            evaluation.take_notes(before, self)
        return value if self.result is None else converted(value, self.result, evaluation, self)


class Test:
    """Unary tests at their place in a model."""

    __slots__ = ("_by_names", "_known", "_linked", "_plain", "_source", "column", "element_id", "rule_id")

    def __init__(
        self,
        text: Text,
        linked: Linked,
        known: frozenset[str],
        *,
        rule_id: str | None = None,
        column: str | None = None,
    ) -> None:
        """``known`` as for ``Formula``."""
        self._source = text
        self.element_id = text.element_id
        self.rule_id = rule_id
        self.column = column
        self._linked = linked
        self._known = known
        self._by_names: dict[frozenset[str], UnaryTest | FeelSyntaxError] = {}
        self._plain = self._compiled(NO_NAMES)

    def _compiled(self, odd: frozenset[str]) -> UnaryTest | FeelSyntaxError:
        found = self._by_names.get(odd)
        if found is None:
            try:
                found = compile_unary(self._source.text, self._known | odd, self._linked.types.find)
            except FeelSyntaxError as error:
                found = error
                if not odd:
                    self._linked.unreadable.append((self._source, error))
            if len(self._by_names) < _MOST_VARIANTS:
                self._by_names[odd] = found
        return found

    @property
    def parts(self) -> tuple[Judge, int] | None:
        """The closure that judges an input in a frame, and its cost, where no data has odd names; None if
        unreadable.
        """
        return None if isinstance(self._plain, FeelSyntaxError) else (self._plain.test, self._plain.size)

    def passes(self, value: Value, scope: Scope) -> bool:
        """Say whether ``value`` passes; what cannot be said does not pass and is noted."""
        test = self._plain if not scope.odd else self._compiled(scope.odd)
        evaluation = scope.evaluation
        if type(test) is FeelSyntaxError:
            evaluation.note("syntax", self, **test.facts)
            return False
        run = evaluation.run
        before = len(run.notes)
        passed = test.passes(value, scope.variables, run)  # type: ignore[union-attr]
        if len(run.notes) > before:
            evaluation.take_notes(before, self)
        return passed is True


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a model that is no text."""

    element_id: str | None
    rule_id: str | None = None
    column: str | None = None


Placed = Formula | Test | Spot
_MOST_VARIANTS = 50


def converted(value: Value, kind: Type | None, evaluation: Evaluation, place: Placed | None = None) -> Value:
    """Return the value as the declared type wants it, or null with a note."""
    if kind is None or value is None:
        return value
    fitting = kind.coerced(value)
    if fitting is not MISSING:
        return fitting
    evaluation.note("wrong_type", place, expected=kind.name, found=kind_of(value))
    return None
