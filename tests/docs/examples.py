"""Reading the examples of a page: fenced ``feel`` blocks of ``name: expression`` and ``expression → result``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_GIVEN = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*): (.+)$")
ARROW = " → "


@dataclass(frozen=True)
class Example:
    """One line that claims a result, with what the lines above it in its block have given."""

    file: str
    line: int
    given: tuple[tuple[str, str], ...]
    expression: str
    result: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def pages() -> list[Path]:
    """Return every page a reader may come across."""
    own = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "processes" / "README.md"]
    return [*own, *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, language: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the fenced blocks of a language with the number of their first line."""
    inside: list[str] | None = None
    begins, wanted = 0, False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.startswith("```"):
            if inside is not None:
                inside.append(line)
        elif inside is None:
            inside, begins, wanted = [], number + 1, line[3:].strip() == language
        else:
            if wanted:
                yield begins, inside
            inside = None


def examples(page: Path) -> Iterator[Example]:
    """Yield the FEEL examples of a page. Raises ``ValueError`` for a line that is neither given nor claimed."""
    for begins, lines in blocks(page, "feel"):
        given: list[tuple[str, str]] = []
        for number, line in enumerate(lines, start=begins):
            if not line.strip():
                continue
            if ARROW in line:
                expression, result = line.rsplit(ARROW, 1)
                yield Example(str(page.relative_to(ROOT)), number, tuple(given), expression, result)
            elif match := _GIVEN.match(line):
                given.append((match[1], match[2]))
            else:
                raise ValueError(
                    f"{page.name}:{number}: neither `name: expression` nor `expression{ARROW}result`"
                )
