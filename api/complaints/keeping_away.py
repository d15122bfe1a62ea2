"""Keeping a colleague away from a complaint that is being handled, and letting them back: everything that follows in one step."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import Desk
from api.complaints.errand import Errand
from api.complaints.from_complainant import ADDITION
from api.complaints.joined import FROM, INTO
from api.complaints.separation import barred, exclude, is_excluded
from api.complaints.tables import ComplaintRow, EventRow, ExclusionRow, NoticeRow, PartyRow, newest_first
from api.complaints.under_way import is_under_way, under_way
from api.identity import people
from api.identity.people import Person
from engine.errors import Conflict, Invalid

COLLEAGUES = "colleagues"  # what forms call the list; they get it as it is now
CONCERNED = "complained about"
CONFLICT = "conflict of interest"
OWNED = "owner"  # the kind of the timeline's line, and the variable that says who owns the complaint
MANAGERS = "complaints-managers"
Overwrite = Callable[[int, str, str | None], None]
"""Gives a variable another value wherever a case holds it: key of the case, name, value."""


class NoColleague(Invalid):
    """Select a colleague from the list."""

    code = "no_colleague"


class NotKeptAway(Conflict):
    """This colleague is not kept away from the complaint."""

    code = "not_kept_away"


def colleagues(session: Session) -> list[dict[str, str]]:
    """Return everybody with an active account as options of a form, by name."""
    return [
        {"label": f"{one.display_name} ({one.name})", "value": one.name}
        for one in people.everybody(session)
        if one.active
    ]


def kept_away(session: Session, complaint_key: int) -> list[ExclusionRow]:
    """Return who is kept away from a complaint, and why, in the order it was done."""
    rows = select(ExclusionRow).where(ExclusionRow.complaint_key == complaint_key)
    return list(session.scalars(rows.order_by(ExclusionRow.at, ExclusionRow.person_name)))


def keep_away(desk: Desk, complaint: ComplaintRow, person: str, *, reason: str, overwrite: Overwrite) -> None:
    """Keep ``person`` away from now on: ownership goes to somebody else, held tasks go back, the managers are told.

    The same for every complaint that has been joined with this one. Doing it again changes nothing. Raises ``NoColleague``.
    """
    found = people.find(desk.session, person)
    if found is None:
        raise NoColleague
    if is_excluded(desk.session, complaint.key, person):
        return
    owned = complaint.owner == person
    exclude(desk.session, complaint.key, person, reason=reason, at=desk.act.at)
    desk.session.refresh(complaint)
    text = f"{found.display_name} is kept away from this complaint"
    desk.tell(complaint.key, "kept-away", text, facts={"person": person, "reason": reason})
    said = [f"{found.display_name} neither sees nor handles complaint {complaint.reference} any more."]
    if owned and is_under_way(complaint):
        said.append(owned_anew(desk, complaint))
    desk.session.add(
        NoticeRow(
            key=desk.next_key(),
            complaint_key=complaint.key,
            group_name=MANAGERS,
            subject=f"Somebody is kept away from complaint {complaint.reference}",
            text=" ".join([*said, f"Reason: {reason}"]),
            at=desk.act.at,
        )
    )
    if complaint.instance_key is not None:
        overwrite(complaint.instance_key, OWNED, complaint.owner)
    for other in together(desk.session, complaint):
        keep_away(desk, other, person, reason=reason, overwrite=overwrite)


def let_back(desk: Desk, complaint: ComplaintRow, person: str) -> None:
    """Lift what keeps ``person`` away, here and from what has been joined, for the reason of the act. Raises ``NotKeptAway``.

    Who was named as complained about is that no longer.
    """
    row = desk.session.get(ExclusionRow, (complaint.key, person))
    if row is None:
        raise NotKeptAway
    desk.session.delete(row)
    desk.session.execute(
        delete(PartyRow).where(
            PartyRow.complaint_key == complaint.key,
            PartyRow.role == "staff-concerned",
            PartyRow.person_name == person,
        )
    )
    found = people.find(desk.session, person)
    text = f"{found.display_name if found else person} may see and handle this complaint again"
    desk.tell(complaint.key, "let-back", text, facts={"person": person, "reason": desk.act.reason})
    desk.session.flush()
    for other in together(desk.session, complaint):
        if is_excluded(desk.session, other.key, person):
            let_back(desk, other, person)


def together(session: Session, complaint: ComplaintRow) -> list[ComplaintRow]:
    """Return the complaint that this one joined, and those that joined it: each holds what the other says, or names it."""
    told = select(EventRow.facts).where(
        EventRow.complaint_key == complaint.key, EventRow.kind.in_(("merged", ADDITION))
    )
    named = {
        str(facts[name]) for facts in session.scalars(told) for name in (INTO, FROM) if name in (facts or {})
    }
    rows = select(ComplaintRow).where(ComplaintRow.reference.in_(sorted(named)))
    return list(session.scalars(rows.order_by(ComplaintRow.key)))


def keep_staff_away(errand: Errand) -> None:
    """``redress:keep-away``: whoever input ``staff`` (user names) names is complained about, and kept away in this step.

    Nobody named: nothing happens. Raises ``NoColleague``.
    """
    given = errand.value("staff")
    for name in dict.fromkeys(given if isinstance(given, list) else ()):
        concern(errand, errand.complaint, str(name))


def hand_over(errand: Errand, complaint: ComplaintRow, other: ComplaintRow) -> None:
    """Keep from ``other`` whoever is kept away from ``complaint``: what one says is read in the other from here on."""
    concerned = select(PartyRow.person_name).where(
        PartyRow.complaint_key == complaint.key, PartyRow.role == "staff-concerned"
    )
    for name in errand.session.scalars(concerned).all():
        concern(errand, other, str(name))
    for row in kept_away(errand.session, complaint.key):
        keep_away(errand.desk, other, row.person_name, reason=row.reason, overwrite=overwriting(errand))


def concern(errand: Errand, complaint: ComplaintRow, name: str) -> None:
    """Note that a complaint is about the colleague of this user name, and keep them away. Raises ``NoColleague``."""
    keep_away(errand.desk, complaint, name, reason=CONCERNED, overwrite=overwriting(errand))
    known = select(PartyRow.key).where(
        PartyRow.complaint_key == complaint.key,
        PartyRow.role == "staff-concerned",
        PartyRow.person_name == name,
    )
    if errand.session.scalar(known) is None:
        errand.session.add(
            PartyRow(
                key=errand.next_key(), complaint_key=complaint.key, role="staff-concerned", person_name=name
            )
        )
        errand.session.flush()


def overwriting(errand: Errand) -> Overwrite:
    """Return what changes a variable of a case from within a step."""
    return lambda case_key, name, value: errand.context.overwrite(name, value, in_case=case_key)


def name_owner(desk: Desk, complaint: ComplaintRow, group: str) -> Person | None:
    """Make the member of ``group`` with the fewest open complaints and no conflict of interest the owner, with a line for it."""
    members = {person.name: person for person in people.eligible(desk.session, {group})}
    out = barred(desk.session, complaint.key, duty=None, people=members)
    free = sorted(set(members) - set(out))
    if not free:
        desk.tell(complaint.key, "owner-missing", "Nobody is free of conflicts to own this complaint")
        return None
    load: dict[str | None, int] = dict(
        desk.session.execute(
            select(ComplaintRow.owner, func.count())
            .where(ComplaintRow.owner.in_(free), under_way())
            .group_by(ComplaintRow.owner)
        ).all()
    )
    owner = members[min(free, key=lambda name: (load.get(name, 0), name))]
    complaint.owner = owner.name
    text = f"{owner.display_name} looks after the complaint"
    desk.tell(complaint.key, OWNED, text, facts={"group": group})
    return owner


def owned_anew(desk: Desk, complaint: ComplaintRow) -> str:
    """Have somebody else of the group the owner came from look after the complaint; return in words who does."""
    group = group_of_owner(desk.session, complaint)
    owner = name_owner(desk, complaint, group) if group else None
    if owner is None:
        return "Nobody looks after it: its tasks wait for the whole group."
    return f"{owner.display_name} looks after it now."


def group_of_owner(session: Session, complaint: ComplaintRow) -> str | None:
    """Return the group the last owner was chosen from, None where nobody was chosen."""
    given = select(EventRow.facts).where(EventRow.complaint_key == complaint.key, EventRow.kind == OWNED)
    facts = session.scalar(given.order_by(*newest_first(EventRow)).limit(1))
    return (facts or {}).get("group")
