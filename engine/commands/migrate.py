"""Moving a running case to another definition: its state is rewritten, its open rows follow, in one commit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actors import Actor
from engine.commands.errors import DefinitionNotFound, InstanceNotFound
from engine.commands.house import House
from engine.commands.leaving_out import refuse_other_steps
from engine.commands.step import Case, Step
from engine.dialect import ProcessDefinition
from engine.findings import Finding
from engine.migration import MigrationRefused, Plan, plan
from engine.migration import migrate as rewrite
from engine.store.definitions import DefinitionRow
from engine.store.tables import element_instances, incidents, jobs, subscriptions, tasks
from engine.store.tables import instances as instances_table

OPEN: tuple[tuple[sa.Table, str, tuple[str, ...]], ...] = (
    (element_instances, "state", ("ACTIVE",)),
    (tasks, "state", ("CREATED",)),
    (jobs, "status", ("ready", "dead")),
    (subscriptions, "state", ("CREATED",)),
    (incidents, "state", ("ACTIVE",)),
)


def migrate(
    house: House, session: Session, key: int, target_key: int, mapping: Mapping[str, str], *, by: Actor
) -> None:
    """Let an instance go on along another definition; ``mapping`` gives new element ids where they differ.

    Keys, variables, tasks, jobs, due moments and incidents stay; boundary events and event sub-processes are
    armed and taken down as the new definition has them. What has ended keeps the definition it ran on. Raises
    ``InstanceNotFound``, ``InstanceEnded``, ``DefinitionNotFound``, ``MigrationRefused`` with every gap; in a case of the
    register ``WorkLeftOut`` (``refuse_other_steps``).
    """
    step = Step(house, session, actor=by, command="migrate")
    if step.lock("instance", key) is None:
        raise InstanceNotFound(instance=key)
    row = house.catalogue.row(session, "process", target_key)
    if row.state == "DELETED":
        raise DefinitionNotFound(kind="process", key=target_key)
    case = step.case(key)
    target = house.catalogue.process(session, target_key)
    if house.access.is_conducted(session, case.row.case_key):
        refuse_other_steps(case.definition, target, mapping)
    planned = plan(case.execution, target, mapping)
    gaps = [*planned.findings, *_of_message_start(case, row)]
    if gaps:
        raise MigrationRefused(findings=[str(gap) for gap in gaps])
    before = case.row.definition_key
    _move(step, case, row, target, mapping)
    _rewrite_rows(session, case, row, dict(planned.renamed) | dict(mapping))
    step.rows.tell(case.row, "instance_migrated", _told(before, target_key, mapping, planned))
    step.finish()


def _move(
    step: Step, case: Case, row: DefinitionRow, target: ProcessDefinition, mapping: Mapping[str, str]
) -> None:
    """Put the case on its new definition; new listeners are noted as rows of it."""
    case.row.definition_key, case.row.process_id = row.key, row.identity
    world = step.world(case.row, target)
    case.execution = rewrite(case.execution, target, mapping, world=world)
    case.definition = target
    step.move(case, lambda _: None)


def _rewrite_rows(session: Session, case: Case, row: DefinitionRow, renamed: Mapping[str, str]) -> None:
    """Let the rows of what is open name the new definition and its elements."""
    for table, column, open_ones in OPEN:
        c = table.c
        values: dict[str, Any] = {"definition_key": row.key, "process_id": row.identity}
        if renamed:
            values["element_id"] = _new_id(c.element_id, renamed)
        if table is element_instances:
            values["name"] = _new_name(case, renamed)
        if table is jobs and renamed:
            values["type"] = sa.case((c.kind == "timer", _new_id(c.type, renamed)), else_=c.type)
        session.execute(
            sa.update(table).where(c.instance_key == case.row.key, c[column].in_(open_ones)).values(**values)
        )
    if case.row.stop_after:
        case.row.stop_after = [renamed.get(one, one) for one in case.row.stop_after]
        session.execute(
            sa.update(instances_table)
            .where(instances_table.c.key == case.row.key)
            .values(stop_after=case.row.stop_after)
        )


def _new_id(column: Any, renamed: Mapping[str, str]) -> Any:
    """Return the new id of an element; all at once, so that two elements may change places."""
    return sa.case(dict(renamed), value=column, else_=column)


def _new_name(case: Case, renamed: Mapping[str, str]) -> Any:
    c = element_instances.c
    names = {
        old: element.name or element.id
        for old, new in renamed.items()
        if (element := case.definition.elements.get(new)) is not None
    }
    return sa.case(names, value=c.element_id, else_=c.name) if names else c.name


def _of_message_start(case: Case, row: DefinitionRow) -> list[Finding]:
    """Return the gap of an instance whose message key belongs to its process."""
    if case.row.start_key is None or case.row.process_id == row.identity:
        return []
    message = "A message with a correlation key started it; that key belongs to its own process."
    return [Finding("error", "start_key_elsewhere", message, "Choose a version of the same process.")]


def _told(before: int, after: int, mapping: Mapping[str, str], planned: Plan) -> dict[str, Any]:
    return {
        "from": before,
        "to": after,
        "mapping": dict(mapping),
        "dropped": list(planned.dropped),
        "added": list(planned.added),
    }
