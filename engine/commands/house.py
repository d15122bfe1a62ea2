"""What every command needs at hand: database, clock, definitions, live cases, job types and the hooks of
the service.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine import feel, forms
from engine.actors import Actor
from engine.calendars import Calendars
from engine.clock import Clock
from engine.commands.access import CaseAccess
from engine.commands.catalogue import Catalogue
from engine.commands.errors import NotYourTask
from engine.dialect.lint import ServiceFacts
from engine.execution.changes import Change
from engine.execution.run import Execution
from engine.execution.world import CaseClock
from engine.findings import Finding
from engine.keys import Keys
from engine.store.database import Database
from engine.wakeup import Wakeup

if TYPE_CHECKING:
    from engine.commands.check import Files

LOG = logging.getLogger(__name__)
LONGEST_STEP = timedelta(seconds=5)  # processor time of the thread that does it
Mode = Literal["in-transaction", "async"]
TaskAction = Literal["see", "claim", "unclaim", "assign", "update", "complete"]


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What the guard may know of a task."""

    key: int
    element_id: str
    process_id: str
    instance_key: int
    root_key: int
    assignee: str | None
    candidate_groups: tuple[str, ...]
    candidate_users: tuple[str, ...]
    headers: Mapping[str, str]

    def is_offered_to(self, actor: Actor) -> bool:
        """Tell whether ``actor`` holds the task, is a candidate, or nobody was named at all."""
        if self.assignee is not None and self.assignee == actor.name:
            return True
        if actor.name in self.candidate_users or actor.groups & set(self.candidate_groups):
            return True
        return not (self.assignee or self.candidate_users or self.candidate_groups)


class TaskGuard(Protocol):
    """Who may do what with a task. Asked inside the transaction, again at every action."""

    def check(
        self,
        action: TaskAction,
        *,
        session: Session,
        task: TaskFacts,
        actor: Actor,
        assignee: str | None = None,
    ) -> None:
        """Return, or raise ``NotYourTask`` or another error. ``assignee`` is who is to get the task."""

    def offer(
        self, *, session: Session, task: TaskFacts, users: Collection[str], groups: Collection[str]
    ) -> None:
        """Return if a task may be offered to these as well, or raise ``TaskRefused`` with who of them cannot do it."""


class OfferedTasks:
    """The guard without a register: a task may be done by those it is offered to, by services and
    administrators.
    """

    def offer(
        self,
        *,
        session: Session,
        task: TaskFacts,
        users: Collection[str],
        groups: Collection[str],
    ) -> None:
        """Know of no accounts."""

    def check(
        self,
        action: TaskAction,
        *,
        session: Session,  # noqa: ARG002
        task: TaskFacts,
        actor: Actor,
        assignee: str | None = None,  # noqa: ARG002
    ) -> None:
        """Raise ``NotYourTask`` unless the task is offered to ``actor``."""
        if actor.is_trusted or actor.kind == "service" or task.is_offered_to(actor):
            return
        raise NotYourTask(task=task.key, action=action, person=actor.name)


class CaseClocks(Protocol):
    """The clocks of cases (deadlines kept in the register)."""

    def due(self, session: Session, instance_key: int, name: str) -> datetime | None:
        """Return the bound (aware UTC) of a running clock of this root instance, None if there is none."""

    def view(self, session: Session, instance_key: int, name: str) -> CaseClock | None:
        """Return the newest clock of this root instance, running or not, None if there never was one."""

    def followed_as(self, name: str) -> tuple[str, ...]:
        """Return the names under which diagrams follow a clock, its own first."""


class NoClocks:
    """Cases without clocks."""

    def due(self, session: Session, instance_key: int, name: str) -> datetime | None:  # noqa: ARG002
        """Return None."""
        return None

    def view(self, session: Session, instance_key: int, name: str) -> CaseClock | None:  # noqa: ARG002
        """Return None."""
        return None

    def followed_as(self, name: str) -> tuple[str, ...]:
        """Return the name alone."""
        return (name,)


class PrivateFacts(Protocol):
    """What forms know from the register, whenever they are shown or judged, and in place of process variables."""

    def load(self, session: Session, root_key: int, names: Set[str], *, reader: str) -> Mapping[str, Any]:
        """Return the case's personal and special values, nested as forms name them, and what ``reader`` can choose now.

        ``names`` are those that the form looks at: what has to be looked up is looked up for these only. The reader is the name
        of who is shown the form, or fills it in.
        """


class NoPrivateFacts:
    """Cases without private data."""

    def load(self, session: Session, root_key: int, names: Set[str], *, reader: str) -> Mapping[str, Any]:  # noqa: ARG002
        """Return nothing."""
        return {}


class Procedure(Protocol):
    """What the service around the engine knows of its procedure: asked when files are judged or withdrawn."""

    @property
    def begins_with(self) -> Mapping[tuple[str, str], str]:
        """Kind (process, form, decision) and id of what the service itself begins with → what would happen without it."""

    def facts(self, session: Session, files: Files) -> ServiceFacts:
        """Return the words of the service, as they are when ``files`` are deployed over what is there."""

    def findings(self, session: Session, files: Files) -> tuple[Finding, ...]:
        """Return what is wrong with ``files`` for those who read them at run time."""


@dataclass(frozen=True, slots=True)
class FilledForm:
    """One form as it was completed: what it asked, what was accepted, and what it stood on.

    ``stored`` and ``moment`` are what its rules and labels saw, so that it can be shown again as it was.
    """

    root_key: int
    instance_key: int
    task_key: int | None  # None: start form
    form_key: int
    form: forms.Form
    checked: forms.Checked
    stored: Mapping[str, Any]
    moment: feel.Moment


@dataclass(frozen=True, slots=True)
class IncidentOpened:
    """Something of a case that needs a person, as it was noted; ``job_key`` is None when no job is behind it."""

    root_key: int
    element_id: str | None
    job_key: int | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one command did to the cases of one family, told inside its transaction."""

    command: str
    actor: Actor
    now: datetime
    changes: tuple[tuple[int, Change], ...]  # (instance key, change) in order
    roots: Mapping[int, int]  # instance key → root key
    ended_roots: frozenset[int]
    sheets: tuple[FilledForm, ...] = ()
    incidents: tuple[IncidentOpened, ...] = ()


Handler = Callable[[Any], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Beginning:
    """A case about to begin, within the transaction that starts it.

    ``variables`` in plain Python are those it starts with, and may be changed. ``now`` is aware UTC.
    """

    session: Session
    case_key: int
    variables: dict[str, Any]
    actor: Actor
    now: datetime
    next_key: Callable[[], int]


@dataclass(frozen=True, slots=True)
class JobType:
    """Work done by our own code. ``handler`` takes a ``StepContext`` and returns result variables or None.

    ``in-transaction`` types run inside the step, under a savepoint; ``async`` ones from the queue in a
    transaction of their own. ``outside`` types touch the network: they are always async and run without any
    transaction. ``decides`` names the inputs that say who sees or does something. A type that ``needs_case``
    fails in a case that the register does not know. One that ``enters`` the case has the register know it:
    what is given there does so before the case begins, so that it can wait for messages under the key of the
    register.
    """

    name: str
    handler: Handler
    execution: Mode = "in-transaction"
    outside: bool = False
    decides: frozenset[str] = frozenset()
    needs_case: bool = False
    enters: Callable[[Beginning], None] | None = None

    @property
    def default_in_step(self) -> bool:
        """Tell whether it runs inside the step unless the diagram says otherwise."""
        return self.execution == "in-transaction" and not self.outside


class LiveCases:
    """Executions kept between steps, by instance and revision; taken out while in use.

    Safe between threads.
    """

    def __init__(self, limit: int) -> None:
        """Keep at most ``limit`` of them, the most recently used."""
        self._limit = limit
        self._kept: OrderedDict[int, tuple[int, Execution]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: int, revision: int) -> Execution | None:
        """Return and forget the execution of this instance, if it is kept at this revision."""
        with self._lock:
            kept = self._kept.pop(key, None)
        return kept[1] if kept is not None and kept[0] == revision else None

    def put(self, key: int, revision: int, execution: Execution) -> None:
        """Keep an execution whose state was committed as ``revision``."""
        with self._lock:
            self._kept[key] = (revision, execution)
            self._kept.move_to_end(key)
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)


@dataclass(frozen=True)
class House:
    """The surroundings of all commands of one process."""

    database: Database
    clock: Clock
    zone: str
    calendars: Calendars | None
    job_types: Mapping[str, JobType]
    guard: TaskGuard
    access: CaseAccess
    clocks: CaseClocks
    private: PrivateFacts
    listeners: tuple[Callable[[Session, StepReport], None], ...]
    catalogue: Catalogue
    live: LiveCases
    procedure: Procedure | None = None
    longest_step: timedelta = LONGEST_STEP
    look_over: float = 0.01  # share of the steps whose state is loaded again and compared before it is stored
    wakeup: Wakeup = field(default_factory=Wakeup)

    @property
    def keys(self) -> Keys:
        """The source of keys."""
        return self.database.keys

    def call_workers(self) -> None:
        """Wake those who wait for work, in this process and the others. Call it after the commit."""
        self.wakeup.call()
        try:
            self.database.notify()
        except SQLAlchemyError as problem:
            LOG.info("other processes will find the work by themselves: %s", type(problem).__name__)

    def is_looked_over(self, key: int, revision: int) -> bool:
        """Tell whether the state of this instance at this revision is to be loaded again before it is
        stored.
        """
        return (key * 31 + revision * 17) % 1_000 < self.look_over * 1_000

    def moment(
        self, *, zone: str | None = None, calendar: str | None = None, seed: str | None = None
    ) -> feel.Moment:
        """Return the present for expressions, in the service's zone unless ``zone`` says otherwise."""
        return feel.Moment(
            self.clock.now(),
            zone=zone or self.zone,
            calendars=self.calendars,
            calendar=calendar,
            random_seed=seed,
        )
