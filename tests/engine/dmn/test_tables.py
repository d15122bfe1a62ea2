"""Decision tables: every hit policy and aggregation, defaults, allowed values, violations, the trace."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import dmn
from engine.dmn import hit_policy
from engine.feel import Budget, Run
from tests.engine.dmn.conftest import MOMENT

D = Decimal


@pytest.fixture
def answer(ask, build):
    def answer(policy, outputs, rules, **more):
        given = {name: more.pop(name) for name in ("a", "b") if name in more}
        body = build.input("a") + build.input("b")
        body += build.decision("t", build.table(policy, ["a", "b"], outputs, rules, **more), "i#a", "i#b")
        return ask(body, "t", **given)

    return answer


OVERLAP = [("> 1", "-", '"low"'), ("> 2", "-", '"high"'), ("> 3", "-", '"high"')]
RANKED = ['x="high","low"']


@pytest.mark.parametrize(
    ("policy", "a", "expected"),
    [
        ("UNIQUE", 2, "low"),
        ("FIRST", 9, "low"),
        ("PRIORITY", 9, "high"),
        ("RULE ORDER", 9, ["low", "high", "high"]),
        ("OUTPUT ORDER", 9, ["high", "high", "low"]),
        ("COLLECT", 3, ["low", "high"]),
        ("UNIQUE", 0, None),
        ("COLLECT", 0, None),
        ("ANY", 2, "low"),
    ],
)
def test_hit_policies(answer, policy, a, expected):
    assert answer(policy, RANKED, OVERLAP, a=a, b=1).value == expected


@pytest.mark.parametrize(("policy", "rules"), [("UNIQUE", ["r1", "r2"]), ("ANY", ["r1", "r2"])])
def test_a_violated_policy_is_null_and_names_the_rules(answer, policy, rules):
    decided = answer(policy, RANKED, OVERLAP, a=3, b=1)

    assert decided.value is None
    (note,) = decided.notes
    assert (note.code, note.decision_id, note.facts["rules"]) == ("hit_policy_violated", "t", rules)
    with pytest.raises(dmn.DecisionFailed) as failed:
        decided.required()
    assert failed.value.facts["decision"] == "t"
    assert failed.value.facts["rules"] == rules
    assert failed.value.facts["inputs"] == ["a", "b"]


def test_equal_outputs_satisfy_any(answer):
    assert answer("ANY", ["x", "y"], [("-", "-", "1", "2"), ("-", "-", "1.0", "2")], a=1, b=1).value == {
        "x": D(1),
        "y": D(2),
    }


@pytest.mark.parametrize(
    ("aggregation", "expected"), [("SUM", D("6.5")), ("MIN", D("1")), ("MAX", D("3.5")), ("COUNT", D(3))]
)
def test_aggregations(answer, aggregation, expected):
    rules = [("-", "-", "1"), ("-", "-", "2"), ("-", "-", "3.5"), ("< 0", "-", "100")]

    assert answer("COLLECT", ["x"], rules, aggregation=aggregation, a=1, b=1).value == expected


def test_nothing_matched_counts_zero_and_sums_nothing(answer):
    assert answer("COLLECT", ["x"], [("< 0", "-", "1")], aggregation="COUNT", a=1, b=1).value == D(0)
    assert answer("COLLECT", ["x"], [("< 0", "-", "1")], aggregation="SUM", a=1, b=1).value is None


def test_what_cannot_be_summed_is_noted(answer):
    decided = answer("COLLECT", ["x"], [("-", "-", "1"), ("-", "-", '"one"')], aggregation="SUM", a=1, b=1)

    assert decided.value is None
    assert any(note.severity == "error" for note in decided.notes)


def test_default_outputs_answer_when_no_rule_does(answer):
    decided = answer("UNIQUE", ["x==7", "y==a + 1"], [("< 0", "-", "1", "2")], a=1, b=1)

    assert decided.value == {"x": D(7), "y": D(2)}
    assert decided.notes == ()


def test_no_match_without_default_is_a_warning_that_names_the_decision(answer):
    decided = answer("UNIQUE", ["x"], [("< 0", "-", "1")], a=1, b=1)

    assert [(note.code, note.severity, note.decision_id) for note in decided.notes] == [
        ("no_rule_matched", "warning", "t")
    ]
    assert decided.required() is None


def test_priority_ranks_several_columns_from_left_to_right(answer):
    rules = [("-", "-", '"b"', "1"), ("-", "-", '"a"', "2"), ("-", "-", '"a"', "1"), ("-", "-", '"z"', "1")]
    outputs = ['x="a","b","z"', "y=1,2"]

    assert answer("PRIORITY", outputs, rules, a=1, b=1).value == {"x": "a", "y": D(1)}
    assert [hit["x"] + str(hit["y"]) for hit in answer("OUTPUT ORDER", outputs, rules, a=1, b=1).value] == [
        "a1",
        "a2",
        "b1",
        "z1",
    ]


def test_priority_follows_the_allowed_values_of_the_type(ask, build):
    types = '<itemDefinition name="tGrade"><typeRef>string</typeRef><allowedValues><text>"B","A"</text></allowedValues>'
    body = (
        types
        + "</itemDefinition>"
        + build.decision(
            "t", build.table("PRIORITY", ["1"], ["x"], [("-", '"A"'), ("-", '"B"')]), type_ref="tGrade"
        )
    )

    assert ask(body, "t").value == "B"


def test_an_output_outside_the_allowed_values_is_refused(answer):
    decided = answer("UNIQUE", ['x="yes","no"'], [("-", "-", '"maybe"')], a=1, b=1)

    assert decided.value is None
    assert [(note.code, note.rule_id, note.column) for note in decided.notes] == [
        ("value_not_allowed", "r1", "x")
    ]


def test_an_input_outside_the_allowed_values_is_refused(ask, build):
    body = build.input("a") + build.decision(
        "t",
        '<decisionTable><input id="c"><inputExpression><text>a</text></inputExpression><inputValues><text>"x","y"'
        '</text></inputValues></input><output name="o"/><rule id="r1"><inputEntry><text>-</text></inputEntry>'
        "<outputEntry><text>a</text></outputEntry></rule></decisionTable>",
        "i#a",
    )

    assert ask(body, "t", a="x").notes == ()
    refused = ask(body, "t", a="z")
    assert [(note.code, note.column, note.element_id) for note in refused.notes] == [
        ("value_not_allowed", "a", "c")
    ]
    assert refused.trace[0].inputs[0].value is None


@pytest.mark.parametrize(
    ("cell", "value", "matches"),
    [
        ('"low","high"', "high", True),
        ('not("low")', "high", True),
        ("1,5,9", 5, True),
        ("[1..5)", 5, False),
        ("? > b", 3, True),
        ("[1,2]", 2, True),
        ("null", None, True),
        ("-", None, True),
        ("< 5", None, False),
        ("true", True, True),
        ("true", False, False),
        ("b + 1", 3, True),
        ('"3"', 3, False),
        ('contains(?, "a")', "cat", True),
        ('date("2026-01-01")', "2026-01-01", False),
        ("", 1, True),
    ],
)
def test_cells(answer, cell, value, matches):
    assert answer("UNIQUE", ["x"], [(cell, "-", "1")], a=value, b=2).value == (D(1) if matches else None)


def test_a_cell_in_error_does_not_match_and_names_rule_and_column(answer):
    decided = answer("UNIQUE", ["x"], [("-", "-", "1"), ("severty", "-", "2")], a=1, b=1)

    assert decided.value == D(1)
    (note,) = decided.notes
    assert (note.code, note.decision_id, note.rule_id, note.column) == ("unknown_variable", "t", "r2", "a")
    with pytest.raises(dmn.DecisionFailed) as failed:
        decided.required()
    assert failed.value.facts["rule"] == "r2"


def test_the_trace_tells_inputs_rules_and_outputs(answer):
    decided = answer(
        "COLLECT",
        ["x", "y"],
        [("> 1", "-", "a", "2"), ("-", "> 5", "1", "1"), ("-", "-", "3", "4")],
        a=2,
        b=1,
    )

    (told,) = decided.trace
    assert (told.decision_id, told.kind, told.output) == ("t", "decision table", decided.value)
    assert [(given.id, given.name, given.value) for given in told.inputs] == [
        ("in0", "a", D(2)),
        ("in1", "b", D(1)),
    ]
    assert [(rule.id, rule.index) for rule in told.matched] == [("r1", 1), ("r3", 3)]
    assert told.matched[0].outputs == {"x": D(2), "y": D(2)}


def test_cells_see_names_that_only_the_data_knows(ask, build):
    body = build.input("a") + build.decision(
        "t", build.table("UNIQUE", ["a.unit price"], ["x"], [("> a.list price", '"dear"')]), "i#a"
    )

    assert ask(body, "t", a={"unit price": 3, "list price": 2}).value == "dear"


def test_the_camunda_way_inputs_need_no_drawing(ask, build):
    table = build.table("UNIQUE", ["severity"], ["x"], [('"high"', "amount * 2")])
    body = f'<decision id="rate" name="The rate">{table}</decision><decision id="top" name="Top"><informationRequirement>'
    body += f'<requiredDecision href="#rate"/></informationRequirement>{build.literal("rate + The rate")}</decision>'

    assert ask(body, "top", severity="high", amount=4).value == D(16)


VALUES = st.lists(
    st.integers(-9, 9).map(lambda n: {"x": Decimal(n), "y": Decimal(n % 3)}), min_size=1, max_size=8
)


@given(VALUES)
def test_output_order_is_a_stable_sort_and_priority_its_head(hits):
    run = Run(MOMENT, Budget())
    order = [[Decimal(n) for n in range(-9, 10)], [Decimal(n) for n in range(3)]]

    everything = hit_policy.chosen("OUTPUT ORDER", hits, order, run)

    assert everything == sorted(range(len(hits)), key=lambda at: (hits[at]["x"], hits[at]["y"]))
    assert hit_policy.chosen("PRIORITY", hits, order, run) == everything[:1]
    assert hit_policy.chosen("RULE ORDER", hits, order, run) == list(range(len(hits)))
    assert hit_policy.chosen("FIRST", hits, order, run) == [0]
