"""What each kind of element does when its turn comes, by the kind its spec names."""

from __future__ import annotations

from collections.abc import Callable

from engine.execution.token import Token

Behaviour = Callable[[Token], bool]
BEHAVIOURS: dict[str, Behaviour] = {}


def behaviour(*kinds: str) -> Callable[[Behaviour], Behaviour]:
    """Register what elements of these kinds do.

    A behaviour returns True when the token may leave at once, False when it waits. It raises ``Halt`` when
    the element cannot go on, ``BpmnError`` to throw an error from it.
    """

    def register(function: Behaviour) -> Behaviour:
        for kind in kinds:
            BEHAVIOURS[kind] = function
        return function

    return register
