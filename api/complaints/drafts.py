"""Drafts: answers not yet judged, of a visitor for seven days, of a colleague for ninety or until they are sent."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.complaints.tables import DocumentRow, DraftRow
from engine import values
from engine.errors import Conflict

PUBLIC_LIFE = timedelta(days=7)
STAFF_LIFE = timedelta(days=90)
ORPHAN_LIFE = timedelta(hours=24)
_PAGE = re.compile(r"([A-Za-z0-9_-]{22})\.([0-9a-f]{64})")


class DraftChanged(Conflict):
    """Something else was saved here since this page was opened. It is kept, and stands below. Send this page again to replace it."""

    code = "draft_changed"


@dataclass(frozen=True, slots=True)
class Draft:
    """Saved answers, made on the version ``form_key`` of a form."""

    answers: Mapping[str, Any]
    form_key: int | None
    changed_at: datetime
    expires_at: datetime


def task_place(task_key: int, person: str) -> str:
    """Return where a colleague's draft for a task lies."""
    return f"task:{task_key}:{person}"


def sent_place(task_key: int, person: str) -> str:
    """Return where it is remembered what a colleague completed a task with, so that a second press is recognised."""
    return f"sent:{task_key}:{person}"


def visitor_place(cookie_sha256: bytes) -> str:
    """Return where a visitor's draft lies."""
    return f"public:{cookie_sha256.hex()}"


def page_with(answers: Mapping[str, Any], *, page: str = "", of: Collection[str] | None = None) -> str:
    """Return what a page carries that was made when ``answers`` were kept: a name of its own, and what of them it shows.

    ``page``: what it carried before, where it is shown again. ``of``: the answers that it asks for; None: all.
    """
    found = _PAGE.fullmatch(page)
    return f"{found[1] if found else secrets.token_urlsafe(16)}.{_digest(answers, of)}"


def load(session: Session, place: str, *, at: datetime) -> Draft | None:
    """Return the draft, None when there is none or its time is over."""
    row = session.get(DraftRow, place)
    if row is None or row.expires_at <= at:
        return None
    return Draft(row.data, row.form_key, row.changed_at, row.expires_at)


def below(session: Session, place: str, *, at: datetime) -> list[tuple[str, Draft]]:
    """Return the drafts whose places begin with ``place``, newest first, each with the rest of its place."""
    rows = session.scalars(
        select(DraftRow)
        .where(DraftRow.place.startswith(place, autoescape=True), DraftRow.expires_at > at)
        .order_by(DraftRow.changed_at.desc(), DraftRow.place)
    )
    return [
        (
            row.place.removeprefix(place),
            Draft(row.data, row.form_key, row.changed_at, row.expires_at),
        )
        for row in rows
    ]


def save(
    session: Session,
    place: str,
    answers: Mapping[str, Any],
    *,
    form_key: int | None,
    life: timedelta,
    at: datetime,
    page: str = "",
    of: Collection[str] | None = None,
) -> None:
    """Keep the answers, replacing earlier ones; ``page`` is what ``page_with`` gave the page they come from, ``of`` what it asks.

    Raises ``DraftChanged`` where another page saved something else since that one was shown. One that carries nothing replaces
    whatever is there.
    """
    row, found = session.get(DraftRow, place), _PAGE.fullmatch(page)
    if row is None:
        row = DraftRow(place=place)
        session.add(row)
    elif row.expires_at > at and found and _is_news(row, found, answers, of):
        raise DraftChanged
    row.data, row.form_key, row.changed_at, row.expires_at = dict(answers), form_key, at, at + life
    row.page = found[1] if found else None
    session.flush()


def drop(session: Session, place: str) -> None:
    """Forget a draft."""
    session.execute(delete(DraftRow).where(DraftRow.place == place))


def purge(session: Session, *, at: datetime) -> list[str]:
    """Forget drafts whose time is over, and files of unsent forms that no draft holds any more, with their rows.

    A file may wait a day before its draft is saved. Returns the storage names to erase from disk after the commit.
    """
    session.execute(delete(DraftRow).where(DraftRow.expires_at <= at))
    held = {mark_of(place) for place in session.scalars(select(DraftRow.place))}
    unsent = session.scalars(
        select(DocumentRow).where(
            DocumentRow.complaint_key.is_(None), DocumentRow.added_at < at - ORPHAN_LIFE
        )
    ).all()
    forgotten = [row for row in unsent if row.draft_sha256 not in held]
    for row in forgotten:
        session.delete(row)
    return [row.storage for row in forgotten]


def mark_of(place: str) -> bytes:
    """Return the 32 bytes under which the files of a draft lie."""
    if place.startswith("public:"):
        return bytes.fromhex(place.removeprefix("public:"))
    return hashlib.sha256(place.encode()).digest()


def _is_news(
    row: DraftRow, page: re.Match[str], answers: Mapping[str, Any], of: Collection[str] | None
) -> bool:
    """Tell whether what is kept is neither this page's own, nor what it showed, nor what it brings."""
    return row.page != page[1] and _digest(row.data, of) not in (page[2], _digest(answers, of))


def _digest(answers: Mapping[str, Any], of: Collection[str] | None) -> str:
    meant = {name: value for name, value in answers.items() if of is None or name in of}
    plain = json.loads(values.to_text(meant))  # as they are read back
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
