"""Trying a process out before it is deployed: one case without variables goes to its first waits, and nowhere
else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

from engine import feel
from engine.clock import Stopwatch
from engine.commands.house import LONGEST_STEP
from engine.dialect import Binding, ProcessDefinition
from engine.dialect.lint import KnownResources
from engine.execution.case import StepBudgetSpent
from engine.execution.run import Execution
from engine.execution.world import CaseClock, Halt, InStepJob, Variables
from engine.findings import Finding

SOME_DAY = datetime(2026, 1, 5, 12, tzinfo=UTC)  # where nobody says what time it is


class NoWorld:
    """A world where every job waits, no decision is known and no clock runs."""

    def __init__(self, known: KnownResources) -> None:
        """``known`` says what time it is, and has the calendars."""
        self.moment = feel.Moment(known.now or SOME_DAY, known.zone or "UTC", known.working_days)
        self._keys, self._stopwatch = count(2), Stopwatch(LONGEST_STEP)

    def next_key(self) -> int:
        """Return a key never used before."""
        return next(self._keys)

    def time_is_up(self) -> bool:
        """Tell whether the step has taken as long as it may."""
        return self._stopwatch.is_up()

    def stops_after(self, element_id: str) -> bool:  # noqa: ARG002
        """Go on after every element."""
        return False

    def is_in_step(self, job_type: str, execution: str | None) -> bool:  # noqa: ARG002
        """Let every job wait."""
        return False

    def perform(self, job: InStepJob) -> Variables:
        """Never asked, as every job waits. Raises ``Halt``."""
        raise Halt("UNKNOWN", f"The job {job.type} is not done here.")

    def decide(self, decision_id: str, binding: Binding, variables: Variables) -> object:  # noqa: ARG002
        """Know no decision. Raises ``Halt``."""
        raise Halt("CALLED_DECISION_ERROR", f"The decision {decision_id} is not made here.")

    def clock_due(self, name: str) -> datetime | None:  # noqa: ARG002
        """Return None."""
        return None

    def case_clock(self, name: str) -> CaseClock | None:  # noqa: ARG002
        """Return None."""
        return None


def try_run(definition: ProcessDefinition, known: KnownResources, *, file: str) -> Iterator[Finding]:
    """Start a case of ``definition`` and save it; yield a finding if it runs away or does not come back the
    same."""
    if not definition.starts[definition.process_id]:
        return
    world = NoWorld(known)
    try:
        run = Execution.start(definition, key=1, variables={}, world=world)
        run.run_to_rest()
        saved = run.save()
    except StepBudgetSpent:
        yield Finding(
            "error",
            "runs_away",
            "A case runs on from the start without ever coming to a wait.",
            "Let a loop lead through something that waits, or end.",
            file=file,
            element_id=definition.process_id,
            element_name=definition.name,
        )
        return
    if Execution.revive(definition, saved, world=world).save() != saved:
        yield Finding(
            "error",
            "state_not_loadable",
            "A case that was saved does not come back the same.",
            "This is a fault of Redress. Please report it with the diagram.",
            file=file,
            element_id=definition.process_id,
            element_name=definition.name,
        )
