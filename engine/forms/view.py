"""What a form shows right now: hidden parts gone, options resolved, texts filled. A plain tree; pages only
print it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine import feel
from engine.forms import model as m
from engine.forms.arrange import without_empty_rows
from engine.forms.context import Place, Situation
from engine.forms.data import ABSENT, get
from engine.forms.documents import Document, Documents
from engine.forms.errors import FieldError
from engine.forms.rules import NO_LIMITS, Limits, limits_of
from engine.forms.templates import NOTHING, Filled, Template, fill, show_value

Show = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class TableShown:
    """One page of a table: headings, cells as text; ``page`` counts from 1."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    page: int = 1
    pages: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One component as it is to be shown.

    ``value`` is what was typed if something was (right or wrong), else the stored value or the default,
    typed. ``writable`` is False for read-only and disabled parts, shown as text. ``filled`` holds Markdown or
    HTML with its values apart.
    """

    component: m.Component
    spot: m.Spot
    label: str = ""
    description: str = ""
    value: Any = None
    writable: bool = True
    limits: Limits = NO_LIMITS
    errors: tuple[FieldError, ...] = ()
    children: tuple[Node, ...] = ()
    rows: tuple[tuple[Node, ...], ...] = ()
    filled: Filled = NOTHING
    prefix: str = ""
    suffix: str = ""
    source: str = ""
    table: TableShown | None = None
    files: tuple[Document, ...] = ()

    @property
    def path(self) -> str:
        """Return the dotted path, rows counted from 0; empty for parts without data."""
        return m.dotted(self.spot)


@dataclass(frozen=True, slots=True)
class View:
    """A form, or one step of it, as it is to be shown; ``errors`` in page order."""

    form: m.Form
    step: m.Step | None
    nodes: tuple[Node, ...]
    errors: tuple[FieldError, ...] = ()

    @property
    def questions(self) -> tuple[Node, ...]:
        """Return what can be answered here, in page order, in rows of lists too."""
        return tuple(
            node
            for node in every(self.nodes)
            if node.writable
            and isinstance(node.component, m.Field)
            and not isinstance(node.component, m.Computed)
        )

    @property
    def submit_label(self) -> str | None:
        """Return the words of the main button, if the form names it."""
        for node in every(self.nodes):
            if isinstance(node.component, m.Button) and node.component.action == "submit":
                return node.label or None
        return None


def blank(form: m.Form, stored: Mapping[str, Any], *, moment: feel.Moment, show: Show = show_value) -> View:
    """Return the form as it first appears: stored values and defaults, no answers yet."""
    return view(form, {}, stored, moment=moment, show=show)


def view(
    form: m.Form,
    answers: Mapping[str, Any],
    stored: Mapping[str, Any],
    *,
    moment: feel.Moment,
    errors: Iterable[FieldError] = (),
    step: str | None = None,
    documents: Documents | None = None,
    show: Show = show_value,
    pages: Mapping[str, int] | None = None,
) -> View:
    """Return what to show for unjudged ``answers`` over ``stored``.

    ``show`` writes values in the reader's language; ``pages`` says which page of a table (by component id,
    from 1). Raises ``KeyError`` for a ``step`` the form does not have.
    """
    errors = tuple(errors)
    situation = Situation(form, without_empty_rows(form.components, answers), stored, moment)
    chosen = form.step(step) if step is not None else None
    viewer = _Viewer(situation, errors, documents, show, pages or {})
    components = chosen.components if chosen else form.components
    return View(form, chosen, viewer.nodes(components, answers, situation.place(), ()), errors)


def every(nodes: Iterable[Node]) -> Iterable[Node]:
    """Yield nodes at any depth in page order, rows included."""
    for node in nodes:
        yield node
        yield from every(node.children)
        for row in node.rows:
            yield from every(row)


@dataclass(frozen=True, slots=True)
class _Viewer:
    situation: Situation
    errors: tuple[FieldError, ...]
    documents: Documents | None
    show: Show
    pages: Mapping[str, int]

    def nodes(
        self, components: tuple[m.Component, ...], answers: Any, place: Place, above: m.Spot
    ) -> tuple[Node, ...]:
        return tuple(
            self._node(component, answers, place, above)
            for component in components
            if not self.situation.is_hidden(component, place)
        )

    def _node(self, component: m.Component, answers: Any, place: Place, above: m.Spot) -> Node:
        common: dict[str, Any] = {
            "component": component,
            "spot": above,
            "label": self._text(component.label, place),
            "description": self._text(component.description, place),
        }
        if isinstance(component, m.Group):
            return Node(**common, children=self.nodes(component.components, answers, place, above))
        if isinstance(component, m.DynamicList):
            return self._list(component, answers, place, above, common)
        if isinstance(component, m.Field):
            return self._field(component, answers, place, above, common)
        return self._block(component, place, common)

    def _field(
        self, field: m.Field, answers: Any, place: Place, above: m.Spot, common: dict[str, Any]
    ) -> Node:
        spot = (*above, *field.path)
        writable = not isinstance(field, m.Computed) and spot not in self.situation.locked
        typed = get(answers, field.path, ABSENT) if writable else ABSENT
        value = get(place.this, field.path) if typed is ABSENT else typed
        path = m.dotted(spot)
        return Node(
            **{**common, "spot": spot},
            value=value,
            writable=writable,
            limits=limits_of(field, place),
            errors=tuple(error for error in self.errors if error.path == path),
            prefix=self._text(getattr(field, "prefix", None), place),
            suffix=self._text(getattr(field, "suffix", None), place),
            files=self._files(value) if isinstance(field, m.FilePicker) else (),
        )

    def _list(
        self, component: m.DynamicList, answers: Any, place: Place, above: m.Spot, common: dict[str, Any]
    ) -> Node:
        spot = (*above, *component.path)
        writable = spot not in self.situation.locked
        sent = get(answers, component.path) if writable else None
        known = get(place.this, component.path)
        data: list[Any] = known if isinstance(known, list) else []
        if isinstance(sent, list):
            count = max(len(sent), component.min_rows)
        elif get(self.situation.stored, component.path) is None and writable:
            count = max(component.default_rows, component.min_rows)
        else:
            count = len(data)
        rows = []
        for number in range(min(count, component.max_rows)):
            row = data[number] if number < len(data) else self.situation.initial_row(component)
            typed = sent[number] if isinstance(sent, list) and number < len(sent) else {}
            rows.append(self.nodes(component.components, typed, place.row(row, number + 1), (*spot, number)))
        path = m.dotted(spot)
        return Node(
            **{**common, "spot": spot},
            writable=writable,
            rows=tuple(rows),
            errors=tuple(error for error in self.errors if error.path == path),
        )

    def _block(self, component: m.Component, place: Place, common: dict[str, Any]) -> Node:
        if isinstance(component, m.TextBlock):
            return Node(**common, filled=self._filled(component.text, place))
        if isinstance(component, m.HtmlBlock):
            return Node(**common, filled=self._filled(component.content, place))
        if isinstance(component, m.Image):
            alt = self._text(component.alt, place)
            return Node(**{**common, "label": alt}, source=self._text(component.source, place))
        if isinstance(component, m.Table):
            return Node(**common, table=self._table(component, place))
        if isinstance(component, m.DocumentPreview):
            return Node(**common, files=self._files(self._source(component.source, place)))
        return Node(**common)

    def _table(self, component: m.Table, place: Place) -> TableShown:
        columns = list(component.columns_shown)
        if component.columns_rule is not None:
            found = place.value(component.columns_rule, component.id)
            columns = [
                (str(one.get("key", "")), str(one.get("label") or one.get("key", "")))
                for one in (found if isinstance(found, list) else [])
                if isinstance(one, Mapping)
            ]
        source = self._source(component.source, place)
        items = [item for item in (source if isinstance(source, list) else []) if isinstance(item, Mapping)]
        size = component.page_size or max(1, len(items))
        pages = max(1, -(-len(items) // size))
        page = min(max(1, self.pages.get(component.id, 1)), pages)
        rows = tuple(
            tuple(self.show(get(item, tuple(key.split(".")))) for key, _ in columns)
            for item in items[(page - 1) * size : page * size]
        )
        return TableShown(tuple(heading for _, heading in columns), rows, page, pages)

    def _files(self, value: Any) -> tuple[Document, ...]:
        """Return the documents named by keys, or by objects with a ``documentId`` as form-js has them."""
        if self.documents is None or not isinstance(value, list | tuple):
            return ()
        keys = (one.get("documentId") if isinstance(one, Mapping) else one for one in value)
        found = (self.documents.find(key) for key in keys if isinstance(key, str))
        return tuple(document for document in found if document is not None)

    def _source(self, source: m.Path | feel.Expression, place: Place) -> Any:
        return place.at(source) if isinstance(source, tuple) else place.value(source)

    def _filled(self, template: Template, place: Place) -> Filled:
        return fill(template, place.value, self.show)

    def _text(self, template: Template | None, place: Place) -> str:
        return "" if template is None else self._filled(template, place).plain()
