"""What a step changed, turned into rows: collected while the cases move, written in a few statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine import feel, values
from engine.execution import changes as ch
from engine.keys import Keys
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


class Rows:
    """The rows of one step, not yet written."""

    def __init__(self, *, keys: Keys, now: datetime, actor: str) -> None:
        """``now`` is the moment of every row, ``actor`` the name in the history."""
        self._keys, self._now, self._actor = keys, now, actor
        self._left_out: set[int] = set()
        self._seen: dict[int, int] = {}
        self._clear()
        self._absorbers: dict[type, Callable[[InstanceRow, Any], None]] = {
            ch.ElementActivated: self._element_activated,
            ch.ElementEnded: self._element_ended,
            ch.TaskRescheduled: self._task_rescheduled,
            ch.TaskClosed: self._task_closed,
            ch.JobClosed: self._job_closed,
            ch.TimerArmed: self._timer_armed,
            ch.TimerDisarmed: self._timer_disarmed,
            ch.SubscriptionOpened: self._subscription_opened,
            ch.SubscriptionClosed: self._subscription_closed,
            ch.VariableSet: self._variable_set,
            ch.IncidentOpened: self._incident_opened,
            ch.IncidentClosed: self._incident_closed,
            ch.DecisionMade: self._decision_made,
        }

    def _clear(self) -> None:
        self._elements: dict[int, dict[str, Any]] = {}
        self._elements_ended: dict[str, list[int]] = {}
        self._tasks: dict[int, dict[str, Any]] = {}
        self._tasks_closed: dict[str, list[int]] = {}
        self._rescheduled: dict[int, datetime | None] = {}
        self._jobs: dict[int, dict[str, Any]] = {}
        self._jobs_closed: dict[str, list[int]] = {}
        self._timers: dict[int, dict[str, Any]] = {}
        self._timers_gone: set[int] = set()
        self._subscriptions: dict[int, dict[str, Any]] = {}
        self._subscriptions_gone: dict[str, list[int]] = {}
        self._variables: dict[tuple[int, str], dict[str, Any]] = {}
        self._incidents: list[tuple[InstanceRow, dict[str, Any] | str]] = []  # rows to open, places to close
        self._history: list[dict[str, Any]] = []

    def absorb(self, case: InstanceRow, change: ch.Change) -> None:
        """Note what one change means for the rows of ``case``; changes that only concern others mean
        nothing here.
        """
        absorber = self._absorbers.get(type(change))
        if absorber is not None:
            absorber(case, change)

    def tell(
        self, case: InstanceRow, kind: str, facts: Mapping[str, Any] | None = None, *, change: Any = None
    ) -> None:
        """Add a line to the case's history."""
        self._history.append(
            {
                "root_key": case.root_key,
                "instance_key": case.key,
                "at": self._now,
                "actor": self._actor,
                "kind": kind,
                "element_id": getattr(change, "element_id", None),
                "element_instance_key": getattr(change, "key", None),
                "facts": dict(facts or {}),
            }
        )

    def open_task(self, case: InstanceRow, task: ch.TaskOpened, form_key: int | None) -> None:
        """Note a new user task, bound to a version of its form."""
        self._tasks[task.key] = {
            **self._place(case, task.key),
            "definition_key": case.definition_key,
            "process_id": case.process_id,
            "element_id": task.element_id,
            "name": task.name,
            "state": "CREATED",
            "revision": 1,
            "assignee": task.assignee,
            "candidate_groups": task.candidate_groups,
            "candidate_users": task.candidate_users,
            "priority": task.priority,
            "due_at": task.due_at,
            "due_sort": task.due_at or FAR,
            "follow_up_at": task.follow_up_at,
            "clock": task.clock,
            "form_key": form_key,
            "external_reference": task.external_reference,
            "headers": dict(task.headers),
            "business_id": case.business_id,
            "tags": case.tags,
            "created_at": self._now,
            "completed_at": None,
            "completed_by": None,
        }
        self.tell(case, "task_opened", {"name": task.name, "assignee": task.assignee}, change=task)

    def saw_task(self, key: int, revision: int) -> None:
        """Note the revision at which a task was judged: it may only be closed as that."""
        self._seen[key] = revision

    def leave_out_task(self, key: int) -> None:
        """Note that this task gets no row, because its form is missing."""
        self._left_out.add(key)

    def bury_job(self, element_key: int) -> None:
        """Note that the new job of this element has no tries left."""
        self._jobs[element_key] |= {"status": "dead", "state": "FAILED"}

    def close_incidents_of(self, case: InstanceRow) -> None:
        """Note that an instance has ended, and its incidents with it."""
        self._incidents.append((case, f"all:{case.key}"))

    def element_id(self, session: Session, key: int) -> str | None:
        """Return the element of an element instance, written or not."""
        new = self._elements.get(key)
        if new is not None:
            return str(new["element_id"])
        return session.execute(
            sa.select(element_instances.c.element_id).where(element_instances.c.key == key)
        ).scalar()

    def open_job(self, case: InstanceRow, job: ch.JobOpened, *, due_at: datetime, tries: int) -> int:
        """Note a new service job, due at ``due_at`` after ``tries`` failures, and return its key."""
        key = self._keys.next()
        self._jobs[job.key] = self._job(
            case,
            key=key,
            kind="own" if job.in_step else "service",
            type=job.type,
            dedup_key=f"job:{key}",
            state="CREATED" if tries == 0 else "FAILED",
            due_at=due_at,
            retries=max(job.retries - tries, 0),
            tries=tries,
            element_id=job.element_id,
            element_instance_key=job.key,
            headers=dict(job.headers),
            error_message=job.failure,
        )
        return key

    def open_incident(
        self,
        case: InstanceRow,
        *,
        error_type: str,
        message: str,
        code: str | None = None,
        element_id: str | None = None,
        element_key: int | None = None,
        job_key: int | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Note that something needs a person; one open incident per job, element or instance and code."""
        place = (
            f"job:{job_key}"
            if job_key
            else f"element:{element_key}"
            if element_key
            else f"instance:{case.key}"
        )
        row = incidents.new_row(
            key=self._keys.next(),
            now=self._now,
            place=place,
            error_type=error_type,
            code=code or error_type,
            message=message,
            facts=facts,
            instance_key=case.key,
            root_key=case.root_key,
            definition_key=case.definition_key,
            process_id=case.process_id,
            element_id=element_id,
            element_instance_key=element_key,
            job_key=job_key,
        )
        self._incidents.append((case, row))

    def write(self, session: Session) -> None:
        """Write all that was noted, and forget it. Raises ``VersionConflict``."""
        self._write_elements(session)
        self._write_tasks(session)
        self._write_jobs(session)
        self._write_subscriptions(session)
        if self._variables:
            session.execute(SET_VARIABLES[session.get_bind().dialect.name], list(self._variables.values()))
        self._write_incidents(session)
        if self._history:
            session.execute(NEW_HISTORY, self._history)
        self._clear()

    # what each change means

    def _element_activated(self, case: InstanceRow, change: ch.ElementActivated) -> None:
        self._elements[change.key] = {
            **self._place(case, change.key),
            "definition_key": case.definition_key,
            "process_id": case.process_id,
            "element_id": change.element_id,
            "name": change.element_name or change.element_id,
            "type": change.element_type,
            "scope_key": change.scope_key,
            "state": "ACTIVE",
            "incident_key": None,
            "started_at": self._now,
            "ended_at": None,
        }

    def _element_ended(self, case: InstanceRow, change: ch.ElementEnded) -> None:
        state = "TERMINATED" if change.terminated else "COMPLETED"
        new = self._elements.get(change.key)
        if new is not None:
            new["state"], new["ended_at"] = state, self._now
        else:
            self._elements_ended.setdefault(state, []).append(change.key)
        if case.open_incidents or self._incidents:
            self._incidents.append((case, f"element:{change.key}"))

    def _task_rescheduled(self, case: InstanceRow, change: ch.TaskRescheduled) -> None:
        new = self._tasks.get(change.key)
        if new is not None:
            new["due_at"], new["due_sort"] = change.due_at, change.due_at or FAR
            return
        self._rescheduled[change.key] = change.due_at
        self.tell(case, "task_rescheduled", {"due_at": _iso(change.due_at)}, change=change)

    def _task_closed(self, case: InstanceRow, change: ch.TaskClosed) -> None:
        if change.key in self._left_out:
            return
        state = "CANCELED" if change.canceled else "COMPLETED"
        new = self._tasks.get(change.key)
        if new is not None:
            new |= {"state": state, "completed_at": self._now, "revision": 2}
        else:
            self._tasks_closed.setdefault(state, []).append(change.key)
        self.tell(case, "task_canceled" if change.canceled else "task_completed", change=change)

    def _job_closed(self, case: InstanceRow, change: ch.JobClosed) -> None:
        status, state = JOB_ENDS[change.outcome]
        new = self._jobs.get(change.key)
        if new is not None:
            new |= {"status": status, "state": state, "ended_at": self._now}
        else:
            self._jobs_closed.setdefault(change.outcome, []).append(change.key)
        self.tell(case, f"job_{change.outcome}", change=change)

    def _timer_armed(self, case: InstanceRow, change: ch.TimerArmed) -> None:
        if change.key in self._timers or change.occurrence > 1:
            self._timers_gone.add(change.key)
        self._timers[change.key] = self._job(
            case,
            key=self._keys.next(),
            kind="timer",
            type=change.element_id,
            dedup_key=f"timer:{case.key}:{change.key}:{change.occurrence}",
            due_at=change.due_at,
            retries=5,
            element_id=change.element_id,
            element_instance_key=change.key,
            occurrence=change.occurrence,
            rule=dict(change.rule),
            clocks=change.clocks,
        )
        self.tell(case, "timer_armed", {"due_at": _iso(change.due_at)}, change=change)

    def _timer_disarmed(self, case: InstanceRow, change: ch.TimerDisarmed) -> None:  # noqa: ARG002
        self._timers.pop(change.key, None)
        self._timers_gone.add(change.key)

    def _subscription_opened(self, case: InstanceRow, change: ch.SubscriptionOpened) -> None:
        self._subscriptions[change.key] = {
            **self._place(case, self._keys.next()),
            "definition_key": case.definition_key,
            "process_id": case.process_id,
            "element_id": change.element_id,
            "element_instance_key": change.key,
            "kind": change.kind,
            "name": change.name,
            "correlation_key": change.correlation_key,
            "interrupting": change.interrupting,
            "state": "CREATED",
            "updated_at": self._now,
        }

    def _subscription_closed(self, case: InstanceRow, change: ch.SubscriptionClosed) -> None:
        state = "CORRELATED" if change.correlated else "DELETED"
        new = self._subscriptions.get(change.key)
        if new is not None:
            new["state"] = state
        else:
            self._subscriptions_gone.setdefault(state, []).append(change.key)
        if change.correlated:
            self.tell(case, "event_caught", change=change)

    def _variable_set(self, case: InstanceRow, change: ch.VariableSet) -> None:
        text = values.to_text(feel.to_json(change.value))
        known = self._variables.get((change.scope_key, change.name))
        if known is not None:
            known["value"] = text
            return
        self._variables[change.scope_key, change.name] = {
            **self._place(case, self._keys.next()),
            "scope_key": change.scope_key,
            "name": change.name,
            "value": text,
        }

    def _incident_opened(self, case: InstanceRow, change: ch.IncidentOpened) -> None:
        self.open_incident(
            case,
            error_type=change.error_type,
            message=change.message,
            element_id=change.element_id,
            element_key=change.key,
        )

    def _incident_closed(self, case: InstanceRow, change: ch.IncidentClosed) -> None:
        self._incidents.append((case, f"element:{change.key}"))

    def _decision_made(self, case: InstanceRow, change: ch.DecisionMade) -> None:
        if change.notes:
            self.tell(case, "noted", {"notes": list(change.notes)}, change=change)

    # writing

    def _write_elements(self, session: Session) -> None:
        for state, keys in self._elements_ended.items():
            session.execute(END_ELEMENTS, {"keys": keys, "new_state": state, "now": self._now})
        if self._elements:
            session.execute(NEW_ELEMENTS, list(self._elements.values()))

    def _write_tasks(self, session: Session) -> None:
        for state, keys in self._tasks_closed.items():
            self._close_tasks(session, state, keys)
        for key, due_at in self._rescheduled.items():
            due = {"due_sort": due_at or FAR}
            session.execute(
                sa.update(tasks)
                .where(tasks.c.key == key)
                .values(due_at=due_at, revision=tasks.c.revision + 1, **due)
            )
            session.execute(sa.update(task_candidates).where(task_candidates.c.task_key == key).values(**due))
        if self._tasks:
            session.execute(NEW_TASKS, list(self._tasks.values()))
            opened = [task for task in self._tasks.values() if task["state"] == "CREATED"]
            offers = [offer for task in opened for offer in offers_of(task)]
            if offers:
                session.execute(NEW_OFFERS, offers)

    def _close_tasks(self, session: Session, state: str, keys: Sequence[int]) -> None:
        """Close tasks that are still as they were seen. Raises ``VersionConflict``."""
        by = self._actor if state == "COMPLETED" else None
        given = {"new_state": state, "now": self._now, "by": by}
        for seen in [key for key in keys if key in self._seen]:
            done: Any = session.execute(CLOSE_SEEN_TASK, given | {"task": seen, "seen": self._seen[seen]})
            if done.rowcount != 1:
                raise VersionConflict(task=seen)
        rest = [key for key in keys if key not in self._seen]
        if rest:
            done = session.execute(CLOSE_TASKS, given | {"keys": rest})
            if done.rowcount != len(rest):
                raise VersionConflict(tasks=rest)

    def _write_jobs(self, session: Session) -> None:
        for outcome, keys in self._jobs_closed.items():
            status, state = JOB_ENDS[outcome]
            session.execute(
                CLOSE_JOBS, {"keys": keys, "new_status": status, "new_state": state, "now": self._now}
            )
        if self._timers_gone:
            session.execute(DISARM, {"keys": list(self._timers_gone), "now": self._now})
        new = [*self._jobs.values(), *self._timers.values()]
        if new:
            session.execute(dialects.insert(session, jobs).on_conflict_do_nothing(), new)

    def _write_subscriptions(self, session: Session) -> None:
        for state, keys in self._subscriptions_gone.items():
            session.execute(
                sa.update(subscriptions)
                .where(subscriptions.c.element_instance_key.in_(keys), subscriptions.c.state == "CREATED")
                .values(state=state, updated_at=self._now)
            )
        if self._subscriptions:
            session.execute(sa.insert(subscriptions), list(self._subscriptions.values()))

    def _write_incidents(self, session: Session) -> None:
        for case, act in self._incidents:  # in order: what fails again closes one incident and opens another
            if isinstance(act, str):
                gone = incidents.close_at(session, act, now=self._now, by=self._actor)
                if gone:
                    count_incidents(session, case, -gone)
                    self.tell(case, "incident_resolved", {"place": act})
            elif incidents.open_one(session, act):
                count_incidents(session, case, 1)
                self.tell(case, "incident_opened", {"type": act["error_type"], "message": act["message"]})

    @staticmethod
    def _place(case: InstanceRow, key: int) -> dict[str, Any]:
        return {"key": key, "instance_key": case.key, "root_key": case.root_key}

    def _job(self, case: InstanceRow, **given: Any) -> dict[str, Any]:
        return (
            new_job(self._now)
            | {
                "instance_key": case.key,
                "root_key": case.root_key,
                "definition_key": case.definition_key,
                "process_id": case.process_id,
            }
            | given
        )


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


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
