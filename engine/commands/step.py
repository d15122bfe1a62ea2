"""One step: the cases a command moves in one transaction, what follows from their moving, and the rows it
leaves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import methodcaller
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from engine import feel
from engine.actors import Actor
from engine.clock import Stopwatch
from engine.commands import events, family
from engine.commands.errors import (
    DecidesWhoActs,
    InstanceEnded,
    InstanceNotFound,
    RegisterGives,
    StateNotLoadable,
)
from engine.commands.house import FilledForm, House, StepReport
from engine.commands.rows import Rows
from engine.commands.world import CaseWorld
from engine.dialect import ProcessDefinition
from engine.execution import changes as ch
from engine.execution.run import Execution
from engine.execution.state import StateTooLarge
from engine.execution.world import Halt
from engine.retry import JOBS
from engine.store import instances, jobs, messages
from engine.store.instances import InstanceRow
from engine.store.messages import Waiting
from engine.store.unit_of_work import after_commit

T = TypeVar("T")
MOST_TIMERS = 100  # fired before a command; more are left to the workers


@dataclass(slots=True)
class Case:
    """An instance in hand: its row, its definition, and its live execution."""

    row: InstanceRow
    definition: ProcessDefinition
    execution: Execution
    is_new: bool = False
    touched: bool = False


class Step:
    """The cases one command moves. ``finish`` writes them; after any exception the whole step is thrown away.

    Locks are taken per family, through the root's row; families met later (signals, messages) in the order
    met, which a deadlock and the repetition of the command put right.
    """

    def __init__(self, house: House, session: Session, *, actor: Actor, command: str) -> None:
        """``command`` names what was asked, for listeners."""
        self.house, self.session, self.actor, self.command = house, session, actor, command
        self.now = house.clock.now()
        self.stopwatch = Stopwatch(house.longest_step)
        self.rows = Rows(keys=house.keys, now=self.now, actor=actor.name)
        self.cases: dict[int, Case] = {}
        self.heads: dict[int, InstanceRow] = {}  # rows read under a lock, case not needed yet
        self.locked: set[int] = set()  # root keys
        self.admitted: set[int] = set()  # case keys
        self.changes: list[tuple[int, ch.Change]] = []
        self.sheets: list[FilledForm] = []
        self._ready: deque[int] = deque()  # keys of the cases that may have something to run, in turn
        self._woken: list[
            int
        ] = []  # those that something was delivered to since the last unit: they come first
        self._left_behind: deque[int] = deque()  # call activities whose children are to be terminated
        self._opened: list[tuple[InstanceRow, ch.SubscriptionOpened]] = []
        self._thrown: deque[Callable[[], None]] = deque()  # what takes effect before the next unit, in order
        self._settling = False
        self.line = (
            0  # of the path that throws what is delivered now; 0: somebody or something was really waited for
        )
        self._immediate = False  # something is due at once: wake the workers
        self._following: Mapping[type, Callable[[Case, Any], None]] = {
            ch.TaskOpened: partial(family.open_task, self),
            ch.JobOpened: lambda case, change: self._open_job(case.row, change),
            ch.TimerArmed: lambda _, change: self._note_timer(change),
            ch.SubscriptionOpened: self._note_subscription,
            ch.ChildCalled: lambda case, change: self._throw(family.start_child, case, change),
            ch.ErrorEscaped: lambda case, change: self._throw(family.pass_upward, case, change),
            ch.SignalThrown: lambda case, change: self._throw(
                partial(events.broadcast, thrower=case.row.case_key), change.name, change.variables
            ),
            ch.InstanceEnded: self._end,
        }

    # taking cases

    def lock(self, kind: str, key: int) -> InstanceRow | None:
        """Lock the family of an instance, task, element or job and return its root's row.

        None if there is none, or its case is not there for the actor.
        """
        root = instances.lock_family_of(self.session, kind, key)
        if root is None or not self._admits(root):
            return None
        self.holds(root)
        return root

    def holds(self, root: InstanceRow) -> None:
        """Note that a family has been locked through its root's row, and its case admitted."""
        self.locked.add(root.key)
        self.admitted.add(root.case_key)
        self.heads[root.key] = root

    def _admits(self, root: InstanceRow) -> bool:
        return root.case_key in self.admitted or self.house.access.admits(
            self.session, self.actor, self.command, root.case_key
        )

    def head(self, key: int) -> InstanceRow:
        """Return the row of an instance, its family locked. Raises ``InstanceNotFound``."""
        case = self.cases.get(key)
        if case is not None:
            return case.row
        row = self.heads.get(key)
        if row is None and not self.locked:
            self.lock("instance", key)
            row = self.heads.get(key)
        if row is None:
            row = instances.read(self.session, key)
            if row is not None and row.root_key not in self.locked:
                self.lock("instance", key)
                row = self.heads.get(key) or instances.read(self.session, key)
        if row is None:
            raise InstanceNotFound(instance=key)
        self.heads[key] = row
        return row

    def case(self, key: int) -> Case:
        """Return an open case, its family locked. Raises ``InstanceNotFound`` or ``InstanceEnded``."""
        known = self.cases.get(key)
        if known is not None:
            return known
        row = self.head(key)
        if not row.is_open:
            raise InstanceEnded(instance=key, state=row.state)
        definition = self.house.catalogue.process(self.session, row.definition_key)
        world = self.world(row, definition)
        execution = self.house.live.take(row.key, row.revision)
        if execution is None:
            live = instances.saved(self.session, row.key)
            if live is None:
                raise InstanceEnded(instance=key, state=row.state)
            execution = family.revive(definition, row, live, world=world)
        else:
            execution.meet(world)
        case = self.cases[key] = Case(row, definition, execution)
        return case

    def refuse_setting(self, case_key: int, names: Iterable[str]) -> None:
        """Return if the actor may give these variables a value.

        Raises ``RegisterGives`` for what only the register gives; ``DecidesWhoActs`` if one of them decides who gets work, and
        the actor may not read the case.
        """
        house = self.house
        if given := set(names) & house.access.given(self.session, case_key):
            raise RegisterGives(variables=sorted(given))
        if house.access.reads_content(self.session, self.actor, case_key):
            return
        besides = frozenset().union(*(one.decides for one in house.job_types.values()))
        if refused := set(names) & house.catalogue.deciding(self.session, besides):
            raise DecidesWhoActs(variables=sorted(refused))

    def world(self, row: InstanceRow, definition: ProcessDefinition) -> CaseWorld:
        """Return the surroundings of an instance in this step."""
        return CaseWorld(self, row, zone=definition.time_zone, calendar=definition.calendar)

    def add(self, row: InstanceRow, definition: ProcessDefinition, execution: Execution) -> Case:
        """Take a new instance into the step; it runs when its turn has come."""
        case = self.cases[row.key] = Case(row, definition, execution, is_new=True, touched=True)
        if row.key == row.root_key:
            self.locked.add(row.key)
        self.admitted.add(row.case_key)
        self._absorb(case)
        self._ready.append(row.key)
        return case

    def hold(self, case: Case, problem: Halt) -> None:
        """Leave an instance that has just begun before its first elements, with ``problem`` as their incidents."""
        self._ready.remove(case.row.key)
        case.execution.halt_at_start(problem)
        self._absorb(case)

    # moving

    def move(self, case: Case, action: Callable[[Execution], T]) -> T:
        """Let ``action`` happen to the case and note what changed; what that made ready runs in ``settle``, before
        what was ready already.
        """
        case.touched = True
        case.execution.begin_path(self.line)
        answer = action(case.execution)
        self._absorb(case)
        self._woken.append(case.row.key)
        return answer

    def throw(self, requests: Iterable[Callable[[Step], None]]) -> None:
        """Have what handlers asked for take effect before the next unit."""
        for request in requests:
            self._throw(request)

    def settle(self) -> None:
        """Run unit by unit until nothing automatic is left.

        Before the next unit of any case, all that the last one threw takes effect: first the children it left behind are
        terminated, then newly opened subscriptions take what is buffered, then errors, escalations, signals, messages and
        what handlers asked for, in the order thrown. What is asked to settle while that takes effect runs after it.
        """
        if self._settling:
            return
        self._settling = True
        try:
            while self._deliver_one() or self._run_one():
                pass
        finally:
            self._settling = False
            self.line = 0

    def _deliver_one(self) -> bool:
        if self._left_behind:
            family.terminate_child(self, self._left_behind.popleft())
        elif self._opened:
            opened, self._opened = self._opened, []
            events.feed_from_buffer(self, opened)
        elif self._thrown:
            self._thrown.popleft()()
        else:
            return False
        return True

    def _run_one(self) -> bool:
        """Run one unit of the case whose turn it is: of those just delivered to, else of the one in hand, else of the next."""
        if self._woken:
            first = list(dict.fromkeys(self._woken))
            self._ready = deque([*first, *(key for key in self._ready if key not in first)])
            self._woken.clear()
        while self._ready:
            case = self.cases[self._ready[0]]
            ran = case.execution.next()
            self.line = case.execution.line if ran else self.line
            case.touched = (
                self._absorb(case) or ran or case.touched
            )  # also what came to rest with an incident
            if ran:
                return True
            self._ready.popleft()
        return False

    def hearing(self, kind: str, name: str, correlation_key: str | None) -> list[Waiting]:
        """Return the subscriptions open for this event at this moment of the step, oldest first."""
        closed = self.rows.subscriptions_closed()
        stored = messages.waiting(self.session, kind, name, correlation_key)
        opened = [
            Waiting(
                key=row["key"],
                case_key=self.cases[row["instance_key"]].row.case_key,
                element_key=row["element_instance_key"],
                **{
                    name: row[name]
                    for name in ("instance_key", "root_key", "process_id", "element_id", "name")
                },
                correlation_key=row["correlation_key"],
            )
            for row in self.rows.subscriptions_opened(kind, name, correlation_key)
        ]
        return [*(one for one in stored if one.element_key not in closed), *opened]

    def has_open_start(self, process_id: str, start_key: str) -> bool:
        """Tell whether an instance that a message with this key started is open at this moment of the step."""
        rows = [case.row for case in self.cases.values()]
        if any(
            (row.process_id, row.start_key, row.state) == (process_id, start_key, "ACTIVE") for row in rows
        ):
            return True
        return instances.open_with_start_key(
            self.session, process_id, start_key, but=[row.key for row in rows]
        )

    def fire_due_timers(self, root_key: int) -> bool:
        """Fire every timer of the family that is due, in order, before anything else is applied (P3)."""
        for count in range(MOST_TIMERS):
            due = jobs.due_timer(self.session, root_key, now=self.now)
            if due is None:
                return count > 0
            jobs.take_timer(self.session, due.key, now=self.now)
            self.fire(due.key, due.instance_key or 0, due.element_instance_key or 0)
            self.settle()
            self.flush()
        return True

    def fire(self, job_key: int, instance_key: int, element_key: int) -> None:
        """Let a timer whose job is settled take effect; one without effect is an incident."""
        row = self.head(instance_key)
        if not row.is_open:
            return
        case = self.case(instance_key)
        self.line = 0 if case.execution.has_waited(element_key) else case.execution.line_at(element_key)
        if self.move(case, lambda execution: execution.fire_timer(element_key)):
            self.rows.tell(row, "timer_fired", {"job": job_key})
        else:
            self.rows.open_incident(
                row,
                error_type="UNKNOWN",
                code="timer_had_no_effect",
                message="A timer was due, but nothing waited for it. Look where the case stands.",
                job_key=job_key,
            )

    def publish(
        self, name: str, correlation_key: str, variables: Mapping[str, Any], *, thrower: int
    ) -> dict[str, int]:
        """Deliver a message as ``events.publish`` says; return process id → instance reached."""
        return events.publish(self, name, correlation_key, variables, thrower=thrower)

    def rearm(self, root_key: int, clock: str) -> None:
        """Let every open instance of the family look again at timers and tasks that follow ``clock``."""
        self.flush()
        for name in self.house.clocks.followed_as(clock):
            for key in family.followers(self.session, root_key, name):
                self.move(self.case(key), methodcaller("rearm", name))

    def overwrite(self, case_key: int, name: str, value: Any) -> None:
        """Give a variable this value in every open instance of a case that holds one of its own."""
        self.flush()
        for key in family.holders(self.session, case_key, name):
            self.move(self.case(key), partial(_hold, key=key, values={name: value}))

    # ending the step

    def finish(self) -> None:
        """Write everything: rows, live states, and what listeners add; keep the executions once committed."""
        self.settle()
        self.flush()
        self._tell_listeners()
        live = [case for case in self.cases.values() if case.row.is_open]
        after_commit(self.session, lambda: self._keep(live))

    def flush(self) -> None:
        """Write what was noted so far, so that queries see it; first the ended, whose place others may
        take.
        """
        touched = [case for case in self.cases.values() if case.touched]
        for case in sorted(touched, key=lambda one: one.row.is_open):
            self._store(case)
        self.rows.write(self.session)

    def due_now(self) -> None:
        """Have the workers woken after the commit."""
        self._immediate = True

    def _keep(self, live: Sequence[Case]) -> None:
        for case in live:
            self.house.live.put(case.row.key, case.row.revision, case.execution)
        if self._immediate:
            self.house.call_workers()

    def _store(self, case: Case) -> None:
        case.touched = False
        case.row.changed_at = self.now
        live = None if case.execution.ended else self._saved(case)
        if live is not None and self.house.is_looked_over(case.row.key, case.row.revision):
            self._look_over(case, live)
        if case.is_new:
            case.is_new = False
            instances.insert(self.session, case.row, live)
        else:
            instances.update(self.session, case.row, live)

    def _saved(self, case: Case) -> bytes:
        """Return the live state. Raises ``StateTooLarge``, which names variables only to who may read the case."""
        try:
            return case.execution.save()
        except StateTooLarge as problem:
            may_know = self.house.access.reads_content(self.session, self.actor, case.row.case_key)
            raise problem if may_know else problem.without_names() from None

    def _look_over(self, case: Case, live: bytes) -> None:
        """Load what is about to be stored and compare (P8). Raises ``StateNotLoadable``."""
        again = Execution.revive(case.definition, live, world=self.world(case.row, case.definition))
        if again.save() != live:
            raise StateNotLoadable(instance=case.row.key)

    def _tell_listeners(self) -> None:
        if not self.house.listeners:
            return
        rows = [case.row for case in self.cases.values()]
        report = StepReport(
            command=self.command,
            actor=self.actor,
            now=self.now,
            changes=tuple(self.changes),
            roots={row.key: row.root_key for row in rows},
            ended_roots=frozenset(row.key for row in rows if row.key == row.root_key and not row.is_open),
            sheets=tuple(self.sheets),
            incidents=tuple(self.rows.opened),
        )
        for listener in self.house.listeners:
            listener(self.session, report)

    # what follows from a change

    def _absorb(self, case: Case) -> bool:
        """Note what changed in a case and what follows from it; tell whether anything did."""
        left_behind: list[int] = []
        changes = case.execution.take_changes()
        for change in changes:
            self.changes.append((case.row.key, change))
            self.rows.absorb(case.row, change)
            if isinstance(change, ch.ChildTerminated):
                left_behind.append(change.key)
            elif (follow := self._following.get(type(change))) is not None:
                follow(case, change)
        self._left_behind.extendleft(reversed(left_behind))  # depth first
        return bool(changes)

    def _throw(self, work: Callable[..., None], *given: Any) -> None:
        self._thrown.append(partial(work, self, *given))

    def _note_timer(self, timer: ch.TimerArmed) -> None:
        self._immediate = self._immediate or timer.due_at <= self.now

    def _note_subscription(self, case: Case, change: ch.SubscriptionOpened) -> None:
        if change.kind == "message":
            self._opened.append((case.row, change))

    def _open_job(self, row: InstanceRow, job: ch.JobOpened) -> None:
        self._immediate = True
        if job.failure is None:
            self.rows.open_job(row, job, due_at=self.now, tries=0)
            return
        key = self.house.keys.next()
        due_at = JOBS.next_due(self.now, 1, key=key)
        job_key = self.rows.open_job(row, job, due_at=due_at, tries=1)
        if job.retries <= 1:
            self.rows.bury_job(job.key)
            self.rows.open_incident(
                row,
                error_type="JOB_NO_RETRIES",
                message=job.failure,
                element_id=job.element_id,
                element_key=job.key,
                job_key=job_key,
            )

    def _end(self, case: Case, change: ch.InstanceEnded) -> None:
        row = case.row
        row.state = "TERMINATED" if change.terminated else "COMPLETED"
        row.ended_at = self.now
        self.rows.tell(row, "instance_ended", {"state": row.state})
        if row.open_incidents:
            self.rows.close_incidents_of(row)
        if row.parent_key is not None and not change.terminated:
            self._throw(family.finish_child, row, change)
        if row.start_key is not None:
            self._throw(events.start_next, row)
        after_commit(self.session, self.house.wakeup.call)


def _hold(execution: Execution, *, key: int, values: Mapping[str, Any]) -> None:
    execution.set_variables(key, values, local=True)


def plain(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return FEEL variables as plain Python."""
    return {name: feel.outward(value) for name, value in variables.items()}
