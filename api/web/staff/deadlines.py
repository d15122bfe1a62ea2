"""What is due when: the open clocks of complaints a person may read, by day, for everybody or for one owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from api.complaints.clocks import label
from api.complaints.reading import display_names
from api.complaints.search import visible
from api.complaints.tables import ClockRow, ComplaintRow
from api.context import require, the_service
from api.db import db
from api.identity.decide import reach
from api.identity.doors import action
from api.identity.people import Person
from api.web.staff import blueprint
from engine.deadlines.state import OPEN
from engine.zones import local_date

SPANS = ((7, "7 days"), (14, "14 days"), (30, "30 days"), (90, "90 days"))
MOST = 1_000


@dataclass(frozen=True, slots=True)
class DueLine:
    """One open clock of one complaint."""

    due_on: date
    clock: str
    state: str
    late: bool
    complaint: ComplaintRow
    owner_name: str


@blueprint.get("/due")
@action("due.list")
def due() -> ResponseReturnValue:
    """Show open clocks by day: ``whose`` mine or all, ``span`` in days; what is late comes first."""
    person = require("due.list")
    whose = "mine" if request.args.get("whose") == "mine" else "all"
    span = next((days for days, _ in SPANS if str(days) == request.args.get("span")), 14)
    today = local_date(the_service().clock.now(), the_service().settings.time_zone)
    lines = due_lines(person, until=today + timedelta(days=span), today=today, mine=whose == "mine")
    late = [line for line in lines if line.late]
    days = [(day, list(group)) for day, group in groupby((x for x in lines if not x.late), key=lambda line: line.due_on)]
    return render_template(
        "staff/due.html", late=late, days=days, whose=whose, span=span, spans=SPANS, today=today, full=len(lines) == MOST
    )


def due_lines(person: Person, *, until: date, today: date, mine: bool) -> list[DueLine]:
    """Return the open clocks ``person`` may know of that are due by ``until``, in order of the day."""
    session = db.session()
    query = (
        select(ClockRow, ComplaintRow)
        .join(ComplaintRow, ComplaintRow.key == ClockRow.complaint_key)
        .where(ClockRow.state.in_(OPEN), ClockRow.due_on.is_not(None), ClockRow.due_on <= until)
        .where(visible(person, reach(person)))
        .order_by(ClockRow.due_on, ComplaintRow.priority.desc(), ClockRow.key)
        .limit(MOST)
    )
    if mine:
        query = query.where(ComplaintRow.owner == person.name)
    names = display_names(session)
    return [
        DueLine(
            clock.due_on,
            label(clock.name),
            clock.state,
            clock.due_on < today,
            complaint,
            names.get(complaint.owner or "", complaint.owner or "Nobody yet"),
        )
        for clock, complaint in session.execute(query)
        if clock.due_on is not None
    ]
