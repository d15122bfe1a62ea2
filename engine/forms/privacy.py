"""Which parts of clean data are about a person: found by the marks on components, kept apart from
variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.forms.data import ABSENT, get, reached
from engine.forms.model import Component, DynamicList, Field, Form, Group, Sensitivity, Spot, dotted, spot_of


def marked(form: Form, clean: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the dotted paths in ``clean`` that are personal, and those that are special."""
    found: dict[Sensitivity, list[str]] = {"personal": [], "special": []}

    def look(components: tuple[Component, ...], data: Any, above: Spot, around: Sensitivity | None) -> None:
        for component in components:
            mark = (
                "special"
                if "special" in (around, component.own.sensitivity)
                else around or component.own.sensitivity
            )
            if isinstance(component, Group):
                look(component.components, data, above, mark)
            elif (
                isinstance(component, Field | DynamicList) and get(data, component.path, ABSENT) is not ABSENT
            ):
                spot = (*above, *component.path)
                if isinstance(component, DynamicList) and mark is None:
                    for number, row in enumerate(get(data, component.path)):
                        look(component.components, row, (*spot, number), None)
                elif mark is not None:
                    found[mark].append(dotted(spot))

    look(form.components, clean, (), None)
    return tuple(found["personal"]), tuple(found["special"])


def at(data: Any, path: str) -> Any:
    """Return the value at a dotted path, or None."""
    return reached(data, spot_of(path))


def without(data: Any, gone: set[str], above: str = "") -> Any:
    """Return ``data`` less the values at the dotted paths in ``gone``."""
    if isinstance(data, dict):
        return {
            name: without(value, gone, f"{above}{name}.")
            for name, value in data.items()
            if f"{above}{name}" not in gone
        }
    if isinstance(data, list):
        return [without(value, gone, f"{above}{number}.") for number, value in enumerate(data)]
    return data
