"""What a diagram may ask of the deadlines of its case: the function ``clock``, and who follows which."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from engine import feel
from engine.deadlines.state import SHOWN
from engine.dialect.model import Element
from engine.dialect.values import Formula
from engine.execution.world import CaseClock, World
from engine.timers import Armed, TimerRule

FUNCTION: Final = "clock"
NEVER: Final = datetime(9999, 12, 30, tzinfo=UTC)
_CALL: Final = re.compile(r'\bclock\s*\(\s*"([^"\\]{1,200})"')


def clock_function(world: World) -> feel.Function:
    """Return ``clock(name)``: a context with ``state``, ``due``, ``bound``, ``round``, and the functions
    ``warnAt(share)`` and ``endedAt(round)``.

    Null when the case has no such clock; ``bound`` and ``warnAt`` are null while the clock does not run,
    ``bound`` also while its day is only expected and may lie later, ``endedAt`` while the round of that number
    is open.
    """

    def ask(run: feel.Run, arguments: list[Any]) -> Any:  # noqa: ARG001
        name = arguments[0]
        found = world.case_clock(name) if isinstance(name, str) else None
        return None if found is None else _shown(found)

    return feel.Function((feel.Parameter("name"),), ask, FUNCTION)


def followed(element: Element) -> tuple[str, ...]:
    """Return the case clocks whose movements change when the timer or task of ``element`` is due."""
    return tuple(dict.fromkeys((*named(element), *read_by(element))))


def named(element: Element) -> tuple[str, ...]:
    """Return the case clocks that the properties of ``element`` name."""
    return tuple(dict.fromkeys((*element.clocks, *element.limits)))


def read_by(element: Element) -> tuple[str, ...]:
    """Return the case clocks that the timer text or due date of ``element`` asks for."""
    names: list[str] = []
    for value in _texts(element):
        if isinstance(value, Formula):
            names += _CALL.findall(value.text)
    return tuple(names)


def dormant(now: datetime) -> Armed:
    """Return the timer of a clock that does not run: it waits for the clock to give it a moment."""
    return TimerRule("date", NEVER.isoformat(), "UTC").first_due(now)


def _texts(element: Element) -> list[Any]:
    texts: list[Any] = []
    if element.trigger is not None and element.trigger.timer is not None:
        texts.append(element.trigger.timer.value)
    if element.task is not None:
        texts.append(element.task.due)
    return texts


def _shown(found: CaseClock) -> dict[str, Any]:
    def warn(run: feel.Run, arguments: list[Any]) -> Any:  # noqa: ARG001
        share = arguments[0]
        moment = found.warn_at(float(share)) if isinstance(share, Decimal) and 0 <= share <= 1 else None
        return None if moment is None else feel.inward(moment)

    def ended(run: feel.Run, arguments: list[Any]) -> Any:  # noqa: ARG001
        number = arguments[0]
        whole = isinstance(number, Decimal) and number == number.to_integral_value()
        moment = found.ended_at(int(number)) if whole else None
        return None if moment is None else feel.inward(moment)

    shown = (
        found.state,
        None if found.due_on is None else feel.inward(found.due_on),
        None if found.bound_at is None else feel.inward(found.bound_at),
        feel.inward(found.round),
        feel.Function((feel.Parameter("share"),), warn, "warnAt"),
        feel.Function((feel.Parameter("round"),), ended, "endedAt"),
    )
    return dict(zip(SHOWN, shown, strict=True))
