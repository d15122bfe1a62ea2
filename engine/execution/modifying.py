"""Moving tokens by hand: activating elements, terminating instances, keeping every scope whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine import feel
from engine.dialect.model import Element
from engine.errors import Invalid
from engine.execution import loops
from engine.execution.case import Case
from engine.execution.ending import terminate
from engine.execution.token import Token, is_live


class CannotActivate(Invalid):
    """The element cannot be activated there."""

    code = "cannot_activate"


class CannotTerminate(Invalid):
    """There is no such element instance to terminate."""

    code = "cannot_terminate"


@dataclass(frozen=True, slots=True)
class Activation:
    """An element to begin at.

    ``ancestor_key`` picks the scope instance when several are open. ``variables`` are set before it
    begins, by the id of the scope they are local to: an enclosing sub-process, the process, or the element
    itself; ``""`` means the process.
    """

    element_id: str
    ancestor_key: int | None = None
    variables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Move:
    """An open element instance whose token goes to another element."""

    key: int
    element_id: str


@dataclass(frozen=True, slots=True)
class Modification:
    """Tokens to move: elements to begin at, element instances to end (by key or by element id), tokens to
    shift.

    Activations come before terminations, so that the instance does not end in between.
    """

    activate: tuple[Activation, ...] = ()
    terminate: tuple[int, ...] = ()
    terminate_elements: tuple[str, ...] = ()
    move: tuple[Move, ...] = ()


def modify(
    case: Case,
    *,
    activate: Iterable[Activation] = (),
    terminate_keys: Iterable[int] = (),
    moves: Iterable[Move] = (),
) -> None:
    """Activate, then terminate; scopes left empty are terminated, the instance too. Raises
    ``CannotActivate``, ``CannotTerminate``."""
    leaving = []
    for move in moves:
        source = _open(case, move.key)
        place(case, Activation(move.element_id, _common_scope(case, source, move.element_id)))
        leaving.append(source)
    for activation in activate:
        place(case, activation)
    leaving += [_open(case, key) for key in terminate_keys]
    for token in leaving:
        if token.key in case.tasks:
            _terminate(case, token)


def can_begin(element: Element) -> bool:
    """Tell whether a token can be put at an element: not where only an event or a beginning brings one."""
    return element.tag not in ("startEvent", "boundaryEvent") and not element.is_event_subprocess


def place(case: Case, activation: Activation) -> None:
    """Put a token at an element, opening the scopes around it that are not open. Raises
    ``CannotActivate``."""
    element = case.definition.elements.get(activation.element_id)
    if element is None or not can_begin(element):
        raise CannotActivate(element=activation.element_id)
    scope, made = case.task_tree, {case.definition.process_id: case.task_tree}
    for around in _path(case, element):
        scope = _scope_token(case, around, scope, activation)
        made[around.id] = scope
    token = _put(case, element, scope)
    made[element.id] = token
    for scope_id, variables in activation.variables.items():
        target = made.get(scope_id or case.definition.process_id)
        if target is None:
            raise CannotActivate(element=activation.element_id, scope=scope_id)
        case.scopes.set_local(target.key, feel.inward(variables))


def _path(case: Case, element: Element) -> list[Element]:
    """Return the sub-processes around an element, outermost first."""
    path: list[Element] = []
    around = case.definition.elements.get(element.scope_id)
    while around is not None:
        path.insert(0, around)
        around = case.definition.elements.get(around.scope_id)
    return path


def _scope_token(case: Case, around: Element, scope: Token, activation: Activation) -> Token:
    there = [
        token
        for token in case.tasks.values()
        if token.element is around and is_live(token) and not token.is_loop and _inside(token, scope)
    ]
    if activation.ancestor_key is not None:
        chosen = [token for token in there if _related(case, token, activation.ancestor_key)]
        there = chosen or there
    if len(there) == 1:
        return there[0]
    if there or around.multi_instance or around.standard_loop:
        raise CannotActivate(element=activation.element_id, scope=around.id, open_instances=len(there))
    return _put(case, around, scope, at=True)


def _inside(token: Token, scope: Token) -> bool:
    here: Any = token.parent
    while here is not None:
        if here is scope:
            return True
        here = here.parent
    return False


def _related(case: Case, token: Token, key: int) -> bool:
    """Tell whether ``key`` is the token, something around it or something inside it."""
    other = case.tasks.get(key)
    return other is not None and (other is token or _inside(token, other) or _inside(other, token))


def _put(case: Case, element: Element, scope: Token, **data: Any) -> Token:
    token = case.new_token(element.id, scope, TaskState.FUTURE, **data)
    token._ready()  # even at a join: what is placed by hand does not wait for others
    return token


def _open(case: Case, key: int) -> Token:
    token = case.tasks.get(key)
    if token is None or token is case.task_tree or token.is_listener:
        raise CannotTerminate(key=str(key))
    return token


def _common_scope(case: Case, source: Token, element_id: str) -> int | None:
    """Return the nearest scope of ``source`` that also encloses the target."""
    element = case.definition.elements.get(element_id)
    if element is None:
        return None
    around = {element.scope_id, *(scope.id for scope in _path(case, element))}
    here: Any = source.parent
    while here is not None and here.element.id not in around:
        here = here.parent
    return None if here is None or here is case.task_tree else here.key


def _terminate(case: Case, token: Token) -> None:
    scope = token.scope
    terminate(token)
    if scope.is_loop:
        loops.round_over(scope, token, terminated=True)
    elif not any(is_live(child) for child in scope.inner):
        if scope is case.task_tree:
            case.finish(terminated=True)
        else:
            _terminate(case, scope)
