"""Questions about cases that are more than a search: scopes of variables, forms, the timeline, counts by
element.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store.entities import VARIABLES
from engine.store.records import ActivatedJob, ElementCount, FormRecord, HistoryRecord, VariableRecord
from engine.store.tables import (
    element_instances,
    forms,
    history,
    incidents,
    instances,
    jobs,
    process_definitions,
    resources,
    tasks,
    variables,
)

E, C, J, T, V, H = element_instances.c, instances.c, jobs.c, tasks.c, variables.c, history.c
N = incidents.c


def form(session: Session, key: int) -> FormRecord | None:
    """Return a form with its schema, or None."""
    f = forms.c
    row = session.execute(
        sa.select(forms, resources.c.content)
        .join(resources, resources.c.key == f.resource_key)
        .where(f.key == key, f.state != "DELETED")
    ).first()
    if row is None:
        return None
    return FormRecord(
        form_key=row.key,
        form_id=row.form_id,
        version=row.version,
        version_tag=row.version_tag,
        resource_name=row.resource_name,
        deployment_key=row.deployment_key,
        schema=bytes(row.content).decode(),
    )


def visible_variables(session: Session, scope_key: int) -> list[VariableRecord]:
    """Return every variable seen from a scope, the innermost scope first, then by name; shadowed ones
    included.
    """
    line = sa.select(sa.literal(scope_key, sa.BigInteger).label("key"), sa.literal(0).label("depth")).cte(
        "line", recursive=True
    )
    line = line.union_all(sa.select(E.scope_key, line.c.depth + 1).join(line, E.key == line.c.key))
    rows = session.execute(
        VARIABLES.select()
        .add_columns(line.c.depth)
        .join(line, V.scope_key == line.c.key)
        .order_by(line.c.depth, V.name)
    ).all()
    return [VARIABLES.build(row) for row in rows]


def effective_variables(session: Session, scope_key: int) -> list[VariableRecord]:
    """Return the variables seen from a scope by name, the innermost of each."""
    found: dict[str, VariableRecord] = {}
    for one in visible_variables(session, scope_key):
        found.setdefault(one.name, one)
    return [found[name] for name in sorted(found)]


def root_values(session: Session, instance_key: int) -> dict[str, Any]:
    """Return the instance's own variables as plain Python from JSON."""
    rows = session.execute(sa.select(V.name, V.value).where(V.scope_key == instance_key).order_by(V.name))
    return {row.name: orjson.loads(row.value) for row in rows}


def timeline(session: Session, root_key: int) -> list[HistoryRecord]:
    """Return what happened in a family, oldest first."""
    rows = session.execute(sa.select(history).where(H.root_key == root_key).order_by(H.number))
    return [
        HistoryRecord(
            number=row.number,
            root_process_instance_key=row.root_key,
            process_instance_key=row.instance_key,
            at=row.at,
            actor=row.actor,
            kind=row.kind,
            element_id=row.element_id,
            element_instance_key=row.element_instance_key,
            facts=row.facts,
        )
        for row in rows
    ]


def element_counts(
    session: Session,
    *,
    instance_key: int | None = None,
    definition_key: int | None = None,
    besides: Collection[int] = (),
) -> list[ElementCount]:
    """Return how many element instances there are by element, of an instance or of all instances of a
    definition. Those of the root instances in ``besides`` are not counted.
    """
    where = E.instance_key == instance_key if instance_key is not None else E.definition_key == definition_key
    rows = session.execute(
        sa.select(
            E.element_id,
            _total(E.state == "ACTIVE"),
            _total(E.state == "TERMINATED"),
            _total(E.incident_key.is_not(None)),
            _total(E.state == "COMPLETED"),
        )
        .where(where, E.root_key.not_in(list(besides)))
        .group_by(E.element_id)
        .order_by(E.element_id)
    )
    return [ElementCount(*row) for row in rows]


def open_task_names(session: Session, root_key: int) -> list[str]:
    """Return the names of the open tasks of a family, oldest first."""
    return list(
        session.execute(
            sa.select(T.name).where(T.root_key == root_key, T.state == "CREATED").order_by(T.key)
        ).scalars()
    )


def told_by_people(session: Session, keys: Collection[int]) -> frozenset[int]:
    """Return those of the incidents whose message was written outside: by a worker, a mail server, or thrown."""
    rows = session.execute(
        sa.select(N.key)
        .outerjoin(jobs, J.key == N.job_key)
        .where(
            N.key.in_(list(keys)),
            sa.or_(N.error_type == "UNHANDLED_ERROR_EVENT", J.kind.in_(("service", "mail"))),
        )
    )
    return frozenset(rows.scalars())


def activated_jobs(
    session: Session, keys: list[int], fetch: list[str] | None, *, whole: Callable[[int], bool]
) -> list[ActivatedJob]:
    """Return the jobs just handed out, by priority, then age; with all visible variables or those named
    in ``fetch``.

    ``whole`` is asked with a case key whether all that is visible may be handed over; else it is what the
    job's own scope holds, which is what its input mappings name.
    """
    p = process_definitions.c
    rows = session.execute(
        sa.select(jobs, C.business_id, C.tags, C.case_key, p.version)
        .join(instances, C.key == J.instance_key)
        .join(process_definitions, p.key == J.definition_key)
        .where(J.key.in_(keys))
        .order_by(J.priority.desc(), J.key)
    ).all()
    result = []
    for row in rows:
        seen = effective_variables(session, row.element_instance_key)
        if not whole(row.case_key):
            seen = [one for one in seen if one.scope_key == row.element_instance_key]
        result.append(
            ActivatedJob(
                job_key=row.key,
                type=row.type,
                element_id=row.element_id,
                element_instance_key=row.element_instance_key,
                process_definition_id=row.process_id,
                process_definition_version=row.version,
                process_definition_key=row.definition_key,
                process_instance_key=row.instance_key,
                root_process_instance_key=row.root_key,
                custom_headers=row.headers,
                worker=row.worker or "",
                retries=row.retries,
                priority=row.priority,
                deadline=row.deadline,
                variables={one.name: one.value for one in seen if fetch is None or one.name in fetch},
                tags=row.tags,
                business_id=row.business_id,
            )
        )
    return result


def _total(condition: Any) -> Any:
    return sa.func.sum(sa.case((condition, 1), else_=0))
