"""Secret links: 256-bit tokens whose holder may follow one complaint; only hashes are stored, all refusals look alike."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.complaints.tables import LinkRow
from api.identity.sessions import digest

LIFETIME = {"follow": timedelta(days=365), "visit": timedelta(minutes=30)}


def new_link(session: Session, complaint_key: int, *, purpose: str, at: datetime) -> str:
    """Store a link for ``follow`` (365 days) or ``visit`` (a browser's cookie, 30 minutes); return its token."""
    token = secrets.token_urlsafe(32)
    keep_link(session, token, complaint_key, purpose=purpose, at=at)
    return token


def keep_link(session: Session, token: str, complaint_key: int, *, purpose: str, at: datetime) -> None:
    """Store the hash of a token; one that is known keeps its life and its end."""
    if session.get(LinkRow, digest(token)) is None:
        session.add(
            LinkRow(
                token_sha256=digest(token),
                complaint_key=complaint_key,
                purpose=purpose,
                expires_at=at + LIFETIME[purpose],
            )
        )
        session.flush()


def complaint_of(session: Session, token: str, *, purpose: str, at: datetime) -> int | None:
    """Return the key of the complaint a token opens; None when it is unknown, expired, revoked or for something else."""
    row = session.get(LinkRow, digest(token))
    if row is None or row.purpose != purpose or row.revoked_at is not None or row.expires_at <= at:
        return None
    return row.complaint_key


def lengthen(session: Session, token: str, *, at: datetime) -> None:
    """Let a visit last 30 minutes from now."""
    session.execute(
        update(LinkRow)
        .where(LinkRow.token_sha256 == digest(token), LinkRow.purpose == "visit")
        .values(expires_at=at + LIFETIME["visit"])
    )


def end_visit(session: Session, token: str, *, at: datetime) -> None:
    """End a visit before its time."""
    session.execute(
        update(LinkRow)
        .where(
            LinkRow.token_sha256 == digest(token), LinkRow.purpose == "visit", LinkRow.revoked_at.is_(None)
        )
        .values(revoked_at=at)
    )


def revoke_all(session: Session, complaint_key: int, *, at: datetime) -> None:
    """Make every link of a complaint useless, for example when a letter went to the wrong person."""
    session.execute(
        update(LinkRow)
        .where(LinkRow.complaint_key == complaint_key, LinkRow.revoked_at.is_(None))
        .values(revoked_at=at)
    )


def has_link(session: Session, complaint_key: int) -> bool:
    """Tell whether a link to follow the complaint has been made."""
    return (
        session.scalar(select(LinkRow.token_sha256).where(LinkRow.complaint_key == complaint_key)) is not None
    )
