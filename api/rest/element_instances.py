"""Visits of elements, and the variables of their scopes."""

from __future__ import annotations

from typing import Any

from api.context import the_engine, the_person
from api.identity.doors import action
from api.reach import scope_seen, seen, writable
from api.rest.noun import noun
from api.rest.reach import found
from api.rest.schemas.instances import ElementInstance, NewVariables
from api.rest.search import Searchable, answer_of, request_of
from engine.commands.errors import ScopeNotFound
from engine.store import entities

blueprint = noun("element-instances", "Visits of elements.")
_SORTS = (
    "element_instance_key",
    "element_id",
    "element_name",
    "type",
    "state",
    "start_date",
    "end_date",
    "incident_key",
    "process_definition_id",
    "process_definition_key",
    "process_instance_key",
)
SEARCHABLE = Searchable(
    entities.ELEMENT_INSTANCES, (*_SORTS, "has_incident", "element_instance_scope_key"), _SORTS, groups=True
)
Search, Page = request_of("ElementInstance", SEARCHABLE), answer_of("ElementInstance", ElementInstance)


@blueprint.post("/element-instances/search")
@action("instance.read")
@blueprint.arguments(Search)
@blueprint.answers(200, Page)
def search_element_instances(body: dict[str, Any]) -> Any:
    """Search visits of elements."""
    return found(SEARCHABLE, body)


@blueprint.get("/element-instances/<key:key>")
@action("instance.read")
@blueprint.answers(200, ElementInstance)
def element_instance(key: int) -> Any:
    """Return one visit of an element."""
    return seen(the_engine().element_instance(key), lambda: ScopeNotFound(key=key))


@blueprint.put("/element-instances/<key:key>/variables")
@action("instance.operate")
@blueprint.arguments(NewVariables)
@blueprint.answers(204)
def set_variables(body: dict[str, Any], key: int) -> None:
    """Write variables into a scope, or outward from it; the key may be that of a process instance."""
    scope_seen(key)
    the_engine().set_variables(key, writable(body["variables"]), local=body["local"], by=the_person().actor)
