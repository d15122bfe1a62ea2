"""What a form shows right now, and texts whose values stay values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine import feel, forms
from engine.forms.markdown import html_to_html, markdown_to_html
from engine.forms.view import every

Build = Callable[..., forms.Form]


def shown(view: forms.View) -> dict[str, forms.Node]:
    return {node.path or node.component.id: node for node in every(view.nodes)}


def filled(text: str, **values: Any) -> forms.Filled:
    template = forms.read_template(text)
    return forms.fill(template, lambda expression: values[expression.text])


def test_a_blank_form_shows_stored_values_and_defaults(build: Build, moment: feel.Moment) -> None:
    form = build(
        {"type": "textfield", "key": "a"},
        {"type": "number", "key": "b", "defaultValue": 3},
        {"type": "datetime", "subtype": "date", "key": "c"},
    )

    nodes = shown(forms.blank(form, {"a": "old", "c": "2026-01-31"}, moment=moment))

    assert [nodes[name].value for name in "abc"] == ["old", Decimal(3), date(2026, 1, 31)]


def test_hidden_parts_are_gone_with_all_they_hold(build: Build, moment: feel.Moment) -> None:
    inner = [{"type": "textfield", "key": "b"}]
    form = build(
        {"type": "checkbox", "key": "a"},
        {"type": "group", "path": "g", "components": inner, "conditional": {"hide": "=not(a)"}},
    )

    assert "g.b" not in shown(forms.blank(form, {}, moment=moment))
    assert "g.b" in shown(forms.view(form, {"a": True}, {}, moment=moment))


def test_what_was_typed_stays_even_when_wrong(build: Build, moment: feel.Moment) -> None:
    form = build({"type": "number", "key": "n"})
    typed = {"n": {"typed": "twelve"}}

    with pytest.raises(forms.FormInvalid) as refused:
        forms.check(form, typed, {}, moment=moment, source="page")
    node = shown(forms.view(form, typed, {}, moment=moment, errors=refused.value.errors))["n"]

    assert node.value == {"typed": "twelve"}
    assert [error.code for error in node.errors] == ["not_a_number"]


def test_read_only_parts_show_what_is_stored_whatever_was_sent(build: Build, moment: feel.Moment) -> None:
    form = build({"type": "number", "key": "limit", "readonly": True})

    node = shown(forms.view(form, {"limit": 9}, {"limit": 5}, moment=moment))["limit"]

    assert (node.writable, node.value) == (False, Decimal(5))


def test_limits_and_options_are_those_of_this_moment(build: Build, moment: feel.Moment) -> None:
    form = build(
        {"type": "textfield", "key": "t", "validate": {"maxLength": "=longest"}},
        {"type": "select", "key": "s", "valuesExpression": '=[{label: "Today", value: string(today())}]'},
    )

    nodes = shown(forms.blank(form, {"longest": 7}, moment=moment))

    assert nodes["t"].limits.max_length == 7
    assert [(one.label, one.value) for one in nodes["s"].limits.options] == [("Today", "2026-11-23")]


def test_lists_show_their_rows_or_blank_ones(build: Build, moment: feel.Moment) -> None:
    form = build(
        {
            "type": "dynamiclist",
            "path": "r",
            "defaultRepetitions": 2,
            "components": [{"type": "textfield", "key": "x"}],
        }
    )

    assert len(shown(forms.blank(form, {}, moment=moment))["r"].rows) == 2
    assert len(shown(forms.blank(form, {"r": []}, moment=moment))["r"].rows) == 0
    assert len(shown(forms.view(form, {"r": [{"x": "a"}, {}, {}]}, {}, moment=moment))["r"].rows) == 3


def test_tables_come_in_pages(build: Build, moment: feel.Moment) -> None:
    columns = [{"key": "n", "label": "Number"}, {"key": "d.t", "label": "Text"}]
    form = build({"type": "table", "id": "t", "dataSource": "=rows", "columns": columns, "rowCount": 2})
    rows = [{"n": number, "d": {"t": f"row {number}"}} for number in range(1, 6)]

    first = shown(forms.blank(form, {"rows": rows}, moment=moment))["t"].table
    last = shown(forms.view(form, {}, {"rows": rows}, moment=moment, pages={"t": 99}))["t"].table

    assert first is not None
    assert last is not None
    assert first.rows == (("1", "row 1"), ("2", "row 2"))
    assert (last.page, last.pages, last.rows) == (3, 3, (("5", "row 5"),))


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](http://evil.example/x.png)",
    "# Heading",
    "**bold** `code` http://evil.example",
    "\ue0000\ue001",
    '" onmouseover="alert(1)',
    "{{ secret }}",
    "&lt;script&gt;",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_a_complainants_words_stay_words(words: str) -> None:
    html = markdown_to_html(filled("Dear **{{ name }}**,\n\n- {{ name }}", name=words))

    for forbidden in ("<script", "<img", "<a ", "<h", "<code", "onerror=alert(1)>", "<em"):
        assert forbidden not in html
    assert html.count("<strong>") == 1


def test_author_markdown_is_rendered_below_the_pages_own_heading() -> None:
    html = markdown_to_html(filled("# Title\n\n*soft* <b>raw</b> ![p](x.png)\n\n| a |\n|--:|\n| 1 |"))

    assert "<h2>Title</h2>" in html
    assert "<em>soft</em>" in html
    assert "&lt;b&gt;raw" in html
    assert "<img" not in html
    assert "style=" not in html


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://complaints.example/s/abc", True),
        ("mailto:a@b.example", True),
        ("/status", True),
        ("javascript:alert(1)", False),
        (" java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example", False),
    ],
)
def test_a_value_is_a_link_target_only_with_a_safe_scheme(address: str, kept: bool) -> None:
    html = markdown_to_html(filled("[Follow]({{ link }})", link=address))

    assert ("<a href=" in html) is kept
    assert "Follow" in html


def test_a_value_cannot_bring_marks_of_its_own() -> None:
    html = markdown_to_html(
        filled("[F]({{ link }}) {{ x }}", link="https://e.example/\ue0001\ue001", x="secret")
    )

    assert 'href="https://e.example/1"' in html
    assert html.count("secret") == 1


@pytest.mark.parametrize("words", HOSTILE)
def test_values_in_author_html_are_escaped_and_the_whole_is_cleaned(words: str) -> None:
    html = html_to_html(
        filled('<p title="{{ w }}" onclick="x()">{{ w }}</p><a href="{{ w }}">l</a>', w=words)
    )

    assert "<script" not in html
    assert "<img" not in html
    assert "onclick" not in html
    assert 'javascript:alert(1)"' not in html


def test_a_template_reads_its_variables_and_fills_plain_text() -> None:
    template = forms.read_template("Dear {{ person.name }}, {{ days }} days")

    assert template.variables == {"person", "days"}
    assert forms.fill(template, lambda one: {"days": 3}.get(one.text)).plain() == "Dear , 3 days"
    assert forms.read_template("=1 + 2").expressions[0].text == "1 + 2"


@pytest.mark.parametrize("text", ["{{ a", "{{}}", "{{#if a}}", "mark \ue000"])
def test_a_template_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(forms.TemplateRefused):
        forms.read_template(text)
