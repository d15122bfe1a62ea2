"""Who may not do what, because of what they did before or who they are: four eyes and conflict of interest (ISO 10002 4.7).

The rules stand in code so that neither a diagram nor a direct call can weaken them; a diagram only says, in the task header
``duty``, which kind of work a task is.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.complaints.tables import ComplaintRow, DutyRow, ExclusionRow

HANDLING = frozenset(
    {
        "screen",
        "assess",
        "plan",
        "early-resolution",
        "investigate",
        "find",
        "draft",
        "quality-check",
        "approve",
        "handle",
    }
)
SEPARATED: dict[str, frozenset[str]] = {
    "quality-check": frozenset({"draft"}),
    "approve": frozenset({"draft"}),
    "verify": frozenset({"correct"}),
    "appeal": frozenset({"screen"}),
    "stage-two": HANDLING,
    "stage-two-approve": frozenset({"stage-two"}) | HANDLING,
}
UNSEPARATED = frozenset(
    {
        "acknowledge",
        "close",
        "contribute",
        "correct",
        "decide",
        "extend",
        "notify",
        "refer",
        "reply",
        "update",
    }
)
DUTIES = UNSEPARATED | HANDLING | frozenset(SEPARATED).union(*SEPARATED.values())
SAID: dict[str, str] = {
    "quality-check": "You drafted this answer; somebody else checks it.",
    "approve": "You drafted this answer; somebody else approves it.",
    "verify": "You carried out this correction; somebody else verifies it.",
    "appeal": "You turned this complaint away; somebody else decides the appeal.",
    "stage-two": "You took part in this complaint before; the review needs somebody new.",
    "stage-two-approve": "You took part in this complaint before; the review needs somebody new.",
}

_NEWLY = "newly_excluded"  # complaint keys, in the transaction


def exclude(session: Session, complaint_key: int, person: str, *, reason: str, at: datetime) -> None:
    """Keep ``person`` away from the complaint from now on; doing it again changes nothing.

    They lose its ownership at once; tasks they hold are taken back at the end of the step (``eligibility``). What else follows
    for a complaint that is being handled is done by ``keeping_away``.
    """
    if is_excluded(session, complaint_key, person):
        return
    session.add(ExclusionRow(complaint_key=complaint_key, person_name=person, reason=reason, at=at))
    session.execute(
        update(ComplaintRow)
        .where(ComplaintRow.key == complaint_key, ComplaintRow.owner == person)
        .values(owner=None)
    )
    session.flush()
    session.info.setdefault(_NEWLY, set()).add(complaint_key)


def newly_excluded(session: Session) -> frozenset[int]:
    """Return the complaints somebody has been excluded from in this transaction since the last time this was asked."""
    found: set[int] = session.info.pop(_NEWLY, set())
    return frozenset(found)


def is_excluded(session: Session, complaint_key: int, person: str) -> bool:
    """Tell whether a conflict of interest keeps ``person`` away from the complaint altogether."""
    return session.get(ExclusionRow, (complaint_key, person)) is not None


def excluded_from(session: Session, person: str) -> frozenset[int]:
    """Return the keys of all complaints ``person`` is kept away from."""
    return frozenset(
        session.scalars(select(ExclusionRow.complaint_key).where(ExclusionRow.person_name == person))
    )


def objection(session: Session, complaint_key: int, *, duty: str | None, person: str) -> str | None:
    """Return why ``person`` may not do work of this ``duty`` on the complaint, or None.

    Nobody may do work of a duty that is not known: it would keep nobody apart. A deployment refuses such a diagram; this
    holds for those that were deployed before.
    """
    if duty and duty not in DUTIES:
        return f"The diagram calls this duty {duty!r}, which is none; a process owner has to correct it."
    apart = SEPARATED.get(duty or "")
    if not apart:
        return None
    done = session.scalar(
        select(DutyRow.key)
        .where(DutyRow.complaint_key == complaint_key, DutyRow.person_name == person, DutyRow.duty.in_(apart))
        .limit(1)
    )
    return SAID[duty or ""] if done is not None else None


def barred(
    session: Session, complaint_key: int, *, duty: str | None, people: Collection[str]
) -> dict[str, str]:
    """Return who of ``people`` may not take such a task, with the reason; for pages that offer an assignment."""
    reasons: dict[str, str] = {}
    for person in people:
        if is_excluded(session, complaint_key, person):
            reasons[person] = "Conflict of interest"
        elif said := objection(session, complaint_key, duty=duty, person=person):
            reasons[person] = said
    return reasons
