"""Tables of what was deployed: files, and the processes, decisions and forms found in them."""

from __future__ import annotations

import sqlalchemy as sa

from engine.store.columns import METADATA, blob, data, flag, index, key, moment, number, text

deployments = sa.Table("deployments", METADATA, key(), moment("deployed_at"), text("deployed_by"))

resources = sa.Table(
    "resources",
    METADATA,
    key(),
    sa.Column("deployment_key", sa.ForeignKey("deployments.key"), nullable=False),
    text("name"),  # the uploaded file name, byte for byte
    text("kind"),  # bpmn | dmn | form
    blob("content"),
    text("sha256"),
    index("ix_resources_name_key", "name", "key"),
    index("ix_resources_deployment_key", "deployment_key"),
)


def _versioned(name: str, identity: str, *more: sa.schema.SchemaItem) -> sa.Table:
    """Return a table of things that have an id and count their versions 1, 2, 3 … per id."""
    return sa.Table(
        name,
        METADATA,
        key(),
        text(identity),
        number("version"),
        text("version_tag", null=True),
        text("name", null=True),
        text("resource_name"),
        sa.Column("resource_key", sa.ForeignKey("resources.key"), nullable=False),
        number("deployment_key"),
        text("state", default="ACTIVE"),  # ACTIVE | DELETED
        *more,
        sa.UniqueConstraint(identity, "version"),
        index(f"ix_{name}_deployment_key", "deployment_key"),
    )


process_definitions = _versioned(
    "process_definitions", "process_id", flag("has_start_form"), data("start_form", null=True)
)

decision_requirements = _versioned("decision_requirements", "requirements_id")

decision_definitions = _versioned(
    "decision_definitions",
    "decision_id",
    number("requirements_key"),
    text("requirements_id"),
    index("ix_decision_definitions_requirements_key", "requirements_key"),
)

forms = _versioned("forms", "form_id")

models = sa.Table(  # diagrams kept for reading and drawing, not for running
    "models",
    METADATA,
    key(),
    text("name"),
    blob("content"),
    text("sha256"),
    moment("kept_at"),
    text("kept_by"),
)

start_subscriptions = sa.Table(
    "start_subscriptions",
    METADATA,
    key(),
    number("definition_key", index=True),
    text("process_id"),
    text("element_id"),
    text("kind"),  # message | signal | conditional (name: its condition)
    text("name"),
    flag("is_open", default=True),
    moment("updated_at"),
    index("ix_start_subscriptions_name_kind", "name", "kind", where="is_open"),
    index("ix_start_subscriptions_process_id", "process_id"),
)
