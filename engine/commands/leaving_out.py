"""What nobody may do by hand to a case of the register: leave out work that its diagram asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from engine.commands.errors import WorkDoubled, WorkLeftOut
from engine.commands.step import Case
from engine.dialect import ProcessDefinition
from engine.dialect.order import leaves_out
from engine.execution.modifying import Modification
from engine.execution.opened import OpenElement
from engine.store import instances


def refuse_leaving_out(session: Session, case: Case, change: Modification) -> None:
    """Raise ``WorkLeftOut`` unless everything that ends is done again, and everything that begins is an earlier step.

    Raises ``WorkDoubled`` when more begins than ends: letters would leave, and money be paid, twice.
    Each token that is moved or terminated needs a place it goes back to, in the same modification; each element that is
    activated must be one that an open token has come through (``engine.dialect.order``). A call activity stays while the
    process it called is open, and so does a sub-process around one: what must be done stands in there.
    """
    elements = case.definition.elements
    there = {
        one.key: one
        for one in case.execution.open_elements()
        if not one.listener and one.element_id in elements
    }
    begun = [one.element_id for one in change.activate]
    pairs = [(one.key, [one.element_id]) for one in change.move]
    ended = [
        *change.terminate,
        *(key for key, one in there.items() if one.element_id in change.terminate_elements),
    ]
    pairs += [(key, begun) for key in ended]
    for key, targets in pairs:
        if key in there and not (
            _goes_back(case.definition, there[key], targets) and not _calls(session, there, key)
        ):
            raise WorkLeftOut(element=there[key].element_id)
    for target in begun:
        if target in elements and not any(
            _goes_back(case.definition, one, [target]) for one in there.values()
        ):
            raise WorkLeftOut(element=target)
    if len(begun) > sum(key in there for key in set(ended)):
        raise WorkDoubled(element=begun[-1])


def refuse_other_steps(
    source: ProcessDefinition, target: ProcessDefinition, mapping: Mapping[str, str]
) -> None:
    """Raise ``WorkLeftOut`` for a migration that is a move in disguise.

    A case of the register goes on along a version of its own process, and a mapping only says what was renamed: an element that
    the new version still has stays there, and one that stood in the old version already is nobody's new name.
    """
    if source.process_id != target.process_id:
        raise WorkLeftOut(process=target.process_id)
    for old, new in mapping.items():
        if old != new and (old in target.elements or new in source.elements):
            raise WorkLeftOut(element=old)


def _goes_back(definition: ProcessDefinition, token: OpenElement, targets: Iterable[str]) -> bool:
    elements = definition.elements
    source = elements[token.element_id]
    return any(
        target in elements and not leaves_out(definition, source, elements[target]) for target in targets
    )


def _calls(session: Session, there: Mapping[int, OpenElement], key: int) -> bool:
    """Tell whether a called process is open at an element instance or inside it."""
    if there[key].waiting_for == "child" and instances.child_of(session, key) is not None:
        return True
    return any(_calls(session, there, inner) for inner, one in there.items() if one.scope_key == key)
