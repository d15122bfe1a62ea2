"""Pages of variables that were gathered by scope, not by a query: filter by name, sort, page in memory."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response
from marshmallow import INCLUDE, fields

from api.rest.interface import written
from api.rest.schemas.instances import WholeVariable
from api.rest.search import USUAL_PAGE, FilterRefused, PageRequest, SortBy, answer_of, holds, operations
from api.rest.shapes import Body, camel
from engine.store.records import VariableRecord

SORTS = {camel(name): name for name in ("name", "value", "variable_key", "scope_key", "process_instance_key")}
_WHOLE = answer_of("Whole", WholeVariable)()


class NameFilter(Body):
    """Which names."""

    class Meta:
        """Unknown fields are refused by ``page``, with advice."""

        unknown = INCLUDE

    name = fields.Raw(metadata={"description": "A name, or an object of operators."})


class VariableQuery(Body):
    """Variables by name."""

    filter = fields.Nested(NameFilter, allow_none=True)
    sort = fields.List(fields.Nested(SortBy), allow_none=True)
    page = fields.Nested(PageRequest, allow_none=True)


def page(found: Sequence[VariableRecord], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the page of ``found`` that is asked for. Raises ``FilterRefused``."""
    given = body.get("filter") or {}
    if unknown := next((name for name in given if name != "name"), None):
        raise FilterRefused("There is no such field to filter by.", field=unknown, fields="name")
    wanted = operations("name", "text", given["name"]) if given.get("name") is not None else []
    items = sorted(
        (one for one in found if all(holds(op, one.name, value) for op, value in wanted)),
        key=lambda one: one.variable_key,
    )
    for sort in reversed(body.get("sort") or ()):
        if sort["by"] not in SORTS:
            raise FilterRefused(
                "There is no such field to sort by.", field=sort["by"], fields=", ".join(SORTS)
            )
        member = SORTS[sort["by"]]
        items.sort(key=lambda one: getattr(one, member), reverse=(sort.get("order") or "").upper() == "DESC")
    shown = _cut(items, body.get("page") or {})
    return {
        "items": shown,
        "page": {
            "total_items": len(items),
            "has_more_total_items": False,
            "start_cursor": _cursor(shown[0]) if shown else None,
            "end_cursor": _cursor(shown[-1]) if shown else None,
        },
    }


def whole(page: Mapping[str, Any]) -> Response:
    """Return the answer for a page of variables whose values are not cut."""
    return written(_WHOLE.dump(page))


def _cut(items: list[VariableRecord], asked: Mapping[str, Any]) -> list[VariableRecord]:
    limit = asked.get("limit") or USUAL_PAGE
    if asked.get("after") is not None:
        start = _place(items, asked["after"]) + 1
    elif asked.get("before") is not None:
        end = _place(items, asked["before"])
        return items[max(0, end - limit) : end]
    else:
        start = asked.get("from_") or 0
    return items[start : start + limit]


def _cursor(one: VariableRecord) -> str:
    return base64.b64encode(str(one.variable_key).encode()).decode()


def _place(items: Sequence[VariableRecord], cursor: str) -> int:
    try:
        key = int(base64.b64decode(cursor, validate=True))
    except (binascii.Error, ValueError):
        raise FilterRefused("This cursor is not one of ours.") from None
    place = next((number for number, one in enumerate(items) if one.variable_key == key), None)
    if place is None:
        raise FilterRefused("This cursor belongs to another search.")
    return place
