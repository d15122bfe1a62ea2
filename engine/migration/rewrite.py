"""Making the move: the saved state is rewritten onto the other definition, and new listeners are armed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from engine.dialect.definition import ProcessDefinition
from engine.errors import Conflict
from engine.execution import listeners
from engine.execution.case import Case
from engine.execution.ending import close_wait, halt_at, terminate
from engine.execution.run import Execution
from engine.execution.state import read_envelope
from engine.execution.world import Halt, World
from engine.migration.plan import new_name, plan


class MigrationRefused(Conflict):
    """The case cannot be moved to that definition as it stands."""

    code = "migration_refused"


def migrate(
    execution: Execution, target: ProcessDefinition, mapping: Mapping[str, str], *, world: World
) -> Execution:
    """Return the case standing on ``target``; ``execution`` itself is used up.

    What it has to say is in ``take_changes``: listeners taken down and armed, incidents of those that
    fail. Tasks, jobs, timers and subscriptions that stay keep their keys and what was evaluated when they
    opened. Raises ``MigrationRefused`` with the findings of the plan; then ``execution`` is untouched.
    """
    planned = plan(execution, target, mapping)
    if planned.findings:
        raise MigrationRefused(findings=[str(finding) for finding in planned.findings])
    execution.meet(world)
    _drop_listeners(execution.case, planned.dropped)
    before = execution.take_changes()
    saved = rewrite(execution.save(), target, dict(mapping) | dict(planned.renamed))
    moved = Execution.revive(target, saved, world=world)
    _arm_listeners(moved.case)
    moved.case.changes[:0] = before
    return moved


def _drop_listeners(case: Case, element_ids: Iterable[str]) -> None:
    gone = set(element_ids)
    for token in list(case.tasks.values()):
        if token.is_listener and token.element.id in gone:
            terminate(token)


def _arm_listeners(case: Case) -> None:
    """Open the listeners that the definition has and the case has not; one that fails halts its element."""
    for token in list(case.tasks.values()):
        begun = token.wait is not None or token is case.task_tree
        if begun and not token.is_listener and not token.internal_data.get("interrupted"):
            try:
                listeners.arm(token)
            except Halt as halt:
                close_wait(token, canceled=True)
                halt_at(token, halt)


def rewrite(saved: bytes, target: ProcessDefinition, renamed: Mapping[str, str]) -> bytes:
    """Return the saved state with every element and flow id renamed, standing on ``target``."""
    envelope = read_envelope(saved)
    envelope["process"] = target.process_id
    envelope["tokens"] = [
        [key, parent, new_name(spec_name, renamed), state, _renamed(data, renamed)]
        for key, parent, spec_name, state, data in envelope["tokens"]
    ]
    return orjson.dumps(envelope)


def _renamed(data: dict[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    """Return a token's own data with the ids it holds renamed."""
    new = dict(data)
    for name in ("flow", "start"):
        if isinstance(new.get(name), str):
            new[name] = renamed.get(new[name], new[name])
    if "undo" in new:
        new["undo"] = [_record(record, renamed) for record in new["undo"]]
    return new


def _record(record: dict[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    new = dict(record)
    for name in ("element", "handler"):
        if name in new:
            new[name] = renamed.get(new[name], new[name])
    if "inner" in new:
        new["inner"] = [_record(inner, renamed) for inner in new["inner"]]
    return new
