"""From posted names and texts to unjudged answers: the form is walked, never the posted names.

Names are dotted paths with row numbers from 0 (``witnesses.0.name``); dates add ``-day``, ``-month``,
``-year`` and ``-time``, lists ``-rows``, file inputs ``-upload``. Options travel as their number with a short
digest of their value, so that a list that changed in between is noticed instead of misread. Buttons are named
``_do``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol, cast

import orjson

from api.web.forms.texts import ENGLISH, Language
from engine import feel
from engine.errors import Invalid
from engine.forms import model as m
from engine.forms.context import Place, Situation
from engine.forms.data import get, laid_over, put, reached, shape_of
from engine.forms.documents import Document
from engine.forms.errors import FieldError
from engine.forms.rules import options_of

ALLOWED_BESIDES = frozenset({"csrf_token", "_do", "_version", "_draft", "_key"})
_CHOSEN = re.compile(r"([0-9]{1,4})(?:-([0-9a-f]{8}))?", re.ASCII)
_ROW = re.compile(r"[0-9]{1,4}", re.ASCII)
_STRANGERS_NAMED = 20
_LEVELS = 64

Kind = Literal["continue", "back", "save", "add", "remove", "remove-file"]


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


@dataclass(frozen=True, slots=True)
class Action:
    """The button that was pressed. ``path`` names a list or file field; ``row`` counts from 0; ``key`` is
    a document's."""

    kind: Kind = "continue"
    path: str = ""
    row: int = 0
    key: str = ""

    @property
    def judges(self) -> bool:
        """Say whether the answers are to be judged now; rows, Back and Save only decode and show again."""
        return self.kind == "continue"


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a post said.

    ``answers`` are all draft answers with this page's laid over them: plain JSON values and option values, to
    be stored as a draft and handed to ``engine.forms.check(…, source="page")``. ``errors`` are names this
    page does not have, and refused files; any ``unknown_field`` or ``not_writable`` among them means 422 and
    nothing changes. ``focus`` is the id to put the focus on after a row came or went, ``status`` the sentence
    for the status line.
    """

    answers: dict[str, Any]
    action: Action = Action()
    errors: tuple[FieldError, ...] = ()
    focus: str = ""
    status: str = ""

    @property
    def is_forged(self) -> bool:
        """Say whether the post carried names that the page never had."""
        return any(error.code in ("unknown_field", "not_writable") for error in self.errors)


def decode(
    form: m.Form,
    posted: Posted,
    draft: Mapping[str, Any],
    stored: Mapping[str, Any],
    *,
    moment: feel.Moment,
    step: str | None = None,
    files: Mapping[str, Any] | None = None,
    uploads: Uploads | None = None,
    language: Language = ENGLISH,
) -> Decoded:
    """Read one posted page. ``draft`` holds the answers of other pages; ``files`` is the request's files by
    name.

    Raises ``KeyError`` for a ``step`` the form does not have.
    """
    components = form.step(step).components if step is not None else form.components
    reading = _Reading(posted, files, uploads, language)
    before = Situation(form, draft, stored, moment)
    answers: dict[str, Any] = {}
    reading.read(components, None, before, (), answers)
    seen = Situation(form, laid_over(draft, answers), stored, moment)
    reading.read(components, seen.place(), before, (), answers)
    action = _action(posted, reading)
    merged = laid_over(draft, answers)
    merged, focus, status = _act(merged, action, reading.lists, before)
    errors = (*reading.errors, *reading.strangers(action))
    return Decoded(merged, action, errors, focus, status)


def token(number: int, value: Any) -> str:
    """Return what stands in the page for option ``number``: its number and eight digits of its value's
    digest."""
    dumped = orjson.dumps(feel.to_json(feel.inward(value)), default=str, option=orjson.OPT_SORT_KEYS)
    return f"{number}-{hashlib.sha256(dumped).hexdigest()[:8]}"


@dataclass(slots=True)
class _Reading:
    """One walk over the form's components (two, for options that depend on answers), remembering which
    names it used."""

    posted: Posted
    files: Mapping[str, Any] | None
    uploads: Uploads | None
    language: Language
    used: set[str] = field(default_factory=set)
    lists: dict[str, m.DynamicList] = field(default_factory=dict)
    file_paths: set[str] = field(default_factory=set)
    errors: list[FieldError] = field(default_factory=list)
    rows_by_prefix: dict[str, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
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
        elif isinstance(component, m.Choice):
            if place is not None:
                put(into, component.path, self._choice(component, m.dotted(spot), place))
        elif place is None:
            put(into, component.path, self._answer(component, m.dotted(spot)))

    def _refuse_locked(self, spot: m.Spot) -> None:
        name = m.dotted(spot)
        if self._all(name):
            self.errors.append(FieldError(name, "not_writable"))

    def _answer(self, component: m.Field, name: str) -> Any:
        if isinstance(component, m.Checkbox):
            return bool(self._all(name))
        if isinstance(component, m.FilePicker):
            return self._documents(name)
        if isinstance(component, m.Temporal) and component.subtype != "time":
            return self._boxes(component, name)
        text = self._first(name)
        if isinstance(component, m.Number) and text.strip():
            number = self.language.number(text)
            return {"typed": text} if number is None else number
        return text

    def _boxes(self, component: m.Temporal, name: str) -> dict[str, str]:
        boxes = {part: self._first(f"{name}-{part}") for part in ("day", "month", "year")}
        boxes["month"] = self.language.month(boxes["month"])
        if component.subtype == "datetime":
            boxes["time"] = self._first(f"{name}-time")
        return boxes

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
        if place is None:
            put(into, component.path, [{} for _ in range(self._row_count(component, name))])
        rows = get(into, component.path)
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

    def _documents(self, name: str) -> list[str]:
        kept = [key for key in self._all(name) if key]
        self.file_paths.add(name)
        getlist = getattr(self.files, "getlist", None)
        sent: Iterable[UploadedFile] = getlist(f"{name}-upload") if getlist else []
        self.used.add(f"{name}-upload")
        for file in sent:
            if file.filename and self.uploads is not None:
                try:
                    kept.append(self.uploads.keep(name, file).key)
                except FileRefused as refused:
                    self.errors.append(FieldError(name, refused.error_code, MappingProxyType(refused.facts)))
        return kept

    def _all(self, name: str) -> list[str]:
        self.used.add(name)
        return self.posted.getlist(name)

    def _first(self, name: str) -> str:
        return next(iter(self._all(name)), "")

    def strangers(self, action: Action) -> list[FieldError]:
        """Return the posted names that this page does not have."""
        unknown = [name for name in self.posted if name not in self.used and name not in ALLOWED_BESIDES]
        if action.path and action.kind not in ("add", "remove", "remove-file"):
            unknown.append("_do")
        return [FieldError(name[:120], "unknown_field") for name in sorted(unknown)[:_STRANGERS_NAMED]]


def _row_of(place: Place, component: m.DynamicList, number: int) -> Mapping[str, Any]:
    rows = get(place.this, component.path)
    return rows[number] if isinstance(rows, list) and number < len(rows) else {}


def _action(posted: Posted, reading: _Reading) -> Action:
    """Read ``_do``; what names no list or file field of this page counts as Continue."""
    kind, _, rest = next(iter(posted.getlist("_do")), "").partition(":")
    if kind in ("back", "save"):
        return Action(cast(Kind, kind))
    if kind == "add" and rest in reading.lists:
        return Action("add", rest)
    path, _, last = rest.partition(":")
    if kind == "remove" and path in reading.lists and _ROW.fullmatch(last):
        return Action("remove", path, int(last))
    if kind == "remove-file" and path in reading.file_paths:
        return Action("remove-file", path, key=last)
    return Action()


def _act(
    answers: dict[str, Any], action: Action, lists: Mapping[str, m.DynamicList], situation: Situation
) -> tuple[dict[str, Any], str, str]:
    """Add or remove a row or a file; return the answers, where the focus goes and what to say."""
    if action.kind not in ("add", "remove", "remove-file"):
        return answers, "", ""
    spot = m.spot_of(action.path)
    held = reached(answers, spot)
    if not isinstance(held, list):
        return answers, "", ""
    anchor = f"f-{'-'.join(map(str, spot))}"
    if action.kind == "remove-file":
        held[:] = [key for key in held if key != action.key]
        return answers, anchor, "File removed"
    component = lists[action.path]
    name = component.label.text if component.label else "Entry"
    if not component.changeable:
        return answers, "", ""
    if action.kind == "add" and len(held) < component.max_rows:
        held.append(situation.initial_row(component) if shape_of(component.components) else {})
        return answers, f"{anchor}-{len(held) - 1}", f"{name} {len(held)} added"
    if action.kind == "remove" and action.row < len(held):
        del held[action.row]
        return answers, anchor, f"{name} {action.row + 1} removed"
    return answers, anchor, ""
