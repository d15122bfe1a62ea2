"""Browsers an account signed in from before: they are judged whatever strangers try elsewhere, so that nobody locks out the owner."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from api.identity.people import Credentials

REMEMBERED = timedelta(days=365)
PATH = "/staff/sign-in"  # the only page that needs it


def is_known(name: str, known: Credentials, *, now: datetime) -> bool:
    """Tell whether this browser signed in to the account within a year, with the password it has today."""
    if known.person is None:
        return False
    try:
        *mark, made = _signer().loads(shown(name))
    except BadSignature:
        return False
    return mark == _mark(known) and now.timestamp() - int(made) < REMEMBERED.total_seconds()


def shown(name: str) -> str:
    """Return what the browser shows for the account ``name``, empty when nothing."""
    return request.cookies.get(_cookie(name), "")[:500]


def remember(answer: Response, known: Credentials, *, now: datetime, secure: bool) -> None:
    """Let the browser be known for the account; a new password makes it a stranger again."""
    if known.person is None:
        return
    answer.set_cookie(
        _cookie(known.person.name),
        str(_signer().dumps([*_mark(known), int(now.timestamp())])),
        max_age=REMEMBERED,
        httponly=True,
        secure=secure,
        samesite="Lax",
        path=PATH,
    )


def _mark(known: Credentials) -> list[str]:
    hashed = hashlib.sha256((known.password_hash or "").encode()).hexdigest()[:32]
    return [str(known.person.key if known.person else ""), hashed]


def _cookie(name: str) -> str:
    return f"redress-device-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="browser-known")
