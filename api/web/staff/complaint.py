"""A complaint's pages: overview, timeline, clocks, letters and documents, diagram; and what may be done to its clocks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from api.complaints import letter_desk
from api.complaints.clocks import Desk
from api.complaints.reading import CaseView, case_view
from api.complaints.reading import complaint as complaint_row
from api.complaints.search import facts_for
from api.complaints.tables import ComplaintRow, EventRow
from api.context import require, the_engine, the_person, the_service
from api.db import db
from api.identity.decide import ComplaintFacts, may
from api.identity.doors import action
from api.web.staff import blueprint
from api.web.staff.diagram import drawing
from engine.deadlines.clocks import Act
from engine.errors import RedressError
from engine.store.search import Condition, Query

TABS = (
    ("overview", "Overview"),
    ("timeline", "Timeline"),
    ("clocks", "Clocks"),
    ("papers", "Letters and documents"),
    ("diagram", "Diagram"),
)
PAUSE_REASONS = (
    ("complainant", "We wait for the complainant"),
    ("third_party", "We wait for somebody outside"),
    ("agreed", "Agreed with the complainant"),
)


@blueprint.get("/complaints/<int:key>")
@blueprint.get("/complaints/<int:key>/<any(overview, timeline, clocks, papers, diagram):tab>")
@action("complaint.read")
def complaint(key: int, tab: str = "overview") -> ResponseReturnValue:
    """Show one side of a complaint; for somebody in conflict of interest it does not exist."""
    row, facts = _opened(key, "complaint.read")
    return _page(row, facts, tab)


@blueprint.post("/complaints/<int:key>/clocks/<name>/<any(pause, resume, extend):verb>")
@action("complaint.clock")
def move_clock(key: int, name: str, verb: str) -> ResponseReturnValue:
    """Pause, resume or extend a clock, with a reason; timers that follow it move in the same transaction. 422 with the rule."""
    row, facts = _opened(key, "complaint.clock")
    reason, category = request.form.get("reason", "").strip(), request.form.get("category", "")
    if not reason:
        return _page(row, facts, "clocks", problem="Give a reason.", field=f"reason-{name}-{verb}"), 422
    clocks = the_service().case_clocks

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        if verb == "pause":
            return clocks.pause(desk, complaint, name, category=category or "complainant")
        if verb == "resume":
            return clocks.resume(desk, complaint, name)
        letter = letter_desk.write_now(the_service(), desk, complaint, "holding-notice", reason=reason)
        return clocks.extend(desk, complaint, name, category=category, letter=letter)

    try:
        move(row, change, reason=reason)
    except RedressError as refusal:
        return _page(row, facts, "clocks", problem=refusal.message, field=f"reason-{name}-{verb}"), 422
    flash("The clock has moved, and every timer that follows it.")
    return redirect(url_for("staff.complaint", key=key, tab="clocks"), 303)


@blueprint.post("/complaints/<int:key>/receipt")
@action("complaint.backdate")
def correct_receipt(key: int) -> ResponseReturnValue:
    """Correct when the complaint was received; everything counted from it is counted anew."""
    row, facts = _opened(key, "complaint.backdate")
    reason, day = request.form.get("reason", "").strip(), request.form.get("received", "")
    zone, now = the_service().settings.time_zone, the_service().clock.now()
    try:
        received_at = datetime.combine(datetime.strptime(day, "%d %m %Y").date(), time(12, 0), zone)  # noqa: DTZ007
    except ValueError:
        return _page(row, facts, "clocks", problem="Enter the day as 27 3 2026.", field="received"), 422
    if received_at > now or received_at.year < 1990:
        return _page(row, facts, "clocks", problem="The day must be between 1990 and today.", field="received"), 422
    if not reason:
        return _page(row, facts, "clocks", problem="Give a reason.", field="receipt-reason"), 422
    clocks = the_service().case_clocks
    move(row, lambda desk, complaint: clocks.receipt_corrected(desk, complaint, received_at), reason=reason)
    flash("The date of receipt is corrected; its clocks were counted anew.")
    return redirect(url_for("staff.complaint", key=key, tab="clocks"), 303)


@blueprint.post("/complaints/<int:key>/notes")
@action("complaint.write")
def add_note(key: int) -> ResponseReturnValue:
    """Add a note to the timeline; colleagues see it, the complainant does not."""
    row, facts = _opened(key, "complaint.write")
    text = request.form.get("note", "").strip()[:10_000]
    if not text:
        return _page(row, facts, "timeline", problem="Write the note.", field="note"), 422
    service, person, now = the_service(), the_person(), the_service().clock.now()
    service.engine.write(
        lambda session: session.add(
            EventRow(
                key=service.database.keys.next(), complaint_key=key, at=now, by=person.name, kind="note", text=text, facts={}
            )
        )
    )
    return redirect(url_for("staff.complaint", key=key, tab="timeline"), 303)


@blueprint.post("/complaints/<int:key>/letters/<int:letter>/posted")
@action("complaint.write")
def posted(key: int, letter: int) -> ResponseReturnValue:
    """Note that a letter on paper has been posted: evidence of dispatch, which answers its clock."""
    _opened(key, "complaint.write")
    letter_desk.mark_posted(the_service(), key, letter, by=the_person().actor)
    flash("Noted: the letter has been posted.")
    return redirect(url_for("staff.complaint", key=key, tab="papers"), 303)


def move(row: ComplaintRow, change: Callable[[Desk, ComplaintRow], tuple[str, ...]], *, reason: str) -> None:
    """Change clocks of a complaint and re-arm, in the same transaction, whatever follows them. Raises the rules' refusals."""
    service, person = the_service(), the_person()
    act = Act(at=service.clock.now(), by=person.name, reason=reason)
    service.move_clocks(row.key, change, act=act, by=person.actor)


def _opened(key: int, wanted: str) -> tuple[ComplaintRow, ComplaintFacts]:
    session = db.session()
    row = complaint_row(session, key)
    facts = facts_for(session, the_person(), row)
    require(wanted, facts)
    return row, facts


def _page(row: ComplaintRow, facts: ComplaintFacts, tab: str, *, problem: str = "", field: str = "") -> str:
    session, service, person = db.session(), the_service(), the_person()
    case = case_view(session, row, calendars=service.calendars, now=service.clock.now())
    return render_template(
        "staff/complaint.html",
        case=case,
        complaint=row,
        tab=tab,
        tabs=TABS,
        problem=problem,
        field=field,
        pause_reasons=PAUSE_REASONS,
        tasks=_open_tasks(row),
        drawings=_drawings(row) if tab == "diagram" else (),
        may_write=bool(may(person, "complaint.write", facts)),
        may_clock=bool(may(person, "complaint.clock", facts)),
        may_backdate=bool(may(person, "complaint.backdate", facts)),
        stuck=_is_stuck(session, case),
    )


def _open_tasks(row: ComplaintRow) -> tuple[Any, ...]:
    if row.instance_key is None:
        return ()
    return the_engine().open_tasks(row.instance_key)


def _drawings(row: ComplaintRow) -> tuple[Any, ...]:
    if row.instance_key is None:
        return ()
    family = Query(
        where=(Condition("root_process_instance_key", "eq", row.instance_key), Condition("state", "eq", "ACTIVE")),
        limit=20,
    )
    active = [instance.process_instance_key for instance in the_engine().instances(family).items]
    return tuple(drawing(key) for key in dict.fromkeys([row.instance_key, *active]))


def _is_stuck(session: Session, case: CaseView) -> bool:  # noqa: ARG001
    if case.complaint.instance_key is None:
        return False
    return the_engine().instance(case.complaint.instance_key).has_incident
