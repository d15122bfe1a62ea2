"""When a gateway may stop waiting: which tokens of its scope can still come, and over which flows."""

from __future__ import annotations

from engine.dialect.model import Element
from engine.execution.case import Case
from engine.execution.ending import halt_at
from engine.execution.token import Token, is_live
from engine.execution.world import Halt


def judge_joins(case: Case) -> bool:
    """Fire one inclusive join that has nothing to wait for; called when everything else has come to rest.

    Returns False when all joins rightly wait. A parallel join for which a token can never come gets an
    incident.
    """
    waiting = [token for key, token in case.tasks.items() if key in case.joins]
    inclusive = [token for token in waiting if token.kind == "inclusive"]
    for resting in (False, True):  # then those that wait for each other only: the oldest token goes first
        for token in inclusive:
            if not _has_to_wait(token, resting=resting):
                _fire(token)
                return True
    for token in waiting:
        if token.kind == "parallel":
            _halt_if_stuck(token)
    return False


def _has_to_wait(token: Token, *, resting: bool) -> bool:
    """Tell whether an inclusive join must wait, as BPMN 2.0 §13.4.3 says.

    It must while a token can still come over a flow on which none waits, unless that token can as well come
    over one that is occupied: then it may be one of a later round. ``resting`` leaves out the tokens at other
    inclusive joins.
    """
    occupied = set(token.task_spec.waiting(token))
    empty = {flow.id for flow in token.element.incoming} - occupied
    for other in _others(token):
        if not (resting and other.waits_at_join and other.kind == "inclusive"):
            reached = _reach(token.workflow, other.element, token.element)
            if reached & empty and not reached & occupied:
                return True
    return False


def _fire(token: Token) -> None:
    chosen = [tokens[0] for tokens in token.task_spec.waiting(token).values()]
    token.workflow.join(chosen[-1], chosen)
    chosen[-1]._ready()


def _halt_if_stuck(token: Token) -> None:
    waiting = token.task_spec.waiting(token)
    never = {flow.id for flow in token.element.incoming} - set(waiting)
    for other in _others(token):
        never -= _reach(token.workflow, other.element, token.element)
    known = any("incident" in other.internal_data for tokens in waiting.values() for other in tokens)
    if never and not known:
        message = f"It waits for a token over {', '.join(sorted(never))}, but none can come any more."
        halt_at(token, Halt("UNKNOWN", message))


def _others(token: Token) -> list[Token]:
    """Return the live tokens of the same scope that do not wait at the same join."""
    return [other for other in token.scope.inner if other.task_spec is not token.task_spec and is_live(other)]


def _reach(case: Case, start: Element, join: Element) -> set[str]:
    """Return the flows a token at ``start`` can still come over without passing ``join``; boundary events
    count."""
    definition = case.definition
    flows: set[str] = set()
    seen = {join.id}
    todo = [start]
    while todo:
        here = todo.pop()
        if here.id in seen:
            continue
        seen.add(here.id)
        todo.extend(definition.boundaries.get(here.id, ()))
        if here.id in definition.links:
            todo.append(definition.elements[definition.links[here.id]])
        for flow in here.outgoing:
            flows.add(flow.id)
            todo.append(definition.elements[flow.target])
    return flows
