"""A task: its form, the facts needed to do it, where it stands in the diagram; saved as a draft while it is typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from api.complaints import drafts
from api.complaints.reading import case_view, complaint_of_case, display_names
from api.complaints.search import facts_for
from api.complaints.uploads import CaseUploads
from api.context import require, the_engine, the_service
from api.db import db
from api.identity.decide import may
from api.identity.doors import action
from api.identity.people import Person
from api.web.forms import decode, form_page
from api.web.staff import blueprint
from api.web.staff.diagram import drawing
from engine import forms
from engine.commands.errors import TaskHeld
from engine.errors import Conflict
from engine.forms.errors import FieldError
from engine.store.records import TaskRecord


@blueprint.get("/tasks/<int:key>")
@action("task.list")
def task(key: int) -> ResponseReturnValue:
    """Show the task; what was typed before and not sent is still there."""
    person = require("task.list")
    found = the_engine().task(key, by=person.actor)
    draft = drafts.load(db.session(), drafts.task_place(key, person.name), at=the_service().clock.now())
    return _page(person, found, draft.answers if draft else {}, draft=draft)


@blueprint.post("/tasks/<int:key>")
@action("task.list")
def complete(key: int) -> ResponseReturnValue:
    """Complete the task, or only save, add or remove rows and files; refusals show the page again with all that was typed.

    303 when done, 422 with a summary, 409 when somebody was faster or it is not the person's.
    """
    person = require("task.list")
    engine, place = the_engine(), drafts.task_place(key, person.name)
    found = engine.task(key, by=person.actor)
    form = engine.task_sheet(key)
    if form is None:
        return _finish(person, found, {}, None)
    uploads = CaseUploads(the_service(), found.root_process_instance_key, by=person.name)
    decoded = decode(
        form.form, request.form, {}, form.stored, moment=form.moment, files=request.files, uploads=uploads
    )
    if decoded.is_forged:
        return _page(person, found, decoded.answers, errors=decoded.errors, status=422)
    _save_draft(place, decoded.answers, found)
    if decoded.action.kind == "save":
        flash("Saved. The task still waits for you.")
        return redirect(url_for("staff.task", key=key), 303)
    if decoded.errors or not decoded.action.judges:
        status = 422 if decoded.errors else 200
        return _page(
            person,
            found,
            decoded.answers,
            errors=decoded.errors,
            status=status,
            live=decoded.status,
            focus=decoded.focus,
        )
    return _finish(person, found, decoded.answers, uploads)


@blueprint.post("/tasks/<int:key>/draft")
@action("task.list")
def save_draft(key: int) -> ResponseReturnValue:
    """Keep what is typed so far: 204."""
    person = require("task.list")
    found = the_engine().task(key, by=person.actor)
    form = the_engine().task_sheet(key)
    if form is not None:
        decoded = decode(form.form, request.form, {}, form.stored, moment=form.moment)
        _save_draft(drafts.task_place(key, person.name), decoded.answers, found)
    return "", 204


def _finish(
    person: Person, found: TaskRecord, answers: Mapping[str, Any], uploads: CaseUploads | None
) -> ResponseReturnValue:
    key = found.user_task_key
    version = request.form.get("_version", "")
    try:
        done = the_engine().complete_task(
            key,
            answers,
            source="page",
            documents=uploads,
            revision=int(version) if version.isdigit() else None,
            by=person.actor,
        )
    except forms.FormInvalid as refusal:
        return _page(person, found, answers, errors=refusal.errors, status=422)
    except (Conflict, TaskHeld) as refusal:
        current = the_engine().task(key, by=person.actor)
        return _page(person, current, answers, problem=refusal.message, status=409)
    the_engine().write(lambda session: drafts.drop_task(session, key))
    mine = next((task for task in done.opened if task.assignee == person.name), None)
    if mine is not None:
        flash(f"Done: {found.name}. Next for you: {mine.name}.")
        return redirect(url_for("staff.task", key=mine.key), 303)
    flash(f"Done: {found.name}.")
    return redirect(url_for("staff.inbox"), 303)


def _save_draft(place: str, answers: Mapping[str, Any], found: TaskRecord) -> None:
    now = the_service().clock.now()
    the_engine().write(
        lambda session: drafts.save(
            session, place, answers, form_key=found.form_key, life=drafts.STAFF_LIFE, at=now
        )
    )


def _page(
    person: Person,
    found: TaskRecord,
    answers: Mapping[str, Any],
    *,
    errors: tuple[FieldError, ...] = (),
    problem: str = "",
    status: int = 200,
    live: str = "",
    focus: str = "",
    draft: drafts.Draft | None = None,
) -> Response:
    session, now = db.session(), the_service().clock.now()
    form = the_engine().task_sheet(found.user_task_key)
    shown = None
    if form is not None and found.state == "CREATED":
        view = forms.view(form.form, answers, form.stored, moment=form.moment, errors=errors)
        shown = form_page(
            view,
            submit="Complete the task",
            live=live,
            focus=focus,
            version=str(found.revision),
            document_url=_document_url,
        )
    row = complaint_of_case(session, found.root_process_instance_key)
    reads = row is not None and may(person, "complaint.read", facts_for(session, person, row))
    case = case_view(session, row, calendars=the_service().calendars, now=now) if row and reads else None
    names = display_names(session)
    html = render_template(
        "staff/task.html",
        task=found,
        case=case if "contribute" not in found.custom_headers.get("duty", "") else None,
        complaint=row,
        form=shown,
        problem=problem,
        draft=draft,
        stale_draft=draft is not None and draft.form_key != found.form_key,
        holder=names.get(found.assignee or "", found.assignee),
        mine=found.assignee == person.name,
        may_assign=bool(may(person, "task.assign")),
        finished_by=names.get(found.completed_by or "", found.completed_by),
        guidance=the_engine()
        .parsed_process(found.process_definition_key)
        .elements[found.element_id]
        .documentation,
        drawing=drawing(found.process_instance_key, focus=found.element_id),
        now=now,
    )
    return make_response(html, status)


def _document_url(document: forms.Document) -> str:
    return url_for("staff.download", key=int(document.key))
