"""Boxed expressions, knowledge models and decision services."""

from __future__ import annotations

from decimal import Decimal

import pytest

D = Decimal


def boxed(name, **parts):
    return (
        f"<{name}>"
        + "".join(f"<{part.rstrip('_')}>{inner}</{part.rstrip('_')}>" for part, inner in parts.items())
        + f"</{name}>"
    )


def entry(name, inner, type_ref=""):
    kind = f' typeRef="{type_ref}"' if type_ref else ""
    variable = f'<variable name="{name}"{kind}/>' if name else ""
    return f"<contextEntry>{variable}{inner}</contextEntry>"


@pytest.fixture
def value(ask, build):
    def value(expression, type_ref="", **inputs):
        body = "".join(build.input(name) for name in inputs)
        body += build.decision("d", expression, *[f"i#{name}" for name in inputs], type_ref=type_ref)
        return ask(body, "d", **inputs).value

    return value


def test_a_context_sees_earlier_entries_and_its_nameless_entry_is_the_result(value, build):
    first, second = entry("first one", build.literal("2")), entry("b", build.literal("first one * 2"))

    assert value(f"<context>{first}{second}</context>") == {"first one": D(2), "b": D(4)}
    assert value(f"<context>{first}{second}{entry('', build.literal('b + 1'))}</context>") == D(5)
    assert value(f"<context>{second}{first}</context>") == {"b": None, "first one": D(2)}


def test_an_entry_is_converted_to_its_type(value, build):
    assert value(f"<context>{entry('a', build.literal('[1]'), 'number')}</context>") == {"a": D(1)}
    assert value(f"<context>{entry('a', build.literal('1'), 'string')}</context>") == {"a": None}


def test_lists_and_relations(value, build):
    one, two = build.literal("1"), build.literal('"x"')

    assert value(f"<list>{one}{two}</list>") == [D(1), "x"]
    columns = '<column name="the a"/><column name="b" typeRef="string"/>'
    row = f"<row>{one}{two}</row>"
    assert value(f"<relation>{columns}{row}{row}</relation>") == [{"the a": D(1), "b": "x"}] * 2
    assert value(f"<relation>{columns}</relation>") == []


@pytest.mark.parametrize(
    ("condition", "expected"), [("true", "t"), ("false", "e"), ("null", "e"), ('"abc"', None), ("1", None)]
)
def test_conditional(value, build, condition, expected):
    then, otherwise = build.literal('"t"'), build.literal('"e"')
    expression = boxed("conditional", if_=build.literal(condition), then=then, else_=otherwise)

    assert value(expression) == expected


@pytest.mark.parametrize(
    ("source", "match", "expected"),
    [
        ("[1,2,3]", "item > 1", [2, 3]),
        ("[1,2,3]", "null", []),
        ("[1,2,3]", '"yes"', None),
        ("[1,2]", "1", None),
        ('[{"a b": 1}, {"a b": 2}]', "a b = 2", [{"a b": 2}]),
        ("[]", "true", []),
        ("5", "item = 5", [5]),
    ],
)
def test_filter(value, build, source, match, expected):
    assert value(boxed("filter", in_=build.literal(source), match=build.literal(match))) == expected


@pytest.mark.parametrize(
    ("source", "body", "expected"),
    [
        ("[1,2,3]", "x * 2", [2, 4, 6]),
        ("[1,2,3]", "x + (if partial = [] then 0 else partial[-1])", [1, 3, 6]),
        ("[]", "x", []),
        ("[1..3]", "x", [1, 2, 3]),
        ("3..1", "x", [3, 2, 1]),
        ("null", "x", None),
        ("[1,2]", "count(partial)", [0, 1]),
    ],
)
def test_for(value, build, source, body, expected):
    inner = f"<in>{build.literal(source)}</in><return>{build.literal(body)}</return>"
    assert value(f'<for iteratorVariable="x">{inner}</for>') == expected


def test_partial_handed_out_never_contains_itself(value, build):
    inner = f"<in>{build.literal('[1,2,3]')}</in><return>{build.literal('partial')}</return>"
    assert value(f'<for iteratorVariable="x">{inner}</for>') == [[], [[]], [[], [[]]]]


@pytest.mark.parametrize(
    ("kind", "source", "body", "expected"),
    [
        ("some", "[1,2]", "x > 1", True),
        ("some", "[1,2]", "x > 2", False),
        ("some", "[]", "true", False),
        ("every", "[1,2]", "x > 0", True),
        ("every", "[1,2]", "x > 1", False),
        ("every", "[]", "false", True),
        ("some", "[1,null]", "x > 1", None),
        ("every", "[1,null]", "x > 0", None),
        ("some", "[1,2]", '"a"', None),
        ("every", "[1,2]", 'if x = 1 then true else "b"', None),
        ("some", "[null,2]", "x > 1", True),
    ],
)
def test_some_and_every(value, build, kind, source, body, expected):
    inner = f"<in>{build.literal(source)}</in><satisfies>{build.literal(body)}</satisfies>"
    assert value(f'<{kind} iteratorVariable="x">{inner}</{kind}>') is expected


def test_a_boxed_function_keeps_its_scope_and_may_call_itself(value, build):
    body = build.literal("if n = 0 then base else n * fac(n - 1)")
    function = f'<functionDefinition><formalParameter name="n" typeRef="number"/>{body}</functionDefinition>'
    entries = entry("base", build.literal("1")) + entry("fac", function) + entry("", build.literal("fac(5)"))

    assert value(f"<context>{entries}</context>") == D(120)


def invocation(build, callee, **arguments):
    bindings = "".join(
        f'<binding><parameter name="{n.replace("_", " ")}"/>{build.literal(t)}</binding>'
        for n, t in arguments.items()
    )
    return f"<invocation>{build.literal(callee)}{bindings}</invocation>"


KNOWLEDGE = (
    '<businessKnowledgeModel id="k" name="the fee"><variable name="the fee" typeRef="number"/><encapsulatedLogic>'
    '<formalParameter name="base fee" typeRef="number"/><formalParameter name="factor" typeRef="number"/>'
    "<literalExpression><text>base fee * factor</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>"
)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("the fee(2, 3)", 6),
        ("the fee(factor: 3, base fee: 2)", 6),
        ("the fee([2], 3)", 6),
        ('the fee("2", 3)', None),
        ("the fee(2)", None),
        ("the fee(2, 3, 4)", None),
        ("the fee(a: 1, factor: 2)", None),
        ("the fee(null, 3)", None),
    ],
)
def test_knowledge_is_called_from_feel(ask, build, call, expected):
    assert ask(KNOWLEDGE + build.decision("d", build.literal(call), "k#k"), "d").value == expected


def test_knowledge_is_called_by_a_boxed_invocation(ask, build):
    def answer(**arguments):
        return ask(
            KNOWLEDGE + build.decision("d", invocation(build, "the fee", **arguments), "k#k"), "d"
        ).value

    assert answer(base_fee="2", factor="3") == D(6)
    assert answer(base_fee="2") is None
    assert answer(base_fee="2", fctor="3") is None


def test_a_built_in_function_is_called_by_a_boxed_invocation(value, build):
    assert value(invocation(build, "substring", string='"abc"', start_position="2")) == "bc"


def test_the_result_of_knowledge_is_converted_to_its_type(ask, build):
    wrong = KNOWLEDGE.replace("base fee * factor", '"six"')

    assert ask(wrong + build.decision("d", build.literal("the fee(2, 3)"), "k#k"), "d").value is None


def test_a_table_in_a_knowledge_model_is_traced(ask, build):
    table = build.table("COLLECT", ["a"], ["x"], [("> 1", '"big"'), ("-", '"any"')])
    logic = f'<encapsulatedLogic><formalParameter name="a"/>{table}</encapsulatedLogic>'
    body = f'<businessKnowledgeModel id="k" name="size">{logic}</businessKnowledgeModel>'

    decided = ask(body + build.decision("d", build.literal("size(2)"), "k#k"), "d")

    assert decided.value == ["big", "any"]
    assert [(told.decision_id, told.name, len(told.matched)) for told in decided.trace] == [
        ("table", "d", 2),
        ("d", "d", 0),
    ]


def test_knowledge_that_was_not_required_is_unknown(ask, build):
    decided = ask(KNOWLEDGE + build.decision("d", build.literal("the fee(2, 3)")), "d")

    assert decided.value is None
    assert decided.notes


def service(outputs, inputs, decisions=(), type_ref=""):
    kind = f' typeRef="{type_ref}"' if type_ref else ""
    body = "".join(f'<outputDecision href="#{name}"/>' for name in outputs)
    body += "".join(f'<inputDecision href="#{name}"/>' for name in decisions)
    body += "".join(f'<inputData href="#{name}"/>' for name in inputs)
    return f'<decisionService id="s" name="the service"><variable name="the service"{kind}/>{body}</decisionService>'


@pytest.fixture
def served(build):
    def served(**options):
        body = build.input("a", "number") + build.input("outside")
        body += build.decision("middle", build.literal("a + 1"), "i#a", type_ref="number")
        body += build.decision("x", build.literal("middle * 10"), "d#middle")
        body += build.decision("y", build.literal("outside"), "i#outside")
        return body + service(**options)

    return served


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("the service(4)", 50),
        ("the service(a: 4)", 50),
        ("the service([4])", 50),
        ('the service("4")', None),
        ("the service()", None),
        ("the service(4, 5)", None),
        ("the service(b: 4)", None),
    ],
)
def test_a_service_is_called_from_feel(ask, build, served, call, expected):
    body = served(outputs=["x"], inputs=["a"]) + build.decision("d", build.literal(call), "k#s")

    assert ask(body, "d", a=100).value == expected


def test_input_data_come_before_input_decisions(ask, build, served):
    body = served(outputs=["x"], inputs=["a"], decisions=["middle"])
    body += build.decision("d", build.literal("the service(1, 7)"), "k#s")

    assert ask(body, "d").value == D(70)


def test_several_outputs_are_a_context_and_nothing_outside_is_seen(ask, build, served):
    body = served(outputs=["x", "y"], inputs=["a"]) + build.decision(
        "d", build.literal("the service(1)"), "k#s"
    )

    assert ask(body, "d", outside="secret").value == {"x": D(20), "y": None}


def test_a_service_can_be_asked_directly(ask, served):
    assert ask(served(outputs=["x"], inputs=["a"]), "the service", a=2).value == D(30)
    assert ask(served(outputs=["x"], inputs=["a"]), "s", a="two").value is None
    assert ask(served(outputs=["x"], inputs=["a"], type_ref="string"), "s", a=2).value is None


def test_a_function_type_declares_what_a_service_gives(ask, served):
    types = '<itemDefinition name="tS"><functionItem outputTypeRef="string"><parameters name="a" typeRef="number"/>'
    types += "</functionItem></itemDefinition>"

    assert ask(types + served(outputs=["x"], inputs=["a"], type_ref="tS"), "s", a=2).value is None


def test_a_decision_without_logic_and_knowledge_without_logic_are_null(ask, build):
    body = '<businessKnowledgeModel id="k" name="k"/>' + build.decision("empty", "")
    body += build.decision("d", build.literal("[empty, k()]"), "d#empty", "k#k")

    assert ask(body, "d").value == [None, None]


def test_each_decision_is_made_once(ask, build):
    body = build.decision("dice", build.literal("random number()"))
    body += build.decision("one", build.literal("dice"), "d#dice") + build.decision(
        "two", build.literal("dice"), "d#dice"
    )
    decided = ask(body + build.decision("d", build.literal("one = two"), "d#one", "d#two"), "d")

    assert decided.value is True
    assert [told.decision_id for told in decided.trace] == ["dice", "one", "two", "d"]
