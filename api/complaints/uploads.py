"""Where files of forms go at once: under a visitor's draft, or onto the complaint of a colleague's task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import documents
from api.complaints.documents import LARGEST
from api.complaints.tables import ComplaintRow, DocumentRow
from api.web.forms import FileRefused
from engine.forms import Document

if TYPE_CHECKING:
    from api.wiring import Redress


class _Uploads:
    """A store of files for one form; ``find`` knows the files of this person's draft or complaint only."""

    def __init__(self, service: Redress, *, by: str) -> None:
        self._service, self._by = service, by

    def keep(self, path: str, file: Any) -> Document:  # noqa: ARG002
        """Store one posted file. Raises ``FileRefused`` with its code."""
        name = documents.shown_name(file.filename or "file")
        data = file.stream.read(LARGEST + 1)
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
        row = self._service.engine.read(lambda session: session.get(DocumentRow, int(key)))
        return _document(row) if row is not None and self._belongs(row) else None

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
            **self._place(),
        )

    def _place(self) -> dict[str, Any]:
        raise NotImplementedError

    def _belongs(self, row: DocumentRow) -> bool:
        raise NotImplementedError


class DraftUploads(_Uploads):
    """Files of somebody's unsent draft, found by the hash of its cookie (or of another draft's place)."""

    def __init__(self, service: Redress, draft: bytes, *, by: str) -> None:
        """``draft`` is 32 bytes."""
        super().__init__(service, by=by)
        self._draft = draft

    def _place(self) -> dict[str, Any]:
        return {"draft": self._draft}

    def _belongs(self, row: DocumentRow) -> bool:
        return row.draft_sha256 == self._draft


class CaseUploads(_Uploads):
    """Files added to the complaint of a process instance."""

    def __init__(self, service: Redress, root_key: int, *, by: str) -> None:
        """``root_key`` is the case's root instance."""
        super().__init__(service, by=by)
        query = select(ComplaintRow.key).where(ComplaintRow.instance_key == root_key)
        self._complaint = service.engine.read(lambda session: session.scalar(query))

    def _place(self) -> dict[str, Any]:
        return {"complaint_key": self._complaint}

    def _belongs(self, row: DocumentRow) -> bool:
        return self._complaint is not None and row.complaint_key == self._complaint


def _document(row: DocumentRow) -> Document:
    return Document(key=str(row.key), name=row.name, size=row.size, kind=row.media_type, state="unscanned")
