"""Withdrawing what was deployed."""

from __future__ import annotations

from typing import Any

from api.context import the_engine, the_person
from api.identity.doors import action
from api.rest.noun import noun
from api.rest.schemas.definitions import Deleted, Deletion

blueprint = noun("resources", "Deployed resources.")


@blueprint.post("/resources/<key:key>/deletion")
@action("definition.deploy")
@blueprint.arguments(Deletion)
@blueprint.answers(200, Deleted)
def delete_resource(body: dict[str, Any], key: int) -> Any:  # noqa: ARG001
    """Withdraw one version of a process, decision file or form. 409 while instances need it."""
    the_engine().delete_resource(key, by=the_person().actor)
    return {"resource_key": key}
