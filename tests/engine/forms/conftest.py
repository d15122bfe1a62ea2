"""What the form tests share: a fixed moment and short ways to build forms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from engine import feel, forms

Build = Callable[..., forms.Form]


@pytest.fixture
def moment() -> feel.Moment:
    """Monday, 23 November 2026, ten o'clock UTC; wall times are meant in Berlin."""
    return feel.Moment(datetime(2026, 11, 23, 10, tzinfo=UTC), "Europe/Berlin")


@pytest.fixture
def build() -> Build:
    """Make a form of the given components; ids and labels are filled in where they do not matter."""

    def make(*components: dict[str, Any], **root: Any) -> forms.Form:
        return forms.read(_schema(*components, **root), name="test.form")

    return make


@pytest.fixture
def schema() -> Callable[..., dict[str, Any]]:
    """Make the JSON of a form from its components."""
    return _schema


def _schema(*components: dict[str, Any], **root: Any) -> dict[str, Any]:
    """Return the JSON of a form."""
    numbered = [_named(component, f"c{number}") for number, component in enumerate(components)]
    return {"type": "default", "id": "test", "schemaVersion": 19, **root, "components": numbered}


def _named(component: dict[str, Any], element_id: str) -> dict[str, Any]:
    made = {
        "id": element_id,
        "label": str(component.get("key") or component.get("path") or "Part"),
        **component,
    }
    if made["type"] in ("separator", "spacer", "text", "html", "expression", "image"):
        made.pop("label")
    if "components" in made:
        inner = enumerate(made["components"])
        made["components"] = [_named(one, f"{element_id}-{number}") for number, one in inner]
    return made
