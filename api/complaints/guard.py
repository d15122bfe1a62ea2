"""Who may see, take, change and finish a task: offered to them, free of conflicts of interest and of duties it excludes."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import Session

from api.complaints.of_case import complaint_of_root, roots_of_complaints
from api.complaints.separation import is_excluded, objection
from api.identity import people
from api.identity.decide import may
from api.identity.people import Person
from engine.actors import Actor
from engine.commands.errors import NotYourTask, TaskHeld, TaskNotFound, TaskRefused
from engine.commands.house import TaskAction, TaskFacts
from engine.store.tables import task_candidates, tasks


class TaskRules:
    """The engine's task guard: asked inside the transaction at every action, so that a rule that grew meanwhile holds."""

    def check(
        self,
        action: TaskAction,
        *,
        session: Session,
        task: TaskFacts,
        actor: Actor,
        assignee: str | None = None,
    ) -> None:
        """Return, or raise ``TaskNotFound`` (conflict of interest: as if it did not exist) or ``NotYourTask`` with the reason."""
        complaint_key = complaint_of_root(session, task.root_key)
        if complaint_key is not None and is_excluded(session, complaint_key, actor.name):
            raise TaskNotFound(task=str(task.key))
        if complaint_key is None and (actor.is_trusted or "process-owner" in actor.roles):
            return  # a process without a complaint: being tried out by those who run the service
        if actor.kind != "person":
            if actor.kind == "service" and action in ("claim", "complete") and complaint_key is not None:
                raise NotYourTask("A service account does not do the work of people.", task=str(task.key))
            return
        self._rights(session, action, task, actor)
        if complaint_key is None:
            return
        if action == "complete" and task.assignee not in (None, actor.name):
            raise TaskHeld(task=str(task.key), holder=task.assignee)  # of an administrator too
        if action in ("claim", "complete"):  # whoever holds it may have lost the role, or never had it
            self._can_work(session, task, actor.name)
        worker = assignee if action == "assign" else actor.name
        if worker and action == "assign":
            self._can_work(session, task, worker)
        if worker and action in ("claim", "assign", "complete"):
            self._separation(session, complaint_key, task, worker, other=worker != actor.name)

    def offer(
        self, *, session: Session, task: TaskFacts, users: Collection[str], groups: Collection[str]
    ) -> None:
        """Return, or raise ``TaskRefused``: nobody can be one of these, or must not work on this complaint."""
        complaint_key = complaint_of_root(session, task.root_key)
        if complaint_key is None:
            return
        for name in sorted(users):
            person = people.find(session, name)
            if person is None or not person.active:
                raise TaskRefused(f"There is no active account {name!r}.", task=str(task.key), person=name)
            if is_excluded(session, complaint_key, name):
                raise TaskRefused(
                    "This person has a conflict of interest in this complaint.",
                    task=str(task.key),
                    person=name,
                )
        for name in sorted(groups):
            if not people.eligible(session, (name,)):
                raise TaskRefused(
                    f"Nobody with an active account is in the group {name!r}.", task=str(task.key), group=name
                )

    def _rights(self, session: Session, action: TaskAction, task: TaskFacts, actor: Actor) -> None:
        if task.is_offered_to(actor) and action not in ("assign", "update"):
            return
        person = people.find(session, actor.name)
        if action in ("see", "assign", "unclaim", "update") and may(person, "task.assign"):
            return
        if action == "see" and (person is not None and "auditor" in person.roles):
            return
        raise NotYourTask(task=str(task.key))

    def _can_work(self, session: Session, task: TaskFacts, worker: str) -> None:
        """Raise ``NotYourTask`` for somebody who is not there, or whose roles the task was never offered to."""
        person = people.find(session, worker)
        if person is None or not person.active:
            raise NotYourTask(f"There is no active account {worker!r}.", person=worker)
        offered = worker in task.candidate_users or person.groups & set(task.candidate_groups)
        if not offered and (task.candidate_users or task.candidate_groups):
            raise NotYourTask(
                f"{person.display_name} belongs to none of the groups that do this task.", person=worker
            )

    def _separation(
        self, session: Session, complaint_key: int, task: TaskFacts, worker: str, *, other: bool
    ) -> None:
        if other and is_excluded(session, complaint_key, worker):
            raise NotYourTask("This person has a conflict of interest in this complaint.", person=worker)
        said = objection(session, complaint_key, duty=task.headers.get("duty"), person=worker)
        if said:
            text = said if not other else f"{worker} may not take this task: {said[0].lower()}{said[1:]}"
            raise NotYourTask(text, person=worker)


def visible_tasks(person: Person) -> ColumnElement[bool]:
    """Return the condition under which ``person`` may see a task: the rule of ``TaskRules.check("see")`` as a filter.

    Conflicts of interest apart: those are ``CaseAccess.hidden_cases``.
    """
    if may(person, "task.assign") or "auditor" in person.roles:
        return true()
    offered = select(task_candidates.c.task_key).where(
        or_(
            and_(task_candidates.c.kind == "group", task_candidates.c.name.in_(sorted(person.groups))),
            and_(task_candidates.c.kind == "user", task_candidates.c.name == person.name),
        )
    )
    theirs = or_(tasks.c.assignee == person.name, tasks.c.key.in_(offered))
    if person.actor.is_trusted or "process-owner" in person.roles:
        return or_(theirs, tasks.c.root_key.not_in(roots_of_complaints()))
    return theirs
