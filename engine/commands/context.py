"""What a handler of our own is given: its job, the transaction, and what it may ask of the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine import feel
from engine.actors import Actor
from engine.commands.house import House
from engine.store.outbox import queue_letter

Request = Callable[[Any], None]  # takes the step, before its next unit


@dataclass(frozen=True)
class StepContext:
    """One job of our own. ``variables`` are FEEL values; ``now`` is aware UTC.

    ``case_key`` says which case it is about: the engine's own fact, never what a variable claims.

    A handler may write through ``session`` but neither commits nor touches anything outside the database.
    ``session`` is absent for job types that act outside: they get no transaction and may take their time.
    """

    house: House
    job_type: str
    headers: Mapping[str, str]
    variables: Mapping[str, Any]
    element_id: str
    element_instance_key: int
    instance_key: int
    root_key: int
    case_key: int
    business_id: str | None
    moment: feel.Moment
    now: datetime
    actor: Actor
    job_key: int | None = None  # None inside a step: no job row exists
    in_transaction: Session | None = None
    family: Callable[[], frozenset[str]] = frozenset
    requests: list[Request] = field(default_factory=list)

    @property
    def session(self) -> Session:
        """The transaction. Raises ``RuntimeError`` for a job type that acts outside."""
        if self.in_transaction is None:
            raise RuntimeError(f"{self.job_type} acts outside and has no transaction")
        return self.in_transaction

    def next_key(self) -> int:
        """Return a key never used before."""
        return self.house.keys.next()

    def running(self) -> frozenset[str]:
        """Return the process ids of the diagrams that still run in this case's family, at this very moment of the step."""
        return self.family()

    def queue_letter(
        self, *, recipient: str, subject: str, text: str, html: str, letter: str, urgent: bool = False
    ) -> int:
        """Have a letter sent after the commit and return its outbox key; ``letter`` names it within the
        case. One that is ``urgent`` leaves before all that wait.
        """
        return queue_letter(
            self.session,
            self.house.keys,
            case_key=self.root_key,
            recipient=recipient,
            subject=subject,
            text=text,
            html=html,
            dedup=f"{self.root_key}:{letter}",
            now=self.now,
            urgent=urgent,
        )

    def publish(
        self,
        name: str,
        correlation_key: str = "",
        variables: Mapping[str, Any] | None = None,
        *,
        to_case: int | None = None,
    ) -> None:
        """Publish a message in this transaction, right after this job; it is not buffered.

        ``to_case`` names the case it is for, where a handler has found out that it is another than its own.
        """
        values = feel.inward(dict(variables or {}))
        thrower = self.case_key if to_case is None else to_case
        self.requests.append(lambda step: step.publish(name, correlation_key, values, thrower=thrower))

    def overwrite(self, name: str, value: Any, *, in_case: int) -> None:
        """Give a variable this value wherever the case ``in_case`` holds it, right after this job."""
        given = feel.inward(value)
        self.requests.append(lambda step: step.overwrite(in_case, name, given))

    def rearm(self, clock: str) -> None:
        """Have every timer and task that follows this clock of the case look at it again, also for a job beside the case."""
        self.requests.append(lambda step: step.rearm(self.case_key, clock))
