"""Adding to a complaint, and withdrawing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from api import kept
from api.complaints import drafts, from_complainant
from api.complaints.from_complainant import TooLate
from api.complaints.uploads import DraftUploads
from api.context import the_engine, the_service
from api.identity.doors import action
from api.web.public import blueprint
from api.web.public.sheets import INFORMATION, WITHDRAWAL, accepted, judge_sheet, read_sheet, sheet_page
from api.web.public.status import Visit, private, the_visit
from api.web.public.visitor import is_trapped, limit, once_key, posted_key
from engine import forms
from engine.forms import FieldError


@blueprint.get("/status/add")
@action("public")
def add() -> ResponseReturnValue:
    """Ask what is new; files sent before and not yet handed over are still there."""
    visit = the_visit()
    if not visit.may_add:
        return too_late(visit)
    saved = the_engine().read(
        lambda session: drafts.load(session, drafts.visitor_place(visit.mark), at=the_service().clock.now())
    )
    return _add_page(visit, saved.answers if saved else {})


@blueprint.post("/status/add")
@action("public")
def send_addition() -> ResponseReturnValue:
    """Hand over text and files: 303; 422 with all that was typed and every accepted file kept."""
    visit = the_visit()
    if not visit.may_add:
        return too_late(visit)
    if any(file.filename for file in request.files.values()):
        limit("upload")
    uploads = _uploads(visit)
    decoded = read_sheet(INFORMATION, {}, uploads)
    if decoded.is_forged or is_trapped():
        return _add_page(visit, decoded.answers, decoded.errors, status=422)
    _keep(visit, decoded.answers)
    if decoded.action.kind == "remove-file":
        uploads.forget(decoded.action.key, answers=decoded.answers)
    if decoded.errors or not decoded.action.judges:
        status = 422 if decoded.errors else 200
        return _add_page(visit, decoded.answers, decoded.errors, status=status, live=decoded.status)
    try:
        clean = judge_sheet(INFORMATION, decoded.answers, uploads)
    except forms.FormInvalid as refusal:
        return _add_page(visit, decoded.answers, refusal.errors, status=422)
    limit("intake")
    documents = [int(key) for key in clean.get("files") or ()]
    try:
        from_complainant.add_information(
            the_service(),
            visit.complaint.key,
            text=clean["message"],
            documents=documents,
            draft=visit.mark,
            sheet=accepted(INFORMATION, clean, title="More information", uploads=uploads),
            key=posted_key(),
            danger=clean.get("dangerNow") is True,
            role=visit.role,
        )
    except TooLate:
        return too_late(visit)
    flash("Thank you. We have what you sent, and we will read it.")
    return redirect(url_for("public.status"), 303)


@blueprint.get("/status/withdraw")
@action("public")
def withdraw() -> ResponseReturnValue:
    """Say what withdrawing means, and ask whether it is meant."""
    visit = the_visit()
    return _withdraw_page(visit, {}) if visit.may_withdraw else too_late(visit)


@blueprint.post("/status/withdraw")
@action("public")
def withdraw_now() -> ResponseReturnValue:
    """Withdraw the complaint: 303; pressing twice withdraws once."""
    visit = the_visit()
    if not visit.decides:
        return too_late(visit)
    decoded = read_sheet(WITHDRAWAL)
    try:
        clean = judge_sheet(WITHDRAWAL, decoded.answers)
    except forms.FormInvalid as refusal:
        return _withdraw_page(visit, decoded.answers, refusal.errors, status=422)
    try:
        from_complainant.withdraw(
            the_service(),
            visit.complaint.key,
            reason=clean.get("reason") or "",
            sheet=accepted(WITHDRAWAL, clean, title="Withdrawal"),
            key=posted_key(),
            role=visit.role,
        )
    except TooLate:
        return too_late(visit)
    flash("You have withdrawn your complaint.")
    return redirect(url_for("public.status"), 303)


def too_late(visit: Visit) -> Response:
    """Say what is still possible when this is not, and show what was typed: 409."""
    return private(
        "public/too_late.html",
        409,
        visit=visit,
        us=the_service().organisation,
        kept=kept.of_this_request(),
    )


def _add_page(
    visit: Visit,
    answers: Mapping[str, Any],
    errors: tuple[FieldError, ...] = (),
    *,
    status: int = 200,
    live: str = "",
) -> Response:
    page = sheet_page(
        INFORMATION, answers, errors=errors, key=once_key(), submit="Send", uploads=_uploads(visit), live=live
    )
    return private("public/add.html", status, visit=visit, page=page, trapped=is_trapped())


def _withdraw_page(
    visit: Visit, answers: Mapping[str, Any], errors: tuple[FieldError, ...] = (), *, status: int = 200
) -> Response:
    page = sheet_page(WITHDRAWAL, answers, errors=errors, key=once_key(), submit="Withdraw my complaint")
    return private("public/withdraw.html", status, visit=visit, page=page, us=the_service().organisation)


def _keep(visit: Visit, answers: Mapping[str, Any]) -> None:
    now = the_service().clock.now()
    the_engine().write(
        lambda session: drafts.save(
            session, drafts.visitor_place(visit.mark), answers, form_key=None, life=drafts.PUBLIC_LIFE, at=now
        )
    )


def _uploads(visit: Visit) -> DraftUploads:
    return DraftUploads(the_service(), visit.mark, by="complainant")
