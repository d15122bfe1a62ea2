"""Drafts: answers not yet judged, of a visitor for seven days, of a colleague until the task is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.complaints.tables import DocumentRow, DraftRow

PUBLIC_LIFE = timedelta(days=7)
STAFF_LIFE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Draft:
    """Saved answers, made on the version ``form_key`` of a form."""

    answers: Mapping[str, Any]
    form_key: int | None
    changed_at: datetime


def task_place(task_key: int, person: str) -> str:
    """Return where a colleague's draft for a task lies."""
    return f"task:{task_key}:{person}"


def visitor_place(cookie_sha256: bytes) -> str:
    """Return where a visitor's draft lies."""
    return f"public:{cookie_sha256.hex()}"


def load(session: Session, place: str, *, at: datetime) -> Draft | None:
    """Return the draft, None when there is none or its time is over."""
    row = session.get(DraftRow, place)
    if row is None or row.expires_at <= at:
        return None
    return Draft(row.data, row.form_key, row.changed_at)


def save(session: Session, place: str, answers: Mapping[str, Any], *, form_key: int | None, life: timedelta, at: datetime) -> None:
    """Keep the answers, replacing earlier ones."""
    row = session.get(DraftRow, place)
    if row is None:
        row = DraftRow(place=place)
        session.add(row)
    row.data, row.form_key, row.changed_at, row.expires_at = dict(answers), form_key, at, at + life
    session.flush()


def drop(session: Session, place: str) -> None:
    """Forget a draft."""
    session.execute(delete(DraftRow).where(DraftRow.place == place))


def drop_task(session: Session, task_key: int) -> None:
    """Forget every colleague's draft for a task that is done."""
    session.execute(delete(DraftRow).where(DraftRow.place.like(f"task:{task_key}:%")))


def purge(session: Session, *, at: datetime) -> list[str]:
    """Forget drafts whose time is over, with their files' rows; return the storage names to erase from disk."""
    places = session.scalars(select(DraftRow.place).where(DraftRow.expires_at <= at)).all()
    storages: list[str] = []
    for place in places:
        if place.startswith("public:"):
            mark = bytes.fromhex(place.removeprefix("public:"))
            rows = session.scalars(select(DocumentRow).where(DocumentRow.draft_sha256 == mark)).all()
            for row in rows:
                storages.append(row.storage)
                session.delete(row)
        session.execute(delete(DraftRow).where(DraftRow.place == place))
    return storages
