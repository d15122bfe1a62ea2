"""The end of the form: checking the answers, sending them once, the receipt; saving for later with a link back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Response, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.complaints import drafts, links
from api.complaints.answers.sheets import attached, filled
from api.complaints.from_complainant import COMPLAINANT, Mail, send_mail
from api.complaints.from_form import from_public_form
from api.complaints.intake import ComplaintRefused, Registered, link_of_sender, receive
from api.complaints.letter_links import resume_mark
from api.complaints.parties import goes_by_mail, speaks
from api.complaints.progress import promises
from api.complaints.reading import clock_views
from api.complaints.reading import complaint as complaint_row
from api.complaints.tables import ComplaintRow
from api.complaints.told_days import PUBLIC_FORM, SHOWN_FOR
from api.context import the_engine, the_service
from api.db import db
from api.identity.doors import action
from api.identity.sessions import digest
from api.secrets import link_key
from api.web.forms import FormPage, answered_steps
from api.web.public import blueprint, unsent
from api.web.public.complain import TRAPPED
from api.web.public.refusals import LinkOpensNothing
from api.web.public.sheets import RESUME_MAIL, judge_sheet, read_sheet, sheet_page
from api.web.public.unsent import Unsent
from api.web.public.visitor import DRAFT, RECEIPT, forget, held, hold, is_trapped, limit
from engine import forms
from engine.actors import service as as_service
from engine.zones import local_date

SENT_AGAIN = timedelta(hours=1)  # a second press within this time gets the same receipt


@blueprint.get("/complain/check")
@action("public")
def check() -> ResponseReturnValue:
    """Show every answer with a link to change it."""
    mine = unsent.find()
    if mine is None:
        return redirect(url_for("public.complain"), 303)
    first = mine.unanswered()
    return redirect(url_for("public.step", slug=first), 303) if first else _check_page(mine)


@blueprint.post("/complain/check")
@action("public")
def submit() -> ResponseReturnValue:
    """Send the complaint: 303 to the receipt; pressing twice, or again after a lost answer, gives the same receipt."""
    mark = held(DRAFT)
    before = _already_sent(mark)
    if before is not None:
        return _to_receipt(before)
    mine = unsent.find()
    if mine is None:
        return redirect(url_for("public.receipt" if held(RECEIPT) else "public.complain"), 303)
    if is_trapped():
        return _check_page(mine, problem=TRAPPED, status=422)
    if (first := mine.unanswered()) is not None:
        return redirect(url_for("public.step", slug=first), 303)
    limit("intake")
    try:
        done = _send(mine)
    except (forms.FormInvalid, ComplaintRefused) as refusal:
        return _check_page(mine, problem=refusal.message, status=422)
    return _to_receipt(done)


@blueprint.get("/complain/receipt")
@action("public")
def receipt() -> ResponseReturnValue:
    """Show the reference, the promised dates and the secret link, for half an hour after sending."""
    token, service = held(RECEIPT), the_service()
    session, now = db.session(), service.clock.now()
    today = local_date(now, service.settings.time_zone)
    opened = links.opened_by(session, token, purpose="follow", at=now, on=today) if token else None
    if opened is None:
        return _neutral_receipt(token)
    key, row = opened.complaint_key, complaint_row(session, opened.complaint_key)
    sender = speaks(session, key, on=today)
    clocks = clock_views(session, key, calendars=service.calendars, now=now)
    answer = make_response(
        render_template(
            "public/receipt.html",
            us=service.organisation,
            complaint=row,
            promises=promises(clocks),
            link=f"{service.settings.base_url}{url_for('public.open_link', token=token)}",
            open_link=url_for("public.open_link", token=token),
            email=sender.email if sender else None,
            mailed=goes_by_mail(sender),
        )
    )
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _neutral_receipt(token: str) -> Response:
    """Show the reference and what we need to somebody whose authority is not confirmed yet. Raises ``LinkOpensNothing``."""
    service, session = the_service(), db.session()
    key = links.waiting_for_authority(session, token, at=service.clock.now()) if token else None
    if key is None:
        raise LinkOpensNothing
    row = complaint_row(session, key)
    return make_response(
        render_template("public/receipt_representative.html", us=service.organisation, complaint=row)
    )


@blueprint.get("/complain/saved")
@action("public")
def saved() -> ResponseReturnValue:
    """Say how to come back; the link can be mailed."""
    mine = unsent.find()
    return _saved_page(mine) if mine is not None else redirect(url_for("public.complain"), 303)


@blueprint.post("/complain/saved")
@action("public")
def mail_link() -> ResponseReturnValue:
    """Mail the link to come back."""
    mine = unsent.find()
    if mine is None:
        return redirect(url_for("public.complain"), 303)
    decoded = read_sheet(RESUME_MAIL)
    try:
        email = str(judge_sheet(RESUME_MAIL, decoded.answers)["email"])
    except forms.FormInvalid as refusal:
        page = sheet_page(RESUME_MAIL, decoded.answers, errors=refusal.errors, submit="Send me the link")
        return _saved_page(mine, page, status=422)
    limit("mail")
    limit("address", email.casefold())
    if not is_trapped():
        send_mail(the_service(), email, _resume_mail(mine))
    return _saved_page(mine, sent_to=email)


@blueprint.get("/complain/resume/<mark>")
@action("public")
def resume(mark: str) -> ResponseReturnValue:
    """Go on with a complaint saved before, on this device or another."""
    limit("link")
    mine = unsent.find(mark[:100])
    if mine is None:
        answer = make_response(render_template("public/lapsed.html", days=drafts.PUBLIC_LIFE.days), 404)
    else:
        answer = make_response(redirect(url_for("public.complain"), 303))
        hold(answer, DRAFT, mine.mark, drafts.PUBLIC_LIFE)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _send(mine: Unsent) -> Registered:
    service, moment = the_service(), unsent.moment()
    checked = forms.check(mine.form, mine.answers, {}, moment=moment, source="page", documents=mine.uploads)
    sheet = filled(
        mine.form,
        checked.clean,
        {},
        moment=moment,
        title="Complaint on our website",
        form_key=mine.form_key,
        documents=mine.uploads,
        by=COMPLAINANT.name,
    )
    complaint = from_public_form(
        checked.clean,
        now=service.clock.now(),
        zone=service.settings.time_zone,
        regime=service.organisation.regime,
        documents=attached(sheet),
    )
    complaint = replace(complaint, sheet=sheet, source=PUBLIC_FORM, source_key=mine.sha256.hex())
    try:
        done = receive(service, complaint, by=as_service("web"))
    except IntegrityError:
        before = _already_sent(mine.mark)
        if before is None:
            raise
        return before
    the_engine().write(lambda session: drafts.drop(session, mine.place))
    return done


def _already_sent(mark: str) -> Registered | None:
    """Return the complaint this very draft became a moment ago, with a fresh link; the old one is known to nobody here."""
    if not mark:
        return None
    service, now = the_service(), the_service().clock.now()
    sent = select(ComplaintRow).where(
        ComplaintRow.source == PUBLIC_FORM,
        ComplaintRow.source_key == digest(mark).hex(),
        ComplaintRow.recorded_at > now - SENT_AGAIN,
    )

    def work(session: Session) -> Registered | None:
        row = session.scalar(sent)
        if row is None or row.instance_key is None:
            return None
        token = link_of_sender(session, row.key, at=now)
        return Registered(row.key, row.reference, token, row.instance_key)

    known = service.engine.read(lambda session: session.scalar(sent.with_only_columns(ComplaintRow.key)))
    return service.engine.write(work) if known is not None else None


def _to_receipt(done: Registered) -> Response:
    answer = make_response(redirect(url_for("public.receipt"), 303))
    hold(answer, RECEIPT, done.token, SHOWN_FOR)
    forget(answer, DRAFT)
    return answer


def _check_page(mine: Unsent, *, problem: str = "", status: int = 200) -> Response:
    pages = answered_steps(mine.form, mine.answers, {}, moment=unsent.moment(), documents=mine.uploads)
    slugs = {step.id: step.slug for step in mine.form.steps}
    html = render_template(
        "public/check.html",
        pages=pages,
        slugs=slugs,
        last=mine.steps()[-1].slug,
        problem=problem,
        us=the_service().organisation,
    )
    return make_response(html, status)


def _saved_page(
    mine: Unsent, page: FormPage | None = None, *, sent_to: str = "", status: int = 200
) -> Response:
    given: dict[str, Any] = {"email": mine.answers.get("email") or ""}
    html = render_template(
        "public/saved.html",
        link=_resume_link(mine),
        until=mine.changed_at + drafts.PUBLIC_LIFE,
        page=page or sheet_page(RESUME_MAIL, given, submit="Send me the link"),
        sent_to=sent_to,
        back=mine.unanswered(),
    )
    return make_response(html, status)


def _resume_link(mine: Unsent) -> str:
    return f"{the_service().settings.base_url}{url_for('public.resume', mark=mine.mark)}"


def _resume_mail(mine: Unsent) -> Mail:
    facts = {
        "us": the_service().organisation,
        "link": resume_mark(mine.mark, link_key(the_service().settings.data_dir)),
        "until": (mine.changed_at + drafts.PUBLIC_LIFE).astimezone(the_service().settings.time_zone),
    }
    return Mail(
        "Go on with your complaint",
        render_template("public/mail/resume.txt", **facts),
        render_template("public/mail/resume.html", **facts),
    )
