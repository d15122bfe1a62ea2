"""Recording what somebody said by phone, letter, e-mail or in person: what their status page takes now, on one page."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from api.complaints.answers.sheets import filled
from api.complaints.from_complainant import ACCEPTED, REJECTED, TooLate
from api.complaints.heard import WAYS, Heard, on_file
from api.complaints.history import asked_if_turned_away
from api.complaints.our_answer import AnswerOnItsWay
from api.complaints.parties import COMPLAINANT, may_decide
from api.complaints.said import ACTS, ADDITION, WITHDRAWAL, Said, offered, record, reply_waits
from api.complaints.tables import ComplaintRow, PartyRow
from api.context import the_person, the_service
from api.db import db
from api.identity.doors import action
from api.web.forms import decode, form_page
from api.web.staff import blueprint
from api.web.staff.complaint import opened
from engine import forms
from engine.errors import Conflict, Invalid
from engine.forms import FieldError, Form

LONGEST = 10_000  # characters of their words
_FIELDS = {"day_impossible": "saidOn", "speaks_for_nobody": "saidBy", "decides_nothing": "saidBy"}
_ON_TURNING_AWAY = {
    ACCEPTED: "They accept that we cannot take it up",
    REJECTED: "They do not agree that we turned it away (an appeal)",
}
_WHAT = {
    ACCEPTED: "They accept our answer",
    REJECTED: "They do not accept our answer",
    ADDITION: "They add something",
    WITHDRAWAL: "They withdraw the complaint",
}
_HOW = {"phone": "By phone", "post": "By letter", "e-mail": "By e-mail", "in-person": "In person"}
_DANGER: dict[str, Any] = {
    "type": "checkbox",
    "key": "dangerNow",
    "label": "Somebody is in danger, or could be soon",
    "description": "Whoever is on duty hears of it at once.",
    "conditional": {"hide": f'=what != "{ADDITION}"'},
}
_WORDS: dict[str, Any] = {
    "type": "textarea",
    "key": "words",
    "label": "In their words",
    "description": "Why, if they say why. What they want to add stands here too.",
    "validate": {"maxLength": LONGEST, "required": True},
    "properties": {"redress.sensitivity": "personal", "redress.errorLabel": "what they said, in their words"},
}
_DAY: dict[str, Any] = {
    "type": "datetime",
    "subtype": "date",
    "key": "saidOn",
    "dateLabel": "On which day?",
    "description": "The day they said it, or their letter or e-mail reached us. "
    "What we promised for a yes, and the time of a second look, count from it.",
    "validate": {"required": True},
    "properties": {"redress.errorLabel": "the day"},
}


@blueprint.get("/complaints/<int:key>/said")
@action("complaint.write")
def said(key: int) -> ResponseReturnValue:
    """Ask what they said, who said it, how and when; or say why nothing can be recorded now."""
    row, _ = opened(key, "complaint.write")
    today = the_service().today()
    day = {"day": str(today.day), "month": str(today.month), "year": str(today.year)}
    people = list(on_file(db.session(), key))
    alone = {"saidBy": people[0]} if len(people) == 1 else {}
    return _page(row, offered(the_service(), key), {"saidOn": day} | alone, key=secrets.token_urlsafe(16))


@blueprint.post("/complaints/<int:key>/said")
@action("complaint.write")
def record_said(key: int) -> ResponseReturnValue:
    """Record it: 303, also for the same post again; 422 with what was typed; 409 when it is not possible any more, or not yet."""
    row, _ = opened(key, "complaint.write")
    service, person = the_service(), the_person()
    acts, once = _shown(), request.form.get("_key", "")[:40] or secrets.token_urlsafe(16)
    if not acts:
        return _page(row, acts, {}, key=once, status=409, problem=TooLate().message)
    form = _form(row, acts)
    decoded = decode(form, request.form, {}, {}, moment=service.moment())
    if decoded.errors or not decoded.action.judges:
        status = 422 if decoded.errors else 200
        return _page(row, acts, decoded.answers, decoded.errors, key=once, status=status, live=decoded.status)
    try:
        clean = forms.check(form, decoded.answers, {}, moment=service.moment(), source="page").clean
        heard = Heard(clean["saidBy"], clean["channel"], clean["saidOn"], person.actor)
        words, danger = clean["words"], clean.get("dangerNow") is True
        sheet = filled(form, clean, {}, moment=service.moment(), title="What they said")
        told = Said(clean["what"], words, heard, danger)
        record(service, key, told, sheet=sheet, key=f"{person.name}:{once}")
    except forms.FormInvalid as refusal:
        return _page(row, acts, decoded.answers, refusal.errors, key=once, status=422)
    except (Conflict, Invalid) as refusal:
        return _page(
            row,
            acts,
            decoded.answers,
            key=once,
            status=409 if isinstance(refusal, Conflict) else 422,
            problem=refusal.message,
            field=_FIELDS.get(refusal.code, "what"),
        )
    flash("Recorded. It has the effect that it would have had on their status page.")
    return redirect(url_for("staff.complaint", key=key, tab="timeline"), 303)


def _shown() -> tuple[str, ...]:
    """Return which acts the posted page asked about; whether one is still possible is judged when it is done."""
    named = request.form.get("_version", "").split()
    return tuple(act for act in ACTS if act in named)


def _page(
    row: ComplaintRow,
    acts: Sequence[str],
    answers: Mapping[str, Any],
    errors: tuple[FieldError, ...] = (),
    *,
    key: str,
    status: int = 200,
    live: str = "",
    problem: str = "",
    field: str = "",
) -> Response:
    service = the_service()
    page = None
    if acts:
        view = forms.view(_form(row, acts), answers, {}, moment=service.moment(), errors=errors)
        page = form_page(view, submit="Record it", key=key, version=" ".join(acts), live=live)
    return make_response(
        render_template(
            "staff/said.html",
            complaint=row,
            form=page,
            problem=problem,
            field=f"f-{field}" if page and field else "",
            waits=AnswerOnItsWay().message if reply_waits(service, row.key) else "",
        ),
        status,
    )


def _form(row: ComplaintRow, acts: Sequence[str]) -> Form:
    what = _WHAT | (_ON_TURNING_AWAY if asked_if_turned_away(db.session(), row) else {})
    people = on_file(db.session(), row.key)
    components = (
        _radio("what", "What did they say?", "what they said", {act: what[act] for act in acts}),
        _DANGER,
        _WORDS,
        _radio(
            "saidBy", "Who said it?", "who said it", {role: _named(role, one) for role, one in people.items()}
        ),
        _radio("channel", "How did it reach us?", "how it reached us", {way: _HOW[way] for way in WAYS}),
        _DAY,
    )
    schema = {
        "schemaVersion": 19,
        "type": "default",
        "id": "said",
        "components": [{"id": f"Field_{one['key']}", **one} for one in components],
    }
    return forms.read(schema, name="said")


def _radio(key: str, label: str, wanted: str, options: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "radio",
        "key": key,
        "label": label,
        "values": [{"label": words, "value": value} for value, words in options.items()],
        "validate": {"required": True},
        "properties": {"redress.errorLabel": wanted},
    }


def _named(role: str, party: PartyRow | None) -> str:
    name = (party.name or "").strip() if party else ""
    who = f"The {role}, {name}" if name else f"The {role}"
    return (
        who
        if role == COMPLAINANT or may_decide(party)
        else f"{who}, who may add something and decides nothing"
    )
