"""Secret links in letters: kept text holds a mark, and the link itself stands only in the bytes that leave.

A token is made from the house's key and the Message-ID, so that a letter tried again holds the same link; the database keeps
its hash alone. A link to an unsent complaint exists already, in its writer's cookie: the mark holds it sealed with that key.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from hmac import digest as hmac
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.links import keep_link
from api.complaints.parties import may_act, parties
from api.complaints.tables import ComplaintRow, LetterRow, PartyRow
from api.secrets import opened, sealed
from engine.clock import Clock
from engine.jobs.letters import Letter, LetterRefused, Postman, Receipt
from engine.store.database import Database
from engine.store.tables import outbox
from engine.store.unit_of_work import write
from engine.zones import local_date

STATUS_LINK = "[[status-link]]"
SHOWN = "(your secret link)"  # where somebody reads the letter again
_SEALED = re.compile(r"\[\[resume-link:([\w-]+)\]\]")
_MARKS = re.compile(r"\[\[(?=status-link|resume-link)")


def resume_mark(secret: str, key: bytes) -> str:
    """Return the mark of a link to an unsent complaint."""
    return f"[[resume-link:{sealed(secret, key)}]]"


def shown(text: str) -> str:
    """Return a letter's text as somebody may read it who is not to have its link."""
    return _SEALED.sub(SHOWN, text.replace(STATUS_LINK, SHOWN))


def disarmed(value: Any) -> Any:
    """Return ``value`` with whatever others typed as one of our marks made mere words."""
    if isinstance(value, str):
        return _MARKS.sub("[ [", value)
    if isinstance(value, list):
        return [disarmed(item) for item in value]
    if isinstance(value, dict):
        return {name: disarmed(item) for name, item in value.items()}
    return value


class LinkingPostman:
    """Puts the links where the marks are, and hands the letter on."""

    def __init__(
        self,
        postman: Postman,
        database: Database,
        *,
        clock: Clock,
        zone: ZoneInfo,
        base_url: str,
        key: Callable[[], bytes],
    ) -> None:
        """``key`` gives the house's key for links when the first one is made; authority ends with a day in ``zone``."""
        self._postman, self._database, self._clock, self._zone = postman, database, clock, zone
        self._base_url, self._key = base_url, key

    def send(self, letter: Letter) -> Receipt:
        """Hand the letter over, its link noted before. Raises ``LetterDelayed`` or ``LetterRefused``."""
        if STATUS_LINK in letter.text + letter.html:
            token = self._token(letter)
            write(self._database, lambda session: self._keep(session, letter, token))
            letter = _with(letter, STATUS_LINK, f"{self._base_url}/t/{token}")
        for found in set(_SEALED.findall(letter.text + letter.html)):
            secret = opened(found, self._key())
            letter = _with(letter, f"[[resume-link:{found}]]", f"{self._base_url}/complain/resume/{secret}")
        return self._postman.send(letter)

    def _token(self, letter: Letter) -> str:
        made = hmac(self._key(), f"status-link {letter.message_id}".encode(), "sha256")
        return urlsafe_b64encode(made).decode().rstrip("=")

    def _keep(self, session: Session, letter: Letter, token: str) -> None:
        now = self._clock.now()
        kept = session.scalar(select(LetterRow).where(LetterRow.outbox_key == letter.key))
        complaint_key = kept.complaint_key if kept is not None else _complaint_of(session, letter.key)
        if complaint_key is None:
            raise LetterRefused("The letter names a status page, and belongs to no complaint.")
        party_key = kept.party_key if kept is not None else None
        if party_key is None:
            holder = _holder(session, complaint_key, letter.recipient, on=local_date(now, self._zone))
            party_key = None if holder is None else holder.key
        keep_link(session, token, complaint_key, purpose="follow", party_key=party_key, at=now)


def _complaint_of(session: Session, outbox_key: int) -> int | None:
    return session.scalar(
        select(ComplaintRow.key)
        .join(outbox, outbox.c.case_key == ComplaintRow.instance_key)
        .where(outbox.c.key == outbox_key)
    )


def _holder(session: Session, complaint_key: int, recipient: str, *, on: date) -> PartyRow | None:
    """Return whose link it is: who is written to at this address, whoever may act first."""
    known = [party for party in parties(session, complaint_key).values() if party.email == recipient]
    return next((party for party in known if may_act(party, on=on)), known[0] if known else None)


def _with(letter: Letter, mark: str, link: str) -> Letter:
    anchor = f'<a href="{escape(link)}">{escape(link)}</a>'
    return replace(letter, text=letter.text.replace(mark, link), html=letter.html.replace(mark, anchor))
