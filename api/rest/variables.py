"""Variables of running and ended processes."""

from __future__ import annotations

from typing import Any

from api.context import the_engine
from api.identity.doors import action
from api.reach import seen
from api.rest import listing
from api.rest.noun import noun
from api.rest.reach import found
from api.rest.schemas.instances import Variable, VariableText
from api.rest.search import Searchable, answer_of, request_of
from api.rest.user_tasks import Cutting
from engine.questions import VariableNotFound
from engine.store import entities

blueprint = noun("variables", "Variables of processes.")
_SORTS = ("name", "value", "variable_key", "scope_key", "process_instance_key")
SEARCHABLE = Searchable(entities.VARIABLES, (*_SORTS, "is_truncated"), _SORTS)
Search, Page = request_of("Variable", SEARCHABLE), answer_of("Variable", Variable)


@blueprint.post("/variables/search")
@action("variable.read")
@blueprint.arguments(Search)
@blueprint.arguments(Cutting, location="query")
@blueprint.answers(200, Page)
def search_variables(body: dict[str, Any], query: dict[str, Any]) -> Any:
    """Search variables; values over 8,192 characters are cut unless ``truncateValues=false``."""
    page = found(SEARCHABLE, body)
    return page if query["truncate_values"] else listing.whole(page)


@blueprint.get("/variables/<key:key>")
@action("variable.read")
@blueprint.answers(200, VariableText)
def variable(key: int) -> Any:
    """Return one variable, its value whole."""
    return seen(the_engine().variable(key), lambda: VariableNotFound(key=key))
