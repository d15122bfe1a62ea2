"""Jobs of outside workers."""

from __future__ import annotations

from marshmallow import fields, validate

from api.rest.shapes import (
    TENANT,
    Body,
    EpochMilliseconds,
    JsonTexts,
    Key,
    Long,
    Milliseconds,
    Record,
    Tenant,
    Text,
    Variables,
    When,
    names,
)

JOB_STATES = (
    "CREATED",
    "COMPLETED",
    "FAILED",
    "RETRIES_UPDATED",
    "TIMED_OUT",
    "CANCELED",
    "ERROR_THROWN",
    "MIGRATED",
)


class ActivationRequest(Body):
    """Which jobs a worker wants, for how long, and how long it waits for one."""

    type = fields.String(required=True, validate=validate.Length(min=1))
    timeout = Milliseconds(required=True)
    max_jobs_to_activate = Long(required=True, validate=validate.Range(min=1))
    worker = fields.String(allow_none=True, load_default=None)
    request_timeout = Milliseconds(allow_none=True, load_default=None)
    fetch_variable = names(allow_none=True, load_default=None)
    tenant_ids = names(
        allow_none=True,
        load_default=None,
        validate=validate.ContainsOnly((TENANT,)),
    )
    tenant_filter = fields.String(allow_none=True)
    with_lease = fields.Boolean(allow_none=True)


class ActivatedJob(Record):
    """A job handed to a worker until its deadline."""

    type = fields.String()
    process_definition_id = fields.String()
    process_definition_version = fields.Integer()
    process_definition_key = Key()
    element_id = fields.String()
    element_instance_key = Key()
    process_instance_key = Key()
    root_process_instance_key = Key(allow_none=True)
    custom_headers = fields.Dict()
    worker = Text()
    retries = fields.Integer()
    deadline = EpochMilliseconds(metadata={"type": "integer", "format": "int64"})
    variables = JsonTexts(metadata={"type": "object"})
    tenant_id = Tenant()
    physical_tenant_id = Text(empty=TENANT)
    job_key = Key()
    kind = fields.Constant("BPMN_ELEMENT")
    listener_event_type = fields.Constant("UNSPECIFIED")
    user_task = fields.Raw(allow_none=True, dump_default=None)
    tags = names()
    business_id = fields.String(allow_none=True)
    priority = fields.Integer()
    job_lease_token = fields.String(allow_none=True, dump_default=None)


class ActivatedJobs(Record):
    """The jobs handed out; none after the wait."""

    jobs = fields.List(fields.Nested(ActivatedJob))


class JobCompletion(Body):
    """The result of a job."""

    variables = Variables(load_default=None)
    result = fields.Raw(allow_none=True)
    job_lease_token = fields.String(allow_none=True)
    business_id = fields.String(allow_none=True)


class JobFailure(Body):
    """A try that failed; without retries left it becomes an incident."""

    retries = Long(load_default=0, allow_none=True)
    error_message = fields.String(load_default="", allow_none=True)
    retry_back_off = Milliseconds(load_default=None, allow_none=True)
    variables = Variables(load_default=None)


class JobError(Body):
    """A BPMN error."""

    error_code = fields.String(required=True)
    error_message = fields.String(load_default="", allow_none=True)
    variables = Variables(load_default=None)


class JobChangeset(Body):
    """New values; null keeps."""

    retries = Long(allow_none=True, load_default=None)
    timeout = Milliseconds(allow_none=True, load_default=None)
    priority = Long(allow_none=True, load_default=None)


class JobUpdate(Body):
    """A change of retries, lease or priority."""

    changeset = fields.Nested(JobChangeset, required=True)
    operation_reference = Long(allow_none=True)


class Job(Record):
    """One job, done or not."""

    job_key = Key()
    type = fields.String()
    kind = fields.Constant("BPMN_ELEMENT")
    listener_event_type = fields.Constant("UNSPECIFIED")
    state = fields.String(metadata={"enum": list(JOB_STATES)})
    worker = Text()
    retries = fields.Integer()
    priority = fields.Integer()
    deadline = When(allow_none=True)
    creation_time = When(allow_none=True)
    end_time = When(allow_none=True)
    last_update_time = When(allow_none=True)
    error_code = fields.String(allow_none=True)
    error_message = fields.String(allow_none=True)
    has_failed_with_retries_left = fields.Boolean()
    is_denied = fields.Boolean(allow_none=True, dump_default=None)
    denied_reason = fields.String(allow_none=True, dump_default=None)
    custom_headers = fields.Dict()
    element_id = fields.String(allow_none=True)
    element_instance_key = Key()
    process_definition_id = fields.String(allow_none=True)
    process_definition_key = Key(allow_none=True)
    process_instance_key = Key()
    root_process_instance_key = Key(allow_none=True)
    business_id = fields.String(allow_none=True)
    tenant_id = Tenant()
