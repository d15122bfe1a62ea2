"""One running case: the tree of its tokens, the queue of what is ready, and the smallest thing that happens next."""

from __future__ import annotations

from collections import Counter, deque
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

LONGEST_LINE = 1_000


class StepBudgetSpent(Broken):
    """One step computed for longer than a step may. Look for what is large, or takes long."""

    code = "step_budget_spent"

    @property
    def about(self) -> dict[str, Any]:
        """Return what an incident keeps of it for programs: the limit, and the ids of a loop."""
        return {name: self.facts[name] for name in ("limit", "loop") if name in self.facts}


class EndlessLoop(StepBudgetSpent):
    """A path ran through more elements than it may without ever coming to a wait."""

    code = "endless_loop"


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
        self.line = (
            0  # elements that the path in hand has passed since somebody or something was last waited for
        )
        self.passed: Counter[str] = Counter()  # elements begun in this step
        self.origin: Token | None = None  # where the step took hold of the case
        self.enter: Callable[[Token], bool]
        self.leave: Callable[[Token], None]
        self.round_over: Callable[[Token, Token], None]
        self.judge: Callable[[], bool]
        self.judge_joins: Callable[[], bool]
        self.meet(world)

    def meet(self, world: World) -> None:
        """Take the surroundings of the next step."""
        self.world, self.passed, self.origin = world, Counter(), None
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
        if scope is not None:
            token.internal_data["line"] = self.line + 1
        return token

    def is_ready(self, token: Token) -> None:
        """Queue a token whose turn has come (called by the specs)."""
        (self.paths if self.in_unit else self.ahead)[-1].append(token.key)

    def begin_path(self, line: int) -> None:
        """Have what is delivered now lead on as a path of its own, before all that was ready.

        ``line`` is how many elements the thrower's path has passed; 0: somebody or something was really waited for.
        """
        self.ahead.append(deque())
        self.line = line

    def take_ready(self) -> list[Token]:
        """Return the tokens whose turn has come, in order, and give none of them its turn."""
        ready = [
            token
            for path in (*self.ahead, *reversed(self.paths))
            for key in path
            if (token := self.tasks.get(key))
        ]
        self.ahead, self.paths = [deque()], [deque()]
        return ready

    def waited(self, token: Token) -> None:
        """Let a token, and what it stands in, begin to count anew if what happens now was really waited for."""
        self.origin = token
        here: Any = token
        while self.line == 0 and here is not None:
            here.internal_data.pop("line", None)
            here = here.parent

    def move_on(self, token: Token) -> None:
        """Put tokens on the flows that ``token``, now completed, leaves by (called by the specs)."""
        for flow_id, target in token.internal_data.pop("take", ()):
            self.flow_taken(flow_id)
            self.put(target, token.scope, flow=flow_id)

    def join(self, arriving: Token, chosen: list[Token]) -> bool:
        """Melt the ``chosen`` tokens of a join into one. Returns True when that one is ``arriving``."""
        keep = arriving if arriving in chosen else chosen[-1]
        keep.internal_data["line"] = max(token.line for token in chosen)
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
        if (
            scope.element.multi_instance is None or scope.is_round
        ):  # a list is finite: its instances are no loop
            scope.internal_data["line"] = max(scope.line, token.line)
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
        self.paths += [path for path in reversed(self.ahead) if path]
        self.ahead = [deque()]
        self.in_unit = True
        try:
            if not self._unit():
                return False
        finally:
            self.in_unit = False
        if self.world.time_is_up():
            raise StepBudgetSpent(limit="time", **self._place())
        return True

    def _run(self, token: Token) -> None:
        self.line = token.line
        self.passed[token.element.id] += 1
        if self.line > LONGEST_LINE:
            raise self._endless()
        token.run()

    def _endless(self) -> EndlessLoop:
        """Return the error that names the elements of the loop: those passed most in this step."""
        elements = self.definition.elements
        most = max(self.passed.values())
        circle = [one for one, count in self.passed.items() if 2 * count >= most and one in elements]
        named = [one for one in circle if elements[one].name] or circle
        names = ", ".join(f"“{elements[one].name or one}”" for one in named)
        times = f", {most} times each" if most > 1 else ""
        return EndlessLoop(
            f"The case runs in a circle without ever waiting: {names}{times}. "
            "Let the circle lead through something that waits, or end.",
            limit=LONGEST_LINE,
            loop=circle,
            **self._place(),
        )

    def _place(self) -> dict[str, Any]:
        """Return where a runaway is told of: the process, the instance, and the element where the step took hold of it."""
        found: dict[str, Any] = {"process": self.definition.process_id, "instance": self.key}
        if self.origin is not None:
            found |= {"element": self.origin.element.id, "element_key": self.origin.key}
        return found

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
                self._run(token)
                return True
        return bool(self.joins) and self.judge_joins()

    def _over(self, scope: Token) -> None:
        self.line = scope.line
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
        written = frozenset(self.scopes.written if self.has_parent else ())
        self.emit(InstanceEnded(terminated, self.scopes.own(self.key), written))
