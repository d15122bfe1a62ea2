"""What can go wrong with an expression: notes on data, and the errors that end compiling or evaluating."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from engine.errors import Invalid, TooLarge

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of an expression's text; offsets count characters from 0."""

    text: str
    start: int
    end: int

    @property
    def line(self) -> int:
        """Return the line of the start, from 1."""
        return self.text.count("\n", 0, self.start) + 1

    @property
    def column(self) -> int:
        """Return the column of the start, from 1."""
        return self.start - (self.text.rfind("\n", 0, self.start) + 1) + 1


@dataclass(frozen=True, slots=True)
class Note:
    """Something FEEL answers with null, and where; ``facts`` name kinds and names, never data.

    A ``warning`` marks a null that merely travelled on; an ``error`` something the author of the expression
    must mend.
    """

    code: str
    start: int
    end: int
    line: int
    column: int
    facts: dict[str, Any] = field(default_factory=dict)
    severity: Severity = "error"
    text: str = ""

    def caret(self) -> str:
        """Return the line of the expression and, beneath it, carets under the place."""
        return caret(self.text, self.start, self.end)


class Fault(Exception):
    """Raised inside the engine where FEEL defines null; the nearest node turns it into a note."""

    def __init__(self, code: str, /, *, severity: Severity = "error", **facts: Any) -> None:
        """``code`` is one of the codes of the FEEL requirements, ``facts`` its particulars."""
        super().__init__(code)
        self.code = code
        self.severity: Severity = severity
        self.facts = facts


class FeelSyntaxError(Invalid):
    """The expression cannot be read."""

    code = "syntax"

    def caret(self, text: str) -> str:
        """Return the offending line of ``text`` and, beneath it, carets under the place."""
        return caret(text, self.facts["start"], self.facts["end"])


class ExpressionFailed(Invalid):
    """The expression has no usable result for this data."""

    code = "expression_failed"


class BudgetExceeded(TooLarge):
    """The expression needs more steps, memory or nesting than it is allowed."""

    code = "budget_exceeded"


def caret(text: str, start: int, end: int) -> str:
    """Return the line of ``text`` that holds ``start`` and a line of carets under start to end, tabs kept
    in step.
    """
    begin = text.rfind("\n", 0, start) + 1
    finish = text.find("\n", start)
    line = text[begin:] if finish < 0 else text[begin:finish]
    indent = "".join("\t" if letter == "\t" else " " for letter in line[: start - begin])
    width = max(1, min(end, begin + len(line)) - start)
    return f"{line}\n{indent}{'^' * width}"


def syntax_error(text: str, start: int, end: int, expected: str) -> FeelSyntaxError:
    """Return the error for a text that should have held ``expected`` between ``start`` and ``end``."""
    place = Place(text, start, end)
    return FeelSyntaxError(expected=expected, start=start, end=end, line=place.line, column=place.column)
