"""Handing out documents: as downloads only, to people who may read the complaint."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response
from flask.typing import ResponseReturnValue

from api.complaints import documents
from api.complaints.documents import DocumentNotFound
from api.complaints.reading import complaint as complaint_row
from api.complaints.search import facts_for
from api.complaints.tables import DocumentRow
from api.context import require, the_person, the_service
from api.db import db
from api.identity.doors import action
from api.web.staff import blueprint


@blueprint.get("/documents/<int:key>")
@action("complaint.read")
def download(key: int) -> ResponseReturnValue:
    """Return the file as it came in. 404 when it is not there, was changed, or is not for this person."""
    session, person = db.session(), the_person()
    row = session.get(DocumentRow, key)
    if row is None:
        raise DocumentNotFound(document=str(key))
    if row.complaint_key is None:
        if row.added_by != person.name:
            raise DocumentNotFound(document=str(key))
    else:
        facts = facts_for(session, person, complaint_row(session, row.complaint_key))
        require("complaint.read", facts, absent=DocumentNotFound(document=str(key)))
    return as_download(row, documents.read_bytes(the_service().settings.uploads_dir, row))


def as_download(row: DocumentRow, data: bytes) -> Response:
    """Return the bytes as an attachment that no browser will run."""
    answer = Response(data, mimetype=row.media_type)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(row.name, safe='')}"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
