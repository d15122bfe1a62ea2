"""The rows of identity: people, their sign-in sessions, their API tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Row
from engine.store.columns import Moment


class PersonRow(Row):
    """An account."""

    __tablename__ = "people"

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    roles: Mapped[list[str]] = mapped_column(JSON)
    groups: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Moment)


class SessionRow(Row):
    """Somebody signed in; only the hash of the cookie's token is kept."""

    __tablename__ = "sessions"

    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    person_key: Mapped[int] = mapped_column(ForeignKey("people.key"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_why: Mapped[str | None] = mapped_column(String(40))


class TokenRow(Row):
    """An API token of a person; only its hash is kept."""

    __tablename__ = "api_tokens"

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    person_key: Mapped[int] = mapped_column(ForeignKey("people.key"), index=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    label: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
