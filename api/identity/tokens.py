"""API tokens: shown once, stored as a hash, never more powerful than their owner is at the moment of the call."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.identity.people import Person, person_of
from api.identity.sessions import digest
from api.identity.tables import PersonRow, TokenRow

LONGEST = timedelta(days=365)


def issue(
    session: Session, person: Person, *, key: int, label: str, at: datetime, token: str | None = None
) -> str:
    """Store a token for ``person``, valid for 365 days, and return it; ``token`` None makes a random one."""
    token = token or f"rdr_{secrets.token_urlsafe(32)}"
    session.add(
        TokenRow(
            key=key,
            person_key=person.key,
            token_sha256=digest(token),
            label=label,
            created_at=at,
            expires_at=at + LONGEST,
        )
    )
    session.flush()
    return token


def owner(session: Session, token: str, *, at: datetime) -> Person | None:
    """Return whose valid token this is, or None: unknown, expired, revoked, or its owner disabled."""
    found = session.execute(
        select(TokenRow, PersonRow)
        .join(PersonRow, PersonRow.key == TokenRow.person_key)
        .where(TokenRow.token_sha256 == digest(token))
    ).first()
    if found is None:
        return None
    row, person = found
    if row.revoked_at is not None or row.expires_at <= at or not person.active:
        return None
    return person_of(person)


def revoke(session: Session, key: int, *, at: datetime) -> None:
    """Make a token worthless from now on; revoking it again changes nothing."""
    session.execute(
        update(TokenRow).where(TokenRow.key == key, TokenRow.revoked_at.is_(None)).values(revoked_at=at)
    )
