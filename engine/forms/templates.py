"""Texts with ``{{ FEEL }}`` in them: how they are read, and how they are filled without ever becoming
Markdown or HTML.

Forms and letters share this. A template is split once; filling evaluates its expressions and keeps the values
*apart* from the author's text, with an opaque mark in their place. Whoever renders puts the marked text
through Markdown or HTML first and inserts the escaped values afterwards, so that a complainant's words stay
words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from engine import feel
from engine.errors import Invalid

MARK_START, MARK_END = "\ue000", "\ue001"
MARK = re.compile(f"{MARK_START}([0-9]+){MARK_END}")
_MARK_CHARACTERS = re.compile(f"[{MARK_START}{MARK_END}]")
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


class TemplateRefused(Invalid):
    """This text with placeholders cannot be read."""

    code = "template_refused"


@dataclass(frozen=True, slots=True)
class Template:
    """A text split into literal pieces and expressions; ``text`` is as written."""

    text: str
    parts: tuple[str | feel.Expression, ...]

    @property
    def expressions(self) -> tuple[feel.Expression, ...]:
        """Return the expressions in the order of the text."""
        return tuple(part for part in self.parts if not isinstance(part, str))

    @property
    def variables(self) -> frozenset[str]:
        """Return the top-level names the template reads."""
        return frozenset().union(*(one.variables for one in self.expressions))


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled template: the author's text with marks, and the values that belong in their place, as text."""

    marked: str = ""
    values: tuple[str, ...] = field(default=())

    def __bool__(self) -> bool:
        """An empty text is nothing to show."""
        return bool(self.plain().strip())

    def plain(self) -> str:
        """Return the text with its values, for places that know neither Markdown nor HTML."""
        return self.put(lambda value: value)

    def put(self, present: Callable[[str], str], into: str | None = None) -> str:
        """Return ``into`` (the marked text by default) with each mark replaced by ``present(value)``, in
        one pass."""
        return MARK.sub(
            lambda mark: present(self._value(int(mark[1]))), self.marked if into is None else into
        )

    def _value(self, number: int) -> str:
        return self.values[number] if number < len(self.values) else ""


NOTHING = Filled()


def read_template(text: str, names: frozenset[str] = frozenset()) -> Template:
    """Split ``text``; ``names`` are names in scope that are not plain identifiers. ``=…`` is one expression
    as a whole.

    Raises ``TemplateRefused`` for braces that do not close, for block tags (``{{#if …}}``) and for the mark
    characters, and ``feel.FeelSyntaxError`` for an expression that does not parse.
    """
    if _MARK_CHARACTERS.search(text):
        raise TemplateRefused("The text holds a character reserved for marks (U+E000, U+E001).")
    if text.startswith("="):
        return Template(text, (feel.compile(text[1:], names),))
    return Template(text, tuple(_parts(text, names)))


def fill(
    template: Template,
    evaluate: Callable[[feel.Expression], Any],
    show: Callable[[Any], str] | None = None,
) -> Filled:
    """Evaluate every expression of ``template`` with ``evaluate`` (plain Python out) and keep the values
    apart.

    ``show`` turns a value into text in the reader's language; without it ``show_value`` does, in ISO
    notation.
    """
    show = show or show_value
    pieces: list[str] = []
    values: list[str] = []
    for part in template.parts:
        if isinstance(part, str):
            pieces.append(part)
        else:
            pieces.append(f"{MARK_START}{len(values)}{MARK_END}")
            values.append(_MARK_CHARACTERS.sub("", show(evaluate(part))))
    return Filled("".join(pieces), tuple(values))


def joined(pieces: Iterable[Filled]) -> Filled:
    """Return one filled text made of several, in their order."""
    marked: list[str] = []
    values: list[str] = []
    for piece in pieces:
        shift = len(values)
        marked.append(
            MARK.sub(lambda mark, shift=shift: f"{MARK_START}{int(mark[1]) + shift}{MARK_END}", piece.marked)  # type: ignore[misc]
        )
        values += piece.values
    return Filled("".join(marked), tuple(values))


def show_value(value: Any) -> str:
    """Return ``value`` as text that belongs to no language: nothing for None, ISO dates, list items joined
    by commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(show_value(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {show_value(item)}" for name, item in value.items())
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _parts(text: str, names: frozenset[str]) -> Iterator[str | feel.Expression]:
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        if literal := text[end : found.start()]:
            yield _literal(literal)
        yield _expression(found[1], names)
        end = found.end()
    if literal := text[end:]:
        yield _literal(literal)


def _literal(text: str) -> str:
    if "{{" in text:
        raise TemplateRefused("A placeholder opens with {{ and is not closed with }}.")
    return text


def _expression(text: str, names: frozenset[str]) -> feel.Expression:
    inner = text.strip()
    if inner[:1] in ("#", "/"):
        raise TemplateRefused(
            "Block tags such as {{#if}} are not supported; use FEEL inside {{ }}.", found=inner[:40]
        )
    if not inner:
        raise TemplateRefused("A placeholder is empty.")
    return feel.compile(inner.removeprefix("="), names)
