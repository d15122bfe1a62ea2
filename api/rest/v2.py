"""The /v2 interface: one blueprint per noun (rest-v2 §5). Nothing of our own is added to it."""

from __future__ import annotations

from flask import Blueprint

from api.rest import (
    authentication,
    conditionals,
    decisions,
    deployments,
    element_instances,
    incidents,
    jobs,
    messages,
    process_definitions,
    process_instances,
    resources,
    signals,
    topology,
    user_tasks,
    variables,
)

NOUNS = (
    topology,
    deployments,
    process_definitions,
    process_instances,
    element_instances,
    user_tasks,
    jobs,
    messages,
    signals,
    conditionals,
    decisions,
    incidents,
    variables,
    resources,
    authentication,
)


def blueprints() -> tuple[Blueprint, ...]:
    """Return the blueprints of /v2, for an application to register."""
    return tuple(noun.blueprint for noun in NOUNS)
