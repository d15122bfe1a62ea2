"""The saved form of a case: its live tokens and scopes, what is ready to run, and nothing of its definition."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from engine import feel
from engine.dialect.definition import ProcessDefinition
from engine.errors import Broken, TooLarge
from engine.execution.case import Case
from engine.execution.scopes import Touched
from engine.execution.world import World

FORMAT = 2
# Of format 1 nothing is ready, as it was saved at rest only, and a child gives back all it has.
READABLE = (1, FORMAT)
LARGEST = 4 * 1024 * 1024


class StateUnreadable(Broken):
    """The saved state of this case cannot be read by this version."""

    code = "state_unreadable"


class StateTooLarge(TooLarge):
    """The case would hold more data than may be saved. Keep large things outside of it, and give it their keys."""

    code = "state_too_large"

    def __init__(self, size: int, largest: Sequence[str] = ()) -> None:
        """``size`` counts the bytes of the case, ``largest`` names its largest variables, each with its own."""
        named = f" Most of it is in {', '.join(largest)}." if largest else ""
        what = f"The case would hold {size:,} bytes; {LARGEST:,} can be saved.{named}"
        advice = "Keep large things outside, and give it their keys."
        super().__init__(f"{what} {advice}", bytes=size, limit=LARGEST)

    def without_names(self) -> StateTooLarge:
        """Return the same error for somebody who may not know what the variables are called."""
        return StateTooLarge(self.facts["bytes"])

    @property
    def about(self) -> dict[str, Any]:
        """Return what an incident keeps of it for programs: bytes of the case, and how many it may have."""
        return dict(self.facts)


def save(case: Case) -> bytes:
    """Return the case as bytes. Raises ``StateTooLarge`` past 4 MiB, naming the three largest variables."""
    pack = feel.pack
    envelope = {
        "format": FORMAT,
        "process": case.definition.process_id,
        "key": case.key,
        "parent": case.has_parent,
        "ended": case.ended,
        "tokens": [
            [token.key, token._parent, token.task_spec.name, token._state, token.internal_data]
            for token in case.tasks.values()
        ],
        "locals": [
            [key, {name: pack(value) for name, value in own.items()}]
            for key, own in case.scopes.locals.items()
        ],
        "held": [
            [key, {name: pack(value) for name, value in held.items()}] for key, held in case.held.items()
        ],
        "written": sorted(case.scopes.written) if case.has_parent else [],
        "next": _next(case),
    }
    saved = orjson.dumps(envelope)
    if len(saved) > LARGEST:
        raise StateTooLarge(len(saved), _largest(case))
    return saved


def _largest(case: Case) -> list[str]:
    """Return the three largest variables of the case with their size, such as ``photos (3,145,728 bytes)``."""
    sizes = sorted(
        (
            (len(orjson.dumps(feel.pack(value))), name)
            for own in case.scopes.locals.values()
            for name, value in own.items()
        ),
        reverse=True,
    )
    return [f"{name} ({size:,} bytes)" for size, name in sizes[:3]]


def read_envelope(saved: bytes) -> dict[str, Any]:
    """Return what ``save`` packed. Raises ``StateUnreadable`` for an unknown format."""
    try:
        envelope = orjson.loads(saved)
    except orjson.JSONDecodeError as error:
        raise StateUnreadable(problem="not JSON") from error
    found = envelope.get("format") if isinstance(envelope, dict) else None
    if found not in READABLE:
        raise StateUnreadable(format=found, readable=READABLE)
    return envelope


def load(definition: ProcessDefinition, saved: bytes, world: World) -> Case:
    """Return the case that ``save`` wrote, on the shared specs of its definition.

    Raises ``StateUnreadable`` if it is of an unknown format, of another process, or stands at elements
    that do not exist.
    """
    envelope = read_envelope(saved)
    if envelope["process"] != definition.process_id:
        raise StateUnreadable(process=envelope["process"], definition=definition.process_id)
    case = Case(definition, world, envelope["key"], has_parent=envelope["parent"])
    case.ended = envelope["ended"]
    specs = definition.spec.task_specs
    for key, parent, spec_name, state, data in envelope["tokens"]:
        if spec_name not in specs:
            raise StateUnreadable(element=spec_name, problem="not in this definition")
        scope = None if parent is None else case.tasks[parent]
        token = case.new_token(spec_name, scope, state, key=key)
        token.internal_data = data
        if scope is None:
            case.task_tree = token
        if data.get("wait") == "condition":
            case.conditions.add(key)
        elif token.waits_at_join:
            case.joins.add(key)
    unpack = feel.unpack
    case.scopes.locals = _unpacked(envelope["locals"], unpack)
    case.held = _unpacked(envelope["held"], unpack)
    case.scopes.written = set(envelope.get("written", case.scopes.locals.get(case.key, ())))
    _take_up(case, envelope.get("next"))
    return case


def _next(case: Case) -> dict[str, Any] | None:
    """Return what the next units will look at, None for a case at rest."""
    alive = case.tasks
    paths = [*case.paths, *reversed(case.ahead)]
    found = {
        "ready": [ready for path in paths if (ready := [key for key in path if key in alive])],
        "emptied": [key for key in case.emptied if key in alive],
        "fresh": [key for key in case.fresh if key in case.conditions],
        "touched": [[one.scope_key, one.name, one.created] for one in case.scopes.touched]
        if case.conditions
        else [],
        "stopping": case.stopping,
    }
    return found if any(found.values()) else None


def _take_up(case: Case, found: Mapping[str, Any] | None) -> None:
    if found is None:
        return
    case.paths += [deque(ready) for ready in found["ready"]]
    case.emptied.extend(found["emptied"])
    case.fresh.extend(found["fresh"])
    case.scopes.touched.extend(Touched(*one) for one in found["touched"])
    case.stopping = found["stopping"]


def _unpacked(pairs: list[tuple[int, Mapping[str, Any]]], unpack: Any) -> dict[int, dict[str, Any]]:
    return {key: {name: unpack(value) for name, value in packed.items()} for key, packed in pairs}
