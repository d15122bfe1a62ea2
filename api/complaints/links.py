"""Secret links: 256-bit tokens whose holder may follow one complaint; only hashes are stored, all refusals look alike."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.complaints.parties import CLAIMED, may_act, parties
from api.complaints.tables import LinkRow, PartyRow
from api.identity.sessions import digest

LIFETIME = {"follow": timedelta(days=365), "visit": timedelta(minutes=30)}


def new_link(
    session: Session, complaint_key: int, *, purpose: str, party_key: int | None, at: datetime
) -> str:
    """Store a link for ``follow`` (365 days) or ``visit`` (a browser's cookie, 30 minutes); return its token.

    ``party_key`` says who gets it: it opens something only while they may act. None when nobody is on file (anonymous).
    """
    token = secrets.token_urlsafe(32)
    keep_link(session, token, complaint_key, purpose=purpose, party_key=party_key, at=at)
    return token


def keep_link(
    session: Session, token: str, complaint_key: int, *, purpose: str, party_key: int | None, at: datetime
) -> None:
    """Store the hash of a token; one that is known keeps its life and its end."""
    if session.get(LinkRow, digest(token)) is None:
        session.add(
            LinkRow(
                token_sha256=digest(token),
                complaint_key=complaint_key,
                party_key=party_key,
                purpose=purpose,
                expires_at=at + LIFETIME[purpose],
            )
        )
        session.flush()


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token opens: a complaint, to one of its people (None: to whoever complained without a name)."""

    complaint_key: int
    party_key: int | None


def opened_by(session: Session, token: str, *, purpose: str, at: datetime, on: date) -> Opened | None:
    """Return what a token opens on the day ``on``; None when it is unknown, expired, revoked or for something else.

    A link of somebody who may not act (a representative without confirmed authority, somebody whose part ended) opens nothing.
    """
    row = _live(session, token, purpose=purpose, at=at)
    if row is None:
        return None
    if row.party_key is None:
        return None if parties(session, row.complaint_key) else Opened(row.complaint_key, None)
    party = session.get(PartyRow, row.party_key)
    return Opened(row.complaint_key, party.key) if party is not None and may_act(party, on=on) else None


def waiting_for_authority(session: Session, token: str, *, at: datetime) -> int | None:
    """Return the complaint of a link whose holder says that they act for somebody, while nobody has decided on that yet."""
    row = _live(session, token, purpose="follow", at=at)
    party = session.get(PartyRow, row.party_key) if row is not None and row.party_key is not None else None
    return party.complaint_key if party is not None and party.authority == CLAIMED else None


def _live(session: Session, token: str, *, purpose: str, at: datetime) -> LinkRow | None:
    row = session.get(LinkRow, digest(token))
    if row is None or row.purpose != purpose or row.revoked_at is not None or row.expires_at <= at:
        return None
    return row


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


def revoke_of(session: Session, party_key: int, *, at: datetime) -> None:
    """Make every link of one person useless: their part in the complaint is over."""
    session.execute(
        update(LinkRow)
        .where(LinkRow.party_key == party_key, LinkRow.revoked_at.is_(None))
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
