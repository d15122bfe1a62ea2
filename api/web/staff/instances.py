"""Processes that run: by definition and version, and each one where it stands; the addresses modellers link to."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from api import reach
from api.complaints.reading import complaint_of_case
from api.context import require, the_engine
from api.db import db
from api.identity.decide import may
from api.identity.doors import action
from api.web.staff import blueprint
from api.web.staff.diagram import drawing
from engine.errors import RedressError
from engine.store import entities
from engine.store.search import Condition, Query, Sort

PAGE = 50
STATES = (("ACTIVE", "Running"), ("COMPLETED", "Completed"), ("TERMINATED", "Ended early"))


@blueprint.get("/processes")
@action("instance.read")
def instances() -> ResponseReturnValue:
    """List process instances, newest first: ``process``, ``version`` and ``state`` narrow it."""
    require("instance.read")
    asked, page = request.args, request.args.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and 1 <= int(page) <= 10_000 else 1
    conditions = [Condition("state", "eq", asked["state"])] if asked.get("state") in dict(STATES) else []
    if asked.get("process"):
        conditions.append(Condition("process_definition_id", "eq", asked["process"][:200]))
    if asked.get("version", "").isdigit():
        conditions.append(Condition("process_definition_version", "eq", int(asked["version"][:9])))
    newest = (Sort("start_date", descending=True), Sort("process_instance_key", descending=True))
    found = reach.page(
        entities.INSTANCES,
        Query(where=tuple(conditions), sort=newest, limit=PAGE, offset=(number - 1) * PAGE),
    )
    return render_template(
        "staff/instances.html", found=found, asked=asked, states=STATES, page=number, size=PAGE
    )


@blueprint.get("/processes/<int:key>")
@action("instance.read")
def instance(key: int) -> ResponseReturnValue:
    """Show one instance: drawing, steps, variables, incidents; the complaint it conducts, if the person may read it."""
    person = require("instance.read")
    return _page(key, may_end=bool(may(person, "instance.operate")))


@blueprint.post("/processes/<int:key>/end")
@action("instance.operate")
def end_instance(key: int) -> ResponseReturnValue:
    """End a running instance for a reason; a complaint is not ended like this, but withdrawn or closed by its diagram."""
    person = require("instance.operate")
    reach.instance_seen(key)
    reason = request.form.get("reason", "").strip()
    if not reason:
        return _page(key, may_end=True, problem="Give a reason."), 422
    try:
        the_engine().cancel(key, reason=reason, by=person.actor)
    except RedressError as refusal:
        return _page(key, may_end=True, problem=refusal.message), 422
    flash("Ended.")
    return redirect(url_for("staff.instance", key=key), 303)


def _page(key: int, *, may_end: bool, problem: str = "") -> str:
    engine = the_engine()
    found = reach.instance_seen(key)
    stuck = Query(where=(Condition("process_instance_key", "eq", key), Condition("state", "eq", "ACTIVE")))
    return render_template(
        "staff/instance.html",
        instance=found,
        complaint=complaint_of_case(db.session(), found.root_process_instance_key),
        drawing=drawing(key),
        variables=reach.shown(engine.effective_variables(key)),
        incidents=reach.page(entities.INCIDENTS, stuck).items,
        may_end=may_end and found.state == "ACTIVE" and found.parent_process_instance_key is None,
        problem=problem,
    )
