"""The one search of /v2: filters with operators, ``$or``, sort, page and cursors, as a query of the engine (rest-v2 §4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import INCLUDE, fields, validate

from api.rest.shapes import TENANT, Body, Long, Record, camel, read_integer, read_moment
from engine.errors import Invalid, RedressError
from engine.store.search import MOST, OPERATORS, Condition, Entity, Page, Query, Sort, like_pattern
from engine.values import same_text

USUAL_PAGE = 100
SPECIAL_KINDS = {
    "candidate_group": "text",
    "candidate_user": "text",
    "element_instance_state": "state",
    "has_element_instance_incident": "flag",
    "error_message": "text",
    "is_latest_version": "flag",
    "element_id": "text",
    "tags": "texts",
    "variables": "variables",
    "process_instance_variables": "variables",
    "local_variables": "variables",
}
_READ: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "key": (read_integer, "a key"),
    "number": (read_integer, "a whole number"),
    "moment": (read_moment, "a moment such as 2026-11-23T10:00:00Z"),
    "flag": (lambda value: value if isinstance(value, bool) else None, "true or false"),
    "text": (lambda value: value if isinstance(value, str) else None, "a text"),
    "state": (lambda value: value if isinstance(value, str) else None, "a text"),
}


class FilterRefused(Invalid):
    """This search cannot be understood."""

    code = "filter_refused"


@dataclass(frozen=True)
class Searchable:
    """What may be asked about one kind of record.

    ``filters`` and ``sorts`` are snake_case fields of ``entity``; ``constants`` are members with the same value in
    every record. ``groups`` allows ``$or``.
    """

    entity: Entity[Any]
    filters: Sequence[str]
    sorts: Sequence[str]
    constants: Mapping[str, Any] = field(default_factory=lambda: {"tenant_id": TENANT})
    groups: bool = False

    def kind(self, name: str) -> str:
        """Return the kind of values of a filter field."""
        if name in self.entity.special:
            return SPECIAL_KINDS[name]
        return self.entity.fields[name].kind


def read_query(what: Searchable, body: Mapping[str, Any]) -> Query | None:
    """Return the query a body asks for, None when nothing can match it. Raises ``FilterRefused``."""
    given = dict(body.get("filter") or {})
    groups = given.pop("$or", None)
    where = _conditions(what, given)
    any_of: list[tuple[Condition, ...]] = []
    if groups is not None:
        if not what.groups:
            raise FilterRefused("$or is not known here.", field="$or")
        if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
            raise FilterRefused("$or is a list of filters.", field="$or")
        any_of = [group for one in groups if (group := _conditions(what, one)) is not None]
        if groups and not any_of:
            return None
    page = body.get("page") or {}
    limit, offset = page.get("limit"), page.get("from_")
    query = Query(
        where=where or (),
        any_of=tuple(any_of),
        sort=_sorts(what, body.get("sort") or ()),
        limit=USUAL_PAGE if limit is None else limit,
        offset=offset or 0,
        after=page.get("after"),
        before=page.get("before"),
    )
    return None if where is None else query


def _sorts(what: Searchable, given: Sequence[Mapping[str, Any]]) -> tuple[Sort, ...]:
    allowed = {camel(name): name for name in what.sorts}
    sorts = []
    for one in given:
        name = one["by"]
        if name in allowed:
            sorts.append(Sort(allowed[name], descending=(one.get("order") or "ASC").upper() == "DESC"))
        elif name not in {camel(constant) for constant in what.constants}:
            raise FilterRefused(
                "There is no such field to sort by.", field=name, fields=", ".join(sorted(allowed))
            )
    return tuple(sorts)


def _conditions(what: Searchable, given: Mapping[str, Any]) -> tuple[Condition, ...] | None:
    """Return the conditions of one filter object, None when a constant member rules everything out."""
    known = {camel(name): name for name in what.filters}
    constants = {camel(name): value for name, value in what.constants.items()}
    found: list[Condition] = []
    for name, value in given.items():
        if name in constants:
            if not (name == "tenantId" and value is None) and not _constant_holds(
                name, constants[name], value
            ):
                return None
        elif name not in known:
            raise FilterRefused(
                "There is no such field to filter by.",
                field=name,
                fields=", ".join(sorted({*known, *constants})),
            )
        elif value is None:
            raise FilterRefused('Leave the field out, or ask {"$exists": false}.', field=name)
        else:
            found += _read_field(known[name], name, what.kind(known[name]), value)
    return tuple(found)


def _read_field(field_name: str, name: str, kind: str, value: Any) -> list[Condition]:
    if kind == "variables":
        return _read_variables(field_name, name, value)
    if kind == "texts":
        items = value if isinstance(value, list) else [value]
        return [Condition(field_name, "eq", [_value(name, "text", item) for item in items])]
    return [Condition(field_name, op, one) for op, one in operations(name, kind, value)]


def operations(name: str, kind: str, value: Any) -> list[tuple[str, Any]]:
    """Return operator and typed value of each comparison that ``value`` asks for: a literal, or an object of operators.

    Raises ``FilterRefused``.
    """
    if not isinstance(value, dict):
        return [("eq", _value(name, kind, value))]
    found: list[tuple[str, Any]] = []
    for sign, operand in value.items():
        op = sign.removeprefix("$")
        if not sign.startswith("$") or op not in OPERATORS[kind]:
            signs = ", ".join(f"${one}" for one in OPERATORS[kind])
            raise FilterRefused(
                "There is no such operator for this field.", field=name, operator=sign, operators=signs
            )
        found.append((op, _operand(name, kind, op, operand)))
    return found


def _operand(name: str, kind: str, op: str, operand: Any) -> Any:
    if op == "exists":
        return _value(name, "flag", operand)
    if op in ("in", "notIn"):
        if not isinstance(operand, list):
            raise FilterRefused("A list is needed.", field=name, operator=f"${op}")
        return [_value(name, kind, item) for item in operand]
    return _value(name, "text" if op == "like" else kind, operand)


def _value(name: str, kind: str, value: Any) -> Any:
    read, wanted = _READ[kind]
    found = read(value)
    if found is None:
        raise FilterRefused(f"The value must be {wanted}.", field=name)
    return found


def _read_variables(field_name: str, name: str, value: Any) -> list[Condition]:
    if not isinstance(value, list):
        raise FilterRefused("A list of names and values is needed.", field=name)
    found = []
    for one in value:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str) or one.get("value") is None:
            raise FilterRefused("Each variable needs a name and a value (JSON text).", field=name)
        for op, wanted in operations(name, "text", one["value"]):
            texts = [_as_stored(item) for item in wanted] if isinstance(wanted, list) else wanted
            if op in ("eq", "neq"):
                texts = _as_stored(wanted)
            found.append(Condition(field_name, op, (one["name"], texts)))
    return found


def _as_stored(text: str) -> str:
    """Return JSON text in the spelling values are stored in; text that is no JSON as it is, it matches nothing."""
    try:
        return same_text(text)
    except RedressError:
        return text


def _constant_holds(name: str, constant: Any, value: Any) -> bool:
    kind = "flag" if isinstance(constant, bool) else "text"
    return all(holds(op, constant, wanted) for op, wanted in operations(name, kind, value))


def holds(op: str, actual: Any, wanted: Any) -> bool:
    """Tell whether a value we know stands in this relation to the one asked for."""
    if op == "exists":
        return bool((actual is not None) == wanted)
    if op == "in":
        return actual in wanted
    if op == "notIn":
        return actual not in wanted
    if op == "like":
        return actual is not None and _is_like(str(actual), wanted)
    return bool((actual == wanted) == (op == "eq"))


def _is_like(text: str, pattern: str) -> bool:
    sql = like_pattern(pattern)
    parts = re.findall(r"\\.|.", sql, re.DOTALL)
    regex = "".join(".*" if part == "%" else "." if part == "_" else re.escape(part[-1:]) for part in parts)
    return re.fullmatch(regex, text, re.DOTALL) is not None


class SortBy(Body):
    """One field to sort by."""

    by = fields.String(data_key="field", required=True)
    order = fields.String(
        load_default="ASC",
        allow_none=True,
        validate=validate.Regexp(r"(?i)(asc|desc)\Z", error="ASC or DESC."),
        metadata={"enum": ["ASC", "DESC"]},
    )


class PageRequest(Body):
    """Which page: by offset or by cursor."""

    from_ = Long(data_key="from", allow_none=True, validate=validate.Range(min=0))
    limit = Long(allow_none=True, validate=validate.Range(min=1, max=MOST))
    after = fields.String(allow_none=True)
    before = fields.String(allow_none=True)


class PageAnswer(Record):
    """Where a page stands."""

    total_items = fields.Integer()
    has_more_total_items = fields.Boolean()
    start_cursor = fields.String(allow_none=True)
    end_cursor = fields.String(allow_none=True)


def request_of(name: str, what: Searchable) -> type[Body]:
    """Return the schema of this search's request, which only describes the filter: ``read_query`` judges it."""
    members: dict[str, Any] = {
        camel(one): fields.Raw(allow_none=True, metadata={"description": _described(what.kind(one))})
        for one in what.filters
    }
    members |= {camel(one): fields.Raw(allow_none=True) for one in what.constants}
    if what.groups:
        members["$or"] = fields.List(
            fields.Dict(), metadata={"description": "One of these filters must hold."}
        )
    meta = type("Meta", (), {"unknown": INCLUDE})
    filters = type(f"{name}Filter", (Body,), {**members, "Meta": meta})
    return type(
        f"{name}Search",
        (Body,),
        {
            "filter": fields.Nested(filters, allow_none=True),
            "sort": fields.List(fields.Nested(SortBy), allow_none=True),
            "page": fields.Nested(PageRequest, allow_none=True),
        },
    )


def answer_of(name: str, record: type[Record]) -> type[Record]:
    """Return the schema of a page of these records."""
    return type(
        f"{name}Page",
        (Record,),
        {"items": fields.List(fields.Nested(record)), "page": fields.Nested(PageAnswer)},
    )


def _described(kind: str) -> str:
    if kind == "variables":
        return 'A list of {"name": …, "value": JSON text or operators over it}; all must hold.'
    if kind == "texts":
        return "A list of texts; all must be there."
    return f"A value, or an object of operators: {', '.join(f'${one}' for one in OPERATORS[kind])}."


def as_answer(page: Page[Any]) -> dict[str, Any]:
    """Return a page for its schema."""
    return {
        "items": page.items,
        "page": {
            "total_items": page.total,
            "has_more_total_items": page.more,
            "start_cursor": page.start_cursor,
            "end_cursor": page.end_cursor,
        },
    }


NOTHING: Page[Any] = Page(items=(), total=0, more=False, start_cursor=None, end_cursor=None)
