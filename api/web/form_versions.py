"""The version of a form that a page was made from: what was typed there is read by it, whatever was deployed meanwhile.

What even that version does not ask for is shown again to whoever typed it.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import request

from api.context import the_engine
from engine.commands.errors import DefinitionNotFound
from engine.forms import FieldError, Form


def version_asked(form_id: str, *, begun: int | None = None) -> tuple[int, Form]:
    """Return key and form of the version that the posted page names, else of the one with which this was ``begun``, else of the
    newest. Only a version of this very form counts."""
    engine = the_engine()
    named = request.form.get("_version", "")
    for key in (int(named) if named.isdecimal() and len(named) < 19 else None, begun):
        if key is not None:
            try:
                form = engine.parsed_form(key)
            except DefinitionNotFound:
                continue
            if form.id == form_id:
                return key, form
    newest = engine.latest_form_key(form_id)
    return newest, engine.parsed_form(newest)


def not_asked(errors: Iterable[FieldError]) -> list[tuple[str, str]]:
    """Return name and text of what the posted page holds for questions that its form does not ask, as ``errors`` name them."""
    return [
        (error.path, text)
        for error in errors
        if error.code == "unknown_field"
        for text in request.form.getlist(error.path)
        if text
    ]
