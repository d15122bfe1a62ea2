"""Tables of running and finished cases: instances, their elements, tasks and variables."""

from __future__ import annotations

import sqlalchemy as sa

from engine.store.columns import METADATA, blob, data, index, key, moment, number, text

instances = sa.Table(
    "instances",
    METADATA,
    key(),
    sa.Column("definition_key", sa.ForeignKey("process_definitions.key"), nullable=False, index=True),
    text("process_id"),
    number("parent_key", null=True, index=True),
    number("parent_element_key", null=True),
    number("root_key", index=True),  # own key for a root; the whole family is locked through the root's row
    number("case_key", index=True),  # which case it belongs to (``family.new_row``); never changed
    number("depth", default=0),
    text("business_id", null=True),
    text("start_key", null=True),  # correlation key of the message that started it: no second one while open
    data("tags", default=()),
    text("state"),  # ACTIVE | SUSPENDED | COMPLETED | TERMINATED
    number("revision", default=1),
    blob("saved", null=True),  # live tokens and scopes; null once ended
    data("stop_after", default=()),  # element ids; when one of them has ended the rest is terminated
    number("open_incidents", default=0),  # own ones and those of called children
    moment("started_at"),
    moment("ended_at", null=True),
    moment("suspended_at", null=True),
    moment("changed_at"),
    index("ix_instances_process_id_state", "process_id", "state"),
    index("ix_instances_business_id", "business_id", where="business_id IS NOT NULL"),
    index("ix_instances_live", "changed_at", where="state = 'ACTIVE'"),
    index(
        "uq_instances_start_key",
        "process_id",
        "start_key",
        where="start_key IS NOT NULL AND state = 'ACTIVE'",
        unique=True,
    ),
)

element_instances = sa.Table(
    "element_instances",
    METADATA,
    key(),
    sa.Column("instance_key", sa.ForeignKey("instances.key"), nullable=False),
    number("root_key"),
    number("definition_key"),
    text("process_id"),
    text("element_id"),
    text("name"),
    text("type"),
    number("scope_key"),
    text("state"),  # ACTIVE | COMPLETED | TERMINATED
    number("incident_key", null=True),
    moment("started_at"),
    moment("ended_at", null=True),
    index("ix_element_instances_instance_key", "instance_key"),
    index("ix_element_instances_open", "definition_key", "element_id", where="state = 'ACTIVE'"),
)

tasks = sa.Table(  # the key is the element instance's key: a task is what a person sees of it
    "tasks",
    METADATA,
    key(),
    sa.Column("instance_key", sa.ForeignKey("instances.key"), nullable=False),
    number("root_key"),
    number("definition_key"),
    text("process_id"),
    text("element_id"),
    text("name"),
    text("state"),  # CREATED | COMPLETED | CANCELED
    number("revision", default=1),
    text("assignee", null=True),
    data("candidate_groups", default=()),
    data("candidate_users", default=()),
    number("priority"),
    moment("due_at", null=True),
    moment("due_sort"),  # due_at, or the far future
    moment("follow_up_at", null=True),
    text("clock", null=True),  # those it moves with, parted by commas
    number("form_key", null=True),
    text("external_reference", null=True),
    data("headers", default=dict),
    text("business_id", null=True),
    data("tags", default=()),
    moment("created_at"),
    moment("completed_at", null=True),
    text("completed_by", null=True),
    index("ix_tasks_instance_key", "instance_key"),
    index("ix_tasks_root_key", "root_key"),
    index("ix_tasks_open_due", "due_sort", "key", where="state = 'CREATED'"),
    index("ix_tasks_open_assignee", "assignee", "due_sort", "key", where="state = 'CREATED'"),
    index("ix_tasks_open_priority", sa.text("priority DESC"), "due_sort", "key", where="state = 'CREATED'"),
)

task_candidates = (
    sa.Table(  # an index of offers; rows of closed tasks are purged later and skipped until then
        "task_candidates",
        METADATA,
        sa.Column("task_key", sa.ForeignKey("tasks.key"), primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),  # group | user
        sa.Column("name", sa.Text, primary_key=True),
        moment("due_sort"),
        number("priority"),
        index("ix_task_candidates_due", "kind", "name", "due_sort", "task_key"),
        index(
            "ix_task_candidates_priority", "kind", "name", sa.text("priority DESC"), "due_sort", "task_key"
        ),
    )
)

variables = sa.Table(  # what searches and pages read; the engine itself reads the scopes in instances.saved
    "variables",
    METADATA,
    key(),
    number("instance_key"),
    number("root_key"),
    number("scope_key"),
    text("name"),
    text("value"),  # JSON text
    sa.UniqueConstraint("scope_key", "name"),
    index("ix_variables_instance_key", "instance_key"),
)
