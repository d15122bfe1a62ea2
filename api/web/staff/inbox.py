"""The inbox: what waits for me and my groups, in order of urgency; claiming, handing back and assigning from the list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.reading import ClockView, complaint_of_case, display_names, next_clocks
from api.complaints.search import visible
from api.complaints.separation import barred
from api.complaints.tables import ComplaintRow, PartyRow
from api.context import require, the_engine, the_service
from api.db import db
from api.errors import NoRole
from api.identity import people
from api.identity.decide import may, reach
from api.identity.doors import action
from api.identity.people import Person
from api.web.staff import blueprint
from api.web.staff.navigation import start_page
from engine.errors import Conflict
from engine.store.inbox import Box, Order
from engine.store.records import TaskRecord
from engine.store.tables import instances

BOXES: tuple[tuple[Box, str], ...] = (
    ("mine", "Mine"),
    ("groups", "My groups"),
    ("unassigned", "Unassigned"),
    ("overdue", "Overdue"),
)
SORTS: tuple[tuple[Order, str], ...] = (
    ("due", "Due date"),
    ("priority", "Priority"),
    ("created", "Newest first"),
)
PAGE = 50
EMPTY: dict[str, str] = {
    "mine": "You have no tasks.",
    "groups": "Your groups have no tasks.",
    "unassigned": "No task waits for somebody to take it.",
    "overdue": "Nothing is overdue.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One task of the inbox with the complaint it belongs to."""

    task: TaskRecord
    complaint: ComplaintRow | None
    complainant: str | None
    assignee_name: str | None
    overdue: bool
    clock: ClockView | None  # of the complaint: the one due first


@blueprint.get("/")
@action("account.read")
def inbox() -> ResponseReturnValue:
    """Show one box: ``box``, ``q`` (words), ``sort``, ``page`` from 1; a poll asks for the table alone.

    Who does no tasks is led to the first page of their menu.
    """
    person = require("account.read")
    if not person.roles:
        raise NoRole
    if not may(person, "task.list"):
        return redirect(start_page(person), 303)
    box, sort, text, page = _asked()
    engine = the_engine()
    counts = engine.inbox_counts(by=person.actor)
    found = engine.inbox(box, by=person.actor, text=text, sort=sort, limit=PAGE, offset=(page - 1) * PAGE)
    now = the_service().clock.now()
    facts = {
        "lines": _lines(db.session(), person, found.items, now),
        "boxes": [(key, label, getattr(counts, key)) for key, label in BOXES],
        "box": box,
        "box_label": dict(BOXES)[box],
        "empty": EMPTY[box],
        "sort": sort,
        "sorts": SORTS,
        "text": text,
        "page": page,
        "more": found.more,
        "may_assign": bool(may(person, "task.assign")),
    }
    part = "staff/_inbox_table.html" if request.headers.get("X-Redress-Poll") == "yes" else "staff/inbox.html"
    return make_response(render_template(part, **facts))


@blueprint.post("/tasks/<int:key>/claim")
@action("task.list")
def claim(key: int) -> ResponseReturnValue:
    """Take a task; somebody faster, or a rule against it, is said on the page it came from."""
    person = require("task.list")
    try:
        the_engine().claim_task(key, by=person.actor)
    except Conflict as refusal:
        flash(refusal.message, "bad")
        return redirect(url_for("staff.inbox", box="unassigned"), 303)
    flash("The task is yours.")
    return redirect(url_for("staff.task", key=key), 303)


@blueprint.post("/tasks/<int:key>/release")
@action("task.list")
def release(key: int) -> ResponseReturnValue:
    """Hand a task back to its groups."""
    person = require("task.list")
    the_engine().unclaim_task(key, by=person.actor)
    flash("The task waits for somebody else now.")
    return redirect(url_for("staff.inbox"), 303)


@blueprint.get("/tasks/<int:key>/assign")
@action("task.assign")
def assign_page(key: int) -> ResponseReturnValue:
    """Offer the people who may take the task, and say why others may not."""
    return _assign_page(require("task.assign"), key)


@blueprint.post("/tasks/<int:key>/assign")
@action("task.assign")
def assign(key: int) -> ResponseReturnValue:
    """Give the task to somebody; 422 with the reason when a rule is against it."""
    person = require("task.assign")
    chosen = request.form.get("assignee", "")
    if not chosen:
        return _assign_page(person, key, "Select who is to do the task."), 422
    try:
        the_engine().assign_task(key, chosen, by=person.actor)
    except Conflict as refusal:
        return _assign_page(person, key, refusal.message), 422
    flash("Assigned.")
    return redirect(url_for("staff.task", key=key), 303)


def _assign_page(acting: Person, key: int, error: str = "") -> str:
    task = the_engine().task(key, by=acting.actor)
    session = db.session()
    groups = frozenset(task.candidate_groups)
    everybody = [
        person
        for person in people.everybody(session)
        if person.active and (person.groups & groups or not groups)
    ]
    row = complaint_of_case(session, task.root_process_instance_key)
    reasons = (
        barred(
            session,
            row.key,
            duty=task.custom_headers.get("duty"),
            people=[person.name for person in everybody],
        )
        if row is not None
        else {}
    )
    return render_template(
        "staff/assign.html", task=task, complaint=row, people=everybody, reasons=reasons, error=error
    )


def _asked() -> tuple[Box, Order, str, int]:
    box, sort = request.args.get("box"), request.args.get("sort")
    page = request.args.get("page", "1")
    return (
        next((key for key, _ in BOXES if key == box), "mine"),
        next((key for key, _ in SORTS if key == sort), "due"),
        request.args.get("q", "").strip()[:200],
        int(page) if page.isascii() and page.isdigit() and 1 <= int(page) <= 10_000 else 1,
    )


def _lines(session: Session, person: Person, tasks: Any, now: datetime) -> list[Line]:
    """Return the tasks, with their complaints for whoever may read them."""
    roots = {task.root_process_instance_key for task in tasks}
    complaints: dict[int, ComplaintRow] = dict(
        session.execute(
            select(instances.c.key, ComplaintRow)
            .join(ComplaintRow, ComplaintRow.instance_key == instances.c.case_key)
            .where(instances.c.key.in_(roots), visible(person, reach(person)))
        ).all()
    )
    rows = {row.key: row for row in complaints.values()}
    parties: dict[int, str | None] = dict(
        session.execute(
            select(PartyRow.complaint_key, PartyRow.name).where(
                PartyRow.complaint_key.in_(rows), PartyRow.role == "complainant"
            )
        ).all()
    )
    names = display_names(session)
    calendars = the_service().calendars
    clocks = next_clocks(session, rows, calendars=calendars, now=now)
    lines = []
    for task in tasks:
        row = complaints.get(task.root_process_instance_key)
        lines.append(
            Line(
                task=task,
                complaint=row,
                complainant=parties.get(row.key) if row else None,
                assignee_name=names.get(task.assignee or "", task.assignee),
                overdue=task.due_date is not None and task.due_date <= now,
                clock=clocks.get(row.key) if row else None,
            )
        )
    return lines
