"""Judging one written value: FEEL is parsed, a literal is read as what it has to be."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from lxml import etree

from engine import feel
from engine.dialect.lint.allowed import Kind, Reads
from engine.dialect.lint.notes import Notes, quote
from engine.dialect.values import is_formula
from engine.errors import Invalid
from engine.feel.names import is_plain
from engine.timers import TimerUnreadable, read_timer
from engine.truth import read_truth

LONGEST_EXPRESSION: Final = 4_096
LONGEST_NAME: Final = 492  # bytes of UTF-8
_NAME: Final = re.compile(r"[^\W\d]\w*")


class Texts:
    """Judges the values of one file; every expression is kept with the place that reads it."""

    def __init__(self, notes: Notes, *, zone: str) -> None:
        """``zone`` is the IANA zone of date-times without offset."""
        self.notes = notes
        self.zone = zone
        self.formulas: list[tuple[etree._Element, feel.Expression]] = []

    def judge(
        self,
        node: etree._Element,
        attribute: str,
        text: str,
        *,
        kind: Kind = Kind.EITHER,
        reads: Reads = Reads.TEXT,
    ) -> feel.Expression | None:
        """Note what is wrong with ``text``; return the expression if it is a readable one."""
        formula = is_formula(text)
        if kind is Kind.FEEL and not formula:
            said = (
                f"is the literal {quote(text)}, but must be a FEEL expression" if text.strip() else "is empty"
            )
            self.notes.error(
                node, "not_feel", f"{attribute} {said}.", "Start it with =.", attribute=attribute
            )
        elif kind is Kind.LITERAL and formula and reads is not Reads.TEXT:
            message = f"{attribute} is an expression, but must be written out."
            self.notes.error(node, "not_literal", message, "Remove the =.", attribute=attribute)
        elif formula and kind is not Kind.LITERAL:
            return self.formula(node, attribute, text)
        else:
            self._literal(node, attribute, text, reads)
        return None

    def formula(self, node: etree._Element, attribute: str, text: str) -> feel.Expression | None:
        """Parse the FEEL after ``=``; note what cannot be parsed, with line, column and caret."""
        body = text.strip().removeprefix("=").strip()
        if len(body) > LONGEST_EXPRESSION:
            message = (
                f"{attribute} has {len(body):,} characters; at most {LONGEST_EXPRESSION:,} are accepted."
            )
            self.notes.error(node, "feel_too_long", message, "Move it into a decision.", attribute=attribute)
            return None
        try:
            expression = feel.compile(body)
        except feel.FeelSyntaxError as error:
            self.notes.error(
                node,
                "feel_syntax",
                f"{attribute} cannot be read: {_where(error, body)}",
                "Mend the expression.",
                attribute=attribute,
            )
        except Invalid as error:
            self.notes.error(node, "feel_refused", f"{attribute}: {error.message}", attribute=attribute)
        else:
            self.formulas.append((node, expression))
            return expression
        return None

    def _literal(self, node: etree._Element, attribute: str, text: str, reads: Reads) -> None:
        complaint = _READERS[reads](text, self.zone)
        if complaint:
            self.notes.error(node, "bad_value", f"{attribute} {complaint}.", attribute=attribute)


def _where(error: feel.FeelSyntaxError, body: str) -> str:
    facts = error.facts
    expected = facts.get("expected")
    wanted = f"{expected} expected" if expected else "not understood"
    place = f"line {facts.get('line', 1)}, column {facts.get('column', 1)}"
    return f"{wanted} at {place}\n{error.caret(body)}\n"


def is_name(text: str) -> bool:
    """Tell whether FEEL can read a variable of this name (dialect §3)."""
    return bool(_NAME.fullmatch(text)) and is_plain(text) and len(text.encode()) <= LONGEST_NAME


def _name(text: str, _zone: str) -> str | None:
    if is_name(text):
        return None
    return (
        f"is {quote(text)}, which is no variable name: a letter or _, then letters, digits or _, no FEEL word"
    )


def _path(text: str, zone: str) -> str | None:
    return next((complaint for part in text.split(".") if (complaint := _name(part, zone))), None)


def _filled(text: str, _zone: str) -> str | None:
    return None if text.strip() else "is empty"


def _retries(text: str, _zone: str) -> str | None:
    return (
        None if re.fullmatch(r"[1-9][0-9]{0,5}", text.strip()) else f"is {quote(text)}, not a number from 1"
    )


def _priority(text: str, _zone: str) -> str | None:
    good = re.fullmatch(r"[0-9]{1,3}", text.strip()) and int(text) <= 100
    return None if good else f"is {quote(text)}, not a whole number from 0 to 100"


def _boolean(text: str, _zone: str) -> str | None:
    return None if read_truth(text) is not None else f"is {quote(text)}, neither true nor false"


def _binding(text: str, _zone: str) -> str | None:
    if text in ("latest", "deployment", "versionTag"):
        return None
    return f"is {quote(text)}, not latest, deployment or versionTag"


def _short(text: str, _zone: str) -> str | None:
    return None if len(text) < 256 else f"has {len(text)} characters; at most 255 are accepted"


def _date_time(text: str, zone: str) -> str | None:
    if not text.strip():
        return None
    try:
        read_timer("date", text.strip(), zone=zone)
    except TimerUnreadable:
        return f"is {quote(text)}, not a date-time such as 2026-12-01T09:00:00Z"
    return None


_READERS: Final[dict[Reads, Callable[[str, str], str | None]]] = {
    Reads.TEXT: lambda _text, _zone: None,
    Reads.FILLED: _filled,
    Reads.NAME: _name,
    Reads.PATH: _path,
    Reads.RETRIES: _retries,
    Reads.PRIORITY: _priority,
    Reads.DATE_TIME: _date_time,
    Reads.BOOLEAN: _boolean,
    Reads.BINDING: _binding,
    Reads.SHORT: _short,
}
