"""Steering a case by hand: setting variables, moving tokens, canceling, moving to another definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actors import Actor
from engine.commands.data import accept
from engine.commands.errors import CallerLeftWaiting, InstanceEnded, InstanceNotFound, NotARoot, ScopeNotFound
from engine.commands.house import House
from engine.commands.leaving_out import refuse_leaving_out
from engine.commands.step import Step
from engine.execution.modifying import Modification
from engine.execution.run import ElementNotFound, Execution
from engine.store.tables import element_instances


def set_variables(
    house: House, session: Session, scope_key: int, variables: Mapping[str, Any], *, local: bool, by: Actor
) -> None:
    """Write variables into an open scope (``local``), or from it outward to where each is defined.

    ``scope_key`` is an element instance or process instance key. Raises ``ScopeNotFound``,
    ``InstanceEnded``, ``ValueRefused``, ``DecidesWhoActs``.
    """
    values = accept(variables)
    step = Step(house, session, actor=by, command="set_variables")
    instance_key = _locked_instance(step, scope_key)
    case = step.case(instance_key)
    step.refuse_setting(case.row.case_key, values)
    try:
        step.move(case, lambda execution: execution.set_variables(scope_key, values, local=local))
    except ElementNotFound:
        raise ScopeNotFound(scope=scope_key) from None
    step.rows.tell(case.row, "variables_set", {"scope": scope_key, "names": sorted(values)})
    step.finish()


def overwrite(house: House, session: Session, case_key: int, name: str, value: Any, *, by: Actor) -> None:
    """Give a variable this value in every open instance of a case that holds one of its own; none may hold it.

    Raises ``InstanceNotFound``, ``ValueRefused``.
    """
    values = accept({name: value})
    step = Step(house, session, actor=by, command="set_variables")
    if step.lock("instance", case_key) is None:
        raise InstanceNotFound(instance=case_key)
    step.overwrite(case_key, name, values[name])
    step.finish()


def cancel(house: House, session: Session, key: int, *, by: Actor, reason: str | None = None) -> None:
    """Terminate a root instance and all it called.

    Raises ``InstanceNotFound``, ``InstanceEnded``, ``NotARoot``.
    """
    step = Step(house, session, actor=by, command="cancel")
    if step.lock("instance", key) is None:
        raise InstanceNotFound(instance=key)
    row = step.head(key)
    if row.parent_key is not None:
        raise NotARoot(instance=key, root=row.root_key)
    step.rows.tell(row, "instance_canceled", {"reason": reason} if reason else {})
    step.move(step.case(key), Execution.cancel)
    step.finish()


def modify(
    house: House, session: Session, key: int, change: Modification, *, by: Actor, reason: str | None = None
) -> None:
    """Move tokens by hand, all or nothing.

    In a case of the register nothing may be left out (``engine.commands.leaving_out``). Raises ``InstanceNotFound``,
    ``InstanceEnded``, ``CannotActivate``, ``CannotTerminate``, ``CallerLeftWaiting``, ``WorkLeftOut``, ``DecidesWhoActs``.
    """
    step = Step(house, session, actor=by, command="modify")
    if step.lock("instance", key) is None:
        raise InstanceNotFound(instance=key)
    case = step.case(key)
    if house.access.is_conducted(session, case.row.case_key):
        refuse_leaving_out(session, case, change)
    given = (one.variables for one in change.activate)
    step.refuse_setting(
        case.row.case_key, {name for scopes in given for values in scopes.values() for name in values}
    )
    by_element = [
        one.key
        for one in case.execution.open_elements()
        if one.element_id in change.terminate_elements and not one.listener
    ]
    step.move(
        case,
        lambda execution: execution.modify(
            activate=change.activate, terminate=[*change.terminate, *by_element], moves=change.move
        ),
    )
    if case.row.parent_key is not None and case.row.state == "TERMINATED":
        raise CallerLeftWaiting(instance=key, caller=case.row.parent_key)
    step.rows.tell(
        case.row,
        "instance_modified",
        {
            "activated": [one.element_id for one in change.activate],
            "terminated": [*change.terminate, *by_element],
            "moved": [[one.key, one.element_id] for one in change.move],
            "reason": reason,
        },
    )
    step.finish()


def rearm_clock(house: House, session: Session, instance_key: int, clock: str, *, by: Actor) -> None:
    """Look again at every timer and task of the family that follows a case clock.

    Raises ``InstanceNotFound``.
    """
    step = Step(house, session, actor=by, command="rearm_clock")
    root = step.lock("instance", instance_key)
    if root is None:
        raise InstanceNotFound(instance=instance_key)
    step.rearm(root.root_key, clock)
    step.finish()


def _locked_instance(step: Step, scope_key: int) -> int:
    if step.lock("instance", scope_key) is not None:
        return scope_key
    if step.lock("element", scope_key) is None:
        raise ScopeNotFound(scope=scope_key)
    found = step.session.execute(
        sa.select(element_instances.c.instance_key, element_instances.c.state).where(
            element_instances.c.key == scope_key
        )
    ).one()
    if found.state != "ACTIVE":
        raise InstanceEnded("This element instance has already ended.", scope=scope_key)
    return int(found.instance_key)
