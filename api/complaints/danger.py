"""Danger found in a step of a diagram: the case hears of it in that step and protects people beside whatever goes on."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.errand import Errand
from api.complaints.tables import ComplaintRow, RecordRow, oldest_first

FOUND = "danger-found"  # the message that has people protected


def tell_of_danger(errand: Errand) -> None:
    """``redress:danger``: have people protected, in this step, from danger that was found.

    Input ``found`` true: somebody found it here. It is told, whatever was told before: it may be another danger.
    Input ``danger`` true: something must be done. While nobody has acted yet on danger told before, that task stands for this too.
    Input ``risk`` true: somebody could be hurt. It makes nothing new of a danger that was told before, acted on or not.
    """
    told, acted = tellings(errand.session, errand.complaint)
    danger, risk = errand.value("danger") is True, errand.value("risk") is True
    found = errand.value("found") is True
    if found or (danger and len(told) <= acted) or (risk and not told):
        errand.context.publish(FOUND, str(errand.complaint.key), {})
    elif danger or risk:
        errand.tell("danger-known", "Danger found that was told before")


def tellings(session: Session, complaint: ComplaintRow) -> tuple[list[RecordRow], int]:
    """Return the records of danger told, oldest first, and how many immediate actions were taken: each telling has its own."""
    records = session.scalars(
        select(RecordRow).where(RecordRow.complaint_key == complaint.key).order_by(*oldest_first(RecordRow))
    ).all()
    acted = sum(one.kind == "remedy" and one.data.get("kind") == "immediate_action" for one in records)
    return [one for one in records if one.kind == "danger"], acted
