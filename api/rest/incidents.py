"""What needs a person: finding incidents, and having the failed step repeated."""

from __future__ import annotations

from typing import Any

from api.context import the_engine, the_person
from api.identity.doors import action
from api.reach import seen
from api.rest.noun import noun
from api.rest.process_instances import INCIDENTS, IncidentPage, IncidentSearch
from api.rest.reach import found
from api.rest.schemas.instances import Incident, Steering
from engine.commands.errors import IncidentNotFound

blueprint = noun("incidents", "What needs a person.")


@blueprint.post("/incidents/search")
@action("incident.read")
@blueprint.arguments(IncidentSearch)
@blueprint.answers(200, IncidentPage)
def search_incidents(body: dict[str, Any]) -> Any:
    """Search incidents."""
    return found(INCIDENTS, body)


@blueprint.get("/incidents/<key:key>")
@action("incident.read")
@blueprint.answers(200, Incident)
def incident(key: int) -> Any:
    """Return one incident."""
    return seen(the_engine().incident(key), lambda: IncidentNotFound(key=key))


@blueprint.post("/incidents/<key:key>/resolution")
@action("incident.resolve")
@blueprint.arguments(Steering)
@blueprint.answers(204)
def resolve(body: dict[str, Any], key: int) -> None:  # noqa: ARG001
    """Repeat the failed step; a job out of retries is granted one. 409 if resolved already."""
    seen(the_engine().incident(key), lambda: IncidentNotFound(key=key))
    the_engine().resolve_incident(key, by=the_person().actor)
