"""Reading models: versions, refusals with element ids, hostile XML, what Camunda's modeller writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import dmn
from engine.dmn.check import findings_about
from engine.dmn.read import NAMESPACES
from tests.engine.dmn.conftest import MOMENT, decision, definitions, input_data, literal, table


def refused(body: str | bytes) -> list[tuple[str, str | None]]:
    data = body if isinstance(body, bytes) else definitions(body)
    with pytest.raises(dmn.ModelRefused) as error:
        dmn.read(data, name="some.dmn")
    assert all(finding.file == "some.dmn" for finding in error.value.findings)
    return [(finding.code, finding.element_id) for finding in error.value.findings]


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_version_is_read(namespace):
    model = dmn.read(definitions(decision("d", literal("1 + 1")), version=namespace))

    assert dmn.decide(model, "d", {}, moment=MOMENT).required() == 2


def test_another_namespace_is_refused():
    assert refused(definitions("", version="urn:other")) == [("not_dmn", "defs")]
    assert refused(b"<bpmn/>") == [("not_dmn", None)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"no xml", "not_xml"),
        (b"", "not_xml"),
        (b"<a" + b">" * 3, "not_xml"),
        (b" " * (4 << 20) + b"<a/>", "too_large"),
        (b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "has_doctype"),
        (b"<!DOCTYPE a><a/>", "has_doctype"),
        (b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a/>", "has_doctype"),
        (b"<a>" * 100_000, "not_xml"),
        (b"<a xmlns:b='c'>\x00</a>", "not_xml"),
    ],
)
def test_hostile_bytes_are_refused(data, code):
    assert [found for found, _ in refused(data)] == [code]


def test_entities_are_never_expanded():
    laughs = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    assert refused((laughs + "<d>&b;</d>").encode())[0][0] == "has_doctype"


def test_all_findings_come_at_once_with_their_elements():
    body = (
        decision("a", literal("1 +"))
        + decision("b", literal("1"), "d#nowhere")
        + decision("c", literal("1"), "d#c")
    )
    body += '<decision id="j" name="j"><literalExpression id="l" expressionLanguage="urn:java"><text>1</text>'
    body += "</literalExpression></decision><import name='x' namespace='urn:x' importType='urn:pmml'/>"

    assert sorted(refused(body), key=str) == [
        ("expression_language", "l"),
        ("import_type", None),
        ("requirement_cycle", "c"),
        ("unresolved_reference", "b"),
    ]


def test_feel_that_cannot_be_read_is_shown_with_a_caret():
    rules = [("> 1", '"x"'), ("> > 2", '"y"')]
    with pytest.raises(dmn.ModelRefused) as error:
        dmn.read(definitions(decision("t", table("UNIQUE", ["1"], ["o"], rules))))

    (finding,) = error.value.findings
    assert (finding.code, finding.element_id) == ("syntax", "r2")
    assert "line 1, column 3" in finding.message
    assert finding.message.endswith("> > 2\n  ^")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            decision("a", literal("1"), "d#b") + decision("b", literal("1"), "d#a"),
            [("requirement_cycle", "a")],
        ),
        (decision("a", literal("1"), type_ref="tNone"), [("unknown_type", "a")]),
        (decision("a", literal("1"), "i#b") + decision("b", ""), [("unresolved_reference", "a")]),
        (decision("a", literal("1"), "durn:elsewhere#a"), [("unresolved_reference", "a")]),
        (
            decision("a", literal("1")) + decision("a", literal("1")),
            [("double_id", "a"), ("double_name", "a")],
        ),
        ("<itemDefinition id='i' name='t'><typeRef>t</typeRef></itemDefinition>", [("type_cycle", "i")]),
        (
            "<itemDefinition id='i' name='t'><typeRef>string</typeRef><allowedValues id='v'><text>1 +</text></allowedValues>"
            "</itemDefinition>",
            [("syntax", "v")],
        ),
        (decision("a", table("BEST", ["1"], ["o"], [])), [("hit_policy", "table")]),
        (
            decision("a", table("COLLECT", ["1"], ["o", "p"], [], aggregation="SUM")),
            [("aggregation", "table")],
        ),
        (decision("a", table("UNIQUE", ["1"], ["o"], [("-",)])), [("rule_shape", "r1")]),
        (
            "<businessKnowledgeModel id='k' name='k'><encapsulatedLogic id='e' kind='Java'/></businessKnowledgeModel>",
            [("external_function", "e")],
        ),
    ],
)
def test_refusals(body, expected):
    assert refused(body) == expected


def test_a_type_may_hold_itself_in_a_component():
    tree = '<itemDefinition name="tTree"><itemComponent name="children" isCollection="true"><typeRef>tTree</typeRef>'
    tree += "</itemComponent></itemDefinition>"
    body = tree + input_data("t", "tTree") + decision("d", literal("count(t.children)"), "i#t")

    model = dmn.read(definitions(body))

    assert dmn.decide(model, "d", {"t": {"children": [{"children": []}]}}, moment=MOMENT).required() == 1
    assert dmn.decide(model, "d", {"t": {"children": [{"kids": []}]}}, moment=MOMENT).value is None


def test_what_is_not_logic_is_skipped():
    body = "<extensionElements><a xmlns='urn:x'><decision id='a'/></a></extensionElements><description>words</description>"
    body += "<knowledgeSource id='s' name='law'/><textAnnotation id='n'><text>1 +</text></textAnnotation>"
    body += "<association id='as'/><dmndi:DMNDI xmlns:dmndi='urn:di'><dmndi:x id='a'/></dmndi:DMNDI>"

    model = dmn.read(definitions(body + decision("a", literal("1"))))

    assert list(model.decisions) == ["a"]


def test_a_file_of_camundas_modeller(tmp_path: Path):
    model = dmn.read((Path(__file__).parent / "camunda.dmn").read_bytes(), name="camunda.dmn")

    assert (model.id, model.decisions["dish"].version_tag, model.decisions["dish"].kind) == (
        "dish-definitions",
        "2026-11",
        "decision table",
    )
    decided = dmn.decide(model, "dish", {"season": "Winter", "guests": 12}, moment=MOMENT)
    assert decided.required() == {"dish": "Stew", "pots": 2}
    assert [told.decision_id for told in decided.trace] == ["pots", "dish"]


def test_feel_in_a_model_with_imports_is_judged_when_they_are_known():
    other, _ = dmn.draft(definitions(decision("a b", literal("1")), namespace="urn:other"))
    importing = (
        "<import name='o' namespace='urn:other' importType='https://www.omg.org/spec/DMN/20230324/MODEL/'/>"
    )
    model = dmn.read(definitions(importing + decision("d", literal("o.a b + 1"), "durn:other#a b")))
    broken = dmn.read(definitions(importing + decision("d", literal("o.a b +"), "durn:other#a b")))

    assert findings_about(model, [other]) == ()
    assert [finding.code for finding in findings_about(broken, [other])] == ["syntax"]
    assert dmn.decide(model, "d", {}, moment=MOMENT, imports=[other]).required() == 2


def test_asking_for_what_is_not_there():
    model = dmn.read(definitions(decision("d", literal("1"))))

    with pytest.raises(dmn.DecisionNotFound):
        dmn.decide(model, "e", {}, moment=MOMENT)
    importing = (
        "<import name='o' namespace='urn:o' importType='https://www.omg.org/spec/DMN/20230324/MODEL/'/>"
    )
    with pytest.raises(dmn.ImportMissing):
        dmn.decide(dmn.read(definitions(importing + decision("d", literal("1")))), "d", {}, moment=MOMENT)
