"""What a step changed, in the order it happened; commands turn it into rows.

Keys are element instance keys unless named otherwise. Moments are aware UTC. Values are FEEL values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.execution.world import Binding


@dataclass(frozen=True, slots=True)
class ElementActivated:
    """An element instance began. ``scope_key`` is the enclosing element instance, or the process instance."""

    key: int
    element_id: str
    element_name: str
    element_type: str  # as in /v2: USER_TASK, SUB_PROCESS, …
    scope_key: int


@dataclass(frozen=True, slots=True)
class ElementEnded:
    """An element instance completed, or was terminated."""

    key: int
    terminated: bool


@dataclass(frozen=True, slots=True)
class FormReference:
    """The form a task or start event names."""

    form_id: str
    binding: Binding


@dataclass(frozen=True, slots=True)
class TaskOpened:
    """A user task waits for a person."""

    key: int
    element_id: str
    name: str
    assignee: str | None
    candidate_groups: tuple[str, ...]
    candidate_users: tuple[str, ...]
    due_at: datetime | None
    follow_up_at: datetime | None
    priority: int
    form: FormReference | None
    external_reference: str | None
    headers: Mapping[str, str]
    clocks: tuple[str, ...]  # redress.clock, redress.noLaterThan: due_at moves with these case clocks


@dataclass(frozen=True, slots=True)
class TaskRescheduled:
    """The case clock a user task follows has moved: its due moment is another, or None."""

    key: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskClosed:
    """A user task was completed, or canceled by its surroundings."""

    key: int
    canceled: bool


@dataclass(frozen=True, slots=True)
class JobOpened:
    """A job waits for a worker. ``failure`` is set when an in-step handler failed and the job was put
    back."""

    key: int
    element_id: str
    type: str
    retries: int
    headers: Mapping[str, str]
    in_step: bool  # one of our own handlers, run from the queue
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class JobClosed:
    """A job was completed, ended by a thrown error, or canceled by its surroundings."""

    key: int
    outcome: str  # completed | error | canceled


@dataclass(frozen=True, slots=True)
class TimerArmed:
    """A timer waits. ``occurrence`` counts this token's armings from 1; arming again replaces the earlier
    one.

    ``rule`` is the JSON form of ``engine.timers.Armed`` (what is left to repeat); ``clocks`` are the case
    clocks the due moment follows, whether or not the case has them yet: when one moves, call
    ``Execution.rearm``. A listener (boundary event, start of an event sub-process, branch of an
    event-based gateway) has a key of its own without ``ElementActivated``.
    """

    key: int
    element_id: str
    due_at: datetime
    occurrence: int
    rule: Mapping[str, Any]
    clocks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TimerDisarmed:
    """A timer no longer waits (fired, or its scope ended)."""

    key: int


@dataclass(frozen=True, slots=True)
class SubscriptionOpened:
    """A catcher waits for a message or signal. ``correlation_key`` is None for signals."""

    key: int
    element_id: str
    kind: str  # message | signal
    name: str
    correlation_key: str | None
    interrupting: bool


@dataclass(frozen=True, slots=True)
class SubscriptionClosed:
    """A catcher no longer waits. ``correlated`` tells whether an event closed it."""

    key: int
    correlated: bool


@dataclass(frozen=True, slots=True)
class ChildCalled:
    """A call activity waits for a process instance of its own, to be started in the same transaction."""

    key: int
    element_id: str
    process_id: str
    binding: Binding
    variables: Mapping[str, Any]
    business_id: str | None


@dataclass(frozen=True, slots=True)
class ChildTerminated:
    """The call activity ``key`` ended before its child did; the child must be terminated."""

    key: int


@dataclass(frozen=True, slots=True)
class SignalThrown:
    """A signal was thrown; it goes to every open subscription and start event of the name."""

    name: str
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ErrorEscaped:
    """An error or escalation left the process from ``key``; the calling instance, if any, goes on searching for a
    catcher."""

    key: int
    kind: str  # error | escalation
    code: str
    message: str
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VariableSet:
    """A variable has a new value in ``scope_key`` (process instance key or element instance key)."""

    scope_key: int
    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class ScopeDropped:
    """A scope ended; its local variables are gone from the live state."""

    scope_key: int


@dataclass(frozen=True, slots=True)
class IncidentOpened:
    """An element cannot go on. ``key`` None means the whole instance; ``code`` is stable, the type is that of /v2."""

    key: int | None
    element_id: str | None
    error_type: str
    message: str
    code: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IncidentClosed:
    """The incident of this element is over (retried with success, or its element ended)."""

    key: int


@dataclass(frozen=True, slots=True)
class FlowTaken:
    """A token passed a sequence flow."""

    flow_id: str


@dataclass(frozen=True, slots=True)
class DecisionMade:
    """A condition or decision was evaluated with notes worth keeping; ``notes`` are plain texts."""

    key: int
    element_id: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InstanceEnded:
    """The process instance completed, or was terminated.

    ``variables`` are those of its root, ``written`` the names of those set since it began, if a call activity waits for it.
    """

    terminated: bool
    variables: Mapping[str, Any]
    written: frozenset[str]


Change = (
    ElementActivated
    | ElementEnded
    | TaskOpened
    | TaskRescheduled
    | TaskClosed
    | JobOpened
    | JobClosed
    | TimerArmed
    | TimerDisarmed
    | SubscriptionOpened
    | SubscriptionClosed
    | ChildCalled
    | ChildTerminated
    | SignalThrown
    | ErrorEscaped
    | VariableSet
    | ScopeDropped
    | IncidentOpened
    | IncidentClosed
    | FlowTaken
    | DecisionMade
    | InstanceEnded
)
