"""The composition root: which engine, clock, calendars, job types, guard and carrier make up one running service."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from api.complaints.clocks import CaseClocks, Desk
from api.complaints.errand import Tools
from api.complaints.guard import TaskRules
from api.complaints.job_types import job_types
from api.complaints.letter_desk import LetterListener
from api.complaints.letters import Letters
from api.complaints.reading import complaint as complaint_row
from api.complaints.steps import Listener, Private
from api.complaints.tables import ComplaintRow
from api.identity import people, tokens
from api.identity.throttle import Throttle
from api.identity.verified import Verified
from api.mail import postman
from api.organisation import Organisation, read_organisation
from api.settings import Settings
from engine import feel
from engine.actors import Actor
from engine.calendar_files import read_calendars
from engine.calendars import CalendarSet
from engine.clock import Clock, SystemClock
from engine.deadlines.clocks import Act
from engine.engine import Engine
from engine.store import database as databases
from engine.store.database import Database


@dataclass(frozen=True)
class Redress:
    """One composed service. Requests reach it through ``api.context``; commands and workers hold it directly."""

    settings: Settings
    organisation: Organisation
    clock: Clock
    database: Database
    engine: Engine
    calendars: CalendarSet
    case_clocks: CaseClocks
    letters: Letters
    throttle: Throttle = field(default_factory=Throttle)
    verified: Verified = field(default_factory=Verified)

    def desk(self, session: Session, act: Act) -> Desk:
        """Return where clocks are moved in this transaction."""
        return Desk(session, act, self.moment(), self.database.keys.next)

    def moment(self) -> feel.Moment:
        """Return the present for tables and letters outside a case."""
        return feel.Moment(self.clock.now(), zone=self.settings.time_zone.key, calendars=self.calendars)

    def move_clocks(
        self,
        complaint_key: int,
        change: Callable[[Desk, ComplaintRow], tuple[str, ...]],
        *,
        act: Act,
        by: Actor,
    ) -> None:
        """Change clocks of a complaint and re-arm whatever follows them, in one transaction. Raises the rules' refusals."""

        def work(session: Session) -> None:
            row = complaint_row(session, complaint_key)
            for name in dict.fromkeys(change(self.desk(session, act), row)):
                if row.instance_key is not None:
                    self.engine.rearm_within(session, row.instance_key, name, by=by)

        self.engine.write(work)


def wire(settings: Settings, *, clock: Clock | None = None) -> Redress:
    """Compose the service over a database whose schema is up to date (see ``api.schema``)."""
    clock = clock or SystemClock()
    database = databases.connect(settings.database_url)
    organisation = read_organisation(settings.processes_dir)
    calendars = read_calendars(settings.processes_dir / "calendars", default=organisation.calendar)
    letters = Letters(settings.processes_dir / "letters")
    case_clocks = CaseClocks(calendars)
    made: list[Redress] = []

    def desk(session: Session, act: Act) -> Desk:
        return made[0].desk(session, act)

    def rearm(session: Session, root_key: int, names: tuple[str, ...]) -> None:
        for name in dict.fromkeys(names):
            made[0].engine.rearm_within(session, root_key, name)

    engine = Engine(
        database,
        clock=clock,
        zone=settings.time_zone.key,
        calendars=calendars,
        job_types=job_types(Tools(letters, case_clocks, settings, organisation)),
        task_guard=TaskRules(),
        case_clocks=case_clocks,
        private_facts=Private(),
        on_step=Listener(database.keys.next),
        on_letter=LetterListener(case_clocks, desk, rearm),
        postman=postman(settings, organisation.name),
    )
    made.append(Redress(settings, organisation, clock, database, engine, calendars, case_clocks, letters))
    return made[0]


def first_start(service: Redress, say: Callable[[str], None]) -> None:
    """Create the account ``admin`` on an empty database; a password made up here is said once, and nowhere kept."""
    settings, engine = service.settings, service.engine
    if engine.read(people.count):
        return
    password = settings.admin_password or secrets.token_urlsafe(15)

    def work(session: Session) -> None:
        next_key, now = service.database.keys.next, service.clock.now()
        admin = people.add(
            session,
            key=next_key(),
            name="admin",
            display_name="Administrator",
            password=password,
            roles=("admin", "process-owner", "manager"),
            at=now,
        )
        if settings.admin_token:
            tokens.issue(session, admin, key=next_key(), label="first start", at=now, token=settings.admin_token)

    engine.write(work)
    if settings.admin_password is None:
        say(f"Account 'admin' created with the password {password}   (shown this once; keep it)")
