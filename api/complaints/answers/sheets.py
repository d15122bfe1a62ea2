"""Answer sheets: a completed form with the labels it had, kept for good; a form that changes later changes no old sheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from api.complaints.tables import AnswerSheetRow, DocumentRow, newest_first, oldest_first
from api.web.forms import answered_steps, show
from engine import feel
from engine.forms import Document, Documents, Form, Line, Section

FILES = "filepicker"  # the kind of a question that files answer; its value lists their keys
_NONE: Mapping[int, str] = MappingProxyType({})
SILENT = frozenset({"checkbox"})  # kinds whose words say nothing without their label: no search finds a “Yes”


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form as it was answered. ``form_key`` is its deployed version, None for forms of the service itself."""

    form_id: str
    title: str
    sections: tuple[Section, ...]
    form_key: int | None = None
    by: str | None = None  # None: whoever the answers are kept for


@dataclass(frozen=True, slots=True)
class SheetView:
    """A kept sheet for reading; ``sections`` as stored: title and lines (path, label, kind, value, text, sensitivity)."""

    key: int
    form_id: str
    form_key: int | None
    task_key: int | None
    title: str
    at: datetime
    by: str
    sections: tuple[dict[str, Any], ...]

    @property
    def lines(self) -> tuple[dict[str, Any], ...]:
        """Return the lines of all sections."""
        return tuple(line for section in self.sections for line in section["lines"])


class KeptDocuments:
    """Stored files by key, for the names of files whose right to be there was judged with the form."""

    def __init__(self, session: Session) -> None:
        """``session`` is the transaction that keeps the answers."""
        self._session = session

    def find(self, key: str) -> Document | None:
        """Return the file, or None if there is none."""
        row = self._session.get(DocumentRow, int(key)) if key.isdecimal() else None
        if row is None:
            return None
        return Document(str(row.key), row.name, row.size, row.media_type, "unscanned")


def filled(
    form: Form,
    clean: Mapping[str, Any],
    stored: Mapping[str, Any],
    *,
    moment: feel.Moment,
    title: str,
    form_key: int | None = None,
    documents: Documents | None = None,
    by: str | None = None,
) -> Sheet:
    """Return the sheet of a form whose ``clean`` answers (``engine.forms.check``) were accepted over ``stored``."""
    parts = answered_steps(form, clean, stored, moment=moment, documents=documents)
    return Sheet(form.id, title, parts, form_key, by)


def attached(sheet: Sheet) -> tuple[int, ...]:
    """Return the keys of the files that the answers hold, whichever question asked for them."""
    lines = [line for section in sheet.sections for line in section.lines if line.kind == FILES]
    return tuple(dict.fromkeys(int(key) for line in lines for key in line.value or ()))


def told(facts: Mapping[str, Any], *, title: str) -> Sheet:
    """Return a sheet of facts that came without a form, from a program or a file; their names serve as labels."""
    lines = tuple(
        Line(name, name, "fact", feel.to_json(feel.inward(value)), show(value))
        for name, value in facts.items()
    )
    return Sheet("", title, (Section("", lines),))


def keep(
    session: Session,
    sheet: Sheet,
    *,
    key: int,
    complaint_key: int,
    at: datetime,
    by: str,
    task_key: int | None = None,
) -> None:
    """Add the sheet to a complaint, in the caller's transaction. A sheet without a question is not kept."""
    if not sheet.sections:
        return
    session.add(
        AnswerSheetRow(
            key=key,
            complaint_key=complaint_key,
            task_key=task_key,
            form_id=sheet.form_id,
            form_key=sheet.form_key,
            title=sheet.title,
            at=at,
            by=sheet.by or by,
            sections=[_stored(section) for section in sheet.sections],
            words=words(line for section in sheet.sections for line in section.lines),
        )
    )


def words(lines: Iterable[Line]) -> str:
    """Return what a search finds of answers: their words and written values in lower case, no labels."""
    found: list[str] = []
    for line in lines:
        if line.kind not in SILENT and line.text:
            found.append(line.text)
            if isinstance(line.value, str | int | float) and str(line.value) != line.text:
                found.append(str(line.value))
    return "\n".join(found).lower()


def of_complaint(
    session: Session, complaint_key: int, *, names: Mapping[str, str], joined: Mapping[int, str] = _NONE
) -> tuple[SheetView, ...]:
    """Return the sheets of a complaint, and of those that ``joined`` it (key → reference), oldest first.

    ``names`` are display names of accounts.
    """
    rows = session.scalars(
        select(AnswerSheetRow)
        .where(AnswerSheetRow.complaint_key.in_([complaint_key, *joined]))
        .order_by(*oldest_first(AnswerSheetRow))
    )
    return tuple(_seen(row, names, reference=joined.get(row.complaint_key)) for row in rows)


def newest(session: Session, complaint_key: int, form_id: str) -> SheetView | None:
    """Return the newest sheet of one form, None when it was never answered."""
    row = session.scalar(
        select(AnswerSheetRow)
        .where(AnswerSheetRow.complaint_key == complaint_key, AnswerSheetRow.form_id == form_id)
        .order_by(*newest_first(AnswerSheetRow))
        .limit(1)
    )
    return None if row is None else _seen(row, {})


def mentions(word: str) -> ColumnElement[bool]:
    """Return the condition that an answer holds ``word``, in lower case."""
    return AnswerSheetRow.words.contains(word, autoescape=True)


def _seen(row: AnswerSheetRow, names: Mapping[str, str], *, reference: str | None = None) -> SheetView:
    return SheetView(
        row.key,
        row.form_id,
        row.form_key,
        row.task_key,
        f"{row.title} ({reference}, which joined this one)" if reference else row.title,
        row.at,
        names.get(row.by, row.by),
        tuple(row.sections),
    )


def _stored(section: Section) -> dict[str, Any]:
    lines = [
        {name: value for name, value in asdict(line).items() if name != "withheld_by"}
        for line in section.lines
    ]
    return {"title": section.title, "lines": lines}
