"""What can be searched for, and by which fields: one ``Entity`` per record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from engine import values
from engine.store import records, tables
from engine.store.errors import SearchRefused
from engine.store.search import Condition, Entity, Field, compare, like_pattern

C, E, T, J = tables.instances.c, tables.element_instances.c, tables.tasks.c, tables.jobs.c
N, V, S, P = tables.incidents.c, tables.variables.c, tables.subscriptions.c, tables.process_definitions.c
D, SS = tables.decision_definitions.c, tables.start_subscriptions.c
Special = Callable[[str, Any], sa.ColumnElement[bool]]


def _listed(column: Any) -> Special:
    """Return the condition for a column that holds a JSON list of texts: some item is, or is like, the
    value.
    """
    stored = sa.type_coerce(column, sa.Text)

    def holds(op: str, value: Any) -> sa.ColumnElement[bool]:
        if op == "exists":
            return stored != "[]" if value else stored == "[]"
        items = value if isinstance(value, (list, tuple)) else [value]
        if not all(isinstance(item, str) for item in items):
            raise SearchRefused(problem="texts are needed")
        if op == "like":
            return stored.like(f'%"{like_pattern(items[0])}"%', escape="\\")
        quoted = [
            values.to_text(item).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            for item in items
        ]
        found = sa.or_(*(stored.like(f"%{item}%", escape="\\") for item in quoted))
        if op in ("eq", "in"):
            return found
        if op in ("neq", "notIn"):
            return sa.not_(found)
        raise SearchRefused(operator=op, problem="no such operator for this field")

    return holds


def _all_listed(column: Any) -> Special:
    """Return the condition that a JSON list holds every one of the given texts."""
    one = _listed(column)

    def holds(op: str, value: Any) -> sa.ColumnElement[bool]:
        items = value if isinstance(value, (list, tuple)) else [value]
        return sa.and_(sa.true(), *(one(op, item) for item in items))

    return holds


def _variable(scope: Any) -> Special:
    """Return the condition on a variable of ``scope``: the value is ``(name, JSON text)``."""

    def holds(op: str, value: Any) -> sa.ColumnElement[bool]:
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise SearchRefused(field="variables", problem="a name and a value are needed")
        name, wanted = value
        condition = compare(V.value, "text", Condition("variables", op, wanted))
        return sa.exists().where(V.scope_key == scope, V.name == name, condition)

    return holds


def _element(column: Any, kind: Any) -> Special:
    def holds(op: str, value: Any) -> sa.ColumnElement[bool]:
        condition = compare(column, kind, Condition("element", op, value))
        return sa.exists().where(E.instance_key == C.key, condition)

    return holds


def _incident_message(op: str, value: Any) -> sa.ColumnElement[bool]:
    condition = compare(N.message, "text", Condition("error_message", op, value))
    return sa.exists().where(N.instance_key == C.key, N.state == "ACTIVE", condition)


def _only_latest(table: sa.Table, identity: str) -> Special:
    newer = table.alias("newer")

    def holds(op: str, value: Any) -> sa.ColumnElement[bool]:
        if op != "eq":
            raise SearchRefused(operator=op, problem="no such operator for this field")
        latest = ~sa.exists().where(
            newer.c[identity] == table.c[identity],
            newer.c.version > table.c.version,
            newer.c.state != "DELETED",
        )
        return latest if value else sa.not_(latest)

    return holds


HAS_INCIDENT = C.open_incidents > 0

INSTANCES = Entity(
    record=records.InstanceRecord,
    source=tables.instances.join(tables.process_definitions, P.key == C.definition_key),
    key=C.key,
    columns={
        "process_instance_key": C.key,
        "process_definition_key": C.definition_key,
        "process_definition_id": C.process_id,
        "process_definition_name": P.name,
        "process_definition_version": P.version,
        "process_definition_version_tag": P.version_tag,
        "parent_process_instance_key": C.parent_key,
        "parent_element_instance_key": C.parent_element_key,
        "root_process_instance_key": C.root_key,
        "start_date": C.started_at,
        "end_date": C.ended_at,
        "suspended_date": C.suspended_at,
        "state": C.state,
        "has_incident": HAS_INCIDENT,
        "tags": C.tags,
        "business_id": C.business_id,
    },
    fields={
        "process_instance_key": Field(C.key, "key"),
        "process_definition_key": Field(C.definition_key, "key"),
        "process_definition_id": Field(C.process_id, "text"),
        "process_definition_name": Field(P.name, "text"),
        "process_definition_version": Field(P.version, "number"),
        "process_definition_version_tag": Field(P.version_tag, "text"),
        "parent_process_instance_key": Field(C.parent_key, "key"),
        "parent_element_instance_key": Field(C.parent_element_key, "key"),
        "root_process_instance_key": Field(C.root_key, "key"),
        "start_date": Field(C.started_at, "moment"),
        "end_date": Field(C.ended_at, "moment"),
        "suspended_date": Field(C.suspended_at, "moment"),
        "state": Field(C.state, "state"),
        "has_incident": Field(HAS_INCIDENT, "flag"),
        "business_id": Field(C.business_id, "text"),
    },
    special={
        "tags": _all_listed(C.tags),
        "variables": _variable(C.key),
        "element_id": _element(E.element_id, "text"),
        "element_instance_state": _element(E.state, "state"),
        "has_element_instance_incident": _element(E.incident_key.is_not(None), "flag"),
        "error_message": _incident_message,
    },
)

ELEMENT_INSTANCES = Entity(
    record=records.ElementInstanceRecord,
    source=tables.element_instances,
    key=E.key,
    columns={
        "element_instance_key": E.key,
        "element_id": E.element_id,
        "element_name": E.name,
        "type": E.type,
        "state": E.state,
        "start_date": E.started_at,
        "end_date": E.ended_at,
        "incident_key": E.incident_key,
        "element_instance_scope_key": E.scope_key,
        "process_definition_id": E.process_id,
        "process_definition_key": E.definition_key,
        "process_instance_key": E.instance_key,
        "root_process_instance_key": E.root_key,
    },
    fields={
        "element_instance_key": Field(E.key, "key"),
        "element_id": Field(E.element_id, "text"),
        "element_name": Field(E.name, "text"),
        "type": Field(E.type, "state"),
        "state": Field(E.state, "state"),
        "start_date": Field(E.started_at, "moment"),
        "end_date": Field(E.ended_at, "moment"),
        "incident_key": Field(E.incident_key, "key"),
        "has_incident": Field(E.incident_key.is_not(None), "flag", sortable=False),
        "element_instance_scope_key": Field(E.scope_key, "key"),
        "process_definition_id": Field(E.process_id, "text"),
        "process_definition_key": Field(E.definition_key, "key"),
        "process_instance_key": Field(E.instance_key, "key"),
        "root_process_instance_key": Field(E.root_key, "key"),
    },
)

TASKS = Entity(
    record=records.TaskRecord,
    source=tables.tasks.join(tables.process_definitions, P.key == T.definition_key),
    key=T.key,
    columns={
        "user_task_key": T.key,
        "element_instance_key": T.key,
        "name": T.name,
        "state": T.state,
        "revision": T.revision,
        "assignee": T.assignee,
        "element_id": T.element_id,
        "candidate_groups": T.candidate_groups,
        "candidate_users": T.candidate_users,
        "priority": T.priority,
        "creation_date": T.created_at,
        "completion_date": T.completed_at,
        "completed_by": T.completed_by,
        "follow_up_date": T.follow_up_at,
        "due_date": T.due_at,
        "clock": T.clock,
        "form_key": T.form_key,
        "external_form_reference": T.external_reference,
        "custom_headers": T.headers,
        "process_definition_id": T.process_id,
        "process_definition_version": P.version,
        "process_definition_key": T.definition_key,
        "process_name": P.name,
        "process_instance_key": T.instance_key,
        "root_process_instance_key": T.root_key,
        "business_id": T.business_id,
        "tags": T.tags,
    },
    fields={
        "user_task_key": Field(T.key, "key"),
        "element_instance_key": Field(T.key, "key"),
        "name": Field(T.name, "text"),
        "state": Field(T.state, "state"),
        "assignee": Field(T.assignee, "text"),
        "element_id": Field(T.element_id, "text"),
        "priority": Field(T.priority, "number"),
        "creation_date": Field(T.created_at, "moment"),
        "completion_date": Field(T.completed_at, "moment"),
        "follow_up_date": Field(T.follow_up_at, "moment"),
        "due_date": Field(T.due_at, "moment"),
        "form_key": Field(T.form_key, "key"),
        "process_definition_id": Field(T.process_id, "text"),
        "process_definition_key": Field(T.definition_key, "key"),
        "process_instance_key": Field(T.instance_key, "key"),
        "root_process_instance_key": Field(T.root_key, "key"),
        "business_id": Field(T.business_id, "text"),
    },
    special={
        "candidate_group": _listed(T.candidate_groups),
        "candidate_user": _listed(T.candidate_users),
        "tags": _all_listed(T.tags),
        "process_instance_variables": _variable(T.instance_key),
        "local_variables": _variable(T.key),
    },
)

FAILED_WITH_RETRIES = sa.and_(J.tries > 0, J.retries > 0, J.status == "ready")

JOBS = Entity(
    record=records.JobRecord,
    source=tables.jobs.outerjoin(tables.instances, C.key == J.instance_key),
    key=J.key,
    columns={
        "job_key": J.key,
        "type": J.type,
        "kind": J.kind,
        "state": J.state,
        "status": J.status,
        "worker": J.worker,
        "retries": J.retries,
        "priority": J.priority,
        "due_date": J.due_at,
        "deadline": J.deadline,
        "creation_time": J.created_at,
        "end_time": J.ended_at,
        "last_update_time": J.updated_at,
        "error_code": J.error_code,
        "error_message": J.error_message,
        "has_failed_with_retries_left": FAILED_WITH_RETRIES,
        "custom_headers": J.headers,
        "element_id": J.element_id,
        "element_instance_key": J.element_instance_key,
        "process_definition_id": J.process_id,
        "process_definition_key": J.definition_key,
        "process_instance_key": J.instance_key,
        "root_process_instance_key": J.root_key,
        "business_id": C.business_id,
    },
    fields={
        "job_key": Field(J.key, "key"),
        "type": Field(J.type, "text"),
        "kind": Field(J.kind, "state"),
        "state": Field(J.state, "state"),
        "status": Field(J.status, "state"),
        "worker": Field(sa.func.coalesce(J.worker, ""), "text"),
        "retries": Field(J.retries, "number"),
        "priority": Field(J.priority, "number"),
        "deadline": Field(J.deadline, "moment"),
        "creation_time": Field(J.created_at, "moment"),
        "end_time": Field(J.ended_at, "moment"),
        "last_update_time": Field(J.updated_at, "moment"),
        "error_code": Field(J.error_code, "text"),
        "error_message": Field(J.error_message, "text"),
        "has_failed_with_retries_left": Field(FAILED_WITH_RETRIES, "flag"),
        "element_id": Field(J.element_id, "text"),
        "element_instance_key": Field(J.element_instance_key, "key"),
        "process_definition_id": Field(J.process_id, "text"),
        "process_definition_key": Field(J.definition_key, "key"),
        "process_instance_key": Field(J.instance_key, "key"),
        "root_process_instance_key": Field(J.root_key, "key"),
        "business_id": Field(C.business_id, "text"),
    },
)

TIMERS = Entity(
    record=records.TimerRecord,
    source=tables.jobs,
    key=J.key,
    columns={
        "job_key": J.key,
        "element_id": J.element_id,
        "element_instance_key": J.element_instance_key,
        "process_definition_id": J.process_id,
        "process_definition_key": J.definition_key,
        "process_instance_key": J.instance_key,
        "root_process_instance_key": J.root_key,
        "due_date": J.due_at,
        "occurrence": J.occurrence,
        "clocks": J.clocks,
        "rule": J.rule,
    },
    fields={
        "job_key": Field(J.key, "key"),
        "element_id": Field(J.element_id, "text"),
        "process_definition_id": Field(J.process_id, "text"),
        "process_instance_key": Field(J.instance_key, "key"),
        "root_process_instance_key": Field(J.root_key, "key"),
        "due_date": Field(J.due_at, "moment"),
    },
)

INCIDENTS = Entity(
    record=records.IncidentRecord,
    source=tables.incidents,
    key=N.key,
    columns={
        "incident_key": N.key,
        "error_type": N.error_type,
        "code": N.code,
        "error_message": N.message,
        "facts": N.facts,
        "state": N.state,
        "creation_time": N.created_at,
        "resolved_at": N.resolved_at,
        "resolved_by": N.resolved_by,
        "element_id": N.element_id,
        "element_instance_key": N.element_instance_key,
        "job_key": N.job_key,
        "process_definition_id": N.process_id,
        "process_definition_key": N.definition_key,
        "process_instance_key": N.instance_key,
        "root_process_instance_key": N.root_key,
    },
    fields={
        "incident_key": Field(N.key, "key"),
        "error_type": Field(N.error_type, "state"),
        "code": Field(N.code, "text"),
        "error_message": Field(N.message, "text"),
        "state": Field(N.state, "state"),
        "creation_time": Field(N.created_at, "moment"),
        "element_id": Field(N.element_id, "text"),
        "element_instance_key": Field(N.element_instance_key, "key"),
        "job_key": Field(N.job_key, "key"),
        "process_definition_id": Field(N.process_id, "text"),
        "process_definition_key": Field(N.definition_key, "key"),
        "process_instance_key": Field(N.instance_key, "key"),
        "root_process_instance_key": Field(N.root_key, "key"),
    },
)

VARIABLES = Entity(
    record=records.VariableRecord,
    source=tables.variables,
    key=V.key,
    columns={
        "variable_key": V.key,
        "name": V.name,
        "value": V.value,
        "scope_key": V.scope_key,
        "process_instance_key": V.instance_key,
        "root_process_instance_key": V.root_key,
    },
    fields={
        "variable_key": Field(V.key, "key"),
        "name": Field(V.name, "text"),
        "value": Field(V.value, "text"),
        "scope_key": Field(V.scope_key, "key"),
        "process_instance_key": Field(V.instance_key, "key"),
        "root_process_instance_key": Field(V.root_key, "key"),
        "is_truncated": Field(sa.func.length(V.value) > 8192, "flag"),  # rest-v2 §4
    },
)

PROCESS_DEFINITIONS = Entity(
    record=records.ProcessDefinitionRecord,
    source=tables.process_definitions,
    key=P.key,
    columns={
        "process_definition_key": P.key,
        "process_definition_id": P.process_id,
        "name": P.name,
        "version": P.version,
        "version_tag": P.version_tag,
        "resource_name": P.resource_name,
        "deployment_key": P.deployment_key,
        "has_start_form": P.has_start_form,
        "state": P.state,
    },
    fields={
        "process_definition_key": Field(P.key, "key"),
        "process_definition_id": Field(P.process_id, "text"),
        "name": Field(P.name, "text"),
        "version": Field(P.version, "number"),
        "version_tag": Field(P.version_tag, "text"),
        "resource_name": Field(P.resource_name, "text"),
        "has_start_form": Field(P.has_start_form, "flag"),
        "state": Field(P.state, "state"),
    },
    special={"is_latest_version": _only_latest(tables.process_definitions, "process_id")},
)

DECISION_DEFINITIONS = Entity(
    record=records.DecisionDefinitionRecord,
    source=tables.decision_definitions,
    key=D.key,
    columns={
        "decision_definition_key": D.key,
        "decision_definition_id": D.decision_id,
        "name": sa.func.coalesce(D.name, D.decision_id),
        "version": D.version,
        "version_tag": D.version_tag,
        "decision_requirements_id": D.requirements_id,
        "decision_requirements_key": D.requirements_key,
        "deployment_key": D.deployment_key,
        "state": D.state,
    },
    fields={
        "decision_definition_key": Field(D.key, "key"),
        "decision_definition_id": Field(D.decision_id, "text"),
        "name": Field(D.name, "text"),
        "version": Field(D.version, "number"),
        "version_tag": Field(D.version_tag, "text"),
        "decision_requirements_id": Field(D.requirements_id, "text"),
        "decision_requirements_key": Field(D.requirements_key, "key"),
    },
    special={"is_latest_version": _only_latest(tables.decision_definitions, "decision_id")},
)


def _message_subscriptions() -> Entity[records.MessageSubscriptionRecord]:
    """Return the union of what cases wait for and what starts cases."""
    nothing_number = sa.cast(sa.null(), sa.BigInteger)
    nothing_text = sa.cast(sa.null(), sa.Text)
    waiting = (
        sa.select(
            S.key.label("key"),
            S.state.label("state"),
            sa.literal("PROCESS_EVENT").label("type"),
            S.name.label("name"),
            S.correlation_key.label("correlation_key"),
            S.updated_at.label("updated_at"),
            S.element_id.label("element_id"),
            S.element_instance_key.label("element_instance_key"),
            S.process_id.label("process_id"),
            S.definition_key.label("definition_key"),
            S.instance_key.label("instance_key"),
            S.root_key.label("root_key"),
            C.business_id.label("business_id"),
        )
        .select_from(tables.subscriptions.join(tables.instances, C.key == S.instance_key))
        .where(S.kind == "message")
    )
    starting = sa.select(
        SS.key,
        sa.case((SS.is_open, "CREATED"), else_="DELETED"),
        sa.literal("START_EVENT"),
        SS.name,
        nothing_text,
        SS.updated_at,
        SS.element_id,
        nothing_number,
        SS.process_id,
        SS.definition_key,
        nothing_number,
        nothing_number,
        nothing_text,
    ).where(SS.kind == "message")
    both = sa.union_all(waiting, starting).subquery("both")
    c = both.c
    columns = {
        "message_subscription_key": c.key,
        "message_subscription_state": c.state,
        "message_subscription_type": c.type,
        "message_name": c.name,
        "correlation_key": c.correlation_key,
        "last_updated_date": c.updated_at,
        "element_id": c.element_id,
        "element_instance_key": c.element_instance_key,
        "process_definition_id": c.process_id,
        "process_definition_key": c.definition_key,
        "process_definition_name": P.name,
        "process_definition_version": P.version,
        "process_instance_key": c.instance_key,
        "root_process_instance_key": c.root_key,
        "business_id": c.business_id,
    }
    kinds: dict[str, Any] = dict.fromkeys(columns, "text")
    kinds |= {name: "key" for name in columns if name.endswith("_key") and name != "correlation_key"}
    kinds |= {
        "last_updated_date": "moment",
        "process_definition_version": "number",
        "message_subscription_state": "state",
        "message_subscription_type": "state",
    }
    return Entity(
        record=records.MessageSubscriptionRecord,
        source=both.join(tables.process_definitions, P.key == c.definition_key),
        key=c.key,
        columns=columns,
        fields={name: Field(column, kinds[name]) for name, column in columns.items()},
    )


MESSAGE_SUBSCRIPTIONS = _message_subscriptions()
