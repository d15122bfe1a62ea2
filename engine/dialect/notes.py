"""Collecting everything that is wrong with a file before refusing it."""

from __future__ import annotations

from typing import Any

from lxml import etree

from engine import feel
from engine.dialect.values import Formula, Value, is_formula, read_formula, read_value
from engine.findings import Finding

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"


def tag_of(node: etree._Element) -> str:
    """Return the local name of an element, whatever its namespace."""
    return etree.QName(node).localname


def line_of(node: etree._Element) -> int | None:
    """Return the line an element stands on in its file, None if it was not read from one."""
    line: Any = node.sourceline
    return line if isinstance(line, int) else None


class Problems:
    """The findings about one file, and the readers of texts that may be wrong."""

    def __init__(self, file: str) -> None:
        """``file`` is the name people know it by."""
        self.file = file
        self.found: list[Finding] = []

    def error(
        self, node: etree._Element, code: str, message: str, advice: str = "", attribute: str | None = None
    ) -> None:
        """Remember what is wrong at ``node``, or at the nearest enclosing element with an id."""
        place = node
        while place.get("id") is None and (around := place.getparent()) is not None:
            place = around
        self.found.append(
            Finding(
                "error",
                code,
                message,
                advice,
                self.file,
                place.get("id"),
                place.get("name"),
                attribute,
                line_of(node),
            )
        )

    def value(self, node: etree._Element, attribute: str) -> Value:
        """Return the attribute as expression or literal; None when absent or empty."""
        return self.text(node, node.get(attribute) or None, attribute)

    def text(self, node: etree._Element, text: str | None, attribute: str | None = None) -> Value:
        """Return ``text`` as expression or literal; a syntax error is a finding and gives None."""
        try:
            return read_value(text)
        except feel.FeelSyntaxError as error:
            self._syntax(node, error, attribute)
            return None

    def formula(self, node: etree._Element, text: str | None, attribute: str | None = None) -> Formula | None:
        """Return ``text`` as an expression; a literal or a syntax error is a finding and gives None."""
        if text is None or not text.strip():
            return None
        if not is_formula(text):
            self.error(
                node,
                "not_an_expression",
                f"“{text.strip()[:60]}” must be an expression.",
                "Put = before it.",
                attribute,
            )
            return None
        try:
            return read_formula(text)
        except feel.FeelSyntaxError as error:
            self._syntax(node, error, attribute)
            return None

    def required(self, node: etree._Element, attribute: str) -> str:
        """Return the attribute's text; an absent or empty one is a finding and gives ``""``."""
        text = (node.get(attribute) or "").strip()
        if not text:
            self.error(
                node, "attribute_missing", f"{tag_of(node)} has no {attribute}.", "Fill it in.", attribute
            )
        return text

    def _syntax(self, node: etree._Element, error: feel.FeelSyntaxError, attribute: str | None) -> None:
        expected, column = error.facts.get("expected", error.message), error.facts.get("column", 1)
        message = f"The expression cannot be read: {expected}, column {column}."
        self.error(node, "feel_syntax", message, "Correct the expression.", attribute)


def text_of(node: etree._Element, tag: str) -> str | None:
    """Return the text of the BPMN child called ``tag``, None if there is none."""
    child = node.find(BPMN + tag)
    return None if child is None else "".join(str(part) for part in child.itertext())
