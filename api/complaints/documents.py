"""Attachments: accepted by content and ending, kept under random names, written before their row, served as downloads only."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import struct
import zipfile
from datetime import datetime
from pathlib import Path

import puremagic
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.complaints.tables import DocumentRow
from engine.errors import Invalid, NotFound

LARGEST = 10 * 1024 * 1024
MOST = 10
KINDS: dict[str, tuple[str, str]] = {
    ".pdf": ("application/pdf", "PDF"),
    ".png": ("image/png", "picture"),
    ".jpg": ("image/jpeg", "picture"),
    ".jpeg": ("image/jpeg", "picture"),
    ".webp": ("image/webp", "picture"),
    ".txt": ("text/plain", "text"),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word document"),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel sheet"),
    ".odt": ("application/vnd.oasis.opendocument.text", "OpenDocument text"),
    ".eml": ("message/rfc822", "e-mail"),
}
ACCEPTED = "PDF, PNG, JPEG, WebP, TXT, DOCX, XLSX, ODT or EML"
_MARKERS = {".docx": "word/", ".xlsx": "xl/", ".odt": "content.xml"}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


class FileRefused(Invalid):
    """This file cannot be accepted."""

    code = "file_refused"


class DocumentNotFound(NotFound):
    """There is no such document."""

    code = "document_not_found"


def check_file(name: str, data: bytes) -> str:
    """Return the media type of an acceptable file. Raises ``FileRefused`` saying what is accepted."""
    if not data:
        raise FileRefused("The file is empty. Choose another.", file_code="file_empty")
    if len(data) > LARGEST:
        size = len(data) / 1024 / 1024
        raise FileRefused(
            f"The file is {size:.1f} MB; it must be 10 MB or smaller.", file_code="file_too_large"
        )
    ending = Path(name).suffix.lower()
    if ending not in KINDS or not _content_agrees(ending, data):
        raise FileRefused(f"The file must be a {ACCEPTED} file.", file_code="file_wrong_kind")
    return KINDS[ending][0]


def shown_name(name: str) -> str:
    """Return a file's name fit to be shown: no path, no control or direction characters, at most 150 characters."""
    bare = _CONTROLS.sub("", re.split(r"[\\/]", name)[-1]).strip() or "file"
    stem, ending = os.path.splitext(bare)
    return f"{stem[: 150 - len(ending)]}{ending[:20]}"


def store_bytes(folder: Path, data: bytes) -> str:
    """Write the bytes durably under a random name and return it; the row that names it comes afterwards."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = secrets.token_hex(16)
    draft = folder / f"{name}.part"
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder / name)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return name


def add_row(
    session: Session,
    *,
    key: int,
    name: str,
    media_type: str,
    data: bytes,
    storage: str,
    at: datetime,
    by: str,
    complaint_key: int | None = None,
    draft: bytes | None = None,
) -> DocumentRow:
    """Add the row of a stored file, to a complaint or to a draft. Raises ``FileRefused`` beyond ten files."""
    place = DocumentRow.complaint_key == complaint_key if complaint_key else DocumentRow.draft_sha256 == draft
    if draft is not None and (session.scalar(select(func.count()).where(place)) or 0) >= MOST:
        raise FileRefused(f"You can add {MOST} files. Remove one first.", file_code="file_too_many")
    row = DocumentRow(
        key=key,
        complaint_key=complaint_key,
        draft_sha256=draft,
        name=shown_name(name),
        media_type=media_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        storage=storage,
        added_at=at,
        added_by=by,
    )
    session.add(row)
    session.flush()
    return row


def same(session: Session, draft: bytes, name: str, data: bytes) -> DocumentRow | None:
    """Return the file of a draft that has this name and these bytes already, None when there is none."""
    return session.scalar(
        select(DocumentRow).where(
            DocumentRow.draft_sha256 == draft,
            DocumentRow.name == shown_name(name),
            DocumentRow.sha256 == hashlib.sha256(data).hexdigest(),
        )
    )


def read_bytes(folder: Path, row: DocumentRow) -> bytes:
    """Return the bytes of a document as they came in. Raises ``DocumentNotFound`` if the file is gone or was changed."""
    try:
        data = (folder / row.storage).read_bytes()
    except FileNotFoundError:
        raise DocumentNotFound(document=str(row.key)) from None
    if hashlib.sha256(data).hexdigest() != row.sha256:
        raise DocumentNotFound(
            "This file was changed after it was stored and is not handed out.", document=str(row.key)
        )
    return data


def _content_agrees(ending: str, data: bytes) -> bool:
    if ending in _MARKERS:
        return _is_office(ending, data)
    if ending in (".txt", ".eml"):
        return _is_text(data)
    try:
        found = {match.mime_type for match in puremagic.magic_string(data)}
    except puremagic.PureError:
        return False
    return KINDS[ending][0] in found


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return "\x00" not in text and not text.lstrip()[:512].lower().startswith(
        ("<!doctype", "<html", "<script", "<svg", "<?xml")
    )


def _is_office(ending: str, data: bytes) -> bool:
    """Judge a zip from its directory alone: 2,000 entries, 200 MB unpacked, ratio 100, no macros."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError, struct.error):
        return False
    unpacked = sum(entry.file_size for entry in entries)
    names = [entry.filename for entry in entries]
    return (
        len(entries) <= 2_000
        and unpacked <= 200 * 1024 * 1024
        and unpacked <= 100 * max(1, len(data))
        and any(name.startswith(_MARKERS[ending]) for name in names)
        and not any(name.lower().endswith(("vbaproject.bin", ".exe", ".js")) for name in names)
    )
