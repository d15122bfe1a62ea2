"""The front door: one method per thing that can be asked; each command is one transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from engine import questions
from engine.actors import SYSTEM, Actor
from engine.calendars import Calendars
from engine.clock import Clock, SystemClock
from engine.commands import (
    activate_jobs as activating,
)
from engine.commands import (
    assign_task as assigning,
)
from engine.commands import (
    await_end as awaiting,
)
from engine.commands import (
    check as checking,
)
from engine.commands import (
    complete_task as completing,
)
from engine.commands import (
    conditionals,
    incidents,
    jobs,
    messages,
    migrate,
    resources,
    steer,
    timers,
)
from engine.commands import (
    deploy as deploying,
)
from engine.commands import (
    evaluate_decision as deciding,
)
from engine.commands import (
    start as starting,
)
from engine.commands import (
    sweep as sweeping,
)
from engine.commands import (
    update_task as updating,
)
from engine.commands import verify as verifying
from engine.commands.access import CaseAccess, EveryCase
from engine.commands.budget import guarded
from engine.commands.catalogue import Catalogue
from engine.commands.house import (
    LONGEST_STEP,
    CaseClocks,
    House,
    JobType,
    LiveCases,
    NoClocks,
    NoPrivateFacts,
    OfferedTasks,
    PrivateFacts,
    Procedure,
    StepReport,
    TaskGuard,
)
from engine.commands.publish_job import PUBLISH_MESSAGE
from engine.execution.case import StepBudgetSpent
from engine.execution.modifying import Modification
from engine.findings import Finding
from engine.forms import Documents
from engine.jobs.letters import LetterGuard, LetterListener, Postman, release_held
from engine.jobs.lines import Line, everything, lines_of
from engine.jobs.listener import Listener
from engine.jobs.worker import LEASE, Worker
from engine.store import upkeep
from engine.store.database import Database
from engine.store.records import ActivatedJob, ModelRecord
from engine.store.unit_of_work import write
from engine.store.upkeep import Answer

R = TypeVar("R")
Variables = Mapping[str, Any] | None
StepListener = Callable[[Session, StepReport], None]


class Engine(questions.Questions):
    """The workflow engine of one process. Safe to share between threads."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock | None = None,
        zone: str = "UTC",
        calendars: Calendars | None = None,
        job_types: Iterable[JobType] = (),
        task_guard: TaskGuard | None = None,
        case_access: CaseAccess | None = None,
        case_clocks: CaseClocks | None = None,
        private_facts: PrivateFacts | None = None,
        on_step: StepListener | None = None,
        on_letter: LetterListener | None = None,
        letter_guard: LetterGuard | None = None,
        postman: Postman | None = None,
        orphaned_tasks: Callable[[Session], Iterable[int]] | None = None,
        procedure: Procedure | None = None,
        live_limit: int = 512,
        look_over: float = 0.01,
        longest_step: timedelta = LONGEST_STEP,
    ) -> None:
        """Compose the engine over a database whose schema is up to date.

        ``zone`` is the IANA zone of the service. ``on_step`` and ``on_letter`` are called inside
        transactions, ``letter_guard`` as a letter is about to leave. ``live_limit`` cases are kept in memory between steps.
        """
        self.database, self.clock = database, clock or SystemClock()
        self._postman, self._orphans = postman, orphaned_tasks
        self._letter_listeners = (on_letter,) if on_letter is not None else ()
        self._letter_guard = letter_guard
        known = {PUBLISH_MESSAGE.name: PUBLISH_MESSAGE} | {one.name: one for one in job_types}
        self.house = House(
            database=database,
            clock=self.clock,
            zone=zone,
            calendars=calendars,
            job_types=known,
            guard=task_guard or OfferedTasks(),
            access=case_access or EveryCase(),
            clocks=case_clocks or NoClocks(),
            private=private_facts or NoPrivateFacts(),
            listeners=(on_step,) if on_step is not None else (),
            catalogue=Catalogue(),
            live=LiveCases(live_limit),
            procedure=procedure,
            look_over=look_over,
            longest_step=longest_step,
        )
        self.lines = lines_of(known.values(), mail=postman is not None)
        self._everything = everything(known.values(), mail=postman is not None)
        self._inline = self.worker("inline")
        self._inline_lock = threading.Lock()

    def next_key(self) -> int:
        """Return a key never used before. Call it outside transactions; inside, ``database.keys.next``."""
        return self.database.keys.take()

    def write(self, work: Callable[[Session], R], *, command: str | None = None) -> R:
        """Run ``work`` in one transaction, repeated as a whole on conflict; ``command`` names it so that
        it is done once.
        """
        return write(self.database, work, command=command)

    def once(self, scope: str, key: str, request: bytes, work: Callable[[Session], Answer]) -> Answer:
        """Do ``work`` once per idempotency key, later return the first answer.

        Raises ``OtherBody``, ``StillOpen``.
        """
        now = self.clock.now()
        return self.write(lambda session: upkeep.once(session, scope, key, request, work, now=now))

    # definitions

    def deploy(self, files: checking.Files, *, by: Actor = SYSTEM) -> deploying.Deployed:
        """Deploy files (name, bytes), all or none. Raises ``DeploymentRefused`` with every finding."""
        return self.write(lambda session: self.deploy_within(session, files, by=by))

    def deploy_within(
        self, session: Session, files: checking.Files, *, by: Actor = SYSTEM
    ) -> deploying.Deployed:
        """Deploy files as part of the caller's own unit of work."""
        return deploying.deploy(self.house, session, files, by=by)

    def check(self, files: checking.Files) -> tuple[Finding, ...]:
        """Return the findings a deployment of these files would have; nothing is stored."""
        return self.read(lambda session: deploying.judge(self.house, session, files)).findings

    def keep_model(self, name: str, data: bytes, *, by: Actor = SYSTEM) -> ModelRecord:
        """Keep a diagram that is drawn, not run."""
        return self.write(lambda session: deploying.keep_model(self.house, session, name, data, by=by))

    def delete_resource(self, key: int, *, by: Actor = SYSTEM) -> None:
        """Withdraw a definition version. Raises ``ResourceNotFound``, ``ResourceNeeded``, ``ResourceInUse``."""
        self.write(lambda session: resources.delete_resource(self.house, session, key, by=by))

    # instances

    def start(
        self,
        process_id: str | None = None,
        variables: Variables = None,
        *,
        definition_key: int | None = None,
        version: int | None = None,
        version_tag: str | None = None,
        business_id: str | None = None,
        tags: Sequence[str] = (),
        at: Sequence[str] = (),
        stop_after: Sequence[str] = (),
        form: bool = False,
        alongside: starting.Alongside | None = None,
        by: Actor = SYSTEM,
    ) -> starting.Started:
        """Start an instance (``commands.start.Start`` explains the arguments).

        ``alongside(session, instance_key, variables)`` runs first, in the same transaction: it may write
        its own rows and add start variables. Raises ``DefinitionNotFound``, ``StartRefused``,
        ``FormInvalid``, ``ValueRefused``.
        """
        asked = starting.Start(
            process_id=process_id,
            definition_key=definition_key,
            version=version,
            version_tag=version_tag,
            business_id=business_id,
            tags=tuple(dict.fromkeys(tags)),
            at=tuple(at),
            stop_after=tuple(stop_after),
            form=form,
        )
        try:
            return self.write(
                lambda session: self.start_within(session, asked, variables, alongside=alongside, by=by)
            )
        except StepBudgetSpent as spent:
            problem = spent
            return self.write(
                lambda session: starting.start_halted(
                    self.house, session, asked, variables, problem, alongside=alongside, by=by
                )
            )

    def start_within(
        self,
        session: Session,
        asked: starting.Start,
        variables: Variables,
        *,
        alongside: starting.Alongside | None = None,
        by: Actor = SYSTEM,
    ) -> starting.Started:
        """Start an instance as part of the caller's own unit of work (``write``, ``once``)."""
        return starting.start(self.house, session, asked, variables, alongside=alongside, by=by)

    def await_end(
        self,
        instance_key: int,
        *,
        timeout: timedelta,
        fetch: Sequence[str] | None = None,
        stop: threading.Event | None = None,
    ) -> dict[str, Any]:
        """Wait until an instance has ended and return its root variables; ``stop`` ends the waiting.

        Raises ``NotYetEnded``, ``InstanceNotFound``.
        """
        return awaiting.await_end(self.house, instance_key, timeout=timeout, fetch=fetch, stop=stop)

    def cancel(self, instance_key: int, *, reason: str | None = None, by: Actor = SYSTEM) -> None:
        """Terminate a root instance. Raises ``InstanceNotFound``, ``InstanceEnded``, ``NotARoot``."""
        self.write(lambda session: steer.cancel(self.house, session, instance_key, by=by, reason=reason))

    def modify(
        self, instance_key: int, change: Modification, *, reason: str | None = None, by: Actor = SYSTEM
    ) -> None:
        """Move tokens by hand.

        Raises ``InstanceNotFound``, ``InstanceEnded``, ``CannotActivate``, ``CannotTerminate``.
        """
        self._moving(
            "instance",
            instance_key,
            lambda session: steer.modify(self.house, session, instance_key, change, by=by, reason=reason),
        )

    def migrate(
        self, instance_key: int, target_key: int, mapping: Mapping[str, str], *, by: Actor = SYSTEM
    ) -> None:
        """Let an instance go on along another definition (``commands.migrate`` explains the arguments).

        Raises ``InstanceNotFound``, ``InstanceEnded``, ``DefinitionNotFound``, ``MigrationRefused``.
        """
        self._moving(
            "instance",
            instance_key,
            lambda session: migrate.migrate(self.house, session, instance_key, target_key, mapping, by=by),
        )

    def set_variables(
        self, scope_key: int, variables: Variables, *, local: bool = False, by: Actor = SYSTEM
    ) -> None:
        """Write variables into a scope, or outward from it.

        Raises ``ScopeNotFound``, ``InstanceEnded``, ``ValueRefused``.
        """
        self._moving(
            "element",
            scope_key,
            lambda session: steer.set_variables(
                self.house, session, scope_key, variables or {}, local=local, by=by
            ),
        )

    def resolve_incident(self, key: int, *, by: Actor = SYSTEM) -> None:
        """Repeat the failed step. Raises ``IncidentNotFound``, ``IncidentAlreadyResolved``."""
        self.write(lambda session: incidents.resolve_incident(self.house, session, key, by=by))

    def rearm_clock(self, instance_key: int, clock: str, *, by: Actor = SYSTEM) -> None:
        """Look again at every timer and task that follows a case clock. Raises ``InstanceNotFound``."""
        self._moving(
            "instance",
            instance_key,
            lambda session: steer.rearm_clock(self.house, session, instance_key, clock, by=by),
        )

    def rearm_within(self, session: Session, instance_key: int, clock: str, *, by: Actor = SYSTEM) -> None:
        """The same, as part of the caller's own unit of work that moved the clock."""
        steer.rearm_clock(self.house, session, instance_key, clock, by=by)

    def set_variables_within(
        self, session: Session, scope_key: int, variables: Variables, *, by: Actor = SYSTEM
    ) -> None:
        """Write variables as part of the caller's own unit of work (``set_variables`` explains)."""
        steer.set_variables(self.house, session, scope_key, variables or {}, local=False, by=by)

    def overwrite_within(
        self, session: Session, case_key: int, name: str, value: Any, *, by: Actor = SYSTEM
    ) -> None:
        """Give a variable this value wherever a case holds it, as part of the caller's own unit of work.

        Raises ``InstanceNotFound``, ``ValueRefused``.
        """
        steer.overwrite(self.house, session, case_key, name, value, by=by)

    # timers

    def move_timer_within(
        self, session: Session, job_key: int, due_at: datetime, *, reason: str, by: Actor = SYSTEM
    ) -> None:
        """Move a timer as part of the caller's own unit of work (``move_timer`` explains)."""
        timers.move_timer(self.house, session, job_key, due_at, reason=reason, by=by)

    def fire_timer_within(self, session: Session, job_key: int, *, reason: str, by: Actor = SYSTEM) -> None:
        """Fire a timer as part of the caller's own unit of work (``fire_timer`` explains)."""
        timers.fire_timer(self.house, session, job_key, reason=reason, by=by)

    def move_timer(self, job_key: int, due_at: datetime, *, reason: str, by: Actor = SYSTEM) -> None:
        """Give a waiting timer another due moment. Raises ``TimerNotFound``, ``ReasonMissing``."""
        self.write(
            lambda session: timers.move_timer(self.house, session, job_key, due_at, reason=reason, by=by)
        )

    def fire_timer(self, job_key: int, *, reason: str, by: Actor = SYSTEM) -> None:
        """Fire a waiting timer now. Raises ``TimerNotFound``, ``ReasonMissing``."""
        self._moving(
            "job",
            job_key,
            lambda session: timers.fire_timer(self.house, session, job_key, reason=reason, by=by),
        )

    # tasks

    def complete_task(
        self,
        key: int,
        variables: Variables = None,
        *,
        source: completing.Source = "rest",
        documents: Documents | None = None,
        revision: int | None = None,
        alongside: Callable[[Session, completing.Completed], None] | None = None,
        by: Actor = SYSTEM,
    ) -> completing.Completed:
        """Complete a task (``commands.complete_task.Answers`` explains the arguments).

        ``alongside`` does the caller's own part in the same transaction, once the task is completed. Raises what its
        command names, and what ``alongside`` raises.
        """
        answers = completing.Answers(variables, source, documents, revision)

        def work(session: Session) -> completing.Completed:
            done = completing.complete_task(self.house, session, key, answers, by=by)
            if alongside is not None:
                alongside(session, done)
            return done

        return self._moving("task", key, work)

    def claim_task(self, key: int, *, revision: int | None = None, by: Actor) -> None:
        """Take a task for oneself. Raises ``TaskHeld`` and what every task command does."""
        self.write(lambda session: assigning.claim_task(self.house, session, key, by=by, revision=revision))

    def unclaim_task(self, key: int, *, by: Actor) -> None:
        """Give a task back."""
        self.write(lambda session: assigning.unclaim_task(self.house, session, key, by=by))

    def assign_task(
        self, key: int, assignee: str, *, allow_override: bool = True, by: Actor = SYSTEM
    ) -> None:
        """Give a task to someone. Raises ``TaskHeld`` without ``allow_override``, ``TaskRefused``."""
        self.write(
            lambda session: assigning.assign_task(
                self.house, session, key, assignee, allow_override=allow_override, by=by
            )
        )

    def update_task(self, key: int, changes: updating.TaskChanges, *, by: Actor = SYSTEM) -> None:
        """Change dates, candidates, priority. Raises ``TaskRefused`` and what every task command does."""
        self.write(lambda session: updating.update_task(self.house, session, key, changes, by=by))

    # messages and signals

    def publish_message(
        self,
        name: str,
        correlation_key: str = "",
        variables: Variables = None,
        *,
        time_to_live: timedelta = timedelta(0),
        message_id: str | None = None,
        by: Actor = SYSTEM,
    ) -> int:
        """Publish a message and return its key.

        Raises ``MessageDoubled``, ``MessageRefused``, ``ValueRefused``.
        """
        return guarded(
            self.house,
            lambda session: messages.publish_message(
                self.house,
                session,
                name,
                correlation_key,
                variables,
                time_to_live=time_to_live,
                message_id=message_id,
                by=by,
            ),
        )

    def correlate_message(
        self, name: str, correlation_key: str = "", variables: Variables = None, *, by: Actor = SYSTEM
    ) -> messages.Correlated:
        """Deliver a message now. Raises ``MessageNotCorrelated``, ``MessageRefused``, ``ValueRefused``."""
        return guarded(
            self.house,
            lambda session: messages.correlate_message(
                self.house, session, name, correlation_key, variables, by=by
            ),
        )

    def correlate_within(
        self,
        session: Session,
        name: str,
        correlation_key: str = "",
        variables: Variables = None,
        *,
        to_case: int | None = None,
        by: Actor = SYSTEM,
    ) -> messages.Correlated:
        """Deliver a message as part of the caller's own unit of work; errors as ``correlate_message``.

        With ``to_case`` it is thrown as by a step of that case: what it starts belongs to it.
        """
        return messages.correlate_message(
            self.house, session, name, correlation_key, variables, to_case=to_case, by=by
        )

    def broadcast_signal(self, name: str, variables: Variables = None, *, by: Actor = SYSTEM) -> int:
        """Broadcast a signal and return its key. Raises ``MessageRefused``, ``ValueRefused``."""
        return guarded(
            self.house,
            lambda session: messages.broadcast_signal(self.house, session, name, variables, by=by),
        )

    def evaluate_conditionals(
        self, variables: Variables = None, *, definition_key: int | None = None, by: Actor = SYSTEM
    ) -> conditionals.Evaluated:
        """Start what a condition of a start event is true for (``commands.conditionals`` explains).

        Raises ``DefinitionNotFound``, ``ConditionUnusable``, ``ValueRefused``.
        """
        return guarded(
            self.house,
            lambda session: conditionals.evaluate_conditionals(
                self.house, session, variables, definition_key=definition_key, by=by
            ),
        )

    # jobs of outside workers

    def activate_jobs(
        self,
        job_type: str,
        *,
        worker: str,
        timeout: timedelta,
        limit: int,
        fetch: Sequence[str] | None = None,
        wait: timedelta | None = None,
        stop: threading.Event | None = None,
        by: Actor = SYSTEM,
    ) -> tuple[ActivatedJob, ...]:
        """Lease up to ``limit`` jobs until ``timeout`` from now; with ``wait`` hold on until there is one
        or ``stop`` is set. Jobs of cases hidden from ``by`` stay where they are.
        """
        asked = activating.Asked(job_type, worker, timeout, limit, fetch, by)
        return activating.activate_jobs(self.house, asked, wait=wait, stop=stop)

    def complete_job(self, key: int, variables: Variables = None, *, by: Actor = SYSTEM) -> None:
        """Complete a job. Raises ``JobNotFound``, ``JobAlreadySettled``, ``ValueRefused``."""
        self._moving(
            "job", key, lambda session: jobs.complete_job(self.house, session, key, variables, by=by)
        )

    def fail_job(
        self,
        key: int,
        *,
        retries: int = 0,
        message: str = "",
        back_off: timedelta = timedelta(0),
        variables: Variables = None,
        by: Actor = SYSTEM,
    ) -> None:
        """Note a worker's failure.

        Raises ``JobNotFound``, ``JobAlreadySettled``, ``JobRefused``, ``ValueRefused``.
        """
        self.write(
            lambda session: jobs.fail_job(
                self.house,
                session,
                key,
                retries=retries,
                message=message,
                back_off=back_off,
                variables=variables,
                by=by,
            )
        )

    def throw_job_error(
        self, key: int, code: str, message: str = "", variables: Variables = None, *, by: Actor = SYSTEM
    ) -> None:
        """End a job with a BPMN error. Raises ``JobNotFound``, ``JobAlreadySettled``, ``JobRefused``."""
        self._moving(
            "job",
            key,
            lambda session: jobs.throw_job_error(self.house, session, key, code, message, variables, by=by),
        )

    def update_job(
        self,
        key: int,
        *,
        retries: int | None = None,
        timeout: timedelta | None = None,
        priority: int | None = None,
        by: Actor = SYSTEM,
    ) -> None:
        """Change retries, lease or priority.

        Raises ``JobNotFound``, ``JobAlreadySettled``, ``JobRefused``.
        """
        self.write(
            lambda session: jobs.update_job(
                self.house, session, key, retries=retries, timeout=timeout, priority=priority, by=by
            )
        )

    # decisions

    def evaluate_decision(
        self,
        decision_id: str | None = None,
        variables: Variables = None,
        *,
        decision_key: int | None = None,
        by: Actor = SYSTEM,
    ) -> deciding.DecisionEvaluation:
        """Make a decision by id (latest version) or key.

        Raises ``DecisionDefinitionNotFound``, ``ValueRefused``.
        """
        return self.write(
            lambda session: deciding.evaluate_decision(
                self.house, session, decision_id, variables, decision_key=decision_key, by=by
            )
        )

    # running

    def worker(self, name: str, *, line: Line | None = None, lease: timedelta = LEASE) -> Worker:
        """Return a new worker of one of the ``lines``, of everything in one line for None.

        ``name`` must be unique among all workers of the database.
        """
        return Worker(
            self.house,
            name,
            line or self._everything,
            postman=self._postman,
            letter_listeners=self._letter_listeners,
            letter_guard=self._letter_guard,
            lease=lease,
        )

    def listener(self) -> Listener:
        """Return what hears of work from other processes, not yet listening."""
        return Listener(self.database, self.house.wakeup)

    def run_due_jobs(self, limit: int = 100_000) -> int:
        """Do everything of ours that is due now, and what that makes due; return how many jobs were done."""
        with self._inline_lock:
            done = 0
            while done < limit and (count := self._inline.run_once(min(50, limit - done))):
                done += count
            return done

    def sweep(self) -> tuple[sweeping.Found, ...]:
        """Raise an incident for everything that is silently stuck, and return what was found."""
        return sweeping.sweep(self.house, self._orphans)

    def verify(self) -> tuple[verifying.Difference, ...]:
        """Load every open case and compare its state with its rows; each that disagrees gets an incident."""
        return verifying.verify(self.house)

    def differences(self) -> tuple[verifying.Difference, ...]:
        """Do the same and only say which: nothing is written."""
        return tuple(verifying.differences(self.house))

    def purge(self) -> int:
        """Remove what is over: expired messages and answers, old proofs, offers of closed tasks."""
        now = self.clock.now()
        return self.write(lambda session: upkeep.purge(session, now=now))

    def beat(self, name: str, host: str, *, chore: str | None = None) -> None:
        """Note that a process lives, and that a chore of it went well."""
        now = self.clock.now()
        self.write(lambda session: upkeep.beat(session, name, host, chore=chore, now=now))

    def release_letter(self, outbox_key: int) -> None:
        """Send a letter after all that was held back or given up. Raises ``LetterNotFound``."""
        release_held(self.house, outbox_key)

    def _moving(self, kind: str, key: int, work: Callable[[Session], R]) -> R:
        """Run a command that moves a case; a spent step budget becomes an incident of the case as it was."""
        return guarded(self.house, work, kind=kind, key=key)
