"""The timers that wait in a case: what they follow, and moving or firing one, with a reason that is kept."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from api.complaints.tables import ComplaintRow
from api.context import Hidden, the_engine, the_person, the_service
from api.deadlines import timers
from api.identity.decide import ComplaintFacts, may
from api.identity.doors import action
from api.web.staff import blueprint
from api.web.staff.complaint import opened
from api.web.staff.typed import read_moment, typed
from engine.errors import RedressError


@blueprint.get("/complaints/<int:key>/timers")
@action("complaint.read")
def timers_of(key: int) -> ResponseReturnValue:
    """Show the timers that wait in a complaint's diagrams, the next one first."""
    row, facts = opened(key, "complaint.read")
    return _page(row, facts)


@blueprint.post("/complaints/<int:key>/timers/<int:job>/<any(move, fire):verb>")
@action("complaint.timer")
def change_timer(key: int, job: int, verb: str) -> ResponseReturnValue:
    """Move a waiting timer to another moment, or fire it now; who, why, from and to stand in the timeline."""
    row, facts = opened(key, "complaint.timer")
    if the_engine().timer(job).root_process_instance_key != row.instance_key:
        raise Hidden
    service, reason, by = the_service(), typed("reason"), the_person().actor
    if not reason:
        return _page(row, facts, problem="Give a reason.", field=f"reason-{job}-{verb}"), 422
    try:
        if verb == "fire":
            timers.fire(service, job, reason=reason, by=by)
        else:
            due_at = read_moment(request.form.get("day", ""), request.form.get("time", ""))
            timers.move(service, job, due_at, reason=reason, by=by)
    except ValueError:
        problem = "Enter the day as 27 3 2026 and the time as 14:30."
        return _page(row, facts, problem=problem, field=f"day-{job}"), 422
    except RedressError as refusal:
        return _page(row, facts, problem=refusal.message), 422
    flash("The timer has fired." if verb == "fire" else "The timer has moved.")
    return redirect(url_for("staff.timers_of", key=key), 303)


def _page(row: ComplaintRow, facts: ComplaintFacts, *, problem: str = "", field: str = "") -> str:
    waiting = timers.waiting(the_service(), row.instance_key) if row.instance_key is not None else ()
    return render_template(
        "staff/timers.html",
        complaint=row,
        timers=waiting,
        may_timer=bool(may(the_person(), "complaint.timer", facts)),
        problem=problem,
        field=field,
    )
