"""Who is kept away from a complaint: noted by team leaders and managers, declared by oneself, lifted by managers."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from api.complaints import keeping_away
from api.complaints.clocks import Desk
from api.complaints.tables import ComplaintRow
from api.context import the_person, the_service
from api.db import db
from api.identity.doors import action
from api.web.staff import blueprint
from api.web.staff.complaint import opened, page
from api.web.staff.navigation import start_page
from api.web.staff.typed import typed
from engine.deadlines.clocks import Act

Change = Callable[[Desk, ComplaintRow], None]


@blueprint.post("/complaints/<int:key>/people/away")
@action("complaint.keep-away")
def keep_away(key: int) -> ResponseReturnValue:
    """Keep a colleague from the list away, for a reason. 422 with what is missing."""
    row, facts = opened(key, "complaint.keep-away")
    name, reason = request.form.get("colleague", ""), typed("reason")
    if name not in {one["value"] for one in keeping_away.colleagues(db.session())}:
        return page(row, facts, "people", problem=keeping_away.NoColleague().message, field="colleague"), 422
    if not reason:
        return page(row, facts, "people", problem="Give a reason.", field="away-reason"), 422
    return _kept_away(row, name, reason)


@blueprint.post("/complaints/<int:key>/people/conflict")
@action("complaint.stand-aside")
def stand_aside(key: int) -> ResponseReturnValue:
    """Keep oneself away: from here on the complaint does not exist for whoever declared the conflict."""
    row, _ = opened(key, "complaint.stand-aside")
    return _kept_away(row, the_person().name, typed("reason") or keeping_away.CONFLICT)


@blueprint.post("/complaints/<int:key>/people/back")
@action("complaint.let-back")
def let_back(key: int) -> ResponseReturnValue:
    """Lift what keeps a colleague away, for a reason; never for oneself, to whom the complaint does not exist."""
    row, facts = opened(key, "complaint.let-back")
    name, reason = request.form.get("colleague", ""), typed("reason")
    if not reason:
        return page(row, facts, "people", problem="Give a reason.", field=f"back-{name}"), 422
    try:
        _change(row, lambda desk, complaint: keeping_away.let_back(desk, complaint, name), reason)
    except keeping_away.NotKeptAway as refusal:
        return page(row, facts, "people", problem=refusal.message), 422
    flash("They may see and handle this complaint again, as far as their roles go.")
    return redirect(url_for("staff.complaint", key=key, tab="people"), 303)


def _kept_away(row: ComplaintRow, name: str, reason: str) -> ResponseReturnValue:
    """Keep somebody away and go where the acting person may still be."""
    service, key, reference = the_service(), row.key, row.reference

    def change(desk: Desk, complaint: ComplaintRow) -> None:
        def overwrite(case: int, variable: str, value: str | None) -> None:
            service.engine.overwrite_within(desk.session, case, variable, value)

        keeping_away.keep_away(desk, complaint, name, reason=reason, overwrite=overwrite)

    _change(row, change, reason)
    if name == the_person().name:
        flash(f"You are kept away from complaint {reference}. The managers have been told.")
        return redirect(start_page(the_person()), 303)
    flash("They neither see nor handle this complaint any more. The managers have been told.")
    return redirect(url_for("staff.complaint", key=key, tab="people"), 303)


def _change(row: ComplaintRow, change: Change, reason: str) -> None:
    service, person = the_service(), the_person()
    act = Act(at=service.clock.now(), by=person.name, reason=reason)

    def changed(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        change(desk, complaint)
        return ()

    service.move_clocks(row.key, changed, act=act, by=person.actor)
