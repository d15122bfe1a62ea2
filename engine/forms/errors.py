"""What can be wrong with a form, or with what was sent back on one."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from engine.errors import Invalid
from engine.findings import Finding


class FormRefused(Invalid):
    """This form cannot be deployed."""

    code = "form_refused"

    def __init__(self, findings: tuple[Finding, ...], name: str = "") -> None:
        """``findings`` are all of them, warnings included; at least one is an error."""
        self.findings = findings
        super().__init__(file=name, findings=[str(finding) for finding in findings])


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one value: a stable code and plain facts for the text."""

    code: str
    facts: MappingProxyType[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong at one place; ``path`` is dotted, rows counted from 0 (``witnesses.0.name``)."""

    path: str
    code: str
    facts: MappingProxyType[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)


class FormInvalid(Invalid):
    """The form was not filled in correctly."""

    code = "form_invalid"

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        """``errors`` stand in page order and within one field by rank: presence, kind, format, length,
        range, choice."""
        self.errors = errors
        super().__init__(errors=[{"path": e.path, "code": e.code, "facts": dict(e.facts)} for e in errors])


class WrongShape(Exception):
    """A value is not of its field's kind; inside the forms package only."""

    def __init__(self, code: str, **facts: Any) -> None:
        """``code`` and ``facts`` become a ``Problem``."""
        self.problem = problem(code, **facts)
        super().__init__(code)


def problem(code: str, **facts: Any) -> Problem:
    """Return a ``Problem`` with read-only facts."""
    return Problem(code, MappingProxyType(facts))
