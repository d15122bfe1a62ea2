"""Signing in and out."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import Response, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from api import kept
from api.context import anybody
from api.errors import sign_in_page as page
from api.identity.doors import Entered, action, remember, sign_in, sign_out
from api.identity.passwords import TooBusy
from api.identity.throttle import TooManyTries
from api.web.staff import blueprint
from api.web.staff.navigation import start_page

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")  # browsers drop some of them, and another address is left


@blueprint.get("/sign-in")
@action("public")
def sign_in_page() -> ResponseReturnValue:
    """Show the form; somebody signed in goes on to where they wanted."""
    if anybody():
        return redirect(_wanted())
    return page(200)


@blueprint.post("/sign-in")
@action("public")
def sign_in_now() -> ResponseReturnValue:
    """Open a session: 303 to the page asked for, or the page of what was typed before and not sent.

    422 with one text for every failure; 429 while waiting, 503 when too many sign in at once.
    """
    name = request.form.get("name", "").strip()
    try:
        entered = sign_in(name, request.form.get("password", ""))
    except TooManyTries as refusal:
        wait = int(refusal.facts["retry_after"])
        words = f"{wait} seconds" if wait <= 120 else f"{-(-wait // 60)} minutes"
        answer = page(429, name=name, error=f"Too many tries. Wait {words} and try again.")
        answer.headers["Retry-After"] = str(wait)
        return answer
    except TooBusy as refusal:
        answer = page(503, name=name, error=refusal.message)
        answer.headers["Retry-After"] = "2"
        return answer
    if entered is None:
        return page(422, name=name, error="The user name or the password is not right.")
    g.person = entered.person
    kept.name_pages()
    answer = _not_sent_yet(entered) or make_response(redirect(_wanted(), 303))
    remember(answer, entered)
    return answer


@blueprint.post("/sign-out")
@action("public")
def sign_out_now() -> ResponseReturnValue:
    """End the session and go back to the sign-in page."""
    answer = make_response(redirect(url_for("staff.sign_in_page"), 303))
    sign_out(answer)
    flash("You have signed out.")
    return answer


def _not_sent_yet(entered: Entered) -> Response | None:
    """Return the page of what the same person typed before their session ended; of another person nothing is shown."""
    sealed = request.form.get("sealed", "")
    if not sealed:
        return None
    before = kept.unseal(sealed, entered.person.key)
    if before is None:
        flash(
            "What was typed before could not be shown: another account typed it, or its time is over.", "warn"
        )
        return None
    return make_response(render_template("staff/not_sent.html", kept=before))


def _wanted() -> str:
    """Return the page somebody asked for before signing in; only addresses of this service count."""
    target = request.values.get("next", "")
    parts = urlsplit(target)
    safe = (
        target.startswith("/")
        and not target.startswith(("//", "/\\"))
        and not _CONTROLS.search(target)
        and not parts.netloc
        and not parts.scheme
    )
    return target if safe else start_page(anybody())
