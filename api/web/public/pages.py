"""Pages that say how things are: handling of complaints, help, accessibility, privacy, about."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from api.complaints import drafts
from api.complaints.links import LIFETIME
from api.context import the_service
from api.identity.doors import action
from api.web.public import blueprint
from api.web.public.promises import limits_in_words, somebody_is_on_duty


@blueprint.get("/")
@action("public")
def guidance() -> ResponseReturnValue:
    """How we handle complaints, with the time limits as they are configured."""
    service = the_service()
    return render_template(
        "public/guidance.html",
        us=service.organisation,
        limits=limits_in_words(service),
        on_duty=somebody_is_on_duty(service),
    )


@blueprint.get("/help")
@action("public")
def help() -> ResponseReturnValue:
    """How to reach people, and what to do when something does not work."""
    service = the_service()
    return render_template("public/help.html", us=service.organisation, on_duty=somebody_is_on_duty(service))


@blueprint.get("/accessibility")
@action("public")
def accessibility() -> ResponseReturnValue:
    """What these pages conform to, and what was not tested."""
    return render_template("public/accessibility.html", us=the_service().organisation)


@blueprint.get("/privacy")
@action("public")
def privacy() -> ResponseReturnValue:
    """What is kept, why, for how long, and what the cookies hold."""
    return render_template(
        "public/privacy.html",
        us=the_service().organisation,
        draft_days=drafts.PUBLIC_LIFE.days,
        link_days=LIFETIME["follow"].days,
        visit_minutes=int(LIFETIME["visit"].total_seconds() // 60),
    )


@blueprint.get("/about")
@action("public")
def about() -> ResponseReturnValue:
    """Which software this is, and whose work it stands on."""
    return render_template("public/about.html", notices=url_for("static", filename="dist/THIRD-PARTY.txt"))
