"""The rows of deadlines beyond one complaint: versions of calendars, notices given once, secret feeds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Row
from engine.store.columns import Json, Moment


class CalendarRow(Row):
    """One version of a calendar; never changed, so that every clock can be counted again as it was counted.

    ``applied_at`` says when somebody had it applied to clocks that were open already, ``settled_at`` that this is done.
    """

    __tablename__ = "calendars"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[str] = mapped_column(Text)  # the calendar file of this version
    source: Mapped[str] = mapped_column(String(8))  # file | page
    file_sha256: Mapped[str | None] = mapped_column(String(64))  # of the file it came from
    change: Mapped[dict[str, Any]] = mapped_column(
        Json, default=dict
    )  # what a person changed, to be repeated on a new file
    reason: Mapped[str] = mapped_column(Text, default="")
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[str] = mapped_column(String(64))
    applied_at: Mapped[datetime | None] = mapped_column(Moment)
    applied_by: Mapped[str | None] = mapped_column(String(64))
    settled_at: Mapped[datetime | None] = mapped_column(Moment)


class ReminderRow(Row):
    """A reminder that was given: once for each clock, event and due moment."""

    __tablename__ = "clock_reminders"

    clock_key: Mapped[int] = mapped_column(ForeignKey("complaint_clocks.key"), primary_key=True)
    event: Mapped[str] = mapped_column(String(24), primary_key=True)
    bound_at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)


class FeedRow(Row):
    """A secret address at which a person's calendar program reads deadlines; only the hash of its token is kept."""

    __tablename__ = "deadline_feeds"

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    person_key: Mapped[int] = mapped_column(ForeignKey("people.key"), index=True)
    group_name: Mapped[str | None] = mapped_column(
        String(64)
    )  # a team's deadlines; None: the complaints the person owns
    created_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
