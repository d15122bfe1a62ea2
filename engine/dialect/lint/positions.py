"""Which event may stand where, and which timer (dialect §10)."""

from __future__ import annotations

from typing import Final

# Trigger by position (dialect §10). "yes" interrupts or not as drawn; "interrupting" must interrupt.
_ANYWHERE_CAUGHT: Final = ("process start", "event sub-process start", "catch", "boundary")
EVENT_TABLE: Final[dict[str, dict[str, str]]] = {
    "none": dict.fromkeys(("process start", "sub-process start", "throw", "end"), "yes"),
    "message": dict.fromkeys((*_ANYWHERE_CAUGHT, "throw", "end"), "yes"),
    "timer": dict.fromkeys(_ANYWHERE_CAUGHT, "yes"),
    "signal": dict.fromkeys((*_ANYWHERE_CAUGHT, "throw", "end"), "yes"),
    "error": {"event sub-process start": "interrupting", "boundary": "interrupting", "end": "yes"},
    "escalation": dict.fromkeys(("event sub-process start", "boundary", "throw", "end"), "yes"),
    "link": dict.fromkeys(("catch", "throw"), "yes"),
    "terminate": {"end": "yes"},
    "conditional": dict.fromkeys(_ANYWHERE_CAUGHT, "yes"),
    "compensate": dict.fromkeys(("event sub-process start", "boundary", "throw", "end"), "yes"),
    "cancel": {"boundary": "interrupting", "end": "yes"},
}
# The timer kinds each position takes (dialect §10); "timeCycle?" only where the event does not interrupt.
TIMER_TABLE: Final[dict[str, frozenset[str]]] = {
    "process start": frozenset({"timeDate", "timeCycle"}),
    "event sub-process start": frozenset({"timeDate", "timeDuration", "timeCycle?"}),
    "catch": frozenset({"timeDate", "timeDuration"}),
    "boundary": frozenset({"timeDate", "timeDuration", "timeCycle?"}),
}
