"""Resolving incidents: the failed step is repeated."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actors import Actor
from engine.commands.errors import IncidentAlreadyResolved, IncidentNotFound
from engine.commands.house import House
from engine.commands.jobs import grant_retry
from engine.commands.step import Step
from engine.execution.case import EndlessLoop
from engine.execution.run import ElementNotFound, Execution
from engine.store import entities, incidents, instances, search
from engine.store.records import IncidentRecord
from engine.store.tables import incidents as incidents_table


def resolve_incident(house: House, session: Session, key: int, *, by: Actor) -> None:
    """Repeat what failed; what fails again opens a new incident.

    Raises ``IncidentNotFound``, ``IncidentAlreadyResolved``.
    """
    step = Step(house, session, actor=by, command="resolve_incident")
    found = _open(step, key)
    if found.process_instance_key is None:
        incidents.close(session, incidents_table.c.key == key, now=step.now, by=by.name)
        step.finish()
        return
    if found.code == EndlessLoop.code and step.head(found.process_instance_key).is_open:
        step.move(step.case(found.process_instance_key), Execution.count_anew)
    if found.job_key is not None:
        _close(step, found)
        grant_retry(step, found.job_key)
    elif found.element_instance_key is not None:
        _retry_element(step, found)
    else:
        _retry_instance(step, found)
    step.rows.tell(
        step.head(found.process_instance_key), "incident_handled", {"incident": key, "code": found.code}
    )
    step.finish()


def _open(step: Step, key: int) -> IncidentRecord:
    root = step.session.execute(
        sa.select(incidents_table.c.root_key).where(incidents_table.c.key == key)
    ).first()
    if root is None:
        raise IncidentNotFound(incident=key)
    if root.root_key is not None and step.lock("instance", root.root_key) is None:
        raise IncidentNotFound(incident=key)
    found = search.find(step.session, entities.INCIDENTS, key)
    if found is None:
        raise IncidentNotFound(incident=key)
    if found.state != "ACTIVE":
        raise IncidentAlreadyResolved(incident=key)
    return found


def _retry_element(step: Step, found: IncidentRecord) -> None:
    case = step.case(found.process_instance_key or 0)
    element = found.element_instance_key or 0
    try:
        repeated = step.move(case, lambda execution: execution.retry(element))
    except ElementNotFound:
        repeated = False
    if not repeated:
        _close(step, found)


def _retry_instance(step: Step, found: IncidentRecord) -> None:
    key = found.process_instance_key or 0
    _close(step, found)
    if step.head(key).is_open:
        step.fire_due_timers(step.head(key).root_key)


def _close(step: Step, found: IncidentRecord) -> None:
    gone = incidents.close(
        step.session, incidents_table.c.key == found.incident_key, now=step.now, by=step.actor.name
    )
    if gone:
        instances.count_incidents(step.session, step.head(found.process_instance_key or 0), -gone)
