"""Forms as pages: what is printed, what is decoded, and that the two agree; through a real Flask app."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string, request
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from api.web import forms as pages
from api.web.forms.posted import token as option_token
from engine import feel, forms
from engine.forms import Document

MOMENT = feel.Moment(datetime(2026, 11, 23, 10, tzinfo=UTC), "Europe/Berlin")
STORED = {
    "caller": "<b>Ann</b>",
    "limit": 5000,
    "products": [{"label": "Loan", "value": "loan"}, {"label": "Card", "value": "card"}],
    "earlier": [{"ref": "R-1", "on": date(2026, 1, 2)}, {"ref": "R-2", "on": date(2026, 2, 3)}],
    "letters": ["doc-1"],
}
LAYOUT = (
    '{% import "forms/form.html" as forms %}<main>{{ forms.error_summary(page) }}'
    '<h1>Complain</h1>{{ forms.form(page, action="/", csrf_token="token", back=true, save=true) }}</main>'
)


class Shelf:
    """An upload store of one person that refuses what is too large."""

    def __init__(self) -> None:
        self.documents = {"doc-1": Document("doc-1", "letter.pdf", 1_234_567, "application/pdf", "clean")}

    def find(self, key: str) -> Document | None:
        return self.documents.get(key)

    def keep(self, path: str, file: pages.UploadedFile) -> Document:
        data = file.stream.read()
        if len(data) > 100:
            raise pages.FileRefused(
                "file_too_large", name=file.filename, size=len(data) * 100_000, limit=10_000_000
            )
        document = Document(
            f"doc-{len(self.documents) + 1}", file.filename or "", len(data), "application/pdf"
        )
        self.documents[document.key] = document
        return document


@pytest.fixture
def form() -> forms.Form:
    return forms.read(Path(__file__).with_name("sample.form").read_bytes(), name="sample.form")


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def client(form: forms.Form, shelf: Shelf) -> FlaskClient:
    """A page that shows the form, decodes it, judges it, and answers with the clean data."""
    app = Flask(__name__)
    pages.init_forms(app)
    app.config["LAST"] = None

    def show(answers: dict[str, Any], errors: Any = (), **more: Any) -> str:
        seen = forms.view(
            form, answers, STORED, moment=MOMENT, errors=errors, documents=shelf, show=pages.show
        )
        page = pages.form_page(seen, public=True, document_url=lambda one: f"/documents/{one.key}", **more)
        return render_template_string(LAYOUT, page=page)

    @app.get("/")
    def blank() -> str:
        return show({})

    @app.post("/")
    def judge() -> Any:
        said = pages.decode(form, request.form, {}, STORED, moment=MOMENT, files=request.files, uploads=shelf)
        app.config["LAST"] = said
        if not said.action.judges:
            return show(said.answers, live=said.status, focus=said.focus)
        try:
            checked = forms.check(form, said.answers, STORED, moment=MOMENT, source="page", documents=shelf)
        except forms.FormInvalid as refused:
            return show(said.answers, (*said.errors, *refused.errors)), 422
        if said.errors:
            return show(said.answers, said.errors), 422
        app.config["LAST"] = checked
        return "accepted"

    return app.test_client()


class Reader(HTMLParser):
    """Collects elements with their attributes, in order, and refuses what a page must not have."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = text
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def with_id(self, element_id: str) -> dict[str, str]:
        (found,) = [attributes for _, attributes in self.elements if attributes.get("id") == element_id]
        return found

    def posted(self) -> MultiDict[str, str]:
        """Return what a browser would post if the main button were pressed now."""
        sent: MultiDict[str, str] = MultiDict()
        for tag, attributes in self.elements:
            name = attributes.get("name")
            kind = attributes.get("type", "text")
            if tag == "input" and name and kind in ("text", "email", "tel", "hidden"):
                sent.add(name, attributes.get("value", ""))
            elif tag == "input" and name and kind in ("radio", "checkbox") and "checked" in attributes:
                sent.add(name, attributes["value"])
        sent["_do"] = "continue"
        return sent


def fill(sent: MultiDict[str, str], values: dict[str, str]) -> None:
    """Type over what stands there; ``MultiDict.update`` would add to it."""
    for name, value in values.items():
        sent[name] = value


def good(page: Reader) -> MultiDict[str, str]:
    """Return the page filled in well."""
    sent = page.posted()
    radios = [one["value"] for one in page.all("input") if one.get("name") == "channel"]
    sent.setlist("channel", [radios[1]])
    fill(
        sent,
        {
            "name": "Ann Lee",
            "email": "ann@example.org",
            "story": "It broke.\r\nTwice.",
            "cost": "1,234.50",
            "callback": "yes",
            "phone": "030 1234567",
            "product": "1",
            "born-day": "29",
            "born-month": "Feb",
            "born-year": "1996",
            "at": "2:30 pm",
            "moment-day": "1",
            "moment-month": "7",
            "moment-year": "2026",
            "moment-time": "9.05",
            "helper.name": "Bo",
            "witnesses.0.wname": "Cy",
            "witnesses.0.saw": "yes",
        },
    )
    sent.setlist("topics", ["0", "1"])
    sent.setlist("tags", ["2"])
    return sent


@pytest.fixture
def page(client: FlaskClient) -> Reader:
    return Reader(client.get("/").text)


def test_a_form_filled_in_well_comes_back_as_typed_data(client: FlaskClient, page: Reader) -> None:
    answer = client.post("/", data=good(page))

    assert answer.text == "accepted"
    clean = client.application.config["LAST"].clean
    berlin_summer = datetime(2026, 7, 1, 7, 5, tzinfo=UTC)
    assert clean.pop("moment") == berlin_summer
    assert clean == {
        "name": "Ann Lee",
        "email": "ann@example.org",
        "story": "It broke.\nTwice.",
        "cost": Decimal("1234.50"),
        "callback": True,
        "phone": "030 1234567",
        "channel": {"code": "phone", "fast": True},
        "product": "card",
        "topics": ["fees", "delay"],
        "tags": ["3"],
        "born": date(1996, 2, 29),
        "at": time(14, 30),
        "files": [],
        "helper": {"name": "Bo"},
        "witnesses": [{"wname": "Cy", "saw": True}],
        "double": 2469,
    }


def test_every_control_has_a_label_and_every_reference_leads_somewhere(
    client: FlaskClient, page: Reader
) -> None:
    refused = Reader(client.post("/", data={"_do": "continue"}).text)

    for read in (page, refused):
        ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        labelled = {attributes["for"] for attributes in read.all("label")}
        assert labelled <= set(ids)
        for tag in ("input", "textarea", "select"):
            for attributes in read.all(tag):
                assert attributes.get("type") == "hidden" or attributes["id"] in labelled
        for _, attributes in read.elements:
            for name in ("aria-describedby", "aria-labelledby"):
                assert set(attributes.get(name, "").split()) <= set(ids)
        for attributes in read.all("a"):
            if attributes["href"].startswith("#"):
                assert attributes["href"][1:] in ids


def test_nothing_inline_and_nothing_the_browser_would_judge(page: Reader) -> None:
    for tag, attributes in page.elements:
        assert tag not in ("script", "style")
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        assert not {"required", "maxlength", "placeholder", "pattern"} & set(attributes)
        assert attributes.get("type") not in ("number", "date", "time")
    (element,) = page.all("form")
    assert "novalidate" in element
    assert element["enctype"] == "multipart/form-data"


def test_the_hint_comes_before_the_error_and_both_describe_the_control(client: FlaskClient) -> None:
    text = client.post("/", data={"_do": "continue"}).text

    control = Reader(text).with_id("f-name")
    assert control["aria-describedby"] == "f-name--hint f-name--error"
    assert control["aria-invalid"] == "true"
    assert text.index('id="f-name--hint"') < text.index('id="f-name--error"') < text.index('id="f-name"')
    assert '<span class="visually-hidden">Error:</span> Enter your name' in text


def test_the_summary_stands_first_and_leads_to_each_control_in_page_order(
    client: FlaskClient, page: Reader
) -> None:
    sent = good(page)
    fill(sent, {"name": "", "cost": "9,000", "born-day": "31", "born-month": "11", "witnesses-rows": "2"})
    fill(sent, {"witnesses.1.saw": "yes", "moment-year": "", "at": "14:20"})
    del sent["channel"]

    answer = client.post("/", data=sent)
    read = Reader(answer.text)

    assert answer.status_code == 422
    assert answer.text.index("<main>") + len("<main>") == answer.text.index('\n<div class="rd-error-summary')
    summary = read.with_id("error-summary")
    assert (summary["tabindex"], summary["role"], "autofocus" in summary) == ("-1", "alert", True)
    links = [one["href"] for one in read.all("a") if one["href"].startswith("#")]
    assert links == [
        "#f-name",
        "#f-cost",
        "#f-channel--0",
        "#f-born--day",
        "#f-at",
        "#f-moment--year",
        "#f-witnesses-1-wname",
    ]
    for words in (
        "Enter your name",
        "Cost must be 5,000 or less",
        "Select how we may contact you",
        "Day 31 does not exist in November",
        "Best time must be at a full step of 15 minutes",
        "Add the year to when it happened",
        "Witness 2: Enter name of the witness",
    ):
        assert f">{words}</a>" in answer.text


def test_everything_typed_stays_wrong_values_too(client: FlaskClient, page: Reader) -> None:
    sent = good(page)
    fill(sent, {"cost": "twelve", "born-day": "31", "email": "<ann>", "name": ""})

    again = Reader(client.post("/", data=sent).text)

    values = {one.get("name"): one.get("value") for one in again.all("input") if one.get("type") == "text"}
    assert values["cost"] == "twelve"
    assert (values["born-day"], values["born-month"], values["born-year"]) == ("31", "2", "1996")
    assert again.with_id("f-email")["value"] == "<ann>"
    assert "checked" in again.with_id("f-channel--1")
    assert "selected" in [one for one in again.all("option") if one["value"].startswith("1-")][0]
    assert again.with_id("f-born--day")["aria-invalid"] == "true"
    assert "aria-invalid" not in again.with_id("f-born--year")


def test_a_field_that_became_visible_is_asked_for(client: FlaskClient, page: Reader) -> None:
    sent = good(page)
    del sent["phone"]

    again = client.post("/", data=sent)

    assert again.status_code == 422
    assert "Enter a phone number" in again.text or "Enter phone" in again.text
    assert Reader(again.text).with_id("f-phone")


def test_rows_come_and_go_by_buttons_without_judgement(client: FlaskClient, page: Reader) -> None:
    sent = good(page)
    sent["_do"] = "add:witnesses"
    sent["name"] = ""
    more = client.post("/", data=sent)
    read = Reader(more.text)

    assert more.status_code == 200
    assert "error-summary" not in more.text
    assert "autofocus" in read.with_id("f-witnesses-1")
    assert "Witness 2 added" in more.text
    assert read.with_id("f-witnesses-0-wname")["value"] == "Cy"

    sent = read.posted()
    sent["witnesses.1.wname"] = "Di"
    sent["_do"] = "remove:witnesses:0"
    fewer = client.post("/", data=sent)
    read = Reader(fewer.text)

    assert "Witness 1 removed" in fewer.text
    assert read.with_id("f-witnesses-0-wname")["value"] == "Di"
    assert "autofocus" in read.with_id("f-witnesses")


@pytest.mark.parametrize(
    "name", ["approved_amount", "witnesses.0.role", "witnesses.999999999.wname", "helper.x", "_x", "²"]
)
def test_a_name_the_page_does_not_have_is_refused(client: FlaskClient, page: Reader, name: str) -> None:
    sent = good(page)
    sent[name] = "1"

    assert client.post("/", data=sent).status_code == 422
    said = client.application.config["LAST"]
    assert said.is_forged
    assert [(error.path, error.code) for error in said.errors] == [(name, "unknown_field")]
    assert name.split(".")[-1] not in said.answers


@pytest.mark.parametrize("name", ["limit", "team", "double"])
def test_a_read_only_or_computed_value_cannot_be_posted(client: FlaskClient, page: Reader, name: str) -> None:
    sent = good(page)
    sent[name] = "999"

    assert client.post("/", data=sent).status_code == 422
    said = client.application.config["LAST"]
    assert [(error.path, error.code) for error in said.errors] == [(name, "not_writable")]
    assert name not in said.answers


def test_a_field_locked_by_an_answer_of_its_own_page_does_not_trap_the_person() -> None:
    form = forms.read(
        {
            "type": "default",
            "id": "trap",
            "components": [
                {"type": "textfield", "id": "a", "key": "a", "label": "A"},
                {"type": "textfield", "id": "b", "key": "b", "label": "B", "readonly": '=a = "x"'},
                {"type": "checkbox", "id": "c", "key": "c", "label": "C", "readonly": '=a = "x"'},
                {
                    "type": "radio",
                    "id": "d",
                    "key": "d",
                    "label": "D",
                    "values": ["p"],
                    "readonly": '=a = "x"',
                },
            ],
        }
    )
    stored = {"b": "old", "c": True, "d": "p"}

    first = pages.decode(
        form, MultiDict({"a": "x", "b": "new", "c": "yes", "d": "0"}), {}, stored, moment=MOMENT
    )
    with pytest.raises(forms.FormInvalid) as refused:
        forms.check(form, first.answers, stored, moment=MOMENT, source="page")
    again = pages.decode(form, MultiDict({"a": "x"}), {}, stored, moment=MOMENT)

    assert [(error.path, error.code) for error in refused.value.errors] == [("b", "not_writable")]
    assert again.answers == {"a": "x"}
    assert forms.check(form, again.answers, stored, moment=MOMENT, source="page").clean == {"a": "x"}


def test_what_was_not_on_the_page_keeps_its_draft(form: forms.Form) -> None:
    draft = {
        "phone": "030 1234567",
        "born": {"day": "1", "month": "2", "year": "1990"},
        "witnesses": [{"wname": "Cy"}],
    }

    said = pages.decode(form, MultiDict({"name": "Ann"}), draft, STORED, moment=MOMENT)

    assert {name: said.answers[name] for name in draft} == draft


def test_rows_are_capped_before_they_are_made(form: forms.Form) -> None:
    sent = MultiDict({"witnesses-rows": "9999", "witnesses.5000.wname": "x"})

    said = pages.decode(form, sent, {}, STORED, moment=MOMENT)

    assert len(said.answers["witnesses"]) == 51
    with pytest.raises(forms.FormInvalid) as refused:
        forms.check(form, said.answers, STORED, moment=MOMENT, source="page")
    assert "witnesses.50.wname" not in [error.path for error in refused.value.errors]


def test_an_option_that_changed_in_between_must_be_selected_again(form: forms.Form) -> None:
    token = option_token(1, "card")
    other = {
        **STORED,
        "products": [{"label": "Card", "value": "card"}, {"label": "Mortgage", "value": "mortgage"}],
    }

    said = pages.decode(form, MultiDict({"product": token}), {}, other, moment=MOMENT)

    assert said.answers["product"] == {"typed": token}
    seen = forms.view(form, said.answers, other, moment=MOMENT)
    error = forms.FieldError("product", "not_an_option")
    node = next(node for node in seen.nodes if node.path == "product")
    assert pages.error_text(error, node) == "Select product again: what can be chosen has changed"
    asked = replace(node, label="Which product is it?")
    assert pages.error_text(error, asked) == (
        "Answer “Which product is it?” again: what can be chosen has changed"
    )


def test_files_are_kept_over_a_refused_page_and_can_be_removed(client: FlaskClient, page: Reader) -> None:
    sent: dict[str, Any] = {name: good(page).getlist(name) for name in good(page)}
    sent["name"] = ""
    sent["files-upload"] = [(io.BytesIO(b"%PDF"), "evidence.pdf"), (io.BytesIO(b"x" * 200), "huge.pdf")]

    refused = client.post("/", data=sent, content_type="multipart/form-data")

    assert refused.status_code == 422
    assert "evidence.pdf" in refused.text
    assert "being checked" in refused.text
    assert "“huge.pdf” is 20 MB; it must be 10 MB or smaller" in refused.text
    again = Reader(refused.text).posted()
    assert again.getlist("files") == ["doc-2"]
    again["_do"] = "remove-file:files:doc-2"
    assert "evidence.pdf" not in client.post("/", data=again).text


def test_texts_and_blocks_are_printed_with_escaped_values(client: FlaskClient) -> None:
    text = client.get("/").text

    assert "<h2>Welcome &lt;b&gt;Ann&lt;/b&gt;</h2>" in text
    assert "<p>We keep <strong></strong> private.</p>" in text
    assert "Earlier complaints (page 1 of 2)" in text
    assert "2 January 2026" in text
    assert '<a href="/documents/doc-1">letter.pdf</a>' in text
    assert "PDF, 1.2 MB" in text
    assert '<img class="rd-image img-fluid" id="f-i26" src="/static/map.png" alt="Where we are">' in text
    assert text.count("(optional)") > 5
    assert "Send complaint" in text
    assert "0 of 2,000 characters" in text
    assert '<dd><span class="rd-answer-text">5000</span>' in text
    assert "Why we ask this" in text


def test_autocomplete_is_for_the_person_whose_data_these_are(page: Reader) -> None:
    assert page.with_id("f-name")["autocomplete"] == "name"
    assert page.with_id("f-email")["autocomplete"] == "email"
    assert page.with_id("f-born--year")["autocomplete"] == "bday-year"
    assert page.with_id("f-helper-name")["autocomplete"] == "off"


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'onfocus='alert(1)",
    "{{ 7*7 }}",
    "</textarea><b>",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_only_words_in_every_place(client: FlaskClient, page: Reader, words: str) -> None:
    sent = good(page)
    for name in (
        "name",
        "email",
        "story",
        "cost",
        "phone",
        "at",
        "born-day",
        "helper.name",
        "witnesses.0.wname",
    ):
        sent[name] = words
    sent["channel"] = words

    read = Reader(client.post("/", data=sent).text)

    plain = Reader(client.post("/", data={**sent, **dict.fromkeys(sent, "x"), "_do": "continue"}).text)
    assert {tag for tag, _ in read.elements} <= {tag for tag, _ in plain.elements} | {"h2", "dl", "img"}
    assert len(read.all("img")) == 1
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]


SHIPPED = sorted((Path(__file__).parents[3] / "forms").glob("*.form"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_form_is_read_without_findings_and_printed_blank_and_refused(path: Path) -> None:
    form = forms.read(path.read_bytes(), name=path.name)
    app = Flask(__name__)
    pages.init_forms(app)

    assert form.findings == ()
    for step in [step.id for step in form.steps] or [None]:
        errors: Any = ()
        if step is not None:
            errors = forms.check_step(form, step, {}, {}, moment=MOMENT)
        else:
            try:
                forms.check(form, {}, {}, moment=MOMENT)
            except forms.FormInvalid as refused:
                errors = refused.errors
        seen = forms.view(form, {}, {}, moment=MOMENT, step=step, errors=errors, show=pages.show)
        with app.test_request_context():
            read = Reader(render_template_string(LAYOUT, page=pages.form_page(seen)))
        ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        assert len(read.all("li")) >= len({error.path for error in errors})


@pytest.fixture
def stepped() -> Iterator[forms.Form]:
    def step(name: str, key: str, **more: Any) -> dict[str, Any]:
        inner = [
            {
                "type": "textfield",
                "id": f"{name}-{key}",
                "key": key,
                "label": key.title(),
                "validate": {"required": True},
            }
        ]
        return {
            "type": "group",
            "id": name,
            "label": name.title(),
            "properties": {"redress.step": True},
            "components": inner,
            **more,
        }

    yield forms.read(
        {
            "type": "default",
            "id": "steps",
            "components": [
                step("one", "a"),
                step("two", "b", conditional={"hide": '=a = "skip"'}),
                step("three", "c", description="Last one"),
            ],
        }
    )


def test_hidden_steps_vanish_from_count_and_order(stepped: forms.Form) -> None:
    shown = pages.visible_steps(stepped, {"a": "skip"}, {}, moment=MOMENT)

    assert [step.id for step in shown] == ["one", "three"]
    assert pages.neighbours(shown, "three") == ("one", 2, None)
    with pytest.raises(KeyError):
        pages.neighbours(shown, "two")


def test_skipping_ahead_meets_the_first_unanswered_step(stepped: forms.Form) -> None:
    assert pages.first_unanswered(stepped, {"c": "x"}, {}, moment=MOMENT) == "one"
    assert pages.first_unanswered(stepped, {"a": "x", "c": "x"}, {}, moment=MOMENT) == "two"
    assert pages.first_unanswered(stepped, {"a": "skip", "c": "x"}, {}, moment=MOMENT) is None


def test_a_step_page_is_headed_by_its_group_and_keeps_other_answers(stepped: forms.Form) -> None:
    said = pages.decode(
        stepped, MultiDict({"c": "new", "_do": "continue"}), {"a": "x"}, {}, moment=MOMENT, step="three"
    )
    page = pages.form_page(forms.view(stepped, said.answers, {}, moment=MOMENT, step="three"))

    assert said.answers == {"a": "x", "c": "new"}
    assert (page.title, page.intro, page.submit) == ("Three", "Last one", "Continue")
    assert [control.name for line in page.lines for control in line] == ["c"]


def test_answers_of_other_steps_cannot_be_posted_here(stepped: forms.Form) -> None:
    said = pages.decode(stepped, MultiDict({"c": "x", "a": "y"}), {}, {}, moment=MOMENT, step="three")

    assert said.is_forged
    assert "a" not in said.answers


def test_errors_of_earlier_steps_lead_there(stepped: forms.Form) -> None:
    with pytest.raises(forms.FormInvalid) as refused:
        forms.check(stepped, {"c": "x"}, {}, moment=MOMENT, source="page")
    seen = forms.view(stepped, {"c": "x"}, {}, moment=MOMENT, step="three", errors=refused.value.errors)
    page = pages.form_page(seen, step_href=lambda step: f"/complain/{step}")

    assert [line.href for line in page.errors] == ["/complain/one", "/complain/two"]
    assert pages.step_of(stepped, "b") == "two"


def test_the_answers_to_check_are_listed_step_by_step(form: forms.Form, stepped: forms.Form) -> None:
    steps = pages.answered_steps(stepped, {"a": "skip"}, {}, moment=MOMENT)
    assert [(step.step_id, step.title, [(one.label, one.text) for one in step.lines]) for step in steps] == [
        ("one", "One", [("A", "skip")]),
        ("three", "Three", [("C", "")]),
    ]

    answers = {
        "cost": "12345.5",
        "channel": {"code": "phone", "fast": True},
        "callback": True,
        "topics": ["fees", "delay"],
    }
    answers |= {"born": {"day": "1", "month": "2", "year": "1990"}, "witnesses": [{"wname": "Cy"}]}
    pages_of_it = pages.answered_steps(form, answers, STORED, moment=MOMENT)
    said = {line.label: line.text for page in pages_of_it for line in page.lines}
    assert said["Cost"] == "EUR 12,345.5"
    assert said["How may we contact you?"] == "By phone"
    assert said["Call me back"] == "Yes"
    assert said["Topics"] == "Fees, Delay"
    assert said["Date of birth"] == "1 February 1990"
    assert said["Witness 1: Name of the witness"] == "Cy"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1,234.5", "1234.5"),
        ("1234", "1234"),
        ("1 234", "1234"),
        ("-3", "-3"),
        ("1,23", None),
        ("1,,234", None),
        ("5.", None),
    ],
)
def test_numbers_follow_the_marks_of_the_language(typed: str, number: str | None) -> None:
    assert pages.ENGLISH.number(typed) == number


def test_only_one_place_makes_trusted_html() -> None:
    sources = Path(pages.__file__).parent
    python = [path.name for path in sources.glob("*.py") if "Markup(" in path.read_text()]
    templates = [
        path.name
        for path in sources.rglob("*.html")
        if "|safe" in path.read_text() or "| safe" in path.read_text()
    ]

    assert (python, templates) == (["markdown.py"], [])
