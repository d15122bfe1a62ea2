"""What reading returns: frozen records, named as /v2 names them, in snake_case; moments aware UTC, keys
integers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

Code = str
"""A word of the engine itself or a name somebody who works with it goes by: a state, a kind, an account.

What is told by a ``str``, in a list or by name may be computed by a diagram (``told_by_a_case``).
"""


def told_by_a_case(record: type) -> frozenset[str]:
    """Return the members of a record that may hold what a case knows: every text that is no ``Code``."""
    return frozenset(one.name for one in fields(record) if _TEXT.search(str(one.type)))


_TEXT = re.compile(r"\b(str|Sequence|Mapping)\b")


@dataclass(frozen=True, slots=True)
class ProcessDefinitionRecord:
    """One version of a process. ``start_form`` is the reference {form_id, binding, version_tag}, if any."""

    process_definition_key: int
    process_definition_id: str
    name: str | None
    version: int
    version_tag: str | None
    resource_name: str
    deployment_key: int
    has_start_form: bool
    state: Code


@dataclass(frozen=True, slots=True)
class DecisionDefinitionRecord:
    """One version of a decision."""

    decision_definition_key: int
    decision_definition_id: str
    name: str
    version: int
    version_tag: str | None
    decision_requirements_id: str
    decision_requirements_key: int
    deployment_key: int
    state: Code


@dataclass(frozen=True, slots=True)
class DecisionRequirementsRecord:
    """One version of a file of decisions."""

    decision_requirements_key: int
    decision_requirements_id: str
    decision_requirements_name: str
    version: int
    resource_name: str
    deployment_key: int


@dataclass(frozen=True, slots=True)
class FormRecord:
    """One version of a form; ``schema`` is the form JSON as deployed, as text (None in lists)."""

    form_key: int
    form_id: str
    version: int
    version_tag: str | None
    resource_name: str
    deployment_key: int
    schema: str | None


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A diagram that is kept but not run."""

    model_key: int
    name: str
    sha256: str
    kept_at: datetime
    kept_by: str


@dataclass(frozen=True, slots=True)
class InstanceRecord:
    """One case or called process. State: ACTIVE, SUSPENDED, COMPLETED, TERMINATED."""

    process_instance_key: int
    process_definition_key: int
    process_definition_id: str
    process_definition_name: str | None
    process_definition_version: int
    process_definition_version_tag: str | None
    parent_process_instance_key: int | None
    parent_element_instance_key: int | None
    root_process_instance_key: int
    start_date: datetime
    end_date: datetime | None
    suspended_date: datetime | None
    state: Code
    has_incident: bool
    tags: Sequence[str]
    business_id: str | None


@dataclass(frozen=True, slots=True)
class ElementInstanceRecord:
    """One visit of an element. State: ACTIVE, COMPLETED, TERMINATED."""

    element_instance_key: int
    element_id: str
    element_name: str
    type: Code
    state: Code
    start_date: datetime
    end_date: datetime | None
    incident_key: int | None
    element_instance_scope_key: int
    process_definition_id: str
    process_definition_key: int
    process_instance_key: int
    root_process_instance_key: int

    @property
    def has_incident(self) -> bool:
        """Tell whether this element waits for an incident to be resolved."""
        return self.incident_key is not None


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One user task.

    State: CREATED, COMPLETED, CANCELED. ``revision`` changes with every change of the task.
    """

    user_task_key: int
    element_instance_key: int
    name: str
    state: Code
    revision: int
    assignee: Code | None
    element_id: str
    candidate_groups: Sequence[str]
    candidate_users: Sequence[str]
    priority: int
    creation_date: datetime
    completion_date: datetime | None
    completed_by: Code | None
    follow_up_date: datetime | None
    due_date: datetime | None
    clock: str | None
    form_key: int | None
    external_form_reference: str | None
    custom_headers: Mapping[str, str]
    process_definition_id: str
    process_definition_version: int
    process_definition_key: int
    process_name: str | None
    process_instance_key: int
    root_process_instance_key: int
    business_id: str | None
    tags: Sequence[str]


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One service job. State as in /v2; ``kind`` is service (outside workers) or own (our handlers)."""

    job_key: int
    type: str
    kind: Code
    state: Code
    status: Code
    worker: Code | None
    retries: int
    priority: int
    due_date: datetime
    deadline: datetime | None
    creation_time: datetime
    end_time: datetime | None
    last_update_time: datetime
    error_code: str | None
    error_message: str | None
    has_failed_with_retries_left: bool
    custom_headers: Mapping[str, str]
    element_id: str | None
    element_instance_key: int | None
    process_definition_id: str | None
    process_definition_key: int | None
    process_instance_key: int | None
    root_process_instance_key: int | None
    business_id: str | None


@dataclass(frozen=True, slots=True)
class TimerRecord:
    """A timer that waits; ``clocks`` are the case clocks its due moment follows."""

    job_key: int
    element_id: str
    element_instance_key: int | None
    process_definition_id: str
    process_definition_key: int
    process_instance_key: int | None
    root_process_instance_key: int | None
    due_date: datetime
    occurrence: int
    clocks: Sequence[str]
    rule: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ActivatedJob:
    """A job handed to an outside worker until ``deadline``; ``variables`` maps names to JSON text."""

    job_key: int
    type: str
    element_id: str
    element_instance_key: int
    process_definition_id: str
    process_definition_version: int
    process_definition_key: int
    process_instance_key: int
    root_process_instance_key: int
    custom_headers: Mapping[str, str]
    worker: str
    retries: int
    priority: int
    deadline: datetime
    variables: Mapping[str, str]
    tags: Sequence[str]
    business_id: str | None


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """Something that needs a person. State: ACTIVE, RESOLVED. ``code`` is finer than ``error_type``."""

    incident_key: int
    error_type: Code
    code: Code
    error_message: str
    facts: Mapping[str, Any]
    state: Code
    creation_time: datetime
    resolved_at: datetime | None
    resolved_by: Code | None
    element_id: str | None
    element_instance_key: int | None
    job_key: int | None
    process_definition_id: str | None
    process_definition_key: int | None
    process_instance_key: int | None
    root_process_instance_key: int | None


@dataclass(frozen=True, slots=True)
class VariableRecord:
    """A variable in one scope; ``value`` is JSON text."""

    variable_key: int
    name: str
    value: str
    scope_key: int
    process_instance_key: int
    root_process_instance_key: int


@dataclass(frozen=True, slots=True)
class MessageSubscriptionRecord:
    """A catcher of a message: of a running case (PROCESS_EVENT) or one that starts a case (START_EVENT)."""

    message_subscription_key: int
    message_subscription_state: Code
    message_subscription_type: Code
    message_name: str
    correlation_key: str | None
    last_updated_date: datetime
    element_id: str
    element_instance_key: int | None
    process_definition_id: str
    process_definition_key: int
    process_definition_name: str | None
    process_definition_version: int
    process_instance_key: int | None
    root_process_instance_key: int | None
    business_id: str | None


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """One line of a case's timeline."""

    number: int
    root_process_instance_key: int | None
    process_instance_key: int | None
    at: datetime
    actor: str
    kind: str
    element_id: str | None
    element_instance_key: int | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ElementCount:
    """How many instances of an element there are, by state."""

    element_id: str
    active: int
    canceled: int
    incidents: int
    completed: int
