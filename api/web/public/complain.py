"""Making a complaint, question by question: one address for each, everything typed kept at once, back and on at will."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from api.complaints import drafts
from api.context import the_engine, the_service
from api.identity.doors import action
from api.web.form_versions import not_asked
from api.web.forms import Decoded, decode, form_page, neighbours, typed_lines
from api.web.public import blueprint, unsent
from api.web.public.promises import limits_in_words
from api.web.public.sheets import posted
from api.web.public.unsent import Unsent
from api.web.public.visitor import (
    DRAFT,
    LEAST_SECONDS,
    forget,
    held,
    hold,
    is_trapped,
    limit,
    page_mark,
    seconds_on_page,
)
from engine import forms
from engine.forms import FieldError, Step

TRAPPED = "Leave the field “Website” empty. It is there to stop programs that fill in forms."
TOO_FAST = "That was too quick for us. Check your answer and press Continue again."


@blueprint.get("/complain")
@action("public")
def complain() -> ResponseReturnValue:
    """What will be asked, and the way in; somebody who began before can go on."""
    service, mine = the_service(), unsent.find()
    answered = 0
    if mine is not None:
        steps = [step.slug for step in mine.steps()]
        first = mine.unanswered()
        answered = steps.index(first) if first in steps else len(steps)
    return render_template(
        "public/complain.html",
        us=service.organisation,
        limits=limits_in_words(service),
        mine=mine,
        answered=answered,
        first=unsent.begin().form.steps[0].slug if mine is None else mine.unanswered(),
        until=mine.changed_at + drafts.PUBLIC_LIFE if mine else None,
        days=drafts.PUBLIC_LIFE.days,
    )


@blueprint.post("/complain/discard")
@action("public")
def discard() -> ResponseReturnValue:
    """Erase what was answered so far, and begin again."""
    mine = unsent.find()
    if mine is not None:
        unsent.discard(mine)
    flash("Your answers and files are erased.")
    answer = make_response(redirect(url_for("public.complain"), 303))
    forget(answer, DRAFT)
    return answer


@blueprint.get("/complain/<slug>")
@action("public")
def step(slug: str) -> ResponseReturnValue:
    """One question. Who skips ahead gets the first one that is not answered; a draft whose time is over is explained."""
    mine = unsent.find()
    if mine is None and held(DRAFT):
        return _lapsed()
    mine = mine or unsent.begin()
    wanted = mine.step(slug)
    if (elsewhere := _instead_of(mine, wanted)) is not None:
        return redirect(elsewhere, 303)
    return _page(mine, wanted)


@blueprint.post("/complain/<slug>")
@action("public")
def take_step(slug: str) -> ResponseReturnValue:
    """Keep the answers of one page and go on or back: 303; refusals show it again with all that was typed, 422.

    409 where another window of this visitor answered the same page meanwhile: what stands there is shown beside it.
    """
    known, lapsed = unsent.find(), False
    if known is None:
        lapsed = bool(held(DRAFT))
        known = unsent.begin()
    known = known.as_posted()
    wanted = known.step(slug)
    if any(file.filename for file in request.files.values()):
        limit("upload")
    decoded = _decoded(known, wanted)
    if (problem := _suspicious(known)) is not None:
        return _page(known, wanted, decoded, problem=problem, status=422)
    if decoded.is_forged:
        return _page(known, wanted, decoded, errors=decoded.errors, status=422)
    if not known.began:
        limit("draft")
    try:
        mine = known.with_answers(decoded.answers, page=request.form.get("_draft", ""), step=wanted)
    except drafts.DraftChanged as refusal:
        return _page(known, wanted, decoded, problem=refusal.message, status=409, elsewhere=True)
    if decoded.action.kind == "remove-file":
        mine.uploads.forget(decoded.action.key, answers=decoded.answers)
    return _remembered(_next(mine, wanted, decoded, lapsed=lapsed), mine)


def _next(mine: Unsent, wanted: Step, decoded: Decoded, *, lapsed: bool) -> Response:
    errors, kind = decoded.errors, decoded.action.kind
    if not errors and kind == "save":
        return make_response(redirect(url_for("public.saved"), 303))
    if not errors and kind == "back":
        return make_response(redirect(_before(mine, wanted), 303))
    errors = errors or (mine.errors(wanted) if decoded.action.judges else ())
    if errors:
        return _page(mine, wanted, decoded, errors=errors, status=422)
    if not decoded.action.judges:
        return _page(mine, wanted, decoded)
    if lapsed:
        flash("Your earlier answers were erased after seven days. What you just typed is kept.", "warn")
    return make_response(redirect(_after(mine, wanted), 303))


def _decoded(mine: Unsent, wanted: Step) -> Decoded:
    return decode(
        mine.form,
        posted(),
        mine.answers,
        {},
        moment=unsent.moment(),
        step=wanted.id,
        files=request.files,
        uploads=mine.uploads,
    )


def _suspicious(mine: Unsent) -> str | None:
    """Return why this looks like a program: the hidden field filled in, or the very first page answered in no time."""
    if is_trapped():
        return TRAPPED
    seconds = seconds_on_page()
    return TOO_FAST if not mine.began and (seconds is None or seconds < LEAST_SECONDS) else None


def _instead_of(mine: Unsent, wanted: Step) -> str | None:
    """Return where to go when ``wanted`` is not shown now, or comes after something unanswered."""
    shown, first = [step.slug for step in mine.steps()], mine.unanswered()
    if wanted.slug not in shown or (first in shown and shown.index(wanted.slug) > shown.index(first)):
        return url_for("public.step", slug=first) if first else url_for("public.check")
    return None


def _after(mine: Unsent, wanted: Step) -> str:
    steps = mine.steps()
    if "change" in request.args:
        first = mine.unanswered()
        return url_for("public.step", slug=first, change=1) if first else url_for("public.check")
    _, _, following = neighbours(steps, wanted.id)
    if following is None:
        return url_for("public.check")
    return url_for("public.step", slug=mine.form.step(following).slug)


def _before(mine: Unsent, wanted: Step) -> str:
    if "change" in request.args:
        return url_for("public.check")
    previous, _, _ = neighbours(mine.steps(), wanted.id)
    return (
        url_for("public.step", slug=mine.form.step(previous).slug) if previous else url_for("public.complain")
    )


def _page(
    mine: Unsent,
    wanted: Step,
    decoded: Decoded | None = None,
    *,
    errors: tuple[FieldError, ...] = (),
    problem: str = "",
    status: int = 200,
    elsewhere: bool = False,
) -> Response:
    answers = decoded.answers if decoded else mine.answers
    view = forms.view(
        mine.form, answers, {}, moment=unsent.moment(), errors=errors, step=wanted.id, documents=mine.uploads
    )
    page = form_page(
        view,
        public=True,
        submit="Continue",
        live=decoded.status if decoded else "",
        focus=decoded.focus if decoded else "",
        version=str(mine.form_key),
        draft=drafts.page_with(mine.answers, page=request.form.get("_draft", ""), of=mine.shown_on(wanted)),
        key=(
            request.form.get("_key", "")
            if problem == TOO_FAST and seconds_on_page() is not None
            else page_mark()
        ),
    )
    steps = mine.steps()
    _, number, _ = neighbours(steps, wanted.id)
    html = render_template(
        "public/step.html",
        page=page,
        number=number,
        of=len(steps),
        problem=problem,
        elsewhere=_kept(mine, wanted) if elsewhere else (),
        strangers=not_asked(errors),
        action=url_for(
            "public.take_step", slug=wanted.slug, change="1" if "change" in request.args else None
        ),
    )
    return make_response(html, status)


def _kept(mine: Unsent, wanted: Step) -> tuple[forms.Line, ...]:
    """Return what is kept of the answers that a page replaces, to read and copy."""
    names, form = mine.shown_on(wanted), the_engine().parsed_form(mine.kept_by or mine.form_key)
    answers = {name: value for name, value in mine.answers.items() if names is None or name in names}
    return typed_lines(form, answers, moment=unsent.moment(), documents=mine.uploads)


def _remembered(answer: Response, mine: Unsent) -> Response:
    hold(answer, DRAFT, mine.mark, drafts.PUBLIC_LIFE)
    return answer


def _lapsed() -> Response:
    answer = make_response(render_template("public/lapsed.html", days=drafts.PUBLIC_LIFE.days), 410)
    forget(answer, DRAFT)
    return answer
