"""Signing in and out."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from api.context import anybody
from api.identity.doors import action, remember, sign_in, sign_out
from api.identity.throttle import TooManyTries
from api.web.staff import blueprint


@blueprint.get("/sign-in")
@action("public")
def sign_in_page() -> ResponseReturnValue:
    """Show the form; somebody signed in goes on to where they wanted."""
    if anybody():
        return redirect(_wanted())
    return _page()


@blueprint.post("/sign-in")
@action("public")
def sign_in_now() -> ResponseReturnValue:
    """Open a session: 303 to the page asked for; 422 with one text for every failure; 429 while waiting."""
    name = request.form.get("name", "").strip()
    try:
        entered = sign_in(name, request.form.get("password", ""))
    except TooManyTries as refusal:
        wait = refusal.facts["retry_after"]
        answer = _page(name, f"Too many tries. Wait {wait} seconds and try again.", status=429)
        answer.headers["Retry-After"] = str(wait)
        return answer
    if entered is None:
        return _page(name, "The user name or the password is not right.", status=422)
    _, token = entered
    answer = make_response(redirect(_wanted(), 303))
    remember(answer, token)
    return answer


@blueprint.post("/sign-out")
@action("public")
def sign_out_now() -> ResponseReturnValue:
    """End the session and go back to the sign-in page."""
    answer = make_response(redirect(url_for("staff.sign_in_page"), 303))
    sign_out(answer)
    flash("You have signed out.")
    return answer


def _page(name: str = "", error: str = "", *, status: int = 200) -> Response:
    return make_response(
        render_template("staff/sign_in.html", name=name, error=error, wanted=request.values.get("next", "")),
        status,
    )


def _wanted() -> str:
    """Return the page somebody asked for before signing in; only addresses of this service count."""
    target = request.values.get("next", "")
    parts = urlsplit(target)
    safe = (
        target.startswith("/")
        and not target.startswith(("//", "/\\"))
        and not parts.netloc
        and not parts.scheme
    )
    return target if safe else url_for("staff.inbox")
