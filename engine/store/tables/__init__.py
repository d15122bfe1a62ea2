"""The tables of the engine, by what they remember: definitions, cases, work to do, and the trail left
behind.
"""

from engine.store.columns import METADATA
from engine.store.tables.cases import element_instances, instances, task_candidates, tasks, variables
from engine.store.tables.definitions import (
    decision_definitions,
    decision_requirements,
    deployments,
    forms,
    models,
    process_definitions,
    resources,
    start_subscriptions,
)
from engine.store.tables.trail import (
    commands,
    decision_evaluations,
    history,
    idempotency,
    incidents,
    key_blocks,
)
from engine.store.tables.work import jobs, message_buffer, outbox, subscriptions, workers

__all__ = [
    "METADATA",
    "commands",
    "decision_definitions",
    "decision_evaluations",
    "decision_requirements",
    "deployments",
    "element_instances",
    "forms",
    "history",
    "idempotency",
    "incidents",
    "instances",
    "jobs",
    "key_blocks",
    "message_buffer",
    "models",
    "outbox",
    "process_definitions",
    "resources",
    "start_subscriptions",
    "subscriptions",
    "task_candidates",
    "tasks",
    "variables",
    "workers",
]
