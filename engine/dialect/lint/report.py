"""Findings as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from engine.findings import SEVERITIES, Finding


def report(findings: Iterable[Finding]) -> str:
    """Return one line per finding, files together, the worst of the same place first; empty for none.

    A message of several lines (an expression with a mark under the place) is continued on indented lines.
    """
    ordered = sorted(
        findings,
        key=lambda found: (
            found.file,
            found.line or 0,
            found.element_id or "",
            SEVERITIES.index(found.severity),
            found.code,
            found.message,
        ),
    )
    return "\n".join(_line(finding) for finding in ordered)


def _line(finding: Finding) -> str:
    where = f"{finding.file or '-'}:{finding.line or 1}"
    element = finding.element_id or ""
    if finding.element_name:
        element = f"{element} “{finding.element_name}”".strip()
    text = " ".join(part for part in (finding.message.rstrip(), finding.advice) if part)
    head = ": ".join(part for part in (where, finding.severity, element) if part)
    first, *more = f"{head}: {text} [{finding.code}]".splitlines()
    return "\n".join((first, *(f"    {line}" for line in more)))
