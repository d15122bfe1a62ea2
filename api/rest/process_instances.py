"""Starting, watching, changing and ending process instances."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from api import reach
from api.context import the_engine, the_person
from api.identity.doors import action
from api.rest import modification
from api.rest.interface import ShapeRefused
from api.rest.noun import noun
from api.rest.polling import USUAL_WAIT, hangup, place_to_wait, wait_of
from api.rest.reach import found
from api.rest.schemas.definitions import ElementCounts
from api.rest.schemas.instances import (
    CreatedInstance,
    Creation,
    Incident,
    MigrationRequest,
    ModificationRequest,
    ProcessInstance,
    Steering,
)
from api.rest.search import Searchable, answer_of, request_of
from engine.commands.start import Started
from engine.errors import Invalid, Unavailable
from engine.store import entities, instances
from engine.store.search import Condition

log = logging.getLogger("redress")
blueprint = noun("process-instances", "Running processes.")
_PLAIN = (
    "process_definition_id",
    "process_definition_name",
    "process_definition_version",
    "process_definition_version_tag",
    "process_definition_key",
    "process_instance_key",
    "parent_process_instance_key",
    "parent_element_instance_key",
    "start_date",
    "end_date",
    "state",
    "has_incident",
    "business_id",
)
SEARCHABLE = Searchable(
    entities.INSTANCES,
    (
        *_PLAIN,
        "suspended_date",
        "tags",
        "variables",
        "element_id",
        "element_instance_state",
        "has_element_instance_incident",
        "error_message",
    ),
    (*_PLAIN, "suspended_date"),
    groups=True,
)
_OF_INCIDENT = (
    "incident_key",
    "error_type",
    "error_message",
    "state",
    "creation_time",
    "element_id",
    "element_instance_key",
    "job_key",
    "process_definition_id",
    "process_definition_key",
    "process_instance_key",
)
INCIDENTS = Searchable(
    entities.INCIDENTS, _OF_INCIDENT, tuple(name for name in _OF_INCIDENT if name != "error_message")
)
Search, Page = request_of("ProcessInstance", SEARCHABLE), answer_of("ProcessInstance", ProcessInstance)
IncidentSearch, IncidentPage = request_of("Incident", INCIDENTS), answer_of("Incident", Incident)


class NoPlaceToWait(Unavailable):
    """Too many requests wait for an end already. Nothing was started; try again in a moment."""

    code = "no_place_to_wait"


class CreationRefused(Invalid):
    """A process instance cannot be created like this."""

    code = "creation_refused"


@blueprint.post("/process-instances")
@action("instance.start")
@blueprint.arguments(Creation)
@blueprint.answers(200, CreatedInstance)
def create(body: dict[str, Any]) -> Any:
    """Start an instance; answers at its first waits, or with ``awaitCompletion`` at its end (504: not in time)."""
    if body["operation_reference"] is not None:
        log.info("operation %s creates an instance", body["operation_reference"])
    if not body["await_completion"]:
        return _created(_start(body), {})
    with place_to_wait() as place:
        if not place:
            raise NoPlaceToWait
        started = _start(body)
        wait: timedelta = wait_of(body["request_timeout"]) or USUAL_WAIT
        values = the_engine().await_end(
            started.key, timeout=wait, fetch=body["fetch_variables"] or None, stop=hangup()
        )
        return _created(started, reach.values(started.key, values))


def _start(body: dict[str, Any]) -> Started:
    if body["business_id"] == "":
        raise CreationRefused("A business id has 1 to 256 characters; leave it out instead.")
    return the_engine().start(
        body["process_definition_id"],
        body["variables"],
        definition_key=body["process_definition_key"],
        version=body["process_definition_version"],
        version_tag=body["process_definition_version_tag"],
        business_id=body["business_id"],
        tags=body["tags"] or (),
        at=[one["element_id"] for one in body["start_instructions"] or ()],
        stop_after=[one["after_element_id"] for one in body["runtime_instructions"] or ()],
        by=the_person().actor,
    )


def _created(started: Started, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "process_definition_id": started.process_definition_id,
        "process_definition_version": started.process_definition_version,
        "process_definition_key": started.process_definition_key,
        "key": started.key,
        "variables": values,
        "tags": started.tags,
        "business_id": started.business_id,
    }


@blueprint.post("/process-instances/search")
@action("instance.read")
@blueprint.arguments(Search)
@blueprint.answers(200, Page)
def search_process_instances(body: dict[str, Any]) -> Any:
    """Search process instances; those of complaints the caller is excluded from are left out."""
    return found(SEARCHABLE, body)


@blueprint.get("/process-instances/<key:key>")
@action("instance.read")
@blueprint.answers(200, ProcessInstance)
def process_instance(key: int) -> Any:
    """Return one process instance."""
    return reach.instance_seen(key)


@blueprint.post("/process-instances/<key:key>/incidents/search")
@action("incident.read")
@blueprint.arguments(IncidentSearch)
@blueprint.answers(200, IncidentPage)
def search_incidents_of(body: dict[str, Any], key: int) -> Any:
    """Search the incidents of an instance and of all it called."""
    reach.instance_seen(key)
    family = the_engine().read(lambda session: instances.family_below(session, key))
    return found(INCIDENTS, body, Condition("process_instance_key", "in", family))


@blueprint.post("/process-instances/<key:key>/cancellation")
@action("instance.operate")
@blueprint.arguments(Steering)
@blueprint.answers(204)
def cancel(body: dict[str, Any], key: int) -> None:  # noqa: ARG001
    """End an instance and all it called. 409 for a called instance, or one that has ended."""
    reach.instance_seen(key)
    the_engine().cancel(key, by=the_person().actor)


@blueprint.post("/process-instances/<key:key>/modification")
@action("instance.operate")
@blueprint.arguments(ModificationRequest)
@blueprint.answers(204)
def modify(body: dict[str, Any], key: int) -> None:
    """Move tokens by hand, all or nothing; activations come before terminations."""
    reach.instance_seen(key)
    the_engine().modify(key, modification.read(key, body), by=the_person().actor)


@blueprint.post("/process-instances/<key:key>/migration")
@action("instance.operate")
@blueprint.arguments(MigrationRequest)
@blueprint.answers(204)
def migrate(body: dict[str, Any], key: int) -> None:
    """Let an instance go on along another definition. 409 names every element that cannot stand there."""
    reach.instance_seen(key)
    mapping = {one["source_element_id"]: one["target_element_id"] for one in body["mapping_instructions"]}
    if len(mapping) < len(body["mapping_instructions"]):
        raise ShapeRefused({"mappingInstructions": ["An element may be mapped once only."]})
    the_engine().migrate(key, body["target_process_definition_key"], mapping, by=the_person().actor)


@blueprint.get("/process-instances/<key:key>/statistics/element-instances")
@action("instance.read")
@blueprint.answers(200, ElementCounts)
def element_counts_of(key: int) -> Any:
    """Count the visits of each element of one instance."""
    reach.instance_seen(key)
    return {"items": the_engine().element_counts(instance_key=key)}
