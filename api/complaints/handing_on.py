"""Complaints whose owner is gone or has lost the role: somebody else looks after them, or nobody, and the team leaders know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import Desk
from api.complaints.eligibility import held_in_vain, release_barred
from api.complaints.keeping_away import OWNED, group_of_owner, owned_anew
from api.complaints.tables import ComplaintRow, NoticeRow
from api.complaints.under_way import is_under_way, under_way
from api.identity import people
from api.identity.decide import ComplaintFacts, may
from api.identity.people import Person
from engine.actors import SYSTEM
from engine.deadlines.clocks import Act

if TYPE_CHECKING:
    from api.wiring import Redress

EVERY = timedelta(hours=1)
LEADERS = "team-leads"
REASON = "The owner can no longer look after it"


def settle(service: Redress) -> int:
    """Hand on every open complaint whose owner left, take back tasks of whoever may not do them; return of how many.

    Whoever changes an account calls it, so that it happens at once; as a chore it finds what was changed in any other way. Each
    complaint is a unit of work of its own. Doing it again changes nothing.
    """
    keys = service.engine.read(_found)
    for key in keys:
        act = Act(at=service.clock.now(), by=SYSTEM.name, reason=REASON)

        def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
            _hand_on(service, desk, complaint)
            return ()

        service.move_clocks(key, change, act=act, by=SYSTEM)
    return len(keys)


def _found(session: Session) -> list[int]:
    known = {person.name: person for person in people.everybody(session)}
    owned = session.scalars(select(ComplaintRow).where(ComplaintRow.owner.is_not(None), under_way()))
    left = {row.key for row in owned if not _can_own(session, row, known)}
    return sorted(left | held_in_vain(session))


def _hand_on(service: Redress, desk: Desk, complaint: ComplaintRow) -> None:
    session, owner = desk.session, complaint.owner
    known = {person.name: person for person in people.everybody(session)}
    if owner is not None and is_under_way(complaint) and not _can_own(session, complaint, known):
        complaint.owner = None
        shown = known[owner].display_name if owner in known else owner
        text = f"{shown} no longer looks after this complaint"
        desk.tell(complaint.key, "owner-left", text, facts={"person": owner})
        session.flush()
        said = owned_anew(desk, complaint)
        session.add(
            NoticeRow(
                key=desk.next_key(),
                complaint_key=complaint.key,
                group_name=LEADERS,
                subject=f"Complaint {complaint.reference} has lost its owner",
                text=f"{text}: the account was disabled or lost the role. {said}",
                at=desk.act.at,
            )
        )
        session.flush()
        if complaint.instance_key is not None:
            service.engine.overwrite_within(session, complaint.instance_key, OWNED, complaint.owner)
    release_barred(session, [complaint.key], at=desk.act.at, next_key=desk.next_key)


def _can_own(session: Session, complaint: ComplaintRow, known: Mapping[str, Person]) -> bool:
    """Tell whether the owner is active and of the group they were chosen from; one nobody chose must be able to write on it."""
    owner = known.get(complaint.owner or "")
    if owner is None or not owner.active:
        return False
    group = group_of_owner(session, complaint)
    if group is not None:
        return group in owner.groups
    return bool(may(owner, "complaint.write", ComplaintFacts(owner=True)))
