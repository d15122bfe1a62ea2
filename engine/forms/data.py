"""Reaching into nested answers: getting, putting and taking by path, and copying no deeper than the form
goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.forms.model import Component, DynamicList, Field, Group, Path, Spot


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()

Shape = dict[str, Any]
"""The form's data as nested dicts: a name leads to a deeper Shape, to a Field, or to a DynamicList."""


def shape_of(components: tuple[Component, ...]) -> Shape:
    """Return the shape of one object's data."""
    shape: Shape = {}
    for component in components:
        if isinstance(component, Group):
            _merge(shape, shape_of(component.components))
        elif isinstance(component, Field | DynamicList):
            level = shape
            for name in component.path[:-1]:
                level = level.setdefault(name, {})
            level[component.path[-1]] = component
    return shape


def get(data: Any, path: Path, absent: Any = None) -> Any:
    """Return the value at ``path``, or ``absent``."""
    for name in path:
        if not isinstance(data, Mapping) or name not in data:
            return absent
        data = data[name]
    return data


def reached(data: Any, spot: Spot) -> Any:
    """Return the value at ``spot``, rows included, or None."""
    for part in spot:
        if isinstance(part, int):
            data = data[part] if isinstance(data, list) and part < len(data) else None
        else:
            data = get(data, (part,))
    return data


def put(data: dict[str, Any], path: Path, value: Any) -> None:
    """Set the value at ``path``, making objects on the way; something else standing in the way is
    replaced."""
    for name in path[:-1]:
        inside = data.get(name)
        if not isinstance(inside, dict):
            inside = data[name] = {}
        data = inside
    data[path[-1]] = value


def take(data: dict[str, Any], path: Path) -> Any:
    """Remove and return the value at ``path``, or ``ABSENT``."""
    above = get(data, path[:-1])
    return above.pop(path[-1], ABSENT) if isinstance(above, dict) else ABSENT


def copied(data: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """Copy the objects that the form knows; values of fields and lists and unknown parts are shared, not
    copied."""
    return {
        name: copied(value, shape[name])
        if isinstance(shape.get(name), dict) and isinstance(value, Mapping)
        else value
        for name, value in data.items()
    }


def left_over(data: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """Return what of ``data`` remains to be refused: objects of the form that are empty or null do not
    count."""
    kept: dict[str, Any] = {}
    for name, value in data.items():
        known = isinstance(shape.get(name), dict)
        if known and isinstance(value, Mapping):
            if inside := left_over(value, shape[name]):
                kept[name] = inside
        elif not (known and value is None):
            kept[name] = value
    return kept


def laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return both, objects merged, everything else taken from ``over``."""
    merged = dict(under)
    for name, value in over.items():
        below = merged.get(name)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[name] = laid_over(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _merge(shape: Shape, more: Shape) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(shape.get(name), dict):
            _merge(shape[name], value)
        else:
            shape[name] = value
