"""What a moving case may ask of the world around it; commands supply the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Protocol

from engine import feel
from engine.dialect.model import Binding

__all__ = ["Binding", "BpmnError", "Halt", "InStepJob", "RetryLater", "Variables", "World"]

Variables = Mapping[str, Any]
_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class InStepJob:
    """Work done by one of our own handlers inside the step's transaction."""

    type: str
    element_id: str
    element_instance_key: int
    instance_key: int
    headers: Mapping[str, str]
    variables: Variables


class BpmnError(Exception):
    """An error with a code, as BPMN means it: caught by an error event further out, else an incident."""

    def __init__(self, code: str, message: str = "", variables: Variables | None = None) -> None:
        """``variables`` become local to the catching event."""
        super().__init__(message or code)
        self.code, self.message, self.variables = code, message, variables or {}


class Halt(Exception):
    """The element cannot go on; the caller of a ``World`` method gets an incident of ``error_type``
    (dialect §13)."""

    def __init__(
        self, error_type: str, message: str, *, code: str | None = None, facts: Mapping[str, Any] = _NONE
    ) -> None:
        """``message`` names what is wrong and what to do; ``code`` says more exactly than the type what it is, ``facts`` plain
        values for programs."""
        super().__init__(message)
        self.error_type, self.message, self.code = error_type, message, code or error_type
        self.facts = facts


@dataclass(frozen=True, slots=True)
class CaseClock:
    """One deadline of the case as it stands.

    ``due_on`` is local, ``bound_at`` aware UTC; ``warn_at(share)`` gives the moment at which that share of
    the time is used, also once it is over and the clock late; None while the clock does not run. ``round``
    counts how often it has begun, from 1;
    ``ended_at(round)`` gives the moment (aware UTC) since which that round awaits nothing any more: answered,
    given up, replaced or not owed; None while it is open, and for a round there never was.
    """

    state: str
    due_on: date | None
    bound_at: datetime | None
    warn_at: Callable[[float], datetime | None]
    round: int
    ended_at: Callable[[int], datetime | None]


class World(Protocol):
    """The surroundings of one step."""

    moment: feel.Moment
    """The frozen present: now, zone, calendars."""

    def next_key(self) -> int:
        """Return a key never used before."""

    def time_is_up(self) -> bool:
        """Tell whether the step has taken as long as it may."""

    def stops_after(self, element_id: str) -> bool:
        """Tell whether the instance is to be terminated once this element has ended."""

    def is_in_step(self, job_type: str, execution: str | None) -> bool:
        """Tell whether jobs of this type run inside the step; ``execution`` is the ``redress.execution``
        property or None."""

    def perform(self, job: InStepJob) -> Variables:
        """Run the handler under a savepoint and return its result variables.

        Raises ``BpmnError`` for a modelled error. Raises ``RetryLater`` when it failed otherwise: the
        savepoint has been rolled back and the job must be opened as an ordinary background job.
        """

    def decide(self, decision_id: str, binding: Binding, variables: Variables) -> Any:
        """Return the FEEL value of a decision. Raises ``Halt`` (CALLED_DECISION_ERROR,
        DECISION_EVALUATION_ERROR)."""

    def clock_due(self, name: str) -> datetime | None:
        """Return the bound (aware UTC) of the case clock ``name``, or None when the case has no such
        running clock."""

    def case_clock(self, name: str) -> CaseClock | None:
        """Return the newest clock ``name`` of the case, running or not, None when there never was one."""


class RetryLater(Exception):
    """An in-step handler failed; its job goes to the background queue with the failure's text."""
