"""Who is left to do a task: held tasks are taken back from whom a rule has come to bar, tasks nobody may take are found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.complaints.of_case import roots_of_complaints
from api.complaints.separation import SEPARATED, barred
from api.complaints.tables import ComplaintRow, DutyRow, EventRow, ExclusionRow
from api.identity import people
from api.identity.people import Person
from engine.store.tables import instances, task_candidates, tasks

MOST = 500  # tasks without anybody that are told at once
T = tasks.c


@dataclass(frozen=True, slots=True)
class _Offer:
    """An open task of a complaint, with whom it is offered to."""

    key: int
    complaint_key: int
    assignee: str | None
    groups: frozenset[str]
    users: frozenset[str]
    duty: str | None


def release_barred(
    session: Session, complaint_keys: Collection[int], *, at: datetime, next_key: Callable[[], int]
) -> None:
    """Take every open task of these complaints back from a holder who may not do it (any more), with a line in the timeline.

    That is somebody a rule bars, and somebody it is not offered to: a diagram may name anybody. Tasks of processes that began
    beside the case are among them.
    """
    roots = roots_of_complaints().add_columns(ComplaintRow.key.label("complaint"))
    of_complaints = roots.where(ComplaintRow.key.in_(complaint_keys)).subquery()
    held = session.execute(
        sa.select(
            *(T.key, T.name, T.assignee, T.headers, T.revision, T.candidate_groups, T.candidate_users),
            of_complaints.c.complaint,
        )
        .join(of_complaints, of_complaints.c.key == T.root_key)
        .where(T.state == "CREATED", T.assignee.is_not(None))
    ).all()
    for task in held:
        reasons = barred(
            session, task.complaint, duty=(task.headers or {}).get("duty"), people=[task.assignee]
        )
        if not reasons and not _is_offered(people.find(session, task.assignee), task):
            reasons = {task.assignee: "The task is not offered to this person."}
        if not reasons:
            continue
        session.execute(
            sa.update(tasks).where(T.key == task.key).values(assignee=None, revision=task.revision + 1)
        )
        session.add(
            EventRow(
                key=next_key(),
                complaint_key=task.complaint,
                at=at,
                by="system",
                kind="task-released",
                text=f"Taken back: {task.name}",
                facts={"task": str(task.key), "from": task.assignee, "reason": reasons[task.assignee]},
            )
        )


def held_in_vain(session: Session) -> frozenset[int]:
    """Return the complaints with an open task that its holder may not finish: the account is gone, or it is not offered to it."""
    known = {person.name: person for person in people.everybody(session)}
    of_complaints = roots_of_complaints().add_columns(ComplaintRow.key.label("complaint")).subquery()
    held = session.execute(
        sa.select(T.assignee, T.candidate_groups, T.candidate_users, of_complaints.c.complaint)
        .join(of_complaints, of_complaints.c.key == T.root_key)
        .where(T.state == "CREATED", T.assignee.is_not(None))
    )
    return frozenset(task.complaint for task in held if not _is_offered(known.get(task.assignee), task))


def _is_offered(person: Person | None, task: Any) -> bool:
    groups, users = frozenset(task.candidate_groups or ()), frozenset(task.candidate_users or ())
    if not groups and not users:
        return True
    return person is not None and person.active and (person.name in users or bool(person.groups & groups))


def without_anybody(session: Session) -> list[int]:
    """Return open tasks of complaints that no active person may take or finish, at most 500.

    Only two kinds need a closer look: tasks offered to nobody active, and those of complaints in which somebody is excluded or
    has done what this work must be kept apart from.
    """
    active = {person.name: person for person in people.everybody(session) if person.active}
    found = list(_offered_to_nobody(session, active))
    for offer in _closer_look(session):
        if len(found) >= MOST:
            break
        candidates = _candidates(offer, active)
        if not set(candidates) - set(
            barred(session, offer.complaint_key, duty=offer.duty, people=candidates)
        ):
            found.append(offer.key)
    return sorted(set(found))[:MOST]


def _offered_to_nobody(session: Session, active: Mapping[str, Person]) -> Iterator[int]:
    groups = sorted(frozenset().union(*(person.groups for person in active.values())))
    offer = sa.select(task_candidates.c.task_key).where(task_candidates.c.task_key == T.key)
    somebody = offer.where(
        sa.or_(
            sa.and_(task_candidates.c.kind == "group", task_candidates.c.name.in_(groups)),
            sa.and_(task_candidates.c.kind == "user", task_candidates.c.name.in_(sorted(active))),
        )
    )
    yield from session.scalars(
        sa.select(T.key)
        .where(
            T.root_key.in_(roots_of_complaints()),
            T.state == "CREATED",
            sa.or_(T.assignee.is_(None), T.assignee.not_in(sorted(active))),
            offer.exists(),
            ~somebody.exists(),
        )
        .limit(MOST)
    )


def _closer_look(session: Session) -> Iterator[_Offer]:
    apart = sorted({duty for duties in SEPARATED.values() for duty in duties})
    rows = session.execute(
        sa.select(
            T.key,
            T.assignee,
            T.candidate_groups,
            T.candidate_users,
            T.headers,
            ComplaintRow.key.label("complaint"),
        )
        .join(instances, instances.c.key == T.root_key)
        .join(ComplaintRow, ComplaintRow.instance_key == instances.c.case_key)
        .where(
            T.state == "CREATED",
            sa.or_(
                sa.exists().where(ExclusionRow.complaint_key == ComplaintRow.key),
                sa.and_(
                    sa.or_(*(sa.cast(T.headers, sa.Text).like(f'%"{duty}"%') for duty in SEPARATED)),
                    sa.exists().where(DutyRow.complaint_key == ComplaintRow.key, DutyRow.duty.in_(apart)),
                ),
            ),
        )
        .order_by(T.key)
    )
    for row in rows.all():
        yield _Offer(
            row.key,
            row.complaint,
            row.assignee,
            frozenset(row.candidate_groups or ()),
            frozenset(row.candidate_users or ()),
            (row.headers or {}).get("duty"),
        )


def _candidates(offer: _Offer, active: Mapping[str, Person]) -> list[str]:
    """Return who could take the task if no rule barred them; a held task can still be given to others of its groups."""
    return [
        name
        for name, person in active.items()
        if name == offer.assignee or name in offer.users or person.groups & offer.groups
    ]
