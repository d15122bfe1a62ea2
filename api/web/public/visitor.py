"""What tells one visitor from another: cookies that hold a random mark, the signed moment a page was made, and limits."""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from api.context import the_service
from api.identity.throttle import network_of

DRAFT, VISIT, RECEIPT = "redress-draft", "redress-visit", "redress-receipt"
TRAP = "website"  # a field people do not see; programs fill it in
LEAST_SECONDS = 3  # nobody reads and answers the first question faster
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_LIMITS = {
    "draft": ((10, _MINUTE), (60, _HOUR)),
    "intake": ((10, _MINUTE), (60, _HOUR)),
    "link": ((20, _MINUTE),),
    "upload": ((20, _MINUTE),),
    "lost-link": ((5, _MINUTE), (20, _HOUR)),
    "mail": ((5, _MINUTE), (20, _HOUR)),
    "address": ((10, _DAY),),
}


def held(name: str) -> str:
    """Return what this visitor's cookie holds, empty when there is none."""
    return request.cookies.get(_full(name), "")[:100]


def hold(answer: Response, name: str, value: str, life: timedelta | None = None) -> None:
    """Put ``value`` into the visitor's cookie: for ``life``, or until the browser is closed."""
    answer.set_cookie(
        _full(name),
        value,
        max_age=life,
        httponly=True,
        secure=the_service().settings.secure_cookies,
        samesite="Lax",
        path="/",
    )


def forget(answer: Response, name: str) -> None:
    """Take the cookie away."""
    answer.delete_cookie(
        _full(name), path="/", secure=the_service().settings.secure_cookies, httponly=True, samesite="Lax"
    )


def new_mark() -> str:
    """Return a random value of 256 bits for a cookie; only its hash is ever stored."""
    return secrets.token_urlsafe(32)


def limit(what: str, who: str | None = None) -> None:
    """Count one try of this visitor (or of ``who``). Raises ``TooManyTries`` beyond the limits."""
    service = the_service()
    for most, window in _LIMITS[what]:
        service.throttle.take(
            f"public-{what}-{int(window.total_seconds())}",
            who or network_of(request.remote_addr),
            limit=most,
            window=window,
            now=service.clock.now(),
        )


def page_mark() -> str:
    """Return the moment this page is made, signed; it travels in the form."""
    return str(_signer().dumps(int(the_service().clock.now().timestamp())))


def seconds_on_page() -> int | None:
    """Return how many seconds ago the posted page was made; None when its mark is missing or not ours."""
    try:
        made = _signer().loads(request.form.get("_key", "")[:200])
    except BadSignature:
        return None
    return int(the_service().clock.now().timestamp()) - int(made)


def is_trapped() -> bool:
    """Tell whether the field nobody sees was filled in."""
    return bool(request.form.get(TRAP))


def once_key() -> str:
    """Return a name for one sending, so that pressing twice sends once."""
    return secrets.token_urlsafe(16)


def posted_key() -> str:
    """Return the name of this sending as the page gave it."""
    return request.form.get("_key", "")[:64] or secrets.token_urlsafe(16)


def _full(name: str) -> str:
    return f"__Host-{name}" if the_service().settings.secure_cookies else name


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="public-page-made")
