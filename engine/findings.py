"""What a check at deployment found: one sentence about one place, with advice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Severity = Literal["error", "warning", "note"]
"""What keeps a file from running; what is doubtful, or ignored; what is worth knowing, and right as it may be."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)  # the worst first


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or doubtful, in one file.

    ``element_id`` and ``element_name`` name the element as drawn, ``attribute`` the attribute or member, ``line`` counts
    from 1. ``code`` is stable and machine-readable, ``message`` says what is wrong, ``advice`` what to do.
    """

    severity: Severity
    code: str
    message: str
    advice: str = ""
    file: str = ""
    element_id: str | None = None
    element_name: str | None = None
    attribute: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        """Return ``file › element: message advice`` on one line."""
        place = self.element_id or (f"line {self.line}" if self.line else "")
        head = " › ".join(part for part in (self.file, place) if part)
        return " ".join(part for part in (f"{head}:" if head else "", self.message, self.advice) if part)


def counted(findings: Iterable[Finding], *, always: Iterable[Severity] = ()) -> str:
    """Return how many findings there are of each severity that has some, or is ``always`` named: ``2 warnings, 1 note``."""
    found = [finding.severity for finding in findings]
    counts = {one: found.count(one) for one in SEVERITIES if one in found or one in always}
    return ", ".join(f"{number} {one}{'' if number == 1 else 's'}" for one, number in counts.items())
