"""Collecting findings about one file: where, what, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from engine.dialect.ids import BPMN, FLOW_NODES, GLOBAL_TASKS, SCOPES
from engine.findings import SEVERITIES, Finding, Severity

MOST_FINDINGS: Final = 1_000
LONGEST_QUOTE: Final = 120

PLACES: Final = (
    FLOW_NODES
    | GLOBAL_TASKS.keys()
    | {
        *("process", "sequenceFlow", "message", "signal", "error", "escalation"),
        *("participant", "collaboration", "association", "definitions"),
    }
)


def quote(text: str) -> str:
    """Return the text as it may stand in a message: on one line, in quotes, not endless."""
    flat = " ".join(text.split())
    return f"“{flat[: LONGEST_QUOTE - 1]}…”" if len(flat) > LONGEST_QUOTE else f"“{flat}”"


def tag_of(node: etree._Element) -> str:
    """Return the local name of a BPMN element, and ``prefix:name`` or ``{namespace}name`` of any other."""
    namespace, name = split(node.tag)
    if namespace == BPMN:
        return name
    return f"{node.prefix}:{name}" if node.prefix else str(node.tag)


def split(tag: object) -> tuple[str, str]:
    """Return namespace and local name of a tag or attribute; a comment has neither."""
    if not isinstance(tag, str):
        return "", ""
    namespace, found, name = tag.rpartition("}")
    return (namespace[1:], name) if found else ("", name)


def elements(node: etree._Element) -> Iterator[etree._Element]:
    """Yield the child elements, without comments, instructions and entities."""
    return (child for child in node if isinstance(child.tag, str))


class Notes:
    """The findings about one file so far."""

    def __init__(self, file: str) -> None:
        """``file`` is the name the deployment gives it."""
        self.file = file
        self._findings: dict[Finding, None] = {}
        self._left_off: list[Severity] = []

    def error(
        self, node: etree._Element, code: str, message: str, advice: str = "", *, attribute: str | None = None
    ) -> None:
        """Note what must be mended before the file can run."""
        self._add("error", node, code, message, advice, attribute)

    def warning(
        self, node: etree._Element, code: str, message: str, advice: str = "", *, attribute: str | None = None
    ) -> None:
        """Note what is doubtful, or ignored."""
        self._add("warning", node, code, message, advice, attribute)

    def note(
        self, node: etree._Element, code: str, message: str, advice: str = "", *, attribute: str | None = None
    ) -> None:
        """Note what is worth knowing, and right as it may be."""
        self._add("note", node, code, message, advice, attribute)

    def take(self, finding: Finding) -> None:
        """Add a finding made elsewhere."""
        if len(self._findings) < MOST_FINDINGS:
            self._findings.setdefault(finding)
        else:
            self._left_off.append(finding.severity)

    def findings(self) -> tuple[Finding, ...]:
        """Return everything found, in the order of the file."""
        found = sorted(self._findings, key=lambda finding: (finding.line or 0, finding.element_id or ""))
        if self._left_off:
            message = f"{len(self._left_off):,} more findings are not listed."
            worst = min(self._left_off, key=SEVERITIES.index)
            found.append(Finding(worst, "too_many_findings", message, "Mend these first.", file=self.file))
        return tuple(found)

    def _add(
        self,
        severity: Severity,
        node: etree._Element,
        code: str,
        message: str,
        advice: str,
        attribute: str | None,
    ) -> None:
        place = _place(node)
        line: Any = node.sourceline
        self.take(
            Finding(
                severity,
                code,
                message,
                advice,
                file=self.file,
                element_id=place.get("id"),
                element_name=" ".join((place.get("name") or "").split()) or None,
                attribute=attribute,
                line=line,
            )
        )


def _place(node: etree._Element) -> etree._Element:
    """Return the element a person sees in the drawing: the node itself or what it is part of."""
    at: etree._Element | None = node
    while at is not None:
        namespace, name = split(at.tag)
        parent = at.getparent()
        drawn = name in PLACES or (parent is not None and split(parent.tag)[1] in SCOPES)
        if namespace == BPMN and drawn and (at.get("id") or name == "definitions"):
            return at
        at = parent
    return node
