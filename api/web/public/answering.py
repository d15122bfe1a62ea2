"""Our answer, and what the complainant says to it; the survey once the complaint is closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from api.complaints import from_complainant
from api.complaints.answers.sheets import filled, newest
from api.complaints.from_complainant import ACCEPTED, REJECTED, TooLate, last_said
from api.complaints.history import asked_if_turned_away, ended_as, has_been
from api.complaints.letter_links import shown
from api.complaints.lines import said_by, said_on
from api.complaints.our_answer import AnswerOnItsWay
from api.complaints.policies import second_look
from api.complaints.reading import standing_remedies
from api.context import the_service
from api.db import db
from api.identity.doors import action
from api.procedure.contracts import SURVEY_FORM as SURVEY
from api.web.form_versions import not_asked, version_asked
from api.web.forms import letter_html
from api.web.public import blueprint, unsent
from api.web.public.information import too_late
from api.web.public.sheets import accepted, answer_sheet, judge_sheet, read_sheet, sheet_page
from api.web.public.status import Visit, answer_for, private, the_visit
from api.web.public.visitor import once_key, posted_key
from engine import forms
from engine.forms import FieldError, Form


@blueprint.get("/status/answer")
@action("public")
def answer() -> ResponseReturnValue:
    """Show our answer; while we wait for it, ask whether it is accepted."""
    return _answer_page(the_visit(), {})


@blueprint.post("/status/answer")
@action("public")
def take_answer() -> ResponseReturnValue:
    """Take the complainant's answer: 303; 422 with what was typed; the second press changes nothing."""
    visit = the_visit()
    if not visit.decides or visit.comes_by:
        return too_late(visit)
    form = _sheet(visit)
    decoded = read_sheet(form)
    try:
        clean = judge_sheet(form, decoded.answers)
    except forms.FormInvalid as refusal:
        return _answer_page(visit, decoded.answers, refusal.errors, status=422)
    reason = (clean.get("reason") or "").strip()
    if clean["answer"] == REJECTED and not reason:
        return _answer_page(visit, decoded.answers, (FieldError("reason", "required"),), status=422)
    try:
        from_complainant.answer(
            the_service(),
            visit.complaint.key,
            accepts=clean["answer"] == ACCEPTED,
            reason=reason,
            sheet=accepted(form, clean, title="Reply to our answer"),
            key=posted_key(),
            role=visit.role,
        )
    except (TooLate, AnswerOnItsWay):
        return too_late(visit)
    flash("Thank you. We have your answer.")
    return redirect(url_for("public.status"), 303)


@blueprint.get("/status/survey")
@action("public")
def survey() -> ResponseReturnValue:
    """Ask how it went; who has answered sees thanks and the answers."""
    visit = the_visit()
    if visit.may_rate:
        return _survey_page(visit, {})
    given = _given(visit)
    return private("public/survey_thanks.html", visit=visit, lines=given) if given else too_late(visit)


@blueprint.post("/status/survey")
@action("public")
def take_survey() -> ResponseReturnValue:
    """Take the answers: 303; 422 with what was typed."""
    visit = the_visit()
    moment = unsent.moment()
    form_key, form = version_asked(SURVEY)
    decoded = read_sheet(form)
    if decoded.errors or not decoded.action.judges:
        status = 422 if decoded.errors else 200
        return _survey_page(visit, decoded.answers, decoded.errors, status=status, live=decoded.status)
    try:
        checked = forms.check(form, decoded.answers, {}, moment=moment, source="page")
    except forms.FormInvalid as refusal:
        return _survey_page(visit, decoded.answers, refusal.errors, status=422)
    comment = "\n".join(str(said) for said in checked.sensitive.values() if said)
    try:
        from_complainant.rate(
            the_service(),
            visit.complaint.key,
            ratings=checked.variables,
            comment=comment,
            sheet=filled(form, checked.clean, {}, moment=moment, title="Survey", form_key=form_key),
            key=posted_key(),
            role=visit.role,
        )
    except TooLate:
        return too_late(visit)
    return redirect(url_for("public.survey"), 303)


def _answer_page(
    visit: Visit, answers: Mapping[str, Any], errors: tuple[FieldError, ...] = (), *, status: int = 200
) -> Response:
    session, key = db.session(), visit.complaint.key
    ours = answer_for(visit) if visit.may_answer or visit.complaint.state in _ANSWERED else None
    if ours is None:
        return too_late(visit)
    page = sheet_page(_sheet(visit), answers, errors=errors, key=once_key(), submit="Send my answer")
    said = last_said(session, key, "complainant-answer")
    return private(
        "public/answer.html",
        status,
        visit=visit,
        page=page,
        letter=ours.letter,
        letter_body=letter_html(shown(ours.letter.html)) if ours.letter else None,
        issues=ours.issues,
        why=ours.why,
        remedies=standing_remedies(session, key) if visit.comes_by is None else (),
        said=said.facts.get("answer") if said else None,
        said_on=said_on(said, the_service().settings.time_zone) if said else None,
        said_by=said_by(said) if said else None,
        us=the_service().organisation,
        after=_after_a_no(visit),
    )


def _after_a_no(visit: Visit) -> str:
    """Return what follows a no: ``appeal`` for who is turned away, else the second look of the rules, ``none`` after it."""
    session, complaint = db.session(), visit.complaint
    if "not_accepted" in (complaint.state, ended_as(session, complaint)):
        return "appeal"
    looked = has_been(session, complaint.key, "stage_two")
    return "none" if looked else second_look(session, complaint.regime, unsent.moment())


def _survey_page(
    visit: Visit,
    answers: Mapping[str, Any],
    errors: tuple[FieldError, ...] = (),
    *,
    status: int = 200,
    live: str = "",
) -> Response:
    form_key, form = version_asked(SURVEY)
    page = sheet_page(
        form,
        answers,
        errors=errors,
        key=once_key(),
        version=str(form_key),
        submit="Send my answers",
        live=live,
    )
    return private("public/survey.html", status, visit=visit, page=page, strangers=not_asked(errors))


def _given(visit: Visit) -> tuple[tuple[str, str], ...]:
    """Return the survey's questions as they were asked, with the answers given; empty when it was not answered."""
    sheet = newest(db.session(), visit.complaint.key, SURVEY)
    lines = sheet.lines if sheet is not None else ()
    return tuple((line["label"], line["text"]) for line in lines if line["text"])


def _sheet(visit: Visit) -> Form:
    return answer_sheet(first=asked_if_turned_away(db.session(), visit.complaint))


_ANSWERED = frozenset(
    {"responded", "rejected_open", "stage_two", "external", "correcting", "closed", "not_accepted"}
)
