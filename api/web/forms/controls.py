"""From a shown component to its control: ids, names, words and states are decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from api.web.forms.control import Box, Control, FileLine, ListRow
from api.web.forms.markdown import html, markdown
from api.web.forms.posted import token
from api.web.forms.texts import Language, answer_text, error_text, write_size
from engine.forms import model as m
from engine.forms.documents import Document
from engine.forms.rules import length_of, same
from engine.forms.view import Node

_SELECT_FROM = 16


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds controls in one language for one audience. ``about_self`` turns autocomplete tokens on
    (public pages)."""

    language: Language
    about_self: bool
    document_url: Callable[[Document], str] | None = None

    def lines(
        self, nodes: tuple[Node, ...], *, about_self: bool | None = None
    ) -> tuple[tuple[Control, ...], ...]:
        """Return controls in lines: parts of one layout row stand beside each other."""
        own = self.about_self if about_self is None else about_self
        lines: list[list[Control]] = []
        row: str | None = None
        for node in nodes:
            control = self.control(node, own)
            if control is None:
                continue
            if lines and node.component.row is not None and node.component.row == row:
                lines[-1].append(control)
            else:
                lines.append([control])
            row = node.component.row
        return tuple(tuple(line) for line in lines)

    def control(self, node: Node, about_self: bool) -> Control | None:
        """Return the control of one node, or None for what has nothing to print."""
        component = node.component
        if isinstance(component, m.Computed | m.Button):
            return None
        if isinstance(component, m.Group):
            return self._group(node, component, about_self)
        if isinstance(component, m.DynamicList):
            return self._list(node, component, about_self)
        if isinstance(component, m.Field):
            if not node.writable:
                return self._read_only(node)
            return _FIELDS[type(component)](self, node, about_self)
        return self._block(node)

    def common(self, node: Node, kind: str, *also_described_by: str) -> dict[str, Any]:
        """Return what every control with a label has; its id is the path with dashes."""
        component = node.component
        anchor = anchor_of(node)
        error = error_text(node.errors[0], node, self.language) if node.errors else ""
        described = [f"{anchor}--hint"] if node.description else []
        described += also_described_by
        described += [f"{anchor}--error"] if error else []
        return {
            "kind": kind,
            "id": anchor,
            "name": node.path,
            "label": node.label,
            "hint": node.description,
            "why": component.own.why or "",
            "error": error,
            "optional": isinstance(component, m.Field) and not component.required,
            "described_by": " ".join(described),
            "column": f"rd-col-{component.columns}" if component.columns else "",
            "css": f"rd-width-{component.own.width}" if component.own.width else "",
            "component_id": component.id,
            "first_wrong": anchor if error else "",
        }

    def _group(self, node: Node, component: m.Group, about_self: bool) -> Control:
        own = about_self if component.own.about is None else about_self and component.own.about == "self"
        anchor = f"f-{_safe(component.id)}"
        common = self.common(node, "group")
        hint = f"{anchor}--hint" if node.description else ""
        return Control(
            **{**common, "id": anchor, "name": "", "described_by": hint},
            children=self.lines(node.children, about_self=own),
            heading=component.own.step,
        )

    def _list(self, node: Node, component: m.DynamicList, about_self: bool) -> Control:
        own = about_self and component.own.about != "other"
        changeable = node.writable and component.changeable
        anchor = anchor_of(node)
        rows = tuple(
            ListRow(
                f"{anchor}-{number}",
                f"{node.label} {number + 1}",
                f"Remove {node.label[:1].lower()}{node.label[1:]} {number + 1}" if changeable else "",
                f"remove:{node.path}:{number}",
                self.lines(children, about_self=own),
            )
            for number, children in enumerate(node.rows)
        )
        more = changeable and len(rows) < component.max_rows
        common = self.common(node, "dynamiclist") | {"optional": False}
        return Control(**common, rows=rows, add_name=f"add:{node.path}" if more else "")

    def _read_only(self, node: Node) -> Control:
        common = self.common(node, "readonly")
        muted = "rd-muted" if node.component.disabled else ""
        return Control(
            **{**common, "optional": False, "css": muted},
            value=answer_text(node, self.language),
            files=self._files(node),
        )

    def _block(self, node: Node) -> Control | None:
        component = node.component
        common = self.common(node, component.type)
        common |= {"id": f"f-{_safe(component.id)}", "optional": False}
        if isinstance(component, m.TextBlock):
            return Control(**common, html=markdown(node.filled)) if node.filled else None
        if isinstance(component, m.HtmlBlock):
            return Control(**common, html=html(node.filled)) if node.filled else None
        if isinstance(component, m.Image):
            return Control(**common, value=node.source if is_own_image(node.source) else "")
        if isinstance(component, m.Spacer):
            return Control(**{**common, "css": f"rd-space-{component.size}"})
        return Control(**common, table=node.table, files=self._files(node))

    def text_field(self, node: Node, about_self: bool) -> Control:
        """A line of text, an e-mail address or a phone number."""
        field = node.component
        assert isinstance(field, m.TextField)  # noqa: S101
        kind, default = {"email": ("email", "email"), "phone": ("tel", "tel")}.get(
            field.kind or "", ("text", "")
        )
        return Control(
            **self.common(node, "textfield"),
            value=typed_text(node.value),
            input_type=kind,
            autocomplete=self._autocomplete(field, default, about_self),
            spellcheck=field.kind is None and field.pattern is None,
            prefix=node.prefix,
            suffix=node.suffix,
        )

    def text_area(self, node: Node, about_self: bool) -> Control:
        """Several lines, with a count where the author set a limit."""
        field = node.component
        assert isinstance(field, m.TextArea)  # noqa: S101
        limit = node.limits.max_length if field.max_length is not None else None
        counter = ""
        described: tuple[str, ...] = ()
        if limit is not None:
            used = length_of(node.value.replace("\r\n", "\n")) if isinstance(node.value, str) else 0
            counter = f"{self.language.write_number(used)} of {self.language.write_number(limit)} characters"
            described = (f"{anchor_of(node)}--count",)
        return Control(
            **self.common(node, "textarea", *described),
            value=typed_text(node.value),
            autocomplete=self._autocomplete(field, "", about_self),
            counter=counter,
            count_to=limit,
        )

    def number(self, node: Node, about_self: bool) -> Control:
        """A number in a text box: number inputs swallow what they do not understand."""
        value = node.value
        if isinstance(value, str):
            value = value.replace(".", self.language.decimal_mark)
        elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            value = self.language.write_number(value, least_grouped=10**30)
        return Control(
            **self.common(node, "number"),
            value=typed_text(value),
            input_mode="decimal",
            autocomplete=self._autocomplete(node.component, "", about_self),
            spellcheck=False,
            prefix=node.prefix,
            suffix=node.suffix,
        )

    def checkbox(self, node: Node, _about_self: bool) -> Control:
        """One box with its label after it."""
        common = self.common(node, "checkbox") | {"optional": False}
        return Control(
            **common,
            value="yes",
            boxes=(Box(anchor_of(node), node.path, "yes", node.label, node.value is True),),
        )

    def choice(self, node: Node, about_self: bool) -> Control:
        """Radios or boxes in a fieldset; a select for select, and for a taglist too long for boxes."""
        field = node.component
        assert isinstance(field, m.Choice)  # noqa: S101
        options = node.limits.options
        long_tags = field.type == "taglist" and len(options) >= _SELECT_FROM
        kind = "select" if field.type == "select" or long_tags else "choices"
        anchor = anchor_of(node)
        chosen = node.value if isinstance(node.value, list) else [node.value]
        boxes = tuple(
            Box(
                f"{anchor}--{number}",
                node.path,
                token(number, option.value),
                option.label,
                any(same(option.value, one) for one in chosen),
            )
            for number, option in enumerate(options)
        )
        common = self.common(node, kind)
        if kind == "choices" and common["error"] and boxes:
            common["first_wrong"] = boxes[0].id
        return Control(
            **common,
            boxes=boxes,
            input_type="checkbox" if field.many else "radio",
            multiple=field.many,
            searchable=field.searchable and len(options) >= _SELECT_FROM,
            autocomplete=self._autocomplete(field, "", about_self) if kind == "select" else "",
        )

    def temporal(self, node: Node, about_self: bool) -> Control:
        """Boxes for day, month and year; one box for a time."""
        field = node.component
        assert isinstance(field, m.Temporal)  # noqa: S101
        if field.subtype == "time":
            return Control(
                **self.common(node, "time") | {"css": "rd-width-5"},
                value=clock_text(node.value),
                spellcheck=False,
            )
        anchor, parts = anchor_of(node), date_parts(node.value)
        bad = _bad_boxes(node, field)
        purpose = self._autocomplete(field, "", about_self)
        labels = {"day": "Day", "month": "Month", "year": "Year", "time": "Time"}
        names = ("day", "month", "year") + (("time",) if field.subtype == "datetime" else ())
        boxes = tuple(
            Box(
                f"{anchor}--{part}",
                f"{node.path}-{part}",
                parts.get(part, ""),
                labels[part],
                wrong=part in bad,
                css={"year": "rd-width-4", "time": "rd-width-5"}.get(part, "rd-width-2"),
                autocomplete=f"bday-{part}" if purpose == "bday" and part != "time" else "",
            )
            for part in names
        )
        common = self.common(node, "date")
        if common["error"]:
            common["first_wrong"] = next((box.id for box in boxes if box.wrong), boxes[0].id)
        return Control(**common, boxes=boxes)

    def file_picker(self, node: Node, _about_self: bool) -> Control:
        """A file input and the list of files kept."""
        return Control(
            **self.common(node, "filepicker"),
            files=self._files(node),
            accept=",".join(node.limits.accept),
            multiple=node.limits.many_files,
        )

    def _files(self, node: Node) -> tuple[FileLine, ...]:
        states = {"pending": "being checked", "infected": "holds a virus", "unscanned": "", "clean": ""}
        lines = []
        for one in node.files:
            kind = one.name.rpartition(".")[2].upper() if "." in one.name else one.kind
            facts = [kind, write_size(one.size, self.language), states[one.state]]
            url = self.document_url(one) if self.document_url else ""
            lines.append(FileLine(one.key, one.name, ", ".join(fact for fact in facts if fact), url))
        return tuple(lines)

    def _autocomplete(self, field: m.Component, default: str, about_self: bool) -> str:
        own = field.own.autocomplete or default
        return own if about_self and field.own.about != "other" else ("off" if own else "")


_FIELDS: dict[type[m.Component], Callable[[Builder, Node, bool], Control]] = {
    m.TextField: Builder.text_field,
    m.TextArea: Builder.text_area,
    m.Number: Builder.number,
    m.Checkbox: Builder.checkbox,
    m.Choice: Builder.choice,
    m.Temporal: Builder.temporal,
    m.FilePicker: Builder.file_picker,
}


def anchor_of(node: Node) -> str:
    """Return the id of a node's control: ``f-witnesses-0-name``."""
    return "f-" + "-".join(map(str, node.spot))


def typed_text(value: Any) -> str:
    """Return what was typed, or a stored value as it would be typed."""
    if isinstance(value, Mapping):
        return str(value.get("typed", ""))
    return "" if value is None else str(value)


def date_parts(value: Any) -> dict[str, str]:
    """Return what stands in the boxes of a date."""
    if isinstance(value, Mapping):
        return {name: str(part) for name, part in value.items()}
    if isinstance(value, date):
        parts = {"day": str(value.day), "month": str(value.month), "year": f"{value.year:04}"}
        return parts | {"time": f"{value:%H:%M}"} if isinstance(value, datetime) else parts
    return {}


def clock_text(value: Any) -> str:
    """Return what stands in the box of a time."""
    return f"{value:%H:%M}" if isinstance(value, time) else typed_text(value)


def is_own_image(source: str) -> bool:
    """Say whether a picture may be loaded: a raster in the text itself, or one of this service's own."""
    kinds = ("png", "jpeg", "gif", "webp")
    inside = any(source.startswith(f"data:image/{kind};base64,") for kind in kinds)
    return inside or (source.startswith("/") and not source.startswith(("//", "/\\")))


def _bad_boxes(node: Node, field: m.Temporal) -> frozenset[str]:
    """Return the boxes at fault; all of them when nothing was typed or the whole date is at fault."""
    if not node.errors:
        return frozenset()
    named = node.errors[0].facts.get("bad")
    if named:
        return frozenset(named)
    both = field.subtype == "datetime"
    return frozenset(
        {"time"}
        if node.errors[0].code == "not_on_the_interval"
        else {"day", "month", "year"} | ({"time"} if both else set())
    )


def _safe(text: str) -> str:
    return "".join(character if character.isascii() and character.isalnum() else "-" for character in text)
