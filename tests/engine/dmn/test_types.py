"""Types and conversion at every place where a type is declared; imports."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.feel.temporal import parse_literal
from tests.engine.dmn.conftest import DMN15, decision, definitions, input_data, literal, table

D = Decimal
TYPES = """
<itemDefinition name="tNumbers" isCollection="true"><typeRef>number</typeRef></itemDefinition>
<itemDefinition name="tColour"><typeRef>string</typeRef><allowedValues><text>"red","green"</text></allowedValues></itemDefinition>
<itemDefinition name="tColours" isCollection="true"><typeRef>string</typeRef><allowedValues><text>"red","green"</text>
</allowedValues><typeConstraint><text>count(?) &lt; 3</text></typeConstraint></itemDefinition>
<itemDefinition name="tAge"><typeRef>number</typeRef><typeConstraint><text>[0..150]</text></typeConstraint></itemDefinition>
<itemDefinition name="tAdult"><typeRef>tAge</typeRef><allowedValues><text>&gt;= 18</text></allowedValues></itemDefinition>
<itemDefinition name="tPerson"><itemComponent name="full name"><typeRef>string</typeRef></itemComponent>
<itemComponent name="age"><typeRef>tAge</typeRef></itemComponent></itemDefinition>
<itemDefinition name="tPeople" isCollection="true"><itemComponent name="age"><typeRef>tAge</typeRef></itemComponent></itemDefinition>
<itemDefinition name="tInline"><itemComponent name="kind"><typeRef>string</typeRef><allowedValues><text>"a"</text>
</allowedValues></itemComponent></itemDefinition>
<itemDefinition name="tAlias"><typeRef>tPerson</typeRef></itemDefinition>
<itemDefinition name="tFun"><functionItem outputTypeRef="number"><parameters name="n" typeRef="number"/></functionItem>
</itemDefinition>
"""
FITS = [
    ("number", "1", 1),
    ("number", "[1]", 1),
    ("number", '"1"', None),
    ("number", "[1,2]", None),
    ("feel:number", "1", 1),
    ("number", "[[1]]", None),
    ("integer", "1", 1),
    ("long", "1", 1),
    ("double", "1.5", D("1.5")),
    ("string", "1", None),
    ("tNumbers", "1", [1]),
    ("tNumbers", "[1,2]", [1, 2]),
    ("tNumbers", '[1,"2"]', None),
    ("tNumbers", "[1,null]", [1, None]),
    ("tNumbers", "null", None),
    ("tColour", '"red"', "red"),
    ("tColour", '"blue"', None),
    ("tColour", '["red"]', "red"),
    ("tColours", '["red","green"]', ["red", "green"]),
    ("tColours", '["red","blue"]', None),
    ("tColours", '"red"', ["red"]),
    ("tColours", '["red","red","red"]', None),
    ("tAge", "151", None),
    ("tAge", "150", 150),
    ("tAdult", "18", 18),
    ("tAdult", "17", None),
    ("tAdult", "200", None),
    ("tPerson", "{age: 1}", None),
    ("tInline", '{kind: "b"}', None),
    ("tInline", '{kind: "a"}', {"kind": "a"}),
    ("tPeople", "[{age: 1}]", [{"age": 1}]),
    ("tPeople", "{age: 1}", [{"age": 1}]),
    ("tPeople", "[{age: 151}]", None),
    ("tAlias", '{"full name": "A", age: 3}', {"full name": "A", "age": 3}),
    ("tPerson", '{"full name": "A", age: null, more: 1}', {"full name": "A", "age": None, "more": 1}),
    ("Any", "[1]", [1]),
    ("boolean", "[true]", True),
    ("list&lt;number&gt;", "[1]", [1]),
    ("list&lt;number&gt;", '["a"]', None),
    ("context&lt;a: number&gt;", "{a: 1, b: 2}", {"a": 1, "b": 2}),
    ("tFun", "1", None),
    ("dateTime", '@"2026-01-02"', parse_literal("2026-01-02T00:00:00Z")),
    ("date", '@"2026-01-02T00:00:00"', None),
    ("date and time", '[@"2026-01-02T10:00:00"]', parse_literal("2026-01-02T10:00:00")),
    ("dayTimeDuration", '@"PT1H"', parse_literal("PT1H")),
    ("yearMonthDuration", '@"PT1H"', None),
    ("days and time duration", '@"P1D"', parse_literal("P1D")),
    ("years and months duration", '@"P1Y"', parse_literal("P1Y")),
]


@pytest.mark.parametrize(("type_ref", "text", "expected"), FITS)
def test_a_decision_is_converted(ask, type_ref, text, expected):
    decided = ask(TYPES + decision("d", literal(text), type_ref=type_ref), "d")

    assert decided.value == expected
    assert any(note.severity == "error" for note in decided.notes) is (expected is None and text != "null")


@pytest.mark.parametrize(("type_ref", "text", "expected"), [row for row in FITS if row[1] != "[[1]]"])
def test_the_same_at_every_other_place(ask, type_ref, text, expected):
    knowledge = (
        f'<businessKnowledgeModel id="k" name="k"><variable name="k" typeRef="{type_ref}"/><encapsulatedLogic>'
        '<formalParameter name="p"/><literalExpression><text>p</text></literalExpression></encapsulatedLogic>'
        "</businessKnowledgeModel>"
    )
    typed = literal(text, type_ref)
    entry = f'<context><contextEntry><variable name="e" typeRef="{type_ref}"/>{literal(text)}</contextEntry></context>'
    relation = f'<relation><column name="e" typeRef="{type_ref}"/><row>{literal(text)}</row></relation>'
    output = table("UNIQUE", ["1"], ["o"], [("-", text)]).replace(
        'name="o"', f'name="o" typeRef="{type_ref}"'
    )
    column = table("UNIQUE", [text], ["o"], [("-", "1")]).replace(
        "<inputExpression>", f'<inputExpression typeRef="{type_ref}">'
    )
    if type_ref == "tFun":
        knowledge = knowledge.replace(' typeRef="tFun"', ' typeRef="string"')

    assert ask(TYPES + knowledge + decision("d", literal(f"k({text})"), "k#k"), "d").value == expected
    assert ask(TYPES + decision("d", typed), "d").value == expected
    assert ask(TYPES + decision("d", entry), "d").value == {"e": expected}
    assert ask(TYPES + decision("d", relation), "d").value == [{"e": expected}]
    assert ask(TYPES + decision("d", output), "d").value == expected
    assert ask(TYPES + decision("d", column), "d").trace[0].inputs[0].value == expected


def test_inputs_are_converted_and_missing_ones_are_noted(ask):
    body = TYPES + input_data("who", "tPerson") + decision("d", literal("who.full name"), "i#who")

    assert ask(body, "d", who={"full name": "Ann", "age": 3}).value == "Ann"
    assert ask(body, "d", who={"age": 3}).notes[0].code == "wrong_type"
    assert ask(body, "d").notes[0].code == "missing_input"


def test_feel_knows_the_types_of_the_model(ask):
    body = TYPES + decision(
        "d", literal('[17 instance of tAdult, 18 instance of tAdult, "red" instance of tColour]')
    )

    assert ask(body, "d").value == [False, True, True]
    call = literal("(function(a: tAdult) a)(17)")
    assert ask(TYPES + decision("d", call), "d").value is None


def imports(name, namespace):
    return f'<import name="{name}" namespace="{namespace}" importType="{DMN15}"/>'


INNERMOST = definitions(
    input_data("who", "tWho")
    + '<itemDefinition name="tWho"><itemComponent name="first name"><typeRef>string</typeRef></itemComponent></itemDefinition>'
    + decision("greeting", literal('"Hello " + who.first name'), "i#who", type_ref="string")
    + '<businessKnowledgeModel id="k" name="say it"><encapsulatedLogic><formalParameter name="w" typeRef="tWho"/>'
    '<literalExpression><text>"Hey " + w.first name</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>'
    + '<decisionService id="s" name="greet"><outputDecision href="#greeting"/><inputData href="#who"/></decisionService>',
    namespace="urn:c",
)
MIDDLE = definitions(
    imports("c", "urn:c")
    + input_data("who")
    + decision("both", literal('c.greeting + " and " + who'), "durn:c#greeting", "i#who"),
    namespace="urn:b",
)


def test_imported_elements_are_seen_under_the_imports_name(ask):
    body = imports("other", "urn:c") + input_data("mine", "other.tWho")
    body += decision(
        "d",
        literal("[other.greeting, other.say it(mine), other.greet(mine)]"),
        "durn:c#greeting",
        "kurn:c#k",
        "kurn:c#s",
        "i#mine",
    )
    ann, bob = {"first name": "Ann"}, {"first name": "Bob"}

    decided = ask(body, "d", imports=(INNERMOST,), mine=ann, other={"who": bob})

    assert decided.value == ["Hello Bob", "Hey Ann", "Hello Ann"]
    assert ask(body, "d", imports=(INNERMOST,), mine={"name": "Ann"}).value[1] is None


def test_imports_of_imports_keep_equal_names_apart(ask):
    body = imports("b", "urn:b") + imports("c", "urn:c") + input_data("who")
    body += decision("d", literal("[b.both, c.who.first name, who]"), "durn:b#both", "iurn:c#who", "i#who")

    decided = ask(
        body, "d", imports=(MIDDLE, INNERMOST), who="me", b={"who": "Bob"}, c={"who": {"first name": "Cid"}}
    )

    assert decided.value == ["Hello Cid and Bob", "Cid", "me"]


def test_an_imported_input_is_not_taken_from_an_own_one_of_its_name(ask):
    body = (
        imports("c", "urn:c")
        + input_data("who")
        + decision("d", literal("[c.who, who]"), "iurn:c#who", "i#who")
    )

    assert ask(body, "d", imports=(INNERMOST,), who={"first name": "me"}).value == [
        None,
        {"first name": "me"},
    ]
    without = imports("c", "urn:c") + decision("d", literal("c.who.first name"), "iurn:c#who")
    assert ask(without, "d", imports=(INNERMOST,), who={"first name": "me"}).value == "me"


def test_an_unnamed_import_brings_its_names_in(ask):
    body = imports("", "urn:c") + input_data("mine", "tWho")
    body += decision("d", literal("say it(mine)"), "kurn:c#k", "i#mine")

    assert ask(body, "d", imports=(INNERMOST,), mine={"first name": "Ann"}).value == "Hey Ann"


def test_an_imported_element_may_be_required_through_another_import(ask):
    body = imports("b", "urn:b") + decision("d", literal("b.c.greeting"), "durn:c#greeting")

    assert (
        ask(body, "d", imports=(MIDDLE, INNERMOST), b={"c": {"who": {"first name": "Cid"}}}).value
        == "Hello Cid"
    )


def test_models_that_import_each_other_are_refused(ask):
    from engine import dmn

    back = definitions(imports("a", "urn:test"), namespace="urn:b")

    with pytest.raises(dmn.ModelRefused):
        ask(imports("b", "urn:b") + decision("d", literal("1")), "d", imports=(back,))


@pytest.mark.parametrize(
    "text",
    [
        "for x in 1..1000000000 return x",
        "count(for a in 1..1000, b in 1..1000, c in 1..1000 return 1)",
        "(function(f) f(f))(function(f) f(f))",
    ],
)
def test_one_budget_holds_for_the_whole_request(ask, text):
    from engine.feel import BudgetExceeded

    with pytest.raises(BudgetExceeded):
        ask(decision("a", literal(text)) + decision("d", literal("a"), "d#a"), "d")
