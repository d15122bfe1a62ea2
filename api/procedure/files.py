"""The files of a procedure as they lie in folders: diagrams, tables and forms, and beside them calendars, letters, organisation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.commands.errors import DeploymentRefused
from engine.errors import Invalid
from engine.findings import Finding

DEFINITIONS = (".bpmn", ".dmn", ".form")
BESIDE = (
    ".json",
    ".md",
)  # what lies beside definitions for others to read: letters, organisation, templates, notes
CALENDARS, LETTERS = "calendars", "letters"
Named = tuple[tuple[str, bytes], ...]


class NothingToRead(Invalid):
    """There is no diagram, table, form or calendar at the places named."""

    code = "nothing_to_read"


@dataclass(frozen=True, slots=True)
class ProcedureFiles:
    """Name and bytes of what can be deployed, and the folders that were named: letters and organisation lie there too.

    ``paths`` are those of the definitions, resolved, in their order.
    ``passed_over`` says which files of those folders nobody reads.
    """

    definitions: Named
    calendars: Named
    folders: tuple[Path, ...]
    paths: tuple[Path, ...]
    passed_over: tuple[Finding, ...]

    def __len__(self) -> int:
        """Return how many files there are to deploy."""
        return len(self.definitions) + len(self.calendars)


def read_files(places: Iterable[Path]) -> ProcedureFiles:
    """Return what lies at ``places``: a folder stands for the definitions in and beneath it, and for JSON files in ``calendars``.

    What is hidden is left out. The same file named twice counts once. Raises ``DeploymentRefused`` naming both paths when two
    files have one name, ``NothingToRead`` when there is nothing to deploy, and ``OSError`` for a place that does not exist.
    """
    given = tuple(places)
    definitions: dict[Path, None] = {}
    calendars: dict[Path, None] = {}
    for place in given:
        for path in _inside(place):
            (calendars if path.suffix.lower() == ".json" else definitions)[path.resolve()] = None
    doubled = [*_doubled(definitions), *_doubled(calendars)]
    if doubled:
        raise DeploymentRefused(doubled)
    folders = tuple(each for each in given if each.is_dir())
    found = ProcedureFiles(
        _read(definitions),
        _read(calendars),
        folders,
        tuple(definitions),
        tuple(_passed_over(folders)),
    )
    if not len(found):
        raise NothingToRead
    return found


def read_named(folder: Path) -> Named:
    """Return name and bytes of every JSON file of a folder; none for a folder that does not exist."""
    return _read(sorted(folder.glob("*.json")))


def _inside(place: Path) -> Iterator[Path]:
    if not place.is_dir():
        yield place
        return
    for path in _shown(place):
        ending = path.suffix.lower()
        if ending in DEFINITIONS or (ending == ".json" and path.parent.name == CALENDARS):
            yield path


def _shown(folder: Path) -> Iterator[Path]:
    """Yield the files in and beneath a folder, without what is hidden."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file():
            yield path


def _passed_over(folders: Iterable[Path]) -> Iterator[Finding]:
    for path in dict.fromkeys(path.resolve() for folder in folders for path in _shown(folder)):
        if path.suffix.lower() not in (*DEFINITIONS, *BESIDE):
            yield Finding(
                "warning",
                "file_passed_over",
                f"This file is not read: its name ends in none of {', '.join(DEFINITIONS)}.",
                "Give it its ending, or take it out of the folder.",
                file=path.name,
            )


def _doubled(paths: Iterable[Path]) -> Iterator[Finding]:
    seen: dict[str, Path] = {}
    for path in paths:
        first = seen.setdefault(path.name, path)
        if first != path:
            yield Finding(
                "error",
                "file_doubled",
                f"Two files are called {path.name}: {first} and {path}.",
                "Rename one of them, or leave one out.",
                file=path.name,
            )


def _read(paths: Iterable[Path]) -> Named:
    return tuple((path.name, path.read_bytes()) for path in paths)
