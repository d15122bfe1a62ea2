"""The two ways in: a browser's session cookie for pages, a token for programs. Neither opens the other's door."""

from __future__ import annotations

import binascii
import secrets
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request, session
from sqlalchemy.orm import Session

from api import kept
from api.context import require, the_person, the_service
from api.errors import SignInNeeded, speaks_json
from api.identity import devices, people, sessions, tokens
from api.identity.decide import ACTIONS, OF_COMPLAINT
from api.identity.passwords import TooBusy
from api.identity.people import Credentials, Person
from api.identity.throttle import A_PLACE, AN_ACCOUNT, PROGRAMS, Key, Patience, network_of
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
    app.after_request(_tell_how_long)


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
    if request.endpoint is None and request.path.startswith("/staff/"):
        g.person = _by_cookie()  # there is no such page, and the refusal keeps the menu
    if request.endpoint in ("static", None):
        return
    wanted = action_of(current_app.view_functions[request.endpoint or ""]) or ""
    if wanted == PUBLIC and speaks_json():
        return  # open whatever credentials are shown (rest-v2 §2)
    g.person = _by_token() if speaks_json() else _by_cookie()
    if request.method == "GET" and not speaks_json():
        kept.name_pages()
    if wanted != PUBLIC:
        the_person()
        if wanted not in OF_COMPLAINT:  # those need facts, which the view has
            require(wanted)


def seconds_left() -> int | None:
    """Return how many seconds the session of this request lives on if nothing more is done; None without one."""
    left: timedelta | None = g.get("session_left")
    return None if left is None else int(left.total_seconds())


def _tell_how_long(answer: Response) -> Response:
    """Say with every answer how long the session lives on, so that an open page can warn before it ends."""
    if (seconds := seconds_left()) is not None:
        answer.headers["Redress-Session-Left"] = str(seconds)
    return answer


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
    if person is not None:
        g.session_left = service.engine.read(lambda db: sessions.left(db, token, at=now))
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
    """Return whose token this is. Raises ``SignInNeeded``, and ``TooManyTries`` after many wrong ones from here.

    A token that was right before is judged at any time: somebody else's guessing holds up no program at work.
    """
    service, now = the_service(), the_service().clock.now()
    known = ("token", sessions.digest(token).hex())
    guess: dict[Key, Patience] = {("program-network", network_of(request.remote_addr)): PROGRAMS}
    if name is not None:
        guess[("program-account", name.casefold()[:64])] = AN_ACCOUNT
    is_guess = not service.throttle.knows(*known)
    if is_guess:
        service.throttle.wrong(guess, now=now)
    person = service.engine.read(lambda db: tokens.owner(db, token, at=now)) if token else None
    if person is None or (name is not None and person.name != name):
        raise SignInNeeded(
            "The user name or API token is not right. A person's password is not accepted here."
        )
    if is_guess:
        service.throttle.right(uncount=tuple(guess), now=now)
        service.throttle.vouch(*known, now=now)
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

    person = the_service().engine.read(lambda db: people.find(db, name))
    return person if person is not None and person.active else None


def still_admitted() -> bool:
    """Tell whether the program acting in this request would still be let in now, as what it was; for requests that wait."""
    person: Person | None = g.get("person")
    if person is None:
        return False
    try:
        again = _by_token()
    except SignInNeeded:
        return False
    return again is not None and again.roles == person.roles


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody has signed in: ``token`` is for their browser's cookie."""

    person: Person
    token: str
    credentials: Credentials


def sign_in(name: str, password: str) -> Entered | None:
    """Open a session, or return None; the text for every failure is the same.

    Wrong passwords slow down the place they come from, and beyond fifteen an hour the account for every browser that never
    signed in to it. Raises ``TooManyTries`` while such a wait lasts, and ``TooBusy``.
    """
    service, now = the_service(), the_service().clock.now()
    known = service.engine.read(lambda db: people.credentials(db, name))
    person = _judged(name, password, known)
    if person is None:
        return None
    session.clear()
    session["visit"] = secrets.token_hex(8)
    earlier = request.cookies.get(cookie_name())

    def work(db: Session) -> str:
        if earlier:
            sessions.revoke(db, earlier, why="signed in again", at=now)
        people.renew_hash(db, person, known, password)
        return sessions.open_session(db, person, at=now)

    return Entered(person, service.engine.write(work), known)


def _judged(name: str, password: str, known: Credentials) -> Person | None:
    """Return whose password this is; each try is counted before it is judged, and taken back when it was right."""
    throttle, now, network = (
        the_service().throttle,
        the_service().clock.now(),
        network_of(request.remote_addr),
    )
    name = name if known.person is None else known.person.name
    account = name.casefold()[:64]
    if devices.is_known(name, known, now=now):
        place: Key = ("sign-in-device", sessions.digest(devices.shown(name)).hex())
        summed: Key | None = None
        throttle.wrong({place: A_PLACE}, now=now)
    else:
        place, summed = ("sign-in-place", account, network), ("sign-in-account", account)
        throttle.wrong({place: A_PLACE, summed: AN_ACCOUNT}, now=now)
        throttle.take("sign-in-network", network, limit=100, window=timedelta(hours=1), now=now)
    uncount = () if summed is None else (summed,)
    try:
        person = people.authenticate(known, password)
    except TooBusy:
        throttle.right(uncount=(place, *uncount), now=now)
        raise
    if person is not None:
        throttle.right(forget=(place,), uncount=uncount, now=now)
        throttle.give_back("sign-in-network", network)
    return person


def remember(answer: Response, entered: Entered) -> None:
    """Put the session token into the browser's cookie, and let the browser be known for the account."""
    secure = the_service().settings.secure_cookies
    answer.set_cookie(cookie_name(), entered.token, httponly=True, secure=secure, samesite="Lax", path="/")
    devices.remember(answer, entered.credentials, now=the_service().clock.now(), secure=secure)


def sign_out(answer: Response) -> None:
    """End the session on the server and forget the cookie."""
    token = request.cookies.get(cookie_name())
    if token:
        now = the_service().clock.now()
        the_service().engine.write(lambda db: sessions.revoke(db, token, why="signed out", at=now))
    session.clear()
    answer.delete_cookie(cookie_name(), path="/", secure=the_service().settings.secure_cookies, httponly=True)
