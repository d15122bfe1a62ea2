"""How an error becomes an answer: its kind gives the status, its code and facts the problem document or page."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from api import kept
from api.identity.throttle import TooManyTries
from engine.commands.access import ActRefused
from engine.errors import Broken, Conflict, Invalid, NotFound, RedressError, TooLarge, Unavailable

log = logging.getLogger("redress")

STATUS: tuple[tuple[type[RedressError], int], ...] = (
    (TooManyTries, 429),
    (ActRefused, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooLarge, 413),
    (Invalid, 422),
    (Unavailable, 503),
    (Broken, 500),
)
TITLES = {
    400: "This request cannot be read",
    401: "Sign in to continue",
    403: "You may not do this",
    404: "Page not found",
    405: "This cannot be done here",
    409: "Not possible as things stand now",
    413: "Too large",
    415: "This kind of content is not accepted",
    422: "There is a problem",
    429: "Too many tries",
    500: "Something went wrong on our side",
    503: "Not possible at this moment",
}


SENT_AGAIN = frozenset(
    {400, 413, 422, 429, 503}
)  # nothing was done, and it may be taken later or once corrected


class Forbidden(RedressError):
    """Your role does not allow this."""

    code = "forbidden"


class NoRole(Forbidden):
    """Your account has no role yet, so there is nothing it can open. Ask an administrator to give it one, then sign in again."""


class SignInNeeded(RedressError):
    """Sign in to continue."""

    code = "sign_in_needed"


def status_of(error: RedressError) -> int:
    """Return the HTTP status of an error of ours."""
    if isinstance(error, Forbidden):
        return 403
    if isinstance(error, SignInNeeded):
        return 401
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def problem(status: int, title: str, detail: str, **more: Any) -> Response:
    """Return a problem document (RFC 9457), all five members present."""
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
        **more,
    }
    answer = jsonify(body)
    answer.status_code = status
    answer.content_type = "application/problem+json"
    return answer


def install(app: Flask) -> None:
    """Answer every error of ours, of the framework, and every surprise: never with a stack trace."""
    app.register_error_handler(RedressError, _ours)
    app.register_error_handler(DataError, _not_storable)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _framework)
    app.register_error_handler(Exception, _surprise)


def speaks_json() -> bool:
    """Tell whether this request belongs to an interface for programs."""
    return request.path.startswith(("/v2/", "/api/")) or request.path in {"/v2", "/api"}


def _ours(error: RedressError) -> Response:
    status = status_of(error)
    if isinstance(error, SignInNeeded) and not speaks_json():
        return _to_sign_in()
    if speaks_json():
        answer = problem(status, error.code.upper(), error.message, **_facts(error))
    else:
        answer = page(status, error.message)
    retry_after = error.facts.get("retry_after")
    if retry_after or status == 503:
        answer.headers["Retry-After"] = str(retry_after or 2)
    if status == 401 and request.path.startswith("/v2"):
        answer.headers["WWW-Authenticate"] = 'Basic realm="Redress"'
    return answer


class NotStorable(Invalid):
    """What was sent holds a character that cannot be stored, or is longer than there is room for. Nothing was changed."""

    code = "not_storable"


def _not_storable(error: DataError) -> Response:
    """Answer for text that reached the database and was refused there: NUL, or longer than its column."""
    log.warning("the database refused a value at %s: %s", request.method, type(error.orig).__name__)
    return _ours(NotStorable())


def _to_sign_in() -> Response:
    """Send a page's reader to sign in and back again; a fragment says so in its place; a post is sealed until they have."""
    here = url_for(
        "staff.sign_in_page", next=request.full_path.rstrip("?") if request.method == "GET" else None
    )
    if request.headers.get("HX-Request"):
        notice = f'<p class="rd-notice rd-notice--warn">You have been signed out. <a href="{escape(here)}">Sign in again</a></p>'
        return make_response(notice, 401)
    if request.method == "GET":
        return make_response(redirect(here, 303))
    return sign_in_page(401, signed_out=True, sealed=kept.seal())


def sign_in_page(
    status: int, *, name: str = "", error: str = "", signed_out: bool = False, sealed: str | None = None
) -> Response:
    """Return the page to sign in at, with what was sealed before; ``signed_out`` says that a post was not carried out."""
    html = render_template(
        "staff/sign_in.html",
        name=name,
        error=error,
        wanted=request.values.get("next", ""),
        signed_out=signed_out,
        sealed=request.form.get("sealed", "") if sealed is None else sealed,
        minutes=int(kept.SEALED_FOR.total_seconds() // 60),
    )
    return make_response(html, status)


def _facts(error: RedressError) -> dict[str, Any]:
    reserved = {"type", "title", "status", "detail", "instance"}
    facts = {name: value for name, value in error.facts.items() if name not in reserved}
    return {"code": error.code, "facts": facts} if request.path.startswith("/api") else {}


def _stale_form(_error: CSRFError) -> Response:
    if request.endpoint == "staff.sign_in_now":
        return sign_in_page(400, name=request.form.get("name", ""), error=_STALE)
    return page(400, f"{_STALE} Nothing was changed.")


_STALE = "The page you sent was too old, or came from somewhere else."


def _framework(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None or status < 400:
        return make_response(error.get_response())
    title = TITLES.get(status, error.name)
    if speaks_json():
        answer = problem(status, error.name.upper().replace(" ", "_"), error.description or title)
    else:
        answer = page(status, _MESSAGES.get(status, error.description or title))
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            answer.headers[name] = value
    return answer


_MESSAGES = {
    404: "There is nothing at this address. It may have been typed wrongly, or the link is no longer valid.",
    405: "This address does not take this kind of request.",
    413: "What you sent is larger than we accept: 10 MB a file, 30 MB together.",
}


def _surprise(error: Exception) -> Response:
    reference = secrets.token_hex(6)
    log.error("unexpected fault %s at %s %s", reference, request.method, _route(), exc_info=error)
    if speaks_json():
        return problem(
            500, "INTERNAL", f"An unexpected fault happened. Reference for the operator's log: {reference}"
        )
    return page(
        500,
        "An unexpected fault happened. Nothing was changed.",
        advice="Try again in a moment.",
        reference=reference,
    )


def _route() -> str:
    """Return the route rather than the address asked for: addresses can hold secret links."""
    return request.url_rule.rule if request.url_rule is not None else "an unknown address"


def page(status: int, message: str, *, advice: str = "", reference: str = "") -> Response:
    """Return the error page. After a post it shows again what was typed, and offers to send it where that can help."""
    typed = kept.of_this_request()
    html = render_template(
        "errors/error.html",
        title=TITLES.get(status, "Error"),
        message=message,
        advice=advice,
        reference=reference,
        refused=True,
        below_staff=request.path.startswith("/staff/"),
        kept=typed,
        again=status in SENT_AGAIN,
    )
    return make_response(html, status)
