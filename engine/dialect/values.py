"""Telling FEEL from literals: a value that starts with ``=`` is an expression, anything else means itself."""

from __future__ import annotations

from dataclasses import dataclass

from engine import feel


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A FEEL expression as written (without ``=``) and compiled."""

    text: str
    expression: feel.Expression

    def __repr__(self) -> str:
        """Return it as it stands in the file."""
        return f"Formula(={self.text})"


Value = str | Formula | None


def is_formula(text: str | None) -> bool:
    """Tell whether ``text`` is an expression (dialect §2)."""
    return text is not None and text.lstrip().startswith("=")


def read_formula(text: str) -> Formula:
    """Return the expression after the leading ``=``. Raises ``FeelSyntaxError``."""
    body = text.strip().removeprefix("=").strip()
    return Formula(body, feel.compile(body))


def read_value(text: str | None) -> Value:
    """Return an expression, a literal, or None where nothing is written. Raises ``FeelSyntaxError``."""
    if text is None:
        return None
    return read_formula(text) if is_formula(text) else text
