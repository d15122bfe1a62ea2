"""What is due when: open clocks and tasks by day, for everybody, one owner or one team; feeds of the same for calendars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import WINDOWS, is_late, label
from api.complaints.reading import display_names
from api.complaints.search import visible
from api.complaints.tables import ClockRow, ComplaintRow
from api.complaints.under_way import under_way
from api.context import require, the_service
from api.db import db
from api.deadlines import feeds
from api.identity import people
from api.identity.decide import reach
from api.identity.doors import action
from api.identity.people import Person
from api.web.staff import blueprint
from engine.deadlines.state import OPEN
from engine.store.tables import instances, tasks
from engine.zones import at_wall, local_date

SPANS = ((7, "7 days"), (14, "14 days"), (30, "30 days"), (90, "90 days"))
MOST = 1_000


@dataclass(frozen=True, slots=True)
class DueLine:
    """One open clock or task of one complaint."""

    due_on: date
    what: str
    kind: str  # clock | task
    state: str
    late: bool
    complaint: ComplaintRow
    owner_name: str


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose deadlines are asked for: ``mine``, ``all``, ``owner:<user name>`` or ``team:<group>``."""

    code: str
    condition: ColumnElement[bool] | None = None
    task_condition: ColumnElement[bool] | None = None


@blueprint.get("/due")
@action("due.list")
def due() -> ResponseReturnValue:
    """Show clocks and tasks by day: ``whose`` mine, all, an owner or a team; ``span`` in days; what is late comes first."""
    person = require("due.list")
    session = db.session()
    whose = _whose(session, person, request.args.get("whose", "all"))
    span = next((days for days, _ in SPANS if str(days) == request.args.get("span")), 14)
    now = the_service().clock.now()
    today = local_date(now, the_service().settings.time_zone)
    lines = due_lines(session, person, until=today + timedelta(days=span), now=now, whose=whose)
    late = [line for line in lines if line.late]
    days = [
        (day, list(group))
        for day, group in groupby((x for x in lines if not x.late), key=lambda line: line.due_on)
    ]
    return render_template(
        "staff/due.html",
        late=late,
        days=days,
        whose=whose.code,
        owners=_owners(session, person),
        teams=sorted(person.groups) if not reach(person).every else _teams(session),
        span=span,
        spans=SPANS,
        today=today,
        full=len(lines) >= MOST,
    )


@blueprint.get("/feeds")
@action("due.list")
def feed_list() -> ResponseReturnValue:
    """Show the person's feeds, and offer a new one."""
    return _feeds_page(require("due.list"))


@blueprint.post("/feeds")
@action("due.list")
def create_feed() -> ResponseReturnValue:
    """Make a feed of the person's own complaints or of one of their teams; its address is shown this once."""
    person = require("due.list")
    token = feeds.create(the_service(), person, group=request.form.get("group") or None)
    return _feeds_page(person, address=url_for("staff.feed", token=token, _external=True))


@blueprint.post("/feeds/<int:key>/revoke")
@action("due.list")
def revoke_feed(key: int) -> ResponseReturnValue:
    """Let a feed's address answer no more."""
    feeds.revoke(the_service(), require("due.list"), key)
    flash("That address answers no more.")
    return redirect(url_for("staff.feed_list"), 303)


@blueprint.get("/feeds/<token>.ics")
@action("public")
def feed(token: str) -> ResponseReturnValue:
    """Answer a calendar program that knows a secret address: references and clock names, nothing about people. Else 404."""
    answer = Response(feeds.content(the_service(), token), mimetype="text/calendar")
    answer.headers["Cache-Control"] = "private, max-age=300"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def due_lines(session: Session, person: Person, *, until: date, now: datetime, whose: Whose) -> list[DueLine]:
    """Return the open clocks and tasks ``person`` may know of that are due by ``until``, in order of the day."""
    names, seen = display_names(session), visible(person, reach(person))
    lines = [
        *_clock_lines(session, seen, names, until, now, whose),
        *_task_lines(session, seen, names, until, now, whose),
    ]
    return sorted(lines, key=lambda line: (line.due_on, line.kind, -line.complaint.priority))


def _clock_lines(
    session: Session,
    seen: ColumnElement[bool],
    names: dict[str, str],
    until: date,
    now: datetime,
    whose: Whose,
) -> list[DueLine]:
    query = (
        select(ClockRow, ComplaintRow)
        .join(ComplaintRow, ComplaintRow.key == ClockRow.complaint_key)
        .where(ClockRow.state.in_(OPEN), ClockRow.due_on.is_not(None), ClockRow.due_on <= until, seen)
        .where((ClockRow.name.not_in(WINDOWS)) | (ClockRow.bound_at > now))
        .order_by(ClockRow.due_on, ClockRow.key)
        .limit(MOST)
    )
    if whose.condition is not None:
        query = query.where(whose.condition)
    return [
        DueLine(
            clock.due_on,
            label(clock.name),
            "clock",
            clock.state,
            is_late(clock, now=now),
            complaint,
            names.get(complaint.owner or "", complaint.owner or "Nobody yet"),
        )
        for clock, complaint in session.execute(query)
        if clock.due_on is not None
    ]


def _task_lines(
    session: Session,
    seen: ColumnElement[bool],
    names: dict[str, str],
    until: date,
    now: datetime,
    whose: Whose,
) -> list[DueLine]:
    zone = the_service().settings.time_zone
    end = at_wall(datetime.combine(until + timedelta(days=1), time()), zone)
    query = (
        select(tasks.c.name, tasks.c.due_at, tasks.c.assignee, ComplaintRow)
        .join(instances, instances.c.key == tasks.c.root_key)
        .join(ComplaintRow, ComplaintRow.instance_key == instances.c.case_key)
        .where(tasks.c.state == "CREATED", tasks.c.due_at.is_not(None), tasks.c.due_at < end, seen)
        .order_by(tasks.c.due_at, tasks.c.key)
        .limit(MOST)
    )
    condition = whose.task_condition if whose.task_condition is not None else whose.condition
    if condition is not None:
        query = query.where(condition)
    lines = []
    for name, due_at, assignee, complaint in session.execute(query):
        due_on = local_date(
            due_at - timedelta(microseconds=1), zone
        )  # a bound at midnight belongs to the day before
        who = names.get(assignee or "", assignee or "Nobody yet")
        lines.append(DueLine(due_on, name, "task", "open", due_at <= now, complaint, who))
    return lines


def _whose(session: Session, person: Person, asked: str) -> Whose:
    kind, _, name = asked.replace("\x00", "")[:100].partition(":")
    if asked == "mine":
        return Whose(asked, ComplaintRow.owner == person.name, tasks.c.assignee == person.name)
    if kind == "owner" and people.find(session, name) is not None:
        return Whose(asked, ComplaintRow.owner == name, tasks.c.assignee == name)
    if kind == "team" and name:
        return Whose(asked, feeds.team_of(name), tasks.c.key.in_(feeds.tasks_offered_to(name)))
    return Whose("all")


def _owners(session: Session, person: Person) -> list[tuple[str, str]]:
    query = select(ComplaintRow.owner).where(
        ComplaintRow.owner.is_not(None), under_way(), visible(person, reach(person))
    )
    names = display_names(session)
    found = [(name, names.get(name, name)) for name in session.scalars(query.distinct()) if name is not None]
    return sorted(found, key=lambda pair: pair[1])


def _teams(session: Session) -> list[str]:
    return sorted(frozenset().union(*(each.groups for each in people.everybody(session) if each.active)))


def _feeds_page(person: Person, *, address: str = "") -> str:
    return render_template(
        "staff/feeds.html",
        feeds=feeds.mine(db.session(), person),
        teams=sorted(person.groups),
        address=address,
    )
