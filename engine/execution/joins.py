"""When a gateway may stop waiting: which of its incoming flows a token can still come over."""

from __future__ import annotations

from engine.dialect.model import Element
from engine.execution.case import Case
from engine.execution.ending import halt_at
from engine.execution.token import Token, is_live
from engine.execution.world import Halt


def judge_joins(case: Case) -> bool:
    """Fire one inclusive join that nothing more can reach; called when everything else has come to rest.

    Returns False when all joins rightly wait. A parallel join for which a token can never come gets an
    incident.
    """
    waiting = [token for key, token in case.tasks.items() if key in case.joins]
    inclusive = [token for token in waiting if token.kind == "inclusive"]
    for resting in (False, True):  # then those that wait for each other only: the oldest token goes first
        for token in inclusive:
            if not _empty(token) & coming(token, resting=resting):
                _fire(token)
                return True
    for token in waiting:
        if token.kind == "parallel":
            _halt_if_stuck(token)
    return False


def _fire(token: Token) -> None:
    chosen = [tokens[0] for tokens in token.task_spec.waiting(token).values()]
    token.workflow.join(chosen[-1], chosen)
    chosen[-1]._ready()


def _halt_if_stuck(token: Token) -> None:
    waiting = [other for tokens in token.task_spec.waiting(token).values() for other in tokens]
    never = _empty(token) - coming(token, resting=False)
    if never and not any("incident" in other.internal_data for other in waiting):
        message = f"It waits for a token over {', '.join(sorted(never))}, but none can come any more."
        halt_at(token, Halt("UNKNOWN", message))


def _empty(token: Token) -> set[str]:
    """Return the incoming flows on which nothing waits yet."""
    occupied = token.task_spec.waiting(token)
    return {flow.id for flow in token.element.incoming if flow.id not in occupied}


def coming(token: Token, *, resting: bool) -> set[str]:
    """Return the flows of its scope over which a token may still come without passing the join it waits at.

    Conditions are not looked at. A parallel join on the way lets through only what can come over all its
    flows, so a token is not expected back from behind a join that needs the waiting one itself. With
    ``resting``, tokens at other inclusive joins are taken to stay there.
    """
    search = _Search(token.workflow, token.element)
    for other in token.scope.inner:
        if other.task_spec is token.task_spec or not is_live(other):
            continue
        if not other.waits_at_join:
            search.leave(other.element)
        elif not (resting and other.kind == "inclusive"):
            search.mark(other.internal_data.get("flow", ""), other.element)
    return search.marked


class _Search:
    """The flows and nodes a scope's tokens may still pass."""

    def __init__(self, case: Case, join: Element) -> None:
        self.definition, self.join = case.definition, join
        self.marked: set[str] = set()
        self.left: set[str] = set()

    def leave(self, start: Element) -> None:
        """Follow every way out of a node, and of the boundary events on it."""
        elements, todo = self.definition.elements, [start]
        while todo:
            here = todo.pop()
            if here.id in self.left:
                continue
            self.left.add(here.id)
            todo.extend(self.definition.boundaries.get(here.id, ()))
            link = self.definition.links.get(here.id)
            if link is not None:
                todo.append(elements[link])
            for flow in here.outgoing:
                self.marked.add(flow.id)
                if self._passes(elements[flow.target]):
                    todo.append(elements[flow.target])

    def mark(self, flow_id: str, target: Element) -> None:
        """Take a flow as passed: a token waits at its end."""
        self.marked.add(flow_id)
        if self._passes(target):
            self.leave(target)

    def _passes(self, node: Element) -> bool:
        if node is self.join:
            return False
        return node.tag != "parallelGateway" or all(flow.id in self.marked for flow in node.incoming)
