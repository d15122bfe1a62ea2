"""A lost link: who knows the reference and the address given with it gets a new one by mail; everybody reads the same."""

from __future__ import annotations

from flask import make_response, render_template
from flask.typing import ResponseReturnValue

from api.complaints.from_complainant import Mail, send_new_link
from api.complaints.references import read_reference
from api.context import the_service
from api.identity.doors import action
from api.web.forms import FormPage
from api.web.public import blueprint
from api.web.public.sheets import LOST_LINK, judge_sheet, read_sheet, sheet_page
from api.web.public.visitor import is_trapped, limit
from engine import forms


@blueprint.get("/lost-link")
@action("public")
def lost_link() -> ResponseReturnValue:
    """Ask for the reference and the address."""
    return render_template("public/lost_link.html", page=lost_form(), us=the_service().organisation)


@blueprint.post("/lost-link")
@action("public")
def send_link() -> ResponseReturnValue:
    """Mail a new link if reference and address belong together; the answer does not tell whether they do."""
    decoded = read_sheet(LOST_LINK)
    try:
        clean = judge_sheet(LOST_LINK, decoded.answers)
    except forms.FormInvalid as refusal:
        page = sheet_page(LOST_LINK, decoded.answers, errors=refusal.errors, submit="Send me a new link")
        return make_response(
            render_template("public/lost_link.html", page=page, us=the_service().organisation), 422
        )
    limit("lost-link")
    reference, email = str(clean["reference"]), str(clean["email"])
    limit(
        "address", f"{read_reference(reference)} {email.casefold()}"
    )  # who knows but the address uses up nothing
    if not is_trapped():
        send_new_link(the_service(), reference, email, write=_mail)
    return render_template("public/link_sent.html", us=the_service().organisation, email=clean["email"])


def lost_form() -> FormPage:
    """Return the empty form, for this page and for the page of a link that opens nothing."""
    return sheet_page(LOST_LINK, submit="Send me a new link")


def _mail(reference: str, link: str) -> Mail:
    service = the_service()
    facts = {"us": service.organisation, "link": link, "reference": reference}
    return Mail(
        f"Your link to complaint {reference}",
        render_template("public/mail/new_link.txt", **facts),
        render_template("public/mail/new_link.html", **facts),
    )
