"""Every small diagram goes as its scenario says, and the table of support is up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.dialect.lint import check_files
from tests.conformance.bpmn.__main__ import SECTIONS, report
from tests.conformance.bpmn.scenarios import FOLDER, play, scenarios

ALL = scenarios()


@pytest.mark.parametrize("restore", [False, True], ids=["straight", "restored"])
@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.name)
def test_the_diagram_goes_as_told(scenario, restore):
    play(scenario, restore=restore)


def test_every_diagram_has_its_scenario_and_a_known_section():
    assert {path.stem for path in FOLDER.glob("*.bpmn")} == {path.stem for path in FOLDER.glob("*.json")}
    assert {scenario.section for scenario in ALL} == set(SECTIONS)


def test_the_table_of_support_is_up_to_date():
    page = Path(__file__).parents[3] / "docs" / "bpmn-support.md"
    results = [(scenario, "refused" if scenario.refused else "supported") for scenario in ALL]
    assert page.read_text(encoding="utf-8") == report(results)


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.name)
def test_the_lint_judges_as_the_engine_does(scenario):
    findings = check_files({f"{scenario.name}.bpmn": scenario.data})
    refused = any(finding.severity == "error" for finding in findings)
    drawn_only = scenario.name == "not-executable"  # stored as a model, never run
    assert refused == (bool(scenario.refused) and not drawn_only)
