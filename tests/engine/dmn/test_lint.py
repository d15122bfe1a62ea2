"""What can be read and never answered is found before it is deployed; what can be answered is not doubted."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import dmn

ROOT = Path(__file__).parents[3]

DATA = '<inputData id="I{0}" name="{0}"><variable id="V{0}" name="{0}" typeRef="{1}"/></inputData>'
NEED = '<informationRequirement id="N{0}"><requiredInput href="#I{0}"/></informationRequirement>'


def table(cells, *, kind="string", result='"x"', given="string", told=("colour",), asked="colour"):
    rules = "".join(
        f'<rule id="R{at}"><inputEntry id="C{at}"><text>{cell}</text></inputEntry>'
        f'<outputEntry id="O{at}"><text>{result}</text></outputEntry></rule>'
        for at, cell in enumerate(cells)
    )
    return dmn.read(
        (
            '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">'
            + "".join(DATA.format(name, kind) for name in told)
            + f'<decision id="own" name="own">{"".join(NEED.format(name) for name in told)}'
            f'<decisionTable hitPolicy="FIRST"><input id="i" label="Colour"><inputExpression typeRef="{kind}">'
            f'<text>{asked}</text></inputExpression></input><output id="o" name="out" typeRef="{given}"/>{rules}'
            "</decisionTable></decision></definitions>"
        ).encode(),
        name="own.dmn",
    )


def found(model):
    return [(finding.code, finding.element_id) for finding in dmn.lint(model)]


@pytest.mark.parametrize("cell", ["uk-financial", "colou", "trqe", "foo(1)", "&gt; limit", "not(re)"])
def test_a_name_that_nobody_provides_is_found_at_its_cell(cell):
    assert set(found(table(["-", cell]))) == {("name_unknown", "C1")}


def test_the_finding_says_what_was_perhaps_meant():
    (finding,) = dmn.lint(table(["-"], asked="colur"))
    assert str(finding).endswith("Nothing here is called “colur”. Did you mean colour?")


def test_a_name_in_a_result_is_found():
    assert found(table(["-"], result="fase")) == [("name_unknown", "O0")]


def test_names_are_left_to_the_caller_where_no_input_is_drawn():
    model = table(['"red"', "shade"], told=())
    assert found(model) == []
    assert [(one.name, one.is_told) for one in dmn.unseen_names(model)] == [("colour", True), ("shade", True)]


@pytest.mark.parametrize("cell", ['startswith(?, "r")', "cont([?]) = 1"])
def test_a_function_nobody_has_is_found_wherever_names_come_from(cell):
    (finding,) = dmn.lint(table([cell], told=()))
    assert (finding.code, finding.element_id) == ("name_unknown", "C0")
    assert finding.advice in ("Did you mean starts with?", "Did you mean count?")


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("boolean", '"true"'), ("boolean", "1"), ("string", "true"), ("string", "1"), ("string", '"a", 2'),
        ("number", '"1"'), ("number", '[1.."3"]'), ("number", '&lt; "5"'), ("number", "not(true)"),
        ("date", '"2026-01-01"'), ("date", '&gt; "2026-01-01"'), ("date", "5"), ("number", 'date("2026-01-01")'),
    ],
)  # fmt: skip
def test_a_cell_no_value_of_its_column_is_like_is_found(kind, cell):
    assert found(table([cell], kind=kind)) == [("cell_type", "C0")]


@pytest.mark.parametrize(("kind", "cell"), [("string", '"a" or "b"'), ("number", "[10..1]")])
def test_a_test_that_nothing_passes_is_found(kind, cell):
    assert found(table([cell], kind=kind)) == [("cell_never_met", "C0")]


@pytest.mark.parametrize(("given", "result"), [("boolean", '"true"'), ("number", '"1"'), ("string", "true")])
def test_a_result_that_is_none_of_its_column_is_found(given, result):
    assert found(table(["-"], given=given, result=result)) == [("cell_type", "O0")]


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("string", '"a", "b"'), ("string", 'not("a")'), ("string", "null"), ("string", 'starts with(?, "a")'),
        ("string", 'contains(colour, "a")'), ("boolean", "true"), ("boolean", "not(false)"), ("number", "-5"),
        ("number", "[1..3], &gt; 7"), ("number", "? &gt; 5"), ("date", '&lt; date("2026-01-01")'),
        ("date", '[date("2026-01-01")..date("2026-02-01")]'), ("Any", '"1"'), ("string", "colour"),
        ("string", 'some x in ["a"] satisfies x = ?'), ("number", "count([1, 2][item &gt; 1])"),
        ("number", "count([{a: 1}][a &gt; 0])"), ("string", '["a", "b"]'), ("date", "today()"),
    ],
)  # fmt: skip
def test_what_can_be_answered_is_not_doubted(kind, cell):
    assert found(table([cell], kind=kind)) == []


def test_nothing_that_is_shipped_is_doubted():
    paths = sorted((ROOT / "processes").glob("*.dmn"))
    assert len(paths) > 5
    for path in paths:
        assert dmn.lint(dmn.read(path.read_bytes(), name=path.name)) == ()
