"""What tests of deadlines need: complaints received at a moment of one's choice, their clocks, and hands that move them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from api import schema
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.tables import ClockChangeRow, ClockRow, ComplaintRow, EventRow, NoticeRow
from api.installation import ready_service
from engine.actors import SYSTEM
from engine.actors import service as as_service
from engine.deadlines.clocks import Act
from engine.store.database import connect
from engine.store.search import Condition, Query
from tests.api.browsing import PASSWORD, Browser, add_person
from tests.conftest import _empty as empty

LONDON = ZoneInfo("Europe/London")


def at(text):
    """Return the UTC moment of a local London time such as ``2026-06-10 11:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


class Office:
    """One service seen through the deadlines of its complaints."""

    def __init__(self, service, clock):
        self.service, self.clock, self.key = service, clock, None

    def receive(self, text, regime="generic", category=None, recorded=None, by_mail=False, **more):
        """Receive a complaint at a local time, recorded then or later; letters wait to be posted unless ``by_mail``."""
        self.clock.set(at(recorded or text))
        prefers = None if by_mail else "post"
        ann = PartyDetails("Ann Other", "ann@example.org", None, "1 High Street", preferred_channel=prefers)
        new = NewComplaint(
            "web",
            at(text),
            "My parcel never came.",
            ann,
            regime=regime,
            category=category,
            **more,
        )
        made = receive(self.service, new, by=as_service("web"))
        self.key, self.instance, self.reference = made.key, made.instance_key, made.reference
        self.service.run_due()
        return self

    def later(self, text):
        """Let time go on to a local time, doing on the way what falls due."""
        from api.demo.play import run_until

        run_until(self.service, self.clock, at(text))
        return self

    def move(self, change, reason="Because of the test", by="hana"):
        """Move clocks with ``change(desk, complaint)``."""
        act = Act(self.clock.now(), by, reason)
        self.service.move_clocks(self.key, change, act=act, by=SYSTEM)
        return self

    def pause(self, name="target"):
        return self.move(lambda d, c: self.service.case_clocks.pause(d, c, name, category="complainant"))

    def resume(self, name="target"):
        return self.move(lambda d, c: self.service.case_clocks.resume(d, c, name))

    def clock_named(self, name, number=None):
        query = select(ClockRow).where(ClockRow.complaint_key == self.key, ClockRow.name == name)
        query = (
            query.order_by(ClockRow.number.desc())
            if number is None
            else query.where(ClockRow.number == number)
        )
        return self.ask(lambda session: session.scalars(query.limit(1)).first())

    def due(self, name, number=None):
        return str(self.clock_named(name, number).due_on)

    def state(self, name):
        return self.clock_named(name).state

    def bound(self, name):
        return self.clock_named(name).bound_at.strftime("%Y-%m-%dT%H:%MZ")

    def changes(self, name):
        key = self.clock_named(name).key
        query = (
            select(ClockChangeRow.change).where(ClockChangeRow.clock_key == key).order_by(ClockChangeRow.key)
        )
        return self.ask(lambda session: list(session.scalars(query)))

    def events(self, prefix=""):
        query = select(EventRow.text).where(
            EventRow.complaint_key == self.key, EventRow.kind.startswith(prefix)
        )
        return self.ask(lambda session: list(session.scalars(query.order_by(EventRow.key))))

    def notices(self, subject=""):
        query = select(NoticeRow).where(
            NoticeRow.complaint_key == self.key, NoticeRow.subject.startswith(subject)
        )
        return self.ask(lambda session: list(session.scalars(query.order_by(NoticeRow.key))))

    def timers(self, element=None):
        where = [Condition("root_process_instance_key", "eq", self.instance)]
        found = self.service.engine.timers(Query(where=tuple(where))).items
        return (
            {each.element_id: each for each in found}
            if element is None
            else next((each for each in found if each.element_id == element), None)
        )

    def complaint(self):
        return self.ask(lambda session: session.get(ComplaintRow, self.key))

    def ask(self, work):
        return self.service.engine.read(work)

    def own(self, name):
        """Make somebody the owner."""

        def work(session):
            session.get(ComplaintRow, self.key).owner = name

        self.service.engine.write(work)
        return self


@pytest.fixture
def office(service, clock):
    """The office of the default regime's service."""
    return Office(service, clock)


@pytest.fixture
def staff(app, service):
    """A function: somebody with these roles, signed in to the pages."""

    def make(name, *roles, groups=()):
        add_person(service, name, *roles, password=PASSWORD, groups=groups)
        browser = Browser(app)
        browser.sign_in(name)
        return browser

    return make


@pytest.fixture
def remote(service_settings, postgres_url, clock):
    """The office of a service on PostgreSQL, emptied and deployed anew."""
    if postgres_url is None:
        pytest.skip("no PostgreSQL server is reachable")
    database = connect(postgres_url)
    schema.upgrade(database)
    database.dispose()
    empty(postgres_url)
    settings = replace(service_settings, database_url=postgres_url)
    service = ready_service(settings, clock=clock)
    yield Office(service, clock)
    service.database.dispose()
