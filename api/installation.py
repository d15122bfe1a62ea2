"""Making an installation ready to run: a house that is there is opened, an empty one is made, once."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.engine import make_url

from api import schema
from api.deadlines import calendars
from api.procedure.deployment import deploy
from api.procedure.files import read_files
from api.procedure.starting import check_letters, check_organisation, check_procedure
from api.procedure.vocabulary import deployed
from api.settings import Settings
from api.wiring import Redress, first_start, wire
from engine.actors import service as as_service
from engine.clock import Clock, SystemClock
from engine.errors import NotFound, RedressError
from engine.store import database as databases
from engine.store.starting import alone
from engine.store.unit_of_work import read, write


class NoHouse(NotFound):
    """There is no database of Redress yet. Make one with `redress init` or `redress serve`, or look at REDRESS_DATA_DIR."""

    code = "no_house"


def open_service(settings: Settings, *, clock: Clock | None = None) -> Redress:
    """Return a composed service over the house that is there, its tables brought up to date.

    Raises ``NoHouse``, and nothing is created; ``SchemaDiffers``.
    """
    _house_or_refuse(settings)
    return make_service(settings, clock=clock)


def begin_service(settings: Settings, *, clock: Clock | None = None) -> Redress:
    """Return an open service that is about to take complaints in. Raises ``NoHouse``, ``OrganisationRefused``."""
    service = open_service(settings, clock=clock)
    _check(service)
    return service


def ready_service(settings: Settings, *, clock: Clock | None = None) -> Redress:
    """Return an open service; where there is no house yet, one is made with what ``settings`` ship.

    Of several processes that start at once, one makes it. What a house holds is never written by a start again: from
    then on definitions and calendars change by deployment only. Raises what ``begin_service`` raises, and
    ``DeploymentRefused`` when what is shipped cannot be deployed.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    service = make_service(settings, clock=clock)
    _check(service)
    return service


def procedure_in_use(settings: Settings) -> Mapping[str, bytes] | None:
    """Return the newest version of everything that is deployed, by id and ending; None where there is no house yet.

    Nothing is created and no table brought up to date for it.
    """
    try:
        _house_or_refuse(settings)
    except NoHouse:
        return None
    database = databases.connect(settings.database_url)
    try:
        return read(database, deployed)
    finally:
        database.dispose()


def make_service(settings: Settings, *, clock: Clock | None = None) -> Redress:
    """Return a composed service over a database brought up to date and, if it was empty, filled with what is shipped."""
    database = databases.connect(settings.database_url)
    try:
        with alone(database):
            schema.upgrade(database)
            is_empty = not schema.is_there(database)
            given = read_files([settings.processes_dir, settings.forms_dir]) if is_empty else None
            if given is not None:
                at = (clock or SystemClock()).now()
                write(database, lambda session: calendars.store_files(session, given.calendars, at=at))
            service = wire(settings, clock=clock)
            try:
                if given is not None:
                    for finding in deploy(service, given, by=as_service("installation")).findings:
                        _say(f"{finding.severity}: {finding}")
                first_start(service, _say)
            except Exception:
                service.database.dispose()
                raise
    finally:
        database.dispose()
    return service


def _house_or_refuse(settings: Settings) -> None:
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise NoHouse(at=str(url.database))  # asked before connecting, which would make the file
    database = databases.connect(settings.database_url)
    try:
        if not schema.is_there(database):
            raise NoHouse(at=url.render_as_string())
    finally:
        database.dispose()


def _check(service: Redress) -> None:
    """Refuse to begin with a procedure, an organisation file or letters that cannot be used; the service is closed then."""
    try:
        check_procedure(service)
        check_organisation(service)
        check_letters(service)
    except RedressError:
        service.database.dispose()
        raise


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
