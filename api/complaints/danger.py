"""Danger found in a step of a diagram: the case hears of it in that step and protects people beside whatever goes on."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.errand import Errand
from api.complaints.tables import ComplaintRow, RecordRow, oldest_first
from engine.zones import in_utc

FOUND = "danger-found"  # the message that has people protected


def tell_of_danger(errand: Errand) -> None:
    """``redress:danger``: have people protected, in this step, from danger that was found.

    Input ``found`` true: somebody found it here. It is told, whatever was told before: it may be another danger.
    Input ``danger`` true: something must be done. While nobody has acted yet on danger told before, that task stands for this too.
    Input ``risk`` true: somebody could be hurt. It makes nothing new of a danger that was told before, acted on or not.
    """
    told, unmet = tellings(errand.session, errand.complaint)
    danger, risk = errand.value("danger") is True, errand.value("risk") is True
    found = errand.value("found") is True
    if found or (danger and not unmet) or (risk and not told):
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
    told, unmet = tellings(session, complaint)
    return unmet if told or complaint.facts.get("danger") is not True else [complaint.recorded_at]


def tellings(session: Session, complaint: ComplaintRow) -> tuple[list[datetime], list[datetime]]:
    """Return when each danger was first told, and of those nobody has acted on, the oldest first.

    One that goes on after a withdrawal is noted once more, with the moment at which it was told: it is one danger. An immediate
    action names the danger it was taken for; one from before they did stands for the oldest.
    """
    records = session.scalars(
        select(RecordRow).where(RecordRow.complaint_key == complaint.key).order_by(*oldest_first(RecordRow))
    ).all()
    noted = [(_first_told(one), one.at) for one in records if one.kind == "danger"]
    here = [first for first, at in noted if first == at]
    told = sorted([*here, *({first for first, _ in noted} - set(here))])
    acted = [one.data.get("danger") for one in records if _is_action(one)]
    left = Counter(told) - Counter(_moment(each) for each in acted if each)
    return told, sorted(left.elements())[acted.count(None) :]


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
