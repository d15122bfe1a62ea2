"""What happens between the instances of a family: calling, ending, terminating, errors on their way up;
and tasks' forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import feel
from engine.dialect import ProcessDefinition
from engine.dialect.model import names_in
from engine.execution import changes as ch
from engine.execution.run import ElementNotFound, ElementNotWaiting, Execution, NoSuchStart
from engine.execution.world import Halt, World
from engine.quoted import quoted
from engine.store import instances
from engine.store.instances import InstanceRow
from engine.store.tables import instances as instances_table
from engine.store.tables import jobs, tasks
from engine.store.tables import variables as variables_table

if TYPE_CHECKING:
    from engine.commands.step import Case, Step

DEEPEST = 50  # called within called, P7
_NOT_STARTED = b"not started: "  # how an earlier release saved a start that had run away


def new_row(
    step: Step,
    *,
    key: int,
    definition_key: int,
    process_id: str,
    parent: InstanceRow | None = None,
    parent_element_key: int | None = None,
    case_key: int | None = None,
    business_id: str | None = None,
    start_key: str | None = None,
    tags: tuple[str, ...] = (),
    stop_after: tuple[str, ...] = (),
) -> InstanceRow:
    """Return the row of an instance about to start.

    It belongs to the case of its ``parent``, else to ``case_key``: the case of the register whose step throws
    the message or signal that starts it. Else (None) it is a case of its own.
    """
    return InstanceRow(
        key=key,
        definition_key=definition_key,
        process_id=process_id,
        parent_key=parent.key if parent else None,
        parent_element_key=parent_element_key,
        root_key=parent.root_key if parent else key,
        case_key=parent.case_key if parent else case_key or key,
        depth=parent.depth + 1 if parent else 0,
        business_id=business_id,
        start_key=start_key,
        tags=list(parent.tags) if parent else list(tags),
        state="ACTIVE",
        revision=1,
        stop_after=list(stop_after),
        open_incidents=0,
        started_at=step.now,
        ended_at=None,
        suspended_at=None,
        changed_at=step.now,
    )


def begin(
    step: Step,
    row: InstanceRow,
    variables: Mapping[str, Any],
    *,
    at: str | None = None,
    payload: Mapping[str, Any] | None = None,
    activate: tuple[str, ...] = (),
) -> Case:
    """Begin the instance of ``row``, ready to run. Raises ``NoSuchStart``."""
    definition: ProcessDefinition = step.house.catalogue.process(step.session, row.definition_key)
    execution = Execution.start(
        definition,
        key=row.key,
        variables=variables,
        world=step.world(row, definition),
        at=at,
        payload=payload,
        has_parent=row.parent_key is not None,
        activate=activate,
        line=step.line,
    )
    step.rows.tell(row, "instance_started", {"process": row.process_id, "definition": row.definition_key})
    return step.add(row, definition, execution)


def revive(definition: ProcessDefinition, row: InstanceRow, live: bytes, *, world: World) -> Execution:
    """Return the execution of ``row`` that was stored as ``live``. Raises ``StateUnreadable``.

    A start that ran away under an earlier release stands before its first element, as it would today.
    """
    if not live.startswith(_NOT_STARTED):
        return Execution.revive(definition, live, world=world)
    request = feel.load(live.removeprefix(_NOT_STARTED))
    execution = Execution.start(
        definition, key=row.key, variables=request["variables"], world=world, activate=tuple(request["at"])
    )
    execution.halt_at_start(
        Halt("UNKNOWN", "The start ran away. Mend the cause, then resolve this incident.")
    )
    return execution


def start_child(step: Step, case: Case, call: ch.ChildCalled) -> None:
    """Start the process a call activity names, in this step; what is missing becomes its incident."""
    if not _still_waits(case, call.key):
        return
    caller = case.row
    calling = step.house.catalogue.row(step.session, "process", caller.definition_key)
    found = step.house.catalogue.bound(
        step.session, "process", call.process_id, call.binding, calling.deployment_key
    )
    if found is None or caller.depth + 1 > DEEPEST:
        problem = (
            f"There is no process {quoted(call.process_id)} to call. Deploy it, then resolve this incident."
            if found is None
            else f"Processes call each other more than {DEEPEST} levels deep."
        )
        step.move(case, lambda execution: execution.halt(call.key, "CALLED_ELEMENT_ERROR", problem))
        return
    row = new_row(
        step,
        key=step.house.keys.next(),
        definition_key=found.key,
        process_id=found.identity,
        parent=caller,
        parent_element_key=call.key,
        business_id=caller.business_id if call.business_id is None else call.business_id or None,
    )
    try:
        begin(step, row, call.variables)
    except NoSuchStart:
        problem = (
            f"The process {quoted(call.process_id)} has no start without an event, so it cannot be called."
        )
        step.move(case, lambda execution: execution.halt(call.key, "CALLED_ELEMENT_ERROR", problem))


def running(step: Step, root_key: int) -> frozenset[str]:
    """Return the process ids of the instances of a family that have not ended, as the step has moved them so far."""
    stored = instances.open_in_family(step.session, root_key)
    moved = {case.row.key: case.row for case in step.cases.values() if case.row.root_key == root_key}
    kept = {process_id for key, process_id in stored.items() if key not in moved}
    return frozenset(kept | {row.process_id for row in moved.values() if row.is_open})


def finish_child(step: Step, row: InstanceRow, ended: ch.InstanceEnded) -> None:
    """Hand a completed child back to its call activity."""
    if row.parent_key is None or row.parent_element_key is None or not step.head(row.parent_key).is_open:
        return
    parent, element = step.case(row.parent_key), row.parent_element_key
    if _still_waits(parent, element):
        step.move(parent, lambda execution: execution.finish_child(element, ended.variables, ended.written))


def terminate_child(step: Step, element_key: int) -> None:
    """Terminate the open child a call activity left behind."""
    known = [
        case.row
        for case in step.cases.values()
        if case.row.parent_element_key == element_key and case.row.is_open
    ]
    child = known[0] if known else instances.child_of(step.session, element_key)
    if child is not None and step.head(child.key).is_open:
        step.move(step.case(child.key), Execution.cancel)


def pass_upward(step: Step, case: Case, escaped: ch.ErrorEscaped) -> None:
    """Let an error or escalation search on at the instances above; uncaught, an error halts its thrower."""
    above = case.row
    while above.parent_key is not None and above.parent_element_key is not None:
        parent, element = step.case(above.parent_key), above.parent_element_key
        caught = step.move(
            parent,
            lambda execution, element=element: execution.child_error(  # type: ignore[misc]
                element, escaped.kind, escaped.code, escaped.message, escaped.variables
            ),
        )
        if caught:
            return
        above = parent.row
    if escaped.kind == "error":
        step.move(case, lambda execution: execution.fail_escaped(escaped.key, escaped.code, escaped.message))


def open_task(step: Step, case: Case, task: ch.TaskOpened) -> None:
    """Bind a new task to the version of its form that its binding means now; a missing form is its
    incident.
    """
    form_key = None
    if task.form is not None:
        deployment = step.house.catalogue.row(step.session, "process", case.row.definition_key).deployment_key
        found = step.house.catalogue.bound(
            step.session, "form", task.form.form_id, task.form.binding, deployment
        )
        if found is None:
            problem = f"There is no form {quoted(task.form.form_id)}. Deploy it, then resolve this incident."
            step.rows.leave_out_task(task.key)
            step.throw([lambda step: _halt_for_form(step, case, task.key, problem)])
            return
        form_key = found.key
    step.rows.open_task(case.row, task, form_key)


def _halt_for_form(step: Step, case: Case, key: int, problem: str) -> None:
    if _still_waits(case, key):
        step.move(case, lambda execution: execution.halt(key, "FORM_NOT_FOUND", problem))


def followers(session: Session, root_key: int, clock: str) -> list[int]:
    """Return the open instances of a family that have a timer or task following ``clock``."""
    timers = session.execute(
        sa.select(jobs.c.instance_key, jobs.c.clocks).where(
            jobs.c.root_key == root_key, jobs.c.kind == "timer", jobs.c.status == "ready"
        )
    ).all()
    keys = {row.instance_key for row in timers if clock in (row.clocks or ())}
    due_by_clocks = session.execute(
        sa.select(tasks.c.instance_key, tasks.c.clock).where(
            tasks.c.root_key == root_key, tasks.c.state == "CREATED", tasks.c.clock.is_not(None)
        )
    ).all()
    keys |= {row.instance_key for row in due_by_clocks if clock in names_in(row.clock)}
    if not keys:
        return []
    open_ones = sa.select(instances_table.c.key).where(
        instances_table.c.key.in_(keys), instances_table.c.state.in_(("ACTIVE", "SUSPENDED"))
    )
    return sorted(session.execute(open_ones).scalars())


def holders(session: Session, case_key: int, name: str) -> list[int]:
    """Return the open instances of a case, and of what began beside it, that hold a variable of this name of their own."""
    found = session.execute(
        sa.select(instances_table.c.key)
        .join(variables_table, variables_table.c.scope_key == instances_table.c.key)
        .where(
            instances_table.c.case_key == case_key,
            instances_table.c.state.in_(("ACTIVE", "SUSPENDED")),
            variables_table.c.name == name,
        )
    )
    return sorted(found.scalars())


def _still_waits(case: Case, element_key: int) -> bool:
    try:
        case.execution.locals(element_key)
    except (ElementNotFound, ElementNotWaiting):
        return False
    return not case.execution.ended
