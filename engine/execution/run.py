"""One execution of a process: everything that can be asked of a running case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from functools import partial
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine import feel
from engine.dialect.definition import ProcessDefinition
from engine.dialect.specs import ROOT
from engine.execution import (
    activities,
    catching,
    events,
    joins,
    lifecycle,
    listeners,
    loops,
    modifying,
    state,
    timing,
)
from engine.execution.case import Case
from engine.execution.case_clocks import followed
from engine.execution.changes import Change
from engine.execution.ending import close_wait, halt_at
from engine.execution.mapping import take_result
from engine.execution.modifying import Activation, Move
from engine.execution.opened import ElementNotFound, ElementNotWaiting, NoSuchStart, OpenElement, waiting_for
from engine.execution.token import Token
from engine.execution.world import Halt, Variables, World

__all__ = [
    "Activation",
    "ElementNotFound",
    "ElementNotWaiting",
    "Execution",
    "Move",
    "NoSuchStart",
    "OpenElement",
    "activities",  # imported for the behaviours they register
    "events",
]


class Execution:
    """A case in memory.

    A method that moves it does what it says and no more: what it made ready runs unit by unit, by ``next``, so that whoever
    conducts it can deliver what a unit threw before the next begins. What happened is in ``take_changes``. After any exception
    the object is half a step old: discard it.
    """

    def __init__(self, case: Case) -> None:
        """Made by ``start`` and ``revive``."""
        self._case = case
        case.enter, case.leave, case.round_over = lifecycle.enter, lifecycle.leave, loops.round_over
        case.judge = partial(listeners.judge_all, case)
        case.judge_joins = partial(joins.judge_joins, case)

    @classmethod
    def start(
        cls,
        definition: ProcessDefinition,
        *,
        key: int,
        variables: Variables,
        world: World,
        at: str | None = None,
        payload: Variables | None = None,
        has_parent: bool = False,
        activate: tuple[str, ...] = (),
        line: int = 0,
    ) -> Execution:
        """Return an instance called ``key`` that has begun and is ready to run.

        ``at`` is the start event that was triggered, with its ``payload`` (None: the none start event);
        ``activate`` names elements to begin at instead. ``has_parent`` tells that a call activity waits
        for it; ``line`` counts what its thrower or caller has passed without a wait. Raises ``NoSuchStart``.
        """
        case = Case(definition, world, key, has_parent=has_parent)
        case.line = line
        run = cls(case)
        root = case.task_tree = case.new_token(ROOT, None, TaskState.STARTED, key=key)
        case.scopes.begin_with(feel.inward(variables))
        if at is not None:
            if at not in {event.element_id for event in definition.start_events}:
                raise NoSuchStart(process=definition.process_id, element=at)
            root.internal_data["start"] = at
            case.held[key] = {"payload": feel.inward(payload or {})}
        elif activate:
            root.internal_data["at"] = True
        elif not definition.starts[definition.process_id]:
            raise NoSuchStart(process=definition.process_id, problem="no none start event")
        lifecycle.activate(root)
        if activate and "incident" not in root.internal_data:
            modifying.modify(case, activate=[Activation(element_id) for element_id in activate])
        return run

    def halt_at_start(self, problem: Halt) -> None:
        """Leave what has just begun where it stands, each element with an incident: retrying one begins it."""
        for token in self._case.take_ready():
            lifecycle.halt_before(token, problem)

    @classmethod
    def revive(cls, definition: ProcessDefinition, saved: bytes, *, world: World) -> Execution:
        """Return the execution that ``save`` wrote. Raises ``StateUnreadable``."""
        return cls(state.load(definition, saved, world))

    def save(self) -> bytes:
        """Return the state as bytes; saving changes nothing."""
        return state.save(self._case)

    def meet(self, world: World) -> None:
        """Take the surroundings of the next step."""
        self._case.meet(world)

    def take_changes(self) -> tuple[Change, ...]:
        """Return what happened since last asked, in order."""
        changes, self._case.changes = tuple(self._case.changes), []
        return changes

    @property
    def case(self) -> Case:
        """The tokens and scopes themselves, for what rewrites them (``engine.migration``)."""
        return self._case

    # -- looking

    @property
    def key(self) -> int:
        """The process instance key."""
        return self._case.key

    @property
    def definition(self) -> ProcessDefinition:
        """The definition it runs on."""
        return self._case.definition

    @property
    def ended(self) -> bool:
        """Whether the instance is over."""
        return self._case.ended

    def variables(self, scope_key: int) -> dict[str, Any]:
        """Return every variable seen from a scope, as FEEL values. Raises ``ElementNotFound``."""
        return self._case.scopes.visible(self._token(scope_key).key)

    def locals(self, scope_key: int) -> dict[str, Any]:
        """Return the variables of exactly this scope, as FEEL values. Raises ``ElementNotFound``."""
        return self._case.scopes.own(self._token(scope_key).key)

    def open_elements(self) -> tuple[OpenElement, ...]:
        """Return every open element instance and listener, in the order they began."""
        return tuple(
            OpenElement(token.key, token.element.id, token.scope.key, waiting_for(token), token.is_listener)
            for token in self._case.tasks.values()
            if token is not self._case.task_tree
        )

    # -- moving

    def begin_path(self, line: int) -> None:
        """Have what is delivered now lead on as a path of its own, before all that was ready (``Case.begin_path``)."""
        self._case.begin_path(line)

    @property
    def line(self) -> int:
        """How many elements the path of the last unit has passed since somebody or something was last waited for."""
        return self._case.line

    def line_at(self, key: int) -> int:
        """Return the same of the path that stands at ``key``, 0 if nothing does."""
        token = self._case.tasks.get(key)
        return 0 if token is None else token.line

    def has_waited(self, key: int) -> bool:
        """Tell whether the timer ``key`` was armed long enough before it was due to count as a wait."""
        token = self._case.tasks.get(key)
        return token is None or not token.internal_data.get("at_once")

    def count_anew(self) -> None:
        """Let every path begin to count anew: a person has looked at the case."""
        for token in self._case.tasks.values():
            token.internal_data.pop("line", None)

    def next(self) -> bool:
        """Do the next unit (``Case.next``). Returns False when nothing automatic is left. Raises ``StepBudgetSpent``."""
        return self._case.next()

    def run_to_rest(self) -> None:
        """Do every unit there is, with nobody to deliver what they throw. Raises ``StepBudgetSpent``."""
        while self.next():
            pass

    def complete_task(self, key: int, variables: Variables) -> None:
        """Complete a user task. Raises ``ElementNotFound``, ``ElementNotWaiting``."""
        self._finish(key, "task", variables)

    def complete_job(self, key: int, variables: Variables) -> None:
        """Complete a job. Raises ``ElementNotFound``, ``ElementNotWaiting``."""
        self._finish(key, "job", variables)

    def fail_job(self, key: int, variables: Variables) -> None:
        """Keep what a failing job reports, local to its element. Raises ``ElementNotFound``,
        ``ElementNotWaiting``."""
        token = self._waiting(key, "job")
        self._case.scopes.set_local(token.key, feel.inward(variables))

    def throw_error(self, key: int, code: str, message: str = "", variables: Variables | None = None) -> None:
        """End a job with a BPMN error. Raises ``ElementNotFound``, ``ElementNotWaiting``."""
        lifecycle.throw_error(self._waiting(key, "job"), code, message, feel.inward(variables or {}))

    def fire_timer(self, key: int) -> bool:
        """Let a timer fire; the caller knows that it is due. Returns False if no such timer waits."""
        token = self._case.tasks.get(key)
        if token is None or token.wait != "timer":
            return False
        self._case.waited(token)
        listeners.fire(token, {})
        return True

    def deliver(self, key: int, variables: Variables) -> None:
        """Hand a message or signal to the subscription ``key``. Raises ``ElementNotFound``,
        ``ElementNotWaiting``."""
        listeners.fire(self._waiting(key, "message", "signal"), feel.inward(variables))

    def finish_child(self, key: int, variables: Variables, written: Set[str]) -> None:
        """Let a call activity go on after its instance completed with these root variables, of which it wrote some itself.

        Output mappings see all; without them what was written comes back, never a copy that was given and left alone.
        """
        token = self._waiting(key, "child")
        rule = token.element.call
        if token.element.outputs:
            take_result(token, feel.inward(variables))
        elif rule is not None and rule.all_out:
            own = loops.collected_at(token)
            given_back = {name: value for name, value in variables.items() if name in written and name != own}
            take_result(token, feel.inward(given_back))
        lifecycle.leave(token)

    def child_error(self, key: int, kind: str, code: str, _message: str, variables: Variables) -> bool:
        """Let an error or escalation of a called instance search on from its call activity.

        Returns False when nothing here catches it; the caller then asks the instance above. If it is
        caught by an interrupting event, ``ChildTerminated`` is among the changes.
        """
        return catching.catch(self._waiting(key, "child"), kind, code, feel.inward(variables))

    def fail_escaped(self, key: int, code: str, message: str) -> None:
        """Nobody above caught the error that escaped from ``key``: it becomes an incident there."""
        token = self._case.tasks.get(key)
        if token is not None:
            lifecycle.unhandled(token, code, message)

    def halt(self, key: int, error_type: str, message: str) -> None:
        """Stop an element with an incident found outside (form or called process missing); retrying activates
        it again.

        What it waited with is closed as canceled. Raises ``ElementNotFound``.
        """
        token = self._token(key)
        close_wait(token, canceled=True)
        token.internal_data["phase"] = "activating"
        halt_at(token, Halt(error_type, message))

    def retry(self, key: int) -> bool:
        """Repeat the step that an incident stopped. Returns False if the element has no incident of its
        own."""
        return lifecycle.retry(self._token(key))

    def set_variables(self, scope_key: int, variables: Variables, *, local: bool) -> None:
        """Write variables: into exactly this scope if ``local``, else merged from it outward."""
        token, scopes = self._token(scope_key), self._case.scopes
        self._refuse_if_ended()
        write: Callable[[int, Mapping[str, Any]], None] = scopes.set_local if local else scopes.merge
        write(token.key, feel.inward(variables))

    def modify(
        self,
        *,
        activate: Iterable[Activation] = (),
        terminate: Iterable[int] = (),
        moves: Iterable[Move] = (),
    ) -> None:
        """Move tokens by hand: activate, then terminate; scopes left empty end, the instance too.

        Raises ``CannotActivate``, ``CannotTerminate``.
        """
        self._refuse_if_ended()
        modifying.modify(self._case, activate=activate, terminate_keys=terminate, moves=moves)

    def rearm(self, clock: str) -> None:
        """Compute again every due moment that follows a case clock which has started, moved or stopped.

        Timers come as ``TimerArmed`` with the next occurrence number, user tasks as ``TaskRescheduled``.
        """
        for token in list(self._case.tasks.values()):
            if token.wait in ("timer", "task") and clock in followed(token.element):
                timing.rearm(token)

    def cancel(self) -> None:
        """Terminate the instance."""
        self._refuse_if_ended()
        self._case.cancel()

    # -- inside

    def _finish(self, key: int, wait: str, variables: Variables) -> None:
        token = self._waiting(key, wait)
        close_wait(token, canceled=False)
        take_result(token, feel.inward(variables))
        lifecycle.leave(token)

    def _refuse_if_ended(self) -> None:
        if self.ended:
            raise ElementNotWaiting(key=str(self.key), waits_for="nothing")

    def _token(self, key: int) -> Token:
        token = self._case.tasks.get(key)
        if token is None:
            raise ElementNotFound(key=str(key))
        return token

    def _waiting(self, key: int, *waits: str) -> Token:
        token = self._token(key)
        if token.wait not in waits:
            raise ElementNotWaiting(key=str(key), element=token.element.id, waits_for=waiting_for(token))
        self._case.waited(token)
        return token
