"""Trying a decision from the console: what it prints, and exit codes scripts can use."""

import json
from pathlib import Path

import pytest

from api.cli import main

ROOT = Path(__file__).parents[3]
TABLE = str(ROOT / "processes" / "authority.dmn")
FEE = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="fees" name="Fees" namespace="t">
  <inputData id="in" name="amount"><variable name="amount" typeRef="number"/></inputData>
  <decision id="fee" name="The fee"><variable name="fee"/>
    <informationRequirement id="ir"><requiredInput href="#in"/></informationRequirement>
    <decisionTable id="dt" hitPolicy="UNIQUE">
      <input id="i1" label="amount"><inputExpression id="ie"><text>amount</text></inputExpression></input>
      <output id="o1" name="fee"/>
      <rule id="r1"><inputEntry id="e1"><text>&gt; 100</text></inputEntry>
        <outputEntry id="e2"><text>amount * 0.1</text></outputEntry></rule>
      <rule id="r2"><inputEntry id="e3"><text>&gt; 1000</text></inputEntry>
        <outputEntry id="e4"><text>7</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>"""


@pytest.fixture
def decide(tmp_path, capsys):
    """Run the command over the table of fees and return exit code, output and complaint."""
    table = tmp_path / "fees.dmn"
    table.write_text(FEE)

    def run(inputs="{}", decision="fee", file=table):
        given = tmp_path / "inputs.json"
        given.write_text(inputs)
        code = main(["decide", str(file), decision, "--input", str(given)])
        printed, complaint = capsys.readouterr()
        return code, printed, complaint

    return run


def test_the_output_is_printed_with_the_rules_that_led_to_it_and_exact_numbers(decide):
    code, printed, complaint = decide('{"amount": 120.10}')
    told = json.loads(printed, parse_float=str)
    assert (code, complaint) == (0, "")
    assert told["output"] == "12.010"
    assert [(rule["id"], rule["index"]) for rule in told["decisions"][0]["rules"]] == [("r1", 1)]
    assert told["decisions"][0]["inputs"][0]["value"] == "120.10"


def test_a_decision_may_be_named_as_it_is_written_in_the_diagram(decide):
    assert decide('{"amount": 500}', decision="The fee")[0] == 0


@pytest.mark.parametrize(
    ("amount", "said"), [(2000, "UNIQUE, rules: ['r1', 'r2']"), (5, "no rule of the table")]
)
def test_too_many_matches_and_none_exit_with_1_and_say_why(decide, amount, said):
    code, printed, complaint = decide(json.dumps({"amount": amount}))
    assert code == 1
    assert json.loads(printed)["output"] is None
    assert said in complaint
    assert "amount" in complaint


def test_a_decision_the_file_has_not_exits_with_2_and_names_those_it_has(decide):
    code, printed, complaint = decide(decision="fees")
    assert (code, printed) == (2, "")
    assert complaint == "redress: fees.dmn has no decision 'fees'; it has fee (The fee)\n"


def test_a_table_that_cannot_be_read_exits_with_4_and_points_at_the_place(decide, tmp_path):
    broken = tmp_path / "broken.dmn"
    broken.write_text(FEE.replace("amount * 0.1", "amount * (0.1"))
    code, printed, complaint = decide(file=broken)
    assert (code, printed) == (4, "")
    assert complaint.startswith("redress: broken.dmn")
    assert "e2: " in complaint
    assert complaint.splitlines()[1:] == ["amount * (0.1", "             ^"]


@pytest.mark.parametrize("inputs", ["[1]", '{"amount":', '{"amount": NaN}'])
def test_inputs_that_are_no_object_exit_with_4_in_one_line(decide, inputs):
    code, printed, complaint = decide(inputs)
    assert (code, printed) == (4, "")
    assert complaint.startswith("redress: ")
    assert complaint.count("\n") == 1


def test_a_shipped_table_can_be_tried(capsys, tmp_path):
    given = tmp_path / "inputs.json"
    given.write_text("{}")
    main(["decide", TABLE, "authority", "--input", str(given)])
    assert json.loads(capsys.readouterr().out)["decisions"]
