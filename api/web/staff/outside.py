"""Recording what an outside body does with a complaint: that it takes up one that has ended, and that it has decided."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from api.complaints.after_the_end import (
    LONGEST_BODY,
    LONGEST_REFERENCE,
    TakenUp,
    decided,
    offered,
    take_up,
    why_not,
)
from api.complaints.answers.sheets import filled
from api.complaints.tables import ComplaintRow
from api.context import the_person, the_service
from api.db import db
from api.identity.doors import action
from api.web.forms import decode, form_page
from api.web.staff import blueprint
from api.web.staff.complaint import opened
from engine import forms
from engine.errors import Conflict
from engine.forms import FieldError

_FORM = forms.read(
    {
        "schemaVersion": 19,
        "type": "default",
        "id": "taken-up-outside",
        "components": [
            {
                "type": "textfield",
                "id": "Field_body",
                "key": "body",
                "label": "Outside body",
                "validate": {"required": True, "maxLength": LONGEST_BODY},
            },
            {
                "type": "textfield",
                "id": "Field_bodyReference",
                "key": "bodyReference",
                "label": "Its reference",
                "validate": {"maxLength": LONGEST_REFERENCE},
            },
            {
                "type": "datetime",
                "subtype": "date",
                "id": "Field_fileDueOn",
                "key": "fileDueOn",
                "dateLabel": "When does it want the file?",
                "description": "Leave it empty if it wants none. If that day is over already, enter today.",
                "disallowPassedDates": True,
            },
        ],
    },
    name="taken-up-outside",
)


@blueprint.get("/complaints/<int:key>/outside")
@action("complaint.write")
def outside(key: int) -> ResponseReturnValue:
    """Ask which body has taken it up, or whether it has decided; or say why nothing can be recorded now."""
    row, _ = opened(key, "complaint.write")
    return _page(row, {}, key=secrets.token_urlsafe(16))


@blueprint.post("/complaints/<int:key>/outside")
@action("complaint.write")
def record_outside(key: int) -> ResponseReturnValue:
    """Record that a body has taken it up: 303, also for the same post again; 422 with what was typed; 409 where that cannot be."""
    row, _ = opened(key, "complaint.write")
    service, person = the_service(), the_person()
    once = request.form.get("_key", "")[:40] or secrets.token_urlsafe(16)
    decoded = decode(_FORM, request.form, {}, {}, moment=service.moment())
    if decoded.errors or not decoded.action.judges:
        status = 422 if decoded.errors else 200
        return _page(row, decoded.answers, decoded.errors, key=once, status=status, live=decoded.status)
    try:
        clean = forms.check(_FORM, decoded.answers, {}, moment=service.moment(), source="page").clean
        taken = TakenUp(clean["body"], clean.get("bodyReference"), clean.get("fileDueOn"))
        sheet = filled(_FORM, clean, {}, moment=service.moment(), title="Taken up by an outside body")
        take_up(service, key, taken, sheet=sheet, key=f"{person.name}:{once}", by=person.actor)
    except forms.FormInvalid as refusal:
        return _page(row, decoded.answers, refusal.errors, key=once, status=422)
    except Conflict as refusal:
        return _page(row, decoded.answers, key=once, status=409, problem=refusal.message)
    flash("Recorded. What it asks of us is among the open tasks.")
    return redirect(url_for("staff.complaint", key=key), 303)


@blueprint.post("/complaints/<int:key>/outside/decided")
@action("complaint.write")
def record_decided(key: int) -> ResponseReturnValue:
    """Open the task in which the outcome is recorded: 303, also for the same post again; 409 while nobody waits for it."""
    row, _ = opened(key, "complaint.write")
    person, once = the_person(), request.form.get("_key", "")[:40] or secrets.token_urlsafe(16)
    try:
        decided(the_service(), key, key=f"{person.name}:{once}", by=person.actor)
    except Conflict as refusal:
        return _page(row, {}, key=once, status=409, problem=refusal.message)
    flash("Noted. What it decided is recorded in the task “Record the outcome”.")
    return redirect(url_for("staff.complaint", key=key), 303)


def _page(
    row: ComplaintRow,
    answers: Mapping[str, Any],
    errors: tuple[FieldError, ...] = (),
    *,
    key: str,
    status: int = 200,
    live: str = "",
    problem: str = "",
) -> Response:
    service = the_service()
    act, refusal = offered(service, row.key), why_not(db.session(), row)
    view = forms.view(_FORM, answers, {}, moment=service.moment(), errors=errors)
    page = form_page(view, submit="Record it", key=key, live=live) if act == "taken_up" else None
    return make_response(
        render_template(
            "staff/outside.html",
            complaint=row,
            form=page,
            decides=act == "decided",
            once=key,
            problem=problem,
            why="" if refusal is None or problem else refusal.message,
        ),
        status,
    )
