"""What the codes that forms store are called on the forms: one look-up over the options of the shipped forms."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from api.context import the_service
from engine.values import read_json


def option_label(code: object) -> str:
    """Return the words of an option of an intake form, or the code itself in plain words."""
    if code is None:
        return ""
    labels = _labels(the_service().settings.forms_dir)
    return labels.get(str(code), str(code).replace("_", " "))


@lru_cache(maxsize=4)
def _labels(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("complaint.form", "log-complaint.form"):
        path = folder / name
        if path.is_file():
            form: Any = read_json(path.read_bytes())
            for component in form.get("components", ()):
                _collect(component, found)
    return found


def _collect(component: dict[str, Any], found: dict[str, str]) -> None:
    if component.get("key") in ("product", "problem"):
        for option in component.get("values", ()):
            found.setdefault(str(option.get("value")), str(option.get("label")))
    for inner in component.get("components", ()):
        _collect(inner, found)
