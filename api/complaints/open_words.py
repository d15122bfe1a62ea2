"""Which texts of a case say nothing that people wrote, and what stands in the place of the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from api.complaints.references import between_references
from engine.feel.values import Value, kind_of

VEIL = "[content]"
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_BETWEEN_DAYS = re.compile(rf"(?<!\d){_DAY.pattern}(?!\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class OpenWords:
    """Which texts of a case are open to somebody who may not read it: what is put together from words of diagrams and tables,
    their own name and groups, references of complaints and days. Everything else may have been computed from what people wrote.

    ``facts`` are the variables whose days, yes and no the register gave the case, and no diagram makes anew.
    """

    known: frozenset[str]
    facts: frozenset[str] = frozenset()

    def told(self, text: str) -> str:
        """Return a text, or the veil."""
        return text if self.open(text) else VEIL

    def open(self, text: str) -> bool:
        """Tell whether a text says nothing that people wrote."""
        between = [one for part in between_references(text) for one in _BETWEEN_DAYS.split(part)]
        return all(not one or one in self.known for one in between)

    def among(self, asked: Iterable[str]) -> frozenset[str]:
        """Return the words that are open, those of the texts ``asked`` for included that are open by what they are."""
        return self.known | {text for text in asked if self.open(text)}

    def of(self, value: Any) -> Any:
        """Return the member of a record with every text in it as it is told; names of its members stay."""
        if isinstance(value, str):
            return self.told(value)
        if isinstance(value, Mapping):
            return {name: self.of(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.of(item) for item in value]
        return value

    def veil(self, name: str, value: Any) -> Any:
        """Return the plain data of a variable if it is a fact that holds a day, yes or no, else the veil."""
        is_plain = value is None or isinstance(value, bool)
        is_plain = is_plain or (isinstance(value, str) and _DAY.fullmatch(value) is not None)
        return value if name in self.facts and is_plain else VEIL

    def let_out(self, value: Value) -> Value:
        """Return FEEL data as it may leave its case: each text as it is told, also where it names a member.

        A range may lie between texts, and a function keeps what it was made of: neither leaves.
        """
        kind = kind_of(value)
        if kind == "string":
            return self.told(value)
        if kind == "context":
            return {self.told(name): self.let_out(item) for name, item in value.items()}
        if kind == "list":
            return [self.let_out(item) for item in value]
        return VEIL if kind in ("range", "function") else value
