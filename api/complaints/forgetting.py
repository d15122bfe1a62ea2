"""What is erased by itself: drafts whose time is over, with their files, and visits that ended."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlalchemy.orm import Session

from api.complaints import drafts
from api.complaints.tables import LinkRow

if TYPE_CHECKING:
    from api.wiring import Redress

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
