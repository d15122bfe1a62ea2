"""Recording a complaint heard by phone, letter or in person: any employee can, in one page."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from textwrap import shorten
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from api import kept
from api.complaints import drafts
from api.complaints.answers.sheets import attached, filled
from api.complaints.from_form import from_staff_form
from api.complaints.intake import (
    NOT_USED,
    ComplaintRefused,
    NewComplaint,
    not_used,
    outside_rules,
    receive_within,
)
from api.complaints.keeping_away import COLLEAGUES, colleagues
from api.complaints.uploads import DraftUploads
from api.context import require, the_engine, the_service
from api.db import db
from api.identity.decide import may
from api.identity.doors import action
from api.identity.people import Person
from api.procedure.contracts import LOG_FORM as FORM
from api.web.form_versions import not_asked, version_asked
from api.web.forms import decode, form_page, typed_lines
from api.web.staff import blueprint
from engine import forms
from engine.forms.errors import FieldError
from engine.store.upkeep import Answer

PRESSED_AGAIN = timedelta(hours=1)  # a second press within this time gets the first one's answer
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Begun:
    """A complaint that was begun and not sent: ``key`` goes on with it, ``words`` are its first answers."""

    key: str
    changed_at: datetime
    words: str


@blueprint.get("/record")
@action("complaint.register")
def record() -> ResponseReturnValue:
    """Show an empty form beside what was begun and not sent; with ``draft`` that one, to go on with."""
    person = require("complaint.register")
    key = request.args.get("draft", "")
    place = _place(person, key)
    draft = drafts.load(db.session(), place, at=the_service().clock.now()) if _KEY.fullmatch(key) else None
    if draft is None:
        return _page(person, secrets.token_urlsafe(16), {})
    return _page(person, key, draft.answers)


@blueprint.post("/record")
@action("complaint.register")
def record_now() -> ResponseReturnValue:
    """Register the complaint: 303 to it, 422 with every error and all that was typed, 409 with what another window saved."""
    person = require("complaint.register")
    service, digest, key = the_service(), kept.digest(), _key()
    form_key, form = version_asked(FORM)
    if (before := _registered(person, digest)) is not None:
        return _recorded(person, before)
    moment = service.moment()
    uploads = DraftUploads(service, drafts.mark_of(_place(person, key)), by=person.name)
    decoded = decode(form, request.form, {}, _choices(), moment=moment, files=request.files, uploads=uploads)
    if decoded.is_forged:
        return _page(person, key, decoded.answers, errors=decoded.errors, status=422)
    try:
        service.engine.write(
            lambda session: drafts.save(
                session,
                _place(person, key),
                decoded.answers,
                form_key=form_key,
                life=drafts.STAFF_LIFE,
                at=moment.now,
                page=request.form.get("_draft", ""),
            )
        )
    except drafts.DraftChanged as refusal:
        return _page(person, key, decoded.answers, problem=refusal.message, status=409, elsewhere=True)
    if decoded.action.kind == "remove-file":
        uploads.forget(decoded.action.key, answers=decoded.answers)
    if decoded.action.kind == "save" and not decoded.errors:
        flash("Saved. You can go on later.")
        return redirect(url_for("staff.record", draft=key), 303)
    if decoded.errors or not decoded.action.judges:
        return _page(
            person,
            key,
            decoded.answers,
            errors=decoded.errors,
            status=422 if decoded.errors else 200,
            live=decoded.status,
            focus=decoded.focus,
        )
    return _register(person, key, form_key, decoded.answers, uploads, digest)


def _refuse_outside_rules(session: Session, complaint: NewComplaint) -> None:
    service = the_service()
    outside = outside_rules(session, complaint, zone=service.settings.time_zone, moment=service.moment())
    if outside is not None:
        advice = "Check the day. What really came earlier is imported, and put under the rules of its day."
        raise ComplaintRefused(f"{outside} {advice}", field="receivedOn")


def _register(
    person: Person,
    key: str,
    form_key: int,
    answers: Mapping[str, Any],
    uploads: DraftUploads,
    digest: str,
) -> ResponseReturnValue:
    service = the_service()
    form = service.engine.parsed_form(form_key)
    moment = service.moment()
    try:
        checked = forms.check(form, answers, _choices(), moment=moment, source="page", documents=uploads)
        sheet = filled(
            form,
            checked.clean,
            _choices(),
            moment=moment,
            title="Complaint recorded by a colleague",
            form_key=form_key,
            documents=uploads,
        )
        complaint = from_staff_form(
            checked.clean,
            now=moment.now,
            zone=service.settings.time_zone,
            regime=service.organisation.regime,
            documents=attached(sheet),
        )

        def work(session: Session) -> Answer:
            _refuse_outside_rules(session, complaint)
            made = receive_within(service, session, replace(complaint, sheet=sheet), by=person.actor)
            drafts.drop(session, _place(person, key))
            drafts.save(
                session,
                _sent_place(person, digest),
                {"reference": made.reference},
                form_key=None,
                life=PRESSED_AGAIN,
                at=moment.now,
            )
            return Answer(201, made.reference.encode())

        done = service.engine.once(f"record:{person.name}", digest, b"", work)
    except forms.FormInvalid as refusal:
        return _page(person, key, answers, errors=refusal.errors, status=422)
    except ComplaintRefused as refusal:
        errors = (FieldError(str(refusal.facts.get("field", "description")), "refused"),)
        return _page(person, key, answers, errors=errors, problem=refusal.message, status=422)
    return _recorded(person, done.body.decode(), complaint)


def _registered(person: Person, digest: str) -> str | None:
    """Return the reference this very post led to a moment ago, None when it is new."""
    now = the_service().clock.now()
    before = the_engine().read(lambda session: drafts.load(session, _sent_place(person, digest), at=now))
    return None if before is None else str(before.answers["reference"])


def _recorded(person: Person, reference: str, complaint: NewComplaint | None = None) -> ResponseReturnValue:
    flash(f"Recorded as {reference}. Tell the complainant this reference.")
    if complaint is not None and not_used(complaint):
        flash(f"{NOT_USED}. Ask how they are reached themselves, and correct their details.")
    if may(person, "complaint.search"):
        return redirect(url_for("staff.search", q=reference), 303)
    return redirect(url_for("staff.record"), 303)


def _page(
    person: Person,
    key: str,
    answers: Mapping[str, Any],
    *,
    errors: tuple[FieldError, ...] = (),
    problem: str = "",
    status: int = 200,
    live: str = "",
    focus: str = "",
    elsewhere: bool = False,
) -> Response:
    moment = the_service().moment()
    draft = the_engine().read(lambda session: drafts.load(session, _place(person, key), at=moment.now))
    uploads = DraftUploads(the_service(), drafts.mark_of(_place(person, key)), by=person.name)
    shown = [error for error in errors if error.code != "refused"]
    form_key, form = version_asked(FORM, begun=draft.form_key if draft else None)
    view = forms.view(form, answers, _choices(), moment=moment, errors=tuple(shown), documents=uploads)
    page = form_page(
        view,
        submit="Record the complaint",
        live=live,
        focus=focus,
        key=key,
        version=str(form_key),
        draft=drafts.page_with(draft.answers if draft else {}, page=request.form.get("_draft", "")),
    )
    typed = typed_lines(form, draft.answers, moment=moment, documents=uploads) if elsewhere and draft else ()
    field = next((f"f-{error.path.replace('.', '-')}" for error in errors if error.code == "refused"), "")
    return make_response(
        render_template(
            "staff/record.html",
            form=page,
            problem=problem,
            field=field,
            elsewhere=typed,
            draft=draft,
            begun=_begun(person, besides=key),
            strangers=not_asked(errors),
        ),
        status,
    )


def _choices() -> dict[str, object]:
    """Return what the form's lists are made from, as it is now."""
    return {COLLEAGUES: colleagues(db.session())}


def _begun(person: Person, *, besides: str) -> list[Begun]:
    """Return what the person has begun and not sent, the newest first."""
    now = the_service().clock.now()
    found = drafts.below(db.session(), _place(person, ""), at=now)
    return [
        Begun(key, draft.changed_at, shorten(" · ".join(_first_texts(draft.answers)), 120, placeholder="…"))
        for key, draft in found
        if key != besides
    ]


def _first_texts(answers: Any) -> list[str]:
    """Return the texts among answers, in their order, without the keys of options and files that nobody would know."""
    inside = (
        answers.values() if isinstance(answers, Mapping) else answers if isinstance(answers, list) else ()
    )
    found = [text for one in inside for text in _first_texts(one)]
    return [answers] if isinstance(answers, str) and not answers.isdigit() and answers.strip() else found


def _key() -> str:
    """Return what names the complaint being recorded: each page that begins one has its own, and it travels along."""
    given = request.form.get("_key", "")
    return given if _KEY.fullmatch(given) else secrets.token_urlsafe(16)


def _place(person: Person, key: str) -> str:
    return f"record:{person.name}:{key}"


def _sent_place(person: Person, digest: str) -> str:
    return f"sent:{person.name}:{digest}"
