"""Calendar feeds: deadlines of a person or a team for their own calendar program, at a secret address."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from icalendar import Calendar as Feed
from icalendar import Event
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import label
from api.complaints.search import visible
from api.complaints.tables import ClockRow, ComplaintRow
from api.deadlines.tables import FeedRow
from api.identity.decide import may, reach
from api.identity.people import Person, person_of
from api.identity.tables import PersonRow
from engine.deadlines.state import OPEN
from engine.errors import NotFound
from engine.store.tables import task_candidates, tasks

if TYPE_CHECKING:
    from api.wiring import Redress

MOST = 1_000


class FeedNotFound(NotFound):
    """There is nothing at this address."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class FeedDeadline:
    """What a feed may say of a deadline: never a name, never what the complaint is about."""

    clock_key: int
    reference: str
    name: str
    state: str
    due_on: date


def create(service: Redress, person: Person, *, group: str | None) -> str:
    """Return the token of a new feed: of the complaints the person owns, or of one of their groups. Shown once.

    Raises ``FeedNotFound`` for a group the person does not belong to.
    """
    if group is not None and group not in person.groups:
        raise FeedNotFound
    token = secrets.token_urlsafe(32)
    row = FeedRow(
        key=service.engine.next_key(),
        token_sha256=_hash(token),
        person_key=person.key,
        group_name=group,
        created_at=service.clock.now(),
    )
    service.engine.write(lambda session: session.add(row))
    return token


def mine(session: Session, person: Person) -> tuple[FeedRow, ...]:
    """Return the person's feeds that still answer, oldest first."""
    query = select(FeedRow).where(FeedRow.person_key == person.key, FeedRow.revoked_at.is_(None))
    return tuple(session.scalars(query.order_by(FeedRow.key)))


def revoke(service: Redress, person: Person, key: int) -> None:
    """Let the address answer no more. Raises ``FeedNotFound`` for a feed of somebody else."""

    def work(session: Session) -> None:
        row = session.get(FeedRow, key)
        if row is None or row.person_key != person.key:
            raise FeedNotFound
        row.revoked_at = row.revoked_at or service.clock.now()

    service.engine.write(work)


def content(service: Redress, token: str) -> bytes:
    """Return the feed as an iCalendar file.

    Raises ``FeedNotFound``: no such token, revoked, or its person no longer has an account or the right.
    """
    return service.engine.read(lambda session: _content(service, session, token))


def team_of(group: str) -> ColumnElement[bool]:
    """Return the condition that a complaint has work for ``group``: an open task offered to it."""
    open_to_them = tasks.c.key.in_(tasks_offered_to(group))
    return ComplaintRow.instance_key.in_(
        select(tasks.c.root_key).where(tasks.c.state == "CREATED", open_to_them)
    )


def tasks_offered_to(group: str) -> Select[tuple[int]]:
    """Return the query of the keys of tasks offered to ``group``."""
    return select(task_candidates.c.task_key).where(
        task_candidates.c.kind == "group", task_candidates.c.name == group
    )


def _content(service: Redress, session: Session, token: str) -> bytes:
    found = session.execute(
        select(FeedRow, PersonRow)
        .join(PersonRow, PersonRow.key == FeedRow.person_key)
        .where(FeedRow.token_sha256 == _hash(token), FeedRow.revoked_at.is_(None))
    ).first()
    if found is None:
        raise FeedNotFound
    person, group = person_of(found.PersonRow), found.FeedRow.group_name
    if not may(person, "due.list") or (group is not None and group not in person.groups):
        raise FeedNotFound
    feed = Feed()
    feed.add("prodid", "-//Redress//Deadlines//EN")
    feed.add("version", "2.0")
    feed.add("x-wr-calname", f"Deadlines: {group or person.display_name}")
    for deadline in _deadlines(session, person, group):
        feed.add_component(_event(deadline, stamp=service.clock.now()))
    return bytes(feed.to_ical())


def _deadlines(session: Session, person: Person, group: str | None) -> list[FeedDeadline]:
    whose = ComplaintRow.owner == person.name if group is None else team_of(group)
    rows = session.execute(
        select(ClockRow, ComplaintRow.reference)
        .join(ComplaintRow, ComplaintRow.key == ClockRow.complaint_key)
        .where(ClockRow.state.in_(OPEN), ClockRow.due_on.is_not(None))
        .where(visible(person, reach(person)), whose)
        .order_by(ClockRow.due_on, ClockRow.key)
        .limit(MOST)
    )
    return [
        FeedDeadline(row.key, reference, label(row.name), row.state, row.due_on)
        for row, reference in rows
        if row.due_on is not None
    ]


def _event(deadline: FeedDeadline, *, stamp: datetime) -> Event:
    event = Event()
    late = (
        " (late)" if deadline.state == "breached" else " (expected)" if deadline.state == "projected" else ""
    )
    event.add("uid", f"clock-{deadline.clock_key}@redress")
    event.add("dtstamp", stamp)
    event.add("dtstart", deadline.due_on)
    event.add("dtend", deadline.due_on + timedelta(days=1))
    event.add("summary", f"{deadline.reference}: {deadline.name}{late}")
    event.add("transp", "TRANSPARENT")
    return event


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
