"""One running case: the tree of its tokens, the queue of what is ready, and the smallest thing that happens next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from engine import feel
from engine.calendars import Calendar, Calendars
from engine.dialect.definition import ProcessDefinition
from engine.dialect.model import Element
from engine.errors import Broken
from engine.execution.changes import Change, FlowTaken, IncidentClosed, InstanceEnded
from engine.execution.ending import clear, terminate
from engine.execution.scopes import Scopes
from engine.execution.token import Token, is_live
from engine.execution.world import World

MOST_ELEMENTS = 1_000


class StepBudgetSpent(Broken):
    """One step ran through more elements, or computed for longer, than a step may. Look for a loop without a wait."""

    code = "step_budget_spent"


class NoScripts:
    """Stands where the library keeps its Python script engine, so that nothing is evaluated as Python."""


class Consulted:
    """Calendars that remember which of them were asked for."""

    def __init__(self, calendars: Calendars) -> None:
        """``calendars`` answer."""
        self._calendars = calendars
        self._asked: dict[str, int] = {}

    def get(self, calendar_id: str | None = None) -> Calendar:
        """Return a calendar as the others do, and remember its version."""
        found = self._calendars.get(calendar_id)
        self._asked[found.id] = found.version
        return found

    def taken(self) -> tuple[tuple[str, int], ...]:
        """Return the (id, version) of what was asked for since last taken."""
        asked, self._asked = self._asked, {}
        return tuple(sorted(asked.items()))


class Case(BpmnWorkflow):
    """A SpiffWorkflow workflow whose tasks are ``Token`` by key.

    Its tree mirrors the scopes and holds what is alive, nothing else. ``enter``, ``leave``, ``round_over``,
    ``judge`` and ``judge_joins`` are given by the modules above.
    """

    spec: Any
    tasks: dict[int, Token]
    task_tree: Token

    def __init__(self, definition: ProcessDefinition, world: World, key: int, *, has_parent: bool) -> None:
        """Make a case without tokens; ``key`` is the process instance key."""
        super().__init__(definition.spec, script_engine=NoScripts(), deserializing=True)
        self.definition = definition
        self.key = key
        self.has_parent = has_parent
        self.ended = False
        self.stopping = False  # an element has ended after which the rest is to be terminated
        self.changes: list[Change] = []
        self.scopes = Scopes(key, self._parent_of, self.emit)
        self.held: dict[int, dict[str, Any]] = {}  # values a token carries for itself: payload, item, items
        self.conditions: set[int] = set()  # tokens waiting for a condition
        self.fresh: deque[int] = deque()  # those of them not judged yet
        self.paths: list[deque[int]] = [
            deque()
        ]  # ready tokens: the last path runs to its rest before the one under it goes on
        self.ahead: list[deque[int]] = [
            deque()
        ]  # paths that begin where something was delivered since the last unit
        self.in_unit = False
        self.emptied: deque[int] = deque()  # scopes that may be over
        self.joins: set[int] = set()  # tokens waiting at joins
        self.enter: Callable[[Token], bool]
        self.leave: Callable[[Token], None]
        self.round_over: Callable[[Token, Token], None]
        self.judge: Callable[[], bool]
        self.judge_joins: Callable[[], bool]
        self.meet(world)

    def meet(self, world: World) -> None:
        """Take the surroundings of the next step."""
        self.world, self.left = world, MOST_ELEMENTS
        zone, calendars = self.definition.time_zone, world.moment.calendars
        self.consulted = None if calendars is None else Consulted(calendars)
        self._moment = replace(
            world.moment,
            zone=zone or world.moment.zone,
            calendars=self.consulted,
            calendar=self.definition.calendar or world.moment.calendar,
        )

    def moment_at(self, *elements: Element | None) -> feel.Moment:
        """Return the present: zone of the process, calendar of the first of ``elements`` that names one."""
        named = (element.properties.get("redress.calendar") for element in elements if element is not None)
        calendar = next((name for name in named if name is not None), None)
        return self._moment if calendar is None else replace(self._moment, calendar=calendar)

    def emit(self, change: Change) -> None:
        """Remember a change, in order."""
        self.changes.append(change)

    def _parent_of(self, key: int) -> int | None:
        token = self.tasks.get(key)
        return None if token is None else token._parent

    def flow_taken(self, flow_id: str) -> None:
        """Remember that a token passed a flow; a link has no flow of its own."""
        if flow_id:
            self.emit(FlowTaken(flow_id))

    # -- tokens

    def put(self, spec_name: str, scope: Token, *, key: int | None = None, **data: Any) -> Token:
        """Put a new token at an element; it waits for its turn, or for others at a join."""
        token = self.new_token(spec_name, scope, TaskState.FUTURE, key=key, **data)
        token.task_spec._update(token)
        if token.waits_at_join:
            self.joins.add(token.key)
        return token

    def new_token(
        self, spec_name: str, scope: Token | None, state: int, *, key: int | None = None, **data: Any
    ) -> Token:
        """Make a token in ``state`` that nothing moves yet."""
        spec = self.spec.task_specs[spec_name]
        token = Token(self, spec, scope, state=state, id=key if key is not None else self.world.next_key())
        token.internal_data.update(data)
        return token

    def is_ready(self, token: Token) -> None:
        """Queue a token whose turn has come (called by the specs)."""
        (self.paths if self.in_unit else self.ahead)[-1].append(token.key)

    def begin_path(self) -> None:
        """Have what is delivered now lead on as a path of its own, before all that was ready."""
        self.ahead.append(deque())

    def move_on(self, token: Token) -> None:
        """Put tokens on the flows that ``token``, now completed, leaves by (called by the specs)."""
        for flow_id, target in token.internal_data.pop("take", ()):
            self.flow_taken(flow_id)
            self.put(target, token.scope, flow=flow_id)

    def join(self, arriving: Token, chosen: list[Token]) -> bool:
        """Melt the ``chosen`` tokens of a join into one. Returns True when that one is ``arriving``."""
        keep = arriving if arriving in chosen else chosen[-1]
        for token in chosen:
            if token.internal_data.pop("incident", None):
                self.emit(IncidentClosed(token.key))
            if token is not keep:
                token.cancel()
                self.forget(token)
        self.joins.discard(keep.key)
        return keep is arriving

    def forget(self, token: Token) -> None:
        """Take a finished token out of the tree."""
        self.joins.discard(token.key)
        self.conditions.discard(token.key)
        self.held.pop(token.key, None)
        self._remove_task(token.key)

    def _task_completed_notify(self, token: Token) -> None:
        if token is self.task_tree:
            return
        scope = token.scope
        self.forget(token)
        if token.is_round and scope.internal_data.get("phase") != "undoing":
            self.round_over(scope, token)
        else:
            self.emptied.append(scope.key)
        undone_for = token.internal_data.get("undoes")
        if undone_for in self.tasks:
            self.emptied.append(undone_for)

    # -- units

    def next(self) -> bool:
        """Do the smallest thing that happens: one ready token runs, one scope ends, one join or condition is judged.

        What is made ready between two units, by what was delivered, comes before all that was ready already: path by path, in
        the order delivered. Returns False when all tokens wait. Raises ``StepBudgetSpent``.
        """
        if any(self.ahead):
            self.paths += [path for path in reversed(self.ahead) if path]
            self.left = MOST_ELEMENTS
        self.ahead = [deque()]
        self.in_unit = True
        try:
            if not self._unit():
                return False
        finally:
            self.in_unit = False
        self.left -= 1
        if self.left < 0:
            raise self._spent(limit=MOST_ELEMENTS)
        if self.world.time_is_up():
            raise self._spent(limit="time")
        return True

    def _spent(self, *, limit: int | str) -> StepBudgetSpent:
        return StepBudgetSpent(limit=limit, process=self.definition.process_id, instance=self.key)

    def _unit(self) -> bool:
        """Look at what is stopping, conditions, then ended scopes, ready elements, inclusive joins."""
        if self.stopping:
            self.stopping = False
            if not self.ended and any(is_live(token) for token in self.task_tree.inner):
                self.cancel()
                return True
        if self.conditions and (self.fresh or self.scopes.touched) and self.judge():
            return True
        self.scopes.touched.clear()
        while self.emptied:
            scope = self.tasks.get(self.emptied.popleft())
            if scope is not None and not self.ended and not any(is_live(child) for child in scope.inner):
                self._over(scope)
                return True
        while self.paths[-1] or len(self.paths) > 1:
            if not self.paths[-1]:
                self.paths.pop()
                continue
            token = self.tasks.get(self.paths[-1].popleft())
            if token is not None and token.state == TaskState.READY:
                token.run()
                return True
        return bool(self.joins) and self.judge_joins()

    def _over(self, scope: Token) -> None:
        if "incident" in scope.internal_data:
            return
        if scope is self.task_tree:
            self.finish(terminated=False)
        else:
            self.leave(scope)

    def cancel(self) -> None:
        """End the instance and everything in it."""
        clear(self.task_tree)
        if self.task_tree.internal_data.pop("incident", None):
            self.emit(IncidentClosed(self.key))
        self.finish(terminated=True)

    def finish(self, *, terminated: bool) -> None:
        """End the instance; every token has gone."""
        for listener in self.task_tree.inner:
            terminate(listener)
        self.ended = True
        self.emit(InstanceEnded(terminated, self.scopes.own(self.key)))
