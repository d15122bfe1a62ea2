"""What is found in a form file before it can be deployed: everything at once, each with its element."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from engine import forms

Build = Callable[..., forms.Form]
Schema = Callable[..., dict[str, Any]]


def field(**more: Any) -> dict[str, Any]:
    return {"type": "textfield", "key": "x", **more}


GROUP = {"type": "group", "path": "g"}
STEP = {"redress.step": "true"}
REFUSED = [
    ("unknown_type", [{"type": "iframe", "url": "x"}]),
    ("unknown_type", [{"type": "script", "jobType": "x"}]),
    ("unknown_member", [field(onclick="alert(1)")]),
    ("unknown_member", [field(validate={"min": 3})]),
    ("no_day", [field(properties={"redress.latest": "=today()"})]),
    (
        "wrong_kind",
        [{"type": "datetime", "subtype": "date", "key": "x", "properties": {"redress.latest": "soon"}}],
    ),
    (
        "wrong_kind",
        [{"type": "datetime", "subtype": "date", "key": "x", "properties": {"redress.latest": "2026-02-30"}}],
    ),
    ("unknown_property", [field(properties={"redress.colour": "red"})]),
    ("unknown_property", [field(properties={"redres.sensitivity": "personal"})]),
    ("unknown_property", [field(properties={"Redress.needsConsent": "y"})]),
    ("unknown_member", [field(conditional={"hid": "=true"})]),
    ("unknown_member", [field(layout={"colums": 4})]),
    ("unknown_member", [field(appearance={"sufixAdorner": "km"})]),
    (
        "unknown_member",
        [{"type": "radio", "key": "x", "label": "X", "values": [{"lable": "A", "value": "a"}]}],
    ),
    ("unknown_property", [field(properties={"redress.msg.odd": "Text"})]),
    ("no_key", [{"type": "textfield"}]),
    ("unreadable_key", [field(key="a b")]),
    ("unreadable_key", [field(key="_x")]),
    ("unreadable_key", [field(key="typename")]),
    ("unreadable_key", [field(key="constructor")]),
    ("unreadable_key", [field(key="if")]),
    ("key_twice", [field(), field()]),
    ("key_twice", [field(key="a.b"), field(key="a")]),
    ("key_twice", [field(key="g.x"), {**GROUP, "components": [field()]}]),
    ("id_twice", [field(id="same"), field(id="same", key="y")]),
    ("feel_syntax", [field(conditional={"hide": "=a +"})]),
    ("feel_syntax", [{"type": "text", "text": "Dear {{ name + }}"}]),
    ("template", [{"type": "text", "text": "Dear {{ name"}]),
    ("template", [{"type": "text", "text": "{{#if x}}y{{/if}}"}]),
    ("no_equals", [field(conditional={"hide": "a = 1"})]),
    ("pattern", [field(validate={"pattern": "(?=x)", "patternErrorMessage": "m"})]),
    ("pattern", [field(validate={"pattern": r"(a)\1", "patternErrorMessage": "m"})]),
    ("no_pattern_message", [field(validate={"pattern": "^a$"})]),
    ("increment", [{"type": "number", "key": "n", "increment": "0"}]),
    ("no_options", [{"type": "radio", "key": "r"}]),
    ("options", [{"type": "radio", "key": "r", "values": ["a", "a"]}]),
    ("options", [{"type": "radio", "key": "r", "values": [{"label": "a"}]}]),
    ("two_sources", [{"type": "radio", "key": "r", "values": ["a"], "valuesKey": "b"}]),
    ("wrong_default", [{"type": "radio", "key": "r", "values": ["a"], "defaultValue": "b"}]),
    ("wrong_default", [{"type": "number", "key": "n", "defaultValue": "many"}]),
    ("limits", [{"type": "number", "key": "n", "validate": {"min": 3, "max": 2}}]),
    ("limits", [field(validate={"minLength": 3, "maxLength": 2})]),
    (
        "step_inside",
        [{**GROUP, "components": [{**GROUP, "path": "h", "properties": STEP, "components": []}]}],
    ),
    ("no_label", [field(label="")]),
    ("no_legend", [{"type": "dynamiclist", "path": "d", "label": "", "components": [field()]}]),
    ("no_alt", [{"type": "image", "source": "/logo.png"}]),
    ("unknown_autocomplete", [field(properties={"redress.autocomplete": "nom"})]),
    ("two_submits", [{"type": "button", "action": "submit"}, {"type": "button", "action": "submit"}]),
    ("html", [{"type": "html", "content": "<p onclick='x()'>Hi</p>"}]),
    ("html", [{"type": "html", "content": "<script>1</script>"}]),
    ("html", [{"type": "html", "content": "<style>p{}</style><p>Hi</p>"}]),
    ("never_shown", [field(validate={"required": True}, conditional={"hide": "=true"})]),
    ("no_such_consent", [field(properties={"redress.needsConsent": "y"}), field(key="y")]),
    ("hides_itself", [field(conditional={"hide": '=x = "a"'})]),
    ("readonly_chain", [field(readonly="=a"), field(key="y", readonly="=x")]),
    ("readonly_in_rows", [{"type": "dynamiclist", "path": "d", "components": [field(readonly=True)]}]),
    (
        "too_deep",
        [
            {
                **GROUP,
                "components": [
                    {
                        **GROUP,
                        "components": [
                            {**GROUP, "components": [{**GROUP, "components": [{**GROUP, "components": []}]}]}
                        ],
                    }
                ],
            }
        ],
    ),
    ("no_source", [{"type": "table", "columns": [{"key": "a"}]}]),
    ("no_columns", [{"type": "table", "dataSource": "rows"}]),
    ("no_expression", [{"type": "expression", "key": "e"}]),
    ("wrong_kind", [field(validate={"maxLength": "many"})]),
    ("wrong_kind", ["not an object"]),
    (
        "rows",
        [
            {
                "type": "dynamiclist",
                "path": "d",
                "components": [field()],
                "properties": {"redress.minRows": 3, "redress.maxRows": 2},
            }
        ],
    ),
]
WARNED = [
    (
        "hidden_not_required",
        [field(), {"type": "number", "key": "n", "label": "N", "conditional": {"hide": '=x != "money"'}}],
    ),
    (
        "hidden_not_required",
        [
            field(),
            {
                **GROUP,
                "conditional": {"hide": '=x != "money"'},
                "components": [{"type": "number", "key": "n", "label": "N"}],
            },
        ],
    ),
    ("reads_hidden", [field(conditional={"hide": "=a"}), field(key="y", conditional={"hide": "=x"})]),
    (
        "required_checkbox",
        [
            {
                **GROUP,
                "properties": STEP,
                "components": [{"type": "checkbox", "key": "c", "validate": {"required": True}}],
            }
        ],
    ),
    ("never_written", [field(validate={"required": True}, readonly=True)]),
    (
        "personal_in_expression",
        [
            field(properties={"redress.sensitivity": "personal"}),
            {"type": "expression", "key": "e", "expression": "=x"},
        ],
    ),
]


@pytest.mark.parametrize(("code", "components"), REFUSED)
def test_a_form_that_cannot_work_is_refused(schema: Schema, code: str, components: list[Any]) -> None:
    with pytest.raises(forms.FormRefused) as refused:
        forms.read(_json(schema, components))

    assert code in [finding.code for finding in refused.value.findings if finding.severity == "error"]


@pytest.mark.parametrize(("code", "components"), WARNED)
def test_a_doubtful_form_is_read_with_a_warning(build: Build, code: str, components: list[Any]) -> None:
    assert [finding.code for finding in build(*components).findings] == [code]


def _json(schema: Schema, components: list[Any]) -> dict[str, Any]:
    if all(isinstance(component, dict) for component in components):
        return schema(*components)
    return {"type": "default", "id": "f", "components": components}


def test_every_finding_comes_at_once_and_names_its_element(schema: Schema) -> None:
    with pytest.raises(forms.FormRefused) as refused:
        forms.read(
            schema(field(key="a b"), {"type": "iframe"}, field(conditional={"hide": "=("})), name="a.form"
        )

    findings = refused.value.findings
    assert [(one.element_id, one.code) for one in findings] == [
        ("c0", "unreadable_key"),
        ("c1", "unknown_type"),
        ("c2", "feel_syntax"),
    ]
    assert str(findings[0]).startswith("a.form › c0: ")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"type": "default", "type": "default", "id": "a", "components": []}',
        b'{"type": "default", "id": "a", "components": [], "schemaVersion": NaN}',
        b'{"type": "default", "id": "a\\u0000", "components": []}',
        b'{"type": "default", "id": "a\\ud800", "components": []}',
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"type": "default", "id": "a", "components": [' + b" " * 1_000_000 + b"]}",
        b'{"type": "default", "id": "a", "schemaVersion": 1' + b"0" * 5000 + b', "components": []}',
        b'{"type": "default", "components": []}',
        json.dumps({"type": "default", "id": "a", "components": [{"type": "separator"}] * 201}).encode(),
    ],
)
def test_odd_bytes_are_refused_with_a_finding(data: bytes) -> None:
    with pytest.raises(forms.FormRefused) as refused:
        forms.read(data, name="odd.form")

    assert refused.value.findings


def test_a_form_says_what_it_reads_and_writes(build: Build) -> None:
    form = build(
        field(validate={"maxLength": "=longest"}),
        {"type": "group", "path": "home", "components": [field(key="city")]},
        {
            "type": "dynamiclist",
            "path": "rows",
            "components": [field(key="y", conditional={"hide": "=this.z or parent.q or cap > 1"})],
        },
        {"type": "select", "key": "s", "valuesKey": "shop.items"},
        {"type": "text", "text": "Dear {{ person.name }}"},
        {"type": "table", "dataSource": "=history[1]", "label": "T", "columns": [{"key": "a"}]},
        versionTag="v2",
    )

    assert form.version_tag == "v2"
    assert form.variables_written == {"x", "home", "rows", "s"}
    assert form.variables_read == form.variables_written | {"longest", "cap", "shop", "person", "history"}
    assert [".".join(path) for path, _ in form.fields()] == ["x", "home.city", "rows.*.y", "s"]


def test_what_stands_outside_the_steps_joins_the_first_and_the_last(build: Build) -> None:
    form = build(
        {"type": "text", "text": "before", "id": "before"},
        {**GROUP, "id": "one", "properties": STEP, "components": [field()]},
        {**GROUP, "id": "two", "path": "h", "properties": STEP, "components": [field()]},
        {"type": "text", "text": "after", "id": "after"},
    )

    assert [(step.id, [part.id for part in step.components]) for step in form.steps] == [
        ("one", ["before", "one"]),
        ("two", ["two", "after"]),
    ]


def test_a_step_has_an_address_made_of_its_label(build: Build) -> None:
    step = {**GROUP, "properties": STEP, "label": "What happened?", "components": []}
    form = build({**step, "id": "one"}, {**step, "id": "two", "path": "h"})

    assert [one.slug for one in form.steps] == ["what-happened", "what-happened-2"]
    assert form.step_at("what-happened-2") == form.steps[1]
    assert form.step_at("elsewhere") is None


@pytest.mark.parametrize(
    ("pattern", "value", "found"),
    [
        ("a", "bab", True),
        ("^a$", "a\n", False),
        ("^(a+)+$", "a" * 400 + "!", False),
        ("^[A-Z]{2}[0-9]{6}$", "AB123456", True),
        (r"^\d{3}$", "٣٣٣", False),
        ("(?:a|b)c", "bc", True),
    ],
)
def test_patterns_are_searched_as_javascript_does(pattern: str, value: str, found: bool) -> None:
    from engine.forms.patterns import compile_pattern

    assert compile_pattern(pattern).found_in(value) is found


@pytest.mark.parametrize(
    "pattern",
    [r"\Aa", r"a\z", r"a\Z", r"\Qa\E", r"\C", r"\pN", r"\p{L}", r"\x{41}", "[[:alpha:]]", "(?=a)", "(?!a)", "(?<=a)", "(?<!a)",
     r"(a)\1", r"\u0041", r"\cA", "[^]", "[]", "a{1001}", "a{1,1001}", "(?i)a", "(?P<n>a)", "a++", "(", r"\a", r"\0"],
)  # fmt: skip
def test_what_the_two_engines_read_differently_is_refused(pattern: str) -> None:
    from engine.forms.patterns import PatternRefused, compile_pattern

    with pytest.raises(PatternRefused):
        compile_pattern(pattern)
