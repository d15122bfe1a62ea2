"""No model and no data can hang a request: everything a decision does is paid for from one budget."""

from __future__ import annotations

import time

import pytest

from engine import dmn
from engine.feel import BudgetExceeded
from tests.engine.dmn.conftest import MOMENT, decision, definitions, literal, table


def knowledge(name, text, *needs):
    required = "".join(
        f'<knowledgeRequirement><requiredKnowledge href="#{need}"/></knowledgeRequirement>' for need in needs
    )
    logic = f'<encapsulatedLogic><formalParameter name="n"/>{literal(text)}</encapsulatedLogic>'
    return f'<businessKnowledgeModel id="{name}" name="{name}">{logic}{required}</businessKnowledgeModel>'


def loop(kind, source, body):
    part = "return" if kind == "for" else "satisfies"
    return f'<{kind} iteratorVariable="x"><in>{literal(source)}</in><{part}>{body}</{part}></{kind}>'


FAN_OUT = "".join(
    knowledge(f"k{i}", f"k{i + 1}(n) + k{i + 1}(n)", f"k{i + 1}") for i in range(40)
) + knowledge("k40", "n")
TREE = '<itemDefinition name="tTree"><itemComponent name="c" isCollection="true"><typeRef>tTree</typeRef></itemComponent></itemDefinition>'
SHARED = (
    "{a: {c: []}, a0: {c: [a, a]}, "
    + ", ".join(f"a{i}: {{c: [a{i - 1}, a{i - 1}]}}" for i in range(1, 30))
    + "}.a29"
)
SLOW_TYPE = (
    '<itemDefinition name="tSlow" isCollection="true"><typeRef>number</typeRef><allowedValues>'
    "<text>count(for i in 1..1000 return i) > ?</text></allowedValues></itemDefinition>"
)
ATTACKS = {
    "knowledge that calls itself twofold": FAN_OUT + decision("d", literal("k0(1)"), "k#k0"),
    "a table in a loop": decision(
        "d", loop("for", "[1..100000]", table("COLLECT", ["x"], ["o"], [("-", "x")] * 50))
    ),
    "an endless boxed loop": decision("d", loop("for", "[1..1000000000]", literal("x"))),
    "an endless boxed quantifier": decision("d", loop("some", "[1..1000000000]", literal("false"))),
    "lists of the lists so far": decision("d", loop("for", "[1..3000]", literal("partial"))),
    "a shared value of a type that holds itself": TREE + decision("d", literal(SHARED), type_ref="tTree"),
    "a slow constraint on many items": SLOW_TYPE
    + decision("d", literal("for i in 1..5000 return 1"), type_ref="tSlow"),
}


@pytest.mark.parametrize("body", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_ends_with_the_budget(body):
    model, _ = dmn.draft(definitions(body))
    started = time.perf_counter()

    with pytest.raises(BudgetExceeded):
        dmn.decide(model, "d", {}, moment=MOMENT)

    assert time.perf_counter() - started < 20
    healthy, _ = dmn.draft(definitions(decision("d", literal("1 + 1"))))
    assert dmn.decide(healthy, "d", {}, moment=MOMENT).required() == 2


def test_requirements_too_deep_are_refused():
    body = "".join(decision(f"x{i}", literal(f"x{i + 1}"), f"d#x{i + 1}") for i in range(120)) + decision(
        "x120", literal("1")
    )

    with pytest.raises(dmn.ModelRefused) as refused:
        dmn.read(definitions(body))

    assert {finding.code for finding in refused.value.findings} == {"requirements_too_deep"}


def test_a_wide_web_of_requirements_is_worked_out_once_each():
    body = decision("l0", literal("1"))
    for i in range(1, 40):
        body += decision(f"l{i}", literal(f"l{i - 1} + l{i - 1}"), f"d#l{i - 1}")

    decided = dmn.decide(dmn.read(definitions(body)), "l39", {}, moment=MOMENT)

    assert decided.required() == 2**39
    assert len(decided.trace) == 40
