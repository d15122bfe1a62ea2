"""Take the complainants' secret links out of letters, notices and outgoing mail that are kept.

Links that may have reached people, in mail or on paper, stay alive; only our copy of the letter loses them. Mail that has not
left yet gets a new link as it leaves, and its old one, which nobody but staff can have seen, dies. A letter that still waits to
be posted says how to ask for a link instead.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004_letters"
down_revision = "0003_answers"
branch_labels = None
depends_on = None

MARK = "[[status-link]]"
ON_PAPER = "(call or write to us, and name the reference)"
GONE = "(the link was sent)"
_STATUS = re.compile(r"https?://[^\s\"'<>]+/t/([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])")
_ANCHOR = re.compile(r"<a [^>]*href=[\"'][^\"']*/t/[A-Za-z0-9_-]{43}[\"'][^>]*>(.*?)</a>", re.DOTALL)
_RESUME = re.compile(r"https?://[^\s\"'<>]+/complain/resume/[A-Za-z0-9_-]{20,100}")
_BATCH = 500


def upgrade() -> None:
    """Replace each link by a mark, row by row; what holds none stays as it is."""
    connection = op.get_bind()
    meta = sa.MetaData()
    letters = sa.Table("complaint_letters", meta, autoload_with=connection)
    notices = sa.Table("notices", meta, autoload_with=connection)
    links = sa.Table("complaint_links", meta, autoload_with=connection)
    outbox = sa.Table("outbox", meta, autoload_with=connection)
    reached: set[str] = set()  # tokens somebody may have, by mail or on paper
    untried: set[str] = set()

    def letter(row: sa.Row[Any]) -> dict[str, str]:
        mailed = row.channel == "e-mail"
        if not mailed:
            reached.update(_STATUS.findall(f"{row.text} {row.html}"))
        mark = MARK if mailed or row.dispatched_at is not None else ON_PAPER
        return {name: _without(getattr(row, name), mark) for name in ("subject", "text", "html")}

    def notice(row: sa.Row[Any]) -> dict[str, str]:
        return {name: _without(getattr(row, name), MARK) for name in ("subject", "text")}

    def mail(row: sa.Row[Any]) -> dict[str, bytes]:
        body = json.loads(bytes(row.body))
        waits = row.state in ("queued", "sending")
        tried = row.state != "queued" or row.smtp_reply is not None
        (reached if tried else untried).update(_STATUS.findall(" ".join(map(str, body.values()))))
        cleaned = _mail(body, waits=waits)
        return {} if cleaned == body else {"body": json.dumps(cleaned, ensure_ascii=False).encode()}

    _rewrite(connection, letters, letter)
    _rewrite(connection, notices, notice)
    _rewrite(connection, outbox, mail)
    for token in sorted(untried - reached):
        hashed = hashlib.sha256(token.encode()).digest()
        connection.execute(sa.delete(links).where(links.c.token_sha256 == hashed))


def _rewrite(
    connection: sa.Connection, table: sa.Table, change: Callable[[sa.Row[Any]], dict[str, Any]]
) -> None:
    last = 0
    while True:
        rows = connection.execute(
            sa.select(table).where(table.c.key > last).order_by(table.c.key).limit(_BATCH)
        ).all()
        if not rows:
            return
        for row in rows:
            values = {name: value for name, value in change(row).items() if value != getattr(row, name)}
            if values:
                connection.execute(sa.update(table).where(table.c.key == row.key).values(**values))
        last = rows[-1].key


def _mail(body: dict[str, str], *, waits: bool) -> dict[str, str]:
    """Return an outgoing mail without links; one that still waits with a link to an unsent complaint leaves with it."""
    cleaned = {name: _without(text, MARK) for name, text in body.items()}
    return cleaned if waits else {name: _RESUME.sub(GONE, text) for name, text in cleaned.items()}


def _without(text: str, mark: str) -> str:
    return _STATUS.sub(mark, _ANCHOR.sub(r"\1", text))


def downgrade() -> None:
    """The links are known to nobody any more."""
    raise NotImplementedError
