"""What a form must know of uploaded documents; the store itself stands elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Document:
    """One stored file. ``size`` counts bytes, ``kind`` is its media type as found by content, ``key`` is
    opaque."""

    key: str
    name: str
    size: int
    kind: str
    state: Literal["pending", "clean", "infected", "unscanned"] = "pending"

    def is_one_of(self, accepted: tuple[str, ...]) -> bool:
        """Say whether the file fits a list such as ``(".pdf", "image/*", "application/pdf")``."""
        ending = "." + self.name.rpartition(".")[2].lower()
        family = self.kind.partition("/")[0] + "/*"
        return bool({ending, self.kind.lower(), family.lower()} & set(accepted))


class Documents(Protocol):
    """The documents the person filling in this form may attach: their draft's and their case's, nobody
    else's."""

    def find(self, key: str) -> Document | None:
        """Return the document, or None if there is none with this key *for this person*."""
