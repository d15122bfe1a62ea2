"""Where files of forms go at once: under the draft of whoever fills in the form, until it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from api.complaints import documents, drafts
from api.complaints.documents import LARGEST
from api.complaints.of_case import complaint_of_root
from api.complaints.tables import DocumentRow
from api.web.forms import FileRefused
from engine.forms import Document
from engine.store.unit_of_work import read_aside

if TYPE_CHECKING:
    from api.wiring import Redress


class DraftUploads:
    """Files of somebody's unsent draft, found by the hash of its cookie (or of another draft's place)."""

    def __init__(self, service: Redress, draft: bytes, *, by: str) -> None:
        """``draft`` is 32 bytes."""
        self._service, self._by, self._draft = service, by, draft

    def keep(self, path: str, file: Any) -> Document:  # noqa: ARG002
        """Store one posted file; the same file once more is the one that is there. Raises ``FileRefused`` with its code."""
        name = documents.shown_name(file.filename or "file")
        data = file.stream.read(LARGEST + 1)
        again = self._service.engine.read(lambda session: documents.same(session, self._draft, name, data))
        if again is not None:
            return _document(again)
        try:
            media_type = documents.check_file(name, data)
            storage = documents.store_bytes(self._service.settings.uploads_dir, data)
            row = self._service.engine.write(
                lambda session: self._add(session, name, media_type, data, storage)
            )
        except documents.FileRefused as refusal:
            code = str(refusal.facts.get("file_code", "file_wrong_kind"))
            kinds = list(dict.fromkeys(documents.KINDS))
            raise FileRefused(code, name=name, size=len(data), limit=LARGEST, kinds=kinds) from refusal
        return _document(row)

    def find(self, key: str) -> Document | None:
        """Return one of this form's documents."""
        if not key.isdigit():
            return None
        row = read_aside(  # forms are judged inside the step that completes their task
            self._service.database, lambda session: session.get(DocumentRow, int(key))
        )
        return _document(row) if row is not None and self._belongs(row) else None

    def forget(self, key: str, *, answers: Mapping[str, Any]) -> None:
        """Erase a file that was removed from a question; one that ``answers`` still hold for another, or a complaint, stays."""
        if key in _texts(answers):
            return

        def work(session: Session) -> str | None:
            row = session.get(DocumentRow, int(key)) if key.isascii() and key.isdigit() else None
            if row is None or row.complaint_key is not None or row.draft_sha256 != self._draft:
                return None
            session.delete(row)
            return row.storage

        storage = self._service.engine.write(work)
        if storage is not None:
            (self._service.settings.uploads_dir / storage).unlink(missing_ok=True)

    def _add(self, session: Session, name: str, media_type: str, data: bytes, storage: str) -> DocumentRow:
        return documents.add_row(
            session,
            key=self._service.database.keys.next(),
            name=name,
            media_type=media_type,
            data=data,
            storage=storage,
            at=self._service.clock.now(),
            by=self._by,
            draft=self._draft,
        )

    def _belongs(self, row: DocumentRow) -> bool:
        return row.draft_sha256 == self._draft


class TaskUploads(DraftUploads):
    """Files of a colleague's draft for a task; they join the complaint when the task is completed.

    Files of the complaint that the task's form shows anyway (``stored``), or that the same person added, are found too.
    """

    def __init__(
        self, service: Redress, root_key: int, place: str, *, stored: Mapping[str, Any], by: str
    ) -> None:
        """``root_key`` is the case's root instance, ``place`` where the draft lies."""
        super().__init__(service, drafts.mark_of(place), by=by)
        self._complaint = service.engine.read(lambda session: complaint_of_root(session, root_key))
        self._shown = frozenset(_texts(stored))

    def join(self, session: Session, answers: Mapping[str, Any]) -> None:
        """Hand the files named in the answers to the complaint, as part of the caller's unit of work."""
        keys = [int(text) for text in _texts(answers) if text.isascii() and text.isdigit() and len(text) < 19]
        if self._complaint is not None and keys:
            session.execute(
                update(DocumentRow)
                .where(DocumentRow.key.in_(keys), DocumentRow.draft_sha256 == self._draft)
                .values(complaint_key=self._complaint, draft_sha256=None)
            )

    def _belongs(self, row: DocumentRow) -> bool:
        of_case = self._complaint is not None and row.complaint_key == self._complaint
        return super()._belongs(row) or (
            of_case and (row.added_by == self._by or str(row.key) in self._shown)
        )


def _texts(value: Any) -> Iterator[str]:
    """Yield every text at any depth of plain JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _document(row: DocumentRow) -> Document:
    return Document(key=str(row.key), name=row.name, size=row.size, kind=row.media_type, state="unscanned")
