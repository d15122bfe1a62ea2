"""Putting answers and errors in order: empty rows at the end dropped, one step's part taken, errors as on
the page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from engine.forms.convert import is_empty
from engine.forms.data import copied, get, put, shape_of
from engine.forms.errors import FieldError
from engine.forms.model import Component, DynamicList, Form, Group, keyed, pattern_of, spot_of


def in_page_order(form: Form, errors: list[FieldError]) -> tuple[FieldError, ...]:
    """Sort errors as their fields stand on the page; names the form does not know come last."""
    order = {path: number for number, (path, _) in enumerate(keyed(form.components))}

    def rank(error: FieldError) -> tuple[bool, list[float]]:
        parts = pattern_of(error.path)
        key: list[float] = []
        for end, part in enumerate(spot_of(error.path), start=1):
            if isinstance(part, int):
                key.append(part)
            elif parts[:end] in order:
                key.append(order[parts[:end]])
        unknown = parts not in order
        return (unknown, [*key, math.inf] if unknown else key)

    return tuple(sorted(errors, key=rank))


def without_empty_rows(components: tuple[Component, ...], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers without the empty rows at the end of changeable lists."""
    shape = shape_of(components)
    data = copied(answers, shape)
    for component in _lists(components):
        rows = get(data, component.path)
        if isinstance(rows, list) and component.changeable:
            kept = list(rows)
            while kept and _is_blank(kept[-1]):
                kept.pop()
            put(data, component.path, kept)
    return data


def only_known(answers: Mapping[str, Any], shape: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers that belong to ``shape``."""
    return {
        name: only_known(value, shape[name])
        if isinstance(shape[name], dict) and isinstance(value, Mapping)
        else value
        for name, value in answers.items()
        if name in shape
    }


def _lists(components: tuple[Component, ...]) -> Iterator[DynamicList]:
    for component in components:
        if isinstance(component, DynamicList):
            yield component
        elif isinstance(component, Group):
            yield from _lists(component.components)


def _is_blank(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_blank(one) for one in value.values())
    if isinstance(value, list):
        return all(_is_blank(one) for one in value)
    return is_empty(value) or (isinstance(value, str) and not value.strip())
