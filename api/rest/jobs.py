"""Work of outside workers: handing it out, and what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from api.context import the_engine, the_person
from api.identity.doors import action
from api.rest.noun import noun
from api.rest.polling import hangup, place_to_wait, wait_of
from api.rest.reach import found
from api.rest.schemas.jobs import (
    ActivatedJobs,
    ActivationRequest,
    Job,
    JobCompletion,
    JobError,
    JobFailure,
    JobUpdate,
)
from api.rest.search import Searchable, answer_of, request_of
from api.rest.shapes import TENANT
from engine.store import entities

blueprint = noun("jobs", "Work of outside workers.")
MOST = 1_000  # jobs of one activation
_FIELDS = (
    "job_key",
    "type",
    "state",
    "worker",
    "retries",
    "priority",
    "deadline",
    "creation_time",
    "end_time",
    "last_update_time",
    "error_code",
    "error_message",
    "has_failed_with_retries_left",
    "element_id",
    "element_instance_key",
    "process_definition_id",
    "process_definition_key",
    "process_instance_key",
    "business_id",
)
SEARCHABLE = Searchable(
    entities.JOBS,
    _FIELDS,
    _FIELDS,
    constants={
        "tenant_id": TENANT,
        "kind": "BPMN_ELEMENT",
        "listener_event_type": "UNSPECIFIED",
        "is_denied": None,
        "denied_reason": None,
    },
)
Search, Page = request_of("Job", SEARCHABLE), answer_of("Job", Job)


@blueprint.post("/jobs/search")
@action("instance.read")
@blueprint.arguments(Search)
@blueprint.answers(200, Page)
def search_jobs(body: dict[str, Any]) -> Any:
    """Search jobs, done or not."""
    return found(SEARCHABLE, body)


@blueprint.post("/jobs/activation")
@action("job.work")
@blueprint.arguments(ActivationRequest)
@blueprint.answers(200, ActivatedJobs)
def activate(body: dict[str, Any]) -> Any:
    """Lease jobs; waits up to ``requestTimeout`` for the first, and answers an empty list after it (rest-v2 §8)."""
    wait = wait_of(body["request_timeout"])
    if wait is None:
        return {"jobs": _activated(body, None)}
    with place_to_wait() as place:
        return {"jobs": _activated(body, wait if place else None)}


def _activated(body: dict[str, Any], wait: timedelta | None) -> Any:
    return the_engine().activate_jobs(
        body["type"],
        worker=body["worker"] or "",
        timeout=body["timeout"],
        limit=min(body["max_jobs_to_activate"], MOST),
        fetch=body["fetch_variable"] or None,
        wait=wait,
        stop=hangup(),
        by=the_person().actor,
    )


@blueprint.post("/jobs/<key:key>/completion")
@action("job.work")
@blueprint.arguments(JobCompletion)
@blueprint.answers(204)
def complete_job(body: dict[str, Any], key: int) -> None:
    """Complete a job, leased or not; the first settlement wins, later ones get 409."""
    the_engine().complete_job(key, body["variables"], by=the_person().actor)


@blueprint.post("/jobs/<key:key>/failure")
@action("job.work")
@blueprint.arguments(JobFailure)
@blueprint.answers(204)
def fail_job(body: dict[str, Any], key: int) -> None:
    """Note a try that failed; without retries left it becomes an incident."""
    the_engine().fail_job(
        key,
        retries=body["retries"] or 0,
        message=body["error_message"] or "",
        back_off=body["retry_back_off"] or timedelta(0),
        variables=body["variables"],
        by=the_person().actor,
    )


@blueprint.post("/jobs/<key:key>/error")
@action("job.work")
@blueprint.arguments(JobError)
@blueprint.answers(204)
def throw_job_error(body: dict[str, Any], key: int) -> None:
    """End a job with a BPMN error."""
    the_engine().throw_job_error(
        key, body["error_code"], body["error_message"] or "", body["variables"], by=the_person().actor
    )


@blueprint.patch("/jobs/<key:key>")
@action("job.work")
@blueprint.arguments(JobUpdate)
@blueprint.answers(204)
def update_job(body: dict[str, Any], key: int) -> None:
    """Change retries, lease (counted from now) or priority; null keeps."""
    change = body["changeset"]
    the_engine().update_job(
        key,
        retries=change["retries"],
        timeout=change["timeout"],
        priority=change["priority"],
        by=the_person().actor,
    )
