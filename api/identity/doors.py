"""The two ways in: a browser's session cookie for pages, a token for programs. Neither opens the other's door."""

from __future__ import annotations

import binascii
import secrets
from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request, session
from sqlalchemy.orm import Session

from api.context import require, the_person, the_service
from api.errors import SignInNeeded, speaks_json
from api.identity import people, sessions, tokens
from api.identity.decide import ACTIONS, OF_COMPLAINT
from api.identity.people import Person
from api.identity.throttle import network_of
from api.identity.verified import change_number
from api.settings import is_loopback

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC = "public"


def action(name: str) -> Callable[[View], View]:
    """Declare what a route does (an action of ``decide``, or ``public``); the service refuses to start without it."""
    if name != PUBLIC and name not in ACTIONS:
        raise ValueError(f"no action {name!r}")

    def declare(view: View) -> View:
        view.redress_action = name  # type: ignore[attr-defined]
        return view

    return declare


def install(app: Flask) -> None:
    """Find out who is acting before every request, and turn away whoever may not do what the route declares."""
    app.before_request(_identify)


def check_routes(app: Flask) -> None:
    """Raise ``RuntimeError`` if a route does not declare its action."""
    silent = sorted(
        name for name, view in app.view_functions.items() if name != "static" and action_of(view) is None
    )
    if silent:
        raise RuntimeError(f"routes without an action: {', '.join(silent)}")


def action_of(view: Callable[..., Any]) -> str | None:
    """Return the action a view declares, None when it declares none."""
    declared = getattr(view, "redress_action", None) or getattr(
        getattr(view, "view_class", None), "redress_action", None
    )
    return None if declared is None else str(declared)


def cookie_name() -> str:
    """Return the session cookie's name; the prefix makes browsers insist on https and the whole site."""
    return "__Host-redress" if the_service().settings.secure_cookies else "redress"


def _identify() -> None:
    if request.endpoint in ("static", None):
        return
    wanted = action_of(current_app.view_functions[request.endpoint or ""]) or ""
    if wanted == PUBLIC and speaks_json():
        return  # open whatever credentials are shown (rest-v2 §2)
    g.person = _by_token() if speaks_json() else _by_cookie()
    if wanted != PUBLIC:
        the_person()
        if wanted not in OF_COMPLAINT:  # those need facts, which the view has
            require(wanted)


def _by_cookie() -> Person | None:
    token = request.cookies.get(cookie_name())
    if not token:
        return None
    service, now = the_service(), the_service().clock.now()
    person = service.engine.read(lambda db: sessions.who(db, token, at=now))
    polling = request.headers.get("X-Redress-Poll") == "yes"
    if person is not None and not polling:
        if service.engine.read(lambda db: sessions.needs_touch(db, token, at=now)):
            service.engine.write(lambda db: sessions.touch(db, token, at=now))
        g.session_token = token
    return person


def _by_token() -> Person | None:
    header = request.headers.get("Authorization", "").strip()
    if not header:
        return _nobody_in_particular()
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return _owner(rest.strip(), name=None)
    if scheme.lower() == "basic":
        try:
            name, _, token = b64decode(rest.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise SignInNeeded("The Authorization header cannot be read.") from None
        return _owner(token, name=name)
    raise SignInNeeded("Use Basic (user name and API token) or Bearer (API token).")


def _owner(token: str, *, name: str | None) -> Person:
    service = the_service()
    now = service.clock.now()
    person = _remembered(token, lambda db: tokens.owner(db, token, at=now)) if token else None
    if person is None or (name is not None and person.name != name):
        raise SignInNeeded(
            "The user name or API token is not right. A person's password is not accepted here."
        )
    return person


def _nobody_in_particular() -> Person | None:
    """Return the account that requests to /v2 without credentials act as; None unless the operator set one.

    A web page must not reach it through somebody's browser: what a browser sends on a page's behalf, and a host name
    that is not this machine's (DNS rebinding), are refused.
    """
    name = the_service().settings.v2_anonymous
    if name is None or not request.path.startswith("/v2/"):
        return None
    from_a_page = "Origin" in request.headers or request.headers.get("Sec-Fetch-Site", "none") != "none"
    if from_a_page or not is_loopback(request.host.rsplit(":", 1)[0].strip("[]")):
        raise SignInNeeded("Web pages need credentials here.")

    def look(db: Session) -> Person | None:
        person = people.find(db, name)
        return person if person is not None and person.active else None

    return _remembered(f"nobody {name}", look)


def _remembered(shown: str, look: Callable[[Session], Person | None]) -> Person | None:
    service, now, seen = the_service(), the_service().clock.now(), change_number()
    person = service.verified.get(shown, now=now)
    if person is None:
        person = service.engine.read(look)
        if person is not None:
            service.verified.put(shown, person, now=now, seen=seen)
    return person


def sign_in(name: str, password: str) -> tuple[Person, str] | None:
    """Return the person and a new session's token, or None; the text for every failure is the same.

    Raises ``TooManyTries`` while the wait after failed tries lasts, and ``TooBusy``.
    """
    service, now = the_service(), the_service().clock.now()
    network = network_of(request.remote_addr)
    service.throttle.waiting("sign-in", name.casefold(), network, now=now)
    service.throttle.take("sign-in", network, limit=100, window=timedelta(hours=1), now=now)
    known = service.engine.read(lambda db: people.credentials(db, name))
    person = people.authenticate(known, password)
    if person is None:
        service.throttle.failed("sign-in", name.casefold(), network, now=now)
        return None
    service.throttle.succeeded("sign-in", name.casefold(), network)
    session.clear()
    session["visit"] = secrets.token_hex(8)
    earlier = request.cookies.get(cookie_name())

    def work(db: Session) -> str:
        if earlier:
            sessions.revoke(db, earlier, why="signed in again", at=now)
        people.renew_hash(db, person, known, password)
        return sessions.open_session(db, person, at=now)

    return person, service.engine.write(work)


def remember(answer: Response, token: str) -> None:
    """Put the session token into the browser's cookie."""
    secure = the_service().settings.secure_cookies
    answer.set_cookie(cookie_name(), token, httponly=True, secure=secure, samesite="Lax", path="/")


def sign_out(answer: Response) -> None:
    """End the session on the server and forget the cookie."""
    token = request.cookies.get(cookie_name())
    if token:
        now = the_service().clock.now()
        the_service().engine.write(lambda db: sessions.revoke(db, token, why="signed out", at=now))
    session.clear()
    answer.delete_cookie(cookie_name(), path="/", secure=the_service().settings.secure_cookies, httponly=True)
