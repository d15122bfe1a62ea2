"""A row of a file as the importers see it: read strictly, refused with its line and the reason, never guessed."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Invalid

csv.field_size_limit(1_000_000)


class FileUnreadable(Invalid):
    """This file cannot be imported."""

    code = "file_unreadable"


class RowRefused(Invalid):
    """This row cannot be imported."""

    code = "row_refused"


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``line`` is where it begins in the file, ``key`` names it for ever (also among identical rows)."""

    line: int
    key: str
    cells: dict[str, str]

    def text(self, column: str) -> str | None:
        """Return a cell without surrounding space; None when it is empty."""
        return self.cells.get(column, "").strip() or None


def read_rows(
    path: Path, *, needed: frozenset[str], id_column: str | None, delimiter: str = ","
) -> Iterator[Row]:
    """Read a CSV file with a header, UTF-8. Raises ``FileUnreadable`` when a needed column is missing.

    The key is the id column's cell; without one it is a digest of the row and its count among identical rows.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter=delimiter)
        columns = _columns(reader)
        if missing := sorted(needed - columns):
            raise FileUnreadable(
                f"The file has no column {missing[0]!r}.", columns=", ".join(sorted(columns))
            )
        seen: Counter[str] = Counter()
        line = 2
        while True:
            try:
                cells = next(reader, None)
            except (csv.Error, UnicodeDecodeError) as fault:
                raise FileUnreadable(f"Line {line} cannot be read: {fault}") from fault
            if cells is None:
                return
            whole = {
                name: value for name, value in cells.items() if name is not None and isinstance(value, str)
            }
            digest = hashlib.sha256(
                "\x1f".join(f"{k}={whole[k]}" for k in sorted(whole)).encode()
            ).hexdigest()[:32]
            seen[digest] += 1
            own = whole.get(id_column, "").strip() if id_column else ""
            yield Row(line, own or f"{digest}-{seen[digest]}", whole)
            line = reader.line_num + 1


def _columns(reader: csv.DictReader[str]) -> frozenset[str]:
    try:
        return frozenset(reader.fieldnames or ())
    except (csv.Error, UnicodeDecodeError) as fault:
        raise FileUnreadable(f"Line 1 cannot be read: {fault}") from fault
