"""Deployed processes."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.context import the_engine, the_person
from api.identity.doors import action
from api.rest.noun import noun
from api.rest.reach import found
from api.rest.schemas.definitions import ElementCounts, Form, ProcessDefinition
from api.rest.search import Searchable, answer_of, request_of
from engine.store import entities

blueprint = noun("process-definitions", "Deployed processes.")
_SORTS = (
    "name",
    "process_definition_id",
    "process_definition_key",
    "resource_name",
    "version",
    "version_tag",
)
SEARCHABLE = Searchable(
    entities.PROCESS_DEFINITIONS, (*_SORTS, "is_latest_version", "has_start_form", "state"), _SORTS
)
Search, Page = request_of("ProcessDefinition", SEARCHABLE), answer_of("ProcessDefinition", ProcessDefinition)


@blueprint.post("/process-definitions/search")
@action("definition.read")
@blueprint.arguments(Search)
@blueprint.answers(200, Page)
def search_process_definitions(body: dict[str, Any]) -> Any:
    """Search deployed processes."""
    return found(SEARCHABLE, body)


@blueprint.get("/process-definitions/<key:key>")
@action("definition.read")
@blueprint.answers(200, ProcessDefinition)
def process_definition(key: int) -> Any:
    """Return one version of a process."""
    return the_engine().process_definition(key)


@blueprint.get("/process-definitions/<key:key>/xml")
@action("definition.read")
@blueprint.answers(200, {"type": "string"}, content_type="text/xml")
def diagram(key: int) -> Response:
    """Return the diagram, byte for byte as deployed."""
    return Response(the_engine().diagram(key), mimetype="text/xml")


@blueprint.get("/process-definitions/<key:key>/form")
@action("definition.read")
@blueprint.answers(200, Form)
@blueprint.alt_response(204, description="The process has no start form.", success=True)
def start_form(key: int) -> Any:
    """Return the form that starts the process."""
    return the_engine().start_form(key) or Response(status=204)


@blueprint.post("/process-definitions/<key:key>/statistics/element-instances")
@action("instance.read")
@blueprint.answers(200, ElementCounts)
def element_counts(key: int) -> Any:
    """Count the visits of each element over all instances."""
    the_engine().process_definition(key)
    return {"items": the_engine().element_counts(definition_key=key, by=the_person().actor)}
