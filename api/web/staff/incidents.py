"""What is stuck: incidents with the way out, retry, correcting a variable, moving on; and what the clockwork does."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from api import reach
from api.context import require, the_engine, the_service
from api.identity.doors import action
from api.web.staff import blueprint
from api.web.staff.diagram import drawing
from engine.commands.errors import IncidentNotFound
from engine.errors import Invalid, RedressError
from engine.execution.modifying import Activation, Modification
from engine.store import entities
from engine.store.records import IncidentRecord
from engine.store.search import Condition, Query, Sort
from engine.values import read_json

_DONE = {
    "retry": "The step has been tried again, and went well.",
    "job": "The job is handed out once more. If it fails again, it will be listed here.",
    "move": "The case goes on there.",
}


class IncidentWithoutCase(Invalid):
    """This incident belongs to no case; it can only be tried again."""

    code = "incident_without_case"


@blueprint.get("/incidents")
@action("incident.read")
def incidents() -> ResponseReturnValue:
    """List open incidents, newest first, and the signs of life of the workers."""
    require("incident.read")
    found = reach.page(
        entities.INCIDENTS,
        Query(
            where=(Condition("state", "eq", "ACTIVE"),),
            sort=(Sort("creation_time", descending=True),),
            limit=200,
        ),
    )
    return render_template(
        "staff/incidents.html", found=found, workers=the_engine().workers(), now=the_service().clock.now()
    )


@blueprint.get("/incidents/<int:key>")
@action("incident.read")
def incident(key: int) -> ResponseReturnValue:
    """Show one incident where it happened, with the variables seen there and what may be done."""
    require("incident.read")
    return _page(key)


@blueprint.post("/incidents/<int:key>/<any(retry, variable, move):verb>")
@action("incident.resolve")
def mend(key: int, verb: str) -> ResponseReturnValue:
    """Retry the step, correct a variable (JSON), or move on to another element; refusals are said on the page."""
    person = require("incident.resolve")
    engine = the_engine()
    found = _seen(key)
    try:
        if verb == "retry":
            engine.resolve_incident(key, by=person.actor)
        elif verb == "variable":
            name, text = request.form.get("name", "").strip(), request.form.get("value", "")
            scope = found.element_instance_key or found.process_instance_key
            if scope is None:
                raise IncidentWithoutCase
            engine.set_variables(scope, {name: reach.writable(read_json(text.encode()))}, by=person.actor)
            flash(f"{name} is corrected. Retry the step now.")
            return redirect(url_for("staff.incident", key=key), 303)
        elif found.process_instance_key is None:
            raise IncidentWithoutCase
        else:
            engine.modify(
                found.process_instance_key,
                _elsewhere(found, request.form.get("target", "")),
                reason=request.form.get("reason", "").strip() or None,
                by=person.actor,
            )
    except RedressError as refusal:
        return _page(key, str(refusal)), 422
    again = _still_stuck(found)
    if again is not None:
        flash("Tried again; it is still stuck.")
        return redirect(url_for("staff.incident", key=again), 303)
    flash(_DONE["job" if verb == "retry" and found.job_key is not None else verb])
    return redirect(url_for("staff.incidents"), 303)


def _still_stuck(found: IncidentRecord) -> int | None:
    """Return the incident that is open where ``found`` was: what fails again has a new one."""
    here = [
        Condition(name, "eq", value)
        for name in ("process_instance_key", "element_instance_key", "job_key")
        if (value := getattr(found, name)) is not None
    ]
    opened = the_engine().incidents(Query(where=(Condition("state", "eq", "ACTIVE"), *here), limit=10)).items
    same = [one.incident_key for one in opened if one.element_instance_key == found.element_instance_key]
    return same[0] if here and same else None


def _elsewhere(found: IncidentRecord, target: str) -> Modification:
    """Return the change that ends the stuck element and begins at ``target``."""
    ended = () if found.element_instance_key is None else (found.element_instance_key,)
    return Modification(activate=(Activation(target),), terminate=ended)


def _seen(key: int) -> IncidentRecord:
    """Return the incident; one of a case that is hidden from the person does not exist. Raises ``IncidentNotFound``."""
    return reach.seen(the_engine().incident(key), lambda: IncidentNotFound(key=key))


def _page(key: int, problem: str = "") -> str:
    engine = the_engine()
    found = _seen(key)
    scope, instance = found.element_instance_key or found.process_instance_key, found.process_instance_key
    places = engine.places_for(instance, found.element_id) if instance and found.element_id else ()
    return render_template(
        "staff/incident.html",
        incident=found,
        problem=problem,
        variables=reach.shown(engine.effective_variables(scope)) if scope else (),
        elements=[(one.id, one.name or one.id) for one in places],
        drawing=drawing(instance, focus=found.element_id or "") if instance else None,
    )
