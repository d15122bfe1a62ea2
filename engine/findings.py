"""What a check at deployment found: one sentence about one place, with advice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


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
