"""What one step writes: rows collected by kind, stored in a few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.store import dialects, incidents
from engine.store.columns import FAR, Moment
from engine.store.errors import VersionConflict
from engine.store.instances import InstanceRow, count_incidents
from engine.store.tables import (
    element_instances,
    history,
    jobs,
    subscriptions,
    task_candidates,
    tasks,
    variables,
)

JOB_ENDS = {
    "completed": ("done", "COMPLETED"),
    "error": ("done", "ERROR_THROWN"),
    "canceled": ("cancelled", "CANCELED"),
}


def _set_variables(insert: Any) -> Any:
    statement = insert(variables)
    return statement.on_conflict_do_update(
        index_elements=["scope_key", "name"], set_={"value": statement.excluded.value}
    )


# statements of nearly every step, built once: building them costs more than running them
MANY: Any = sa.bindparam("keys", expanding=True)
NOW = sa.bindparam("now", type_=Moment)
NEW_STATE: Any = sa.bindparam("new_state")
NEW_ELEMENTS, NEW_TASKS = sa.insert(element_instances), sa.insert(tasks)
NEW_OFFERS, NEW_HISTORY = sa.insert(task_candidates), sa.insert(history)
SET_VARIABLES = {"sqlite": _set_variables(sqlite.insert), "postgresql": _set_variables(postgresql.insert)}
END_ELEMENTS = (
    sa.update(element_instances)
    .where(element_instances.c.key.in_(MANY))
    .values(state=NEW_STATE, ended_at=NOW)
)
CLOSE_TASKS = (
    sa.update(tasks)
    .where(tasks.c.key.in_(MANY), tasks.c.state == "CREATED")
    .values(state=NEW_STATE, completed_at=NOW, completed_by=sa.bindparam("by"), revision=tasks.c.revision + 1)
)
CLOSE_SEEN_TASK = (
    sa.update(tasks)
    .where(
        tasks.c.key == sa.bindparam("task"),
        tasks.c.revision == sa.bindparam("seen"),
        tasks.c.state == "CREATED",
    )
    .values(state=NEW_STATE, completed_at=NOW, completed_by=sa.bindparam("by"), revision=tasks.c.revision + 1)
)
CLOSE_JOBS = (
    sa.update(jobs)
    .where(
        jobs.c.element_instance_key.in_(MANY),
        jobs.c.kind.in_(("service", "own")),
        jobs.c.status.in_(("ready", "dead")),
    )
    .values(status=sa.bindparam("new_status"), state=NEW_STATE, ended_at=NOW, updated_at=NOW)
)
DISARM = (
    sa.update(jobs)
    .where(jobs.c.element_instance_key.in_(MANY), jobs.c.kind == "timer", jobs.c.status == "ready")
    .values(status="cancelled", state="CANCELED", ended_at=NOW, updated_at=NOW)
)


@dataclass(slots=True)
class Batch:
    """Rows not yet written. Unless said otherwise keys are element instance keys; lists of keys are kept by
    new state.

    ``incidents`` holds, in order, rows to open and places to close; ``tasks_seen`` the revision at which a
    task was judged; ``rescheduled`` new due moments of tasks.
    """

    now: datetime
    by: str
    elements: dict[int, dict[str, Any]] = field(default_factory=dict)
    elements_ended: dict[str, list[int]] = field(default_factory=dict)
    tasks: dict[int, dict[str, Any]] = field(default_factory=dict)
    tasks_closed: dict[str, list[int]] = field(default_factory=dict)
    tasks_seen: dict[int, int] = field(default_factory=dict)
    rescheduled: dict[int, datetime | None] = field(default_factory=dict)
    jobs: dict[int, dict[str, Any]] = field(default_factory=dict)
    jobs_closed: dict[str, list[int]] = field(default_factory=dict)
    timers: dict[int, dict[str, Any]] = field(default_factory=dict)
    timers_gone: set[int] = field(default_factory=set)
    subscriptions: dict[int, dict[str, Any]] = field(default_factory=dict)
    subscriptions_gone: dict[str, list[int]] = field(default_factory=dict)
    variables: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    incidents: list[tuple[InstanceRow, dict[str, Any] | str]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)

    def tell(
        self,
        case: InstanceRow,
        kind: str,
        facts: Mapping[str, Any] | None,
        *,
        element_id: str | None = None,
        element_key: int | None = None,
    ) -> None:
        """Add a line to the history of a case."""
        self.history.append(
            {
                "root_key": case.root_key,
                "instance_key": case.key,
                "at": self.now,
                "actor": self.by,
                "kind": kind,
                "element_id": element_id,
                "element_instance_key": element_key,
                "facts": dict(facts or {}),
            }
        )

    def write(self, session: Session) -> None:
        """Write everything. Raises ``VersionConflict`` when a task was closed by somebody else."""
        self._write_elements(session)
        self._write_tasks(session)
        self._write_jobs(session)
        self._write_subscriptions(session)
        if self.variables:
            session.execute(SET_VARIABLES[session.get_bind().dialect.name], list(self.variables.values()))
        self._write_incidents(session)
        if self.history:
            session.execute(NEW_HISTORY, self.history)

    def _write_elements(self, session: Session) -> None:
        for state, keys in self.elements_ended.items():
            session.execute(END_ELEMENTS, {"keys": keys, "new_state": state, "now": self.now})
        if self.elements:
            session.execute(NEW_ELEMENTS, list(self.elements.values()))

    def _write_tasks(self, session: Session) -> None:
        for state, keys in self.tasks_closed.items():
            self._close_tasks(session, state, keys)
        for key, due_at in self.rescheduled.items():
            due = {"due_sort": due_at or FAR}
            session.execute(
                sa.update(tasks)
                .where(tasks.c.key == key)
                .values(due_at=due_at, revision=tasks.c.revision + 1, **due)
            )
            session.execute(sa.update(task_candidates).where(task_candidates.c.task_key == key).values(**due))
        if self.tasks:
            session.execute(NEW_TASKS, list(self.tasks.values()))
            opened = [task for task in self.tasks.values() if task["state"] == "CREATED"]
            offers = [offer for task in opened for offer in offers_of(task)]
            if offers:
                session.execute(NEW_OFFERS, offers)

    def _close_tasks(self, session: Session, state: str, keys: Sequence[int]) -> None:
        """Close tasks that are still as they were seen. Raises ``VersionConflict``."""
        by = self.by if state == "COMPLETED" else None
        given = {"new_state": state, "now": self.now, "by": by}
        for seen in [key for key in keys if key in self.tasks_seen]:
            done: Any = session.execute(
                CLOSE_SEEN_TASK, given | {"task": seen, "seen": self.tasks_seen[seen]}
            )
            if done.rowcount != 1:
                raise VersionConflict(task=seen)
        rest = [key for key in keys if key not in self.tasks_seen]
        if rest:
            done = session.execute(CLOSE_TASKS, given | {"keys": rest})
            if done.rowcount != len(rest):
                raise VersionConflict(tasks=rest)

    def _write_jobs(self, session: Session) -> None:
        for outcome, keys in self.jobs_closed.items():
            status, state = JOB_ENDS[outcome]
            session.execute(
                CLOSE_JOBS, {"keys": keys, "new_status": status, "new_state": state, "now": self.now}
            )
        if self.timers_gone:
            session.execute(DISARM, {"keys": list(self.timers_gone), "now": self.now})
        new = [*self.jobs.values(), *self.timers.values()]
        if new:
            session.execute(dialects.insert(session, jobs).on_conflict_do_nothing(), new)

    def _write_subscriptions(self, session: Session) -> None:
        for state, keys in self.subscriptions_gone.items():
            session.execute(
                sa.update(subscriptions)
                .where(subscriptions.c.element_instance_key.in_(keys), subscriptions.c.state == "CREATED")
                .values(state=state, updated_at=self.now)
            )
        if self.subscriptions:
            session.execute(sa.insert(subscriptions), list(self.subscriptions.values()))

    def _write_incidents(self, session: Session) -> None:
        for case, act in self.incidents:  # in order: what fails again closes one incident and opens another
            if isinstance(act, str):
                gone = incidents.close_at(session, act, now=self.now, by=self.by)
                if gone:
                    count_incidents(session, case, -gone)
                    self.tell(case, "incident_resolved", {"place": act})
            elif incidents.open_one(session, act):
                count_incidents(session, case, 1)
                self.tell(case, "incident_opened", {"type": act["error_type"], "message": act["message"]})


def new_job(now: datetime) -> dict[str, Any]:
    """Return a job row with everything but its key, kind, type, dedup key and due moment."""
    return {
        "status": "ready",
        "state": "CREATED",
        "retries": 3,
        "tries": 0,
        "priority": 0,
        "fence": 0,
        "claims": 0,
        "instance_key": None,
        "root_key": None,
        "definition_key": None,
        "process_id": None,
        "element_id": None,
        "element_instance_key": None,
        "occurrence": 1,
        "rule": None,
        "clocks": (),
        "headers": {},
        "error_message": None,
        "payload": None,
        "created_at": now,
        "updated_at": now,
        "ended_at": None,
    }


def offers_of(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the candidate rows of a task row."""
    offered = [("group", name) for name in task["candidate_groups"]]
    offered += [("user", name) for name in task["candidate_users"]]
    return [
        {
            "task_key": task["key"],
            "kind": kind,
            "name": name,
            "due_sort": task["due_sort"],
            "priority": task["priority"],
        }
        for kind, name in dict.fromkeys(offered)
    ]
