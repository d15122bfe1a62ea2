"""What is erased by itself: drafts whose time is over, with their files, visits that ended, files that belong to nothing."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.complaints import drafts
from api.complaints.tables import DocumentRow, LinkRow

if TYPE_CHECKING:
    from api.wiring import Redress

log = logging.getLogger("redress")
EVERY = timedelta(hours=1)


def forget_expired(service: Redress) -> int:
    """Erase what has expired and return how many files went with it. Rows go first: no page shows a file that is gone."""
    now = service.clock.now()

    def work(session: Session) -> list[str]:
        session.execute(delete(LinkRow).where(LinkRow.purpose == "visit", LinkRow.expires_at <= now))
        return drafts.purge(session, at=now)

    storages = service.engine.write(work)
    for storage in storages:
        (service.settings.uploads_dir / storage).unlink(missing_ok=True)
    return len(storages)


def erase_strangers(service: Redress) -> int:
    """Erase files of the uploads folder that have lain there for a day and that no row names; return how many.

    They are left when a process ends between writing a file and its row, or between forgetting a row and its file.
    """
    folder, before = service.settings.uploads_dir, service.clock.now() - drafts.ORPHAN_LIFE
    if not folder.is_dir():
        return 0
    old = [
        path
        for path in folder.iterdir()
        if path.is_file() and datetime.fromtimestamp(path.stat().st_mtime, UTC) < before
    ]
    named = service.engine.read(lambda session: set(session.scalars(select(DocumentRow.storage))))
    strangers = [path for path in old if path.name not in named]
    for path in strangers:
        path.unlink(missing_ok=True)
    if strangers:
        log.info("erased %d files that belong to nothing", len(strangers))
    return len(strangers)
