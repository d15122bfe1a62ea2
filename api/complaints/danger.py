"""Danger found in a step of a diagram: the case hears of it in that step and protects people beside whatever goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.errand import Errand
from api.complaints.tables import ComplaintRow, RecordRow, oldest_first
from engine.zones import in_utc

FOUND = "danger-found"  # the message that has people protected
_JOINED = "joinedDanger"  # the fact of a complaint that one telling of danger has joined
_SINCE = "since"  # in it: when each was told that nobody had acted on, as text
_RECEIPT = "receipt"  # in it: whether danger told at its own receipt was not noted then


def tell_of_danger(errand: Errand) -> None:
    """``redress:danger``: have people protected, in this step, from danger that was found.

    Input ``found`` true: somebody found it here. It is told, whatever was told before: it may be another danger.
    Input ``danger`` true: something must be done. While nobody has acted yet on danger told before, that task stands for this too.
    Input ``risk`` true: somebody could be hurt. It makes nothing new of a danger that was told before, acted on or not.
    """
    told, unmet = tellings(errand.session, errand.complaint)
    known = bool(told) or _JOINED in errand.complaint.facts
    danger, risk = errand.value("danger") is True, errand.value("risk") is True
    found = errand.value("found") is True
    if found or (danger and not unmet) or (risk and not known):
        errand.context.publish(FOUND, str(errand.complaint.key), found_since(None))
    elif danger or risk:
        errand.tell("danger-known", "Danger found that was told before")


def found_since(at: datetime | None) -> dict[str, datetime | None]:
    """Return what ``FOUND`` says of danger that was told at a moment (aware UTC) before; None: it is told now."""
    return {"dangerSince": at}


def unmet_dangers(session: Session, complaint: ComplaintRow) -> list[datetime]:
    """Return when each danger was first told that nobody has acted on yet, aware UTC, the oldest first.

    Danger told at the receipt counts also where the case got stuck before it was noted.
    """
    records = _records(session, complaint)
    told = _told(complaint, records)
    if _not_noted(complaint, records):
        told = sorted([complaint.recorded_at, *told])
    return _left(told, records)


def tellings(session: Session, complaint: ComplaintRow) -> tuple[list[datetime], list[datetime]]:
    """Return when each danger was first told, and of those nobody has acted on, the oldest first.

    One that goes on after a withdrawal is noted once more, with the moment at which it was told: it is one danger. An immediate
    action names the danger it was taken for; one from before they did stands for the oldest. What came with a complaint that
    joined this one counts before it is noted here, too.
    """
    records = _records(session, complaint)
    told = _told(complaint, records)
    return told, _left(told, records)


def join_danger(session: Session, newer: ComplaintRow, older: ComplaintRow) -> list[datetime]:
    """Make a complaint (``older``) tell of the danger that the one joining it tells of; of none, nothing.

    Returns when each danger was first told that nobody has acted on yet, aware UTC, the oldest first. What somebody acted on
    before is over: it makes the earlier one dangerous, and is nobody's task there.
    """
    unmet = unmet_dangers(session, newer)
    if newer.facts.get("danger") is not True:
        return unmet
    kept = older.facts.get(_JOINED) or {_SINCE: [], _RECEIPT: _not_noted(older, _records(session, older))}
    since = [*kept[_SINCE], *(each.isoformat() for each in unmet)]
    older.facts = older.facts | {"danger": True, _JOINED: kept | {_SINCE: since}}
    return unmet


def _records(session: Session, complaint: ComplaintRow) -> Sequence[RecordRow]:
    return session.scalars(
        select(RecordRow).where(RecordRow.complaint_key == complaint.key).order_by(*oldest_first(RecordRow))
    ).all()


def _told(complaint: ComplaintRow, records: Iterable[RecordRow]) -> list[datetime]:
    noted = [one for one in records if one.kind == "danger"]
    here = Counter(one.at for one in noted if _told_here(one))
    joined = Counter(_moment(each) for each in complaint.facts.get(_JOINED, {}).get(_SINCE, ()))
    elsewhere = Counter({_first_told(one) for one in noted})  # noted once more, or as it joined: one danger
    return sorted((here | joined | elsewhere).elements())


def _not_noted(complaint: ComplaintRow, records: Iterable[RecordRow]) -> bool:
    """Tell whether danger was told at the receipt of this complaint itself and stands nowhere else yet."""
    joined = complaint.facts.get(_JOINED)
    noted = [one for one in records if one.kind == "danger"]
    if joined is None:
        return complaint.facts.get("danger") is True and not noted
    found = {_first_told(one) for one in noted}
    return (
        joined[_RECEIPT] and complaint.recorded_at not in found and not any(_told_here(one) for one in noted)
    )


def _left(told: Iterable[datetime], records: Iterable[RecordRow]) -> list[datetime]:
    """Return which of the dangers nobody has acted on, the oldest first."""
    acted = [one.data.get("danger") for one in records if _is_action(one)]
    left = Counter(told) - Counter(_moment(each) for each in acted if each)
    return sorted(left.elements())[acted.count(None) :]


def _told_here(record: RecordRow) -> bool:
    """Tell whether the danger was told of this very complaint, as it was noted."""
    return _first_told(record) == record.at


def _is_action(record: RecordRow) -> bool:
    return record.kind == "remedy" and record.data.get("kind") == "immediate_action"


def _first_told(record: RecordRow) -> datetime:
    since = record.data.get("since")
    return _moment(since) if since else record.at


def _moment(kept: str) -> datetime:
    """Return a moment as records keep it, with an offset or with the name of its zone (``…@Europe/London``)."""
    wall, _, zone = kept.partition("@")
    at = datetime.fromisoformat(wall)
    return in_utc(at.replace(tzinfo=ZoneInfo(zone)) if zone else at)
