"""Finding complaints: filters, words, order and pages, over what a person may read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from api.complaints.answers.sheets import mentions
from api.complaints.clock_rows import WINDOWS
from api.complaints.joined import MERGED, all_joined
from api.complaints.letters_held import held
from api.complaints.references import read_reference
from api.complaints.states import ENDED
from api.complaints.tables import (
    AnswerSheetRow,
    ClockRow,
    ComplaintRow,
    ExclusionRow,
    IssueRow,
    LetterRow,
    PartyRow,
)
from api.identity import people
from api.identity.decide import ComplaintFacts, Reach, reach
from api.identity.people import Person
from engine.deadlines.state import LATE, OPEN
from engine.store.expressions import small_letters
from engine.store.instances import roots_of_case
from engine.store.tables import instances, task_candidates, tasks

PAGE = 50
BETWEEN_DIGITS = " ()./-+"  # what people write in a phone number
A_NUMBER = re.compile(rf"(?:[{re.escape(BETWEEN_DIGITS)}]*[0-9]){{5,}}")
SORTS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "received": (ComplaintRow.received_at.desc(), ComplaintRow.key.desc()),
    "oldest": (ComplaintRow.received_at.asc(), ComplaintRow.key.asc()),
    "priority": (ComplaintRow.priority.desc(), ComplaintRow.received_at.asc()),
    "state": (ComplaintRow.state.asc(), ComplaintRow.received_at.desc()),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; None and empty mean any. Dates are local, both ends included."""

    text: str = ""
    state: str | None = None
    open_only: bool = False
    owner: str | None = None
    product: str | None = None
    channel: str | None = None
    received_from: date | None = None
    received_to: date | None = None
    breached: bool = False
    held: bool = False
    sort: str = "received"


@dataclass(frozen=True, slots=True)
class Line:
    """One complaint in a list."""

    key: int
    reference: str
    state: str
    received_at: datetime
    product: str | None
    problem: str | None
    complainant: str | None
    owner: str | None
    priority: int
    significant: bool
    next_due_on: date | None
    next_clock: str | None
    breached: bool


@dataclass(frozen=True, slots=True)
class Found:
    """One page of complaints. ``total`` is counted up to 10,000."""

    lines: tuple[Line, ...]
    total: int
    more: bool


def visible(person: Person, reach: Reach) -> ColumnElement[bool]:
    """Return the condition under which ``person`` may read a complaint: the same rule as ``may``, as a filter."""
    kept_out = select(ExclusionRow.complaint_key).where(ExclusionRow.person_name == person.name)
    allowed: list[ColumnElement[bool]] = []
    if reach.every:
        return ComplaintRow.key.not_in(kept_out)
    if reach.own:
        allowed += [
            ComplaintRow.owner == person.name,
            ComplaintRow.instance_key.in_(_cases_with_tasks(person)),
        ]
    if reach.significant:
        allowed.append(ComplaintRow.significant.is_(True))
    if not allowed:
        return ComplaintRow.key.is_(None)
    return and_(or_(*allowed), ComplaintRow.key.not_in(kept_out))


def readable_by(session: Session, name: str) -> ColumnElement[bool]:
    """Return the condition under which whoever acts as ``name`` may read a complaint; who has no account is ours, and may."""
    person = people.find(session, name)
    return true() if person is None else visible(person, reach(person))


def facts_for(session: Session, person: Person, complaint: ComplaintRow) -> ComplaintFacts:
    """Return what is true between one person and one complaint."""
    excluded = session.get(ExclusionRow, (complaint.key, person.name)) is not None
    holds = complaint.instance_key is not None and (
        session.scalar(
            select(tasks.c.key)
            .where(
                tasks.c.root_key.in_(roots_of_case(complaint.instance_key)),
                tasks.c.key.in_(_task_keys(person)),
            )
            .limit(1)
        )
        is not None
    )
    return ComplaintFacts(
        excluded=excluded,
        owner=complaint.owner == person.name,
        holds_task=holds,
        significant=complaint.significant,
    )


def find(
    session: Session,
    person: Person,
    reach: Reach,
    wanted: Wanted,
    *,
    zone: ZoneInfo,
    offset: int = 0,
    limit: int = PAGE,
) -> Found:
    """Return one page of what ``person`` may read of what is ``wanted``."""
    condition = and_(visible(person, reach), *_conditions(wanted, zone))
    order = SORTS.get(wanted.sort, SORTS["received"])
    rows = session.scalars(
        select(ComplaintRow).where(condition).order_by(*order).offset(offset).limit(limit + 1)
    ).all()
    shown, more = list(rows[:limit]), len(rows) > limit
    if not more and (shown or not offset):
        return Found(_lines(session, shown), offset + len(shown), more)
    total = session.scalar(
        select(func.count()).select_from(select(ComplaintRow.key).where(condition).limit(10_000).subquery())
    )
    return Found(_lines(session, shown), total or 0, more)


def _conditions(wanted: Wanted, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    given: list[ColumnElement[bool]] = []
    if wanted.state:
        given.append(ComplaintRow.state == wanted.state)
    if wanted.open_only:
        given.append(ComplaintRow.state.not_in(ENDED))
    for column, value in (
        (ComplaintRow.owner, wanted.owner),
        (ComplaintRow.product, wanted.product),
        (ComplaintRow.channel, wanted.channel),
    ):
        if value:
            given.append(column == value)
    if wanted.received_from:
        given.append(ComplaintRow.received_at >= _midnight(wanted.received_from, zone))
    if wanted.received_to:
        given.append(ComplaintRow.received_at < _midnight(wanted.received_to, zone) + timedelta(days=1))
    if wanted.breached:
        late = select(ClockRow.complaint_key).where(ClockRow.state.in_(LATE))
        given.append(ComplaintRow.key.in_(late))
    if wanted.held:
        given.append(ComplaintRow.key.in_(select(LetterRow.complaint_key).where(held())))
    if wanted.text.strip():
        given.append(_mentions(wanted.text.strip()))
    return given


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the beginning of a day; days that no complaint can have are moved to where moments can still be counted."""
    return datetime.combine(min(max(day, date(1900, 1, 1)), date(2200, 1, 1)), time.min, zone)


def _mentions(text: str) -> ColumnElement[bool]:
    """Return the condition that every word stands somewhere in the complaint, whichever answers or people they stand in.

    What was written and answered in a complaint that joined it stands with it.
    """
    reference = read_reference(text)
    if reference is not None:
        return ComplaintRow.reference == reference
    words = dict.fromkeys(text.lower().split())
    joined = all_joined()
    return and_(true(), *(_has(word, joined) for word in sorted(words, key=len, reverse=True)))


def _has(word: str, joined: CTE) -> ColumnElement[bool]:
    def holds(column: Any) -> ColumnElement[bool]:
        return small_letters(column).contains(word, autoescape=True)

    reached = (PartyRow.name, PartyRow.email, PartyRow.phone, PartyRow.address)
    named = [holds(column) for column in reached]
    if A_NUMBER.fullmatch(word):
        named.append(_digits(PartyRow.phone).contains("".join(filter(str.isdigit, word))))
    people = select(PartyRow.complaint_key).where(or_(*named))
    raised = select(IssueRow.complaint_key).where(or_(holds(IssueRow.summary), holds(IssueRow.finding)))
    answered = select(AnswerSheetRow.complaint_key).where(mentions(word))
    part = aliased(ComplaintRow)
    theirs = select(AnswerSheetRow.key).where(AnswerSheetRow.complaint_key == part.key, mentions(word))
    brought = (
        select(joined.c.whole)
        .join(part, part.key == joined.c.part)
        .where(part.state == MERGED, or_(holds(part.description), theirs.exists()))
    )
    return or_(
        holds(ComplaintRow.reference),
        holds(ComplaintRow.product),
        holds(ComplaintRow.problem),
        holds(ComplaintRow.description),
        holds(ComplaintRow.desired_remedy),
        ComplaintRow.key.in_(people),
        ComplaintRow.key.in_(raised),
        ComplaintRow.key.in_(answered),
        ComplaintRow.key.in_(brought),
    )


def _digits(number: Any) -> ColumnElement[str]:
    """Return a phone number without what people write between its digits."""
    for mark in BETWEEN_DIGITS:
        number = func.replace(number, mark, "")
    bare: ColumnElement[str] = number
    return bare


def _lines(session: Session, rows: list[ComplaintRow]) -> tuple[Line, ...]:
    keys = [row.key for row in rows]
    names: dict[int, str | None] = dict(
        session.execute(
            select(PartyRow.complaint_key, PartyRow.name).where(
                PartyRow.complaint_key.in_(keys), PartyRow.role == "complainant"
            )
        ).all()
    )
    clocks: dict[int, list[ClockRow]] = {}
    for clock in session.scalars(
        select(ClockRow).where(ClockRow.complaint_key.in_(keys)).order_by(ClockRow.bound_at)
    ):
        clocks.setdefault(clock.complaint_key, []).append(clock)
    return tuple(_line(row, names.get(row.key), clocks.get(row.key, [])) for row in rows)


def _line(row: ComplaintRow, complainant: str | None, clocks: list[ClockRow]) -> Line:
    dated = (clock for clock in clocks if clock.state in OPEN and clock.due_on is not None)
    upcoming = next((clock for clock in dated if clock.name not in WINDOWS), None)
    return Line(
        key=row.key,
        reference=row.reference,
        state=row.state,
        received_at=row.received_at,
        product=row.product,
        problem=row.problem,
        complainant=complainant,
        owner=row.owner,
        priority=row.priority,
        significant=row.significant,
        next_due_on=upcoming.due_on if upcoming else None,
        next_clock=upcoming.name if upcoming else None,
        breached=any(clock.state in LATE for clock in clocks),
    )


def _task_keys(person: Person) -> Select[tuple[int]]:
    """Return the open tasks that are the person's, or offered to them."""
    offered = select(task_candidates.c.task_key).where(
        or_(
            and_(task_candidates.c.kind == "group", task_candidates.c.name.in_(sorted(person.groups))),
            and_(task_candidates.c.kind == "user", task_candidates.c.name == person.name),
        )
    )
    return select(tasks.c.key).where(
        tasks.c.state == "CREATED", or_(tasks.c.assignee == person.name, tasks.c.key.in_(offered))
    )


def _cases_with_tasks(person: Person) -> Select[tuple[int]]:
    return (
        select(instances.c.case_key)
        .join(tasks, tasks.c.root_key == instances.c.key)
        .where(tasks.c.key.in_(_task_keys(person)))
    )
