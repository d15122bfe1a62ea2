"""The composition root: which engine, clock, calendars, job types, guard and carrier make up one running service."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from api.complaints import agreement, authority_over, forgetting, handing_on
from api.complaints.access import CaseAccess
from api.complaints.clocks import CaseClocks, Desk
from api.complaints.eligibility import without_anybody
from api.complaints.errand import Tools
from api.complaints.guard import TaskRules
from api.complaints.job_types import job_types
from api.complaints.letter_desk import LetterGuard, LetterListener
from api.complaints.letter_links import LinkingPostman
from api.complaints.letters import Letters
from api.complaints.reading import complaint as complaint_row
from api.complaints.steps import Listener, Private
from api.complaints.tables import ComplaintRow
from api.deadlines import calendar_changes, reminders, without_clock
from api.deadlines.calendars import KeptCalendars, stored_ids
from api.identity import people, tokens
from api.identity.throttle import Throttle
from api.mail import postman
from api.organisation import FILE, Organisation, OrganisationRefused, read_organisation
from api.procedure.judging import KeptProcedure
from api.secrets import link_key
from api.settings import Settings
from engine import feel
from engine.actors import Actor
from engine.calendars import CalendarNotFound
from engine.clock import Clock, SystemClock
from engine.deadlines.clocks import Act
from engine.engine import Engine
from engine.jobs.scheduler import Chore
from engine.store import database as databases
from engine.store import instances
from engine.store.database import Database
from engine.store.unit_of_work import read
from engine.suggest import perhaps
from engine.zones import local_date

T = TypeVar("T")
CLOCKS = timedelta(seconds=5)
CALENDARS = timedelta(seconds=30)


class _Undone(Exception):
    """Carries the answer of a rehearsal out of the transaction it ends."""


@dataclass(frozen=True)
class Redress:
    """One composed service. Requests reach it through ``api.context``; commands and workers hold it directly."""

    settings: Settings
    organisation: Organisation
    clock: Clock
    database: Database
    engine: Engine
    calendars: KeptCalendars
    case_clocks: CaseClocks
    letters: Letters
    procedure: KeptProcedure
    throttle: Throttle = field(default_factory=Throttle)

    def desk(self, session: Session, act: Act) -> Desk:
        """Return where clocks are moved in this transaction."""
        return Desk(session, act, self.moment(), self.database.keys.next)

    def moment(self) -> feel.Moment:
        """Return the present for tables and letters outside a case."""
        return feel.Moment(self.clock.now(), zone=self.settings.time_zone.key, calendars=self.calendars)

    def today(self) -> date:
        """Return the date in the service's zone."""
        return local_date(self.clock.now(), self.settings.time_zone)

    def move_clocks(
        self,
        complaint_key: int,
        change: Callable[[Desk, ComplaintRow], tuple[str, ...]],
        *,
        act: Act,
        by: Actor,
    ) -> None:
        """Change clocks of a complaint and re-arm whatever follows them, in one transaction. Raises the rules' refusals."""

        self.engine.write(
            lambda session: self.move_clocks_within(session, complaint_key, change, act=act, by=by)
        )

    def move_clocks_within(
        self,
        session: Session,
        complaint_key: int,
        change: Callable[[Desk, ComplaintRow], tuple[str, ...]],
        *,
        act: Act,
        by: Actor,
    ) -> None:
        """The same as part of the caller's own unit of work. The family of the case is locked first, as every step does."""
        row = complaint_row(session, complaint_key)
        if row.instance_key is not None:
            instances.lock_family_of(session, "instance", row.instance_key)
        session.refresh(row, with_for_update=True)
        for name in dict.fromkeys(change(self.desk(session, act), row)):
            if row.instance_key is not None:
                self.engine.rearm_within(session, row.instance_key, name, by=by)

    def rehearse(self, work: Callable[[Session], T]) -> T:
        """Do ``work`` in a transaction and undo it: what would happen if. Raises what ``work`` raises."""

        def rehearsed(session: Session) -> None:
            raise _Undone(work(session))

        try:
            self.engine.write(rehearsed)
        except _Undone as undone:
            answer: T = undone.args[0]
            return answer
        raise AssertionError("a rehearsal always ends in its undoing")

    @property
    def chores(self) -> tuple[Chore, ...]:
        """What this service does again and again beside the engine's own work."""
        return (
            Chore("clocks", CLOCKS, lambda: reminders.note_due(self)),
            Chore("without-clock", without_clock.EVERY, lambda: without_clock.tell(self)),
            Chore("calendars", CALENDARS, lambda: calendar_changes.settle(self)),
            Chore("authority-over", authority_over.EVERY, lambda: authority_over.settle(self)),
            Chore("agreement", agreement.EVERY, lambda: agreement.note_ended(self)),
            Chore("handing-on", handing_on.EVERY, lambda: handing_on.settle(self)),
            Chore("forgetting", forgetting.EVERY, lambda: forgetting.forget_expired(self)),
            Chore("strangers", forgetting.EVERY, lambda: forgetting.erase_strangers(self)),
        )

    def run_due(self) -> int:
        """Do everything that is due now, of the engine and of the clocks; return how much was done."""
        done = 0
        while count := self.engine.run_due_jobs() + reminders.note_due(self):
            done += count
        return done

    def next_due_at(self) -> datetime | None:
        """Return when something is due next, of the engine or of the clocks."""
        moments = (self.engine.next_due_at(), self.engine.read(reminders.next_at))
        return min((moment for moment in moments if moment is not None), default=None)


def wire(settings: Settings, *, clock: Clock | None = None) -> Redress:
    """Compose the service over a database whose schema is up to date (see ``api.schema``). Raises ``OrganisationRefused``."""
    clock = clock or SystemClock()
    database = databases.connect(settings.database_url)
    organisation = read_organisation(settings.processes_dir)
    try:
        calendars = KeptCalendars(database, clock, default=organisation.calendar)
    except CalendarNotFound as missing:
        known = read(database, stored_ids)
        database.dispose()
        raise OrganisationRefused(
            f"{FILE}: There is no calendar “{organisation.calendar}”. {perhaps(organisation.calendar, known)}"
        ) from missing
    letters = Letters(settings.processes_dir / "letters")
    case_clocks = CaseClocks(calendars)
    procedure = KeptProcedure(organisation, letters, moment=lambda: made[0].moment())
    made: list[Redress] = []

    engine = Engine(
        database,
        clock=clock,
        zone=settings.time_zone.key,
        calendars=calendars,
        job_types=job_types(Tools(letters, case_clocks, settings, organisation)),
        task_guard=TaskRules(),
        case_access=CaseAccess(),
        case_clocks=case_clocks,
        private_facts=Private(settings.time_zone, letters),
        on_step=Listener(database.keys.next),
        on_letter=LetterListener(lambda: made[0]),
        letter_guard=LetterGuard(lambda: made[0]),
        postman=LinkingPostman(
            postman(settings, organisation.name),
            database,
            clock=clock,
            zone=settings.time_zone,
            base_url=settings.base_url,
            key=lambda: link_key(settings.data_dir),
        ),
        orphaned_tasks=without_anybody,
        procedure=procedure,
    )
    made.append(
        Redress(settings, organisation, clock, database, engine, calendars, case_clocks, letters, procedure)
    )
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
            tokens.issue(
                session, admin, key=next_key(), label="first start", at=now, token=settings.admin_token
            )

    engine.write(work)
    if settings.admin_password is None:
        say(f"Account 'admin' created with the password {password}   (shown this once; keep it)")
