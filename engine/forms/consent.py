"""Answers that are kept only with the consent of whom they are about: a box named beside the question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.forms.data import ABSENT, get, take
from engine.forms.model import Checkbox, Component, DynamicList, Field, Form, Group, Path, Spot, dotted


def withheld(form: Form, answers: Mapping[str, Any]) -> dict[str, str]:
    """Return the dotted paths of answers that may not be kept, each with the label of the box that is not ticked."""
    return {dotted(spot): label for _, _, spot, label in _unconsented(form.components, answers, ())}


def drop_withheld(form: Form, clean: dict[str, Any]) -> None:
    """Take the answers out of ``clean`` that may not be kept."""
    for row, path, _, _ in list(_unconsented(form.components, clean, ())):
        take(row, path)


def consents(components: tuple[Component, ...]) -> dict[str, Checkbox]:
    """Return the boxes of one object by their dotted key; rows of lists are objects of their own."""
    found: dict[str, Checkbox] = {}
    for component in components:
        if isinstance(component, Checkbox):
            found[dotted(component.path)] = component
        elif isinstance(component, Group):
            found |= consents(component.components)
    return found


def _unconsented(
    components: tuple[Component, ...], data: Any, above: Spot
) -> Iterator[tuple[Any, Path, Spot, str]]:
    boxes = consents(components)
    for component in _of_one_object(components):
        answer = get(data, component.path, ABSENT)
        if answer in (ABSENT, None, "", []):
            continue
        box = boxes.get(component.own.needs_consent or "")
        if box is not None and get(data, box.path) is not True:
            label = box.label.text if box.label else dotted(box.path)
            yield data, component.path, (*above, *component.path), label
        elif isinstance(component, DynamicList) and isinstance(answer, list):
            for number, row in enumerate(answer):
                yield from _unconsented(component.components, row, (*above, *component.path, number))


def _of_one_object(components: tuple[Component, ...]) -> Iterator[Field | DynamicList]:
    for component in components:
        if isinstance(component, Field | DynamicList):
            yield component
        elif isinstance(component, Group):
            yield from _of_one_object(component.components)
