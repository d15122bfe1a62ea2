"""Activities done several times: multi-instance, in parallel or one after another, and standard loops
(dialect §8)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine import feel
from engine.dialect.model import MultiInstance, StandardLoop
from engine.dialect.specs import EACH
from engine.execution.ending import halt_at, terminate
from engine.execution.expressions import EXTRACT, evaluate, truth
from engine.execution.mapping import storable
from engine.execution.registry import behaviour
from engine.execution.token import Token, is_live
from engine.execution.world import Halt


@behaviour("multi-instance")
def begin(body: Token) -> bool:
    """Evaluate the collection once and put the first instance, or all of them."""
    rule, case, data = _rule(body), body.workflow, body.internal_data
    items = evaluate(body, rule.collection)
    if not isinstance(items, list):
        message = (
            f"The collection “={rule.collection.text[:80]}” must be a list, but is {feel.kind_of(items)}."
        )
        raise Halt(EXTRACT, message)
    data.update(count=len(items), completed=0, terminated=0, wait="children")
    if rule.output_collection:
        case.scopes.set_local(body.key, {rule.output_collection: [None] * len(items)})
    if not items:
        _lift(body)
        return True
    if rule.sequential:
        case.held[body.key] = {"items": items}
        _put_instance(body, 1, items[0])
    else:
        for number, item in enumerate(items, 1):
            _put_instance(body, number, item)
    return False


@behaviour("loop")
def begin_loop(body: Token) -> bool:
    """Put the first round, unless the condition is tested before and does not hold."""
    loop = _loop(body)
    body.internal_data.update(completed=0, wait="children")
    if loop.test_before and not _holds(body, loop):
        return True
    _put_round(body)
    return False


def begin_round(token: Token) -> None:
    """Give an instance or round its own variables."""
    case, data = token.workflow, token.internal_data
    own: dict[str, Any] = {"loopCounter": Decimal(data["round"])}
    rule = token.element.multi_instance
    if rule is not None:
        held = case.held.pop(token.key, {})
        if rule.input_element and "item" in held:
            own[rule.input_element] = held["item"]
        name = _plain_name(rule)
        if name and name not in own and name not in case.scopes.own(token.key):
            own[name] = None
    case.scopes.set_local(token.key, own)


def collected_at(token: Token) -> str | None:
    """Return the variable in which what ``token``, an instance of a multi-instance activity, gives is collected: it belongs to
    the whole, so a called process is neither given it nor gives it back."""
    rule = token.element.multi_instance
    return rule.output_collection if rule is not None and token.is_round else None


def collect(token: Token) -> None:
    """Take an instance's output element, and find out whether the body is done. Raises ``Halt``."""
    rule = token.element.multi_instance
    if rule is None or not token.is_round:
        return
    body, scopes = token.scope, token.workflow.scopes
    if rule.output_collection and rule.output_element is not None:
        value = storable(evaluate(token, rule.output_element))
        collected = list(scopes.own(body.key).get(rule.output_collection) or [])
        collected[token.internal_data["round"] - 1] = value
        scopes.set_local(body.key, {rule.output_collection: collected})
    if rule.completion is not None:
        token.internal_data["enough"] = truth(token, rule.completion, extra=_counters(body))


def round_over(body: Token, token: Token, *, terminated: bool = False) -> None:
    """Go on after an instance or round: the next one, or the end of the body."""
    data = body.internal_data
    data["terminated" if terminated else "completed"] += 1
    if body.element.multi_instance is None:
        next_round(body)
        return
    done = data["completed"] + data["terminated"]
    if token.internal_data.get("enough"):
        for other in body.inner:
            if is_live(other):
                terminate(other)
    elif done < data["count"]:
        items = body.workflow.held.get(body.key, {}).get("items")
        if items is not None:
            _put_instance(body, done + 1, items[done])
        return
    _lift(body)
    body.workflow.leave(body)


def next_round(body: Token) -> None:
    """Put the next round of a standard loop, or end it; a failing condition halts the loop."""
    loop, data = _loop(body), body.internal_data
    data["phase"] = "looping"
    try:
        again = (loop.maximum is None or data["completed"] < loop.maximum) and _holds(body, loop)
    except Halt as halt:
        halt_at(body, halt)
        return
    if again:
        _put_round(body)
    else:
        body.workflow.leave(body)


def _holds(body: Token, loop: StandardLoop) -> bool:
    rounds = {"loopCounter": Decimal(body.internal_data["completed"])}
    return loop.condition is None or truth(body, loop.condition, extra=rounds)


def _put_instance(body: Token, number: int, item: Any) -> None:
    token = body.workflow.put(body.element.id + EACH, body, round=number)
    token.internal_data["line"] = body.line + 1
    body.workflow.held[token.key] = {"item": item}


def _put_round(body: Token) -> None:
    body.workflow.put(body.element.id + EACH, body, round=body.internal_data["completed"] + 1)


def _lift(body: Token) -> None:
    """Merge the output collection where the body stands."""
    name, scopes = _rule(body).output_collection, body.workflow.scopes
    if name:
        scopes.merge(body.scope.key, {name: scopes.own(body.key).get(name, [])})


def _counters(body: Token) -> dict[str, Any]:
    data = body.internal_data
    live = sum(1 for token in body.inner if is_live(token))
    return {
        "numberOfInstances": Decimal(data["count"]),
        "numberOfActiveInstances": Decimal(max(live - 1, 0)),
        "numberOfCompletedInstances": Decimal(data["completed"] + 1),
        "numberOfTerminatedInstances": Decimal(data["terminated"]),
    }


def _plain_name(rule: MultiInstance) -> str | None:
    """Return the variable that an output element such as ``opinion`` or ``opinion.text`` names."""
    if rule.output_element is None:
        return None
    parts = rule.output_element.text.split(".")
    return parts[0] if all(part.strip().isidentifier() for part in parts) else None


def _rule(body: Token) -> MultiInstance:
    rule = body.element.multi_instance
    if rule is None:
        raise Halt("UNKNOWN", "This is no multi-instance activity.")
    return rule


def _loop(body: Token) -> StandardLoop:
    loop = body.element.standard_loop
    if loop is None:
        raise Halt("UNKNOWN", "This is no loop.")
    return loop
