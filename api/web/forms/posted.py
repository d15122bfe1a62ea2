"""One walk over a form's components that takes each one's own names out of what was posted.

Names are dotted paths with row numbers from 0 (``witnesses.0.name``); dates add ``-day``, ``-month``,
``-year`` and ``-time``, lists ``-rows``, file inputs ``-upload``. Options travel as their number with a short
digest of their value, so that a list that changed in between is noticed instead of misread.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

import orjson

from api.web.forms.texts import Language
from engine import feel
from engine.errors import Invalid
from engine.forms import model as m
from engine.forms.context import Place, Situation
from engine.forms.data import get, put, take
from engine.forms.documents import Document
from engine.forms.errors import FieldError
from engine.forms.rules import options_of

ALLOWED_BESIDES = frozenset({"csrf_token", "_do", "_version", "_draft", "_key", "_asked", "_of"})
_CHOSEN = re.compile(r"([0-9]{1,4})(?:-([0-9a-f]{8}))?", re.ASCII)
_ROW = re.compile(r"[0-9]{1,4}", re.ASCII)
_STRANGERS_NAMED = 20
_LEVELS = 64


class Posted(Protocol):
    """A posted form; werkzeug's ``MultiDict`` is one."""

    def getlist(self, key: str) -> list[str]:
        """Return all values of a name."""

    def __iter__(self) -> Any:
        """Iterate over the names."""


class UploadedFile(Protocol):
    """One file of a multipart request; werkzeug's ``FileStorage`` is one."""

    filename: str | None
    stream: Any


class PostedFiles(Protocol):
    """The files of a multipart request by name; werkzeug's ``MultiDict`` of ``FileStorage`` is one."""

    def getlist(self, key: str) -> Sequence[UploadedFile]:
        """Return all files of a name."""


class FileRefused(Invalid):
    """This file cannot be accepted."""

    code = "file_refused"

    def __init__(self, code: str, **facts: Any) -> None:
        """``code`` is one of ``file_too_large, file_wrong_kind, file_empty, file_infected``; facts
        ``name``, ``size``, ``limit``."""
        self.error_code = code
        super().__init__(None, reason=code, **facts)
        self.facts = facts


class Uploads(Protocol):
    """Where uploaded files go at once, as pending, under the draft; the store is somebody else's."""

    def keep(self, path: str, file: UploadedFile) -> Document:
        """Store one file for the field at ``path``. Raises ``FileRefused``."""


def token(number: int, value: Any) -> str:
    """Return what stands in the page for option ``number``: its number and eight digits of its value's
    digest."""
    dumped = orjson.dumps(feel.to_json(feel.inward(value)), default=str, option=orjson.OPT_SORT_KEYS)
    return f"{number}-{hashlib.sha256(dumped).hexdigest()[:8]}"


@dataclass(slots=True)
class Reading:
    """One walk over the form's components (two, for options that depend on answers), remembering which
    names it used."""

    posted: Posted
    files: PostedFiles | None
    uploads: Uploads | None
    language: Language
    locked_now: set[m.Spot] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    lists: dict[str, m.DynamicList] = field(default_factory=dict)
    file_paths: set[str] = field(default_factory=set)
    errors: list[FieldError] = field(default_factory=list)
    rows_by_prefix: dict[str, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Note which rows the posted names speak of."""
        for name in self.posted:
            parts = name.split(".")
            if len(parts) > _LEVELS:
                continue
            position = 0
            for part in parts:
                if _ROW.fullmatch(part) and position:
                    self.rows_by_prefix.setdefault(name[: position - 1], set()).add(int(part))
                position += len(part) + 1

    def read(
        self,
        components: tuple[m.Component, ...],
        place: Place | None,
        before: Situation,
        above: m.Spot,
        into: dict[str, Any],
    ) -> None:
        """Read one object. Without ``place`` everything but choices, with it the choices."""
        for component in components:
            if isinstance(component, m.Group):
                self.read(component.components, place, before, above, into)
            elif isinstance(component, m.DynamicList):
                self._list(component, place, before, above, into)
            elif isinstance(component, m.Field) and not isinstance(component, m.Computed):
                self._field(component, place, before, above, into)
            elif isinstance(component, m.Computed) and place is None:
                self._refuse_locked((*above, *component.path))

    def _field(
        self, component: m.Field, place: Place | None, before: Situation, above: m.Spot, into: dict[str, Any]
    ) -> None:
        spot = (*above, *component.path)
        if spot in before.locked:
            if place is None:
                self._refuse_locked(spot)
        elif isinstance(component, m.Checkbox | m.Choice):
            self._ticked(component, place, spot, into)
        elif place is None:
            answer = self._answer(component, m.dotted(spot))
            if answer is not None:
                put(into, component.path, answer)

    def _ticked(
        self, component: m.Checkbox | m.Choice, place: Place | None, spot: m.Spot, into: dict[str, Any]
    ) -> None:
        """Read what posts nothing when nothing is ticked; if it is locked by now, it was not on the page."""
        name = m.dotted(spot)
        if place is not None and spot in self.locked_now and not self._all(name):
            take(into, component.path)
        elif isinstance(component, m.Checkbox):
            put(into, component.path, bool(self._all(name)))
        elif place is not None:
            put(into, component.path, self._choice(component, name, place))

    def _refuse_locked(self, spot: m.Spot) -> None:
        name = m.dotted(spot)
        if self._all(name):
            self.errors.append(FieldError(name, "not_writable"))

    def _answer(self, component: m.Field, name: str) -> Any:
        """Return the answer, or None if the field was not on the page: boxes post something even when
        blank."""
        if isinstance(component, m.FilePicker):
            return self._documents(name)
        if isinstance(component, m.Temporal) and component.subtype != "time":
            return self._boxes(component, name)
        if not self._all(name):
            return None
        text = self._first(name)
        if isinstance(component, m.Number) and text.strip():
            number = self.language.number(text)
            return {"typed": text} if number is None else number
        return text

    def _boxes(self, component: m.Temporal, name: str) -> dict[str, str] | None:
        parts = (
            ("day", "month", "year", "time") if component.subtype == "datetime" else ("day", "month", "year")
        )
        found = {part: self._all(f"{name}-{part}") for part in parts}
        if not any(found.values()):
            return None
        boxes = {part: next(iter(texts), "") for part, texts in found.items()}
        return boxes | {"month": self.language.month(boxes["month"])}

    def _choice(self, component: m.Choice, name: str, place: Place) -> Any:
        offered = options_of(component, place)
        picked = []
        for text in self._all(name):
            found = _CHOSEN.fullmatch(text)
            number = int(found[1]) if found else len(offered)
            fits = (
                found
                and number < len(offered)
                and found[2] in (None, token(number, offered[number].value)[-8:])
            )
            picked.append(offered[number].value if fits else {"typed": text[:100]})
            if not text:
                picked.pop()
        return picked if component.many else next(iter(picked), None)

    def _list(
        self,
        component: m.DynamicList,
        place: Place | None,
        before: Situation,
        above: m.Spot,
        into: dict[str, Any],
    ) -> None:
        spot = (*above, *component.path)
        name = m.dotted(spot)
        self.lists[name] = component
        if spot in before.locked:
            return
        count = self._row_count(component, name)
        if place is None and (count or self._all(f"{name}-rows")):
            put(into, component.path, [{} for _ in range(count)])
        rows = get(into, component.path, [])
        for number, row in enumerate(rows):
            inside = None if place is None else place.row(_row_of(place, component, number), number + 1)
            self.read(component.components, inside, before, (*spot, number), row)

    def _row_count(self, component: m.DynamicList, name: str) -> int:
        """Count rows from the posted names, capped before anything is made: ``list.999999999.x`` makes no
        rows."""
        said = self._first(f"{name}-rows")
        told = int(said) if _ROW.fullmatch(said) else 0
        return min(
            component.max_rows + 1, max(self.rows_by_prefix.get(name, set()) | {told - 1}, default=-1) + 1
        )

    def _documents(self, name: str) -> list[str] | None:
        self.file_paths.add(name)
        kept = [key for key in self._all(name) if key]
        sent = self.files.getlist(f"{name}-upload") if self.files is not None else []
        if not kept and not sent and not self._all(f"{name}-upload"):
            return None
        for file in sent:
            if file.filename and self.uploads is None:
                self.errors.append(FieldError(name, "file_not_taken"))
            elif file.filename and self.uploads is not None:
                try:
                    key = self.uploads.keep(name, file).key
                    kept.extend([] if key in kept else [key])
                except FileRefused as refused:
                    self.errors.append(FieldError(name, refused.error_code, MappingProxyType(refused.facts)))
        return kept

    def _all(self, name: str) -> list[str]:
        self.used.add(name)
        return self.posted.getlist(name)

    def _first(self, name: str) -> str:
        return next(iter(self._all(name)), "")

    def strangers(self) -> list[FieldError]:
        """Return the posted names that this page does not have."""
        unknown = [name for name in self.posted if name not in self.used and name not in ALLOWED_BESIDES]
        return [FieldError(name[:120], "unknown_field") for name in sorted(unknown)[:_STRANGERS_NAMED]]


def _row_of(place: Place, component: m.DynamicList, number: int) -> Mapping[str, Any]:
    rows = get(place.this, component.path)
    return rows[number] if isinstance(rows, list) and number < len(rows) else {}
