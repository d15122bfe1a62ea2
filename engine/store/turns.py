"""Turns at an SQLite file: of several processes that write, each gets its turn, however busy another is."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Turns:
    """The line before the database: whoever stands first in it begins next.

    SQLite itself has none: it looks now and then whether the file is free, and a process that writes one transaction after the
    other takes it again between two looks. The line is a lock on an empty file, ``….turn``, and ends with the process.
    """

    def __init__(self, database: Path) -> None:
        """``database`` is the file; the one beside it is made when first needed."""
        self._file = database.with_name(f"{database.name}.turn")
        self._open: int | None = None

    @contextmanager
    def first(self) -> Iterator[None]:
        """Stand first in line while a transaction begins; others that write go on with theirs, and begin none meanwhile."""
        if self._open is None:
            self._open = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._open, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._open, fcntl.LOCK_UN)

    def close(self) -> None:
        """Leave; the next ``first`` comes back."""
        if self._open is not None:
            os.close(self._open)
            self._open = None
