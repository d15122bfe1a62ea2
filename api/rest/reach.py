"""Searches of the interface: what a body asks for and the acting person may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from api import reach
from api.rest.search import NOTHING, Searchable, as_answer, read_query
from engine.store.search import Condition


def found(what: Searchable, body: Mapping[str, Any], *more: Condition) -> dict[str, Any]:
    """Return what ``body`` asks for and the acting person may see, narrowed by ``more``. Raises ``FilterRefused``."""
    query = read_query(what, body)
    if query is None:
        return as_answer(NOTHING)
    return as_answer(reach.page(what.entity, replace(query, where=(*query.where, *more))))
