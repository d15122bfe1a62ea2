"""Taking single settings out of a component's JSON, noting what does not fit instead of stopping."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from engine import feel
from engine.findings import Finding, Severity
from engine.forms.model import Path
from engine.forms.numerals import read_number
from engine.forms.templates import Template, TemplateRefused, read_template
from engine.forms.vocabulary import FEEL_WORDS, RESERVED_NAMES

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_NAME_LENGTH = 100


class Found:
    """The findings of one file, as they come."""

    def __init__(self, file: str) -> None:
        """``file`` is the name shown with each finding."""
        self.file = file
        self.findings: list[Finding] = []

    @property
    def has_errors(self) -> bool:
        """Say whether the file has to be refused."""
        return any(finding.severity == "error" for finding in self.findings)

    def add(
        self,
        code: str,
        message: str,
        advice: str = "",
        *,
        element_id: str | None = None,
        element_name: str | None = None,
        attribute: str | None = None,
        line: int | None = None,
        severity: Severity = "error",
    ) -> None:
        """Note one finding."""
        self.findings.append(
            Finding(severity, code, message, advice, self.file, element_id, element_name, attribute, line)
        )


class Reader:
    """Reads the settings of one component. What is missing is None; what does not fit is noted and None."""

    def __init__(
        self, raw: Mapping[str, Any], found: Found, element_id: str, element_name: str | None = None
    ) -> None:
        """``raw`` is a JSON object: the component, or one inside it; id and name are the component's."""
        self.raw, self.found, self.element_id, self.element_name = raw, found, element_id, element_name

    def note(self, code: str, message: str, advice: str = "", *, attribute: str | None = None) -> None:
        """Note an error at this component."""
        self.found.add(
            code,
            message,
            advice,
            element_id=self.element_id,
            element_name=self.element_name,
            attribute=attribute,
        )

    def inside(self, member: str) -> Reader:
        """Return a reader of the object ``member``; an empty one if there is none."""
        value = self.raw.get(member)
        if value is not None and not isinstance(value, Mapping):
            self.note("wrong_kind", f"{member} is not an object.", attribute=member)
        return self.reading(value if isinstance(value, Mapping) else {})

    def reading(self, raw: Mapping[str, Any]) -> Reader:
        """Return a reader of another object of the same component."""
        return Reader(raw, self.found, self.element_id, self.element_name)

    def text(self, member: str) -> str | None:
        """Return a text; an empty one is None."""
        value = self.raw.get(member)
        if value is not None and not isinstance(value, str):
            self.note("wrong_kind", f"{member} is not a text.", attribute=member)
            return None
        return value or None

    def flag(self, member: str, *, default: bool = False) -> bool:
        """Return true or false."""
        value = self.raw.get(member)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.note("wrong_kind", f"{member} is neither true nor false.", attribute=member)
            return default
        return value

    def one_of(self, member: str, words: tuple[str, ...], default: str | None = None) -> str | None:
        """Return one of ``words``."""
        value = self.text(member)
        if value is not None and value not in words:
            self.note(
                "wrong_value", f"{member} is “{value[:40]}”, not one of {', '.join(words)}.", attribute=member
            )
            return default
        return value or default

    def number(self, member: str) -> Decimal | None:
        """Return a number, also when written as text."""
        value = self.raw.get(member)
        if value is None or value == "":
            return None
        number = read_number(value)
        if number is None:
            self.note("wrong_kind", f"{member} is not a number.", attribute=member)
        return number

    def whole(self, member: str, least: int, most: int) -> int | None:
        """Return a whole number between ``least`` and ``most``."""
        number = self.number(member)
        if number is None:
            return None
        if number != int(number) or not least <= number <= most:
            self.note(
                "wrong_value", f"{member} is not a whole number from {least} to {most}.", attribute=member
            )
            return None
        return int(number)

    def expression(self, member: str) -> feel.Expression | None:
        """Return an expression; the leading ``=`` may be left out."""
        value = self.text(member)
        if value is None:
            return None
        try:
            return feel.compile(value.removeprefix("="))
        except feel.FeelSyntaxError as wrong:
            self._syntax(member, value, wrong)
            return None

    def rule(self, member: str) -> feel.Expression | bool:
        """Return true, false or an expression with its ``=``."""
        value = self.raw.get(member)
        if isinstance(value, str) and value.startswith("="):
            return self.expression(member) or False
        if isinstance(value, str) and value.strip():
            self.note(
                "no_equals", f"{member} is a text without “=”.", "FEEL starts with “=”.", attribute=member
            )
            return False
        return False if isinstance(value, str) else self.flag(member)

    def bound(self, member: str) -> feel.Expression | Decimal | None:
        """Return a number or an expression."""
        value = self.raw.get(member)
        return (
            self.expression(member)
            if isinstance(value, str) and value.startswith("=")
            else self.number(member)
        )

    def day(self, member: str) -> feel.Expression | date | None:
        """Return a day, written 2026-01-31, or an expression."""
        value = self.text(member)
        if value is None or value.startswith("="):
            return self.expression(member)
        if not _DAY.fullmatch(value):
            self.note(
                "wrong_kind", f"{member} is neither a day such as 2026-01-31 nor FEEL.", attribute=member
            )
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.note("wrong_kind", f"{member} is a day that does not exist.", attribute=member)
            return None

    def limit(self, member: str) -> feel.Expression | int | None:
        """Return a whole number from 0 or an expression."""
        value = self.raw.get(member)
        if isinstance(value, str) and value.startswith("="):
            return self.expression(member)
        return self.whole(member, 0, 1_000_000)

    def template(self, member: str) -> Template | None:
        """Return a text with placeholders."""
        value = self.text(member)
        if value is None:
            return None
        try:
            return read_template(value)
        except TemplateRefused as wrong:
            self.note("template", wrong.message, "Write {{ expression }}.", attribute=member)
        except feel.FeelSyntaxError as wrong:
            self._syntax(member, value, wrong)
        return None

    def path(self, member: str, *, empty: bool = False) -> Path:
        """Return a dotted name that FEEL can read."""
        value = self.raw.get(member)
        if value in (None, "") and empty:
            return ()
        if not isinstance(value, str) or not value:
            self.note("no_key", f"The component has no {member}.", "Give it a name.", attribute=member)
            return ()
        names = tuple(value.split("."))
        for name in names:
            if why := unreadable(name):
                self.note(
                    "unreadable_key",
                    f"The {member} “{value[:80]}” {why}.",
                    "Choose another name.",
                    attribute=member,
                )
                return ()
        return names

    def _syntax(self, member: str, text: str, wrong: feel.FeelSyntaxError) -> None:
        shown = text if len(text) <= 80 else text[:79] + "…"
        self.note(
            "feel_syntax",
            f"The FEEL in {member} does not parse: {shown}",
            str(wrong.message),
            attribute=member,
        )


def unreadable(name: str) -> str | None:
    """Return why ``name`` cannot be a key, or None."""
    if name.startswith("_") or name in RESERVED_NAMES:
        return "is reserved"
    if name in FEEL_WORDS:
        return "is a word of FEEL"
    if not _NAME.fullmatch(name) or len(name) > _NAME_LENGTH:
        return "cannot be read in FEEL: letters, digits and _ only, a letter first"
    return None
