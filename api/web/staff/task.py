"""A task: its form, the facts needed to do it, where it stands in the diagram; saved as a draft while it is typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from api import kept
from api.complaints import drafts, letter_desk
from api.complaints.reading import case_view, complaint_of_case, display_names
from api.complaints.search import facts_for
from api.complaints.tables import LetterRow
from api.context import require, the_engine, the_service
from api.db import db
from api.identity.decide import may
from api.identity.doors import action
from api.identity.people import Person
from api.web.form_versions import not_asked
from api.web.forms import FormPage, decode, form_page
from api.web.staff import blueprint, task_drafts
from api.web.staff.diagram import drawing
from engine import forms
from engine.commands.complete_task import Completed
from engine.commands.errors import NotYourTask, TaskAlreadyCompleted, TaskCanceled, TaskHeld
from engine.commands.task_sheet import TaskSheet
from engine.errors import Conflict
from engine.forms import Line
from engine.forms.errors import FieldError
from engine.forms.model import pattern_of
from engine.store.records import TaskRecord

DAY_OF_DELIVERY = ("deliveredOn",)  # the answer that says when a letter was posted or told


@blueprint.get("/tasks/<int:key>")
@action("task.list")
def task(key: int) -> ResponseReturnValue:
    """Show the task; what was typed before and not sent is still there, even when the task is not theirs any more."""
    person = require("task.list")
    try:
        found = the_engine().task(key, by=person.actor)
    except NotYourTask as refusal:
        return _taken_away(person, key, refusal)
    draft = task_drafts.load(found, person)
    return _page(person, found, draft.answers if draft else {}, draft=draft)


@blueprint.post("/tasks/<int:key>")
@action("task.list")
def complete(key: int) -> ResponseReturnValue:
    """Complete the task, or only save, add or remove rows and files; refusals show the page again with all that was typed.

    303 when done, also for the same post again; 422 with a summary; 409 when somebody was faster, it is not the person's, or
    another window of theirs saved something else meanwhile.
    """
    person, digest = require("task.list"), kept.digest()
    try:
        found = the_engine().task(key, by=person.actor)
    except NotYourTask as refusal:
        return _taken_away(person, key, refusal)
    if (before := task_drafts.sent_before(found, person, digest)) is not None:
        return _done(found, before["next"])
    form = task_drafts.sheet_of(found, person)
    if form is None:
        return _finish(person, found, None, {}, digest)
    uploads = task_drafts.uploads_of(found, form, person)
    decoded = decode(
        form.form, request.form, {}, form.stored, moment=form.moment, files=request.files, uploads=uploads
    )
    if decoded.is_forged:
        return _page(person, found, decoded.answers, errors=decoded.errors, status=422)
    try:
        draft = task_drafts.save(found, person, decoded.answers, page=_shown())
    except drafts.DraftChanged as refusal:
        return _page(person, found, decoded.answers, problem=refusal.message, status=409, elsewhere=True)
    if decoded.action.kind == "remove-file":
        uploads.forget(decoded.action.key, answers=decoded.answers)
    if problem := _over(person, found):
        return _page(person, found, decoded.answers, problem=problem, status=409, draft=draft)
    if decoded.action.kind == "save" and not decoded.errors:
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
    return _finish(person, found, draft, decoded.answers, digest)


@blueprint.post("/tasks/<int:key>/draft")
@action("task.list")
def save_draft(key: int) -> ResponseReturnValue:
    """Keep what is typed so far, also when the task was taken away meanwhile: 204; 409 when another window of theirs saved."""
    person = require("task.list")
    try:
        found = the_engine().task(key, by=person.actor)
    except NotYourTask:
        found = the_engine().task(key)
        if task_drafts.load(found, person) is None:
            raise
    form = task_drafts.sheet_of(found, person)
    is_sent = found.state == "COMPLETED" and found.completed_by == person.name
    if form is not None and not is_sent:
        decoded = decode(form.form, request.form, {}, form.stored, moment=form.moment)
        task_drafts.save(found, person, decoded.answers, page=_shown())
    return "", 204


def _shown() -> str:
    """Return which page was posted, and what draft it showed."""
    return request.form.get("_draft", "")


def _finish(
    person: Person, found: TaskRecord, draft: drafts.Draft | None, answers: Mapping[str, Any], digest: str
) -> ResponseReturnValue:
    key, version = found.user_task_key, request.form.get("_version", "")
    form = task_drafts.sheet_of(found, person)
    uploads = task_drafts.uploads_of(found, form, person) if form is not None else None

    def sent(session: Session, done: Completed) -> None:
        if uploads is not None:
            uploads.join(session, answers)
        task_drafts.sent(session, found, person, digest, done)

    try:
        done = the_engine().complete_task(
            key,
            answers,
            source="page",
            documents=uploads,
            revision=int(version) if version.isascii() and version.isdigit() else None,
            alongside=sent,
            by=person.actor,
        )
    except forms.FormInvalid as refusal:
        return _page(person, found, answers, errors=refusal.errors, status=422)
    except Conflict as refusal:
        try:
            current = the_engine().task(key, by=person.actor)
        except NotYourTask as gone:
            return _taken_away(person, key, gone)
        return _page(person, current, answers, problem=refusal.message, status=409, draft=draft)
    mine = next((task for task in done.opened if task.assignee == person.name), None)
    return _done(found, None if mine is None else (mine.key, mine.name))


def _done(found: TaskRecord, following: Sequence[Any] | None) -> ResponseReturnValue:
    if following is not None:
        flash(f"Done: {found.name}. Next for you: {following[1]}.")
        return redirect(url_for("staff.task", key=following[0]), 303)
    flash(f"Done: {found.name}.")
    return redirect(url_for("staff.inbox"), 303)


def _over(person: Person, found: TaskRecord) -> str:
    """Return why this person cannot go on with the task they have open, empty when they can."""
    if found.state == "COMPLETED":
        return TaskAlreadyCompleted().message
    if found.state != "CREATED":
        return TaskCanceled().message
    return TaskHeld().message if found.assignee not in (None, person.name) else ""


def _taken_away(person: Person, key: int, refusal: NotYourTask) -> ResponseReturnValue:
    """Show a task that is not theirs any more to somebody who typed into it: their own typing alone. Raises ``refusal``."""
    found = the_engine().task(key)
    draft, form = task_drafts.load(found, person), task_drafts.sheet_of(found, person)
    if draft is None or form is None:
        raise refusal
    if request.method == "POST":
        decoded = decode(form.form, request.form, {}, form.stored, moment=form.moment)
        draft = task_drafts.save(found, person, decoded.answers, page="")
    typed = task_drafts.lines(found, person, draft.answers, form_key=draft.form_key)
    html = render_template(
        "staff/task_gone.html", task=found, problem=refusal.message, typed=typed, draft=draft
    )
    return make_response(html, 409)


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
    elsewhere: bool = False,
) -> Response:
    """Show the task with ``answers``; ``elsewhere``: with what another window of this person saved beside them."""
    session, now = db.session(), the_service().clock.now()
    form = the_engine().task_sheet(found.user_task_key, reader=person.name)
    shown, draft = None, draft or task_drafts.load(found, person)
    if form is not None and found.state == "CREATED" and found.assignee in (None, person.name):
        view = forms.view(
            form.form,
            answers,
            form.stored,
            moment=form.moment,
            errors=errors,
            documents=task_drafts.uploads_of(found, form, person),
        )
        shown = form_page(
            view,
            submit="Complete the task",
            live=live,
            focus=focus,
            version=str(found.revision),
            draft=drafts.page_with(draft.answers if draft else {}, page=_shown()),
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
        typed=_not_in(shown, form, found, person, answers, draft),
        elsewhere=task_drafts.lines(found, person, draft.answers, form_key=draft.form_key)
        if elsewhere and draft
        else (),
        strangers=not_asked(errors),
        has_form=form is not None,
        stale_draft=draft is not None and draft.form_key != found.form_key,
        holder=names.get(found.assignee or "", found.assignee),
        mine=found.assignee == person.name,
        may_assign=bool(may(person, "task.assign")),
        finished_by=names.get(found.completed_by or "", found.completed_by),
        guidance=the_engine()
        .parsed_process(found.process_definition_key)
        .elements[found.element_id]
        .documentation,
        letter=_letter_of(session, row.key, found) if row and reads else None,
        asks_day=form is not None and any(path == DAY_OF_DELIVERY for path, _ in form.form.fields()),
        kept_back=letter_desk.kept_back(the_service(), row.key) if row and reads else {},
        drawing=drawing(found.process_instance_key, focus=found.element_id),
        now=now,
    )
    return make_response(html, status)


def _letter_of(session: Session, complaint_key: int, found: TaskRecord) -> LetterRow | None:
    """Return the letter that this task delivers: the one of the complaint that its process knows as ``letterKey``."""
    key = str(the_engine().values(found.process_instance_key).get("letterKey") or "")
    letter = session.get(LetterRow, int(key)) if key.isdecimal() else None
    return letter if letter is not None and letter.complaint_key == complaint_key else None


def _not_in(
    shown: FormPage | None,
    form: TaskSheet | None,
    found: TaskRecord,
    person: Person,
    answers: Mapping[str, Any],
    draft: drafts.Draft | None,
) -> tuple[Line, ...]:
    """Return what was typed and stands in no field of the page: all of it without a form, else what the form asks no more."""
    form_key = draft.form_key if draft is not None else found.form_key
    if shown is None:
        return task_drafts.lines(found, person, answers, form_key=form_key)
    if draft is None or form is None or form_key == found.form_key:
        return ()
    asked = {path for path, _ in form.form.fields()}
    before = task_drafts.lines(found, person, draft.answers, form_key=form_key)
    return tuple(line for line in before if pattern_of(line.path) not in asked)


def _document_url(document: forms.Document) -> str:
    return url_for("staff.download", key=int(document.key))
