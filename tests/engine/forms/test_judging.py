"""What a submitted form becomes: clean typed data, or every error at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import feel, forms
from engine.forms import Document

Build = Callable[..., forms.Form]
BERLIN = ZoneInfo("Europe/Berlin")
OPTIONS = [{"label": "Letter", "value": "letter"}, {"label": "Four", "value": 4}, "phone"]


def text(**more: Any) -> dict[str, Any]:
    return {"type": "textfield", "key": "x", **more}


def number(**more: Any) -> dict[str, Any]:
    return {"type": "number", "key": "x", **more}


def when(subtype: str, **more: Any) -> dict[str, Any]:
    return {"type": "datetime", "subtype": subtype, "key": "x", **more}


def choice(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "key": "x", "values": OPTIONS, **more}


def errors_of(
    form: forms.Form, sent: dict[str, Any], moment: feel.Moment, stored: Any = None, **more: Any
) -> list[tuple[str, str]]:
    try:
        forms.check(form, sent, stored or {}, moment=moment, **more)
    except forms.FormInvalid as refused:
        return [(error.path, error.code) for error in refused.errors]
    return []


GOOD = [
    (text(), "Ann\tLee\r\n", "Ann Lee"),
    (text(), "a\x00b\x1bc", "abc"),
    (text(), "  ", None),
    (text(validate={"validationType": "email"}), " jürgen@exämple.org ", "jürgen@exämple.org"),
    (text(validate={"validationType": "phone"}), "(030) 123 45-67", "(030) 123 45-67"),
    (text(validate={"validationType": "phone"}), "+49 30 1234567", "+49 30 1234567"),
    (text(validate={"pattern": "^[A-Z]{2}$", "patternErrorMessage": "Two letters"}), "DE", "DE"),
    ({"type": "textarea", "key": "x"}, "one\r\ntwo", "one\ntwo"),
    (number(), "12.50", Decimal("12.50")),
    (number(), 12, Decimal(12)),
    (number(), 0.1, Decimal("0.1")),
    (number(), -0.0, Decimal(0)),
    (number(), Decimal("1E+3"), Decimal(1000)),
    (number(serializeToString=True), "12.50", "12.50"),
    (number(increment="0.05"), "1.15", Decimal("1.15")),
    ({"type": "checkbox", "key": "x"}, True, True),
    ({"type": "checkbox", "key": "x"}, None, False),
    (choice("radio"), "letter", "letter"),
    (choice("radio"), 4, 4),
    (choice("select"), "phone", "phone"),
    (choice("select"), None, None),
    (choice("checklist"), ["letter", 4], ["letter", 4]),
    (choice("taglist"), [], []),
    (
        choice("radio", values=[{"label": "A", "value": {"code": "a", "n": 1}}]),
        {"n": 1, "code": "a"},
        {"code": "a", "n": 1},
    ),
    (when("date"), "2028-02-29", date(2028, 2, 29)),
    (when("date"), {"day": "29", "month": "2", "year": "2028"}, date(2028, 2, 29)),
    (when("date", disallowPassedDates=True), "2026-11-23", date(2026, 11, 23)),
    (when("date", properties={"redress.earliest": "2026-11-22"}), "2026-11-22", date(2026, 11, 22)),
    (when("date", properties={"redress.latest": "=today()"}), "2026-11-23", date(2026, 11, 23)),
    (when("date", properties={"redress.latest": "=unknown"}), "2026-11-24", date(2026, 11, 24)),
    (
        {"type": "textfield", "key": "x", "properties": {"redress.refusedWhen": '=this.x = "no"'}},
        "yes",
        "yes",
    ),
    ({"type": "textfield", "key": "x", "properties": {"redress.refusedWhen": "=unknown"}}, "yes", "yes"),
    (when("time"), "14:30", time(14, 30)),
    (when("time"), "2:30 pm", time(14, 30)),
    (when("time"), "12am", time(0)),
    (when("time"), "14:30+01:00", time(14, 30, tzinfo=timezone(timedelta(hours=1)))),
    (when("datetime"), "2026-07-01T14:30", datetime(2026, 7, 1, 14, 30, tzinfo=BERLIN)),
    (when("datetime"), "2026-07-01T14:30Z", datetime(2026, 7, 1, 14, 30, tzinfo=UTC)),
]

BAD = [
    (text(), 7, "not_text"),
    (text(), "\ud800", "not_text"),
    (text(validate={"required": True}), " \u00a0", "required"),
    (text(validate={"minLength": 3}), "ab", "too_short"),
    (text(validate={"maxLength": 3}), "abcd", "too_long"),
    (text(validate={"maxLength": 3}), "😀😀", "too_long"),
    (text(), "x" * 501, "too_long"),
    (text(validate={"pattern": "^[A-Z]{2}$", "patternErrorMessage": "Two letters"}), "D3", "wrong_pattern"),
    (text(validate={"validationType": "email"}), "a@b", "not_an_email"),
    (text(validate={"validationType": "email"}), "a b@c.de", "not_an_email"),
    (text(validate={"validationType": "phone"}), "12345", "not_a_phone"),
    (text(validate={"validationType": "phone"}), "+49 30 12345678901234", "not_a_phone"),
    ({"type": "textarea", "key": "x"}, "x" * 10_001, "too_long"),
    ({"type": "textarea", "key": "x", "validate": {"required": True}}, "", "required"),
    (number(), "1e5", "not_a_number"),
    (number(), "NaN", "not_a_number"),
    (number(), "1_000", "not_a_number"),
    (number(), "٣", "not_a_number"),
    (number(), "²", "not_a_number"),
    (number(), 1e30, "not_a_number"),
    (number(), float("inf"), "not_a_number"),
    (number(), True, "not_a_number"),
    (number(), 10**400, "not_a_number"),
    (number(validate={"required": True}), "", "required"),
    (number(decimalDigits=1), "1.25", "too_many_decimals"),
    (number(increment="0.05"), "1.13", "not_a_step"),
    (number(validate={"min": 3}), 2, "too_small"),
    (number(validate={"max": "=1+2"}), 4, "too_large"),
    ({"type": "checkbox", "key": "x"}, "no", "not_true_or_false"),
    ({"type": "checkbox", "key": "x", "validate": {"required": True}}, False, "required"),
    (choice("radio"), "fax", "not_an_option"),
    (choice("radio"), "4", "not_an_option"),
    (choice("radio"), True, "not_an_option"),
    (choice("radio", values=[1]), True, "not_an_option"),
    (choice("radio", validate={"required": True}), "", "required"),
    (choice("select"), ["letter"], "not_an_option"),
    (choice("checklist"), "letter", "not_a_list"),
    (choice("checklist"), ["letter", "letter"], "not_an_option"),
    (choice("checklist", validate={"required": True}), [], "required"),
    (choice("taglist"), ["letter", "fax"], "not_an_option"),
    (when("date"), "2026-02-29", "not_a_date"),
    (when("date"), "20260131", "not_a_date"),
    (when("date"), "2026-W05-6", "not_a_date"),
    (when("date"), 20260131, "not_a_date"),
    (when("date"), {"day": "31", "month": "11", "year": "2026"}, "not_a_date"),
    (when("date"), {"day": "3", "month": "11", "year": "26"}, "not_a_date"),
    (when("date"), {"day": "3", "month": "", "year": "2026"}, "not_a_date"),
    (when("date"), {"day": "²", "month": "1", "year": "2026"}, "not_a_date"),
    (when("date", validate={"required": True}), {"day": "", "month": "", "year": ""}, "required"),
    (when("date", disallowPassedDates=True), "2026-11-22", "in_the_past"),
    (when("date", properties={"redress.earliest": "2026-11-22"}), "2026-11-21", "too_early"),
    (when("date", properties={"redress.latest": "=today()"}), "2026-11-24", "too_late"),
    (when("date", properties={"redress.earliest": "=now()"}), "2026-11-22", "too_early"),
    (when("datetime", properties={"redress.latest": "=now()"}), "2030-07-01T14:30Z", "too_late"),
    (when("datetime", properties={"redress.latest": "=today()"}), "2026-11-24T00:30", "too_late"),
    (when("time"), "25:00", "not_a_date"),
    (when("time", timeInterval=15), "14:20", "not_on_the_interval"),
    (when("datetime"), "2026-03-29T02:30", "not_a_date"),
    (when("datetime", timeInterval=30), "2026-07-01T14:10Z", "not_on_the_interval"),
    (
        {"type": "textfield", "key": "x", "properties": {"redress.refusedWhen": '=this.x = "no"'}},
        "no",
        "not_taken",
    ),
    ({"type": "number", "key": "x", "properties": {"redress.refusedWhen": "=this.x > 3"}}, 4, "not_taken"),
    ({"type": "filepicker", "key": "x"}, ["stolen"], "file_unknown"),
    ({"type": "filepicker", "key": "x"}, "stolen", "not_a_list"),
    ({"type": "filepicker", "key": "x", "validate": {"required": True}}, [], "required"),
]


@pytest.mark.parametrize(("component", "sent", "kept"), GOOD)
def test_a_good_answer_becomes_a_typed_value(
    build: Build, moment: feel.Moment, component: dict[str, Any], sent: Any, kept: Any
) -> None:
    clean = forms.check(build(component), {"x": sent}, {}, moment=moment).clean

    assert clean == {"x": kept}
    assert type(clean["x"]) is type(kept)


def test_the_first_of_a_doubled_hour_is_meant(build: Build, moment: feel.Moment) -> None:
    boxes = {"day": "25", "month": "10", "year": "2026", "time": "2:30"}

    clean = forms.check(build(when("datetime")), {"x": boxes}, {}, moment=moment).clean

    assert clean["x"].astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(("component", "sent", "code"), BAD)
def test_a_bad_answer_is_refused_by_its_code(
    build: Build, moment: feel.Moment, component: dict[str, Any], sent: Any, code: str
) -> None:
    assert errors_of(build(component), {"x": sent}, moment) == [("x", code)]


@pytest.mark.parametrize("component", [pair[0] for pair in GOOD])
def test_a_blank_optional_field_is_accepted(
    build: Build, moment: feel.Moment, component: dict[str, Any]
) -> None:
    clean = forms.check(build(component), {}, {}, moment=moment).clean

    assert clean["x"] in (None, False, [])


@pytest.mark.parametrize(("component", "sent", "_code"), BAD)
def test_a_bad_answer_in_a_row_is_refused_at_its_row(
    build: Build, moment: feel.Moment, component: dict[str, Any], sent: Any, _code: str
) -> None:
    form = build({"type": "dynamiclist", "path": "rows", "components": [component]})

    found = errors_of(form, {"rows": [{}, {"x": sent}]}, moment)

    assert ("rows.1.x", _code) in found


@pytest.mark.parametrize(("component", "sent", "kept"), GOOD)
def test_a_read_only_value_may_come_back_as_it_was_and_not_otherwise(
    build: Build, moment: feel.Moment, component: dict[str, Any], sent: Any, kept: Any
) -> None:
    form = build({**component, "readonly": True, "validate": {}})

    assert forms.check(form, {"x": sent}, {"x": kept}, moment=moment).clean == {}
    other = "letter" if kept != "letter" else "phone"
    assert errors_of(form, {"x": other}, moment, {"x": kept}) == [("x", "not_writable")]


@pytest.mark.parametrize("component", [pair[0] for pair in GOOD])
def test_a_disabled_field_takes_no_value_at_all(
    build: Build, moment: feel.Moment, component: dict[str, Any]
) -> None:
    assert errors_of(build({**component, "disabled": True}), {"x": None}, moment) == [("x", "not_writable")]


@pytest.mark.parametrize(("component", "sent", "_kept"), GOOD)
def test_a_hidden_field_is_dropped_from_a_page_and_refused_over_rest(
    build: Build, moment: feel.Moment, component: dict[str, Any], sent: Any, _kept: Any
) -> None:
    form = build({**component, "conditional": {"hide": "=secret"}})

    assert forms.check(form, {"x": sent}, {"secret": True}, moment=moment, source="page").clean == {}
    assert errors_of(form, {"x": sent}, moment, {"secret": True}) == [("x", "not_writable")]


def test_a_component_is_hidden_only_if_its_rule_is_exactly_true(build: Build, moment: feel.Moment) -> None:
    form = build({**text(), "conditional": {"hide": "=secret"}})

    assert forms.check(form, {"x": "a"}, {"secret": "yes"}, moment=moment).clean == {"x": "a"}


def test_all_errors_of_all_fields_come_at_once_in_page_order(build: Build, moment: feel.Moment) -> None:
    form = build(
        {"type": "textfield", "key": "name", "validate": {"required": True}},
        {"type": "dynamiclist", "path": "rows", "components": [number(validate={"required": True})]},
        {"type": "number", "key": "sum"},
    )

    sent = {"zzz": 1, "sum": "x", "rows": [{"x": 1}, {"y": 2}]}

    assert errors_of(form, sent, moment) == [
        ("name", "required"),
        ("rows.1.x", "required"),
        ("sum", "not_a_number"),
        ("rows.1.y", "unknown_field"),
        ("zzz", "unknown_field"),
    ]


def test_a_maximum_cannot_be_raised_by_sending_the_read_only_limit_it_reads(
    build: Build, moment: feel.Moment
) -> None:
    form = build(number(validate={"max": "=limit"}), {"type": "number", "key": "limit", "readonly": True})

    found = errors_of(form, {"x": 900, "limit": 1000}, moment, {"limit": 500})

    assert found == [("x", "too_large"), ("limit", "not_writable")]


def test_a_read_only_rule_sees_stored_values_and_plain_answers(build: Build, moment: feel.Moment) -> None:
    form = build({"type": "checkbox", "key": "locked"}, {**text(), "readonly": "=locked"})

    assert forms.check(form, {"locked": False, "x": "new"}, {"x": "old"}, moment=moment).clean["x"] == "new"
    assert errors_of(form, {"locked": True, "x": "new"}, moment, {"x": "old"}) == [("x", "not_writable")]


def test_an_expression_is_computed_here_and_never_accepted(build: Build, moment: feel.Moment) -> None:
    form = build(
        {"type": "number", "key": "price"},
        {"type": "expression", "key": "total", "expression": "=price * rate"},
    )

    clean = forms.check(form, {"price": "2.50"}, {"rate": 2, "total": 99}, moment=moment).clean

    assert clean == {"price": Decimal("2.50"), "total": 5}
    assert errors_of(form, {"price": 1, "total": 7}, moment) == [("total", "not_writable")]


def test_rules_compare_dates_as_dates(build: Build, moment: feel.Moment) -> None:
    form = build(when("date"), {"type": "textfield", "key": "why", "conditional": {"hide": "=x >= today()"}})

    assert forms.check(form, {"x": "2026-11-23"}, {}, moment=moment).clean == {"x": date(2026, 11, 23)}
    assert "why" in forms.check(form, {"x": "2026-11-22"}, {}, moment=moment).clean


def test_rules_see_computed_values_as_they_are_now(build: Build, moment: feel.Moment) -> None:
    form = build(
        number(),
        {"type": "expression", "key": "double", "expression": "=x * 2"},
        {"type": "textfield", "key": "why", "conditional": {"hide": "=double < 10"}},
    )

    assert "why" in forms.check(form, {"x": 5}, {"double": 0}, moment=moment).clean
    assert "why" not in forms.check(form, {"x": 4}, {"double": 99}, moment=moment).clean


def test_what_was_not_sent_keeps_its_stored_value_or_default(build: Build, moment: feel.Moment) -> None:
    form = build(text(validate={"required": True}), {"type": "number", "key": "n", "defaultValue": 3})

    assert forms.check(form, {}, {"x": "old"}, moment=moment).clean == {"x": "old", "n": Decimal(3)}
    assert errors_of(form, {"x": ""}, moment, {"x": "old"}) == [("x", "required")]


def test_a_partial_judgement_looks_only_at_what_was_sent(build: Build, moment: feel.Moment) -> None:
    form = build(
        text(validate={"required": True}), {"type": "number", "key": "n", "validate": {"required": True}}
    )

    assert forms.check(form, {"n": 1}, {}, moment=moment, partial=True).clean == {"n": Decimal(1)}
    assert errors_of(form, {"n": "?"}, moment, partial=True) == [("n", "not_a_number")]


def test_groups_nest_their_answers_and_rows_see_themselves(build: Build, moment: feel.Moment) -> None:
    form = build(
        {"type": "group", "path": "home", "components": [{"type": "textfield", "key": "city"}]},
        {
            "type": "dynamiclist",
            "path": "people",
            "components": [
                {"type": "checkbox", "key": "minor"},
                {"type": "textfield", "key": "guardian", "conditional": {"hide": "=not(this.minor)"}},
                {"type": "expression", "key": "place", "expression": "=i[1]"},
            ],
        },
    )

    people = [{"minor": False}, {"minor": True, "guardian": "Bo"}]
    clean = forms.check(form, {"home": {"city": "Graz"}, "people": people}, {}, moment=moment).clean

    assert clean == {
        "home": {"city": "Graz"},
        "people": [{"minor": False, "place": 1}, {"minor": True, "guardian": "Bo", "place": 2}],
    }
    assert errors_of(form, {"people": [{"guardian": "Bo"}]}, moment) == [
        ("people.0.guardian", "not_writable")
    ]


def test_rows_are_counted_after_empty_ones_at_the_end_are_dropped(build: Build, moment: feel.Moment) -> None:
    own = {"redress.minRows": 1, "redress.maxRows": 2}
    form = build(
        {
            "type": "dynamiclist",
            "path": "rows",
            "properties": own,
            "components": [text(validate={"required": True})],
        }
    )

    page = {"source": "page"}
    assert errors_of(form, {"rows": [{"x": ""}, {"x": " "}]}, moment, **page) == [("rows", "too_few_rows")]
    assert errors_of(form, {"rows": [{"x": "a"}, {"x": ""}]}, moment, **page) == []
    assert errors_of(form, {"rows": [{"x": ""}, {"x": "a"}]}, moment, **page) == [("rows.0.x", "required")]
    assert errors_of(form, {"rows": [{"x": "a"}] * 3}, moment) == [("rows", "too_many_rows")]
    assert errors_of(form, {"rows": {"x": "a"}}, moment) == [("rows", "not_a_list")]
    assert errors_of(form, {"rows": ["a"]}, moment) == [("rows.0", "not_an_object")]


def test_rows_that_cannot_be_added_keep_their_read_only_parts(build: Build, moment: feel.Moment) -> None:
    form = build(
        {
            "type": "dynamiclist",
            "path": "issues",
            "allowAddRemove": False,
            "components": [{"type": "textfield", "key": "title", "readonly": True}, text()],
        }
    )
    stored = {"issues": [{"title": "Late"}, {"title": "Rude"}]}

    found = errors_of(form, {"issues": [{"title": "Late", "x": "a"}, {"title": "Kind"}]}, moment, stored)

    assert found == [("issues.1.title", "not_writable")]
    assert errors_of(form, {"issues": [{}]}, moment, stored) == [("issues", "too_few_rows")]


def test_stored_rows_that_nobody_sent_are_kept_without_complaint(build: Build, moment: feel.Moment) -> None:
    inner = [text(), {"type": "expression", "key": "n", "expression": "=i[1]"}]
    form = build({"type": "dynamiclist", "path": "rows", "components": inner})
    stored = {"rows": [{"x": "a", "n": 1, "older": True}]}

    assert forms.check(form, {}, stored, moment=moment).clean == {"rows": [{"x": "a", "n": 1}]}


def test_options_follow_the_data_of_this_request(build: Build, moment: feel.Moment) -> None:
    form = build(
        {"type": "select", "key": "product", "valuesKey": "products"},
        choice(
            "radio", values=None, valuesExpression='=if product = "loan" then ["rate", "fee"] else ["other"]'
        ),
    )
    stored = {"products": [{"label": "Loan", "value": "loan"}, "card", {"label": "no value"}]}

    sent = {"product": "loan", "x": "fee"}
    assert forms.check(form, sent, stored, moment=moment).clean == sent
    assert errors_of(form, {"product": "card", "x": "fee"}, moment, stored) == [("x", "not_an_option")]


def test_personal_answers_are_named_and_kept_apart(build: Build, moment: feel.Moment) -> None:
    form = build(
        {"type": "textfield", "key": "name", "properties": {"redress.sensitivity": "personal"}},
        {
            "type": "group",
            "path": "needs",
            "properties": {"redress.sensitivity": "special"},
            "components": [{"type": "textfield", "key": "health"}],
        },
        {
            "type": "dynamiclist",
            "path": "rows",
            "components": [
                text(properties={"redress.sensitivity": "personal"}),
                {"type": "number", "key": "n"},
            ],
        },
        {"type": "textfield", "key": "product"},
    )
    sent = {"name": "Ann", "needs": {"health": "deaf"}, "rows": [{"x": "Bo", "n": 1}], "product": "loan"}

    checked = forms.check(form, sent, {}, moment=moment)

    assert checked.personal == ("name", "rows.0.x")
    assert checked.special == ("needs.health",)
    assert checked.variables == {"needs": {}, "rows": [{"n": Decimal(1)}], "product": "loan"}
    assert checked.sensitive == {"name": "Ann", "rows.0.x": "Bo", "needs.health": "deaf"}


class Shelf:
    """The documents of one person."""

    def __init__(self, *documents: Document) -> None:
        self.documents = {document.key: document for document in documents}

    def find(self, key: str) -> Document | None:
        return self.documents.get(key)


def test_files_are_the_persons_own_of_the_right_kind_and_number(build: Build, moment: feel.Moment) -> None:
    form = build(
        {
            "type": "filepicker",
            "key": "x",
            "multiple": True,
            "accept": ".pdf,image/*",
            "properties": {"redress.maxRows": 2},
        }
    )
    shelf = Shelf(
        Document("a", "a.pdf", 10, "application/pdf", "clean"),
        Document("b", "b.png", 10, "image/png"),
        Document("c", "c.txt", 10, "text/plain"),
        Document("d", "d.pdf", 0, "application/pdf"),
        Document("e", "e.pdf", 10, "application/pdf", "infected"),
    )

    assert forms.check(form, {"x": ["a", "b", "a"]}, {}, moment=moment, documents=shelf).clean == {
        "x": ["a", "b"]
    }
    for keys, code in (
        (["c"], "file_wrong_kind"),
        (["d"], "file_empty"),
        (["e"], "file_infected"),
        (["z"], "file_unknown"),
    ):
        assert errors_of(form, {"x": keys}, moment, documents=shelf) == [("x", code)]
    assert ("x", "file_too_many") in errors_of(form, {"x": ["a", "b", "c"]}, moment, documents=shelf)


def test_a_file_kept_earlier_needs_no_shelf(build: Build, moment: feel.Moment) -> None:
    form = build({"type": "filepicker", "key": "x"})

    assert forms.check(form, {"x": ["kept"]}, {"x": ["kept"]}, moment=moment).clean == {"x": ["kept"]}


def test_a_step_is_judged_alone_but_against_all_answers(build: Build, moment: feel.Moment) -> None:
    form = build(
        {
            "type": "group",
            "path": "",
            "id": "one",
            "label": "One",
            "properties": {"redress.step": "true"},
            "components": [text(validate={"required": True})],
        },
        {
            "type": "group",
            "id": "two",
            "label": "Two",
            "properties": {"redress.step": "true"},
            "components": [
                {
                    "type": "textfield",
                    "key": "y",
                    "validate": {"required": True},
                    "conditional": {"hide": '=x = "skip"'},
                }
            ],
        },
    )

    assert [e.path for e in forms.check_step(form, "one", {}, {}, moment=moment)] == ["x"]
    assert [e.path for e in forms.check_step(form, "two", {"x": "go"}, {}, moment=moment)] == ["y"]
    assert forms.check_step(form, "two", {"x": "skip"}, {}, moment=moment) == ()


PRIVILEGED = st.one_of(
    st.sampled_from(
        [
            "limit",
            "off",
            "sum",
            "hidden",
            "role",
            "approved_amount",
            "typename",
            "__proto__",
            "constructor",
            "_schema",
            "this",
        ]
    ),
    st.text(max_size=12).filter(lambda name: name not in ("name", "rows", "inside")),
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@pytest.fixture
def guarded(build: Build) -> forms.Form:
    """A form with one part of every kind of guard."""
    return build(
        {"type": "textfield", "key": "name"},
        {"type": "number", "key": "limit", "readonly": True},
        {"type": "number", "key": "off", "disabled": True},
        {"type": "expression", "key": "sum", "expression": "=limit"},
        {"type": "textfield", "key": "hidden", "conditional": {"hide": "=true"}},
        {"type": "group", "path": "inside", "components": [{"type": "checkbox", "key": "x"}]},
        {
            "type": "dynamiclist",
            "path": "rows",
            "components": [when("date", key="d"), choice("checklist", key="c")],
        },
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=PRIVILEGED, value=st.integers(1, 9) | st.text(min_size=1) | st.booleans())
def test_no_extra_hidden_read_only_or_reserved_key_gets_through(
    guarded: forms.Form, moment: feel.Moment, name: str, value: Any
) -> None:
    stored = {"limit": 100, "off": 1}

    with pytest.raises(forms.FormInvalid) as refused:
        forms.check(guarded, {"name": "Ann", name: value}, stored, moment=moment)

    assert {error.code for error in refused.value.errors} <= {"unknown_field", "not_writable"}
    assert stored == {"limit": 100, "off": 1}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sent=st.dictionaries(
        st.sampled_from(["name", "limit", "inside", "rows", "sum", "hidden", "zz"]), ANY_JSON
    )
    | st.fixed_dictionaries(
        {"rows": st.lists(st.fixed_dictionaries({}, optional={"d": ANY_JSON, "c": ANY_JSON}))}
    ),
    page=st.booleans(),
)
def test_any_json_is_judged_or_refused_and_nothing_else(
    guarded: forms.Form, moment: feel.Moment, sent: dict[str, Any], page: bool
) -> None:
    try:
        clean = forms.check(guarded, sent, {}, moment=moment, source="page" if page else "rest").clean
    except forms.FormInvalid:
        return
    assert set(clean) <= {"name", "inside", "rows", "sum"}
