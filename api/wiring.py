"""The composition root: which engine, clock, calendars, job types, guard and mailer make up one running service."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from api.complaints.clocks import CaseClocks
from api.complaints.guard import TaskRules
from api.complaints.job_types import job_types
from api.complaints.letters import Letters
from api.complaints.steps import Listener
from api.identity import people, tokens
from api.identity.throttle import Throttle
from api.mail import postman
from api.settings import Settings
from engine.calendar_files import read_calendars
from engine.calendars import Calendars
from engine.clock import Clock, SystemClock
from engine.engine import Engine
from engine.store import database as databases
from engine.store.database import Database

log = logging.getLogger("redress")


@dataclass(frozen=True)
class Redress:
    """One composed service. Requests reach it through ``api.context``, commands and workers hold it directly."""

    settings: Settings
    clock: Clock
    database: Database
    engine: Engine
    calendars: Calendars
    letters: Letters
    throttle: Throttle = field(default_factory=Throttle)


def wire(settings: Settings, *, clock: Clock | None = None) -> Redress:
    """Compose the service over a database whose schema is up to date (see ``api.schema``)."""
    clock = clock or SystemClock()
    database = databases.connect(settings.database_url)
    calendars = read_calendars(settings.processes_dir / "calendars")
    letters = Letters(settings.processes_dir / "letters", organisation=settings.organisation, base_url=settings.base_url)
    case_clocks = CaseClocks(calendars)
    engine = Engine(
        database,
        clock=clock,
        zone=settings.time_zone.key,
        calendars=calendars,
        job_types=job_types(letters=letters, clocks=case_clocks, settings=settings),
        task_guard=TaskRules(),
        case_clocks=case_clocks,
        on_step=Listener(),
        postman=postman(settings),
    )
    return Redress(settings, clock, database, engine, calendars, letters)


def first_start(service: Redress, say: Callable[[str], None]) -> None:
    """Create the account ``admin`` on an empty database; a password made up here is said once, and nowhere kept."""
    settings, now = service.settings, service.clock.now()
    if service.engine.read(people.count):
        return
    password = settings.admin_password or secrets.token_urlsafe(15)
    service.engine.write(lambda db: _add_admin(db, service, password))
    if settings.admin_password is None:
        say(f"Account 'admin' created with the password {password}   (shown this once; change it after signing in)")
    log.info("account admin created at %s", now)
