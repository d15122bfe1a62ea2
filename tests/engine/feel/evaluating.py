"""How the tests of FEEL ask for values: one frozen moment in Berlin, plain Python variables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from engine import feel

MOMENT = feel.Moment(datetime(2026, 1, 5, 9, 30, tzinfo=UTC), "Europe/Berlin", random_seed=7)


def outcome(text: str, /, **variables: Any) -> feel.Outcome:
    """Evaluate with variables given as plain Python."""
    context = feel.inward(variables)
    return feel.compile(text, feel.names_in(context)).evaluate(context, moment=MOMENT)


def value(text: str, /, **variables: Any) -> Any:
    """Return the FEEL value."""
    return outcome(text, **variables).value


def codes(text: str, /, **variables: Any) -> list[str]:
    """Return the codes of the notes."""
    return [note.code for note in outcome(text, **variables).notes]


def judged(test: str, subject: Any, /, **variables: Any) -> Any:
    """Judge a plain Python value by unary tests."""
    context = feel.inward(variables)
    compiled = feel.compile_unary(test, feel.names_in(context))
    return compiled.judge(feel.inward(subject), context, moment=MOMENT).value


def same(text: str, expected: str, /, **variables: Any) -> None:
    """Check that two expressions give one value of one kind."""
    got, wanted = value(text, **variables), value(expected, **variables)
    assert type(got) is type(wanted), f"{text} gives {got!r}, not {wanted!r}"
    assert got == wanted, f"{text} gives {got!r}, not {wanted!r}"
