"""Reading each type of component; a new type is one more reader in the table at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from engine.forms import model as m
from engine.forms.convert import convert
from engine.forms.errors import WrongShape
from engine.forms.patterns import Pattern, PatternRefused, compile_pattern
from engine.forms.reading import Found, Reader, unreadable
from engine.forms.rules import read_options
from engine.forms.templates import Template
from engine.forms.vocabulary import (
    AUTOCOMPLETE_TOKENS,
    DAY_LIMITS,
    ERROR_CODES,
    INNER_MEMBERS,
    MAX_ROWS,
    MEMBERS,
    OPTION_MEMBERS,
    OWN_PROPERTIES,
    REQUIRED_ONLY,
    VALIDATE_MEMBERS,
    WIDTHS,
)
from engine.suggest import perhaps, slip_of

ReadAll = Callable[[Any, m.Path, Found], tuple[m.Component, ...]]
Common = dict[str, Any]
_TOKEN_ENDINGS = ("shipping", "billing", "home", "work", "mobile")


def read_component(raw: Any, above: m.Path, found: Found, read_all: ReadAll) -> m.Component | None:
    """Return the component, or None if it cannot be read at all; what is wrong with it is noted in
    ``found``."""
    if not isinstance(raw, Mapping):
        found.add("wrong_kind", "A component is not an object.", "Export the form again from the editor.")
        return None
    kind = raw.get("type")
    element_id = raw.get("id")
    named = (
        element_id
        if isinstance(element_id, str) and element_id
        else str(raw.get("key") or raw.get("path") or kind)
    )
    label = raw.get("label")
    reader = Reader(raw, found, named[:100], label if isinstance(label, str) else None)
    if not isinstance(kind, str) or kind not in MEMBERS:
        reader.note(
            "unknown_type",
            f"Components of type “{str(kind)[:40]}” are not supported.",
            "Remove it.",
            attribute="type",
        )
        return None
    _refuse_unknown_members(reader, kind)
    common = _common(reader, named, kind)
    if kind in _CONTAINERS:
        return _CONTAINERS[kind](reader, common, above, read_all)
    if kind in _FIELDS:
        key = reader.path("key")
        common |= {
            "path": (*above, *key),
            "required": reader.inside("validate").flag("required"),
            "refused_when": reader.inside("properties").rule("redress.refusedWhen"),
        }
        made = _FIELDS[kind](reader, common)
        return _with_default(made, reader)
    return _BLOCKS[kind](reader, common)


def _refuse_unknown_members(reader: Reader, kind: str) -> None:
    for member in sorted(set(reader.raw) - MEMBERS[kind]):
        reader.note(
            "unknown_member",
            f"A {kind} has no “{member[:60]}”.",
            perhaps(member, MEMBERS[kind]),
            attribute=member,
        )
    within = INNER_MEMBERS | {"validate": VALIDATE_MEMBERS.get(kind, REQUIRED_ONLY)}
    for outer, known in within.items():
        inner = reader.raw.get(outer)
        for member in sorted(set(inner) - known) if isinstance(inner, Mapping) else ():
            message = f"The “{outer}” of a {kind} has no “{member[:60]}”."
            reader.note("unknown_member", message, perhaps(member, known), attribute=outer)


def _common(reader: Reader, element_id: str, kind: str) -> Common:
    layout = reader.inside("layout")
    own = _own(reader.inside("properties"))
    if kind != "datetime" or reader.raw.get("subtype") == "time":
        for name in DAY_LIMITS:
            if f"redress.{name}" in reader.inside("properties").raw:
                reader.note(
                    "no_day",
                    f"redress.{name} is for questions about a day.",
                    "Remove it.",
                    attribute="properties",
                )
    if kind not in _FIELDS and "redress.refusedWhen" in reader.inside("properties").raw:
        reader.note(
            "no_answer", "redress.refusedWhen is for questions.", "Remove it.", attribute="properties"
        )
    return {
        "id": element_id,
        "type": kind,
        "label": reader.template("label"),
        "description": reader.template("description"),
        "hide": reader.inside("conditional").rule("hide"),
        "readonly": reader.rule("readonly"),
        "disabled": reader.flag("disabled"),
        "row": layout.text("row"),
        "columns": layout.whole("columns", 2, 16),
        "own": own,
    }


def _own(reader: Reader) -> m.Own:
    """Read the project's own properties; names outside ``redress.`` are other people's business, unless they are slips of ours."""
    ours = {name[8:]: value for name, value in reader.raw.items() if name.startswith("redress.")}
    known = {f"redress.{name}" for name in OWN_PROPERTIES}
    for name in sorted(reader.raw):
        if not name.startswith("redress.") and slip_of(name, known) is not None:
            reader.note(
                "unknown_property",
                f"There is no property “{name[:60]}”.",
                perhaps(name, known),
                attribute="properties",
            )
    messages = {name[4:]: value for name, value in ours.items() if name.startswith("msg.")}
    for name in sorted(set(ours) - OWN_PROPERTIES - {f"msg.{code}" for code in messages}):
        reader.note(
            "unknown_property",
            f"There is no property “redress.{name[:60]}”.",
            perhaps(f"redress.{name}", known),
            attribute="properties",
        )
    for code in sorted(set(messages) - ERROR_CODES):
        reader.note(
            "unknown_property",
            f"No error has the code “{code[:60]}”.",
            "See the list of codes.",
            attribute="properties",
        )
    for name, value in ours.items():
        if not isinstance(value, str | bool | int | Decimal):
            reader.note("wrong_kind", f"redress.{name} is not a text.", attribute="properties")
    if isinstance(ours.get("step"), str):  # the editor writes every property as text
        ours["step"] = {"true": True, "false": False}.get(ours["step"], ours["step"])
    said = reader.reading(ours)
    token = said.text("autocomplete")
    if token is not None and not is_autocomplete(token):
        said.note(
            "unknown_autocomplete",
            f"“{token[:40]}” is no autocomplete token of HTML.",
            attribute="properties",
        )
    width = said.whole("width", 2, 20)
    if width is not None and width not in WIDTHS:
        said.note(
            "wrong_value",
            f"redress.width is not one of {', '.join(map(str, WIDTHS))}.",
            attribute="properties",
        )
    return m.Own(
        autocomplete=token,
        error_label=said.text("errorLabel"),
        messages=MappingProxyType({code: str(text) for code, text in messages.items()}),
        step=said.flag("step"),
        width=width,
        sensitivity=said.one_of("sensitivity", ("personal", "special")),  # type: ignore[arg-type]
        about=said.one_of("about", ("self", "other")),  # type: ignore[arg-type]
        max_rows=said.whole("maxRows", 1, 1000),
        min_rows=said.whole("minRows", 0, 1000),
        why=said.text("why"),
        needs_consent=said.text("needsConsent"),
    )


def is_autocomplete(token: str) -> bool:
    """Say whether HTML knows the token (optionally after ``section-…``, shipping or billing, home, work,
    mobile)."""
    *before, last = token.split()
    return last in AUTOCOMPLETE_TOKENS and all(
        one in _TOKEN_ENDINGS or one.startswith("section-") for one in before
    )


def _with_default(field: m.Field, reader: Reader) -> m.Field:
    default = reader.raw.get("defaultValue")
    if default is None or default == "" or isinstance(field, m.Computed):
        return field
    try:
        convert(field, default, ZoneInfo(str(UTC)))
    except WrongShape:
        reader.note(
            "wrong_default", "The default value is not of the field's kind.", attribute="defaultValue"
        )
        return field
    return replace(field, default=default)


def _text_field(reader: Reader, common: Common) -> m.Field:
    validate, appearance = reader.inside("validate"), reader.inside("appearance")
    kind = validate.one_of("validationType", ("email", "phone", "custom"))
    return m.TextField(
        **common,
        min_length=validate.limit("minLength"),
        max_length=validate.limit("maxLength"),
        pattern=_pattern(validate),
        pattern_message=validate.text("patternErrorMessage"),
        kind=kind if kind in ("email", "phone") else None,  # type: ignore[arg-type]
        prefix=appearance.template("prefixAdorner"),
        suffix=appearance.template("suffixAdorner"),
    )


def _pattern(validate: Reader) -> Pattern | None:
    text = validate.text("pattern")
    if text is None:
        return None
    try:
        return compile_pattern(text)
    except PatternRefused as wrong:
        validate.note("pattern", wrong.message, "Write the pattern without it.", attribute="validate.pattern")
        return None


def _text_area(reader: Reader, common: Common) -> m.Field:
    validate = reader.inside("validate")
    return m.TextArea(
        **common, min_length=validate.limit("minLength"), max_length=validate.limit("maxLength")
    )


def _number(reader: Reader, common: Common) -> m.Field:
    validate, appearance = reader.inside("validate"), reader.inside("appearance")
    increment = reader.number("increment")
    if increment is not None and increment <= 0:
        reader.note("increment", "increment is not greater than 0.", attribute="increment")
        increment = None
    return m.Number(
        **common,
        minimum=validate.bound("min"),
        maximum=validate.bound("max"),
        digits=reader.whole("decimalDigits", 0, 10),
        increment=increment,
        as_text=reader.flag("serializeToString"),
        prefix=appearance.template("prefixAdorner"),
        suffix=appearance.template("suffixAdorner"),
    )


def _checkbox(_reader: Reader, common: Common) -> m.Field:
    return m.Checkbox(**common)


def _objects(listed: object) -> list[Mapping[str, object]]:
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def _choice(reader: Reader, common: Common) -> m.Field:
    raw = reader.raw
    options = read_options(raw.get("values"))
    listed = raw.get("values")
    sources = [
        name for name in ("values", "valuesKey", "valuesExpression") if raw.get(name) not in (None, "", [])
    ]
    if not sources:
        reader.note("no_options", "There is nothing to choose from.", "Add options.", attribute="values")
    if len(sources) > 1:
        reader.note(
            "two_sources", f"Options come from {' and '.join(sources)}.", "Keep one.", attribute="values"
        )
    listed_members = {name for one in _objects(listed) for name in one}
    for member in sorted(listed_members - OPTION_MEMBERS):
        message = f"An option has no “{member[:60]}”."
        reader.note("unknown_member", message, perhaps(member, OPTION_MEMBERS), attribute="values")
    if isinstance(listed, list) and listed and len(options) != len(listed):
        reader.note(
            "options",
            "An option is empty or stands twice.",
            "Every option needs its own value.",
            attribute="values",
        )
    return m.Choice(
        **common,
        many=common["type"] in ("checklist", "taglist"),
        options=options,
        options_from=reader.path("valuesKey", empty=True),
        options_rule=reader.expression("valuesExpression"),
        searchable=reader.flag("searchable"),
    )


def _temporal(reader: Reader, common: Common) -> m.Field:
    subtype = reader.one_of("subtype", ("date", "time", "datetime"), "date") or "date"
    label = common["label"] or reader.template("timeLabel" if subtype == "time" else "dateLabel")
    reader.template("timeLabel")
    properties = reader.inside("properties")
    return m.Temporal(
        **{**common, "label": label},
        subtype=subtype,  # type: ignore[arg-type]
        interval=reader.whole("timeInterval", 1, 1440) if subtype != "date" else None,
        future_only=reader.flag("disallowPassedDates") and subtype != "time",
        earliest=properties.day("redress.earliest"),
        latest=properties.day("redress.latest"),
        written=reader.one_of(  # type: ignore[arg-type]
            "timeSerializingFormat", ("utc_offset", "utc_normalized", "no_timezone"), "utc_offset"
        ),
    )


def _file_picker(reader: Reader, common: Common) -> m.Field:
    return m.FilePicker(
        **common,
        multiple=reader.rule("multiple"),
        accept=reader.template("accept"),
        limit=common["own"].max_rows or 10,
    )


def _computed(reader: Reader, common: Common) -> m.Field:
    reader.one_of("computeOn", ("change", "presubmit"))
    expression = reader.expression("expression")
    if expression is None:
        if not reader.text("expression"):
            reader.note("no_expression", "The expression is empty.", "Write one.", attribute="expression")
        return m.Checkbox(**common)
    return m.Computed(**common, expression=expression)


def _group(reader: Reader, common: Common, above: m.Path, read_all: ReadAll) -> m.Component:
    path = reader.path("path", empty=True)
    return m.Group(
        **common, path=path, components=read_all(reader.raw.get("components"), (*above, *path), reader.found)
    )


def _dynamic_list(reader: Reader, common: Common, above: m.Path, read_all: ReadAll) -> m.Component:
    own: m.Own = common["own"]
    most = own.max_rows or MAX_ROWS
    least = own.min_rows or 0
    if least > most:
        reader.note("rows", "redress.minRows is greater than redress.maxRows.", attribute="properties")
    rows = reader.whole("defaultRepetitions", 0, 1000)
    return m.DynamicList(
        **common,
        path=(*above, *reader.path("path")),
        components=read_all(reader.raw.get("components"), (), reader.found),
        changeable=reader.flag("allowAddRemove", default=True),
        default_rows=min(most, 1 if rows is None else rows),
        min_rows=least,
        max_rows=most,
    )


def _source(reader: Reader) -> m.Path | Any:
    value = reader.text("dataSource")
    if value is None:
        reader.note(
            "no_source", "There is no data source.", "Name a variable or write FEEL.", attribute="dataSource"
        )
        return ()
    if value.startswith("="):
        return reader.expression("dataSource") or ()
    if any(unreadable(name) for name in value.split(".")):
        reader.note(
            "unreadable_key", f"The data source “{value[:80]}” cannot be read.", attribute="dataSource"
        )
    return tuple(value.split("."))


def _table(reader: Reader, common: Common) -> m.Component:
    listed = reader.raw.get("columns")
    columns = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    if not columns and not reader.raw.get("columnsExpression"):
        reader.note("no_columns", "The table has no columns.", "Add columns.", attribute="columns")
    return m.Table(
        **common,
        source=_source(reader),
        columns_shown=tuple(
            (str(one.get("key", "")), str(one.get("label") or one.get("key", ""))) for one in columns
        ),
        columns_rule=reader.expression("columnsExpression"),
        page_size=reader.whole("rowCount", 1, 500),
    )


def _text_block(reader: Reader, common: Common) -> m.Component:
    text = reader.template("text")
    return m.TextBlock(**common, text=text or Template("", ()))


def _html_block(reader: Reader, common: Common) -> m.Component:
    content = reader.template("content")
    return m.HtmlBlock(**common, content=content or Template("", ()))


def _documents(reader: Reader, common: Common) -> m.Component:
    label = common["label"] or reader.template("title")
    return m.DocumentPreview(**{**common, "label": label}, source=_source(reader))


def _image(reader: Reader, common: Common) -> m.Component:
    return m.Image(**common, source=reader.template("source"), alt=reader.template("alt"))


def _button(reader: Reader, common: Common) -> m.Component:
    action = reader.one_of("action", ("submit", "reset"), "submit")
    return m.Button(**common, action=action)  # type: ignore[arg-type]


def _separator(_reader: Reader, common: Common) -> m.Component:
    return m.Separator(**common)


def _spacer(reader: Reader, common: Common) -> m.Component:
    height = reader.whole("height", 1, 2000) or 60
    size = "s" if height <= 20 else "m" if height <= 60 else "l" if height <= 120 else "xl"
    return m.Spacer(**common, size=size)  # type: ignore[arg-type]


_FIELDS: dict[str, Callable[[Reader, Common], m.Field]] = {
    "textfield": _text_field,
    "textarea": _text_area,
    "number": _number,
    "checkbox": _checkbox,
    "radio": _choice,
    "select": _choice,
    "checklist": _choice,
    "taglist": _choice,
    "datetime": _temporal,
    "filepicker": _file_picker,
    "expression": _computed,
}
_CONTAINERS: dict[str, Callable[[Reader, Common, m.Path, ReadAll], m.Component]] = {
    "group": _group,
    "dynamiclist": _dynamic_list,
}
_BLOCKS: dict[str, Callable[[Reader, Common], m.Component]] = {
    "text": _text_block,
    "html": _html_block,
    "table": _table,
    "documentPreview": _documents,
    "image": _image,
    "button": _button,
    "separator": _separator,
    "spacer": _spacer,
}
