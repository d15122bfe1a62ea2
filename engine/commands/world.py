"""The surroundings of one instance during one step: keys, our handlers, decisions and case clocks."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from engine import feel
from engine.commands.context import StepContext
from engine.commands.decisions import decide
from engine.commands.family import running
from engine.errors import RedressError
from engine.execution.world import Binding, BpmnError, CaseClock, InStepJob, RetryLater, Variables
from engine.keys import KeysSpent
from engine.quoted import quoting, texts_in
from engine.store.errors import VersionConflict
from engine.store.instances import InstanceRow

if TYPE_CHECKING:
    from engine.commands.step import Step

LOG = logging.getLogger(__name__)
OURS = "redress:"


class CaseWorld:
    """What one instance may ask during a step (``engine.execution.world.World``)."""

    def __init__(self, step: Step, row: InstanceRow, *, zone: str | None, calendar: str | None) -> None:
        """``zone`` and ``calendar`` are the definition's, None for the service's."""
        self._step, self._row = step, row
        self.moment: feel.Moment = step.house.moment(zone=zone, calendar=calendar)

    def next_key(self) -> int:
        """Return a key never used before."""
        return self._step.house.keys.next()

    def time_is_up(self) -> bool:
        """Tell whether the step has taken as long as it may (P7)."""
        return self._step.stopwatch.is_up()

    def stops_after(self, element_id: str) -> bool:
        """Tell whether the instance is to be terminated once this element has ended."""
        return element_id in self._row.stop_after

    def is_in_step(self, job_type: str, execution: str | None) -> bool:
        """Tell whether jobs of this type run inside the step."""
        known = self._step.house.job_types.get(job_type)
        if known is None or known.outside:
            return False
        return known.default_in_step if execution is None else execution == "in-transaction"

    def perform(self, job: InStepJob) -> Variables:
        """Run the handler under a savepoint. Raises ``BpmnError`` or ``RetryLater``."""
        handler = self._step.house.job_types[job.type].handler
        context = StepContext(
            house=self._step.house,
            job_type=job.type,
            headers=job.headers,
            variables=job.variables,
            element_id=job.element_id,
            element_instance_key=job.element_instance_key,
            instance_key=job.instance_key,
            root_key=self._row.root_key,
            case_key=self._row.case_key,
            business_id=self._row.business_id,
            moment=self.moment,
            now=self._step.now,
            actor=self._step.actor,
            in_transaction=self._step.session,
            family=partial(running, self._step, self._row.root_key),
        )
        try:
            with self._step.session.begin_nested():
                result = handler(context) or {}
                answer: Variables = feel.inward(dict(result))
        except (BpmnError, KeysSpent, VersionConflict, DBAPIError):
            raise
        except Exception as problem:
            LOG.warning("%s at %s failed: %s", job.type, job.element_id, kind_of(problem), exc_info=True)
            raise RetryLater(said(problem, job.variables)) from problem
        self._step.throw(context.requests)
        return answer

    def decide(self, decision_id: str, binding: Binding, variables: Variables) -> Any:
        """Return the value of a decision, kept with its evaluation. Raises ``Halt``."""
        deployment = self._step.house.catalogue.row(
            self._step.session, "process", self._row.definition_key
        ).deployment_key
        return decide(
            self._step.house,
            self._step.session,
            decision_id,
            binding,
            variables,
            moment=self.moment,
            deployment_key=deployment,
            instance_key=self._row.key,
        )

    def clock_due(self, name: str) -> datetime | None:
        """Return the bound of the family's case clock, or None."""
        return self._step.house.clocks.due(self._step.session, self._row.root_key, name)

    def case_clock(self, name: str) -> CaseClock | None:
        """Return the family's newest clock of this name, running or not, or None."""
        return self._step.house.clocks.view(self._step.session, self._row.root_key, name)


def said(problem: BaseException, variables: Variables) -> str:
    """Return what went wrong with a job that was given ``variables``; what stands there is quoted (``engine.quoted``).

    Foreign exceptions are told by their kind only: their words can hold what people wrote.
    """
    if not isinstance(problem, RedressError):
        return f"{type(problem).__name__}. Where it happened stands in the operator's log."
    given = {name: feel.outward(value) for name, value in variables.items()}
    return quoting(str(problem), texts_in([*given.values(), *problem.facts.values()]))


def kind_of(problem: BaseException) -> str:
    """Return what the log says of a failure: its code or the name of its class, none of its words."""
    return problem.code if isinstance(problem, RedressError) else type(problem).__name__
