"""Making an installation ready to run: schema, first account, shipped definitions."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select

from api.complaints.letter_lint import unknown_facts
from api.complaints.letters import LetterTextRefused
from api.schema import bring_up_to_date
from api.settings import Settings
from api.wiring import Redress, first_start, wire
from engine.actors import service as as_service
from engine.clock import Clock
from engine.errors import Invalid
from engine.store.tables import resources

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
        inside = (
            sorted(path for path in place.iterdir() if path.suffix in DEFINITIONS)
            if place.is_dir()
            else [place]
        )
        files.update((path.name, path.read_bytes()) for path in inside)
    if not files:
        raise NothingToRead
    return tuple(files.items())


def open_service(settings: Settings, *, clock: Clock | None = None) -> Redress:
    """Return a composed service over a database brought up to date. Raises ``LetterTextRefused`` for letters it cannot use."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    bring_up_to_date(settings)
    service = wire(settings, clock=clock)
    try:
        _check_letters(service)
    except LetterTextRefused:
        service.database.dispose()
        raise
    return service


def ready_service(settings: Settings, *, clock: Clock | None = None) -> Redress:
    """Return an open service with its first account, and the shipped definitions deployed; unchanged ones stay as they are."""
    service = open_service(settings, clock=clock)
    first_start(service, _say)
    files = definition_files([settings.processes_dir, settings.forms_dir])
    service.engine.deploy(files, by=as_service("installation"))
    return service


def _check_letters(service: Redress) -> None:
    """Refuse letters that name what neither the folder's definitions nor the deployed ones provide."""
    places = (service.settings.processes_dir, service.settings.forms_dir)
    files = [
        (path.name, path.read_bytes())
        for place in places
        if place.is_dir()
        for path in sorted(place.iterdir())
        if path.suffix in DEFINITIONS
    ]
    if unknown_facts(service.letters, files, service.organisation):
        deployed = service.engine.read(
            lambda session: session.execute(select(resources.c.name, resources.c.content)).all()
        )
        files += [(row.name, row.content) for row in deployed]
        if findings := unknown_facts(service.letters, files, service.organisation):
            raise LetterTextRefused(findings)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
