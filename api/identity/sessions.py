"""Sign-in sessions on the server: a random token in a cookie, its hash in a row, idle and absolute limits, revocation."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.identity.people import Person, person_of
from api.identity.tables import PersonRow, SessionRow

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
_TOUCH_EVERY = timedelta(minutes=1)


def digest(token: str) -> bytes:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def open_session(session: Session, person: Person, *, at: datetime) -> str:
    """Begin a session and return its token, which is shown to nobody but the browser."""
    token = secrets.token_urlsafe(32)
    session.add(SessionRow(token_sha256=digest(token), person_key=person.key, created_at=at, seen_at=at))
    session.flush()
    return token


def who(session: Session, token: str, *, at: datetime) -> Person | None:
    """Return whose live session this token is, or None: unknown, idle for 30 min, older than 12 h, revoked, disabled."""
    found = session.execute(
        select(SessionRow, PersonRow)
        .join(PersonRow, PersonRow.key == SessionRow.person_key)
        .where(SessionRow.token_sha256 == digest(token))
    ).first()
    if found is None:
        return None
    row, person = found
    live = (
        row.revoked_at is None
        and at - row.seen_at < IDLE
        and at - row.created_at < ABSOLUTE
        and person.active
    )
    return person_of(person) if live else None


def left(session: Session, token: str, *, at: datetime) -> timedelta:
    """Return how long the session lives on if nothing more is done in it; nothing for one that has ended or never was."""
    row = session.get(SessionRow, digest(token))
    if row is None or row.revoked_at is not None:
        return timedelta(0)
    return max(min(row.seen_at + IDLE, row.created_at + ABSOLUTE) - at, timedelta(0))


def needs_touch(session: Session, token: str, *, at: datetime) -> bool:
    """Tell whether the session was last marked as seen more than a minute ago."""
    seen_at = session.scalar(select(SessionRow.seen_at).where(SessionRow.token_sha256 == digest(token)))
    return seen_at is not None and at - seen_at > _TOUCH_EVERY


def touch(session: Session, token: str, *, at: datetime) -> None:
    """Mark the session as used now."""
    session.execute(update(SessionRow).where(SessionRow.token_sha256 == digest(token)).values(seen_at=at))


def revoke(session: Session, token: str, *, why: str, at: datetime) -> None:
    """End one session; ending it again changes nothing."""
    session.execute(
        update(SessionRow)
        .where(SessionRow.token_sha256 == digest(token), SessionRow.revoked_at.is_(None))
        .values(revoked_at=at, revoked_why=why)
    )
