"""What a step changed, turned into rows: collected while the cases move, written in a few statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine import feel, values
from engine.commands.house import IncidentOpened
from engine.execution import changes as ch
from engine.keys import Keys
from engine.store import incidents
from engine.store.batch import JOB_ENDS, Batch, new_job
from engine.store.columns import FAR
from engine.store.instances import InstanceRow


class Rows:
    """The rows of one step, not yet written."""

    def __init__(self, *, keys: Keys, now: datetime, actor: str) -> None:
        """``now`` is the moment of every row, ``actor`` the name in the history."""
        self._keys, self._now, self._actor = keys, now, actor
        self.opened: list[IncidentOpened] = []
        self._left_out: set[int] = set()
        self._batch = Batch(now, actor)
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
        self._batch.tell(
            case,
            kind,
            facts,
            element_id=getattr(change, "element_id", None),
            element_key=getattr(change, "key", None),
        )

    def open_task(self, case: InstanceRow, task: ch.TaskOpened, form_key: int | None) -> None:
        """Note a new user task, bound to a version of its form."""
        self._batch.tasks[task.key] = {
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
            "clock": ", ".join(task.clocks) or None,
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
        self._batch.tasks_seen[key] = revision

    def subscriptions_opened(
        self, kind: str, name: str, correlation_key: str | None
    ) -> list[Mapping[str, Any]]:
        """Return the rows, not yet written, of what waits for this event, in the order they were opened."""
        wanted = ("CREATED", kind, name, correlation_key)
        return [
            row
            for row in self._batch.subscriptions.values()
            if (row["state"], row["kind"], row["name"], row["correlation_key"]) == wanted
        ]

    def subscriptions_closed(self) -> frozenset[int]:
        """Return the element keys of the stored subscriptions that no longer wait, though their rows say so."""
        return frozenset(key for keys in self._batch.subscriptions_gone.values() for key in keys)

    def leave_out_task(self, key: int) -> None:
        """Note that this task gets no row, because its form is missing."""
        self._left_out.add(key)

    def bury_job(self, element_key: int) -> None:
        """Note that the new job of this element has no tries left."""
        self._batch.jobs[element_key] |= {"status": "dead", "state": "FAILED"}

    def close_incidents_of(self, case: InstanceRow) -> None:
        """Note that an instance has ended, and its incidents with it."""
        self._batch.incidents.append((case, f"all:{case.key}"))

    def open_job(self, case: InstanceRow, job: ch.JobOpened, *, due_at: datetime, tries: int) -> int:
        """Note a new service job, due at ``due_at`` after ``tries`` failures, and return its key."""
        key = self._keys.next()
        self._batch.jobs[job.key] = self._job(
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
        self._batch.incidents.append((case, row))
        self.opened.append(IncidentOpened(case.root_key, element_id, job_key, code or error_type, message))

    def write(self, session: Session) -> None:
        """Write all that was noted, and forget it. Raises ``VersionConflict``."""
        batch, self._batch = self._batch, Batch(self._now, self._actor)
        for (
            row
        ) in batch.variables.values():  # only now: a list that is collected is set once for each of its items
            row["value"] = values.to_text(feel.to_json(row["value"]))
        batch.write(session)

    # what each change means

    def _element_activated(self, case: InstanceRow, change: ch.ElementActivated) -> None:
        self._batch.elements[change.key] = {
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
        new = self._batch.elements.get(change.key)
        if new is not None:
            new["state"], new["ended_at"] = state, self._now
        else:
            self._batch.elements_ended.setdefault(state, []).append(change.key)
        if case.open_incidents or self._batch.incidents:
            self._batch.incidents.append((case, f"element:{change.key}"))

    def _task_rescheduled(self, case: InstanceRow, change: ch.TaskRescheduled) -> None:
        new = self._batch.tasks.get(change.key)
        if new is not None:
            new["due_at"], new["due_sort"] = change.due_at, change.due_at or FAR
            return
        self._batch.rescheduled[change.key] = change.due_at
        self.tell(case, "task_rescheduled", {"due_at": _iso(change.due_at)}, change=change)

    def _task_closed(self, case: InstanceRow, change: ch.TaskClosed) -> None:
        if change.key in self._left_out:
            return
        state = "CANCELED" if change.canceled else "COMPLETED"
        new = self._batch.tasks.get(change.key)
        if new is not None:
            new |= {"state": state, "completed_at": self._now, "revision": 2}
        else:
            self._batch.tasks_closed.setdefault(state, []).append(change.key)
        self.tell(case, "task_canceled" if change.canceled else "task_completed", change=change)

    def _job_closed(self, case: InstanceRow, change: ch.JobClosed) -> None:
        status, state = JOB_ENDS[change.outcome]
        new = self._batch.jobs.get(change.key)
        if new is not None:
            new |= {"status": status, "state": state, "ended_at": self._now}
        else:
            self._batch.jobs_closed.setdefault(change.outcome, []).append(change.key)
        self.tell(case, f"job_{change.outcome}", change=change)

    def _timer_armed(self, case: InstanceRow, change: ch.TimerArmed) -> None:
        if change.key in self._batch.timers or change.occurrence > 1:
            self._batch.timers_gone.add(change.key)
        self._batch.timers[change.key] = self._job(
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
        used = {name: change.rule[name] for name in ("calendars",) if name in change.rule}
        self.tell(case, "timer_armed", {"due_at": _iso(change.due_at), **used}, change=change)

    def _timer_disarmed(self, case: InstanceRow, change: ch.TimerDisarmed) -> None:  # noqa: ARG002
        self._batch.timers.pop(change.key, None)
        self._batch.timers_gone.add(change.key)

    def _subscription_opened(self, case: InstanceRow, change: ch.SubscriptionOpened) -> None:
        self._batch.subscriptions[change.key] = {
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
        new = self._batch.subscriptions.get(change.key)
        if new is not None:
            new["state"] = state
        else:
            self._batch.subscriptions_gone.setdefault(state, []).append(change.key)
        if change.correlated:
            self.tell(case, "event_caught", change=change)

    def _variable_set(self, case: InstanceRow, change: ch.VariableSet) -> None:
        known = self._batch.variables.get((change.scope_key, change.name))
        if known is not None:
            known["value"] = change.value
            return
        self._batch.variables[change.scope_key, change.name] = {
            **self._place(case, self._keys.next()),
            "scope_key": change.scope_key,
            "name": change.name,
            "value": change.value,
        }

    def _incident_opened(self, case: InstanceRow, change: ch.IncidentOpened) -> None:
        self.open_incident(
            case,
            error_type=change.error_type,
            message=change.message,
            code=change.code,
            facts=change.facts or None,
            element_id=change.element_id,
            element_key=change.key,
        )

    def _incident_closed(self, case: InstanceRow, change: ch.IncidentClosed) -> None:
        self._batch.incidents.append((case, f"element:{change.key}"))

    def _decision_made(self, case: InstanceRow, change: ch.DecisionMade) -> None:
        if change.notes:
            self.tell(case, "noted", {"notes": list(change.notes)}, change=change)

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


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
