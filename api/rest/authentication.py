"""Who is asking."""

from __future__ import annotations

from typing import Any

from api.context import the_person
from api.identity.doors import action
from api.rest.noun import noun
from api.rest.schemas.service import Me
from api.rest.shapes import TENANT

blueprint = noun("authentication", "The caller.")


@blueprint.get("/authentication/me")
@action("account.read")
@blueprint.answers(200, Me)
def me() -> Any:
    """Return the account behind the token."""
    person = the_person()
    return {
        "username": person.name,
        "display_name": person.display_name,
        "email": person.email,
        "authorized_components": [],
        "tenants": [{"tenant_id": TENANT, "name": "Default", "description": None}],
        "groups": sorted(person.groups),
        "roles": sorted(person.roles),
        "sales_plan_type": None,
        "c8_links": {},
        "can_logout": False,
    }
