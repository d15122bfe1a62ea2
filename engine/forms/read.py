"""From a ``.form`` file to a typed form: strict JSON, every component and every expression read, all
findings at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.forms.components import read_component
from engine.forms.errors import FormRefused
from engine.forms.lint import lint
from engine.forms.model import Component, Form, Path
from engine.forms.reading import Found
from engine.forms.strict_json import JsonRefused, read_json, refuse_unfit_text
from engine.forms.vocabulary import MAX_COMPONENTS, MAX_LEVELS, ROOT_MEMBERS


def read(data: bytes | Mapping[str, Any], *, name: str = "") -> Form:
    """Return the form in ``data`` (a file's bytes, or its JSON already read); ``name`` is the file's, for
    findings.

    Raises ``FormRefused`` with all findings, warnings included, if any of them is an error. Warnings alone
    are kept in ``Form.findings``.
    """
    found = Found(name)
    form = _read(data, found)
    if form is not None and not found.has_errors:
        found.findings.extend(lint(form))
    findings = tuple(found.findings)
    if form is None or found.has_errors:
        raise FormRefused(findings, name)
    return replace(form, findings=findings)


def _read(data: bytes | Mapping[str, Any], found: Found) -> Form | None:
    try:
        raw = read_json(data) if isinstance(data, bytes) else data
        refuse_unfit_text(raw)
    except JsonRefused as wrong:
        found.add(
            "json", wrong.message, "Export the form again from the editor.", line=wrong.facts.get("line")
        )
        return None
    if (
        not isinstance(raw, Mapping)
        or raw.get("type") != "default"
        or not isinstance(raw.get("components"), list)
    ):
        found.add(
            "not_a_form",
            "This is not a form-js form.",
            'Its root needs "type": "default" and a list "components".',
        )
        return None
    for member in sorted(set(raw) - ROOT_MEMBERS):
        found.add(
            "unknown_member",
            f"The form has a member “{member[:60]}” that form-js does not know.",
            "Remove it.",
        )
    form_id = raw.get("id")
    if not isinstance(form_id, str) or not form_id.strip():
        found.add("no_id", "The form has no id.", "Give it an id; user tasks name it by that.")
        form_id = ""
    version = raw.get("schemaVersion")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        found.add(
            "schema_version", "schemaVersion is not a whole number.", "Export the form again from the editor."
        )
        version = None
    tag = raw.get("versionTag")
    if not _measured(raw["components"], found):
        return None
    return Form(
        id=form_id,
        version_tag=tag if isinstance(tag, str) and tag else None,
        components=read_all(raw["components"], (), found),
        schema_version=version,
        name=found.file,
    )


def read_all(raw: Any, above: Path, found: Found) -> tuple[Component, ...]:
    """Read a list of components standing under the group path ``above``."""
    read_one = (read_component(one, above, found, read_all) for one in (raw if isinstance(raw, list) else ()))
    return tuple(component for component in read_one if component is not None)


def _measured(raw: list[Any], found: Found) -> bool:
    """Count components and levels before anything is built from them."""
    count, waiting = 0, [(raw, 1)]
    while waiting:
        components, level = waiting.pop()
        if level > MAX_LEVELS:
            found.add(
                "too_deep",
                f"The form nests deeper than {MAX_LEVELS} levels.",
                "Split it into steps or lists.",
            )
            return False
        count += len(components)
        waiting.extend(
            (one["components"], level + 1)
            for one in components
            if isinstance(one, Mapping) and isinstance(one.get("components"), list)
        )
    if count > MAX_COMPONENTS:
        found.add(
            "too_many_components",
            f"The form has {count} components, more than {MAX_COMPONENTS}.",
            "Split it.",
        )
    return count <= MAX_COMPONENTS
