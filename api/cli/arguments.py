"""What the commands share in declaring and reading their options."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import Invalid

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Subparsers = object

DEFINITIONS = (".bpmn", ".dmn", ".form")


class NothingToRead(Invalid):
    """There is no diagram, table or form at the places named."""

    code = "nothing_to_read"


def definition_files(places: Iterable[Path]) -> tuple[tuple[str, bytes], ...]:
    """Return name and bytes of every .bpmn, .dmn and .form file at ``places``; a folder stands for its files.

    Raises ``NothingToRead`` when there is none, and ``OSError`` for a place that does not exist.
    """
    files: dict[str, bytes] = {}
    for place in places:
        inside = sorted(path for path in place.iterdir() if path.suffix in DEFINITIONS) if place.is_dir() else [place]
        files.update((path.name, path.read_bytes()) for path in inside)
    if not files:
        raise NothingToRead
    return tuple(files.items())
